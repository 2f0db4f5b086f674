"""Incremental evaluation of one plan: all objectives and the violation under any moves.

What a plan needs is kept by epoch, cell and datacenter. A move changes the integer sums of two
cells; only these cells' waits are computed again (and, where their nodes changed, what loading does
to them in the epoch that follows). Their epochs' parts are then added up in the same fixed order as
in full evaluation: the bits are the same (model.md section 4).
"""

from typing import NamedTuple

import numpy as np

from operators.compiling import kernel
from operators.types import Bools, Floats, Genes, Ints, Longs
from slit.kernels.cells import NEGLIGIBLE_LATE, NEGLIGIBLE_QUEUE
from slit.kernels.evaluation import SITE_FIELDS, placement_tables, start_nodes
from slit.kernels.plugs import Fill, Plugs
from slit.kernels.settling import (
    CYCLIC,
    EPOCH_TICKS,
    KWH_OF_TICK,
    LARGEST_COUNTS,
    NEGLIGIBLE,
    NODE_TICKS,
    PROMPT_UNIT,
    REQUEST_SCALE,
    SERVICE_COUNTS,
    VARIABILITY,
    WAITS_COUNT,
    add_largest,
    add_up,
    make_stale,
    make_waiting,
    settle_cells,
    settle_nodes,
    weigh_epochs,
)
from slit.kernels.terms import Terms
from slit.problem.arrays import Problem

GROUP, SOURCE, TARGET, COUNT = range(4)
"""Columns of moves (K, 4): chunks of a group from one placement to another."""


class State(NamedTuple):
    """A plan opened for moves. Shapes as in `Problem`; L request tables, C plug-in objectives.

    The first ones change with every move, the others are read.
    """

    counts: Ints  # (P, J) chunks
    cells: Longs  # (T, P, 4) work, energy above idle, requests, weighted prompts
    nodes: Longs  # (T, P) active nodes
    cell_energy: Longs  # (T, P) IT energy of the cell
    used: Longs  # (T, P) cells in use, ascending, in the first places
    n_used: Longs  # (T,)
    occupied: Longs  # (T, Q) active nodes
    energy: Longs  # (T, D) IT energy
    sums: Longs  # (L, T) of the request tables
    waits: Floats  # (T, P, 4) as `find_waits` writes them
    served: Floats  # (T, P, 2) late requests, requests of full quality
    sites: Floats  # (T, D, 4) IT, facility and grid energy, active nodes where somebody asks
    plugged: Floats  # (T, D, C) plug-in objectives of each datacenter-hour
    parts: Floats  # (T, M) what each epoch adds to the objectives
    excess: Longs  # (T,) nodes beyond capacity
    values: Floats  # (M,) the objectives
    stale: Bools  # (T, P) cells to compute anew
    queue: Longs  # (1 + T * P, 2) how many are stale, and their epochs and placements
    waiting: Bools  # (T,) epochs to weigh anew
    epochs: Longs  # (1 + T,) how many, and which
    one: Longs  # (1,) scratch
    site: Floats  # (D, 4) scratch
    by_center: Floats  # (D, M) scratch

    start: Longs  # (P,) nodes before the first epoch, unless the horizon is cyclic
    group_epoch: Ints
    epoch_group: Ints
    group_class: Ints
    group_row: Ints  # (J,) row of `options`
    options: Genes
    option_count: Ints
    chunk: Longs
    chunk_size: Longs
    chunk_requests: Floats
    service: Floats
    accuracy: Floats
    slo: Floats
    pue: Floats
    renewable: Floats
    places: Longs  # these three as in `placement_tables`
    speeds: Floats
    pools: Longs
    service_weights: Floats  # these as in `Terms`
    site_weights: Floats
    node_weights: Floats
    tables: Longs
    units: Floats
    owners: Ints
    constant: Floats
    largest: Bools
    fill: Fill | int  # these as in `Plugs`
    plug_data: Floats
    plug_owners: Ints
    numbers: Floats  # (5,) request scale, kWh of an energy tick, prompt unit, variability,
    #                  mean waits of slack from which a queue does not matter
    integers: Longs  # (6,) ticks of a node and of an epoch; whether the horizon is cyclic, whether
    #                  waits, late requests or quality, and the largest of totals count


