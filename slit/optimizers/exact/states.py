"""Cells as columns of a mixed-integer program, by all that may lie in a cell at once.

Waits depend on everything in a cell. So each combination of chunks that a cell may hold is a column
of its own (a state), with its nodes, energy, waits, lateness and quality computed beforehand; where
loading matters, each state also by the nodes of the epoch before. Where nodes have to stay up, the
nodes are a part of the state. Exact for every linear objective, for instances small enough to list
the states.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats, Longs
from slit.arrays import product
from slit.kernels.model import last_node_energy
from slit.kernels.objective_terms import ObjectiveTerms
from slit.lp.rows import Rows
from slit.optimizers.exact.cells import Cells, cells_before, check_size
from slit.problem import Problem
from slit.problem.first_token import late_while_loading
from slit.relaxation.subproblem import loads_nothing

MOST_STATES = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """All states of one cell: S states, G groups that may be there, M objectives."""

    groups: Longs  # (G,) indices
    counts: Longs  # (S, G) chunks
    nodes: Longs  # (S,)
    needed: Longs  # (S,) of them whatever a minimum time keeps up
    energy: Floats  # (S,) kWh beyond standby, without prewarming
    values: Floats  # (M, S) without loading
    per_load: Floats  # (M, S) what a loading node adds to them
    load_energy: float  # kWh of prewarming one node


def state_cells(problem: Problem, terms: ObjectiveTerms) -> Cells:
    """The formulation by states. Raises SlitError if there are too many."""
    check_size(count_states(problem), MOST_STATES, "states of cells")
    served = np.zeros((problem.epochs, problem.placements), dtype=np.bool_)
    np.logical_or.at(served, problem.group_epoch, problem.allowed)
    served |= (problem.warm_nodes > 0) | lasting(problem)
    epoch, placement = (side.astype(np.int64) for side in np.nonzero(served))
    key = epoch * problem.placements + placement
    tables = [_table(problem, terms, int(t), int(p)) for t, p in zip(epoch, placement, strict=True)]
    before, known = cells_before(problem, epoch, placement, key)
    starts = np.cumsum([0, *(len(table.nodes) for table in tables)])
    rows = Rows()
    width = int(starts[-1])
    for i, table in enumerate(tables):
        rows.add(
            (np.zeros(len(table.nodes), np.int64), starts[i] + np.arange(len(table.nodes)),
             np.ones(len(table.nodes))),
            lower=np.ones(1), upper=np.ones(1),
        )  # fmt: skip
    loads: list[tuple[int, Floats, Floats]] = []
    fixed = [np.zeros(len(table.nodes)) for table in tables]
    for i, table in enumerate(tables):
        if loads_nothing(problem, int(epoch[i])) or not _loading_matters(table):
            continue
        if before[i] < 0:
            fixed[i] = np.maximum(table.nodes - known[i], 0).astype(np.float64)
            continue
        # Over the seam of a cyclic horizon minimum times do not reach.
        earlier = tables[before[i]].nodes if epoch[i] > 0 else tables[before[i]].needed
        levels = np.unique(earlier)
        pairs = width + np.arange(len(table.nodes) * len(levels)).reshape(-1, len(levels))
        width += pairs.size
        check_size(width, MOST_STATES, "states of cells and nodes before")
        _tie(rows, pairs, int(starts[i]), int(starts[before[i]]), earlier, levels)
        loading = np.maximum(table.nodes[:, None] - levels[None, :], 0).astype(np.float64)
        loads.append((i, loading, table.load_energy * loading))
    return _assembled(problem, epoch, placement, tables, fixed, loads, rows, width)


def _assembled(
    problem: Problem,
    epoch: Longs,
    placement: Longs,
    tables: list[_Table],
    fixed: list[Floats],
    loads: list[tuple[int, Floats, Floats]],
    rows: Rows,
    width: int,
) -> Cells:
    sizes = [len(table.nodes) for table in tables]
    cell = np.repeat(np.arange(len(tables)), sizes)
    pair_cell = [np.full(loading.size, i) for i, loading, _ in loads]
    owner = np.concatenate([cell, *pair_cell])
    values = [t.values + t.per_load * load for t, load in zip(tables, fixed, strict=True)]
    energy = [t.energy + t.load_energy * load for t, load in zip(tables, fixed, strict=True)]
    for i, loading, extra in loads:
        per_load = tables[i].per_load
        values.append((per_load[:, :, None] * loading[None]).reshape(len(per_load), -1))
        energy.append(extra.ravel())
    starts = np.cumsum([0, *sizes])
    group, column, chunks = [], [], []
    for table, (first, _) in zip(tables, pairwise(starts), strict=True):
        state, which = np.nonzero(table.counts)
        group.append(table.groups[which])
        column.append(first + state)
        chunks.append(table.counts[state, which].astype(np.float64))
    states = int(starts[-1])
    matrix, lower, upper = rows.assembled(width)
    served = sparse.csr_array(
        (np.concatenate(chunks), (np.concatenate(group), np.concatenate(column))),
        shape=(problem.groups, width),
    )
    none = np.zeros(width - states)
    nodes = np.concatenate([*(table.nodes for table in tables), none])
    needed = np.concatenate([*(table.needed for table in tables), none])
    return Cells(
        epoch=epoch[owner],
        placement=placement[owner],
        nodes=nodes.astype(np.float64),
        needed=needed.astype(np.float64),
        energy=np.concatenate(energy),
        values=np.concatenate(values, axis=1),
        upper=np.ones(width),
        integer=np.arange(width) < states,
        chunks=served,
        matrix=matrix,
        row_lower=lower,
        row_upper=upper,
    )


def _tie(
    rows: Rows, pairs: Longs, first: int, first_before: int, nodes_before: Longs, levels: Longs
) -> None:
    """pairs (S, L): 1 for the state of this cell and the level of nodes before, else 0."""
    states, count = pairs.shape
    every = np.repeat(np.arange(states), count)
    rows.add(
        (every, pairs.ravel(), np.ones(pairs.size)),
        (np.arange(states), first + np.arange(states), -np.ones(states)),
        lower=np.zeros(states),
        upper=np.zeros(states),
    )
    level = np.searchsorted(levels, nodes_before)
    rows.add(
        (np.tile(np.arange(count), states), pairs.ravel(), np.ones(pairs.size)),
        (level, first_before + np.arange(len(level)), -np.ones(len(level))),
        lower=np.zeros(count),
        upper=np.zeros(count),
    )


def _loading_matters(table: _Table) -> bool:
    return bool(table.per_load.any() or table.load_energy)


def lasting(problem: Problem) -> Bools:
    """(T, P): cells in which nodes may be active that neither work nor warmth asks for."""
    later = np.arange(problem.epochs)[:, None] > 0
    kept: Bools = later & (problem.min_up > 1)
    return kept


def count_states(problem: Problem) -> float:
    """How many states the cells of a problem have together, those beyond capacity included."""
    total = 0.0
    levels = problem.pool_nodes[problem.placement_pool] + 1
    kept = lasting(problem)
    for t in range(problem.epochs):
        groups = slice(int(problem.epoch_group[t]), int(problem.epoch_group[t + 1]))
        counts = np.where(problem.allowed[groups], problem.group_chunks[groups, None] + 1.0, 1.0)
        states = counts.prod(axis=0)
        states = np.where(kept[t], states * levels, states)
        total += float(states[problem.allowed[groups].any(axis=0) | kept[t]].sum())
    return total


def _table(problem: Problem, terms: ObjectiveTerms, t: int, p: int) -> _Table:
    """What each combination of chunks in a cell means (model.md section 2)."""
    first, last = int(problem.epoch_group[t]), int(problem.epoch_group[t + 1])
    groups = first + np.flatnonzero(problem.allowed[first:last, p])
    shape = tuple(int(problem.group_chunks[j]) + 1 for j in groups)
    counts = np.indices(shape).reshape(len(groups), prod(shape)).T.astype(np.int64)
    work = counts @ problem.chunk[groups, p, 0]
    needed = np.maximum(-(-work // problem.node_ticks), problem.warm_nodes[p])
    room = int(problem.pool_nodes[problem.placement_pool[p]])
    levels = np.maximum(room - needed + 1, 0) if lasting(problem)[t, p] else needed <= room
    state = np.repeat(np.arange(len(needed)), levels)
    counts, work, needed = counts[state], work[state], needed[state]
    nodes = needed + np.arange(len(state)) - np.searchsorted(state, state)
    standby = int(problem.standby_energy[problem.placement_pool[p]])
    ticks = counts @ problem.chunk[groups, p, 1] + nodes * (int(problem.idle_energy[p]) - standby)
    if problem.last_node.size:
        curve = problem.last_node[p]
        ticks += [last_node_energy(int(each), problem.node_ticks, curve) for each in work]
    values = np.zeros((terms.constant.size, len(nodes)))
    for index, owner in enumerate(terms.request_objective):
        values[owner] += counts @ terms.requests[index][groups, p] * terms.request_unit[index]
    if terms.nodes.size:
        values += terms.nodes[t, p][:, None] * nodes
    queue = _queue(problem, groups, counts, work, nodes, p)
    queued, loaded = _service(problem, groups, counts, queue, p)
    values += product(terms.service.T, queued.sum(axis=2))
    more = product(terms.service.T, (loaded - queued).sum(axis=2))
    for weights, owner in zip(terms.group_service, terms.group_objective, strict=True):
        promise = weights[groups, 3]
        queued, loaded = _service(problem, groups, counts, queue, p, late_after=promise)
        values[owner] += np.einsum("fsg,gf->s", queued, weights[groups, :3])
        more[owner] += np.einsum("fsg,gf->s", loaded - queued, weights[groups, :3])
    share = np.divide(problem.load_share[p], nodes, out=np.zeros(len(nodes)), where=nodes > 0)
    return _Table(
        groups=groups,
        counts=counts,
        nodes=nodes,
        needed=needed,
        energy=ticks * problem.kwh_per_energy_tick,
        values=values,
        per_load=more * share,
        load_energy=float(problem.start_energy[p]) * problem.kwh_per_energy_tick,
    )


def _queue(
    problem: Problem, groups: Longs, counts: Longs, work: Longs, nodes: Longs, p: int
) -> tuple[Floats, Floats]:
    """Chance of waiting in each state, and mean wait given one (s): two arrays (S, 1)."""
    used = counts.any(axis=1)
    requests = counts * problem.chunk_requests[groups]
    with np.errstate(divide="ignore", invalid="ignore"):
        prompt = product(requests, problem.group_prompt[groups]) / requests.sum(axis=1)
        rho = work / (nodes * float(problem.epoch_ticks))
        servers = nodes * problem.replicas[p]
        prefill = problem.prefill_fixed[p] + problem.prefill_slope[p] * prompt
        wait = prefill * problem.variability / (servers * (1.0 - rho))
        chance = rho ** (np.sqrt(2.0 * (servers + 1.0)) - 1.0)
    waits = used & (wait > 0)
    return np.where(waits, chance, 0.0)[:, None], np.where(waits, wait, 1.0)[:, None]


def _service(
    problem: Problem,
    groups: Longs,
    counts: Longs,
    queue: tuple[Floats, Floats],
    p: int,
    *,
    late_after: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Summed waits (s), late requests and requests of full quality of each state and group:
    (3, S, G) where nobody meets a loading node, and (3, S, G) where everybody does.

    late_after (G,): seconds to the first token from which a request is late, if not its SLO.
    """
    requests, (chance, wait) = counts * problem.chunk_requests[groups], queue
    slack, sigma, loaded_sigma, loaded_late = problem.service[groups, p].T
    request_class = problem.group_class[groups]
    promise, right = problem.slo[request_class], problem.accuracy[request_class, p]
    tail = chance * np.exp(-np.maximum(slack, 0.0) / wait)
    good = np.where(
        slack >= 0,
        1.0 - tail * wait / (promise + wait),
        sigma * (1.0 - chance + chance * promise / (promise + wait)),
    )
    if late_after is not None:
        slack = late_after - problem.base_ttft[groups, p]
        tail = chance * np.exp(-np.maximum(slack, 0.0) / wait)
        loaded_late = late_while_loading(slack, problem.load_seconds[p])
    late = np.where(slack >= 0, tail, 1.0)
    queued = [requests * (chance * wait), requests * late, requests * right * good]
    half_load = problem.load_seconds[p] / 2.0
    loaded = [requests * half_load, requests * loaded_late, requests * right * loaded_sigma]
    return np.array(queued), np.array(loaded)
