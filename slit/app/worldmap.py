"""The map of a plan: load and carbon intensity of datacenters, flows from origins."""

import json
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike

from operators.types import Floats
from slit.display import number
from slit.report.plan import PlanData
from slit.report.style import Drawing, Trace, figure, label, trace
from slit.scenario.records import Horizon
from slit.scenario.scenario import Scenario

WHOLE = 0
"""Instead of the number of an hour: the whole horizon."""
MOST_FLOWS = 120
_LAND = {"light": "#dfe6ec", "dark": "#2a333e"}
_COAST = {"light": "#c2ccd6", "dark": "#3c4754"}
_FLOW = {"light": "70,90,110", "dark": "160,180,200"}
_INK = {"light": "#1d2630", "dark": "#e4e8ee"}
_LARGEST = 46.0
_WIDTHS = ((0.5, 0.35), (1.0, 0.4), (2.0, 0.45), (3.5, 0.55), (6.0, 0.6))
"""Width and opacity of flows, from the least to the largest."""
_MARGIN = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class MapData:
    """Shapes: O origins, D datacenters. Rates are requests an hour."""

    origins: tuple[str, ...]
    datacenters: tuple[str, ...]
    origin_places: Floats  # (O, 2) longitude, latitude in degrees
    places: Floats  # (D, 2)
    load: Floats  # (D,) requests/h
    largest: float  # requests/h, the most of any datacenter and hour: sizes are relative to it
    carbon: Floats  # (D,) g CO2e/kWh of the grid
    carbon_range: tuple[float, float]  # over all datacenters and hours
    flows: Floats  # (O, D) requests/h
    largest_flow: float  # requests/h, the most of any pair and hour: widths are relative to it


def map_data(plan: PlanData, scenario: Scenario, *, hour: int = WHOLE) -> MapData:
    """The map of one epoch (1 to T) or of the whole horizon, in means."""
    chosen = slice(None) if hour == WHOLE else slice(hour - 1, hour)
    grams = 1000 * scenario.signals.carbon
    return MapData(
        origins=plan.origins,
        datacenters=plan.datacenters,
        origin_places=np.array([[o.longitude, o.latitude] for o in scenario.origins]),
        places=np.array([[d.longitude, d.latitude] for d in scenario.datacenters]),
        load=plan.by_datacenter[chosen].mean(axis=0) / plan.hours,
        largest=float(plan.by_datacenter.max()) / plan.hours,
        carbon=grams[chosen].mean(axis=0),
        carbon_range=(float(grams.min()), float(grams.max())),
        flows=plan.flows[chosen].mean(axis=0) / plan.hours,
        largest_flow=float(plan.flows.max(initial=0.0)) / plan.hours,
    )


def hour_text(horizon: Horizon, hour: int) -> str:
    """What an hour is called; 0 is the whole horizon."""
    if hour == WHOLE:
        return f"all {horizon.epochs} epochs, mean"
    start = horizon.start.astimezone(UTC) + (hour - 1) * timedelta(seconds=horizon.epoch_seconds)
    return f"{start:%Y-%m-%d %H:%M} UTC"


def project(places: ArrayLike) -> Floats:
    """Longitude and latitude (..., 2) in degrees on the plane: the Equal Earth projection.

    Savric, Patterson and Jenny 2018, equations 10 to 12.
    """
    degrees = np.radians(np.asarray(places, dtype=float))
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    m = np.sqrt(3) / 2
    theta = np.arcsin(m * np.sin(degrees[..., 1]))
    square = theta * theta
    sixth = square**3
    slope = a1 + 3 * a2 * square + sixth * (7 * a3 + 9 * a4 * square)
    x = degrees[..., 0] * np.cos(theta) / (m * slope)
    y = theta * (a1 + a2 * square + sixth * (a3 + a4 * square))
    return np.stack([x, y], axis=-1)


@cache
def land() -> tuple[Floats, ...]:
    """Outlines of land on the plane, (n, 2) each."""
    path = files("slit.app") / "assets" / "land.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    return tuple(project(np.reshape(ring, (-1, 2)) / 10) for ring in content["rings"])


