"""Local search over the epochs of a plan: descents that end where no move, shed node or swap helps."""

import numpy as np
from numpy.typing import NDArray

from operators.compiling import kernel
from slit.kernels.descent import (
    LOADED,
    NODES,
    QUEUE,
    QUEUED,
    WORK,
    exchange,
    refresh_cell,
    scan,
    shift,
)
from slit.kernels.cells import active_nodes, fill_cells
from slit.kernels.evaluation import start_nodes
from slit.kernels.scalar import Scalar
from slit.problem.arrays import Problem

Floats = NDArray[np.float64]
Genes = NDArray[np.int16]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

ENOUGH = 1e-12
"""Improvements below this share of one unit of the weighted sum are rounding."""


@kernel
def improve_plan(
    plan: Genes,
    problem: Problem,
    scalar: Scalar,
    first: int,
    last: int,
    node_penalty: float,
    swaps: bool,
    most_moves: int,
) -> tuple[int, float]:
    """Descend on epochs first..last-1 of `plan` (G,), in place.

    Returns the moves evaluated and the change of the weighted sum, `node_penalty` per node beyond
    capacity included. An epoch is left when nothing helps any more, or when it used `most_moves` moves.
    """
    n_epochs = problem.epoch_gene.shape[0] - 1
    n_placements = problem.placement_pool.shape[0]
    before = np.zeros(n_placements, np.int64)
    following = np.zeros(n_placements, np.int64)
    gap = np.zeros(n_placements, np.float64)
    next_energy = np.zeros(problem.water_stress.shape[0], np.int64)
    moves, gained = 0, 0.0
    for t in range(first, last):
        if n_epochs == 1 and problem.start == 2:
            before[:] = np.iinfo(np.int64).max  # its own nodes: none ever loads
        elif t == 0:
            start_nodes(plan, problem, before)
        else:
            nodes_of_epoch(plan, t - 1, problem, before)
        following[:] = 0
        gap[:] = 0.0
        next_energy[:] = 0
        after = t + 1
        if after == n_epochs and problem.start == 2 and n_epochs > 1:
            after = 0
        if after < n_epochs:
            look_ahead(plan, t, after, problem, scalar, following, gap, next_energy)
        evaluated, change = improve_epoch(
            plan, t, after if after < n_epochs else t, problem, scalar, before, following, gap,
            next_energy, node_penalty, swaps, most_moves,
        )  # fmt: skip
        moves += evaluated
        gained += change
    return moves, gained


@kernel
def nodes_of_epoch(plan: Genes, t: int, problem: Problem, nodes: Longs) -> None:
    """Active nodes of each placement in epoch t, into `nodes` (P,)."""
    nodes[:] = 0
    for g in range(problem.epoch_gene[t], problem.epoch_gene[t + 1]):
        nodes[plan[g]] += problem.chunk[problem.gene_group[g], plan[g], 0]
    for p in range(nodes.shape[0]):
        nodes[p] = active_nodes(nodes[p], problem.node_ticks)


@kernel
def look_ahead(
    plan: Genes,
    t: int,
    after: int,
    problem: Problem,
    scalar: Scalar,
    following: Longs,
    gap: Floats,
    next_energy: Longs,
) -> None:
    """What the nodes of epoch t mean for epoch `after`.

    Into `following` (P,) the nodes there, into `gap` (P,) what one loading node there weighs, into
    `next_energy` (D,) the IT energy there.
    """
    n_placements = following.shape[0]
    now = np.zeros(n_placements, np.int64)
    nodes_of_epoch(plan, t, problem, now)
    counts, cells, value, ticks, fixed, units, queued, promises = open_epoch(
        plan, after, problem, scalar, now, following, gap
    )
    energy, used = sum_epoch(problem, cells, ticks)
    next_energy[:] = energy
    for p in range(n_placements):
        nodes = cells[p, NODES]
        following[p] = nodes
        gap[p] = 0.0
        if nodes > 0:
            gap[p] = (
                (value[p, LOADED] - value[p, QUEUED] - value[p, QUEUE])
                * problem.load_share[p]
                / nodes
            )


