"""One epoch of a plan opened for local search: its cells, and all that a move there changes."""

from typing import NamedTuple

import numpy as np

from operators.compiling import kernel, kernel_of_types
from operators.types import Floats, Genes, Ints, Longs
from slit.kernels.cell_objectives import DATA, EpochCellObjectives, sum_hours
from slit.kernels.cells import fill_cells, queue_value
from slit.kernels.model import (
    BOOT,
    HOME,
    POOL_NODES,
    POWERED,
    booted,
    cell_energy,
    last_node_energy,
    loading_nodes,
    loading_share,
    powered,
    unused_energy,
)
from slit.kernels.scalarization import EpochLayout, Scalarization
from slit.kernels.transitions import UNKNOWN, EpochTransitions, transitions_of_epoch
from slit.problem.arrays import Problem

WORK, ENERGY, REQUESTS, PROMPTS, NODES = range(5)
ALWAYS, QUEUED, LOADED, WAITING, TOTAL, LEAST = range(6)
NO_SLACK = 1e300
BEFORE, AFTER = 7, 8
"""Columns of `Epoch.pool` beside those of the table: powered nodes of the neighbors."""


class Epoch(NamedTuple):
    """The arrays of one epoch. Shapes: I groups of it, P placements, D datacenters, Q pools.

    The first six and `EpochCellObjectives.state` change with every move, the others are read.
    """

    counts: Longs  # (P, I) chunks of each group in each cell
    cells: Longs  # (P, 5) work, energy above idle, requests, weighted prompts, active nodes
    value: Floats  # (P, 6) sums over chunks of `Scalarization.moves` (always, without loading, on a
    #                loading node), the queue, the cell's total, least slack of its groups
    energy: Longs  # (D,) IT energy
    next_energy: Longs  # (D,) IT energy of the next epoch
    used: Longs  # (Q,) active nodes

    chunk: Longs  # (I, P, 2) work and energy of one chunk
    size: Longs  # (I, 2) requests and weighted prompts of one chunk
    moves: Floats  # (I, P, 3) as in `Scalarization`
    queued: Floats  # (P, I, W) as in `Scalarization`
    promises: Floats  # (I,) s, the class's SLO
    options: Genes  # (R, A) allowed placements
    option_count: Ints  # (R,)
    rows: Ints  # (I,) row of `options`
    place: Ints  # (P, 2) pool and datacenter
    ticks: Longs  # (P, 5) idle energy, prewarm energy, nodes before, nodes of the next epoch, nodes
    #               that are active whatever the work
    last_node: Floats  # (P, S, 3) as in `Problem`
    fixed: Floats  # (P, 9) replicas, prefill fixed and slope, value of a node, load time over
    #                epoch, value of one node that loads in the next epoch, of one that starts, of
    #                being on or off unlike in the epoch before, and unlike in the next one
    pool: Longs  # (Q, 9) as in `slit.kernels.pools.pool_table`, then powered nodes in the epoch
    #              before and in the next one
    rent: Floats  # (Q,) value of an active node beyond the committed ones
    site: Floats  # (D, 4) value of energy, of bought energy, kWh of a tick, renewable kWh
    next_site: Floats  # (D, 4) the same of the next epoch
    units: Floats  # (5,) requests and prompt of their integer units, ticks of an epoch,
    #                variability, value of a request-second of waiting
    scratch: Longs  # (6,) what `cell_change` reports
    node_ticks: int
    node_penalty: float
    cell_objectives: EpochCellObjectives | None
    transitions: EpochTransitions


class Neighbors(NamedTuple):
    """What an epoch must know of those before and after it."""

    before: Longs  # (P,) nodes of the epoch before
    following: int  # the epoch after it; itself if there is none
    after: Longs  # (P,) nodes of the epoch after it
    gap: Floats  # (P,) what one node that loads there weighs
    energy: Longs  # (D,) IT energy of the epoch after it
    least: Longs  # (P,) nodes that are active whatever the work: warm, or not yet to be stopped


