"""What the exact front makes of answers of the solver that are wrong, or right to tolerances."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from operators.types import Floats
from slit.evaluator import Evaluator
from slit.lp.solver import LinearModel, SolverError, SolverOptions
from slit.objectives import find
from slit.optimizers.exact.front import WAYS, EfficientPlans, ExactPlan, ExactProgram
from slit.optimizers.exact.fullness import with_exact_nodes
from slit.problem import compile_problem
from slit.scenario.load import load_scenario
from tests.optimizers.test_exact import all_plans, small_case


def test_by_counts_starts_of_a_full_pool_cost_least_of_all_plans(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Energy that is paid for, and cells so full that a solver cannot see one node more."""
    monkeypatch.setattr("slit.optimizers.exact.front.FEW_COLUMNS", 0)
    case = small_case(2049, np.random.default_rng(2049))
    plans = all_plans(case.problem)
    assert plans is not None
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(["cost", "starts"]))
    found = evaluator.evaluate(plans)
    values = found.F[found.G == 0]
    plan = ExactProgram(evaluator).minimize(np.array([1.0, 0.0]))
    assert plan is not None
    assert plan.objectives[0] == pytest.approx(values[:, 0].min(), rel=1e-9)


@pytest.mark.parametrize("ticks", [0, 1])
def test_by_counts_nodes_full_to_a_tick_are_those_of_the_work(
    ticks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some chunks together ask of a node all it has, or a tick (far below tolerances) more."""
    monkeypatch.setattr("slit.optimizers.exact.front.FEW_COLUMNS", 0)
    corrected = compared = 0
    original = with_exact_nodes

    def counted(*given: Any, **named: Any) -> LinearModel:
        nonlocal corrected
        model = original(*given, **named)
        corrected += model is not given[1]
        return model

    monkeypatch.setattr("slit.optimizers.exact.front.with_exact_nodes", counted)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        case = small_case(seed, rng)
        chunk = case.problem.chunk.copy()
        chunk[:, :, 0] = case.problem.node_ticks // rng.integers(1, 4, chunk.shape[:2]) + ticks
        problem = case.problem._replace(chunk=chunk)
        plans = all_plans(problem, most=1000)
        if plans is None:
            continue
        evaluator = Evaluator(problem, case.scenario, objectives=find(["cost", "starts"]))
        found = evaluator.evaluate(plans)
        values = found.F[found.G == 0]
        if not len(values):
            continue
        for weights in np.array([[1.0, 0.0], [0.9, 0.1]]):
            plan = ExactProgram(evaluator).minimize(weights)
            assert plan is not None
            least = float((values @ weights).min())
            assert float(plan.objectives @ weights) == pytest.approx(least, rel=1e-5, abs=1e-5)
        compared += 1
    assert compared > 3
    assert ticks == 0 or corrected > 0


def _with_wrong_answers(monkeypatch: pytest.MonkeyPatch, ways: Sequence[int]) -> ExactProgram:
    """A program of which some ways to solve it call the plan of least carbon optimal."""
    scenario = load_scenario("tiny")
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=find(["carbon", "cost"]))
    program = ExactProgram(evaluator)
    plan = program.minimize(np.array([1.0, 0.0]))
    original = ExactProgram._minimize

    def wrong(
        self: ExactProgram, weights: Floats, beyond: Floats | None, options: SolverOptions
    ) -> ExactPlan | None:
        found = original(self, weights, beyond, options)
        return plan if WAYS.index(options) in ways else found

    monkeypatch.setattr(ExactProgram, "_minimize", wrong)
    return program


def test_an_optimum_that_another_way_beats_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load_scenario("tiny")
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=find(["carbon", "cost"]))
    cheapest = ExactProgram(evaluator).minimize(np.array([0.0, 1.0]))
    assert cheapest is not None
    for one in range(3):
        with monkeypatch.context() as patch:
            program = _with_wrong_answers(patch, [one])
            found = program.minimize(np.array([0.0, 1.0]))
            assert found is not None
            assert found.objectives[1] == cheapest.objectives[1]
    program = _with_wrong_answers(monkeypatch, [0, 2])
    with pytest.raises(SolverError, match="HiGHS is not sure"):
        program.minimize(np.array([0.0, 1.0]))


def test_where_one_way_gives_no_answer_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS 1.16 with presolve fails on one of these programs."""
    monkeypatch.setattr("slit.optimizers.exact.front.FEW_COLUMNS", 0)
    case = small_case(1990671175, np.random.default_rng(1990671175))
    plans = all_plans(case.problem)
    assert plans is not None
    objectives = find(["reroute", "water", "carbon"])
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    found = evaluator.evaluate(plans)
    values = found.F[found.G == 0]
    search = EfficientPlans(ExactProgram(evaluator), resolution=1e-4)
    exact = np.array([plan.objectives for plan in search])
    covered = (exact[None, :, :] <= values[:, None, :] + 1.01 * search.resolution).all(axis=2)
    assert covered.any(axis=1).all()