@kernel
def open_state(plan: Genes, problem: Problem, terms: Terms, plugs: Plugs) -> State:
    """The state of a plan (G,) before its chunks are placed: `make` the moves that place them."""
    places, speeds, pools = placement_tables(problem)
    n_epochs, n_placements = problem.epoch_gene.shape[0] - 1, places.shape[0]
    n_groups, n_centers = problem.group_epoch.shape[0], problem.water_stress.shape[0]
    n_objectives = terms.constant.shape[0]
    start = np.zeros(n_placements, np.int64)
    start_nodes(plan, problem, start)
    negligible = NEGLIGIBLE_LATE if np.any(terms.service[1] != 0.0) else NEGLIGIBLE_QUEUE
    numbers = np.zeros(5)
    numbers[REQUEST_SCALE] = problem.request_scale
    numbers[KWH_OF_TICK] = 1.0 / (problem.energy_scale * 3.6e6)
    numbers[PROMPT_UNIT] = problem.request_scale / problem.prompt_scale
    numbers[VARIABILITY], numbers[NEGLIGIBLE] = problem.variability, negligible
    integers = np.zeros(6, np.int64)
    integers[NODE_TICKS], integers[EPOCH_TICKS] = problem.node_ticks, problem.epoch_ticks
    integers[CYCLIC] = 1 if problem.start == 2 else 0
    integers[WAITS_COUNT] = 1 if np.any(terms.service != 0.0) else 0
    integers[SERVICE_COUNTS] = 1 if np.any(terms.service[1:] != 0.0) else 0
    integers[LARGEST_COUNTS] = 1 if np.any(terms.largest) else 0
    state = State(
        np.zeros((n_placements, n_groups), np.int32),
        np.zeros((n_epochs, n_placements, 4), np.int64),
        np.zeros((n_epochs, n_placements), np.int64),
        np.zeros((n_epochs, n_placements), np.int64),
        np.zeros((n_epochs, n_placements), np.int64),
        np.zeros(n_epochs, np.int64),
        np.zeros((n_epochs, pools.shape[0]), np.int64),
        np.zeros((n_epochs, n_centers), np.int64),
        np.zeros((terms.requests.shape[0], n_epochs), np.int64),
        np.zeros((n_epochs, n_placements, 4)),
        np.zeros((n_epochs, n_placements, 2)),
        np.full((n_epochs, n_centers, SITE_FIELDS), np.nan),
        np.zeros((n_epochs, n_centers, plugs.owners.shape[0])),
        np.zeros((n_epochs, n_objectives)),
        np.zeros(n_epochs, np.int64),
        np.zeros(n_objectives),
        np.zeros((n_epochs, n_placements), np.bool_),
        np.zeros((1 + n_epochs * n_placements, 2), np.int64),
        np.zeros(n_epochs, np.bool_),
        np.zeros(1 + n_epochs, np.int64),
        np.zeros(1, np.int64),
        np.zeros((n_centers, SITE_FIELDS)),
        np.zeros((n_centers, n_objectives)),
        start,
        problem.group_epoch, problem.epoch_group, problem.group_class,
        problem.gene_row[problem.group_first[:-1]], problem.options, problem.option_count,
        problem.chunk, problem.chunk_size, problem.chunk_requests,
        problem.service, problem.accuracy, problem.slo, problem.pue, problem.renewable,
        places, speeds, pools,
        terms.service, terms.site, terms.nodes,
        terms.requests, terms.request_unit, terms.request_objective, terms.constant, terms.largest,
        plugs.fill, plugs.data, plugs.owners,
        numbers, integers,
    )  # fmt: skip
    for q in range(pools.shape[0]):
        state.energy[:, pools[q, 0]] += pools[q, 1] * pools[q, 2]
    for t in range(n_epochs):
        make_waiting(t, state.waiting, state.epochs)
    return state


