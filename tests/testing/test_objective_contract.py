"""The contract suite of objectives: the built-in ones keep it, and broken ones are caught."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from slit.ledger import Ledger
from slit.objectives import (
    Coefficients,
    Objective,
    cell_objective,
    find,
    ledger_objective,
    linear_objective,
)
from slit.problem import Problem, Start
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.testing import ObjectiveContract

EACH_KIND = ("carbon", "quality", "slo_violation", "answer_loss", "energy", "carbon_equity")
OWN: dict[str, Any] = {"name": "own", "unit": "kWh", "title": "Own"}


class OnTiny(ObjectiveContract):
    def scenarios(self) -> list[Scenario]:
        return [load_scenario("tiny")]


@pytest.mark.parametrize("name", EACH_KIND, scope="class")
class TestBuiltIn(OnTiny):
    optimizers = ("slit",)

    @pytest.fixture(autouse=True)
    def _named(self, name: str) -> None:
        self.name = name

    def objective(self) -> Objective:
        return find([self.name])[0]

    def expected(self, ledger: Ledger) -> float:
        return ledger.totals()[self.name]


def per_grid_kwh(factor: float) -> Callable[[Problem, Scenario], Coefficients]:
    return lambda problem, _: Coefficients(grid=np.full(problem.pue.shape, factor))


def changes(problem: Problem, scenario: Scenario) -> Coefficients:
    return Coefficients(
        reroute=1e-3, starts=np.arange(1.0, problem.placements + 1.0), switches=0.25, constant=2.0
    )


class TestOfChanges(OnTiny):
    def objective(self) -> Objective:
        return linear_objective(name="churn", unit="USD", title="What changes cost")(changes)

    def expected(self, ledger: Ledger) -> float:
        assert ledger.problem.start == Start.GIVEN
        nodes = np.vstack([ledger.problem.initial_nodes, ledger.nodes])
        switched = ((nodes[1:] > 0) != (nodes[:-1] > 0)).sum()
        started = np.maximum(nodes[1:] - nodes[:-1], 0).sum(axis=0)
        places = np.arange(1.0, ledger.problem.placements + 1.0)
        return float(2.0 + places @ started + 0.25 * switched + 1e-3 * ledger.rerouted.sum())


def squared(it: float, facility: float, grid: float, nodes: float, data: object) -> float:
    return grid * (1.0 + grid)


class TestOfCells(OnTiny):
    def objective(self) -> Objective:
        return cell_objective(**OWN, lower_bound=per_grid_kwh(1.0))(squared)

    def expected(self, ledger: Ledger) -> float:
        return float((ledger.grid_kwh + ledger.grid_kwh**2).sum())


def largest_draw(ledger: Ledger) -> float:
    return float(ledger.grid_kwh.sum(axis=1).max())


class TestOfTheLedger(OnTiny):
    def objective(self) -> Objective:
        return ledger_objective(**OWN)(largest_draw)

    def expected(self, ledger: Ledger) -> float:
        return max(float(row.sum()) for row in ledger.grid_kwh)


def contract(made: Objective, expected: Callable[[Ledger], float] | None = None) -> OnTiny:
    class Tried(OnTiny):
        def objective(self) -> Objective:
            return made

        def expected(self, ledger: Ledger) -> float | None:
            return None if expected is None else expected(ledger)

    return Tried()


def test_a_value_that_changes_is_caught() -> None:
    count = itertools.count()
    tried = contract(ledger_objective(**OWN)(lambda ledger: float(next(count))))
    with pytest.raises(AssertionError):
        tried.test_same_plans_same_bits()


def test_a_value_that_never_differs_is_caught() -> None:
    tried = contract(linear_objective(**OWN)(lambda problem, _: Coefficients(constant=1.0)))
    with pytest.raises(AssertionError):
        tried.test_plans_differ_in_it()
    tried.varies = False
    tried.test_plans_differ_in_it()


def test_a_value_that_is_not_the_expected_one_is_caught() -> None:
    made = linear_objective(**OWN)(per_grid_kwh(1.0))
    contract(made, lambda ledger: float(ledger.grid_kwh.sum())).test_the_ledger_says_the_same()
    with pytest.raises(AssertionError):
        contract(made, lambda ledger: float(ledger.it_kwh.sum())).test_the_ledger_says_the_same()


@pytest.mark.parametrize("decorator", [cell_objective, ledger_objective])
def test_a_linear_part_above_the_value_is_caught(decorator: Callable[..., Any]) -> None:
    function = squared if decorator is cell_objective else largest_draw
    made = decorator(**OWN, lower_bound=per_grid_kwh(1e3))(function)
    with pytest.raises(AssertionError):
        contract(made).test_the_linear_part_is_nowhere_above_it()
    with pytest.raises(AssertionError):
        contract(made).test_no_plan_is_below_the_relaxed_bound()


@pytest.mark.parametrize(("title", "unit"), [("", "kWh"), ("Own", ""), (" Own", "kWh")])
def test_an_objective_without_words_is_caught(title: str, unit: str) -> None:
    made = linear_objective(name="own", unit=unit, title=title)(per_grid_kwh(1.0))
    with pytest.raises(AssertionError):
        contract(made).test_it_says_what_it_is()
