"""Cells of a plan in whole chunks and nodes, as columns of a mixed-integer program.

By counts: a column for the chunks of each group at each placement, and one for the active nodes of
each cell. Exact for every objective that does not depend on waits; the others need states
(`slit.optimizers.exact.states`).
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from operators.types import Bools, Floats, Ints, Longs
from slit.errors import SlitError
from slit.kernels.objective_terms import ObjectiveTerms
from slit.lp.rows import Rows
from slit.problem import Problem, Start
from slit.relaxation.subproblem import loads_nothing

MOST_PAIRS = 3000
"""Sixty chunks in some hundred pairs take seconds a plan; far more do not end."""
NOT_BEFORE = -1
SHARPER = 1024.0
"""Rows of work are scaled by this: the solver's tolerance is absolute."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """K columns that say what lies in the cells: M objectives.

    chunks (G', K): what a unit of each column serves of each group (rows sum to its chunks).
    nodes, energy (K,): active nodes, and kWh of IT energy beyond standby, of a unit; needed (K,):
    the nodes without those that only a minimum time keeps up. values (M, K): what it adds to the
    objectives besides energy. matrix: further rows.
    """

    epoch: Longs
    placement: Longs
    nodes: Floats
    needed: Floats
    energy: Floats
    values: Floats
    upper: Floats
    integer: Bools
    chunks: sparse.csr_array[np.float64]
    matrix: sparse.csc_array[np.float64]
    row_lower: Floats
    row_upper: Floats


def check_size(found: float, most: int, what: str) -> None:
    """Raise SlitError for a program with too many columns of a kind."""
    if found > most:
        raise SlitError(
            f"exact: {found:,.0f} {what} or more, expected at most {most:,} (fewer hours, fewer or "
            "coarser groups, or objectives that do not depend on waits)"
        )


def count_cells(problem: Problem, terms: ObjectiveTerms) -> Cells:
    """The formulation by counts. `terms` must not weigh waits, lateness or quality, and no node
    has a minimum time up or down."""
    group, placement = (side.astype(np.int64) for side in np.nonzero(problem.allowed))
    pairs, kwh = len(group), problem.kwh_per_energy_tick
    check_size(pairs, MOST_PAIRS, "pairs of group and placement")
    epoch = problem.group_epoch[group].astype(np.int64)
    held = np.arange(problem.epochs)[:, None] * problem.placements + np.flatnonzero(
        problem.warm_nodes
    )
    key = np.union1d(epoch * problem.placements + placement, held)
    cell_of = np.searchsorted(key, epoch * problem.placements + placement)
    cell_epoch, cell_placement = np.divmod(key, problem.placements)
    cells = len(key)
    standby = problem.standby_energy[problem.placement_pool]
    capacity = problem.pool_nodes[problem.placement_pool].astype(np.float64)
    work = problem.chunk[group, placement, 0] / problem.node_ticks
    every, nodes = np.arange(pairs), pairs + np.arange(cells)
    rows = Rows()
    room = capacity[cell_placement]
    helpful = more_may_help(problem, terms)[cell_epoch, cell_placement]
    warm = problem.warm_nodes[cell_placement]
    _add_work(rows, cell_of, nodes, work, problem.group_chunks[group], room, helpful, warm)
    loading = np.flatnonzero(
        (problem.start_energy[cell_placement] > 0)
        & ~np.array([loads_nothing(problem, int(t)) for t in cell_epoch], dtype=np.bool_)
    )
    before, known = cells_before(problem, cell_epoch[loading], cell_placement[loading], key)
    loads = pairs + cells + np.arange(len(loading))
    _add_loading(rows, nodes[loading], nodes, before, known, loads, room[loading])
    switches = len(loading)  # one column each after the loads: whether any node loads
    topped = np.flatnonzero(helpful & (warm > 0))  # then one each: whether work asks for more
    tops = pairs + cells + 2 * switches + np.arange(len(topped))
    _add_tops(rows, cell_of, work, nodes[topped], topped, tops, warm[topped], room[topped])
    values = np.zeros((terms.constant.size, pairs + cells + 2 * switches + len(tops)))
    for index, owner in enumerate(terms.request_objective):
        values[owner, :pairs] += terms.requests[index][group, placement] * terms.request_unit[index]
    if terms.nodes.size:
        values[:, nodes] = terms.nodes[cell_epoch, cell_placement].T
    width = values.shape[1]
    matrix, lower, upper = rows.assembled(width)
    prewarm = problem.start_energy[cell_placement[loading]]
    energy = np.concatenate(
        [
            problem.chunk[group, placement, 1],
            (problem.idle_energy - standby)[cell_placement],
            prewarm,
            np.zeros(switches + len(tops)),
        ]
    )
    order = np.concatenate([loading, loading, topped])
    return Cells(
        epoch=np.concatenate([epoch, cell_epoch, cell_epoch[order]]),
        placement=np.concatenate([placement, cell_placement, cell_placement[order]]),
        nodes=(active := np.repeat([0.0, 1.0, 0.0], [pairs, cells, len(order)])),
        needed=active,
        energy=energy * kwh,
        values=values,
        upper=np.concatenate(
            [problem.group_chunks[group], room, room[loading], np.ones(switches + len(tops))]
        ).astype(np.float64),
        integer=np.repeat(
            [True, True, False, True], [pairs, cells, switches, switches + len(tops)]
        ),
        chunks=sparse.csr_array((np.ones(pairs), (group, every)), shape=(problem.groups, width)),
        matrix=matrix,
        row_lower=lower,
        row_upper=upper,
    )


def _add_work(
    rows: Rows,
    cell_of: Longs,
    nodes: Longs,
    work: Floats,
    chunks: Ints,
    room: Floats,
    helpful: Bools,
    warm: Longs,
) -> None:
    """What the chunks at a placement ask of its nodes, and the warm ones among these."""
    pairs, cells, every = len(cell_of), len(nodes), np.arange(len(cell_of))
    # work <= nodes, and <= work + 1 where more nodes may help and none are warm
    rows.add(
        (cell_of, every, -SHARPER * work),
        (np.arange(cells), nodes, SHARPER * np.ones(cells)),
        lower=np.zeros(cells),
        upper=np.where(helpful & (warm == 0), SHARPER, np.inf),
    )
    kept = np.flatnonzero(warm)
    rows.add(
        (np.arange(len(kept)), nodes[kept], np.ones(len(kept))),
        lower=warm[kept].astype(np.float64),
        upper=np.full(len(kept), np.inf),
    )
    # no nodes but warm ones without work, and no work without nodes however little
    rows.add(
        (cell_of, every, np.ones(pairs)),
        (np.arange(cells), nodes, -1.0 / np.maximum(room, 1.0)),
        lower=-warm / np.maximum(room, 1.0),
        upper=np.full(cells, np.inf),
    )
    rows.add(
        (every, every, 1.0 / chunks),
        (every, nodes[cell_of], -np.ones(pairs)),
        lower=np.full(pairs, -np.inf),
        upper=np.zeros(pairs),
    )


def _add_tops(
    rows: Rows,
    cell_of: Longs,
    work: Floats,
    nodes: Longs,
    topped: Longs,
    tops: Longs,
    warm: Longs,
    room: Floats,
) -> None:
    """Nodes = the larger of work, rounded up, and warm ones, by a switch: 1 where work is."""
    count = len(topped)
    every, ones, least = np.arange(count), np.ones(count), warm.astype(np.float64)
    position = np.full(max(cell_of.max(), topped.max(initial=0)) + 1, -1)
    position[topped] = every
    # nodes <= warm + room * switch
    rows.add(
        (every, nodes, ones),
        (every, tops, -room),
        lower=np.full(count, -np.inf),
        upper=least,
    )
    # nodes <= work + 1 + warm * (1 - switch)
    rows.add(
        (position[cell_of], np.arange(len(cell_of)), -SHARPER * work),
        (every, nodes, SHARPER * ones),
        (every, tops, SHARPER * least),
        lower=np.full(count, -np.inf),
        upper=SHARPER * (least + ones),
    )


def more_may_help(problem: Problem, terms: ObjectiveTerms) -> Bools:
    """(T, P): whether some objective may fall with more active nodes."""
    by_center: Bools = np.any(terms.site < 0, axis=(2, 3))
    helpful: Bools = by_center[:, problem.placement_datacenter]
    if terms.nodes.size:
        helpful = helpful | np.any(terms.nodes < 0, axis=2)
    # A node kept active need not start again.
    starts_count = terms.starts.size or terms.switches.any() or problem.start_energy.any()
    return helpful | bool(starts_count)


def cells_before(
    problem: Problem, epoch: Longs, placement: Longs, key: Longs
) -> tuple[Longs, Longs]:
    """For cells (by epoch and placement): where the cell of the epoch before stands in `key`, or -1
    and how many nodes are known to have been there."""
    previous = epoch - 1
    if problem.start == Start.CYCLIC:
        previous = previous % problem.epochs
    wanted = previous * problem.placements + placement
    position = np.searchsorted(key, wanted)
    found = (previous >= 0) & (position < len(key))
    found &= key[np.minimum(position, len(key) - 1)] == wanted
    given = (previous < 0) & (problem.start == Start.GIVEN)
    return (
        np.where(found, position, NOT_BEFORE),
        np.where(given, problem.initial_nodes[placement], 0),
    )


def _add_loading(
    rows: Rows,
    now: Longs,
    nodes: Longs,
    before: Longs,
    known: Longs,
    loads: Longs,
    room: Floats,
) -> None:
    """loads = max(0, nodes now - nodes before), exactly, by a switch each."""
    count = len(loads)
    every, ones = np.arange(count), np.ones(count)
    switch = loads + count
    cell = np.where(before >= 0, every, -1)
    earlier = nodes[np.maximum(before, 0)]
    most = np.maximum(room, known)
    # loads >= rise
    rows.add(
        (every, loads, ones),
        (every, now, -ones),
        (cell, earlier, ones),
        lower=-known.astype(np.float64),
        upper=np.full(count, np.inf),
    )
    # loads <= rise + most * (1 - switch)
    rows.add(
        (every, loads, -ones),
        (every, now, ones),
        (cell, earlier, -ones),
        (every, switch, -most),
        lower=(known - most).astype(np.float64),
        upper=np.full(count, np.inf),
    )
    # loads <= room * switch
    rows.add(
        (every, loads, ones),
        (every, switch, -room),
        lower=np.full(count, -np.inf),
        upper=np.zeros(count),
    )
