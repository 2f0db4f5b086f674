"""What an optimum of the relaxation says: shares, reduced costs, worth of capacity and sun."""

import numpy as np

from operators.types import Floats
from slit.relaxation.relaxation import Relaxation, Relaxed


def shares_of(relaxation: Relaxation, relaxed: Relaxed) -> Floats:
    """(J, P): the share of each request group at each placement; rows sum to 1."""
    shares = np.zeros((relaxation.problem.groups, relaxation.problem.placements))
    for program, point in zip(relaxation.programs, relaxed.points, strict=True):
        mine = point.columns < len(program.group)
        columns, amounts = point.columns[mine], point.amounts[mine]
        rows = program.first_group + program.group[columns]
        np.add.at(shares, (rows, program.placement[columns]), amounts)
    totals = shares.sum(axis=1, keepdims=True)
    return np.asarray(shares / totals)


def reduced_costs(relaxation: Relaxation, relaxed: Relaxed) -> Floats:
    """(J, P): what moving a whole group there would add to the relaxed weighted sum at least.

    0 where the relaxed optimum may serve it; infinite where it is not allowed.
    """
    costs = np.full((relaxation.problem.groups, relaxation.problem.placements), np.inf)
    for t, (program, point) in enumerate(zip(relaxation.programs, relaxed.points, strict=True)):
        shares = len(program.group)
        reduced = relaxation.solvers.of(t).reduced_costs(relaxed.center_weights, point.duals)[
            :shares
        ]
        rows = program.first_group + program.group
        np.minimum.at(costs, (rows, program.placement[:shares]), np.maximum(reduced, 0.0))
    return costs


def capacity_worth(relaxation: Relaxation, relaxed: Relaxed) -> Floats:
    """(T, Q): by how much one more node in a pool and epoch would lower the weighted sum."""
    worth = np.zeros((relaxation.problem.epochs, len(relaxation.problem.pool_nodes)))
    for t, (program, point) in enumerate(zip(relaxation.programs, relaxed.points, strict=True)):
        pools = program.pools
        worth[t, pools] = np.maximum(-point.duals[: len(pools)], 0.0)
    return worth


def renewable_worth(relaxation: Relaxation, relaxed: Relaxed) -> Floats:
    """(T, D): by how much one more renewable kWh would lower the weighted sum."""
    worth = np.zeros(relaxation.problem.pue.shape)
    grid = np.einsum("md,mtd->td", relaxed.center_weights, relaxation.terms.grid)
    for t, (program, point) in enumerate(zip(relaxation.programs, relaxed.points, strict=True)):
        worth[t] = np.where(program.follows, grid[t], 0.0)
        first = len(program.pools)
        worth[t, program.mixed] = point.duals[first : first + len(program.mixed)]
    return worth
