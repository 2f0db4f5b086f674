"""Local search over the epochs of a plan: it ends where no move, shed node or swap helps.

What runs once for an epoch is plain Python: compiled, it would double the time to compile, for a
few per cent of the time to search.
"""

from typing import NamedTuple

import numpy as np

from operators.compiling import kernel
from operators.types import Genes, Ints, Longs
from slit.kernels.cell_objectives import HERE, VALUE, sum_hours
from slit.kernels.epoch import (
    LOADED,
    NODES,
    QUEUED,
    TOTAL,
    WAITING,
    WORK,
    Epoch,
    Neighbors,
    open_epoch,
)
from slit.kernels.evaluation import start_nodes
from slit.kernels.model import active_nodes
from slit.kernels.moves import exchange, scan, shift
from slit.kernels.node_times import follow_times, times_matter
from slit.kernels.scalarization import Scalarization
from slit.kernels.transitions import (
    UNKNOWN,
    hand_over,
    rerouted_from_today,
    rerouted_requests,
    switched_on_or_off,
)
from slit.problem.arrays import Problem, Start

ENOUGH = 1e-12
"""Improvements below this, in units of the weighted sum, are rounding."""
MOST_MOVES = 50_000_000
"""Moves of one local search over a whole plan: a few seconds, ten times what it needs at ten
thousand genes."""
MANY = 16
"""Chunks of a group in a cell from which a step takes more than one of them."""
STEPS = 4
"""Steps in which many chunks leave a cell that sheds a node, about."""


def improve_plan(
    plan: Genes,
    problem: Problem,
    scalarization: Scalarization,
    first: int,
    last: int,
    node_penalty: float,
    swaps: bool,
    most_moves: int,
) -> tuple[int, float]:
    """Descend on epochs first..last-1 of `plan` (G,), in place.

    Returns the moves evaluated and the change of the weighted sum, `node_penalty` per node beyond
    capacity included. An epoch is left when nothing helps any more, or when it used `most_moves`
    moves. Where minimum times tie epochs together, or operating points share weights, which moves
    take as they lay when the epoch was opened, what a descent does to all decides whether it stays.
    """
    before = np.zeros(problem.placement_pool.shape[0], np.int64)
    moves, gained, timed = 0, 0.0, times_matter(problem) or shares_weights(problem)
    for t in range(first, last):
        if problem.epoch_group[t] == problem.epoch_group[t + 1]:
            continue
        epoch = epoch_of_plan(plan, t, problem, scalarization, before, node_penalty)
        if timed:  # what it may go back to is in canonical form, too
            close_epoch(plan, problem.group_first[problem.epoch_group[t] :], epoch)
        earlier = plan.copy() if timed else plan
        evaluated, change = improve_epoch(epoch, swaps, most_moves)
        close_epoch(plan, problem.group_first[problem.epoch_group[t] :], epoch)
        if timed:
            change = change_over_epochs(earlier, plan, t, problem, scalarization, node_penalty)
            if change >= -ENOUGH:
                plan[:], change = earlier, 0.0
        moves += evaluated
        gained += change
    return moves, gained


def epoch_of_plan(
    plan: Genes,
    t: int,
    problem: Problem,
    scalarization: Scalarization,
    before: Longs,
    node_penalty: float,
) -> Epoch:
    """Epoch t of a plan (G,) opened between its neighbors; `before` (P,) is overwritten."""
    n_epochs = problem.epochs
    following = t + 1 if t + 1 < n_epochs else t
    if problem.start == Start.CYCLIC and t + 1 == n_epochs:
        following = 0
    before[:] = nodes_before(plan, t, problem)
    if shares_weights(problem):
        hand_over(nodes_of_epoch(plan, t, problem), before, problem.first_point)
    return epoch_between(plan, t, following, problem, scalarization, before, node_penalty)


def shares_weights(problem: Problem) -> bool:
    """Whether several placements are operating points of one pool and variant."""
    return bool((problem.first_point != np.arange(problem.placements)).any())


