"""Local search on one epoch of a plan: moves, swaps and shed nodes on incremental evaluation.

One move touches two cells of the epoch, their datacenters' energy, their pools, and through loading
the same cells of the next epoch (model.md section 4). Candidates are compared by the change of a
weighted sum of objectives plus `node_penalty` per node beyond capacity; a candidate whose change
without its new queue is no better than the best so far is dropped before its queue is computed.

Arrays of an epoch. Shapes: I groups of the epoch, P placements, D datacenters, Q pools.

- counts (P, I): chunks of each group in each cell
- cells (P, 5) integers: work, energy above idle, requests, weighted prompts, active nodes
- value (P, 7): always, without loading, on a loading node (sums over chunks of `Scalar.moves`),
  queue, share that meets a loading node, total of the cell, least slack of its groups
- energy (D,): IT energy ticks of the epoch
- used (Q,): active nodes of the pools
"""

import math

import numpy as np
from numpy.typing import NDArray

from operators.compiling import kernel
from slit.kernels.cells import NEGLIGIBLE_QUEUE, active_nodes, queue
from slit.kernels.scalar import Scalar
from slit.problem.arrays import Problem

Floats = NDArray[np.float64]
Genes = NDArray[np.int16]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

ALWAYS, QUEUED, LOADED, QUEUE, SHARE, TOTAL, LEAST = range(7)
WORK, ENERGY, REQUESTS, PROMPTS, NODES = range(5)
NO_SLACK = 1e300


@kernel
def queue_value(
    counts: Ints,
    first: int,
    first_change: int,
    second: int,
    second_change: int,
    work: int,
    requests: int,
    prompts: int,
    nodes: int,
    fixed: Floats,
    units: Floats,
    queued: Floats,
    promises: Floats,
    least: float,
) -> float:
    """What the queue of a cell weighs, after changes in the chunks of up to two groups.

    counts (I,), queued (I, 3) are those of the cell; fixed (5,) its constants as in `descend`.
    """
    if nodes == 0:
        return 0.0
    prompt = prompts / requests * units[1]
    chance, mean_wait = queue(
        work / (nodes * units[2]),
        nodes * fixed[0],
        fixed[1] + fixed[2] * prompt,
        units[3],
    )
    total = units[4] * requests * units[0] * chance * mean_wait
    horizon = NEGLIGIBLE_QUEUE * mean_wait
    if least > horizon:
        return total
    for i in range(counts.shape[0]):
        chunks = counts[i]
        if i == first:
            chunks += first_change
        if i == second:
            chunks += second_change
        if chunks > 0:
            slack = queued[i, 0]
            if slack < horizon:
                late = math.exp(-slack / mean_wait) if slack > 0.0 else 1.0
                total += (
                    chunks
                    * chance
                    * late
                    * (queued[i, 1] + queued[i, 2] * mean_wait / (promises[i] + mean_wait))
                )
    return total


@kernel
def site_value(energy: int, site: Floats) -> float:
    """What a datacenter-hour of `energy` ticks weighs; site (4,) as in `descend`."""
    return site[0] * energy + site[1] * max(0.0, site[2] * energy - site[3])


@kernel
def excess(used: int, capacity: int) -> int:
    """Nodes beyond capacity."""
    return max(0, used - capacity)


@kernel
def cell_change(
    p: int,
    first: int,
    first_change: int,
    second: int,
    second_change: int,
    cells: Longs,
    value: Floats,
    chunk: Longs,
    size: Longs,
    moves: Floats,
    ticks: Longs,
    fixed: Floats,
    node_ticks: int,
    after: Longs,
) -> tuple[float, float]:
    """A cell after changes in the chunks of one group, or two (`second` < 0: one).

    Into `after` (6,): work, requests, prompts and nodes, the change of IT energy, and that of the
    nodes that load in the next epoch. Returns its value without the queue, the next epoch's part
    included, and the share of requests that meets a loading node.
    """
    work = cells[p, WORK] + first_change * chunk[first, p, 0]
    energy = first_change * chunk[first, p, 1]
    requests = cells[p, REQUESTS] + first_change * size[first, 0]
    prompts = cells[p, PROMPTS] + first_change * size[first, 1]
    always = value[p, ALWAYS] + first_change * moves[first, p, 0]
    queued = value[p, QUEUED] + first_change * moves[first, p, 1]
    loaded = value[p, LOADED] + first_change * moves[first, p, 2]
    if second >= 0:
        work += second_change * chunk[second, p, 0]
        energy += second_change * chunk[second, p, 1]
        requests += second_change * size[second, 0]
        prompts += second_change * size[second, 1]
        always += second_change * moves[second, p, 0]
        queued += second_change * moves[second, p, 1]
        loaded += second_change * moves[second, p, 2]
    old = cells[p, NODES]
    nodes = old
    room = old * node_ticks - work
    if room < 0 or room >= node_ticks:
        nodes = active_nodes(work, node_ticks)
    before, following = ticks[p, 2], ticks[p, 3]
    loading = max(0, nodes - before)
    share = 0.0
    if loading > 0:
        share = fixed[p, 4] * loading / nodes
    next_change = max(0, following - nodes) - max(0, following - old)
    after[0] = work
    after[1] = requests
    after[2] = prompts
    after[3] = nodes
    after[4] = energy + (nodes - old) * ticks[p, 0] + (loading - max(0, old - before)) * ticks[p, 1]
    after[5] = next_change
    total = fixed[p, 3] * nodes + next_change * fixed[p, 5]
    if nodes > 0:
        total += always + (1.0 - share) * queued + share * loaded
    return total, share


