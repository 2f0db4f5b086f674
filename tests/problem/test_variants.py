"""Groups split by variant: the same variants in every epoch and class, places free."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.types import Floats, Genes
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.problem import Problem, compile_problem
from slit.problem.shares import counts_of
from slit.problem.variants import joined_plan, split_by_variant, variant_chunks
from slit.report.same_variants import with_variants_of
from tests.stored import small_scenario

SCENARIO = small_scenario()
PROBLEM = compile_problem(SCENARIO)
EVALUATOR = Evaluator(PROBLEM, SCENARIO, objectives=find(["carbon", "quality"]))
VARIANTS = int(PROBLEM.placement_variant.max()) + 1


def random_plan(rng: np.random.Generator, problem: Problem = PROBLEM) -> Genes:
    rows = problem.gene_row
    return problem.options[rows, rng.integers(problem.option_count[rows])]


def by_variant(problem: Problem, plan: Genes) -> dict[tuple[int, int, int], float]:
    """Requests of each epoch and class at each variant, gene by gene."""
    found: dict[tuple[int, int, int], float] = {}
    for j, p in zip(problem.gene_group, plan, strict=True):
        cell = int(problem.group_epoch[j]), int(problem.group_class[j])
        key = (*cell, int(problem.placement_variant[p]))
        found[key] = found.get(key, 0.0) + float(problem.chunk_requests[j])
    return found


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_every_epoch_and_class_keeps_its_variants(seed: int) -> None:
    plan = random_plan(np.random.default_rng(seed))
    chunks = variant_chunks(PROBLEM, plan)
    assert (chunks.sum(axis=1) == PROBLEM.group_chunks).all()
    served = PROBLEM.allowed @ np.eye(VARIANTS)[PROBLEM.placement_variant] > 0
    assert not chunks[~served].any()
    requests = chunks * PROBLEM.chunk_requests[:, None]
    expected = by_variant(PROBLEM, plan)
    for t, k in {key[:2] for key in expected}:
        groups = (PROBLEM.group_epoch == t) & (PROBLEM.group_class == k)
        if not served[groups].all():
            continue
        most = 2 * PROBLEM.chunk_requests[groups].max()  # of rounding
        for v in range(VARIANTS):
            assert abs(requests[groups, v].sum() - expected.get((t, k, v), 0.0)) <= most


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_a_split_problem_needs_what_the_whole_one_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    split = split_by_variant(PROBLEM, variant_chunks(PROBLEM, random_plan(rng)))
    own = random_plan(rng, split)
    joined = joined_plan(PROBLEM, own)
    assert by_variant(PROBLEM, joined).keys() == by_variant(split, own).keys()

    def judged(problem: Problem, plan: Genes) -> Floats:
        judge = Evaluator(problem, SCENARIO, objectives=EVALUATOR.objectives)
        found = judge.evaluate(plan[None, :])
        return np.append(found.F[0], found.G)

    assert np.allclose(judged(split, own), judged(PROBLEM, joined), rtol=1e-12)


def test_groups_that_may_not_have_a_variant_are_made_up_for_by_hand() -> None:
    # One epoch and class: a plan that serves half by each of two variants.
    plan = PROBLEM.options[PROBLEM.gene_row, 0].copy()
    first = np.flatnonzero((PROBLEM.group_epoch == 0) & (PROBLEM.group_class == 0))
    barred = first[0]
    variant = PROBLEM.placement_variant
    used = variant[plan[PROBLEM.group_first[barred]]]
    allowed = PROBLEM.allowed.copy()
    allowed[barred] &= variant != used
    chunks = variant_chunks(PROBLEM._replace(allowed=allowed), plan)
    assert chunks[barred, used] == 0
    assert chunks[barred].sum() == PROBLEM.group_chunks[barred]
    assert (np.delete(chunks, barred, axis=0).sum(axis=1) > 0).all()


def test_a_scheduler_serves_by_the_variants_of_the_plan() -> None:
    plan = random_plan(np.random.default_rng(3))
    nearest = with_variants_of(plan, plan, name="nearest", evaluator=EVALUATOR, seed=1)
    assert nearest is not None
    chunks = counts_of(PROBLEM, nearest) @ np.eye(VARIANTS)[PROBLEM.placement_variant]
    assert (chunks == variant_chunks(PROBLEM, plan)).all()
    for name in ("slit", "lexicographic", "nobody"):
        assert with_variants_of(plan, plan, name=name, evaluator=EVALUATOR, seed=1) is None
    # Today's routing keeps its places: with its own variants it is what it was.
    today = with_variants_of(plan, plan, name="today", evaluator=EVALUATOR, seed=1)
    assert today is not None
    assert (counts_of(PROBLEM, today) == counts_of(PROBLEM, plan)).all()
