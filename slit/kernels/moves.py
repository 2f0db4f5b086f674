"""Incremental evaluation: what a move or a swap of chunks changes within one epoch.

One move touches two cells of the epoch, their datacenters' energy, their pools, and through loading
the same cells of the next epoch (model.md section 4). Candidates are compared by the change of a
weighted sum of objectives plus `node_penalty` per node beyond capacity; a candidate whose change
without its new queue is no better than the best so far is dropped before its queue is computed.

`cell_change` and `queue_value` take 14 arguments each: with the sums of a cell in one array, and
the work of a node as a column of `Epoch.ticks`, a quarter fewer moves a second were evaluated.
Fields of named tuples are taken into locals, as each use of one counts references.
"""

from operators.compiling import kernel, kernel_of_types
from operators.types import Floats, Longs
from slit.kernels.cell_objectives import hour_change
from slit.kernels.cells import queue_value
from slit.kernels.epoch import (
    AFTER,
    ALWAYS,
    BEFORE,
    ENERGY,
    LEAST,
    LOADED,
    NODES,
    PROMPTS,
    QUEUED,
    REQUESTS,
    TOTAL,
    WORK,
    Epoch,
    refresh_cell,
)
from slit.kernels.model import (
    BOOT,
    COMMITTED,
    POOL_NODES,
    booted,
    last_node_energy,
    loading_share,
    on_demand,
    powered,
    running_nodes,
    unused_energy,
)
from slit.kernels.transitions import exchange_change, reroute_change


@kernel
def site_value(energy: int, site: Floats) -> float:
    """What a datacenter-hour of `energy` ticks weighs; site (4,) is a row of `Epoch.site`."""
    return float(site[0] * energy + site[1] * max(0.0, site[2] * energy - site[3]))


@kernel
def site_change(added: int, energy: int, site: Floats) -> float:
    """What `added` ticks on top of `energy` weigh."""
    return site_value(energy + added, site) - site_value(energy, site)


