"""Cells by counts whose nodes are not those of their exact work, by less than solvers can see.

States have the nodes of the exact work; columns of counts have them to within the solver's
tolerance of whole nodes of work. Where that is one too few or one too many, rows are added that put
it right, for these counts and all to which the same applies.
"""

import numpy as np
from scipy import sparse

from operators.types import Bools, Longs
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel
from slit.optimizers.exact.cells import Cells
from slit.optimizers.exact.program import with_choices
from slit.problem import Problem


def with_exact_nodes(
    problem: Problem,
    model: LinearModel,
    cells: Cells,
    counts: Longs,
    nodes: Longs,
    *,
    helpful: Bools,
) -> LinearModel:
    """The program with rows for the cells whose nodes (K,) are not what the chunks there, counts
    (J, P), need; the program itself if there is none.

    As many chunks of each group or more need as many nodes or more; as few or fewer, as few.
    Too many nodes are let be where more of them may not help: helpful (T, P).
    """
    for k in np.flatnonzero(cells.nodes > 0):
        t, p = cells.epoch[k], cells.placement[k]
        here = counts[:, p] * (problem.group_epoch == t)
        work = int(here @ problem.chunk[:, p, 0])
        needed = max(-(-work // problem.node_ticks), int(problem.warm_nodes[p]))
        if nodes[k] < needed:
            model = _with_more(problem, model, cells, int(k), here, needed)
        elif nodes[k] > needed and helpful[t, p]:
            model = _with_fewer(model, cells, int(k), here, needed)
    return model


def _with_more(
    problem: Problem, model: LinearModel, cells: Cells, k: int, here: Longs, needed: int
) -> LinearModel:
    """Choice 0 of a group: fewer of its chunks than here. With all choices 1: the nodes needed."""
    group, column = _served(cells, k, here > 0)
    fewer = (here[group] - 1).astype(np.float64)
    every, one = np.arange(len(group)), np.ones(len(group))
    choice = len(model.cost) + every
    rows = Rows()
    rows.add(
        (every, column, one),
        (every, choice, fewer - problem.group_chunks[group]),
        lower=np.full(len(group), -np.inf),
        upper=fewer,
    )
    rows.add(
        (np.zeros(len(group), np.int64), choice, -needed * one),
        (np.zeros(1, np.int64), np.array([k]), np.ones(1)),
        lower=np.array([needed * (1.0 - len(group))]),
        upper=np.array([np.inf]),
    )
    return with_choices(model, rows, len(group))


def _with_fewer(model: LinearModel, cells: Cells, k: int, here: Longs, needed: int) -> LinearModel:
    """Choice 1 of a group: more of its chunks than here. With all choices 0: the nodes needed."""
    group, column = _served(cells, k, np.ones(len(here), np.bool_))
    more = (here[group] + 1).astype(np.float64)
    possible = more <= cells.upper[column]
    column, more = column[possible], more[possible]
    every, one = np.arange(len(column)), np.ones(len(column))
    choice = len(model.cost) + every
    rows = Rows()
    rows.add(
        (every, column, one),
        (every, choice, -more),
        lower=np.zeros(len(column)),
        upper=np.full(len(column), np.inf),
    )
    rows.add(
        (np.zeros(len(column), np.int64), choice, -(cells.upper[k] - needed) * one),
        (np.zeros(1, np.int64), np.array([k]), np.ones(1)),
        lower=np.array([-np.inf]),
        upper=np.array([float(needed)]),
    )
    return with_choices(model, rows, len(column))


def _served(cells: Cells, k: int, groups: Bools) -> tuple[Longs, Longs]:
    """Which of some groups (J,) may be in the cell of column k, and their columns there."""
    served = sparse.coo_array(cells.chunks)
    there = (cells.epoch[served.col] == cells.epoch[k]) & groups[served.row]
    there &= cells.placement[served.col] == cells.placement[k]
    return served.row[there].astype(np.int64), served.col[there].astype(np.int64)
