"""Exact optima and fronts against enumeration of all plans."""

from itertools import combinations_with_replacement, product
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from operators.dominance import nondominated
from operators.types import Genes
from slit.certificates.bounds import certify
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.objectives import find, ledger_objective
from slit.objectives.builtin import BUILT_IN
from slit.optimizers.exact.front import ExactProgram, exact_front
from slit.problem import Problem, compile_problem
from slit.relaxation import Relaxation
from slit.scenario.load import load_scenario
from tests.cases import Case, make_case

WITHOUT_WAITS = tuple(o for o in BUILT_IN if o.name not in ("quality", "ttft", "slo_violation"))


def all_plans(problem: Problem, *, most: int = 4000) -> Genes | None:
    """Every plan in canonical form, None if there are more than `most`."""
    choices = []
    for j in range(problem.groups):
        options = np.flatnonzero(problem.allowed[j]).tolist()
        chunks = int(problem.group_chunks[j])
        choices.append(list(combinations_with_replacement(options, chunks)))
        if prod(len(choice) for choice in choices) > most:
            return None
    return np.array([sum(parts, ()) for parts in product(*choices)], dtype=np.int16)


def small_case(seed: int, rng: np.random.Generator) -> Case:
    return make_case(
        seed,
        epochs=int(rng.integers(1, 4)),
        origins=1,
        classes=int(rng.integers(1, 3)),
        datacenters=2,
        pools_per_datacenter=1,
        variants=int(rng.integers(1, 3)),
        genes=int(rng.integers(2, 11)),
        loading=str(rng.choice(["on_demand", "prewarm"])),
        begins=str(rng.choice(["free", "given", "cyclic"])),
        nodes_per_group=float(rng.choice([0.4, 1.0, 3.0])),
        spare_nodes=int(rng.integers(1, 4)),
        residency=bool(rng.random() < 0.3),
    )


@settings(max_examples=200)
@given(seed=st.integers(0, 2**32 - 1), waits=st.booleans())
def test_the_front_is_that_of_all_plans(seed: int, waits: bool) -> None:
    """And no bound lies above it: relaxation <= exact <= every plan."""
    rng = np.random.default_rng(seed)
    case = small_case(seed, rng)
    plans = all_plans(case.problem)
    assume(plans is not None)
    assert plans is not None
    pool = BUILT_IN if waits else WITHOUT_WAITS
    objectives = tuple(pool[i] for i in rng.permutation(len(pool))[: int(rng.integers(1, 4))])
    found = Evaluator(case.problem, case.scenario, objectives=objectives).evaluate(plans)
    values = found.F[found.G == 0]
    assume(len(values) > 0 and len(values[nondominated(values)]) < 15)
    front = exact_front(case.problem, case.scenario, objectives)
    assert front.complete
    size, step = np.abs(values).max(axis=0), front.resolution
    covered = (front.F[None, :, :] <= values[:, None, :] + 1.01 * step).all(axis=2)
    assert covered.any(axis=1).all()
    beaten = (values[:, None, :] < front.F[None, :, :] - 0.01 * step).all(axis=2)
    assert not beaten.any()
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    for m, relaxed in enumerate(relaxation.minimize_many(np.eye(len(objectives)))):
        assert relaxed.bound <= front.F[:, m].min() + 1e-12 * size[m]
    share = certify(relaxation, rng=rng, weights=6, refined=0).share(front.F)
    assert np.isnan(share) or share <= 1


@settings(max_examples=200)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_optimum_under_caps_is_that_of_all_plans(seed: int) -> None:
    rng = np.random.default_rng(seed)
    case = small_case(seed, rng)
    plans = all_plans(case.problem)
    assume(plans is not None)
    assert plans is not None
    count = int(rng.integers(1, 4))
    objectives = tuple(BUILT_IN[i] for i in rng.permutation(len(BUILT_IN))[:count])
    found = Evaluator(case.problem, case.scenario, objectives=objectives).evaluate(plans)
    values = found.F[found.G == 0]
    assume(len(values) > 0)
    program = ExactProgram(case.problem, case.scenario, objectives)
    weights = rng.exponential(size=count) / program.scale
    chosen = values[int(rng.integers(len(values)))]
    near = 1e-5 * program.scale
    caps = np.where(rng.random(count) < 0.5, chosen + near, np.inf)
    assume(not (np.abs(values - caps) < 0.9 * near).any())  # no plan on the edge
    best = (values[(values <= caps).all(axis=1)] @ weights).min()
    exact = program.minimize(weights, caps=caps)
    assert exact is not None
    tolerance = 1e-7 * float(weights @ program.scale)
    assert exact.value == pytest.approx(best, abs=tolerance)
    assert exact.bound <= best + tolerance
    impossible = np.full(count, -np.inf)
    impossible[0] = values[:, 0].min() - 1e-3 * program.scale[0]
    impossible[1:] = np.inf
    assert program.minimize(weights, caps=impossible) is None


def test_tiny_has_the_front_of_all_plans() -> None:
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    plans = all_plans(problem, most=200_000)
    assert plans is not None
    objectives = find(["carbon", "cost"])
    found = Evaluator(problem, scenario, objectives=objectives).evaluate(plans)
    values = found.F[found.G == 0]
    front = exact_front(problem, scenario, objectives, resolution=0.01)
    covered = (front.F[None, :, :] <= values[:, None, :] + front.resolution + 1e-9).all(axis=2)
    assert covered.any(axis=1).all()
    efficient = values[nondominated(values)]
    for row in front.F:
        assert np.isclose(efficient, row, rtol=1e-7).all(axis=1).any()


def test_sixty_chunks_without_waits() -> None:
    case = make_case(
        8, epochs=3, datacenters=3, pools_per_datacenter=1, variants=2, genes=60,
        residency=False, extras=False, spare_nodes=6,
    )  # fmt: skip
    objectives = find(["carbon", "cost"])
    front = exact_front(case.problem, case.scenario, objectives, resolution=0.2)
    assert front.complete
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    for m, relaxed in enumerate(relaxation.minimize_many(np.eye(2))):
        assert relaxed.bound <= front.F[:, m].min()


def test_refuses_what_it_does_not_cover() -> None:
    @ledger_objective(name="peak", unit="kWh", title="Peak")
    def peak(ledger: object) -> float:
        return 0.0

    case = make_case(1, genes=60)
    with pytest.raises(SlitError, match="'peak' is a function of the whole plan"):
        exact_front(case.problem, case.scenario, (*find(["cost"]), peak))
    with pytest.raises(SlitError, match="states of cells or more, expected at most 10 "):
        exact_front(case.problem, case.scenario, find(["quality"]), most_columns=10)
    none = case.problem._replace(pool_nodes=np.zeros_like(case.problem.pool_nodes))
    with pytest.raises(InfeasibleError, match="no plan in whole nodes"):
        exact_front(none, case.scenario, find(["energy"]))
