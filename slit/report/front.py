"""The front as a scatter matrix and as parallel coordinates, with the plans that have names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.display import number
from slit.front import Front, broken_by
from slit.report.marks import Axis, Mark, axes_of, marks_of
from slit.report.style import (
    NEUTRAL,
    SEQUENCE,
    Drawing,
    Trace,
    figure,
    label,
    labels,
    lines,
    literal,
    trace,
)

MOST_ROWS = 2000
"""Plans that are drawn; of more, an even sample."""
MOST_POINTS = 24_000
"""Points of all panels of a scatter matrix together."""

_IN_THE_CORNER = {
    "orientation": "v",
    "x": 1,
    "xanchor": "right",
    "y": 1,
    "yanchor": "top",
    "font": {"size": 12},
}


@dataclass(frozen=True, slots=True, eq=False)
class FrontData:
    """Plans to draw. Shapes: N plans, M objectives (`axes`); `marks` point to these rows.

    `total` plans are in the run; where fewer are drawn, `sampled` is true.
    """

    axes: tuple[Axis, ...]
    values: Floats  # (N, M)
    plans: Longs  # (N,)
    methods: tuple[str, ...]  # (N,)
    on_front: Bools  # (N,)
    beyond: tuple[str, ...]  # (N,) what plans break, in words; empty where they are feasible
    marks: tuple[Mark, ...]
    total: int

    @property
    def sampled(self) -> bool:
        """Whether not all plans are drawn."""
        return len(self.plans) < self.total


def front_data(front: Front, *, search: str, most: int = MOST_ROWS) -> FrontData:
    """What the figures of a front show; all marked plans, and at most `most` rows beside them.

    `search` is the name of the optimizer whose picks are marked.
    """
    marks = marks_of(front, search=search)
    panels = max(1, len(front.names) * (len(front.names) - 1) // 2)
    rows = sampled_rows(
        front, keep=[mark.row for mark in marks], most=min(most, MOST_POINTS // panels)
    )
    place = {int(row): n for n, row in enumerate(rows)}
    return FrontData(
        axes=axes_of(front),
        values=front.F[rows],
        plans=front.plans[rows],
        methods=tuple(front.methods[row] for row in rows),
        on_front=front.on_front[rows],
        beyond=tuple(broken_by(front, int(row)) for row in rows),
        marks=tuple(replace(mark, row=place[mark.row]) for mark in distinct_marks(marks)),
        total=len(front),
    )


def distinct_marks(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """One mark a plan: where a plan has several names, the mark has them all."""
    by_row: dict[int, list[Mark]] = {}
    for mark in marks:
        by_row.setdefault(mark.row, []).append(mark)
    return tuple(
        replace(same[0], name=" = ".join(mark.name for mark in same)) for same in by_row.values()
    )


def sampled_rows(front: Front, *, keep: list[int], most: int) -> Longs:
    """At most `most` rows, evenly spaced along the first objective, and those in `keep`."""
    rows = np.arange(len(front))
    if len(front) > most:
        order = np.lexsort(front.F.T[::-1])
        chosen = order[np.unique(np.linspace(0, len(order) - 1, most).round().astype(np.int64))]
        rows = np.unique(np.concatenate([chosen, np.asarray(keep, dtype=np.int64)]))
    return np.asarray(rows, dtype=np.int64)


def describe_front(data: FrontData) -> str:
    """The front in one sentence, for those who cannot see the figure."""
    on_front = data.values[data.on_front] if data.on_front.any() else data.values
    ranges = "; ".join(
        f"{axis.title} {number(low)} to {number(high)} {axis.unit}"
        for axis, low, high in zip(
            data.axes, on_front.min(axis=0), on_front.max(axis=0), strict=True
        )
    )
    marked = ", ".join(mark.name for mark in data.marks)
    return f"{len(data.plans)} plans. On the front: {ranges}. Marked: {marked}."


def draw_scatter_matrix(data: FrontData) -> Drawing:
    """Every pair of objectives in a panel of its own; smaller is better on every axis."""
    size = max(1, len(data.axes) - 1)
    traces: list[Trace] = []
    layout: dict[str, object] = {}
    for row in range(size):
        for column in range(row + 1):
            panel = _panel(row, column)
            layout |= _panel_axes(data, row, column)
            traces += _panel_points(data, column, (row + 1) % len(data.axes), panel)
    return figure(
        traces,
        height=90 + 210 * size if size > 1 else 460,
        legend=_IN_THE_CORNER if size > 1 else {"y": -0.25},
        hovermode="closest",
        **layout,
    )


def _panel_axes(data: FrontData, row: int, column: int) -> dict[str, object]:
    """The axes of a panel; those of a column, and of a row, move together."""
    size = max(1, len(data.axes) - 1)
    gap = 0.025
    width = (1 - gap * (size - 1)) / size
    left, top = column * (width + gap), 1 - row * (width + gap)
    panel = _panel(row, column)
    head_x, head_y = _panel(column, column), _panel(row, 0)
    below, beside = data.axes[column].full, data.axes[(row + 1) % len(data.axes)].full
    return {
        _axis("xaxis", panel): {
            "domain": [left, left + width],
            "anchor": _axis("y", panel),
            "showticklabels": row == size - 1,
            "title": {"text": lines(below, width=20) if row == size - 1 else ""},
            "nticks": 5,
            **({} if head_x == panel else {"matches": _axis("x", head_x)}),
        },
        _axis("yaxis", panel): {
            "domain": [max(0.0, top - width), top],
            "anchor": _axis("x", panel),
            "showticklabels": column == 0,
            "title": {"text": lines(beside) if column == 0 else ""},
            "nticks": 5,
            **({} if head_y == panel else {"matches": _axis("y", head_y)}),
        },
    }


def _panel_points(data: FrontData, x: int, y: int, panel: int) -> list[Trace]:
    """All plans by objectives `x` and `y`, the marked ones as traces of their own."""
    rest = np.setdiff1d(np.arange(len(data.plans)), [mark.row for mark in data.marks])
    at = {"xaxis": _axis("x", panel), "yaxis": _axis("y", panel), "showlegend": panel == 1}
    units = literal(data.axes[x].unit), literal(data.axes[y].unit)
    hover = f"%{{text}}<br>%{{x:,.4g}} {units[0]}<br>%{{y:,.4g}} {units[1]}<extra></extra>"
    plain = trace(
        "scatter",
        x=data.values[rest, x],
        y=data.values[rest, y],
        mode="markers",
        name="plans",
        marker={"size": 5, "color": NEUTRAL, "opacity": 0.55},
        text=[f"plan {plan}" for plan in data.plans[rest]],
        hovertemplate=hover,
        legendgroup="plans",
        **at,
    )
    marked = [
        trace(
            "scatter",
            x=data.values[[mark.row], x],
            y=data.values[[mark.row], y],
            mode="markers",
            name=label(mark.name),
            marker={**marker(mark), "size": 11},
            text=[label(f"plan {mark.plan}, {mark.name}")],
            hovertemplate=hover,
            legendgroup=f"mark{n}",
            **at,
        )
        for n, mark in enumerate(data.marks)
    ]
    return [plain, *marked]


def draw_parallel(data: FrontData, *, logs: Sequence[bool] = ()) -> Drawing:
    """Parallel coordinates: a line a plan, an axis an objective, the least (best) value below.

    Args:
        data: What is drawn.
        logs: Whether each axis is logarithmic, by default none. Values of such an axis that are
            not above zero stand where its least positive value does.
    """
    logs = logs or (False,) * len(data.axes)
    heights = data.values.copy()
    for m in np.flatnonzero(logs):
        positive = heights[heights[:, m] > 0, m]
        heights[:, m] = np.log10(np.maximum(heights[:, m], positive.min()))
    low, high = heights.min(axis=0), heights.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    scaled = (heights - low) / span
    positions = np.arange(len(data.axes))
    hover = _hover(data)
    marked = {mark.row for mark in data.marks}
    rest = [n for n in range(len(data.plans)) if n not in marked]
    traces = _bundles(scaled, positions, rest)
    for mark in data.marks:
        style = marker(mark)
        dash = "dot" if mark.style.dashed else "solid"
        traces.append(
            trace(
                "scatter",
                x=positions,
                y=scaled[mark.row],
                mode="lines+markers",
                name=label(mark.name),
                line={"color": style["color"], "width": 2.5, "dash": dash},
                marker={**style, "size": 10},
                text=[hover[mark.row]] * len(positions),
                hovertemplate="%{text}<extra></extra>",
            )
        )
    ticks = [
        {
            "x": m,
            "y": share,
            "text": number(10**height if logs[m] else height),
            "showarrow": False,
            "xanchor": "right",
            "xshift": -6,
            "font": {"size": 11},
        }
        for m in range(len(data.axes))
        for share in ((0.0, 0.25, 0.5, 0.75, 1.0) if high[m] > low[m] else (0.0,))
        for height in (low[m] + share * span[m],)
    ]
    return figure(
        traces,
        height=520,
        hovermode="closest",
        meta={"turns": True},  # on a phone: the page's script lays the axes
        annotations=ticks,
        xaxis={
            "tickvals": positions,
            "ticktext": [
                lines(f"{axis.title} ({axis.unit}{', log' if is_log else ''})", width=24)
                for axis, is_log in zip(data.axes, logs, strict=True)
            ],
            "range": [-0.4, len(data.axes) - 0.7],
            "ticklabeloverflow": "allow",
            "showgrid": True,
            "gridcolor": NEUTRAL,
            "side": "top",
            "zeroline": False,
        },
        yaxis={"visible": False, "range": [-0.04, 1.04]},
        legend={"y": -0.04},
        margin={"l": 16},
    )


def _bundles(scaled: Floats, positions: Longs, rest: list[int]) -> list[Trace]:
    """The lines of unnamed plans, in bundles of one color by the first objective."""
    if not rest:
        return []
    first = scaled[rest, 0]
    edges = np.quantile(first, np.linspace(0, 1, len(SEQUENCE) + 1))
    bundle = np.clip(np.searchsorted(edges, first, side="right") - 1, 0, len(SEQUENCE) - 1)
    traces = []
    # The best of the first objective, which are dark, last and on top.
    for n, tint in reversed(list(enumerate(SEQUENCE))):
        rows = [row for row, b in zip(rest, bundle, strict=True) if b == n]
        if not rows:
            continue
        gap = np.full((len(rows), 1), np.nan)
        traces.append(
            trace(
                "scatter",
                x=np.tile(np.append(positions, np.nan), len(rows)),
                y=np.hstack([scaled[rows], gap]).ravel(),
                mode="lines",
                line={"color": tint, "width": 1},
                opacity=0.45,
                hoverinfo="skip",
                name="plans",
                showlegend=False,
            )
        )
    return traces


def marker(mark: Mark) -> dict[str, object]:
    """Symbol and color of a marked plan: both tell it apart."""
    style = mark.style
    return {
        "symbol": style.symbol,
        "color": style.color,
        "line": {"width": 1, "color": "#1d2630"},
    }


def _hover(data: FrontData) -> list[str]:
    """What is shown of each row: its number, its method, its values with their units."""
    heads = labels(
        [f"plan {plan}, {method}" for plan, method in zip(data.plans, data.methods, strict=True)]
    )
    titles = [(label(axis.title), label(axis.unit)) for axis in data.axes]
    return [
        "<br>".join(
            [f"<b>{head}</b>"]
            + [
                f"{title}: {number(value)} {unit}"
                for (title, unit), value in zip(titles, row, strict=True)
            ]
            + ([over] if over else [])
        )
        for head, row, over in zip(heads, data.values, data.beyond, strict=True)
    ]


def _panel(row: int, column: int) -> int:
    """The number of a panel in the lower triangle, from 1."""
    return row * (row + 1) // 2 + column + 1


def _axis(letter: str, panel: int) -> str:
    return letter if panel == 1 else f"{letter}{panel}"
