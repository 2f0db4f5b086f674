"""Steady plans: as good as given ones within an allowance, with fewer requests rerouted."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slit
from operators.types import Floats, Genes
from slit.evaluator import Evaluator
from slit.front import Front
from slit.kernels.local_search import improve_plan
from slit.kernels.scalarization import scalarize
from slit.objectives import find
from slit.objectives.limits import Limit
from slit.relaxation import Relaxation
from slit.relaxation.steady_shares import steady_shares
from slit.steady import ALLOWANCE, Steadying, can_be_steadied, steady_picks
from tests.cases import Case, make_case

NAMES = ("carbon", "water", "cost", "quality")


def day(seed: int, *, epochs: int = 6) -> Case:
    """Several epochs with room to choose in."""
    return make_case(
        seed, epochs=epochs, origins=2, classes=1, datacenters=3, genes=60, begins="free"
    )


def searched(case: Case, weights: Floats, *, seed: int) -> Genes:
    """A plan after local search on a weighted sum, from a random one."""
    problem, rng = case.problem, np.random.default_rng(seed)
    evaluator = Evaluator(problem, case.scenario, objectives=find(NAMES))
    plan = problem.options[
        problem.gene_row, rng.integers(problem.option_count[problem.gene_row])
    ].copy()
    scalarization = scalarize(weights, problem, evaluator.terms)
    improve_plan(plan, problem, scalarization, 0, problem.epochs, 10.0, True, 100_000)
    return plan


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_steady_plan_is_as_good_within_the_allowance_and_reroutes_less(seed: int) -> None:
    case = day(seed)
    rng = np.random.default_rng(seed)
    evaluator = Evaluator(case.problem, case.scenario, objectives=find((*NAMES, "reroute")))
    first = Evaluator(case.problem, case.scenario, objectives=find(NAMES))
    size = np.abs(first.evaluate(searched(case, np.ones(4), seed=seed)[None, :]).F[0])
    weights = rng.dirichlet(np.ones(4)) / np.maximum(size, 1e-9)
    plan = searched(case, weights, seed=seed)
    before = evaluator.evaluate(plan[None, :])
    steady = Steadying(first, Relaxation.of(first)).steadied(plan, weights)
    if before.G[0] > 0 or steady is None:
        return
    after = evaluator.evaluate(steady.plan[None, :])
    assert after.G[0] == 0
    np.testing.assert_array_equal(after.F[0], [*steady.values, steady.rerouted])
    allowed = before.F[0, :4] + ALLOWANCE * np.abs(before.F[0, :4])
    assert (after.F[0, :4] <= allowed + 1e-12).all()
    assert steady.rerouted < steady.before == before.F[0, 4]


def test_plans_that_thrash_become_steadier() -> None:
    """Even where whole chunks are as coarse as here, at least half of those that fit."""
    steadier = []
    for seed in (0, 1, 4, 5, 7, 9):
        case = day(seed)
        evaluator = Evaluator(case.problem, case.scenario, objectives=find(NAMES))
        weights = np.array([1.0, 1.0, 0.01, 1e4])
        plan = searched(case, weights, seed=seed)
        steady = Steadying(evaluator, Relaxation.of(evaluator)).steadied(plan, weights)
        steadier.append(steady is not None and steady.rerouted < 0.95 * steady.before)
    assert sum(steadier) >= 3


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_shares_near_those_before_cost_no_more_than_the_allowance(seed: int) -> None:
    case = day(seed, epochs=2)
    problem, rng = case.problem, np.random.default_rng(seed)
    relaxation = Relaxation(problem, case.scenario, find(NAMES))
    weights = rng.dirichlet(np.ones(4))
    plan = searched(case, weights, seed=seed)
    program = relaxation.programs[1]
    groups = slice(program.first_group, program.first_group + program.groups)
    shares = np.zeros(problem.allowed.shape)
    np.add.at(shares, (problem.gene_group, plan), 1.0)
    shares /= shares.sum(axis=1, keepdims=True)
    own, before = shares[groups], shares[problem.group_previous[groups]]
    found = steady_shares(
        program, own, before, weights=weights, price=np.full(program.groups, 1e3), allowance=0.0
    )
    if found is None:  # the plan itself is beyond capacity
        return
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert not found[~problem.allowed[groups]].any()
    moved = np.maximum(found - before, 0.0).sum()
    assert moved <= np.maximum(own - before, 0.0).sum() + 1e-6


def picks(*methods: str) -> Front:
    values = np.array([[0.0, 1.0], [1.0, 0.0], [0.4, 0.4], [0.41, 0.41]])[: len(methods)]
    return Front(
        X=np.zeros((len(methods), 1), np.int16),
        F=values,
        G=np.zeros(len(methods)),
        names=("carbon", "water"),
        units=("kg", "L"),
        methods=methods,
    )


def test_a_plan_whose_method_is_a_pick_stands_for_it() -> None:
    plain = {pick.name: pick.row for pick in picks("slit", "slit", "slit").picks(prefix="slit")}
    assert plain == {"slit-carbon": 0, "slit-water": 1, "slit-balance": 2}
    front = picks("slit", "slit", "slit", "slit-balance")
    rows = {pick.name: pick.row for pick in front.picks(prefix="slit")}
    assert rows == {"slit-carbon": 0, "slit-water": 1, "slit-balance": 3}
    assert front.row_of("slit-balance", prefix="slit") == 3


def test_runs_replace_their_picks_unless_they_are_told_not_to() -> None:
    case = day(3, epochs=8)
    asked: dict[str, Any] = {"objectives": NAMES, "moves": 70_000, "baselines": False}
    plain = slit.optimize(case.scenario, steady=False, **asked)
    assert set(plain.front.methods) == {"slit"}
    result = slit.optimize(case.scenario, **asked)
    count = len(plain.front)
    np.testing.assert_array_equal(result.front.F[:count], plain.front.F)
    names = result.front.methods[count:]
    assert names
    assert set(names) <= {*(f"slit-{name}" for name in NAMES), "slit-balance"}
    [note] = [note for note in result.notes if note.startswith("steady picks")]
    assert all(name in note for name in names)
    before = {pick.name: plain.front.F[pick.row] for pick in plain.front.picks(prefix="slit")}
    for row, name in enumerate(names, start=count):
        most = before[name] + ALLOWANCE * np.abs(before[name])
        assert (result.front.F[row] <= most + 1e-12).all()


@pytest.mark.parametrize("names", [(*NAMES, "reroute"), ("carbon", "carbon_equity")])
def test_what_limits_rerouting_or_is_no_sum_is_left_alone(names: tuple[str, ...]) -> None:
    case = day(0)
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(names))
    result = slit.optimize(case.scenario, objectives=names, evaluations=500, baselines=False)
    assert not can_be_steadied(result.front, evaluator)
    assert set(result.front.methods) == {"slit"}


def test_limits_on_what_is_not_minimized_are_kept() -> None:
    case = day(3)
    first = Evaluator(case.problem, case.scenario, objectives=find(NAMES))
    size = np.abs(first.evaluate(searched(case, np.ones(4), seed=3)[None, :]).F[0])
    plan = searched(case, 0.25 / np.maximum(size, 1e-9), seed=3)
    limited = first.limited_by([Limit(each, 1e9) for each in find(["ttft", "energy"])])
    relaxation = Relaxation.of(first)
    free = Steadying(first, relaxation).steadied(plan, 0.25 / size)
    kept = Steadying(limited, relaxation).steadied(plan, 0.25 / size)
    assert free is not None
    assert kept is not None
    assert (free.plan == kept.plan).all()


def test_steady_picks_do_not_depend_on_threads() -> None:
    case = day(3, epochs=8)
    result = slit.optimize(
        case.scenario, objectives=NAMES, moves=30_000, baselines=False, steady=False
    )
    fronts = []
    for threads in (1, 2):
        evaluator = Evaluator(case.problem, case.scenario, objectives=find(NAMES), threads=threads)
        found = steady_picks(result.front, evaluator, Relaxation.of(evaluator), search="slit")
        assert found is not None
        fronts.append(found.front)
    np.testing.assert_array_equal(fronts[0].X, fronts[1].X)