@kernel
def open_epoch(
    plan: Genes,
    t: int,
    problem: Problem,
    scalar: Scalar,
    before: Longs,
    following: Longs,
    gap: Floats,
) -> tuple[Ints, Longs, Floats, Longs, Floats, Floats, Floats, Floats]:
    """The arrays of one epoch, as `slit.kernels.descent` describes them."""
    n_placements = problem.placement_pool.shape[0]
    first_group, last_group = problem.epoch_group[t], problem.epoch_group[t + 1]
    n_groups = last_group - first_group
    counts = np.zeros((n_placements, n_groups), np.int32)
    cells = np.zeros((n_placements, 5), np.int64)
    value = np.zeros((n_placements, 7), np.float64)
    ticks = np.zeros((n_placements, 4), np.int64)
    fixed = np.zeros((n_placements, 6), np.float64)
    promises = np.zeros(n_groups, np.float64)
    queued = np.zeros((n_placements, n_groups, 3), np.float64)
    fill_cells(
        plan,
        first_group,
        last_group,
        problem.group_first,
        problem.chunk,
        problem.chunk_size,
        cells,
    )
    for i in range(n_groups):
        j = first_group + i
        promises[i] = problem.slo[problem.group_class[j]]
        for p in range(n_placements):
            for f in range(3):
                queued[p, i, f] = scalar.queued[j, p, f]
        for g in range(problem.group_first[j], problem.group_first[j + 1]):
            counts[plan[g], i] += 1
    for p in range(n_placements):
        cells[p, NODES] = active_nodes(cells[p, WORK], problem.node_ticks)
        ticks[p, 0] = problem.idle_energy[p]
        ticks[p, 1] = problem.prewarm_energy[p]
        ticks[p, 2] = before[p]
        ticks[p, 3] = following[p]
        fixed[p, 0] = problem.replicas[p]
        fixed[p, 1] = problem.prefill_fixed[p]
        fixed[p, 2] = problem.prefill_slope[p]
        fixed[p, 3] = scalar.nodes[t, p]
        fixed[p, 4] = problem.load_share[p]
        fixed[p, 5] = gap[p]
    units = np.zeros(5, np.float64)
    units[0] = 1.0 / problem.request_scale
    units[1] = problem.request_scale / problem.prompt_scale
    units[2] = problem.epoch_ticks
    units[3] = problem.variability
    units[4] = scalar.wait
    moves = scalar.moves[first_group:last_group]
    for p in range(n_placements):
        refresh_cell(p, counts, cells, value, moves, queued, promises, ticks, fixed, units)
    return counts, cells, value, ticks, fixed, units, queued, promises


@kernel
def sum_epoch(problem: Problem, cells: Longs, ticks: Longs) -> tuple[Longs, Longs]:
    """IT energy of the datacenters (D,) and active nodes of the pools (Q,)."""
    energy = np.zeros(problem.water_stress.shape[0], np.int64)
    used = np.zeros(problem.pool_nodes.shape[0], np.int64)
    for p in range(cells.shape[0]):
        nodes = cells[p, NODES]
        if nodes > 0:
            used[problem.placement_pool[p]] += nodes
            energy[problem.placement_datacenter[p]] += (
                cells[p, 1] + nodes * ticks[p, 0] + max(0, nodes - ticks[p, 2]) * ticks[p, 1]
            )
    for q in range(used.shape[0]):
        spare = max(0, problem.pool_nodes[q] - used[q])
        energy[problem.pool_datacenter[q]] += spare * problem.standby_energy[q]
    return energy, used


@kernel
def improve_epoch(
    plan: Genes,
    t: int,
    after_epoch: int,
    problem: Problem,
    scalar: Scalar,
    before: Longs,
    following: Longs,
    gap: Floats,
    next_energy: Longs,
    node_penalty: float,
    swaps: bool,
    most_moves: int,
) -> tuple[int, float]:
    """Descend on one epoch of a plan, in place; returns as `improve_plan` does."""
    first_group, last_group = problem.epoch_group[t], problem.epoch_group[t + 1]
    if last_group == first_group:
        return 0, 0.0
    counts, cells, value, ticks, fixed, units, queued, promises = open_epoch(
        plan, t, problem, scalar, before, following, gap
    )
    energy, used = sum_epoch(problem, cells, ticks)
    n_placements, n_groups = counts.shape
    n_centers = energy.shape[0]
    chunk = problem.chunk[first_group:last_group]
    size = problem.chunk_size[first_group:last_group]
    moves = scalar.moves[first_group:last_group]
    rows = problem.gene_row[problem.group_first[first_group:last_group]]
    place = np.zeros((n_placements, 2), np.int32)
    place[:, 0] = problem.placement_pool
    place[:, 1] = problem.placement_datacenter
    pool = np.zeros((used.shape[0], 2), np.int64)
    pool[:, 0] = problem.pool_nodes
    pool[:, 1] = problem.standby_energy
    site = np.zeros((n_centers, 4), np.float64)
    next_site = np.zeros((n_centers, 4), np.float64)
    for d in range(n_centers):
        site[d, 0] = scalar.energy[t, d]
        site[d, 1] = scalar.grid[t, d]
        site[d, 2] = scalar.facility[t, d]
        site[d, 3] = problem.renewable[t, d]
        if after_epoch != t:
            next_site[d, 0] = scalar.energy[after_epoch, d]
            next_site[d, 1] = scalar.grid[after_epoch, d]
            next_site[d, 2] = scalar.facility[after_epoch, d]
            next_site[d, 3] = problem.renewable[after_epoch, d]
    node_ticks = problem.node_ticks
    scratch = np.zeros(6, np.int64)
    evaluated, gained = 0, 0.0
    improved = True
    while improved and evaluated < most_moves:
        improved = False
        for i in range(n_groups):
            options, n_options = problem.options[rows[i]], problem.option_count[rows[i]]
            for a in range(n_placements):
                k = counts[a, i]
                while k > 0:
                    b, change = scan(
                        i, a, k, counts, cells, value, energy, used, options, n_options, chunk,
                        size, moves, queued, promises, place, ticks, fixed, pool, site,
                        next_energy, next_site, units, node_ticks, node_penalty, -ENOUGH, scratch,
                    )  # fmt: skip
                    evaluated += n_options
                    if b >= 0:
                        gained += change
                        for p, step in ((a, -k), (b, k)):
                            shift(
                                i, p, step, counts, cells, value, energy, used, chunk, size, moves,
                                queued, promises, place, ticks, fixed, pool, next_energy, units,
                                node_ticks,
                            )  # fmt: skip
                        improved = True
                        k = counts[a, i]
                    else:
                        k = 1 if k > 1 else 0
        if improved:
            continue
        for a in range(n_placements):
            if cells[a, NODES] > 0:
                tried, change = shed_node(
                    a, counts, cells, value, energy, used, problem.options, problem.option_count,
                    rows, chunk, size, moves, queued, promises, place, ticks, fixed, pool, site,
                    next_energy, next_site, units, node_ticks, node_penalty, scratch,
                )  # fmt: skip
                evaluated += tried
                gained += change
                improved = improved or change < 0.0
        if improved or not swaps:
            continue
        for a in range(n_placements):
            if cells[a, NODES] == 0:
                continue
            for b in range(a + 1, n_placements):
                if cells[b, NODES] == 0:
                    continue
                for i in range(n_groups):
                    if counts[a, i] == 0 or chunk[i, b, 0] == 0:
                        continue
                    for j in range(n_groups):
                        if counts[b, j] == 0 or i == j or chunk[j, a, 0] == 0:
                            continue
                        change = exchange(
                            i, a, j, b, counts, cells, value, energy, used, chunk, size, moves,
                            queued, promises, place, ticks, fixed, pool, site, next_energy,
                            next_site, units, node_ticks, node_penalty, -ENOUGH, scratch,
                        )  # fmt: skip
                        evaluated += 1
                        if change < -ENOUGH:
                            improved = True
                            gained += change
                            for group, p, step in ((i, a, -1), (j, a, 1), (j, b, -1), (i, b, 1)):
                                shift(
                                    group, p, step, counts, cells, value, energy, used, chunk,
                                    size, moves, queued, promises, place, ticks, fixed, pool,
                                    next_energy, units, node_ticks,
                                )  # fmt: skip
                            if counts[a, i] == 0:
                                break
    for i in range(n_groups):
        g = problem.group_first[first_group + i]
        for p in range(n_placements):
            for _ in range(counts[p, i]):
                plan[g] = p
                g += 1
    return evaluated, gained


