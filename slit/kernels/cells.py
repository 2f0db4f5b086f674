"""What happens in one placement-hour: nodes, energy and the queue (model.md section 2)."""

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Genes, Ints, Longs
from slit.kernels.model import (
    BOOT,
    HOME,
    POOL_NODES,
    cell_energy,
    cell_queue,
    last_node_energy,
    loading_nodes,
    loading_share,
    longer_than,
    lost_beyond,
    queue_outcome,
    running_nodes,
    unused_energy,
    with_loading,
)
from slit.kernels.pools import add_boots

NEGLIGIBLE_QUEUE = 37.0
"""Mean waits of slack beyond which a queue's loss of quality, below exp(-37) / 38, vanishes beside
1 in double precision."""
NEGLIGIBLE_LATE = 700.0
"""Mean waits of slack beyond which nobody is late: exp(-700) is 1e-304, near the least double."""


@kernel
def fill_cells(
    plan: Genes,
    first_group: int,
    last_group: int,
    group_first: Ints,
    chunk: Longs,
    chunk_size: Longs,
    cells: Longs,
    entries: Longs,
) -> int:
    """Add each chunk's work, energy, requests and weighted prompts to its cell, (P, 4).

    Lists in `entries` (n, 3) group, placement and chunks of all that the cells hold, group by
    group, and returns n. Chunks of a group count together, in whatever order they stand.
    """
    n = 0
    for j in range(first_group, last_group):
        first, g, end, highest = n, group_first[j], group_first[j + 1], -1
        while g < end:
            p, count = int(plan[g]), 1
            g += 1
            while g < end and plan[g] == p:
                count += 1
                g += 1
            cells[p, 0] += count * chunk[j, p, 0]
            cells[p, 1] += count * chunk[j, p, 1]
            cells[p, 2] += count * chunk_size[j, 0]
            cells[p, 3] += count * chunk_size[j, 1]
            e = n
            if p > highest:
                highest = p
            else:
                e = first
                while e < n and entries[e, 1] != p:
                    e += 1
            if e == n:
                entries[n, 0], entries[n, 1], entries[n, 2] = j, p, count
                n += 1
            else:
                entries[e, 2] += count
    return n


@kernel
def list_cells(
    cells: Longs, places: Longs, warm: bool | np.bool_, listed: Longs
) -> tuple[Longs, Longs]:
    """The cells in use, and those with active nodes, ascending; kept in `listed` (2, P).

    They are the same unless some nodes are `warm`; places as in `placement_tables`.
    """
    n, m = 0, 0
    for p in range(cells.shape[0]):
        # Without a branch: which cells are in use nobody can predict.
        listed[0, n] = p
        n += 1 if cells[p, 2] > 0 else 0
    used = listed[0, :n]
    if not warm:
        return used, used
    for p in range(cells.shape[0]):
        listed[1, m] = p
        m += 1 if cells[p, 2] > 0 or places[p, 4] > 0 else 0
    return used, listed[1, :m]


@kernel
def empty_cells(used: Longs, cells: Longs, nodes: Longs, served: Floats) -> None:
    """Zeros for the cells listed, so that the next plan finds all of them empty."""
    for p in used:
        nodes[p] = 0
        for field in range(cells.shape[1]):
            cells[p, field] = 0
        served[p, 0], served[p, 1] = 0.0, 0.0


@kernel
def run_nodes(
    used: Longs,
    cells: Longs,
    node_ticks: int,
    before: Longs,
    places: Longs,
    last_node: Floats,
    pools: Longs,
    nodes: Longs,
    occupied: Longs,
    energy: Longs,
) -> int:
    """Active nodes (P,) and IT energy of each datacenter (D,); returns the nodes beyond capacity.

    `used` are the cells with active nodes; `places` (P, 6) and `pools` (Q, 7) as in
    `placement_tables`, `last_node` as in `Problem`; `occupied` (Q,) receives the nodes of each
    pool.
    """
    occupied[:] = 0
    energy[:] = 0
    for p in used:
        active = running_nodes(cells[p, 0], node_ticks, places[p, 4])
        nodes[p] = active
        occupied[places[p, 0]] += active
        energy[places[p, 1]] += cell_energy(
            cells[p, 1], active, loading_nodes(active, before[p]), places[p, 2], places[p, 3]
        )
        if last_node.shape[1] > 0:
            energy[places[p, 1]] += last_node_energy(cells[p, 0], node_ticks, last_node[p])
    excess = 0
    boot = 0
    for q in range(pools.shape[0]):
        energy[pools[q, HOME]] += unused_energy(occupied[q], pools[q])
        excess += max(0, occupied[q] - pools[q, POOL_NODES])
        boot = max(boot, pools[q, BOOT])
    if boot > 0:
        add_boots(before, places, pools, occupied, energy)
    return excess