def draw_map(data: MapData, *, theme: str) -> Drawing:
    """The map: size of a datacenter is load, color the carbon intensity of its grid, width flow."""
    places, origins = project(data.places), project(data.origin_places)
    both = np.vstack([places, origins])
    low, high = both.min(axis=0), both.max(axis=0)
    pad = _MARGIN * np.maximum(high - low, 0.5)
    fills = [_land(theme), *_flows(data, origins, places, theme)]
    return figure(
        [*fills, _origin_points(data, origins, theme), _datacenter_points(data, places, theme)],
        height=500,
        margin={"l": 0, "r": 0, "t": 8, "b": 138},
        **_legend(data, theme),
        xaxis={"visible": False, "range": [low[0] - pad[0], high[0] + pad[0]]},
        yaxis={
            "visible": False,
            "range": [low[1] - pad[1], high[1] + pad[1]],
            "scaleanchor": "x",
        },
        hovermode="closest",
        showlegend=False,
        dragmode="pan",
    )


def _label_sides(places: Floats, load: Floats) -> list[str]:
    """Labels stand below, or to the side that is turned away from a close neighbor."""
    sides = []
    for d, place in enumerate(places):
        off = places - place
        close = (np.abs(off[:, 0]) < 0.3) & (np.abs(off[:, 1]) < 0.12) & (load > 0)
        close[d] = False
        if not close.any():
            sides.append("bottom center")
        else:
            sides.append("middle left" if off[close, 0].mean() > 0 else "middle right")
    return sides


def _land(theme: str) -> Trace:
    gap = np.full((1, 2), np.nan)
    outline = np.vstack([part for ring in land() for part in (ring, gap)])
    return trace(
        "scatter",
        x=outline[:, 0],
        y=outline[:, 1],
        mode="lines",
        fill="toself",
        fillcolor=_LAND[theme],
        line={"color": _COAST[theme], "width": 0.7},
        hoverinfo="skip",
    )


