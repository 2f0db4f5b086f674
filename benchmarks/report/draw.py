"""Drawings of a report, from numbers that were worked out before."""

from collections.abc import Sequence

from benchmarks.report.compare import Curve, Group, Row
from slit.report.style import Drawing, Trace, color, figure, label, trace

DASHES = ("solid", "dash", "dot", "dashdot")
SEVEN = 7
"""Colors of lines: those of the style without yellow, which is faint as a line."""


def draw_curves(group: Group) -> Drawing:
    """Share of the bound over CPU seconds: median and quartiles of the seeds."""
    traces = []
    for n, curve in enumerate(group.curves):
        traces += [_band(curve, n), _line(curve, n)]
    return figure(
        traces,
        height=420,
        xaxis={"type": "log", "title": {"text": "CPU seconds"}, "exponentformat": "none"},
        yaxis={"title": {"text": "share of the bound"}, "tickformat": ".0%"},
    )


def draw_shares(group: Group) -> Drawing:
    """Median share of every method, with quartiles; the best on top."""
    rows = list(reversed(group.rows))
    return figure(
        [
            trace(
                "bar",
                x=[row.share.median for row in rows],
                y=[label(row.method) for row in rows],
                orientation="h",
                marker={"color": [_of_kind(row) for row in rows]},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [row.share.high - row.share.median for row in rows],
                    "arrayminus": [row.share.median - row.share.low for row in rows],
                    "thickness": 1.5,
                },
                hovertemplate="%{y}: %{x:.2%}<extra></extra>",
            )
        ],
        height=120 + 24 * len(rows),
        xaxis={"title": {"text": "share of the bound"}, "tickformat": ".0%", "rangemode": "tozero"},
        yaxis={"automargin": True},
        showlegend=False,
    )


def describe_curves(group: Group) -> str:
    """What the curves show, in words."""
    ends = ", ".join(f"{curve.method} {curve.median[-1]:.1%}" for curve in group.curves)
    return f"Median share of the bound at the end: {ends}."


def describe_shares(rows: Sequence[Row]) -> str:
    """What the bars show, in words."""
    return "; ".join(f"{row.method} {row.share.median:.1%}" for row in rows) + "."


def _line(curve: Curve, number: int) -> Trace:
    return trace(
        "scatter",
        x=curve.seconds,
        y=curve.median,
        name=label(curve.method),
        legendgroup=curve.method,
        mode="lines",
        line={
            "color": color(number % SEVEN),
            "width": 2.5,
            "dash": DASHES[number // SEVEN % len(DASHES)],
            "shape": "hv",
        },
        hovertemplate="%{y:.2%} after %{x:.3g} s<extra>%{fullData.name}</extra>",
    )


def _band(curve: Curve, number: int) -> Trace:
    """The quartiles as an area, drawn below the lines."""
    there_and_back = [*curve.seconds, *reversed(curve.seconds)]
    red, green, blue = (int(color(number % SEVEN)[n : n + 2], 16) for n in (1, 3, 5))
    return trace(
        "scatter",
        x=there_and_back,
        y=[*curve.high, *reversed(curve.low)],
        legendgroup=curve.method,
        showlegend=False,
        hoverinfo="skip",
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.18)",
    )


def _of_kind(row: Row) -> str:
    return color(0) if row.kind == "search" else color(6)