@kernel
def scan(
    i: int,
    a: int,
    k: int,
    counts: Ints,
    cells: Longs,
    value: Floats,
    energy: Longs,
    used: Longs,
    options: Genes,
    n_options: int,
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
    limit: float,
    after: Longs,
) -> tuple[int, float]:
    """The best placement for `k` chunks of group `i` that are now at `a`, and the change.

    Returns (-1, limit) if no change is below `limit`.
    """
    total_a, share_a = cell_change(
        a, i, -k, -1, 0, cells, value, chunk, size, moves, ticks, fixed, node_ticks, after
    )
    queue_a = queue_value(
        counts[a], i, -k, -1, 0, after[0], after[1], after[2], after[3], fixed[a], units,
        queued[a], promises, value[a, LEAST],
    )  # fmt: skip
    leave = total_a + (1.0 - share_a) * queue_a - value[a, TOTAL]
    pool_a, center_a = place[a, 0], place[a, 1]
    nodes_a = after[3] - cells[a, NODES]
    used_a = used[pool_a] + nodes_a
    capacity = pool[pool_a, 0]
    leave += node_penalty * (excess(used_a, capacity) - excess(used[pool_a], capacity))
    energy_a = (
        energy[center_a]
        + after[4]
        + (max(0, capacity - used_a) - max(0, capacity - used[pool_a])) * pool[pool_a, 1]
    )
    next_a = next_energy[center_a] + after[5] * ticks[a, 1]
    now_a = site_value(energy[center_a], site[center_a])
    left_a = site_value(energy_a, site[center_a])
    leave += left_a - now_a
    prewarm = ticks[a, 1] > 0
    if prewarm:
        leave += site_value(next_a, next_site[center_a])
        leave -= site_value(next_energy[center_a], next_site[center_a])
    best, best_change = -1, limit
    for index in range(n_options):
        b = int(options[index])
        if b == a:
            continue
        total, share = cell_change(
            b, i, k, -1, 0, cells, value, chunk, size, moves, ticks, fixed, node_ticks, after
        )
        change = leave + total - value[b, TOTAL]
        pool_b, center_b = place[b, 0], place[b, 1]
        nodes_b = after[3] - cells[b, NODES]
        added = after[4]
        if nodes_b > 0:
            used_b = used_a if pool_b == pool_a else used[pool_b]
            capacity = pool[pool_b, 0]
            change += node_penalty * (excess(used_b + nodes_b, capacity) - excess(used_b, capacity))
            added += (max(0, capacity - used_b - nodes_b) - max(0, capacity - used_b)) * pool[
                pool_b, 1
            ]
        if center_b == center_a:
            change += site_value(energy_a + added, site[center_b]) - left_a
        else:
            change += site_value(energy[center_b] + added, site[center_b])
            change -= site_value(energy[center_b], site[center_b])
        if prewarm and after[5] != 0:
            next_b = next_a if center_b == center_a else next_energy[center_b]
            change += site_value(next_b + after[5] * ticks[b, 1], next_site[center_b])
            change -= site_value(next_b, next_site[center_b])
        if change < best_change:
            change += (1.0 - share) * queue_value(
                counts[b], i, k, -1, 0, after[0], after[1], after[2], after[3], fixed[b], units,
                queued[b], promises, min(value[b, LEAST], queued[b, i, 0]),
            )  # fmt: skip
            if change < best_change:
                best, best_change = b, change
    return best, best_change


