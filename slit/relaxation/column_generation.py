"""One epoch's program in HiGHS, which sees only the shares that some optimum might use.

All others are priced after each solve, and those that would help join (column generation): in the
end about three in ten have joined, and a solve takes half the time.
"""

from typing import NamedTuple

import numpy as np

from operators.types import Bools, Floats, Integers
from slit.lp.solver import Solver, SolverError, SolverOptions, Status
from slit.relaxation.subproblem import Subproblem

OPTIONS = SolverOptions(dual_tolerance=1e-9)
FIRST, MORE = 8, 3
"""Shares of each group that HiGHS starts with, and of those that would help that join."""
FIXED = 1e-6
"""Reduced costs beyond this leave the optimal face."""


class Optimum(NamedTuple):
    """An optimum for the costs as given: K columns, the rows of the groups first."""

    amounts: Floats  # (K,)
    row_duals: Floats
    reduced: Floats  # (K,) reduced costs


class Infeasible(Exception):  # noqa: N818 - turned into an InfeasibleError by who knows the scenario
    """An epoch's relaxation has no solution."""


class GeneratedProgram:
    """Holds one epoch's program in HiGHS, warm from the solve before."""

    def __init__(self, program: Subproblem) -> None:
        self.program = program
        self._solver: Solver | None = None
        self._seen: Integers = np.zeros(0, dtype=np.int64)  # columns of HiGHS, in its order
        self._free = np.ones(len(program.placement), dtype=np.bool_)  # not fixed to a face
        self._by_column = program.matrix.T

    def solve(self, cost: Floats) -> Optimum:
        """The optimum for costs (K,). Raises Infeasible."""
        program, shares = self.program, len(self.program.group)
        solver = self._prepared(cost)
        while True:
            solver.set_cost(cost[self._seen])
            found, row_duals = _solve(solver)
            reduced = cost - self._by_column @ row_duals[program.groups :]
            reduced[:shares] -= row_duals[program.group]
            helpful = self._free[:shares] & (reduced[:shares] < -OPTIONS.dual_tolerance)
            helpful[self._seen[self._seen < shares]] = False
            if not helpful.any():
                break
            ranked = self._cheapest(np.where(helpful, reduced[:shares], np.inf), MORE)
            new = np.flatnonzero(helpful & ranked[:shares])
            solver.add_columns(program.model(new))
            self._seen = np.concatenate([self._seen, new])
        amounts = np.zeros(len(cost))
        amounts[self._seen] = found
        return Optimum(amounts, row_duals, reduced)

    def keep_to_face(self, optimum: Optimum) -> None:
        """Fix what all optima have in common with the one that the last solve found."""
        solver = self._prepared(optimum.reduced)
        fixed = self._free & (np.abs(optimum.reduced) > FIXED)
        self._free &= ~fixed
        here = np.flatnonzero(fixed[self._seen])
        at = optimum.amounts[self._seen[here]]
        solver.set_column_bounds(here, at, at)
        model, duals = solver.model(), optimum.row_duals
        tight = np.flatnonzero((np.abs(duals) > FIXED) & (model.row_lower < model.row_upper))
        side = np.where(duals[tight] > 0, model.row_lower[tight], model.row_upper[tight])
        solver.set_row_bounds(tight, side, side)

    def release(self) -> None:
        """Undo `keep_to_face`."""
        self._free[:] = True
        if self._solver is not None:
            program, seen = self.program, self._seen
            upper = np.where(seen < len(program.group), np.inf, program.upper[seen])
            self._solver.set_column_bounds(np.arange(len(seen)), np.zeros(len(seen)), upper)
            rows = program.groups + np.arange(len(program.row_lower))
            self._solver.set_row_bounds(rows, program.row_lower, program.row_upper)

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
        solver = Solver(self.program.model(columns), options=OPTIONS)
        solver.set_cost(cost[columns])
        return solver

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
