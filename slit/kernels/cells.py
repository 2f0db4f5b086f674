"""What happens in one placement-hour: nodes, energy and the queue (model.md section 2)."""

import math

import numpy as np
from numpy.typing import NDArray

from operators.compiling import kernel

Floats = NDArray[np.float64]
Genes = NDArray[np.int16]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

NEGLIGIBLE_QUEUE = 37.0
"""Mean waits of slack beyond which a queue's loss of quality, below exp(-37) / 38, vanishes beside
1 in double precision."""
NEGLIGIBLE_LATE = 700.0
"""Mean waits of slack beyond which nobody is late: exp(-700) is 1e-304, near the least double."""


@kernel
def active_nodes(work: int, node_ticks: int) -> int:
    """Whole nodes that take `work` ticks at the target utilization."""
    return (work + node_ticks - 1) // node_ticks


@kernel
def queue(
    utilization: float, servers: float, mean_prefill: float, variability: float
) -> tuple[float, float]:
    """Probability of waiting and mean wait given one (s) of a cell in use.

    Sakasegawa (1977) with the Allen-Cunneen factor; no wait where prefill takes no time.
    """
    mean_wait = mean_prefill * variability / (servers * (1.0 - utilization))
    if mean_wait <= 0.0:
        return 0.0, 1.0
    chance = math.exp(math.log(utilization) * (math.sqrt(2.0 * (servers + 1.0)) - 1.0))
    return chance, mean_wait


@kernel
def fill_cells(
    plan: Genes,
    first_group: int,
    last_group: int,
    group_first: Ints,
    chunk: Longs,
    chunk_size: Longs,
    cells: Longs,
) -> None:
    """Add each chunk's work, energy, requests and weighted prompts to its cell, (P, 4)."""
    for j in range(first_group, last_group):
        requests, prompts = chunk_size[j, 0], chunk_size[j, 1]
        for g in range(group_first[j], group_first[j + 1]):
            p = plan[g]
            cells[p, 0] += chunk[j, p, 0]
            cells[p, 1] += chunk[j, p, 1]
            cells[p, 2] += requests
            cells[p, 3] += prompts


@kernel
def count_nodes(
    cells: Longs, node_ticks: int, placement_pool: Ints, nodes: Longs, pools: Longs
) -> None:
    """Active nodes of each cell (P,) and of each pool (Q,), from the work in `cells`."""
    pools[:] = 0
    for p in range(nodes.shape[0]):
        nodes[p] = 0
        if cells[p, 0] > 0:
            nodes[p] = active_nodes(cells[p, 0], node_ticks)
            pools[placement_pool[p]] += nodes[p]


@kernel
def add_energy(
    cells: Longs,
    nodes: Longs,
    before: Longs,
    pools: Longs,
    idle_energy: Longs,
    prewarm_energy: Longs,
    standby_energy: Longs,
    pool_nodes: Longs,
    placement_datacenter: Ints,
    pool_datacenter: Ints,
    energy: Longs,
) -> int:
    """IT energy of each datacenter (D,) in energy ticks; returns the nodes beyond capacity."""
    energy[:] = 0
    for p in range(nodes.shape[0]):
        active = nodes[p]
        if active > 0:
            loading = max(0, active - before[p])
            energy[placement_datacenter[p]] += (
                cells[p, 1] + active * idle_energy[p] + loading * prewarm_energy[p]
            )
    excess = 0
    for q in range(pools.shape[0]):
        spare = pool_nodes[q] - pools[q]
        if spare >= 0:
            energy[pool_datacenter[q]] += spare * standby_energy[q]
        else:
            excess -= spare
    return excess


@kernel
def find_waits(
    cells: Longs,
    nodes: Longs,
    before: Longs,
    replicas: Floats,
    prefill_fixed: Floats,
    prefill_slope: Floats,
    load_share: Floats,
    epoch_ticks: int,
    prompt_unit: float,
    variability: float,
    waits: Floats,
) -> None:
    """Into `waits` (P, 3): chance of waiting, mean wait given one (s), share that meets loading.

    `load_share` (P,) is load time over epoch, 0 where weights are loaded ahead; `prompt_unit` turns
    the ratio of the integer sums into tokens.
    """
    for p in range(nodes.shape[0]):
        active = nodes[p]
        if active > 0:
            prompt = cells[p, 3] / cells[p, 2] * prompt_unit
            waits[p, 0], waits[p, 1] = queue(
                cells[p, 0] / (active * epoch_ticks),
                active * replicas[p],
                prefill_fixed[p] + prefill_slope[p] * prompt,
                variability,
            )
            loading = max(0, active - before[p])
            waits[p, 2] = loading / active * load_share[p]


@kernel
def serve_groups(
    plan: Genes,
    first_group: int,
    last_group: int,
    group_first: Ints,
    group_class: Ints,
    chunk_requests: Floats,
    service: Floats,
    accuracy: Floats,
    slo: Floats,
    waits: Floats,
    negligible: float,
    served: Floats,
    tally: Longs,
    distinct: Longs,
) -> None:
    """Add late requests and requests of full quality (accuracy * mean sigma) to `served` (P, 2).

    Chunks of one group at one placement are counted first, so that their order does not matter.
    """
    for j in range(first_group, last_group):
        found = 0
        for g in range(group_first[j], group_first[j + 1]):
            p = plan[g]
            if tally[p] == 0:
                distinct[found] = p
                found += 1
            tally[p] += 1
        k = group_class[j]
        promise = slo[k]
        for i in range(found):
            p = distinct[i]
            requests = tally[p] * chunk_requests[j]
            tally[p] = 0
            slack = service[j, p, 0]
            chance, mean_wait, share = waits[p, 0], waits[p, 1], waits[p, 2]
            late, sigma = 0.0, 1.0
            if slack < 0.0:
                late = 1.0
                sigma = service[j, p, 1] * (1.0 - chance * mean_wait / (promise + mean_wait))
            elif slack < negligible * mean_wait:
                late = chance * math.exp(-slack / mean_wait)
                sigma = 1.0 - late * mean_wait / (promise + mean_wait)
            if share > 0.0:
                late = (1.0 - share) * late + share * service[j, p, 3]
                sigma = (1.0 - share) * sigma + share * service[j, p, 2]
            served[p, 0] += requests * late
            served[p, 1] += requests * (accuracy[k, p] * sigma)


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

    counts (I,), queued (I, 3) are those of the cell; fixed and units as in `Epoch`.
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
                late = math.exp(-slack / mean_wait) if slack > 0.0 else 1.0
                total += (
                    chunks
                    * chance
                    * late
                    * (queued[i, 1] + queued[i, 2] * mean_wait / (promises[i] + mean_wait))
                )
    return float(total)
