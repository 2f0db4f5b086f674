"""One plan written out: the steps of full evaluation, with what they compute on the way kept."""

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Genes, Longs
from slit.kernels.cells import (
    NEGLIGIBLE_LATE,
    fill_cells,
    find_waits,
    list_cells,
    run_nodes,
)
from slit.kernels.evaluation import most_genes, placement_tables, start_nodes
from slit.kernels.model import (
    booted,
    late_in_queue,
    loading_nodes,
    mean_delay,
    powered,
    queue_outcome,
    utilization,
    with_loading,
)
from slit.kernels.node_times import follow_times, times_matter
from slit.kernels.pools import powered_before
from slit.kernels.transitions import share_weights, shared_points
from slit.problem.arrays import Problem


@kernel
def account_plan(
    plan: Genes,
    problem: Problem,
    counts: Longs,
    cells: Longs,
    nodes: Longs,
    waits: Floats,
    occupied: Longs,
    energy: Longs,
    refused: Longs,
    boots: Longs,
) -> None:
    """What a plan (G,) does, into arrays of zeros.

    counts (J, P) chunks; cells (T, P, 4) as in `fill_cells`; nodes (2, T, P) active and loading
    ones; waits (T, P, 4) as in `find_waits`, with utilization in the last column; occupied (T, Q)
    nodes of pools; energy (T, D) of datacenters; refused (T, P) starts before a minimum time down
    is over; boots (T, Q) nodes of pools that boot.
    """
    places, speeds, pools = placement_tables(problem)
    before = np.zeros(places.shape[0], np.int64)
    entries = np.zeros((most_genes(problem.epoch_gene), 3), np.int64)
    points = shared_points(places)
    listed = np.zeros((2, places.shape[0]), np.int64)
    start_nodes(plan, problem, before)
    timed = times_matter(problem)
    least = np.zeros((nodes.shape[1] if timed else 0, places.shape[0]), np.int64)
    if timed:
        followed = np.zeros_like(least)
        follow_times(plan, problem, before, followed, least, refused)
    for t in range(nodes.shape[1]):
        active = nodes[0, t]
        for p in range(least.shape[1] if timed else 0):
            places[p, 4] = least[t, p]
        filled = fill_cells(
            plan, problem.epoch_group[t], problem.epoch_group[t + 1], problem.group_first,
            problem.chunk, problem.chunk_size, cells[t], entries,
        )  # fmt: skip
        for e in range(filled):
            counts[entries[e, 0], entries[e, 1]] += entries[e, 2]
        used, active_cells = list_cells(cells[t], places, True, listed)
        share_weights(active_cells, cells[t], problem.node_ticks, places, points, active, before)
        run_nodes(
            active_cells, cells[t], problem.node_ticks, before, places, problem.last_node, pools,
            active, occupied[t], energy[t],
        )  # fmt: skip
        earlier = powered_before(before, places, pools)
        for q in range(pools.shape[0]):
            boots[t, q] = booted(powered(occupied[t, q], pools[q]), earlier[q])
        find_waits(
            used, cells[t], active, before, speeds, problem.epoch_ticks,
            problem.request_scale / problem.prompt_scale, problem.variability, NEGLIGIBLE_LATE,
            waits[t],
        )  # fmt: skip
        for p in active_cells:
            nodes[1, t, p] = loading_nodes(active[p], before[p])
            waits[t, p, 3] = utilization(cells[t, p, 0], active[p], problem.epoch_ticks)
        before[:] = active


@kernel
def serve_groups(waits: Floats, problem: Problem, outcomes: Floats) -> None:
    """Mean seconds to the first token, mean sigma and probability of being late of each group at
    each placement, into (J, P, 3); waits (T, P, 4) as `account_plan` leaves them.
    """
    for j in range(outcomes.shape[0]):
        promise = problem.slo[problem.group_class[j]]
        for p in range(outcomes.shape[1]):
            wait = waits[problem.group_epoch[j], p]
            service = problem.service[j, p]
            chance, share = wait[0], wait[2]
            mean_wait = wait[1] if chance > 0.0 else 1.0
            late, sigma = queue_outcome(service[0], service[1], promise, chance, mean_wait)
            delay = mean_delay(share, chance, mean_wait, problem.load_seconds[p] / 2.0)
            outcomes[j, p, 0] = problem.base_ttft[j, p] + delay
            outcomes[j, p, 1] = with_loading(share, sigma, service[2])
            outcomes[j, p, 2] = with_loading(share, late, service[3])


@kernel
def queue_beyond(slack: Floats, chance: Floats, mean_wait: Floats, late: Floats) -> None:
    """Probability of being late of S streams of requests that meet no loading, at X times.

    slack (X, S) and the result `late` (X, S); chance and mean_wait (S,) of their cells.
    """
    for x in range(slack.shape[0]):
        for s in range(slack.shape[1]):
            wait = mean_wait[s] if chance[s] > 0.0 else 1.0
            late[x, s] = late_in_queue(slack[x, s], chance[s], wait)
