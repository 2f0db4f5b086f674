"""Objectives of one placement-hour: a user's function, compiled and summed over a plan's ledger."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from operators.compiling import uncached_kernel
from operators.types import Floats
from slit.ledger import Ledger
from slit.objectives.cellwise import compiled, data_of
from slit.objectives.define import Coefficients, LedgerWise, Objective
from slit.problem import Problem
from slit.scenario.scenario import Scenario

ARGUMENTS = "requests, active_nodes, loading_nodes, utilization, wait_chance, mean_wait_s, data"
Data = Callable[[Problem, Scenario], Floats]
Bound = Callable[[Problem, Scenario], Coefficients]


class PlacementSum:
    """Sums a function over the placement-hours that serve requests in the ledger of a plan."""

    def __init__(self, name: str, function: Callable[..., float], data: Data | None) -> None:
        self.name = name
        self.function = getattr(function, "py_func", function)
        self._data = data
        self._last: tuple[Problem, Floats] | None = None

    def __call__(self, ledger: Ledger) -> float:
        """The objective of a plan.

        Raises SlitError, naming the objective and the line, if the function cannot be compiled,
        or if its data are no finite (T, P, n) array.
        """
        add_up = _adder(compiled(self.name, self.function, ARGUMENTS))
        columns = (
            ledger.requests,
            ledger.nodes,
            ledger.loading_nodes,
            ledger.utilization,
            ledger.wait_chance,
            ledger.mean_wait,
        )
        cells = np.stack([np.asarray(each, dtype=np.float64) for each in columns], axis=2)
        return float(add_up(cells, self._data_of(ledger)))

    def _data_of(self, ledger: Ledger) -> Floats:
        last = self._last
        if last is None or last[0] is not ledger.problem:
            shape = ledger.problem.epochs, ledger.problem.placements
            found = data_of(
                self.name, self._data, ledger.problem, ledger.scenario, shape, "placements"
            )
            self._last = last = ledger.problem, found
        return last[1]


@cache
def _adder(cell: Callable[..., float]) -> Callable[[Floats, Floats], float]:
    @uncached_kernel
    def add_up(cells: Floats, data: Floats) -> float:
        total = 0.0
        for t in range(cells.shape[0]):
            for p in range(cells.shape[1]):
                one = cells[t, p]
                if one[0] > 0.0:
                    total += cell(one[0], one[1], one[2], one[3], one[4], one[5], data[t, p])
        return total

    return add_up


def placement_objective(
    *,
    name: str,
    unit: str,
    title: str,
    data: Data | None = None,
    lower_bound: Bound | None = None,
) -> Callable[[Callable[..., float]], Objective]:
    """Make an objective of a function of one placement-hour, summed over those that serve.

    `function(requests, active_nodes, loading_nodes, utilization, wait_chance, mean_wait_s, data)`
    returns a float; it is compiled. `data` is the row of this placement-hour in the (T, P, n) array
    that `data(problem, scenario)` returns. A plan's ledger is written for it: as slow as an
    objective of the ledger, milliseconds a plan.
    """

    def decorate(function: Callable[..., float]) -> Objective:
        measure: Any = PlacementSum(name, function, data)
        return Objective(name, unit, title, LedgerWise(measure, lower_bound))

    return decorate