def nodes_before(plan: Genes, t: int, problem: Problem) -> Longs:
    """Nodes that hold each placement's variant before epoch t, (P,)."""
    cyclic = problem.start == Start.CYCLIC and problem.epochs > 1
    if t > 0:
        return nodes_of_epoch(plan, t - 1, problem)
    if cyclic:
        return needed_nodes(plan, problem.epochs - 1, problem)
    if problem.start == Start.GIVEN:
        return problem.initial_nodes
    return np.full(problem.placements, UNKNOWN)  # an only epoch follows itself


def nodes_of_epoch(plan: Genes, t: int, problem: Problem) -> Longs:
    """Active nodes of each placement in epoch t, (P,)."""
    if times_matter(problem):
        return np.asarray(followed(plan, problem).nodes[t])
    return needed_nodes(plan, t, problem)


class Followed(NamedTuple):
    """What minimum times make of a plan: as `follow_times` has it."""

    nodes: Longs  # (T, P)
    least: Longs  # (T, P)
    refused: Longs  # (T, P)


def followed(plan: Genes, problem: Problem) -> Followed:
    """The nodes of a plan (G,) over all epochs."""
    shape = problem.epochs, problem.placements
    found = Followed(*(np.zeros(shape, np.int64) for _ in range(3)))
    before = np.zeros(problem.placements, np.int64)
    start_nodes(plan, problem, before)
    follow_times(plan, problem, before, *found)
    return found


def least_nodes(plan: Genes, t: int, problem: Problem) -> Longs:
    """Nodes that are active in epoch t whatever its work, (P,)."""
    return followed(plan, problem).least[t] if times_matter(problem) else problem.warm_nodes


def change_over_epochs(
    before: Genes,
    after: Genes,
    t: int,
    problem: Problem,
    scalarization: Scalarization,
    node_penalty: float,
) -> float:
    """What plan `after` weighs more than `before` (G,), from which it differs in epoch t."""
    old, new = followed(before, problem), followed(after, problem)
    differs = (old.nodes != new.nodes).any(axis=1)
    differs |= (old.least != new.least).any(axis=1)
    differs[t] = True
    touched = np.flatnonzero(differs | np.roll(differs, 1))  # and the epochs that follow them
    change = node_penalty * float(new.refused.sum() - old.refused.sum())
    for epoch in touched.tolist():
        for plan, nodes, sign in ((after, new, 1.0), (before, old, -1.0)):
            value = epoch_value(plan, epoch, problem, scalarization, nodes, node_penalty)
            change += sign * value
    return change


def epoch_value(
    plan: Genes,
    t: int,
    problem: Problem,
    scalarization: Scalarization,
    nodes: Followed,
    node_penalty: float,
) -> float:
    """What epoch t of a plan adds to the weighted sum, and to `node_penalty` per node beyond."""
    none = np.zeros(problem.placements, np.int64)
    before = (nodes.nodes[t - 1] if t > 0 else nodes_before(plan, 0, problem)).copy()
    hand_over(nodes.nodes[t], before, problem.first_point)
    alone = Neighbors(
        before, t, none, none.astype(np.float64), np.zeros(problem.datacenters, np.int64),
        nodes.least[t],
    )  # fmt: skip
    epoch = open_epoch(plan, t, problem, scalarization, alone, node_penalty)
    active, known = epoch.cells[:, NODES], before != UNKNOWN
    used = epoch.site[:, 2] * epoch.energy
    value = float(epoch.value[:, TOTAL].sum())
    value += float((epoch.site[:, 0] * epoch.energy).sum())
    value += float((epoch.site[:, 1] * np.maximum(0.0, used - epoch.site[:, 3])).sum())
    value += node_penalty * float(np.maximum(0, epoch.used - problem.pool_nodes).sum())
    value += float((epoch.rent * np.maximum(0, epoch.used - problem.committed_nodes)).sum())
    started = np.maximum(0, active - before)
    value += float((scalarization.starts * started)[known].sum())
    value += scalarization.switches * switched_on_or_off(active, before, problem.first_point)
    if epoch.cell_objectives is not None:
        value += float(epoch.cell_objectives.state[HERE, : problem.datacenters, VALUE].sum())
    if scalarization.reroute:
        groups = int(problem.epoch_group[t]), int(problem.epoch_group[t + 1])
        moved = rerouted_requests(
            plan, plan, *groups, problem.group_first, problem.group_previous,
            problem.group_requests, none,
        )  # fmt: skip
        moved += rerouted_from_today(plan, problem, none) if t == 0 else 0.0
        value += scalarization.reroute * moved
    return value


