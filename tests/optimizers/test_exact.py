"""Exact optima and fronts against enumeration of all plans."""

from collections.abc import Sequence
from itertools import combinations_with_replacement, product
from math import prod

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import slit
from operators.dominance import nondominated
from operators.types import Floats, Genes
from slit.certificates.bounds import certify
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.objectives import Objective, find, ledger_objective
from slit.objectives.builtin import BUILT_IN
from slit.objectives.limits import Limit
from slit.optimizers.exact.front import AGREEMENT, EfficientPlans, ExactProgram
from slit.optimizers.exact.search import Settings
from slit.optimizers.protocol import Optimizer, Setup
from slit.optimizers.registry import make_optimizer
from slit.problem import Problem, compile_problem
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import minimize_capped
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.stop import StopReason
from slit.testing import OptimizerContract
from tests.cases import Case, make_case
from tests.restricted import restricted_names

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


def exact_front(
    problem: Problem,
    scenario: Scenario,
    objectives: Sequence[Objective],
    *,
    resolution: float = 1e-4,
) -> tuple[Floats, Floats]:
    """Objectives (N, M) of all efficient plans, and how far apart (M,) they are."""
    program = ExactProgram(Evaluator(problem, scenario, objectives=objectives))
    plans = EfficientPlans(program, resolution=resolution)
    found = list(plans)
    values = np.array([plan.objectives for plan in found])
    weights = 1.0 / np.where(plans.span > 0, plans.span, 1.0)
    rounding = AGREEMENT * (
        np.maximum(program.scale, np.abs(values)) @ weights
    )  # of the program against the evaluator
    assert (np.array([plan.bound for plan in found]) <= values @ weights + rounding).all()
    return values, plans.resolution