@kernel
def pool_change(
    q: int, nodes: int, used: int, pools: Longs, rents: Floats, node_penalty: float
) -> tuple[float, int, int]:
    """What `nodes` more on top of `used` in pool q weigh in violation and rent, and what they take
    of energy in its unused nodes and boots, here and in the next epoch.

    pools (Q, 9) and rents (Q,) as in `Epoch`.
    """
    pool, rent, after = pools[q], rents[q], used + nodes
    weight = node_penalty * (max(0, after - pool[POOL_NODES]) - max(0, used - pool[POOL_NODES]))
    if rent != 0.0:
        weight += rent * (on_demand(after, pool[COMMITTED]) - on_demand(used, pool[COMMITTED]))
    energy, later = unused_energy(after, pool) - unused_energy(used, pool), 0
    if pool[BOOT] > 0:
        old, new = powered(used, pool), powered(after, pool)
        energy += (booted(new, pool[BEFORE]) - booted(old, pool[BEFORE])) * pool[BOOT]
        later = (booted(pool[AFTER], new) - booted(pool[AFTER], old)) * pool[BOOT]
    return weight, energy, later


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
    report: Longs,
) -> tuple[float, float]:
    """A cell after changes in the chunks of one group, or two (`second` < 0: one).

    Into `report` (6,): work, requests, prompts and nodes, the change of IT energy, and that of the
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
        nodes = running_nodes(work, node_ticks, ticks[p, 4])
    before, after = ticks[p, 2], ticks[p, 3]
    loading = max(0, nodes - before)
    share = 0.0
    if loading > 0:
        share = loading_share(loading, nodes, fixed[p, 4])
    loading_next = max(0, after - nodes) - max(0, after - old)
    energy += (nodes - old) * ticks[p, 0] + (loading - max(0, old - before)) * ticks[p, 1]
    report[0], report[1], report[2], report[3] = work, requests, prompts, nodes
    report[4], report[5] = energy, loading_next
    total = fixed[p, 3] * nodes + loading_next * fixed[p, 5]
    if nodes != old:
        total += node_change(nodes, old, before, after, fixed[p])
    if nodes > 0:
        total += always + (1.0 - share) * queued + share * loaded
    return total, share


@kernel
def last_node_change(p: int, after: int, cells: Longs, node_ticks: int, last_node: Floats) -> int:
    """What the last node of cell p draws more above its share with work `after`; `last_node` as in
    `Epoch`."""
    if last_node.shape[1] == 0:
        return 0
    return last_node_energy(after, node_ticks, last_node[p]) - last_node_energy(
        cells[p, WORK], node_ticks, last_node[p]
    )


@kernel
def node_change(nodes: int, old: int, before: int, after: int, fixed: Floats) -> float:
    """What starts and switches weigh more with `nodes` instead of `old` between two epochs."""
    starts = max(0, nodes - before) - max(0, old - before)
    starts += max(0, after - nodes) - max(0, after - old)
    change = fixed[6] * starts
    if (nodes > 0) != (old > 0):
        on = 1.0 if nodes > 0 else -1.0
        change += fixed[7] * (-on if before > 0 else on)
        change += fixed[8] * (-on if after > 0 else on)
    return float(change)


@kernel
def scan(i: int, a: int, k: int, epoch: Epoch, limit: float) -> tuple[int, float]:
    """The best placement for `k` chunks of group `i` now at `a`, and the change; or (-1, limit)."""
    counts, cells, value, transitions = epoch.counts, epoch.cells, epoch.value, epoch.transitions
    energy, used, report, node_penalty = epoch.energy, epoch.used, epoch.scratch, epoch.node_penalty
    chunk, size, moves, queued = epoch.chunk, epoch.size, epoch.moves, epoch.queued
    promises, place, ticks, fixed = epoch.promises, epoch.place, epoch.ticks, epoch.fixed
    pool, site, units, objectives = epoch.pool, epoch.site, epoch.units, epoch.cell_objectives
    rent, last_node = epoch.rent, epoch.last_node
    next_energy, next_site, node_ticks = epoch.next_energy, epoch.next_site, epoch.node_ticks
    options, n_options = epoch.options[epoch.rows[i]], epoch.option_count[epoch.rows[i]]
    total_a, share_a = cell_change(
        a, i, -k, -1, 0, cells, value, chunk, size, moves, ticks, fixed, node_ticks, report
    )
    queue_a = queue_value(
        counts[a], i, -k, -1, 0, report[0], report[1], report[2], report[3], fixed[a], units,
        queued[a], promises, value[a, LEAST],
    )  # fmt: skip
    report[4] += last_node_change(a, report[0], cells, node_ticks, last_node)
    leave = total_a + (1.0 - share_a) * queue_a - value[a, TOTAL]
    pool_a, center_a, nodes_a = place[a, 0], place[a, 1], report[3] - cells[a, NODES]
    best, best_change, left = -1, limit, energy.shape[0]
    beyond, unused, later = pool_change(pool_a, nodes_a, used[pool_a], pool, rent, node_penalty)
    used_a, later = used[pool_a] + nodes_a, later + report[5] * ticks[a, 1]
    energy_a, next_a = energy[center_a] + report[4] + unused, next_energy[center_a] + later
    leave += beyond + site_change(report[4] + unused, energy[center_a], site[center_a])
    if later != 0:
        leave += site_change(later, next_energy[center_a], next_site[center_a])
    if objectives is not None:
        loads = next_a != next_energy[center_a]
        leave += hour_change(center_a, center_a, left, nodes_a, energy_a, next_a, loads, objectives)
    leave += reroute_change(a, i, counts[a, i], -k, transitions)
    for index in range(n_options):
        b = int(options[index])
        if b == a:
            continue
        total, share = cell_change(
            b, i, k, -1, 0, cells, value, chunk, size, moves, ticks, fixed, node_ticks, report
        )
        report[4] += last_node_change(b, report[0], cells, node_ticks, last_node)
        change = leave + total - value[b, TOTAL]
        change += reroute_change(b, i, counts[b, i], k, transitions)
        pool_b, center_b = place[b, 0], place[b, 1]
        nodes_b, added, later = report[3] - cells[b, NODES], report[4], report[5] * ticks[b, 1]
        if nodes_b > 0:
            used_b = used_a if pool_b == pool_a else used[pool_b]
            beyond, unused, boots = pool_change(pool_b, nodes_b, used_b, pool, rent, node_penalty)
            change, added, later = change + beyond, added + unused, later + boots
        here = energy_a if center_b == center_a else energy[center_b]
        change += site_change(added, here, site[center_b])
        if objectives is not None:
            row, there = center_b, next_energy[center_b]
            if center_b == center_a:
                row, there = left, next_a
            change += hour_change(
                center_b, row, left + 1, nodes_b, here + added, there + later, later != 0,
                objectives,
            )  # fmt: skip
        if later != 0:
            here = next_a if center_b == center_a else next_energy[center_b]
            change += site_change(later, here, next_site[center_b])
        if change < best_change:
            change += (1.0 - share) * queue_value(
                counts[b], i, k, -1, 0, report[0], report[1], report[2], report[3], fixed[b],
                units, queued[b], promises, min(value[b, LEAST], queued[b, i, 0]),
            )  # fmt: skip
            if change < best_change:
                best, best_change = b, change
    return best, best_change


@kernel
def exchange(i: int, a: int, j: int, b: int, epoch: Epoch, limit: float) -> float:
    """The change when a chunk of group `i` at `a` and one of group `j` at `b` trade places.

    Stops early, with some value of at least `limit`, where the change cannot be below it.
    """
    counts, cells, value, energy, used = (
        epoch.counts, epoch.cells, epoch.value, epoch.energy, epoch.used,
    )  # fmt: skip
    chunk, size, moves, queued = epoch.chunk, epoch.size, epoch.moves, epoch.queued
    promises, place, ticks, fixed = epoch.promises, epoch.place, epoch.ticks, epoch.fixed
    pool, site, units, report = epoch.pool, epoch.site, epoch.units, epoch.scratch
    node_ticks, last_node, node_penalty = epoch.node_ticks, epoch.last_node, epoch.node_penalty
    rent = epoch.rent
    change = -value[a, TOTAL] - value[b, TOTAL]
    total, share_a = cell_change(
        a, i, -1, j, 1, cells, value, chunk, size, moves, ticks, fixed, node_ticks, report
    )
    change += total
    work, requests, prompts, nodes = report[0], report[1], report[2], report[3]
    added_a, next_a = report[4], report[5] * ticks[a, 1]
    added_a += last_node_change(a, work, cells, node_ticks, last_node)
    total, share_b = cell_change(
        b, i, 1, j, -1, cells, value, chunk, size, moves, ticks, fixed, node_ticks, report
    )
    change += total
    added_b, next_b = report[4], report[5] * ticks[b, 1]
    added_b += last_node_change(b, report[0], cells, node_ticks, last_node)
    pool_a, pool_b, center_a, center_b = place[a, 0], place[b, 0], place[a, 1], place[b, 1]
    nodes_a, nodes_b = nodes - cells[a, NODES], report[3] - cells[b, NODES]
    if pool_a == pool_b:
        nodes_a, nodes_b = 0, nodes_a + nodes_b
    if nodes_a != 0:
        beyond, unused, later = pool_change(pool_a, nodes_a, used[pool_a], pool, rent, node_penalty)
        change, added_a, next_a = change + beyond, added_a + unused, next_a + later
    if nodes_b != 0:
        beyond, unused, later = pool_change(pool_b, nodes_b, used[pool_b], pool, rent, node_penalty)
        change, added_b, next_b = change + beyond, added_b + unused, next_b + later
    if center_a == center_b:
        added_a, added_b = 0, added_a + added_b
        next_a, next_b = 0, next_a + next_b
        nodes_a, nodes_b = 0, nodes_a + nodes_b
    change += site_change(added_b, energy[center_b], site[center_b])
    if added_a != 0:
        change += site_change(added_a, energy[center_a], site[center_a])
    if next_a != 0:
        change += site_change(next_a, epoch.next_energy[center_a], epoch.next_site[center_a])
    if next_b != 0:
        change += site_change(next_b, epoch.next_energy[center_b], epoch.next_site[center_b])
    change += exchange_change(i, a, j, b, counts, epoch.transitions)
    if epoch.cell_objectives is not None:
        for d, more, added, later in (
            (center_a, nodes_a, added_a, next_a),
            (center_b, nodes_b, added_b, next_b),
        ):
            change += hour_change(
                d, d, energy.shape[0], more, energy[d] + added, epoch.next_energy[d] + later,
                later != 0, epoch.cell_objectives,
            )  # fmt: skip
    if change >= limit:
        return float(change)
    change += (1.0 - share_b) * queue_value(
        counts[b], i, 1, j, -1, report[0], report[1], report[2], report[3], fixed[b], units,
        queued[b], promises, min(value[b, LEAST], queued[b, i, 0]),
    )  # fmt: skip
    if change >= limit:
        return float(change)
    change += (1.0 - share_a) * queue_value(
        counts[a], i, -1, j, 1, work, requests, prompts, nodes, fixed[a], units,
        queued[a], promises, min(value[a, LEAST], queued[a, j, 0]),
    )  # fmt: skip
    return float(change)


@kernel_of_types
def shift(i: int, p: int, change: int, epoch: Epoch) -> None:
    """Add `change` chunks of group `i` to cell `p`, or remove them."""
    cells, energy, used, ticks = epoch.cells, epoch.energy, epoch.used, epoch.ticks
    old, last_node = cells[p, NODES], epoch.last_node
    epoch.counts[p, i] += change
    q, d = epoch.place[p, 0], epoch.place[p, 1]
    work = cells[p, WORK] + change * epoch.chunk[i, p, 0]
    energy[d] += last_node_change(p, work, cells, epoch.node_ticks, last_node)
    cells[p, WORK] += change * epoch.chunk[i, p, 0]
    cells[p, ENERGY] += change * epoch.chunk[i, p, 1]
    cells[p, REQUESTS] += change * epoch.size[i, 0]
    cells[p, PROMPTS] += change * epoch.size[i, 1]
    nodes = running_nodes(cells[p, WORK], epoch.node_ticks, ticks[p, 4])
    cells[p, NODES] = nodes
    _, unused, later = pool_change(q, nodes - old, used[q], epoch.pool, epoch.rent, 0.0)
    used[q] += nodes - old
    loading = max(0, nodes - ticks[p, 2]) - max(0, old - ticks[p, 2])
    energy[d] += (
        change * epoch.chunk[i, p, 1] + (nodes - old) * ticks[p, 0] + loading * ticks[p, 1] + unused
    )
    later += (max(0, ticks[p, 3] - nodes) - max(0, ticks[p, 3] - old)) * ticks[p, 1]
    epoch.next_energy[d] += later
    if epoch.cell_objectives is not None:
        hour_change(
            d, d, d, nodes - old, energy[d], epoch.next_energy[d], later != 0,
            epoch.cell_objectives,
        )  # fmt: skip
    refresh_cell(
        p, epoch.counts, cells, epoch.value, epoch.moves, epoch.queued, epoch.promises, ticks,
        epoch.fixed, epoch.units,
    )  # fmt: skip