def needed_nodes(plan: Genes, t: int, problem: Problem) -> Longs:
    """Nodes of each placement that epoch t needs or keeps warm, (P,)."""
    genes = slice(problem.epoch_gene[t], problem.epoch_gene[t + 1])
    ticks = problem.chunk[problem.gene_group[genes], plan[genes], 0]
    work = np.zeros(problem.placements, np.int64)
    np.add.at(work, plan[genes], ticks)
    return np.maximum(-(-work // problem.node_ticks), problem.warm_nodes)


def epoch_between(
    plan: Genes,
    t: int,
    following: int,
    problem: Problem,
    scalarization: Scalarization,
    before: Longs,
    node_penalty: float,
) -> Epoch:
    """Epoch t opened, with what its nodes mean for the epoch that follows (t: none does)."""
    none, gap = np.zeros(len(before), np.int64), np.zeros(len(before))
    least = least_nodes(plan, t, problem)
    alone = Neighbors(before, t, none, gap, np.zeros(problem.datacenters, np.int64), least)
    if following == t:
        return open_epoch(plan, t, problem, scalarization, alone, node_penalty)
    nodes = nodes_of_epoch if following > t else needed_nodes  # over the seam: as `nodes_before`
    here = nodes(plan, t, problem)
    held, shared = here.copy(), shares_weights(problem)
    if shared:
        hand_over(nodes_of_epoch(plan, following, problem), held, problem.first_point)
    last = alone._replace(
        before=held,
        following=following,
        least=least_nodes(plan, following, problem),
    )
    ahead = open_epoch(plan, following, problem, scalarization, last, node_penalty)
    after, value = ahead.cells[:, NODES].copy(), ahead.value
    used = after > 0
    loading = value[used, LOADED] - value[used, QUEUED] - value[used, WAITING]
    gap = np.zeros(len(before))
    gap[used] = loading * problem.load_share[used] / after[used]
    if shared:
        hand_over(here, after, problem.first_point)
    between = Neighbors(before, following, after, gap, ahead.energy, least)
    return open_epoch(plan, t, problem, scalarization, between, node_penalty)


@kernel
def close_epoch(plan: Genes, group_first: Ints, epoch: Epoch) -> None:
    """Write the chunks of an epoch back into the plan, in canonical form.

    `group_first` are the first genes of its groups.
    """
    for i in range(epoch.counts.shape[1]):
        g = group_first[i]
        for p in range(epoch.counts.shape[0]):
            for _ in range(epoch.counts[p, i]):
                plan[g] = p
                g += 1


@kernel
def improve_epoch(epoch: Epoch, swaps: bool, most_moves: int) -> tuple[int, float]:
    """Descend until no move, no shed node and no swap helps; returns as `improve_plan` does."""
    evaluated, gained, change = 0, 0.0, -1.0
    while change < 0.0 and evaluated < most_moves:
        moves, change = try_moves(epoch)
        evaluated += moves
        gained += change
        if change < 0.0:
            continue
        for a in range(epoch.cells.shape[0]):
            if epoch.cells[a, NODES] > epoch.ticks[a, 4]:
                moves, shed = shed_node(a, epoch)
                evaluated += moves
                change += shed
        gained += change
        if change < 0.0 or not swaps:
            continue
        moves, change = try_swaps(epoch)
        evaluated += moves
        gained += change
    return evaluated, gained


@kernel
def try_moves(epoch: Epoch) -> tuple[int, float]:
    """Move chunks, all of a group in a cell or one of them, wherever it helps most.

    Of many chunks ever smaller parts are tried.
    """
    evaluated, gained = 0, 0.0
    for i in range(epoch.counts.shape[1]):
        n_options = epoch.option_count[epoch.rows[i]]
        for a in range(epoch.counts.shape[0]):
            k = int(epoch.counts[a, i])
            while k > 0:
                b, change = scan(i, a, k, epoch, -ENOUGH)
                evaluated += n_options
                if b >= 0:
                    gained += change
                    shift(i, a, -k, epoch)
                    shift(i, b, k, epoch)
                    k = int(epoch.counts[a, i])
                elif k > MANY:
                    k //= MANY
                else:
                    k = 1 if k > 1 else 0
    return evaluated, gained


@kernel
def try_swaps(epoch: Epoch) -> tuple[int, float]:
    """Let chunks of two groups in two cells trade places wherever it helps."""
    counts, cells, chunk = epoch.counts, epoch.cells, epoch.chunk
    n_placements, n_groups = counts.shape
    evaluated, gained = 0, 0.0
    for a in range(n_placements):
        for b in range(a + 1, n_placements):
            if cells[a, NODES] == 0 or cells[b, NODES] == 0:
                continue
            for i in range(n_groups):
                if counts[a, i] == 0 or chunk[i, b, 0] == 0:
                    continue
                for j in range(n_groups):
                    if counts[b, j] == 0 or i == j or chunk[j, a, 0] == 0:
                        continue
                    evaluated += 1
                    change = exchange(i, a, j, b, epoch, -ENOUGH)
                    if change < -ENOUGH:
                        gained += change
                        shift(i, a, -1, epoch)
                        shift(j, a, 1, epoch)
                        shift(j, b, -1, epoch)
                        shift(i, b, 1, epoch)
                        if counts[a, i] == 0:
                            break
    return evaluated, gained


@kernel
def step_of(chunks: int, work: int, chunk_work: int) -> int:
    """How many of a group's chunks leave a cell at once that has to lose `work`."""
    needed = min(chunks, active_nodes(work, chunk_work))
    return needed // STEPS if needed > MANY else 1


@kernel
def shed_node(a: int, epoch: Epoch) -> tuple[int, float]:
    """Move chunks away from cell `a`, cheapest per work first, until it needs one node less.

    Undone unless the whole helps. Returns the moves evaluated and the change, 0 if undone. For a
    cell of one node this empties the placement.
    """
    counts, cells, rows = epoch.counts, epoch.cells, epoch.rows
    node_ticks = epoch.node_ticks
    target = (cells[a, NODES] - 1) * node_ticks
    if target > 0 and cells[a, WORK] - target > node_ticks // 2:
        return 0, 0.0
    old_counts, old_cells, old_value = counts.copy(), cells.copy(), epoch.value.copy()
    old_energy, old_next, old_used = (
        epoch.energy.copy(), epoch.next_energy.copy(), epoch.used.copy(),
    )  # fmt: skip
    total, evaluated = 0.0, 0
    while cells[a, WORK] > target:
        best_group, best_place, best_rate, best_change, moved = -1, -1, np.inf, np.inf, 0
        for i in range(counts.shape[1]):
            if counts[a, i] > 0:
                k = step_of(counts[a, i], cells[a, WORK] - target, epoch.chunk[i, a, 0])
                b, change = scan(i, a, k, epoch, np.inf)
                evaluated += epoch.option_count[rows[i]]
                rate = change / (k * epoch.chunk[i, a, 0])
                if b >= 0 and rate < best_rate:
                    best_group, best_place, best_rate, best_change = i, b, rate, change
                    moved = k
        if best_group < 0:
            break
        total += best_change
        shift(best_group, a, -moved, epoch)
        shift(best_group, best_place, moved, epoch)
    if cells[a, WORK] <= target and total < -ENOUGH:
        return evaluated, total
    counts[:] = old_counts
    cells[:] = old_cells
    epoch.value[:] = old_value
    epoch.energy[:] = old_energy
    epoch.next_energy[:] = old_next
    epoch.used[:] = old_used
    sum_hours(
        cells, epoch.place, epoch.ticks, epoch.energy, epoch.next_energy, epoch.cell_objectives
    )
    return evaluated, 0.0
