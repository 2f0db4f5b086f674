"""Colors and text of figures, light and dark, safe for the color-blind."""

import html
import textwrap
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from math import isfinite
from typing import Any

import numpy as np

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
Trace = dict[str, Any]
"""A trace as plotly.js takes it; numbers may be arrays."""
Drawing = dict[str, Any]
"""A figure as plotly.js takes it: traces (`data`) and `layout`. `plotly.graph_objects.Figure` makes
an object of it, which checks it; that takes longer than working out what it shows."""
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
def template(theme: str) -> dict[str, Any]:
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
    return {"layout": layout}


def trace(kind: str, **properties: Any) -> Trace:
    """A trace of a kind of plotly: scatter, bar, heatmap."""
    return {"type": kind, **properties}


def figure(traces: Sequence[Trace], **layout: Any) -> Drawing:
    """A figure in the light look; pages exchange the template when they are dark."""
    return {"data": list(traces), "layout": {"template": template("light"), **layout}}


def themed(drawing: Drawing, theme: str | None) -> Drawing:
    """The figure as JSON can hold it, in the look of a page."""
    layout = {**drawing["layout"], "template": template(theme or "light")}
    ready: Drawing = json_ready({**drawing, "layout": layout})
    return ready


def json_ready(value: Any) -> Any:
    """A figure, or a part of it, as JSON can hold it and plotly.js reads it: arrays of numbers as
    their bytes in base64, None for NaN."""
    if isinstance(value, dict):
        return {key: json_ready(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(part) for part in value]
    if isinstance(value, np.generic):
        return json_ready(value.item())
    if isinstance(value, float):
        return value if isfinite(value) else None
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind not in "iuf":
        return value.tolist()
    kind = "f8" if value.dtype.kind == "f" or np.abs(value).max(initial=0) >= 2**31 else "i4"
    content = b64encode(np.ascontiguousarray(value, dtype=f"<{kind}").tobytes()).decode()
    shape = {"shape": ", ".join(map(str, value.shape))} if value.ndim > 1 else {}
    return {"dtype": kind, "bdata": content, **shape}