def open_epoch(
    plan: Genes,
    t: int,
    problem: Problem,
    scalarization: Scalarization,
    neighbors: Neighbors,
    node_penalty: float,
) -> Epoch:
    """Epoch t of a plan (G,)."""
    before, following = neighbors.before, neighbors.following
    groups = slice(problem.epoch_group[t], problem.epoch_group[t + 1])
    genes = slice(problem.epoch_gene[t], problem.epoch_gene[t + 1])
    shape = len(before), groups.stop - groups.start
    cells = np.zeros((len(before), 5), np.int64)
    entries = np.empty((genes.stop - genes.start, 3), np.int64)
    found = fill_cells(
        plan,
        groups.start,
        groups.stop,
        problem.group_first,
        problem.chunk,
        problem.chunk_size,
        cells,
        entries,
    )
    needed = -(-cells[:, WORK] // problem.node_ticks)
    cells[:, NODES] = np.maximum(needed, neighbors.least)
    counts = np.zeros(shape, np.int64)
    group, placement, chunks = entries[:found].T
    counts[placement, group - groups.start] = chunks
    units = (
        1.0 / problem.request_scale,
        problem.request_scale / problem.prompt_scale,
        problem.epoch_ticks,
        problem.variability,
        scalarization.wait,
    )
    layout = scalarization.layout
    ticks, fixed = between(t, scalarization, neighbors)
    epoch = Epoch(
        counts=counts,
        cells=cells,
        value=np.zeros((len(before), 6)),
        energy=np.zeros(problem.datacenters, np.int64),
        next_energy=neighbors.energy,
        used=np.zeros(len(problem.pool_nodes), np.int64),
        chunk=problem.chunk[groups],
        size=problem.chunk_size[groups],
        moves=scalarization.moves[groups],
        queued=np.ascontiguousarray(scalarization.queued[groups].swapaxes(0, 1)),
        promises=problem.slo[problem.group_class[groups]],
        options=problem.options,
        option_count=problem.option_count,
        rows=problem.gene_row[problem.group_first[groups]],
        place=layout.place,
        ticks=ticks,
        last_node=layout.last_node,
        fixed=fixed,
        pool=pools_between(layout, neighbors),
        rent=scalarization.on_demand,
        site=scalarization.site[t].copy(),
        next_site=np.where(following != t, scalarization.site[following], 0.0),
        units=np.array(units),
        scratch=np.zeros(6, np.int64),
        node_ticks=problem.node_ticks,
        node_penalty=node_penalty,
        cell_objectives=hours_of_epoch(t, following, problem, scalarization),
        transitions=transitions_of_epoch(plan, t, problem, scalarization.reroute),
    )
    sum_epoch(epoch)
    return epoch


def between(t: int, scalarization: Scalarization, neighbors: Neighbors) -> tuple[Longs, Floats]:
    """`Epoch.ticks` and `Epoch.fixed` of epoch t between its neighbors."""
    ticks, fixed = scalarization.layout.ticks.copy(), scalarization.layout.fixed.copy()
    ticks[:, 2], ticks[:, 3] = neighbors.before, neighbors.after
    ticks[:, 4] = neighbors.least
    fixed[:, 3], fixed[:, 5] = scalarization.nodes[t], neighbors.gap
    fixed[:, 6] = scalarization.starts
    fixed[:, 7] = scalarization.switches * (neighbors.before != UNKNOWN)
    fixed[:, 8] = scalarization.switches * (neighbors.following != t)
    return ticks, fixed


def pools_between(layout: EpochLayout, neighbors: Neighbors) -> Longs:
    """`Epoch.pool` of an epoch between its neighbors."""
    pool = np.zeros((len(layout.pool), layout.pool.shape[1] + 2), np.int64)
    pool[:, :BEFORE] = layout.pool
    for column, nodes in ((BEFORE, neighbors.before), (AFTER, neighbors.after)):
        on = np.zeros(len(pool), np.int64)
        if (nodes == UNKNOWN).any():
            on[:] = UNKNOWN
        else:
            np.add.at(on, layout.place[:, 0], nodes)
            on = np.clip(on, pool[:, POWERED], pool[:, POOL_NODES])
        pool[:, column] = on
    return pool


def hours_of_epoch(
    t: int, following: int, problem: Problem, scalarization: Scalarization
) -> EpochCellObjectives | None:
    """`Epoch.cell_objectives` of epoch t; its state is not yet filled in."""
    cell_objectives = scalarization.cell_objectives
    if cell_objectives is None:
        return None
    when, n_centers = [t, following], problem.datacenters
    hours = np.empty((2, n_centers, DATA + cell_objectives.data.shape[2]))
    hours[:, :, 0] = problem.kwh_per_energy_tick
    hours[:, :, 1], hours[:, :, 2] = problem.pue[when], problem.renewable[when]
    hours[:, :, DATA:] = cell_objectives.data[when]
    values = np.stack([scalarization.cell_weights, np.zeros(len(scalarization.cell_weights))])
    return EpochCellObjectives(cell_objectives.fill, np.zeros((2, n_centers + 2, 2)), hours, values)


@kernel
def sum_epoch(epoch: Epoch) -> None:
    """Fill in what follows from the cells: energy, used nodes and values."""
    energy, used, ticks = epoch.energy, epoch.used, epoch.ticks
    for p in range(epoch.cells.shape[0]):
        nodes = epoch.cells[p, NODES]
        if nodes > 0:
            used[epoch.place[p, 0]] += nodes
            energy[epoch.place[p, 1]] += cell_energy(
                epoch.cells[p, ENERGY], nodes, loading_nodes(nodes, ticks[p, 2]), ticks[p, 0],
                ticks[p, 1],
            )  # fmt: skip
            if epoch.last_node.shape[1] > 0:
                energy[epoch.place[p, 1]] += last_node_energy(
                    epoch.cells[p, WORK], epoch.node_ticks, epoch.last_node[p]
                )
        refresh_cell(
            p, epoch.counts, epoch.cells, epoch.value, epoch.moves, epoch.queued, epoch.promises,
            ticks, epoch.fixed, epoch.units,
        )  # fmt: skip
    for q in range(used.shape[0]):
        pool = epoch.pool[q]
        boots = booted(powered(used[q], pool), pool[BEFORE])
        energy[pool[HOME]] += unused_energy(used[q], pool) + boots * pool[BOOT]
    sum_hours(epoch.cells, epoch.place, ticks, energy, epoch.next_energy, epoch.cell_objectives)


@kernel_of_types
def refresh_cell(
    p: int,
    counts: Longs,
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
    share = loading_share(loading_nodes(nodes, ticks[p, 2]), nodes, fixed[p, 4])
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