@kernel
def shed_node(
    a: int,
    counts: Ints,
    cells: Longs,
    value: Floats,
    energy: Longs,
    used: Longs,
    options: Genes,
    option_count: Ints,
    rows: Ints,
    chunk: Longs,
    size: Longs,
    moves: Floats,
    queued: Floats,
    promises: Floats,
    place: Ints,
    ticks: Longs,
    fixed: Floats,
    pool: Longs,
    site: Floats,
    next_energy: Longs,
    next_site: Floats,
    units: Floats,
    node_ticks: int,
    node_penalty: float,
    scratch: Longs,
) -> tuple[int, float]:
    """Move chunks away from cell `a`, cheapest per work first, until it needs one node less.

    Undone unless the whole helps. Returns the moves evaluated and the change, 0 if undone. For a
    cell of one node this empties the placement.
    """
    target = (cells[a, NODES] - 1) * node_ticks
    if target > 0 and cells[a, WORK] - target > node_ticks // 2:
        return 0, 0.0
    old_counts, old_cells, old_value = counts.copy(), cells.copy(), value.copy()
    old_energy, old_used, old_next = energy.copy(), used.copy(), next_energy.copy()
    total, evaluated = 0.0, 0
    while cells[a, WORK] > target:
        best_group, best_place, best_rate, best_change = -1, -1, np.inf, np.inf
        for i in range(counts.shape[1]):
            if counts[a, i] > 0:
                n_options = option_count[rows[i]]
                b, change = scan(
                    i, a, 1, counts, cells, value, energy, used, options[rows[i]], n_options,
                    chunk, size, moves, queued, promises, place, ticks, fixed, pool, site,
                    next_energy, next_site, units, node_ticks, node_penalty, np.inf, scratch,
                )  # fmt: skip
                evaluated += n_options
                rate = change / chunk[i, a, 0]
                if b >= 0 and rate < best_rate:
                    best_group, best_place, best_rate, best_change = i, b, rate, change
        if best_group < 0:
            break
        total += best_change
        for p, step in ((a, -1), (best_place, 1)):
            shift(
                best_group, p, step, counts, cells, value, energy, used, chunk, size, moves,
                queued, promises, place, ticks, fixed, pool, next_energy, units, node_ticks,
            )  # fmt: skip
    if cells[a, WORK] <= target and total < -ENOUGH:
        return evaluated, total
    counts[:] = old_counts
    cells[:] = old_cells
    value[:] = old_value
    energy[:] = old_energy
    used[:] = old_used
    next_energy[:] = old_next
    return evaluated, 0.0
