"""One epoch of a plan opened for local search: its cells, and all that a move there changes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.compiling import kernel
from slit.kernels.cells import active_nodes, fill_cells, queue_value
from slit.kernels.scalar import Scalar
from slit.problem.arrays import Problem

Floats = NDArray[np.float64]
Genes = NDArray[np.int16]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

WORK, ENERGY, REQUESTS, PROMPTS, NODES = range(5)
ALWAYS, QUEUED, LOADED, WAITING, TOTAL, LEAST = range(6)
NO_SLACK = 1e300


class Epoch(NamedTuple):
    """The arrays of one epoch. Shapes: I groups of it, P placements, D datacenters, Q pools.

    The first six change with every move, the others are read.
    """

    counts: Ints  # (P, I) chunks of each group in each cell
    cells: Longs  # (P, 5) work, energy above idle, requests, weighted prompts, active nodes
    value: Floats  # (P, 6) sums over chunks of `Scalar.moves` (always, without loading, on a
    #                loading node), the queue, the cell's total, least slack of its groups
    energy: Longs  # (D,) IT energy
    next_energy: Longs  # (D,) IT energy of the next epoch
    used: Longs  # (Q,) active nodes

    chunk: Longs  # (I, P, 2) work and energy of one chunk
    size: Longs  # (I, 2) requests and weighted prompts of one chunk
    moves: Floats  # (I, P, 3) as in `Scalar`
    queued: Floats  # (P, I, 3) as in `Scalar`
    promises: Floats  # (I,) s, the class's SLO
    options: Genes  # (R, A) allowed placements
    option_count: Ints  # (R,)
    rows: Ints  # (I,) row of `options`
    place: Ints  # (P, 2) pool and datacenter
    ticks: Longs  # (P, 4) idle energy, prewarm energy, nodes before, nodes of the next epoch
    fixed: Floats  # (P, 6) replicas, prefill fixed and slope, value of a node, load time over
    #                epoch, value of one node that loads in the next epoch
    pool: Longs  # (Q, 2) nodes and standby energy
    home: Ints  # (Q,) datacenter of the pool
    site: Floats  # (D, 4) value of energy, of bought energy, kWh of a tick, renewable kWh
    next_site: Floats  # (D, 4) the same of the next epoch
    units: Floats  # (5,) requests and prompt of their integer units, ticks of an epoch,
    #                variability, value of a request-second of waiting
    scratch: Longs  # (6,) what `cell_change` reports
    node_ticks: int
    node_penalty: float


@kernel
def open_epoch(
    plan: Genes,
    t: int,
    following: int,
    problem: Problem,
    scalar: Scalar,
    before: Longs,
    after: Longs,
    gap: Floats,
    next_energy: Longs,
    node_penalty: float,
) -> Epoch:
    """Epoch t of a plan (G,).

    `before` (P,) are the nodes of the epoch before; `following` is the epoch after it (t if there
    is none) with its nodes `after` (P,), what one loading node there weighs, `gap` (P,), and its
    IT energy `next_energy` (D,).
    """
    first, last = problem.epoch_group[t], problem.epoch_group[t + 1]
    n_placements, n_groups = before.shape[0], last - first
    counts = np.zeros((n_placements, n_groups), np.int32)
    cells = np.zeros((n_placements, 5), np.int64)
    promises = np.zeros(n_groups, np.float64)
    queued = np.zeros((n_placements, n_groups, 3), np.float64)
    held = np.zeros((problem.epoch_gene[t + 1] - problem.epoch_gene[t], 3), np.int64)
    entries = fill_cells(
        plan, first, last, problem.group_first, problem.chunk, problem.chunk_size, cells, held
    )
    for e in range(entries):
        counts[held[e, 1], held[e, 0] - first] = held[e, 2]
    for i in range(n_groups):
        promises[i] = problem.slo[problem.group_class[first + i]]
        queued[:, i] = scalar.queued[first + i]
    for p in range(n_placements):
        cells[p, NODES] = active_nodes(cells[p, WORK], problem.node_ticks)
    place, ticks, fixed = describe_placements(t, problem, scalar, before, after, gap)
    units = np.zeros(5, np.float64)
    units[0] = 1.0 / problem.request_scale
    units[1] = problem.request_scale / problem.prompt_scale
    units[2] = problem.epoch_ticks
    units[3] = problem.variability
    units[4] = scalar.wait
    pool = np.zeros((problem.pool_nodes.shape[0], 2), np.int64)
    pool[:, 0] = problem.pool_nodes
    pool[:, 1] = problem.standby_energy
    site = site_weights(t, problem, scalar)
    next_site = site_weights(following, problem, scalar)
    if following == t:
        next_site[:] = 0.0
    epoch = Epoch(
        counts,
        cells,
        np.zeros((n_placements, 6), np.float64),
        np.zeros(site.shape[0], np.int64),
        next_energy,
        np.zeros(pool.shape[0], np.int64),
        problem.chunk[first:last],
        problem.chunk_size[first:last],
        scalar.moves[first:last],
        queued,
        promises,
        problem.options,
        problem.option_count,
        problem.gene_row[problem.group_first[first:last]],
        place,
        ticks,
        fixed,
        pool,
        problem.pool_datacenter,
        site,
        next_site,
        units,
        np.zeros(6, np.int64),
        problem.node_ticks,
        node_penalty,
    )
    sum_epoch(epoch)
    return epoch


@kernel
def describe_placements(
    t: int, problem: Problem, scalar: Scalar, before: Longs, after: Longs, gap: Floats
) -> tuple[Ints, Longs, Floats]:
    """`Epoch.place`, `Epoch.ticks` and `Epoch.fixed` of epoch t."""
    n_placements = before.shape[0]
    place = np.zeros((n_placements, 2), np.int32)
    ticks = np.zeros((n_placements, 4), np.int64)
    fixed = np.zeros((n_placements, 6), np.float64)
    place[:, 0] = problem.placement_pool
    place[:, 1] = problem.placement_datacenter
    ticks[:, 0] = problem.idle_energy
    ticks[:, 1] = problem.prewarm_energy
    ticks[:, 2] = before
    ticks[:, 3] = after
    fixed[:, 0] = problem.replicas
    fixed[:, 1] = problem.prefill_fixed
    fixed[:, 2] = problem.prefill_slope
    fixed[:, 3] = scalar.nodes[t]
    fixed[:, 4] = problem.load_share
    fixed[:, 5] = gap
    return place, ticks, fixed


@kernel
def site_weights(t: int, problem: Problem, scalar: Scalar) -> Floats:
    """(D, 4) of epoch t, as `Epoch.site`."""
    site = np.zeros((problem.water_stress.shape[0], 4), np.float64)
    site[:, 0] = scalar.energy[t]
    site[:, 1] = scalar.grid[t]
    site[:, 2] = scalar.facility[t]
    site[:, 3] = problem.renewable[t]
    return site


@kernel
def sum_epoch(epoch: Epoch) -> None:
    """Fill in what follows from the cells: energy, used nodes and values."""
    energy, used, ticks = epoch.energy, epoch.used, epoch.ticks
    for p in range(epoch.cells.shape[0]):
        nodes = epoch.cells[p, NODES]
        if nodes > 0:
            used[epoch.place[p, 0]] += nodes
            energy[epoch.place[p, 1]] += (
                epoch.cells[p, ENERGY]
                + nodes * ticks[p, 0]
                + max(0, nodes - ticks[p, 2]) * ticks[p, 1]
            )
        refresh_cell(
            p, epoch.counts, epoch.cells, epoch.value, epoch.moves, epoch.queued, epoch.promises,
            ticks, epoch.fixed, epoch.units,
        )  # fmt: skip
    for q in range(used.shape[0]):
        spare = max(0, epoch.pool[q, 0] - used[q])
        energy[epoch.home[q]] += spare * epoch.pool[q, 1]


@kernel
def refresh_cell(
    p: int,
    counts: Ints,
    cells: Longs,
    value: Floats,
    moves: Floats,
    queued: Floats,
    promises: Floats,
    ticks: Longs,
    fixed: Floats,
    units: Floats,
) -> None:
    """Compute the values of a cell anew from its counts."""
    value[p] = 0.0
    value[p, LEAST] = NO_SLACK
    nodes = cells[p, NODES]
    if nodes == 0:
        return
    for i in range(counts.shape[1]):
        chunks = counts[p, i]
        if chunks > 0:
            value[p, ALWAYS] += chunks * moves[i, p, 0]
            value[p, QUEUED] += chunks * moves[i, p, 1]
            value[p, LOADED] += chunks * moves[i, p, 2]
            value[p, LEAST] = min(value[p, LEAST], queued[p, i, 0])
    loading = max(0, nodes - ticks[p, 2])
    share = 0.0
    if loading > 0:
        share = fixed[p, 4] * loading / nodes
    value[p, WAITING] = queue_value(
        counts[p], -1, 0, -1, 0, cells[p, WORK], cells[p, REQUESTS], cells[p, PROMPTS], nodes,
        fixed[p], units, queued[p], promises, value[p, LEAST],
    )  # fmt: skip
    value[p, TOTAL] = (
        fixed[p, 3] * nodes
        + value[p, ALWAYS]
        + (1.0 - share) * (value[p, QUEUED] + value[p, WAITING])
        + share * value[p, LOADED]
    )
