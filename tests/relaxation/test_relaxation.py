"""The relaxation: below every feasible plan, and equal to a program spelled out by plain loops."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.types import Floats
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.objectives import Coefficients, Objective, find, linear_objective
from slit.objectives.builtin import BUILT_IN
from slit.problem import Problem, compile_problem
from slit.relaxation import Relaxation, Relaxed, column_generation
from slit.relaxation.dual_values import capacity_worth, renewable_worth
from slit.relaxation.feasibility import check_capacity
from slit.relaxation.rounding import shares_of
from slit.relaxation.subproblem_solver import EpochPoint, SubproblemSolver
from slit.scenario.scenario import Scenario
from tests.builders import random_scenario, tiled
from tests.cases import Case, cases, make_case
from tests.relaxation.plain_relaxation import plain_minimum
from tests.relaxation.plans import feasible_objectives, linear_objectives, pushed_down

SEEDS = st.integers(0, 2**32 - 1)

LARGEST = [objective.name.endswith("_equity") for objective in BUILT_IN]


@pytest.fixture(scope="module", autouse=True)
def few_shares_at_first() -> Iterator[None]:
    """The cases are small: let almost all shares join by what they cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_generation, "FIRST", 1)
        patch.setattr(column_generation, "MORE", 1)
        yield


def random_weights(rng: np.random.Generator, sizes: Floats, count: int) -> Floats:
    """Weights (count, M) of some objectives each, scaled to their sizes."""
    scales = np.where(np.abs(sizes) < 1e-6, np.inf, np.abs(sizes))
    weights = rng.exponential(size=(count, len(sizes))) / scales
    weights[rng.random(weights.shape) < 0.4] = 0.0
    return weights


