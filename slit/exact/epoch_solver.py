"""Solving one epoch's relaxation again and again with other weights."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from slit.exact.epoch_program import EpochProgram
from slit.exact.linear import LinearModel, Solver, SolverError, Status

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.integer]
Ints = NDArray[np.int32]

COST_SIZE = 1024.0
"""The largest cost HiGHS is given."""
DUAL_TOLERANCE = 1e-9
"""HiGHS' tolerance on reduced costs: absolute, hence of COST_SIZE."""
FIRST, MORE = 8, 3
"""Shares of each group that HiGHS starts with, and of those that would help that join."""
FIXED = 1e-6
"""Reduced costs beyond this (of COST_SIZE) leave the optimal face of an epoch."""
ROUNDING = float(np.finfo(np.float64).eps)


class EpochPoint(NamedTuple):
    """An optimum of one epoch's relaxation: K columns, M objectives, D datacenters."""

    columns: Ints  # the columns that are not 0
    amounts: Floats  # their values
    parts: Floats  # (M, D) what each datacenter adds to each objective
    duals: Floats  # of the rows after those of the groups, per unit of the weighted objective
    bound: float  # the weighted objective cannot go below this in the epoch


class Infeasible(Exception):  # noqa: N818 - turned into an InfeasibleError by who knows the scenario
    """An epoch's relaxation has no solution."""