def _flows(data: MapData, origins: Floats, places: Floats, theme: str) -> list[Trace]:
    """Bent lines in classes of width, and an unseen point on each that says how much it is."""
    if not data.flows.any():
        return []
    order = np.argsort(-data.flows, axis=None)[:MOST_FLOWS]
    pairs = [divmod(int(n), data.flows.shape[1]) for n in order]
    pairs = [(o, d) for o, d in pairs if data.flows[o, d] > 0]
    classes: list[list[Floats]] = [[] for _ in _WIDTHS]
    middles, texts = [], []
    for o, d in pairs:
        path = _bent(origins[o], places[d])
        classes[_width_class(data.flows[o, d] / data.largest_flow)].append(path)
        middles.append(path[len(path) // 2])
        texts.append(
            f"{label(data.origins[o])} → {label(data.datacenters[d])}<br>"
            f"{number(data.flows[o, d])} requests/h"
        )
    gap = np.full((1, 2), np.nan)
    traces = []
    for (width, opacity), paths in zip(_WIDTHS, classes, strict=True):
        if not paths:
            continue
        line = np.vstack([part for path in paths for part in (path, gap)])
        traces.append(
            trace(
                "scatter",
                x=line[:, 0],
                y=line[:, 1],
                mode="lines",
                line={"color": f"rgba({_FLOW[theme]},{opacity})", "width": width},
                hoverinfo="skip",
            )
        )
    points = np.array(middles)
    traces.append(
        trace(
            "scatter",
            x=points[:, 0],
            y=points[:, 1],
            mode="markers",
            marker={"size": 10, "opacity": 0},
            text=texts,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    return traces


def _width_class(share: float) -> int:
    """Which of _WIDTHS a flow has, by its share of the largest."""
    return min(len(_WIDTHS) - 1, int(share**0.5 * len(_WIDTHS)))


def _sizes(data: MapData, load: Floats) -> Floats:
    """Diameters of datacenters in pixels: areas grow with their load."""
    share = load / data.largest if data.largest > 0 else np.zeros_like(load)
    return np.where(load > 0, 7 + _LARGEST * np.sqrt(share), 7)


def legend_values(largest: float) -> list[float]:
    """Three round values that a legend explains: about all, a quarter and a twentieth."""
    if largest <= 0:
        return []
    return [float(f"{share * largest:.1g}") for share in (0.05, 0.25, 0.8)]


def _short(value: float) -> str:
    """A round number in few letters: 400 k, 2 M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {letter}"
    return number(value)


def _legend(data: MapData, theme: str) -> dict[str, list[dict[str, object]]]:
    """What sizes and widths mean, in pixels below the map's lower left corner and below the colors,
    whose figures end 45 pixels down."""
    sizes, widths = -82, -120
    shapes: list[dict[str, object]] = []
    texts: list[dict[str, object]] = []
    corner = {"xref": "paper", "yref": "paper"}
    pixels = {**corner, "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": 0, "yanchor": 0}

    def text(words: str, x: float, y: float) -> None:
        at = {**corner, "x": 0, "y": 0, "xanchor": "left", "yanchor": "middle"}
        shift = {"xshift": x, "yshift": y}
        look = {"showarrow": False, "font": {"size": 11}, "bgcolor": "rgba(0,0,0,0)"}
        texts.append({"text": words, **at, **shift, **look})

    text("requests/h served here", 0, sizes)
    text("requests/h sent there", 0, widths)
    x = 136.0
    for value in legend_values(data.largest):
        radius = float(_sizes(data, np.array([value]))[0]) / 2
        ends = {"x0": x, "x1": x + 2 * radius, "y0": sizes - radius, "y1": sizes + radius}
        shapes.append(
            {"type": "circle", **pixels, **ends, "line": {"color": _INK[theme], "width": 1}}
        )
        text(_short(value), x + 2 * radius + 3, sizes)
        x += 2 * radius + 48
    x = 136.0
    for value in legend_values(data.largest_flow):
        width, opacity = _WIDTHS[_width_class(value / data.largest_flow)]
        line = {"color": f"rgba({_FLOW[theme]},{opacity})", "width": width}
        shapes.append(
            {
                "type": "line",
                **pixels,
                "x0": x,
                "x1": x + 26,
                "y0": widths,
                "y1": widths,
                "line": line,
            }
        )
        text(_short(value), x + 30, widths)
        x += 70
    return {"shapes": shapes, "annotations": texts}


def _bent(start: Floats, end: Floats) -> Floats:
    """A curve from start to end (n, 2) that bends to its left."""
    t = np.linspace(0, 1, 17)[:, None]
    across = np.array([start[1] - end[1], end[0] - start[0]])
    control = (start + end) / 2 + 0.18 * across
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t * t * end)


def _origin_points(data: MapData, origins: Floats, theme: str) -> Trace:
    sent = data.flows.sum(axis=1)
    return trace(
        "scatter",
        x=origins[:, 0],
        y=origins[:, 1],
        mode="markers",
        marker={"symbol": "square", "size": 6, "color": _INK[theme]},
        text=[
            f"from {label(name)}<br>{number(rate)} requests/h"
            for name, rate in zip(data.origins, sent, strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _datacenter_points(data: MapData, places: Floats, theme: str) -> Trace:
    return trace(
        "scatter",
        x=places[:, 0],
        y=places[:, 1],
        mode="markers+text",
        marker={
            "size": _sizes(data, data.load),
            "color": data.carbon,
            "cmin": data.carbon_range[0],
            "cmax": data.carbon_range[1],
            "colorscale": "Viridis",
            "reversescale": True,
            "opacity": 0.88,
            "line": {"width": 1, "color": _INK[theme]},
            "colorbar": {
                "title": {"text": "carbon intensity of the grid (g CO2e/kWh)", "side": "top"},
                "orientation": "h",
                "y": 0.0,
                "yanchor": "top",
                "x": 0.5,
                "thickness": 10,
                "len": 0.6,
                "outlinewidth": 0,
            },
        },
        text=[
            label(name) if load > 0 else ""
            for name, load in zip(data.datacenters, data.load, strict=True)
        ],
        textposition=_label_sides(places, data.load),
        textfont={"size": 11},
        customdata=[
            f"<b>{label(name)}</b><br>{number(load)} requests/h<br>{number(grams)} g CO2e/kWh"
            for name, load, grams in zip(data.datacenters, data.load, data.carbon, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
