"""Pools of nodes: which are powered, boot, or are rented on demand (model.md section 2)."""

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Longs
from slit.kernels.model import (
    BOOT,
    COMMITTED,
    HOME,
    booted,
    on_demand,
    powered,
)
from slit.kernels.transitions import UNKNOWN
from slit.problem.arrays import Problem

POOL_COLUMNS = (
    "pool_datacenter",
    "pool_nodes",
    "standby_energy",
    "off_energy",
    "powered_nodes",
    "boot_energy",
    "committed_nodes",
)
"""What the columns of `pool_table` are called in a problem."""


@kernel
def pool_table(problem: Problem) -> Longs:
    """(Q, 7): what the formulas of `slit.kernels.model` read of a pool, side by side."""
    pools = np.zeros((problem.pool_nodes.shape[0], 7), np.int64)
    for q in range(pools.shape[0]):
        pools[q, 0] = problem.pool_datacenter[q]
        pools[q, 1] = problem.pool_nodes[q]
        pools[q, 2] = problem.standby_energy[q]
        pools[q, 3] = problem.off_energy[q]
        pools[q, 4] = problem.powered_nodes[q]
        pools[q, 5] = problem.boot_energy[q]
        pools[q, 6] = problem.committed_nodes[q]
    return pools


@kernel
def powered_before(before: Longs, places: Longs, pools: Longs) -> Longs:
    """(Q,): powered nodes of an epoch with active nodes `before` (P,); UNKNOWN where it is not
    known. places (P, ...): pools come first."""
    on = np.zeros(pools.shape[0], np.int64)
    for p in range(before.shape[0]):
        if before[p] == UNKNOWN:
            on[:] = UNKNOWN
            return on
        on[places[p, 0]] += before[p]
    for q in range(pools.shape[0]):
        on[q] = powered(on[q], pools[q])
    return on


@kernel
def add_boots(before: Longs, places: Longs, pools: Longs, occupied: Longs, energy: Longs) -> None:
    """Add what boots take to the energy of the datacenters (D,): occupied (Q,) active nodes."""
    earlier = powered_before(before, places, pools)
    for q in range(pools.shape[0]):
        boots = booted(powered(occupied[q], pools[q]), earlier[q])
        energy[pools[q, HOME]] += boots * pools[q, BOOT]


@kernel
def add_on_demand(occupied: Longs, pools: Longs, weights: Floats, part: Floats) -> None:
    """Add what active nodes beyond the committed ones weigh, (Q, M) or empty, to `part` (M,)."""
    for q in range(weights.shape[0]):
        nodes = on_demand(occupied[q], pools[q, COMMITTED])
        for m in range(part.shape[0]):
            part[m] += weights[q, m] * nodes