@settings(max_examples=150)
@given(case=cases(), seed=SEEDS)
def test_no_feasible_plan_is_below_the_bound(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    evaluator = Evaluator(case.problem, case.scenario, objectives=BUILT_IN)
    values = feasible_objectives(case, evaluator, rng=rng)
    relaxation = Relaxation(case.problem, case.scenario, BUILT_IN)
    sizes = values.mean(axis=0) if len(values) else np.ones(len(BUILT_IN))
    weights = np.vstack([np.eye(len(BUILT_IN)), random_weights(rng, sizes, 4)])
    for weight, relaxed in zip(weights, relaxation.minimize_many(weights), strict=True):
        size = np.abs(weight * relaxed.objectives).sum()
        assert relaxed.bound <= relaxed.value + 1e-8 * size
        assert relaxed.value <= relaxed.bound + 1e-8 * size or weight[LARGEST].any()
        assert (values @ weight >= relaxed.bound - 1e-13 * np.abs(values * weight).sum(1)).all()


@settings(max_examples=40)
@given(case=cases(), seed=SEEDS)
def test_no_search_gets_below_the_bound(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = ["carbon", "water", "cost", "quality", "energy"]
    objectives = find(rng.choice(names, size=int(rng.integers(1, 4)), replace=False))
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    sizes = np.abs(evaluator.evaluate(case.plans).F).mean(axis=0)
    weight = rng.exponential(size=len(objectives)) / np.maximum(sizes, 1e-6)
    found = pushed_down(case, evaluator, weight, rng=rng)
    bound = relaxation.minimize(weight).bound
    assert found is None or found @ weight >= bound - 1e-13 * np.abs(found * weight).sum()


@settings(max_examples=60)
@given(case=cases(), seed=SEEDS)
def test_agrees_with_the_program_spelled_out(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    objectives = linear_objectives(BUILT_IN)
    sizes = Evaluator(case.problem, case.scenario, objectives=objectives).evaluate(case.plans).F
    weights = random_weights(rng, sizes.mean(axis=0), 2)
    weights = np.vstack([weights, np.eye(len(objectives))[rng.integers(len(objectives))]])
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    for weight, relaxed in zip(weights, relaxation.minimize_many(weights), strict=True):
        plain = plain_minimum(case.problem, case.scenario, objectives, weight)
        assert plain is not None
        size = np.abs(weight * relaxed.objectives).sum()
        assert relaxed.value == pytest.approx(plain, rel=1e-7, abs=1e-7 * size)


@settings(max_examples=40)
@given(case=cases(), seed=SEEDS)
def test_shares_that_join_later_change_nothing(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    objectives = linear_objectives(BUILT_IN)
    sizes = Evaluator(case.problem, case.scenario, objectives=objectives).evaluate(case.plans).F
    weights = random_weights(rng, sizes.mean(axis=0), 6)
    order = rng.permutation(len(objectives))[:3]
    found = []
    for first in (1, 10**6):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(column_generation, "FIRST", first)
            relaxation = Relaxation(case.problem, case.scenario, objectives)
            last = relaxation.lexicographic([int(m) for m in order]).objectives[order]
            found.append((relaxation.minimize_many(weights), last))
    for one, other in zip(found[0][0], found[1][0], strict=True):
        size = np.abs(one.weights * one.objectives).sum()
        assert one.value == pytest.approx(other.value, rel=1e-9, abs=1e-9 * size)
        assert one.bound == pytest.approx(other.bound, rel=1e-9, abs=1e-9 * size)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-6, atol=1e-9)


def test_the_relaxed_objectives_are_those_of_the_shares() -> None:
    """Without renewables and negative prices, from the shares alone."""
    case = make_case(3, negative_prices=False, renewables=False, extras=False)
    problem = case.problem
    objectives = find(["carbon", "ttft", "answer_loss"])
    relaxation = Relaxation(problem, case.scenario, objectives)
    relaxed = relaxation.minimize([1.0, 2.0, 3.0])
    shares = shares_of(relaxation, relaxed)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert not shares[~problem.allowed].any()
    weight = problem.group_requests / problem.total_requests
    assert relaxed.objectives[1] == pytest.approx(weight @ (shares * problem.base_ttft).sum(1))
    right = problem.accuracy[problem.group_class]
    assert relaxed.objectives[2] == pytest.approx(weight @ (shares * (1 - right)).sum(1))


@pytest.mark.parametrize("threads", [1, 2])
def test_values_do_not_depend_on_threads(threads: int) -> None:
    case = make_case(11, epochs=4)
    relaxation = Relaxation(case.problem, case.scenario, BUILT_IN[:4], threads=threads)
    found = relaxation.minimize_many(np.eye(4))
    alone = Relaxation(case.problem, case.scenario, BUILT_IN[:4]).minimize_many(np.eye(4))
    for one, other in zip(found, alone, strict=True):
        assert one.bound == other.bound
        np.testing.assert_array_equal(one.parts, other.parts)


def test_lexicographic_breaks_ties_exactly() -> None:
    """Every later objective is at its least among the optima of the earlier ones."""
    case = make_case(5, extras=False, negative_prices=False)
    objectives = find(["slo_violation", "answer_loss", "cost"])
    relaxation = Relaxation(case.problem, case.scenario, objectives)
    found = relaxation.lexicographic([0, 1, 2]).objectives
    caps: dict[int, float] = {}
    for m in range(3):
        least = plain_minimum(case.problem, case.scenario, objectives, np.eye(3)[m], caps)
        assert least is not None
        assert found[m] == pytest.approx(least, rel=1e-6, abs=1e-9)
        caps[m] = least + 1e-10
    # The solver is left as it was.
    assert relaxation.minimize([0, 0, 1]).objectives[2] <= found[2] + 1e-9


def test_worth_of_capacity_and_renewables_is_the_slope_of_the_optimum() -> None:
    case = make_case(23, negative_prices=False, spare_nodes=0)
    objectives = find(["cost"])

    def optimum(problem: Problem) -> float:
        return Relaxation(problem, case.scenario, objectives).minimize([1.0]).value

    relaxation = Relaxation(case.problem, case.scenario, objectives)
    relaxed = relaxation.minimize([1.0])
    capacity = capacity_worth(relaxation, relaxed).sum(axis=0)
    renewable = renewable_worth(relaxation, relaxed)
    assert capacity.max() > 0
    assert renewable.max() > 0
    step = 1e-4
    d, t = 0, int(np.argmax(renewable[:, 0]))
    more = case.problem.renewable.copy()
    more[t, d] += step
    richer = optimum(case.problem._replace(renewable=more))
    assert (relaxed.value - richer) / step == pytest.approx(renewable[t, d], rel=1e-3)


def test_one_node_by_hand() -> None:
    """With power below price zero the relaxation may round up a whole node, and no more."""
    case = make_case(
        1, epochs=1, origins=1, classes=1, datacenters=1, pools_per_datacenter=1, variants=1,
        renewables=False, standby=False, extras=False, empty_groups=False, genes=1,
    )  # fmt: skip
    problem = case.problem
    assert problem.price[0, 0] < 0
    relaxed = Relaxation(problem, case.scenario, find(["cost"])).minimize([1.0])
    work, energy = (int(x) * int(problem.group_chunks[0]) for x in problem.chunk[0, 0])
    nodes = min(work / problem.node_ticks + 1, float(problem.pool_nodes[0]))
    it = (energy + nodes * problem.idle_energy[0]) * problem.kwh_per_energy_tick
    assert relaxed.value == pytest.approx(problem.price[0, 0] * problem.pue[0, 0] * it)


def test_signs_of_plug_in_objectives() -> None:
    """Rewarding energy, nodes, lateness or waits: bounded where it can be, else left out."""

    def objective(name: str, field: str, value: float) -> Objective:
        @linear_objective(name=name, unit="1", title=name)
        def build(problem: Problem, scenario: Scenario) -> Coefficients:
            shapes: dict[str, tuple[int, ...]] = {
                "it": problem.pue.shape,
                "facility": problem.pue.shape,
                "nodes": (problem.epochs, problem.placements),
            }
            weight: Any = np.full(shapes[field], value) if field in shapes else value
            return Coefficients(**{field: weight})

        return build

    objectives = (
        objective("less_it", "it", -1.0),
        objective("less_facility", "facility", -1.0),
        objective("fewer_nodes", "nodes", -1.0),
        objective("late_is_good", "late", -1.0),
        objective("bad_is_good", "quality", 1.0),
        objective("waiting_is_good", "wait", -1.0),
    )
    for seed in range(12):
        case = make_case(seed, plans=60, loading=["prewarm", "on_demand"][seed % 2], spare_nodes=4)
        relaxation = Relaxation(case.problem, case.scenario, objectives)
        assert list(relaxation.left_out) == ["waiting_is_good"]
        evaluator = Evaluator(case.problem, case.scenario, objectives=objectives[:5])
        values = feasible_objectives(case, evaluator, rng=np.random.default_rng(seed))
        for m, relaxed in enumerate(relaxation.minimize_many(np.eye(5))):
            assert (values[:, m] >= relaxed.bound - 1e-12 * np.abs(values[:, m])).all()


def test_refuses_wrong_weights() -> None:
    case = make_case(2)
    relaxation = Relaxation(case.problem, case.scenario, find(["carbon", "water"]))
    with pytest.raises(SlitError, match=r"weights: shape \(1, 3\), expected \(N, 2\)"):
        relaxation.minimize([1.0, 1.0, 1.0])
    with pytest.raises(SlitError, match="weights: negative or not finite"):
        relaxation.minimize([1.0, -1.0])


def test_demand_beyond_capacity_names_epoch_and_shortfall() -> None:
    """Twice the work of epoch 1 on one pool of 3 nodes: by hand."""
    case = make_case(
        4, epochs=2, origins=1, classes=1, datacenters=1, pools_per_datacenter=1, variants=1,
        extras=False, empty_groups=False, genes=4,
    )  # fmt: skip
    problem = case.problem
    check_capacity(problem, case.scenario)
    need = float(problem.group_chunks[1] * problem.chunk[1, 0, 0] / problem.node_ticks)
    small = problem._replace(pool_nodes=np.array([int(need)]))
    if problem.group_chunks[0] * problem.chunk[0, 0, 0] / problem.node_ticks > int(need):
        pytest.fail("the seed's first epoch needs more than its second")
    message = f"epoch 1 .*{need:.6g} node-hours needed, expected at most {int(need)} "
    with pytest.raises(InfeasibleError, match=message) as caught:
        check_capacity(small, case.scenario)
    assert f"{need - int(need):.4g} node-hours short at pool0 for class0 from origin0" in str(
        caught.value
    )
    with pytest.raises(InfeasibleError, match="epoch 1"):
        Relaxation(small, case.scenario, find(["cost"])).minimize([1.0])


def solves_of(relaxation: Relaxation, weights: Floats) -> tuple[list[Relaxed], int]:
    """Optima, and how many programs of epochs they took."""
    solved: list[int] = []
    minimize = SubproblemSolver.minimize

    def counted(self: SubproblemSolver, center_weights: Floats) -> EpochPoint:
        solved.append(self.program.epoch)
        return minimize(self, center_weights)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SubproblemSolver, "minimize", counted)
        return relaxation.minimize_many(weights), len(solved)


def test_epochs_that_are_alike_are_solved_once_to_the_same_bits() -> None:
    once = random_scenario(np.random.default_rng(5), epochs=2)
    scenario = tiled(once, 20)
    problem, objectives = compile_problem(scenario), find(["carbon", "cost", "quality"])
    relaxation = Relaxation(problem, scenario, objectives)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "slit.relaxation.subproblem_pool.first_alike", lambda programs: range(len(programs))
        )
        apart = Relaxation(problem, scenario, objectives)
    weights = np.vstack([np.eye(3), np.ones((1, 3))])
    shared, few = solves_of(relaxation, weights)
    separate, all_of_them = solves_of(apart, weights)
    assert all_of_them == 4 * problem.epochs
    assert few == 4 * relaxation.solvers.distinct
    assert relaxation.solvers.distinct < problem.epochs / 4
    for here, there in zip(shared, separate, strict=True):
        assert here.bound == there.bound
        np.testing.assert_array_equal(here.parts, there.parts)
        np.testing.assert_array_equal(shares_of(relaxation, here), shares_of(apart, there))


def test_an_epoch_that_differs_in_one_figure_is_solved_apart() -> None:
    case = make_case(3, epochs=2)
    alike = tiled(case.scenario, 3)
    price = alike.signals.price.copy()
    price[-1] += 1e-9
    other = replace(alike, signals=replace(alike.signals, price=price))
    objectives = find(["cost"])
    before, after = (
        Relaxation(compile_problem(each), each, objectives).solvers.distinct
        for each in (alike, other)
    )
    assert after == before + 1


def test_corners_are_shared_and_do_not_depend_on_what_was_solved_before() -> None:
    case = make_case(11)
    relaxation = Relaxation(case.problem, case.scenario, find(["carbon", "cost", "quality"]))
    warm = relaxation.fresh()
    warm.minimize([1.0, 2.0, 3.0])
    warmed = warm.solve_corners()
    corners = relaxation.corners
    assert relaxation.solves == 0
    again = Relaxation(case.problem, case.scenario, find(["carbon", "cost", "quality"]))
    for shared, alone in zip(corners, again.solve_corners(), strict=True):
        assert shared.bound == alone.bound
        np.testing.assert_array_equal(shared.parts, alone.parts)
    assert relaxation.corners[0] is relaxation.fresh().corners[0]
    assert warmed[0] is not corners[0]
