"""Solving one epoch's relaxation again and again with other weights."""

from typing import NamedTuple

import numpy as np

from operators.types import Floats, Ints
from slit.arrays import product
from slit.lp.dual_bound import ROUNDING, row_terms, sum_below, usable_duals
from slit.relaxation.column_generation import GeneratedProgram
from slit.relaxation.subproblem import Subproblem

COST_SIZE = 1024.0
"""The largest cost HiGHS is given."""


class EpochPoint(NamedTuple):
    """An optimum of one epoch's relaxation: K columns, M objectives, D datacenters."""

    columns: Ints  # the columns that are not 0
    amounts: Floats  # their values
    parts: Floats  # (M, D) what each datacenter adds to each objective
    duals: Floats  # of the rows after those of the groups, per unit of the weighted objective
    bound: float  # the weighted objective cannot go below this in the epoch


class SubproblemSolver:
    """Holds one epoch's program, warm from the solve before."""

    def __init__(self, program: Subproblem) -> None:
        self.program = program
        self._generated = GeneratedProgram(program)
        self._by_column = program.matrix.T
        self._size = abs(self._by_column)

    def minimize(self, weights: Floats) -> EpochPoint:
        """Minimize the sum of weights (M, D) times what each datacenter adds to each objective.

        Raises Infeasible.
        """
        cost = self._cost(weights)
        if self._is_empty():
            return self._point(np.zeros(len(cost)), np.zeros(0), weights, cost)
        scaled, factor = self._scaled(cost)
        found = self._generated.solve(scaled)
        duals = found.row_duals[self.program.groups :] / factor
        return self._point(found.amounts, duals, weights, cost)

    def lexicographic(self, stages: list[Floats]) -> EpochPoint:
        """Minimize the first weights (M, D), the second among the optima of the first, and so on.

        The duals are those of the last stage and prove no bound. Raises Infeasible.
        """
        cost = self._cost(stages[-1])
        if self._is_empty():
            return self._point(np.zeros(len(cost)), np.zeros(0), stages[-1], cost)
        for stage in stages:
            scaled, _ = self._scaled(self._cost(stage))
            found = self._generated.solve(scaled)
            self._generated.keep_to_face(found)
        self._generated.release()
        duals = np.zeros(len(self.program.row_lower))
        return self._point(found.amounts, duals, stages[-1], cost)

    def _is_empty(self) -> bool:
        return len(self.program.placement) == 0

    def _cost(self, weights: Floats) -> Floats:
        program = self.program
        same = weights[:, 0] if weights.shape[1] else weights.sum(axis=1)
        if (weights == same[:, None]).all():
            return product(same, program.values)
        return np.asarray((weights[:, program.center] * program.values).sum(axis=0))

    def _scaled(self, cost: Floats) -> tuple[Floats, float]:
        """Costs above the cheapest share of each group, and the power of two that scales them."""
        program = self.program
        shifted = cost.copy()
        shares = len(program.group)
        if shares:
            least = np.minimum.reduceat(cost[:shares], program.share_start)
            shifted[:shares] -= least[program.group]
        most = float(np.abs(shifted).max())
        factor = float(2.0 ** np.floor(np.log2(COST_SIZE / most))) if most > 0 else 1.0
        return shifted * factor, factor

    def _point(self, amounts: Floats, duals: Floats, weights: Floats, cost: Floats) -> EpochPoint:
        program = self.program
        duals = duals if len(duals) else np.zeros(len(program.row_lower))
        used = np.flatnonzero(amounts > 0).astype(np.int32)
        each = program.values[:, used] * amounts[used]
        parts = program.constant.copy()
        np.add.at(parts.T, program.center[used], each.T)
        return EpochPoint(used, amounts[used], parts, duals, self._bound(duals, weights, cost))

    def _bound(self, duals: Floats, weights: Floats, cost: Floats) -> float:
        """A lower bound that any duals prove (weak duality), less what our sums may round.

        Shares of a group sum to 1, so the group adds at least its least reduced cost. `cost` is
        exact to a few roundings of its terms; Neumaier and Shcherbina 2004, section 3.
        """
        program = self.program
        y = usable_duals(duals, program.row_lower, program.row_upper)
        reduced = cost - self._by_column @ y
        terms = product(np.abs(weights).max(axis=1), np.abs(program.values))
        doubt = (2 * len(weights) + 8) * ROUNDING * (terms + self._size @ np.abs(y))
        low = reduced - doubt
        shares = len(program.group)
        least = np.minimum.reduceat(low[:shares], program.share_start) if shares else low[:0]
        rest = np.minimum(low[shares:], 0.0) * program.upper[shares:]
        rows = row_terms(y, program.row_lower, program.row_upper)
        return sum_below(np.concatenate([least, rest, rows, (weights * program.constant).ravel()]))