class EpochSolver:
    """Holds one epoch's program in HiGHS, warm from the solve before.

    HiGHS sees only shares that some optimum so far might use, in the end about one in six; all
    others are priced after each solve, and those that would help join (column generation).
    """

    def __init__(self, program: EpochProgram) -> None:
        self.program = program
        self._solver: Solver | None = None
        self._seen: Integers = np.zeros(0, dtype=np.int64)  # columns of HiGHS, in its order
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
        amounts, row_duals, _ = self._solve(scaled)
        duals = row_duals[self.program.groups :] / factor
        return self._point(amounts, duals, weights, cost)

    def lexicographic(self, stages: list[Floats]) -> EpochPoint:
        """Minimize the first weights (M, D), the second among the optima of the first, and so on.

        The duals are those of the last stage and prove no bound. Raises Infeasible.
        """
        cost = self._cost(stages[-1])
        if self._is_empty():
            return self._point(np.zeros(len(cost)), np.zeros(0), stages[-1], cost)
        whole = self.program.model()
        free = np.ones(len(cost), dtype=np.bool_)
        for stage in stages:
            scaled, _ = self._scaled(self._cost(stage))
            amounts, row_duals, reduced = self._solve(scaled, free=free)
            self._keep_to_face(whole, free, amounts, row_duals, reduced)
        solver, seen = self._prepared(scaled), self._seen
        solver.set_column_bounds(np.arange(len(seen)), whole.lower[seen], whole.upper[seen])
        solver.set_row_bounds(np.arange(solver.rows), whole.row_lower, whole.row_upper)
        duals = row_duals[self.program.groups :] * 0.0
        return self._point(amounts, duals, stages[-1], cost)

    def reduced_costs(self, weights: Floats, duals: Floats) -> Floats:
        """What a unit of each column would add to the optimum of `weights` with `duals`, (K,).

        For a share: above the cheapest of its group.
        """
        program = self.program
        reduced: Floats = self._cost(weights) - self._by_column @ duals
        shares = len(program.group)
        if shares:
            least = np.minimum.reduceat(reduced[:shares], program.share_start)
            reduced[:shares] -= least[program.group]
        return reduced

    def _is_empty(self) -> bool:
        return len(self.program.placement) == 0

    def _prepared(self, cost: Floats) -> Solver:
        """HiGHS, at first with the cheapest shares and those likely to fit; all if these do not."""
        if self._solver is None:
            first = np.flatnonzero(self._cheapest(cost, FIRST) | self._lightest())
            self._solver, self._seen = self._solver_of(first, cost), first
            if self._solver.solve().status is not Status.OPTIMAL:
                every = np.arange(len(cost))
                self._solver, self._seen = self._solver_of(every, cost), every
        return self._solver

    def _solver_of(self, columns: Integers, cost: Floats) -> Solver:
        solver = Solver(self.program.model(columns))
        solver.highs.setOptionValue("dual_feasibility_tolerance", DUAL_TOLERANCE)
        solver.set_cost(cost[columns])
        return solver

    def _solve(self, cost: Floats, *, free: Bools | None = None) -> tuple[Floats, Floats, Floats]:
        """The optimum (K,), its row duals, and the reduced costs (K,), for a scaled cost.

        Shares that are not `free` stay at 0 if HiGHS does not have them.
        """
        program, shares = self.program, len(self.program.group)
        solver = self._prepared(cost)
        while True:
            solver.set_cost(cost[self._seen])
            found, row_duals = _solve(solver)
            reduced = cost - self._by_column @ row_duals[program.groups :]
            reduced[:shares] -= row_duals[program.group]
            better = reduced[:shares] < -DUAL_TOLERANCE
            better[self._seen[self._seen < shares]] = False
            if free is not None:
                better &= free[:shares]
            if not better.any():
                break
            ranked = self._cheapest(np.where(better, reduced[:shares], np.inf), MORE)
            new = np.flatnonzero(better & ranked[:shares])
            solver.add_columns(program.model(new))
            self._seen = np.concatenate([self._seen, new])
        amounts = np.zeros(len(cost))
        amounts[self._seen] = found
        return amounts, row_duals, reduced

    def _cheapest(self, cost: Floats, count: int) -> Bools:
        """The `count` cheapest shares of each group, and what is no share."""
        shares, group = len(self.program.group), self.program.group
        order = np.lexsort((cost[:shares], group))
        chosen = np.ones(len(self.program.placement), dtype=np.bool_)
        chosen[order] = np.arange(shares) - self.program.share_start[group] < count
        return chosen

    def _lightest(self) -> Bools:
        """The share of each group that takes the fewest nodes in each datacenter."""
        program, shares = self.program, len(self.program.group)
        place = program.group.astype(np.int64) * len(program.constant[0]) + program.center[:shares]
        order = np.lexsort((program.nodes[:shares], place))
        first = order[np.unique(place[order], return_index=True)[1]]
        chosen = np.zeros(len(program.placement), dtype=np.bool_)
        chosen[first] = True
        return chosen

    def _cost(self, weights: Floats) -> Floats:
        program = self.program
        same = weights[:, 0] if weights.shape[1] else weights.sum(axis=1)
        if (weights == same[:, None]).all():
            return np.asarray(same @ program.values)
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

    def _keep_to_face(
        self,
        whole: LinearModel,
        free: Bools,
        amounts: Floats,
        row_duals: Floats,
        reduced: Floats,
    ) -> None:
        """Fix what every optimum of the last solve shares: columns are no longer `free`."""
        solver = self._prepared(reduced)
        fixed = free & (np.abs(reduced) > FIXED)
        free &= ~fixed
        at = np.where(reduced > 0, whole.lower, whole.upper)
        at = np.where(np.isfinite(at), at, amounts)[self._seen]
        here = np.flatnonzero(fixed[self._seen])
        solver.set_column_bounds(here, at[here], at[here])
        model = solver.model()
        tight = np.flatnonzero((np.abs(row_duals) > FIXED) & (model.row_lower < model.row_upper))
        side = np.where(row_duals[tight] > 0, model.row_lower[tight], model.row_upper[tight])
        solver.set_row_bounds(tight, side, side)

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
        valid = np.where(duals > 0, np.isfinite(program.row_lower), np.isfinite(program.row_upper))
        y = np.where(valid, duals, 0.0)
        reduced = cost - self._by_column @ y
        terms = np.abs(weights).max(axis=1) @ np.abs(program.values)
        doubt = (2 * len(weights) + 8) * ROUNDING * (terms + self._size @ np.abs(y))
        low = reduced - doubt
        shares = len(program.group)
        least = np.minimum.reduceat(low[:shares], program.share_start) if shares else low[:0]
        rest = np.minimum(low[shares:], 0.0) * program.upper[shares:]
        side = np.where(y > 0, program.row_lower, program.row_upper)
        rows = np.where(y != 0, y * np.where(np.isfinite(side), side, 0.0), 0.0)
        parts = np.concatenate([least, rest, rows, (weights * program.constant).ravel()])
        return float(parts.sum() - 64 * ROUNDING * np.abs(parts).sum())


def _solve(solver: Solver) -> tuple[Floats, Floats]:
    """The optimum and its row duals; once more from scratch where the warm solve fails."""
    for warm in (True, False):
        solution = solver.solve(warm=warm)
        if solution.status is Status.OPTIMAL:
            return solution.x, solution.row_duals
        if solution.status is Status.INFEASIBLE:
            break
    if solution.status in (Status.INFEASIBLE, Status.UNBOUNDED_OR_INFEASIBLE):
        raise Infeasible
    raise SolverError(f"epoch: HiGHS stopped ({solution.status.value})")
