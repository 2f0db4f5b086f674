"""The metaheuristic with objectives of one datacenter-hour: its local search follows them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from operators.dominance import nondominated
from operators.indicators import hypervolume
from operators.types import Floats
from slit.evaluator import Evaluator
from slit.objectives import Coefficients, Objective, cell_objective, find, ledger_objective
from slit.objectives.cellwise import joined_cell_objectives
from slit.optimizers.metaheuristic.relaxed import relaxed_starts
from slit.optimizers.metaheuristic.search import Metaheuristic
from slit.optimizers.metaheuristic.settings import Settings
from slit.optimizers.protocol import Plans, Setup, Task
from slit.problem import Problem, compile_problem
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from tests.builders import random_scenario

SMALL = replace(Settings(), partitions=2, population=12, children=40)


def squared(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return grid * grid


def peaks(lower_bound: Callable[[Problem, Scenario], Coefficients] | None = None) -> Objective:
    """Peak shaving: the squares of what each datacenter buys in each hour."""
    made = cell_objective(name="peaks", unit="kWh2", title="Peaks", lower_bound=lower_bound)
    return made(squared)


def nothing(problem: Problem, scenario: Scenario) -> Coefficients:
    """A lower bound that says nothing of the objective's size."""
    return Coefficients()


@ledger_objective(name="unevenness", unit="kWh", title="Spread over datacenters")
def unevenness(ledger: Any) -> float:
    return float(ledger.facility_kwh.sum(axis=0).std())


@pytest.fixture(scope="module")
def busy() -> Scenario:
    rng = np.random.default_rng(8)
    return random_scenario(
        rng, epochs=5, genes=120, datacenters=3, spare_nodes=20, nodes_per_group=3.0
    )


def evaluator_of(scenario: Scenario, objectives: Iterable[Objective], **options: Any) -> Evaluator:
    problem = compile_problem(scenario)
    return Evaluator(problem, scenario, objectives=tuple(objectives), **options)


def front(task: Task, evaluator: Evaluator, *, steps: int, settings: Settings = SMALL) -> Plans:
    optimizer = Metaheuristic(Setup("slit", task, settings, np.random.default_rng(3)))
    for _ in range(steps):
        optimizer.tell(evaluator.evaluate(optimizer.ask()))
    return optimizer.front()


@pytest.mark.parametrize("bound", [None, nothing], ids=["no linear part", "one that says nothing"])
def test_it_finds_far_less_than_by_whole_plans_alone(
    bound: Callable[[Problem, Scenario], Coefficients] | None,
) -> None:
    day = load_scenario("world-day")
    evaluator = evaluator_of(day, (*find(["carbon", "cost", "quality"]), peaks(bound)))
    task = Task.of(evaluator)
    blind = replace(task, cell_objectives=joined_cell_objectives({}, evaluator.problem))
    found, without = (front(each, evaluator, steps=2).F.min(axis=0) for each in (task, blind))
    assert found[3] < 0.5 * without[3]
    assert (found[:3] < 1.02 * without[:3]).all()


def test_on_tiny_it_comes_close_to_the_exact_front() -> None:
    evaluator = evaluator_of(load_scenario("tiny"), (*find(["carbon", "quality"]), peaks()))
    problem = evaluator.problem
    grid = np.meshgrid(*(problem.options[row] for row in problem.gene_row), indexing="ij")
    everything = evaluator.evaluate(np.stack([axis.ravel() for axis in grid], axis=1))
    feasible = everything.F[everything.G == 0]
    exact = np.unique(feasible[nondominated(feasible)], axis=0)
    settings = replace(SMALL, children=400)
    found = front(Task.of(evaluator), evaluator, steps=30, settings=settings).F
    assert (found.min(axis=0) == exact.min(axis=0)).all()
    low, span = exact.min(axis=0), np.ptp(exact, axis=0)
    reference = np.full(3, 1.1)
    best = hypervolume((exact - low) / span, reference=reference)
    assert hypervolume((found - low) / span, reference=reference) >= 0.99 * best


def test_the_scale_of_what_is_not_linear_is_measured(busy: Scenario) -> None:
    evaluator = evaluator_of(busy, (*find(["carbon", "cost"]), unevenness, peaks(nothing)))
    relaxed = relaxed_starts(Task.of(evaluator), np.eye(4) + 0.01)
    assert relaxed is not None
    values = evaluator.evaluate(relaxed.plans).F
    low, span = relaxed.box(evaluator.objectives, values)
    linear = relaxed_starts(Task.of(evaluator_of(busy, find(["carbon", "cost"]))), np.eye(2))
    assert linear is not None
    np.testing.assert_allclose(low[:2], linear.low, rtol=1e-9)
    np.testing.assert_allclose(span[:2], linear.span, rtol=1e-9)
    assert (low[2:] == values.min(axis=0)[2:]).all()
    assert (span[2:] == np.ptp(values, axis=0)[2:]).all()


@pytest.mark.parametrize("objectives", [(peaks(),), (unevenness, peaks()), (unevenness,)])
def test_it_needs_no_objective_with_a_linear_part(
    busy: Scenario, objectives: tuple[Objective, ...]
) -> None:
    evaluator = evaluator_of(busy, objectives)
    found = front(Task.of(evaluator), evaluator, steps=4)
    assert (found.G == 0).all()
    assert (evaluator.evaluate(found.X).F == found.F).all()


def test_the_number_of_threads_does_not_change_the_bits(busy: Scenario) -> None:
    objectives = (*find(["carbon", "quality"]), peaks())
    one, two = (
        front(Task.of(evaluator), evaluator, steps=5)
        for evaluator in (evaluator_of(busy, objectives, threads=count) for count in (1, 2))
    )
    assert one.X.tobytes() == two.X.tobytes()