def small_case(seed: int, rng: np.random.Generator, *, negative_prices: bool = True) -> Case:
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
        warm=bool(rng.random() < 0.4),
        move_cost=bool(rng.random() < 0.3),
        negative_prices=negative_prices,
        today=bool(rng.random() < 0.3),
    )


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32 - 1), waits=st.booleans())
# Front plans that HiGHS 1.15 and 1.16 missed with presolve on.
@example(seed=1234617, waits=False)
@example(seed=3897720943, waits=False)
@example(seed=3632, waits=True)
@example(seed=19223, waits=True)
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
    exact, step = exact_front(case.problem, case.scenario, objectives)
    size = np.abs(values).max(axis=0)
    covered = (exact[None, :, :] <= values[:, None, :] + 1.01 * step).all(axis=2)
    assert covered.any(axis=1).all()
    beaten = (values[:, None, :] < exact[None, :, :] - 0.01 * step).all(axis=2)
    assert not beaten.any()
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    for m, relaxed in enumerate(relaxation.minimize_many(np.eye(len(objectives)))):
        assert relaxed.bound <= exact[:, m].min() + 1e-12 * size[m]
    share = certify(relaxation, rng=rng, weights=6, refined=0).share(exact)
    assert np.isnan(share) or share <= 1


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), waits=st.booleans(), parts=st.booleans())
def test_under_limits_the_front_is_that_of_all_plans_within_them(
    seed: int, waits: bool, parts: bool
) -> None:
    """Limits are values that plans attain, so that the edge itself is tried; with `parts` those of
    a class, an origin, a place and another lateness too. No bound is above a plan."""
    rng = np.random.default_rng(seed)
    case = small_case(seed, rng)
    plans = all_plans(case.problem, most=1000)
    assume(plans is not None)
    assert plans is not None
    pool = BUILT_IN if waits else WITHOUT_WAITS
    if parts:
        pool = (*find(restricted_names(case.scenario, rng, linear=not waits)), *pool[:3])
    drawn = [pool[i] for i in rng.permutation(len(pool))[:3]]
    objectives, limited = drawn[:2], drawn[1:]
    measured = Evaluator(case.problem, case.scenario, objectives=limited).evaluate(plans)
    attained = measured.F[measured.G == 0]
    assume(len(attained) > 1)
    limits = [
        Limit(measure, float(np.sort(values)[int(rng.integers(len(values) // 3, len(values)))]))
        for measure, values in zip(limited, attained.T, strict=True)
    ]
    judge = Evaluator(case.problem, case.scenario, objectives=objectives, limits=limits)
    found = judge.evaluate(plans)
    within = ([limit.most for limit in limits] >= measured.F).all(axis=1) & (measured.G == 0)
    assert ((found.G == 0) == within).all()
    values = found.F[within]
    program = ExactProgram(judge)
    if not len(values):
        with pytest.raises(InfeasibleError, match="limits: no plan in whole nodes keeps to "):
            EfficientPlans(program, resolution=1e-4)
        return
    assume(len(values[nondominated(values)]) < 12)
    search = EfficientPlans(program, resolution=1e-4)
    exact = np.array([plan.objectives for plan in search])
    covered = (exact[None, :, :] <= values[:, None, :] + 1.01 * search.resolution).all(axis=2)
    assert covered.any(axis=1).all()
    attainable = np.isclose(exact[:, None, :], values[None, :, :], rtol=1e-12, atol=0).all(axis=2)
    assert attainable.any(axis=1).all()
    if not parts:
        return
    relaxation = Relaxation.of(judge, measured=True)
    assert not relaxation.left_out
    caps = np.array([np.inf, *(limit.most for limit in limits)])
    for m in range(len(objectives)):
        bound = minimize_capped(relaxation, np.eye(len(caps))[m], caps).bound
        assert bound <= exact[:, m].min() + 1e-9 * max(1.0, np.abs(values[:, m]).max())


@pytest.mark.parametrize("tabulated", [True, False])
def test_tiny_under_limits_has_the_front_of_all_plans_within_them(
    tabulated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    plans = all_plans(problem, most=200_000)
    assert plans is not None
    [carbon, cost, water, quality] = find(["carbon", "cost", "water", "quality"])
    if not tabulated:
        monkeypatch.setattr("slit.optimizers.exact.front.FEW_COLUMNS", 0)
    for limits in ([Limit(carbon, 0.4)], [Limit(water, 8.0)], [Limit(quality, 0.34)]):
        judge = Evaluator(problem, scenario, objectives=[carbon, cost], limits=limits)
        found = judge.evaluate(plans)
        values = found.F[found.G == 0]
        search = EfficientPlans(ExactProgram(judge), resolution=0.01)
        exact = np.array([plan.objectives for plan in search])
        step = search.resolution
        covered = (exact[None, :, :] <= values[:, None, :] + step + 1e-9).all(axis=2)
        assert covered.any(axis=1).all()
        for row in exact:
            assert np.isclose(values, row, rtol=1e-9).all(axis=1).any()


@pytest.mark.parametrize("tabulated", [True, False])
def test_a_plan_beyond_a_limit_by_less_than_tolerances_is_not_taken(
    tabulated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just below what the best plan attains: the next one is found instead."""
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    if not tabulated:
        monkeypatch.setattr("slit.optimizers.exact.front.FEW_COLUMNS", 0)
    plans = all_plans(problem, most=200_000)
    assert plans is not None
    [cost, water] = find(["cost", "water"])
    values = Evaluator(problem, scenario, objectives=[cost, water]).evaluate(plans)
    feasible = values.F[values.G == 0]
    best = feasible[np.lexsort((feasible[:, 1], feasible[:, 0]))[0]]
    limit = Limit(water, float(best[1]) * (1 - 1e-9))
    judge = Evaluator(problem, scenario, objectives=[cost], limits=[limit])
    found = ExactProgram(judge).minimize(np.ones(1))
    assert found is not None
    within = feasible[feasible[:, 1] <= limit.most]
    assert found.objectives[0] == pytest.approx(within[:, 0].min(), rel=1e-9)
    assert found.objectives[0] > best[0]


@pytest.mark.parametrize("few_columns", [0, 10**9], ids=["counts", "states"])
@pytest.mark.parametrize(("name", "most"), [("reroute", 0.1), ("starts", 2.0), ("switches", 1.0)])
def test_limits_on_what_changes_between_epochs_are_kept(
    name: str, most: float, few_columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slit.optimizers.exact.front.FEW_COLUMNS", few_columns)
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    plans = all_plans(problem, most=200_000)
    assert plans is not None
    [cost, limited] = find(["cost", name])
    judge = Evaluator(problem, scenario, objectives=[cost], limits=[Limit(limited, most)])
    values = judge.evaluate(plans)
    least = values.F[values.G == 0].min()
    without = Evaluator(problem, scenario, objectives=[cost]).evaluate(plans)
    assert least > without.F[without.G == 0].min()
    found = ExactProgram(judge).minimize(np.ones(1))
    assert found is not None
    assert found.objectives[0] == pytest.approx(least, rel=1e-9)


def test_limits_that_the_program_does_not_cover_are_refused() -> None:
    @ledger_objective(name="peak", unit="kWh", title="Peak")
    def peak(ledger: object) -> float:
        return 0.0

    scenario = load_scenario("tiny")
    judge = Evaluator(
        compile_problem(scenario), scenario, objectives=find(["cost"]), limits=[Limit(peak, 0.1)]
    )
    with pytest.raises(SlitError, match="'peak' is a function of the whole plan, expected "):
        ExactProgram(judge)


@pytest.mark.parametrize("name", ["reroute", "starts", "switches", "ramp"])
@pytest.mark.parametrize("few_columns", [0, 10**9], ids=["counts", "states"])
def test_what_changes_between_epochs_costs_least_of_all_plans(
    name: str, few_columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slit.optimizers.exact.front.FEW_COLUMNS", few_columns)
    compared = warm = routed = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        case = small_case(seed, rng, negative_prices=False)
        plans = all_plans(case.problem)
        objectives = find(["cost", name])
        evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
        found = None if plans is None else evaluator.evaluate(plans)
        if found is None or not (found.G == 0).any():
            continue
        values = found.F[found.G == 0]
        program = ExactProgram(evaluator)
        for share in (0.0, 0.3, 0.7):
            weights = np.array([share, 1.0 - share]) / program.scale
            plan = program.minimize(weights)
            assert plan is not None
            least = float((values @ weights).min())
            assert float(plan.objectives @ weights) <= least + 1e-5
            assert plan.bound <= least + 1e-9
        compared += float(np.ptp(values[:, 1])) > 0
        warm += bool(case.problem.warm_nodes.any())
        routed += bool(len(case.problem.today_chunks))
    assert compared > 3
    assert warm > 1
    assert routed > 1


def test_tiny_has_the_front_of_all_plans() -> None:
    scenario = load_scenario("tiny")
    problem = compile_problem(scenario)
    plans = all_plans(problem, most=200_000)
    assert plans is not None
    objectives = find(["carbon", "cost"])
    found = Evaluator(problem, scenario, objectives=objectives).evaluate(plans)
    values = found.F[found.G == 0]
    exact, step = exact_front(problem, scenario, objectives, resolution=0.01)
    covered = (exact[None, :, :] <= values[:, None, :] + step + 1e-9).all(axis=2)
    assert covered.any(axis=1).all()
    efficient = values[nondominated(values)]
    for row in exact:
        assert np.isclose(efficient, row, rtol=1e-7).all(axis=1).any()


def test_sixty_chunks_without_waits() -> None:
    case = make_case(
        8, epochs=3, datacenters=3, pools_per_datacenter=1, variants=2, genes=60,
        residency=False, extras=False, spare_nodes=6,
    )  # fmt: skip
    objectives = find(["carbon", "cost"])
    exact, _ = exact_front(case.problem, case.scenario, objectives, resolution=0.2)
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    for m, relaxed in enumerate(relaxation.minimize_many(np.eye(2))):
        assert relaxed.bound <= exact[:, m].min()


def test_refuses_what_it_does_not_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    @ledger_objective(name="peak", unit="kWh", title="Peak")
    def peak(ledger: object) -> float:
        return 0.0

    case = make_case(1, genes=60)
    with pytest.raises(SlitError, match="'peak' is a function of the whole plan"):
        exact_front(case.problem, case.scenario, (*find(["cost"]), peak))
    monkeypatch.setattr("slit.optimizers.exact.states.MOST_STATES", 10)
    with pytest.raises(SlitError, match="states of cells or more, expected at most 10 "):
        exact_front(case.problem, case.scenario, find(["quality"]))
    monkeypatch.setattr("slit.optimizers.exact.front.FEW_COLUMNS", 0)
    monkeypatch.setattr("slit.optimizers.exact.cells.MOST_PAIRS", 10)
    with pytest.raises(SlitError, match="pairs of group and placement or more, expected"):
        exact_front(case.problem, case.scenario, find(["cost"]))
    monkeypatch.undo()
    none = case.problem._replace(pool_nodes=np.zeros_like(case.problem.pool_nodes))
    with pytest.raises(InfeasibleError, match="no plan in whole nodes"):
        exact_front(none, case.scenario, find(["energy"]))


class TestExactSearch(OptimizerContract):
    objectives = ("carbon", "cost")

    def make(self, setup: Setup) -> Optimizer:
        return make_optimizer("exact", setup.task, rng=setup.rng, settings=setup.settings)

    def scenarios(self) -> list[Scenario]:
        return [load_scenario("tiny")]


def test_the_search_ends_by_itself_with_all_efficient_plans() -> None:
    scenario, objectives = load_scenario("tiny"), find(["carbon", "cost"])
    found = slit.optimize(scenario, optimizer="exact", objectives=objectives, baselines=False)
    values, _ = exact_front(compile_problem(scenario), scenario, objectives, resolution=0.01)
    assert found.stop is StopReason.FINISHED
    assert found.evaluations == len(values)
    np.testing.assert_array_equal(found.front.F, values[nondominated(values)])
    with pytest.raises(SlitError, match="resolution: 0, expected above 0 to 1"):
        Settings(resolution=0)