@kernel
def exchange(
    i: int,
    a: int,
    j: int,
    b: int,
    counts: Ints,
    cells: Longs,
    value: Floats,
    energy: Longs,
    used: Longs,
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
    limit: float,
    after: Longs,
) -> float:
    """The change when a chunk of group `i` at `a` and one of group `j` at `b` trade places.

    Stops early, with some value of at least `limit`, where the change cannot be below it.
    """
    change = -value[a, TOTAL] - value[b, TOTAL]
    total, share_a = cell_change(
        a, i, -1, j, 1, cells, value, chunk, size, moves, ticks, fixed, node_ticks, after
    )
    change += total
    work, requests, prompts, nodes = after[0], after[1], after[2], after[3]
    added_a, next_a = after[4], after[5] * ticks[a, 1]
    total, share_b = cell_change(
        b, i, 1, j, -1, cells, value, chunk, size, moves, ticks, fixed, node_ticks, after
    )
    change += total
    added_b, next_b = after[4], after[5] * ticks[b, 1]
    pool_a, pool_b, center_a, center_b = place[a, 0], place[b, 0], place[a, 1], place[b, 1]
    nodes_a, nodes_b = nodes - cells[a, NODES], after[3] - cells[b, NODES]
    if pool_a == pool_b:
        nodes_b += nodes_a
        nodes_a = 0
    if nodes_a != 0:
        was, capacity = used[pool_a], pool[pool_a, 0]
        change += node_penalty * (excess(was + nodes_a, capacity) - excess(was, capacity))
        added_a += (max(0, capacity - was - nodes_a) - max(0, capacity - was)) * pool[pool_a, 1]
    if nodes_b != 0:
        was, capacity = used[pool_b], pool[pool_b, 0]
        change += node_penalty * (excess(was + nodes_b, capacity) - excess(was, capacity))
        added_b += (max(0, capacity - was - nodes_b) - max(0, capacity - was)) * pool[pool_b, 1]
    if center_a == center_b:
        added_b += added_a
        next_b += next_a
    else:
        change += site_value(energy[center_a] + added_a, site[center_a])
        change -= site_value(energy[center_a], site[center_a])
        if next_a != 0:
            change += site_value(next_energy[center_a] + next_a, next_site[center_a])
            change -= site_value(next_energy[center_a], next_site[center_a])
    change += site_value(energy[center_b] + added_b, site[center_b])
    change -= site_value(energy[center_b], site[center_b])
    if next_b != 0:
        change += site_value(next_energy[center_b] + next_b, next_site[center_b])
        change -= site_value(next_energy[center_b], next_site[center_b])
    if change >= limit:
        return change
    change += (1.0 - share_b) * queue_value(
        counts[b], i, 1, j, -1, after[0], after[1], after[2], after[3], fixed[b], units,
        queued[b], promises, min(value[b, LEAST], queued[b, i, 0]),
    )  # fmt: skip
    if change >= limit:
        return change
    return change + (1.0 - share_a) * queue_value(
        counts[a], i, -1, j, 1, work, requests, prompts, nodes, fixed[a], units,
        queued[a], promises, min(value[a, LEAST], queued[a, j, 0]),
    )  # fmt: skip


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
    value[p, QUEUE] = queue_value(
        counts[p], -1, 0, -1, 0, cells[p, WORK], cells[p, REQUESTS], cells[p, PROMPTS], nodes,
        fixed[p], units, queued[p], promises, value[p, LEAST],
    )  # fmt: skip
    loading = max(0, nodes - ticks[p, 2])
    share = 0.0
    if loading > 0:
        share = fixed[p, 4] * loading / nodes
    value[p, SHARE] = share
    value[p, TOTAL] = (
        fixed[p, 3] * nodes
        + value[p, ALWAYS]
        + (1.0 - share) * (value[p, QUEUED] + value[p, QUEUE])
        + share * value[p, LOADED]
    )


@kernel
def shift(
    i: int,
    p: int,
    change: int,
    counts: Ints,
    cells: Longs,
    value: Floats,
    energy: Longs,
    used: Longs,
    chunk: Longs,
    size: Longs,
    moves: Floats,
    queued: Floats,
    promises: Floats,
    place: Ints,
    ticks: Longs,
    fixed: Floats,
    pool: Longs,
    next_energy: Longs,
    units: Floats,
    node_ticks: int,
) -> None:
    """Add `change` chunks of group `i` to cell `p`, or remove them."""
    old = cells[p, NODES]
    counts[p, i] += change
    cells[p, WORK] += change * chunk[i, p, 0]
    cells[p, ENERGY] += change * chunk[i, p, 1]
    cells[p, REQUESTS] += change * size[i, 0]
    cells[p, PROMPTS] += change * size[i, 1]
    nodes = active_nodes(cells[p, WORK], node_ticks)
    cells[p, NODES] = nodes
    q, d = place[p, 0], place[p, 1]
    energy[d] += change * chunk[i, p, 1] + (nodes - old) * ticks[p, 0]
    energy[d] += (max(0, nodes - ticks[p, 2]) - max(0, old - ticks[p, 2])) * ticks[p, 1]
    spare = max(0, pool[q, 0] - used[q])
    used[q] += nodes - old
    energy[d] += (max(0, pool[q, 0] - used[q]) - spare) * pool[q, 1]
    next_energy[d] += (max(0, ticks[p, 3] - nodes) - max(0, ticks[p, 3] - old)) * ticks[p, 1]
    refresh_cell(p, counts, cells, value, moves, queued, promises, ticks, fixed, units)
