"""What changes from one epoch to the next: requests served elsewhere, nodes and placements turned
on or off.

Requests are compared group by group with the same origin and class in the epoch before; in whole
chunks, so that the sums do not depend on their order.
"""

from typing import NamedTuple

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Genes, Ints, Longs
from slit.kernels.model import loading_nodes, running_nodes
from slit.problem.arrays import Problem

UNKNOWN = np.iinfo(np.int64).max
"""Nodes of an epoch of which nothing is known: none has to start, nothing is turned on or off."""


class EpochTransitions(NamedTuple):
    """What rerouting weighs in an opened epoch of I groups; counts in chunks of this epoch."""

    before: Floats  # (P, I) of the epoch before
    after: Floats  # (P, I) of the epoch after it
    weight: Floats  # (I, 2) per chunk of difference to the epoch before and to the one after


@kernel
def rerouted_requests(
    before: Genes,
    plan: Genes,
    first_group: int,
    last_group: int,
    group_first: Ints,
    group_previous: Ints,
    group_requests: Floats,
    difference: Longs,
) -> float:
    """Requests of an epoch's groups in `plan` (G,) that plan `before` (G,), often the same, serves
    elsewhere in the epoch before.

    A group without one before counts nothing. `difference` (P,) is zero and stays so.
    """
    total = 0.0
    for j in range(first_group, last_group):
        if group_previous[j] >= 0:
            total += group_requests[j] * rerouted_share(
                before, plan, j, group_previous[j], group_first, difference
            )
    return total


@kernel
def rerouted_share(
    before: Genes, plan: Genes, j: int, earlier: int, group_first: Ints, difference: Longs
) -> float:
    """Share of group j in `plan` that plan `before` serves elsewhere as its group `earlier`;
    others as in `rerouted_requests`."""
    start, end = group_first[j], group_first[j + 1]
    start_earlier, end_earlier = group_first[earlier], group_first[earlier + 1]
    chunks, chunks_earlier = end - start, end_earlier - start_earlier
    for g in range(start, end):
        difference[plan[g]] += chunks_earlier
    for g in range(start_earlier, end_earlier):
        difference[before[g]] -= chunks
    moved = 0
    for g in range(start, end):
        moved += abs(difference[plan[g]])
        difference[plan[g]] = 0
    for g in range(start_earlier, end_earlier):
        moved += abs(difference[before[g]])
        difference[before[g]] = 0
    return float(moved / (2 * chunks * chunks_earlier))


@kernel
def share_from_today(
    plan: Genes, j: int, today: Longs, group_first: Ints, difference: Longs
) -> float:
    """Share of group j of the first epoch that today's routing, (J', P) chunks, serves elsewhere; 0
    for one that it does not have."""
    start, end = group_first[j], group_first[j + 1]
    for g in range(start, end):
        difference[plan[g]] += 1
    known = moved = 0
    for p in range(today.shape[1]):
        known += today[j, p]
        moved += abs(difference[p] - today[j, p])
        difference[p] = 0
    return float(moved / (2 * (end - start))) if known > 0 else 0.0


@kernel
def rerouted_from_today(plan: Genes, problem: Problem, difference: Longs) -> float:
    """Requests of the first epoch's groups in `plan` (G,) that today's routing serves elsewhere.

    A group that it does not have counts nothing. `difference` (P,) is zero and stays so.
    """
    today, total = problem.today_chunks, 0.0
    for j in range(today.shape[0]):
        share = share_from_today(plan, j, today, problem.group_first, difference)
        total += problem.group_requests[j] * share
    return total


@kernel
def largest_reroute(plan: Genes, problem: Problem, difference: Longs) -> float:
    """The largest share of a group that a plan (G,) serves elsewhere than in the epoch before, or
    than today's routing does; `difference` as in `rerouted_requests`."""
    first, previous, today = problem.group_first, problem.group_previous, problem.today_chunks
    largest = 0.0
    for j in range(previous.shape[0]):
        if previous[j] >= 0:
            share = rerouted_share(plan, plan, j, previous[j], first, difference)
            largest = max(largest, share)
    for j in range(today.shape[0]):
        largest = max(largest, share_from_today(plan, j, today, first, difference))
    return float(largest)


@kernel
def add_reroutes(
    population: Genes, first: int, problem: Problem, weights: Floats, parts: Floats
) -> None:
    """Add what rerouting weighs, (M,), to `parts` (N, T', M), the epochs from `first` on."""
    if not np.any(weights != 0.0):
        return
    group_first, previous = problem.group_first, problem.group_previous
    requests, edges = problem.group_requests, problem.epoch_group
    difference = np.zeros(problem.placement_pool.shape[0], np.int64)
    for n in range(population.shape[0]):
        for row in range(parts.shape[1]):
            start, end = edges[first + row], edges[first + row + 1]
            moved = rerouted_requests(
                population[n],
                population[n],
                start,
                end,
                group_first,
                previous,
                requests,
                difference,
            )
            if first + row == 0:
                moved += rerouted_from_today(population[n], problem, difference)
            for m in range(weights.shape[0]):
                parts[n, row, m] += weights[m] * moved


@kernel
def hand_over(nodes: Longs, before: Longs, first: Longs) -> None:
    """Let nodes (P,) that an operating point had before, and does not need now, be those of other
    points of its pool and variant that need more, in order: they hold the weights already.

    `before` (P,) is changed in place, the sum over points stays. first (P,): the first point of
    each, itself where there is but one; empty where each is but one.
    """
    if first.shape[0] == 0:
        return
    for p in range(nodes.shape[0]):
        given = first[p]
        while nodes[p] > before[p] and given < nodes.shape[0] and first[given] == first[p]:
            moved = min(nodes[p] - before[p], max(0, before[given] - nodes[given]))
            before[given] -= moved
            before[p] += moved
            given += 1