@kernel
def make(moves: Longs, alone: bool, state: State, values: Floats, excess: Longs) -> None:
    """Make moves (K, 4) of chunks: group, from (-1: from nowhere), to, count.

    With `alone`, each by itself: the objectives it leads to are written to `values` (K, M), the
    violation to `excess` (K,), and it is taken back.
    """
    cells, nodes, used, n_used, energy = (
        state.cells, state.nodes, state.used, state.n_used, state.energy,
    )  # fmt: skip
    queue, stale, epochs, waiting = state.queue, state.stale, state.epochs, state.waiting
    counts, sums, sites, parts = state.counts, state.sums, state.sites, state.parts
    waits, served, cell_energy, occupied = (
        state.waits, state.served, state.cell_energy, state.occupied,
    )  # fmt: skip
    places, pools, speeds, numbers, integers = (
        state.places, state.pools, state.speeds, state.numbers, state.integers,
    )  # fmt: skip
    group_epoch, chunk, chunk_size, tables = (
        state.group_epoch, state.chunk, state.chunk_size, state.tables,
    )  # fmt: skip
    epoch_group, group_class, chunk_requests, service, accuracy, slo = (
        state.epoch_group, state.group_class, state.chunk_requests, state.service,
        state.accuracy, state.slo,
    )  # fmt: skip
    site_weights, node_weights, largest = state.site_weights, state.node_weights, state.largest
    service_weights, units, owners = state.service_weights, state.units, state.owners
    fill, plug_data, plug_owners, plugged = (
        state.fill, state.plug_data, state.plug_owners, state.plugged,
    )  # fmt: skip
    pue, renewable, site, by_center = state.pue, state.renewable, state.site, state.by_center
    one, start, sum_excess, totals = state.one, state.start, state.excess, state.values
    constant, n_moves = state.constant, moves.shape[0]
    for step in range(2 * n_moves if alone else 1):
        sign = 1 - 2 * (step % 2)
        first, last = (step // 2, step // 2 + 1) if alone else (0, n_moves)
        for k in range(first, last):
            j, change = moves[k, GROUP], sign * moves[k, COUNT]
            for p, more in ((moves[k, SOURCE], -change), (moves[k, TARGET], change)):
                if p >= 0:
                    shift_chunks(
                        j, p, more, group_epoch[j], chunk, chunk_size, tables, counts, cells, sums
                    )
                    make_stale(p, group_epoch[j], stale, queue)
            make_waiting(group_epoch[j], waiting, epochs)
        settle_nodes(
            queue, stale, epochs, waiting, cells, nodes, used, n_used, occupied, energy,
            sum_excess, places, pools, integers[NODE_TICKS], integers[CYCLIC] == 1,
        )  # fmt: skip
        settle_cells(
            queue, stale, one, start, cells, nodes, cell_energy, energy, waits, served, counts,
            places, speeds, epoch_group, group_class, chunk_requests, service, accuracy, slo,
            numbers, integers,
        )  # fmt: skip
        weigh_epochs(
            epochs, waiting, cells, nodes, used, n_used, waits, served, energy, sums, sites,
            plugged, parts, places, speeds, pue, renewable, service_weights, site_weights,
            node_weights, units, owners, largest, fill, plug_data, plug_owners, numbers,
            integers, site, by_center,
        )  # fmt: skip
        add_up(parts, constant, totals)
        if integers[LARGEST_COUNTS] == 1:
            add_largest(
                sites, used, n_used, nodes, places, site_weights, node_weights, largest,
                by_center, totals,
            )  # fmt: skip
        if alone and sign > 0:
            for m in range(totals.shape[0]):
                values[first, m] = totals[m]
            excess[first] = sum_excess.sum()


@kernel
def shift_chunks(
    j: int,
    p: int,
    change: int,
    t: int,
    chunk: Longs,
    chunk_size: Longs,
    tables: Longs,
    counts: Ints,
    cells: Longs,
    sums: Longs,
) -> None:
    """Add `change` chunks of group `j` of epoch t at `p`, or remove them."""
    counts[p, j] += change
    cells[t, p, 0] += change * chunk[j, p, 0]
    cells[t, p, 1] += change * chunk[j, p, 1]
    cells[t, p, 2] += change * chunk_size[j, 0]
    cells[t, p, 3] += change * chunk_size[j, 1]
    for index in range(tables.shape[0]):
        sums[index, t] += change * tables[index, j, p]
