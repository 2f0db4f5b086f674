"""The scatter of two objectives as a figure to save: colored by a third or by run, with marks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats
from slit.app.points import FrontPoints
from slit.app.scales import is_log
from slit.app.state import BY_RUN
from slit.report.style import (
    COLORS,
    SEQUENCE,
    Drawing,
    Trace,
    figure,
    label,
    lines,
    sequence_stops,
    trace,
)

MANY = 3000
"""More plans than this are drawn smaller."""
_INK = {"light": "#1d2630", "dark": "#e4e8ee"}


@dataclass(frozen=True, slots=True, eq=False)
class ScatterData:
    """Shapes: N plans. `tint` (N,) is an objective or the number of a run."""

    x: Floats
    y: Floats
    tint: Floats
    titles: tuple[str, str, str]
    by_run: bool
    logs: tuple[bool, bool]  # whether across and up are logarithmic


def scatter_data(
    points: FrontPoints, *, x: str, y: str, color: str, scale: str = "auto"
) -> ScatterData:
    """The numbers of the scatter."""
    by_run = color == BY_RUN
    columns = points.column(x), points.column(y)
    third = "run" if by_run else points.axes[points.column(color)].full
    return ScatterData(
        x=points.F[:, columns[0]],
        y=points.F[:, columns[1]],
        tint=points.run.astype(float) if by_run else points.F[:, points.column(color)],
        titles=(points.axes[columns[0]].full, points.axes[columns[1]].full, third),
        by_run=by_run,
        logs=(is_log(points, columns[0], scale), is_log(points, columns[1], scale)),
    )


def draw_scatter(
    data: ScatterData,
    points: FrontPoints,
    *,
    theme: str,
    mask: Bools,
    selected: int | None,
    other: int | None,
) -> Drawing:
    """The plans (those outside `mask` faint), the marks, and rings around two plans."""
    marked = [mark.row for mark in points.marks]
    plans = trace(
        "scatter",
        x=data.x,
        y=data.y,
        mode="markers",
        marker=_tints(data, points),
        selectedpoints=None if mask.all() else np.flatnonzero(mask).tolist(),
        selected={"marker": {"opacity": 0.85}},
        unselected={"marker": {"opacity": 0.08}},
        name="plans",
    )
    marks = trace(
        "scatter",
        x=data.x[marked],
        y=data.y[marked],
        mode="markers",
        marker={
            "symbol": [mark.style.symbol for mark in points.marks],
            "size": 13,
            "color": [mark.style.color for mark in points.marks],
            "opacity": [1.0 if inside else 0.3 for inside in mask[marked]],
            "line": {"width": 1.4, "color": _INK[theme]},
        },
        text=[label(mark.name) for mark in points.marks],
        name="marks",
    )
    return figure(
        [
            plans,
            marks,
            _ring(data, selected, "selected", color=COLORS[5], size=20),
            _ring(data, other, "compared with", color=COLORS[0], size=24),
        ],
        height=480,
        showlegend=False,
        xaxis=_axis(data, 0),
        yaxis=_axis(data, 1),
    )


def _axis(data: ScatterData, n: int) -> dict[str, object]:
    kind = "log" if data.logs[n] else "linear"
    return {"title": {"text": lines(data.titles[n], width=40)}, "type": kind}


def _ring(data: ScatterData, index: int | None, name: str, *, color: str, size: int) -> Trace:
    rows = [] if index is None else [index]
    return trace(
        "scatter",
        x=data.x[rows],
        y=data.y[rows],
        mode="markers",
        name=name,
        marker={"symbol": "circle-open", "size": size, "color": color, "line": {"width": 3}},
    )


def _tints(data: ScatterData, points: FrontPoints) -> dict[str, object]:
    size = 8 if len(points) <= MANY else 4
    if data.by_run:
        runs = points.run.astype(int)
        return {"size": size, "color": [COLORS[r % len(COLORS)] for r in runs], "opacity": 0.85}
    stops = sequence_stops(data.tint[points.best])
    return {
        "size": size,
        "color": data.tint,
        "cmin": stops[0],
        "cmax": stops[-1],
        "colorscale": color_scale(stops),
        "opacity": 0.85,
        "colorbar": {
            "title": {"text": label(data.titles[2]), "side": "top"},
            "orientation": "h",
            "y": 1.0,
            "yanchor": "bottom",
            "thickness": 10,
            "outlinewidth": 0,
            "nticks": 6,
            "tickangle": 0,
            "tickformat": "~s",
        },
    }


def color_scale(stops: Sequence[float]) -> list[list[object]]:
    """SEQUENCE at `stops`, as plotly wants it: from 0 to 1."""
    span = stops[-1] - stops[0]
    if span <= 0:
        return [[0.0, SEQUENCE[0]], [1.0, SEQUENCE[-1]]]
    return [[(stop - stops[0]) / span, tint] for stop, tint in zip(stops, SEQUENCE, strict=True)]
