"""Colors and text of figures, light and dark, safe for the color-blind."""

import html
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from operators.types import Floats

# Okabe and Ito (2008), without black and with yellow last: distinct for all kinds of color vision.
COLORS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#8c8c8c",
    "#f0e442",
)
PATTERNS = ("", "/", "x", ".")
"""What tells series apart that share a color."""
NEUTRAL = "#8a94a3"
# Viridis without its darkest and its brightest end, which vanish on dark and light pages.
SEQUENCE = ("#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#9fda3a")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

_INK = {"light": "#1d2630", "dark": "#e4e8ee"}
_GRID = {"light": "#e2e7ed", "dark": "#343d49"}
_LINE = {"light": "#9aa5b3", "dark": "#66717f"}
_CARD = {"light": "rgba(255,255,255,0.8)", "dark": "rgba(26,33,41,0.8)"}
_HOVER = {"light": "#ffffff", "dark": "#232b35"}


def color(index: int) -> str:
    """The color of series number `index`; with `pattern` it is distinct for 32 series."""
    return COLORS[index % len(COLORS)]


def pattern(index: int) -> str:
    """The pattern that tells series number `index` from those of the same color."""
    return PATTERNS[index // len(COLORS) % len(PATTERNS)]


def sequence_stops(values: Floats) -> list[float]:
    """The values at which the colors of SEQUENCE stand: even shares of `values` between them."""
    shares = np.linspace(0, 1, len(SEQUENCE))
    return [float(stop) for stop in np.quantile(values, shares)]


def label(text: object) -> str:
    """Text for a figure: plotly reads some HTML in it, so it is escaped."""
    return html.escape(str(text), quote=False)


def labels(texts: Sequence[object]) -> list[str]:
    """Several texts for a figure."""
    return [label(text) for text in texts]


def literal(text: object) -> str:
    """Text inside a hover template, where %{...} would be read as a field."""
    return label(text).replace("%{", "%&#123;")


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 times powers of ten from `low` to `high`: what a logarithmic axis is marked with."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [first * 10.0**power for power in powers for first in (1, 2, 5)]
    return [float(f"{tick:.1g}") for tick in ticks if low <= tick <= high]


def lines(text: str, *, width: int = 16) -> str:
    """A title for a figure, escaped, on lines of about `width` letters."""
    return "<br>".join(labels(textwrap.wrap(text, width)))


@cache
def template(theme: str) -> go.layout.Template:
    """The look of all figures; `theme` is light or dark."""
    ink, grid, line = _INK[theme], _GRID[theme], _LINE[theme]
    axis: dict[str, Any] = {
        "gridcolor": grid,
        "linecolor": line,
        "zerolinecolor": line,
        "tickcolor": line,
        "automargin": True,
        "title": {"standoff": 8},
    }
    layout = {
        "font": {"family": FONT, "size": 13, "color": ink},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(COLORS),
        "xaxis": axis,
        "yaxis": axis,
        "margin": {"l": 56, "r": 16, "t": 16, "b": 44},
        "annotationdefaults": {"bgcolor": _CARD[theme], "borderpad": 1},
        "hoverlabel": {"bgcolor": _HOVER[theme], "bordercolor": line, "font": {"color": ink}},
        "legend": {"orientation": "h", "y": -0.18, "x": 0, "yanchor": "top"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": line, "activecolor": ink},
    }
    return go.layout.Template(layout=layout)


def figure(traces: Sequence[Any], **layout: Any) -> go.Figure:
    """A figure in the light look; pages exchange the template when they are dark."""
    return go.Figure(data=list(traces), layout={"template": template("light"), **layout})