@kernel
def find_waits(
    used: Longs,
    cells: Longs,
    nodes: Longs,
    before: Longs,
    speeds: Floats,
    epoch_ticks: int,
    prompt_unit: float,
    variability: float,
    negligible: float,
    waits: Floats,
) -> None:
    """Into `waits` (P, 4): chance of waiting, mean wait given one (s), share that meets loading,
    and the slack from which the queue does not matter.

    `speeds` as in `speed_table`; `prompt_unit` turns the ratio of the integer sums into tokens.
    """
    for p in used:
        active = nodes[p]
        chance, mean_wait = cell_queue(
            cells[p, 0], cells[p, 2], cells[p, 3], active, speeds[p], epoch_ticks, prompt_unit,
            variability,
        )  # fmt: skip
        waits[p, 0], waits[p, 1] = chance, mean_wait
        waits[p, 2] = loading_share(loading_nodes(active, before[p]), active, speeds[p, 3])
        waits[p, 3] = negligible * mean_wait


@kernel
def serve_entries(
    entries: Longs,
    group_class: Ints,
    chunk_requests: Floats,
    service: Floats,
    accuracy: Floats,
    slo: Floats,
    waits: Floats,
    queued: Longs,
    outcomes: Floats,
    served: Floats,
) -> None:
    """Add late requests and requests of full quality (accuracy * mean sigma) to `served` (P, 2).

    In three passes, so that no branch waits for the tables: `queued` (n,) receives the entries to
    whom the queue matters, `outcomes` (n, 2) late and sigma of those that meet no loading.
    """
    count = 0
    for e in range(entries.shape[0]):
        j, p = entries[e, 0], entries[e, 1]
        outcomes[e, 0], outcomes[e, 1] = 0.0, 1.0
        queued[count] = e
        count += 1 if service[j, p, 0] < waits[p, 3] else 0
    for e in queued[:count]:
        j, p = entries[e, 0], entries[e, 1]
        outcomes[e, 0], outcomes[e, 1] = queue_outcome(
            service[j, p, 0], service[j, p, 1], slo[group_class[j]], waits[p, 0], waits[p, 1]
        )
    for e in range(entries.shape[0]):
        j, p = entries[e, 0], entries[e, 1]
        share, requests = waits[p, 2], entries[e, 2] * chunk_requests[j]
        late = with_loading(share, outcomes[e, 0], service[j, p, 3])
        sigma = with_loading(share, outcomes[e, 1], service[j, p, 2])
        served[p, 0] += requests * late
        served[p, 1] += requests * (accuracy[group_class[j], p] * sigma)


@kernel
def queue_value(
    counts: Longs,
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

    counts (I,), queued (I, W) are those of the cell; fixed and units as in `Epoch`.
    """
    if requests == 0:
        return 0.0
    chance, mean_wait = cell_queue(
        work, requests, prompts, nodes, fixed, units[2], units[1], units[3]
    )
    total = units[4] * requests * units[0] * chance * mean_wait
    horizon = NEGLIGIBLE_QUEUE * mean_wait
    if queued.shape[1] > 3:
        total += chance * group_queue_value(
            counts, first, first_change, second, second_change, queued, mean_wait
        )
    if least > horizon:
        return float(total)
    for i in range(counts.shape[0]):
        chunks = counts[i]
        if i == first:
            chunks += first_change
        if i == second:
            chunks += second_change
        if chunks > 0:
            slack = queued[i, 0]
            if slack < horizon:
                total += (
                    chunks
                    * chance
                    * longer_than(slack, mean_wait)
                    * (queued[i, 1] + lost_beyond(queued[i, 2], promises[i], mean_wait))
                )
    return float(total)


@kernel
def group_queue_value(
    counts: Longs,
    first: int,
    first_change: int,
    second: int,
    second_change: int,
    queued: Floats,
    mean_wait: float,
) -> float:
    """What those who wait weigh beyond the first three columns of `Scalarization.queued`; arguments
    as in `queue_value`."""
    total = 0.0
    for i in range(counts.shape[0]):
        chunks = counts[i]
        if i == first:
            chunks += first_change
        if i == second:
            chunks += second_change
        if chunks > 0:
            each = queued[i, 3] * mean_wait
            for n in range(4, queued.shape[1], 2):
                each += queued[i, n + 1] * longer_than(queued[i, n], mean_wait)
            total += chunks * each
    return float(total)
