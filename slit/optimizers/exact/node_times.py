"""Minimum times up and down, as further columns and rows around cells that are states.

In whole nodes these are `slit.kernels.node_times`, exactly: nodes rise or fall, never both; nodes
beyond what work and warmth ask for are those that started too short a time ago to stop; where nodes
start none have stopped within the time down.
"""

import numpy as np

from operators.types import Longs
from slit.kernels.objective_terms import ObjectiveTerms
from slit.optimizers.exact.cells import Cells
from slit.optimizers.exact.changes import ChangeColumns, Steps, steps_of
from slit.optimizers.exact.states import lasting
from slit.problem import Problem


def with_node_times(problem: Problem, terms: ObjectiveTerms, cells: Cells) -> Cells:
    """The cells (states), and what minimum times up and down ask of their nodes."""
    columns = ChangeColumns(problem, terms, cells)
    timed = (problem.min_up > 1) | (problem.min_down > 1)
    steps = steps_of(problem)
    kept = timed[steps.after % problem.placements]
    steps = Steps(*(side[kept] for side in steps))
    started, stopped, may_start, may_stop = _changes(columns, steps)
    by_cell = np.full((4, problem.epochs * problem.placements), -1)
    by_cell[:, steps.after] = started, stopped, may_start, may_stop
    _stay_up(columns, problem, by_cell[0])
    _stay_down(columns, problem, by_cell[2], by_cell[3])
    return columns.joined()


def _changes(columns: ChangeColumns, steps: Steps) -> tuple[Longs, Longs, Longs, Longs]:
    """Columns of nodes that start and stop at each step, and of whether any may."""
    problem, count = columns.problem, len(steps.after)
    every, one = np.arange(count), np.ones(count)
    free = np.zeros((len(columns.terms.constant), count))
    room = problem.pool_nodes[problem.placement_pool[steps.after % problem.placements]]
    most = np.maximum(room, steps.known).astype(np.float64)
    started, stopped = (columns.add(steps.after, free, most) for _ in range(2))
    may_start, may_stop = (columns.add(steps.after, free, one, integer=True) for _ in range(2))
    known = -steps.known.astype(np.float64)
    # started - stopped = nodes - nodes before
    columns.rows.add(
        (every, started, one),
        (every, stopped, -one),
        *columns.rises(steps, columns.active(), -1.0),
        lower=known,
        upper=known,
    )
    for changed, may in ((started, may_start), (stopped, may_stop)):
        columns.rows.add(
            (every, changed, one), (every, may, -most),
            lower=np.full(count, -np.inf), upper=np.zeros(count),
        )  # fmt: skip
    columns.rows.add(
        (every, may_start, one), (every, may_stop, one),
        lower=np.full(count, -np.inf), upper=one,
    )  # fmt: skip
    return started, stopped, may_start, may_stop


def _stay_up(columns: ChangeColumns, problem: Problem, started: Longs) -> None:
    """Nodes >= those that started within the time up, = where these are more than needed."""
    cells = np.flatnonzero(lasting(problem))
    row = np.full(len(started), -1)
    row[cells] = np.arange(len(cells))
    where, nodes, needed = columns.active()
    at = row[columns.cell[where]]
    beyond = np.where(nodes > needed, nodes, 0.0)
    cell, earlier = _within(problem, problem.min_up, started)
    starts = (row[cell], started[earlier], -np.ones(len(cell)))
    blank, none = np.full(len(cells), np.inf), np.zeros(len(cells))
    columns.rows.add((at, where, nodes), starts, lower=none, upper=blank)
    columns.rows.add((at, where, beyond), starts, lower=-blank, upper=none)


def _stay_down(columns: ChangeColumns, problem: Problem, may_start: Longs, may_stop: Longs) -> None:
    """No start where nodes stop within the time down before."""
    cell, earlier = _within(problem, problem.min_down, may_stop)
    every, one = np.arange(len(cell)), np.ones(len(cell))
    columns.rows.add(
        (every, may_start[cell], one), (every, may_stop[earlier], one),
        lower=np.full(len(cell), -np.inf), upper=one,
    )  # fmt: skip


def _within(problem: Problem, times: Longs, known: Longs) -> tuple[Longs, Longs]:
    """Cells, and those of the same placement less than its time before, where these are known
    (>= 0), pair by pair; by epoch * placements + placement."""
    placements = problem.placements
    every = np.arange(problem.epochs * placements)
    cell, earlier = [], []
    for lag in range(1, int(times.max())):
        later = every[(every >= lag * placements) & (times[every % placements] > lag)]
        later = later[known[later - lag * placements] >= 0]
        cell.append(later)
        earlier.append(later - lag * placements)
    none = np.zeros(0, np.int64)
    return np.concatenate([none, *cell]), np.concatenate([none, *earlier])
