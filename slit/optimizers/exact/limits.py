"""Limits in a mixed-integer program: what no plan may exceed, whether it is minimized or not."""

from collections.abc import Sequence

import numpy as np

from operators.types import Floats, Longs
from slit.errors import SlitError
from slit.evaluator import Evaluation, Evaluator
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel
from slit.objectives import Linear, Objective
from slit.objectives.limits import Limit
from slit.optimizers.exact.cells import Cells
from slit.optimizers.exact.program import with_choices


def check_measures(evaluator: Evaluator) -> None:
    """Raise SlitError for objectives and limits that the program does not cover."""
    for objective in evaluator.measured:
        if not isinstance(objective.measure, Linear):
            raise SlitError(
                f"exact: {objective.name!r} is a function of the whole plan, expected objectives "
                "and limits linear in what a plan uses"
            )


def measured_values(evaluator: Evaluator, found: Evaluation) -> Floats:
    """Values (N, M') of all that is measured: the objectives, then what is only limited."""
    names = [limit.objective.name for limit in evaluator.limits]
    extra = evaluator.measured[len(evaluator.objectives) :]
    columns = [names.index(objective.name) for objective in extra]
    return np.concatenate([found.F, found.limited[:, columns]], axis=1) if columns else found.F


def with_limits(
    model: LinearModel,
    limits: Sequence[Limit],
    measured: Sequence[Objective],
    value: Longs,
    scale: Floats,
    *,
    room: float,
) -> LinearModel:
    """The program with a row for each limit, `room` (in units of `scale`) above it.

    value (M',): the columns of what is measured. The room is what program and evaluator may differ
    by: a plan in it is for the evaluator to judge.
    """
    if not limits:
        return model
    names = [objective.name for objective in measured]
    at = np.array([names.index(limit.objective.name) for limit in limits])
    most = np.array([limit.most for limit in limits])
    rows = Rows()
    rows.add(
        (np.arange(len(limits)), value[at], np.ones(len(limits))),
        lower=np.full(len(limits), -np.inf),
        upper=(most + room * np.maximum(scale[at], np.abs(most))) / scale[at],
    )
    return with_choices(model, rows, 0)


def without_plan(model: LinearModel, cells: Cells, x: Floats, *, tabulated: bool) -> LinearModel:
    """The program without the plan of a solution: a state is another, or there is more of some
    column."""
    columns = np.flatnonzero(cells.integer)
    whole = np.rint(x[columns])
    rows = Rows()
    if tabulated:
        chosen = columns[whole > 0]
        rows.add(
            (np.zeros(len(chosen), np.int64), chosen, np.ones(len(chosen))),
            lower=np.array([-np.inf]),
            upper=np.array([len(chosen) - 1.0]),
        )
        return with_choices(model, rows, 0)
    pairs = np.unique(cells.chunks.tocoo().col)
    whole = np.rint(x[pairs])
    more = whole + 1.0 <= cells.upper[pairs]
    pairs, least = pairs[more].astype(np.int64), whole[more] + 1.0
    every = np.arange(len(pairs))
    choice = len(model.cost) + every
    # Of each group so many chunks are served as there are: another plan has more somewhere.
    rows.add(
        (every, pairs, np.ones(len(pairs))),
        (every, choice, -least),
        lower=np.zeros(len(pairs)),
        upper=np.full(len(pairs), np.inf),
    )
    rows.add(
        (np.zeros(len(pairs), np.int64), choice, np.ones(len(pairs))),
        lower=np.ones(1),
        upper=np.array([np.inf]),
    )
    return with_choices(model, rows, len(pairs))
