"""How a search went on: the best value of each objective against the work done."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.report.marks import Axis
from slit.report.style import Drawing, color, figure, label, trace
from slit.run import HistoryEntry


@dataclass(frozen=True, slots=True, eq=False)
class Convergence:
    """Shapes: E entries of the history, M objectives (`axes`)."""

    axes: tuple[Axis, ...]
    work: Floats  # (E,) full evaluations and incremental moves
    seconds: Floats  # (E,)
    plans: Floats  # (E,) kept, 0 as long as none is feasible
    best: Floats  # (E, M)


def convergence_data(history: Sequence[HistoryEntry], axes: tuple[Axis, ...]) -> Convergence:
    """The numbers of a history."""
    return Convergence(
        axes=axes,
        work=np.array([entry.evaluations + entry.moves for entry in history], dtype=float),
        seconds=np.array([entry.seconds for entry in history], dtype=float),
        plans=np.array([entry.plans for entry in history], dtype=float),
        best=np.array([entry.best for entry in history], dtype=float).reshape(-1, len(axes)),
    )


def draw_convergence(data: Convergence, *, objective: int) -> Drawing:
    """The best value of one objective so far."""
    axis = data.axes[objective]
    feasible = data.plans > 0
    return figure(
        [
            trace(
                "scatter",
                x=data.work,
                y=np.where(feasible, data.best[:, objective], np.nan),
                mode="lines",
                line={"color": color(objective), "width": 2.5, "shape": "hv"},
                customdata=np.column_stack([data.seconds, data.plans]),
                hovertemplate="%{y:,.4g} after %{x:,} evaluations and moves, "
                "%{customdata[0]:.1f} s, %{customdata[1]} plans<extra></extra>",
            )
        ],
        height=260,
        xaxis={"title": {"text": "evaluations and moves"}, "nticks": 5},
        yaxis={"title": {"text": label(axis.unit)}, "nticks": 5},
        showlegend=False,
    )


def draw_plans(data: Convergence) -> Drawing:
    """How many plans the front held."""
    return figure(
        [
            trace(
                "scatter",
                x=data.work,
                y=data.plans,
                mode="lines",
                line={"color": color(6), "width": 2.5, "shape": "hv"},
                hovertemplate="%{y} plans after %{x:,} evaluations and moves<extra></extra>",
            )
        ],
        height=260,
        xaxis={"title": {"text": "evaluations and moves"}, "nticks": 5},
        yaxis={"title": {"text": "plans"}, "rangemode": "tozero", "nticks": 5},
        showlegend=False,
    )