@kernel
def shared_points(places: Longs) -> Longs:
    """`first` as in `hand_over`; places as in `placement_tables`."""
    for p in range(places.shape[0]):
        if places[p, 5] != p:
            return places[:, 5].copy()
    return np.zeros(0, np.int64)


@kernel
def share_weights(
    powered: Longs,
    cells: Longs,
    node_ticks: int,
    places: Longs,
    points: Longs,
    nodes: Longs,
    before: Longs,
) -> None:
    """`hand_over`, where there are `points` that share weights, with the nodes of an epoch, which
    it fills in; arguments as in `slit.kernels.cells.run_nodes`."""
    if points.shape[0] > 0:
        for p in powered:
            nodes[p] = running_nodes(cells[p, 0], node_ticks, places[p, 4])
        hand_over(nodes, before, points)


@kernel
def switched_on_or_off(nodes: Longs, before: Longs, first: Longs) -> int:
    """Variants of a pool that have nodes now or had some before, not both; `first` as in
    `hand_over`. Those of which nothing is known before do not count."""
    switched, now, then, count = 0, False, False, nodes.shape[0]
    alone = first.shape[0] == 0
    for p in range(count):
        if alone or first[p] == p:
            now, then = False, False
        if before[p] == UNKNOWN:
            continue
        now, then = now or nodes[p] > 0, then or before[p] > 0
        if now != then and (alone or p + 1 == count or first[p + 1] == p + 1):
            switched += 1
    return switched


@kernel
def add_node_changes(
    nodes: Longs, before: Longs, first: Longs, starts: Floats, switches: Floats, part: Floats
) -> None:
    """Add what nodes that start, (P, M), and variants of a pool turned on or off, (M,), weigh;
    `first` as in `hand_over`, which has changed `before`."""
    switched = switched_on_or_off(nodes, before, first)
    for p in range(nodes.shape[0]):
        if before[p] == UNKNOWN:
            continue
        started = loading_nodes(nodes[p], before[p])
        if started > 0 and starts.shape[0] > 0:
            for m in range(part.shape[0]):
                part[m] += starts[p, m] * started
    for m in range(part.shape[0]):
        part[m] += switches[m] * switched


@kernel
def reroute_change(
    p: int, i: int, chunks: int, change: int, transitions: EpochTransitions
) -> float:
    """What rerouting weighs more when cell (p, i) of `chunks` gets `change` more."""
    weight = transitions.weight
    if weight.shape[0] == 0:
        return 0.0
    before, after = transitions.before[p, i], transitions.after[p, i]
    return float(
        weight[i, 0] * (abs(chunks + change - before) - abs(chunks - before))
        + weight[i, 1] * (abs(chunks + change - after) - abs(chunks - after))
    )


@kernel
def exchange_change(
    i: int, a: int, j: int, b: int, counts: Longs, transitions: EpochTransitions
) -> float:
    """What rerouting weighs more when a chunk of group i at a and one of j at b trade places."""
    return float(
        reroute_change(a, i, counts[a, i], -1, transitions)
        + reroute_change(a, j, counts[a, j], 1, transitions)
        + reroute_change(b, i, counts[b, i], 1, transitions)
        + reroute_change(b, j, counts[b, j], -1, transitions)
    )


def transitions_of_epoch(plan: Genes, t: int, problem: Problem, weight: float) -> EpochTransitions:
    """What rerouting a request, of the given weight, means for epoch t of a plan (G,).

    Its arrays are empty where it weighs nothing: `None` would compile local search twice.
    """
    if weight == 0.0:
        nothing = np.zeros((0, 2))
        return EpochTransitions(before=nothing, after=nothing, weight=nothing)
    own = np.arange(problem.epoch_group[t], problem.epoch_group[t + 1])
    previous, following = problem.group_previous[own], problem.group_next[own]
    # Requests count in the epoch in which they are served elsewhere than before.
    rerouted = np.stack(
        [
            np.where(previous >= 0, problem.group_requests[own], 0.0),
            np.where(following >= 0, problem.group_requests[following], 0.0),
        ],
        axis=1,
    )
    before = _counts_of(plan, own, previous, problem)
    if t == 0 and len(problem.today_chunks):
        before = np.ascontiguousarray(problem.today_chunks.T, dtype=np.float64)
        known = problem.today_chunks.any(axis=1)
        rerouted[:, 0] = np.where(known, problem.group_requests[own], 0.0)
    return EpochTransitions(
        before=before,
        after=_counts_of(plan, own, following, problem),
        weight=weight * rerouted / (2.0 * problem.group_chunks[own, None]),
    )


def _counts_of(plan: Genes, own: Longs, other: Ints, problem: Problem) -> Floats:
    """(P, I): the chunks of the groups `other` (-1: none), as shares of those of `own`."""
    counts = np.zeros((problem.placements, len(own)))
    for i, group in enumerate(other):
        if group >= 0:
            genes = plan[problem.group_first[group] : problem.group_first[group + 1]]
            counts[:, i] = np.bincount(genes, minlength=problem.placements)
            counts[:, i] *= problem.group_chunks[own[i]] / len(genes)
    return counts
