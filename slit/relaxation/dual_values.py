"""Dual values of an optimum of the relaxation: what capacity and renewables are worth."""

import numpy as np

from operators.types import Floats
from slit.relaxation.relaxation import Relaxation, Relaxed


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
