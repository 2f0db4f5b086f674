"""What the page consists of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import dcc, html

from slit.app.aria import aria
from slit.app.library import Library
from slit.app.points import Points, Unreadable
from slit.app.scenarios import Place, side_by_side
from slit.app.state import BY_RUN, LARGEST_PREFERENCE
from slit.app.tables import table
from slit.record import Run

FIGURES = {
    "scatter": "Scatter",
    "parallel": "Parallel coordinates",
    "map": "Map",
    "load": "Requests by datacenter",
    "variants": "Requests by variant",
    "nodes": "Nodes in use",
    "waits": "Time to first token",
    "net": "Comparison",
}
"""Figures that can be downloaded."""
TOTALS = {
    "carbon": "Carbon",
    "water": "Water",
    "cost": "Energy cost",
    "energy": "Energy",
}
PLAIN: Any = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d"]],
    "scrollZoom": False,
}
STEPS = 200


def page(
    library: Library, unreadable: Sequence[Unreadable], *, place: Place, places: Sequence[Place]
) -> Any:
    """The whole page of the runs at a place; those of other scenarios stand at other `places`."""
    runs, points = library.runs, library.points
    messages = [html.P(each.message, className="note", role="alert") for each in unreadable]
    return html.Div(
        [
            dcc.Location(id="url", refresh=False),
            html.A("Skip to the plans", href="#content", className="skip"),
            *_stores(),
            _header(runs),
            *messages,
            *_other_scenarios(place, places),
            html.Div(
                [
                    _knobs(points),
                    html.Main([_front(points), _plan(runs), _compare()], id="content"),
                ],
                className="columns",
            ),
        ],
        className="page",
    )


def _other_scenarios(place: Place, places: Sequence[Place]) -> list[Any]:
    """That runs of other scenarios were given, where they are, and how they differ."""
    if len(places) < 2:
        return []
    links = [
        html.Strong(each.title, **aria(current="page"))
        if each is place
        else html.A(each.title, href=each.base)
        for each in places
    ]
    columns, rows = side_by_side(places)
    caption = "Scenarios side by side: values of plans that serve different requests"
    numeric = frozenset(range(1, len(columns)))
    return [
        html.Div(
            [
                html.P(
                    f"The folders are of {len(places)} scenarios or sets of objectives. Plans are "
                    "ranked within one only, so each has a page of its own:"
                ),
                html.Nav(links, className="places", **aria(label="Scenarios")),
                html.Details(
                    [
                        html.Summary("Side by side"),
                        html.Div(table(caption, columns, rows, numeric=numeric), className="wide"),
                    ]
                ),
            ],
            className="note",
        )
    ]


def _stores() -> list[Any]:
    names = ["theme", "brush", "pressed", "chosen", "restored", "query"]
    names += ["front-data", "saved", "built"]
    return [
        *(dcc.Store(id=name) for name in names),
        dcc.Download(id="download"),
        html.Div(id="no-output", hidden=True),
        html.Div(id="drawing-board", className="away", **aria(hidden="true")),
    ]


def theme_button() -> Any:
    """The button that turns the page dark or light."""
    return html.Button("Dark", id="theme-button", **aria(pressed="false"))


def _header(runs: Sequence[Run]) -> Any:
    scenarios = " · ".join(dict.fromkeys(run.scenario.name for run in runs))
    views = [("front", "Front"), ("plan", "Plan"), ("compare", "Compare")]
    tabs = dcc.RadioItems(
        id="view",
        options=[{"label": label, "value": value} for value, label in views],
        value="front",
        className="tabs",
    )
    return html.Header(
        [
            html.Div(
                [html.H1(f"slit explore: {scenarios}"), theme_button()],
                className="top",
            ),
            html.Div(id="runs-text", className="runs"),
            html.Div(
                [
                    html.Div(
                        tabs,
                        role="group",
                        **aria(label="View"),
                    ),
                    _downloads(),
                ],
                className="bar",
            ),
        ]
    )


def _downloads() -> Any:
    figure = dcc.Dropdown(
        id="download-figure",
        options=[{"label": label, "value": value} for value, label in FIGURES.items()],
        value="scatter",
        clearable=False,
        searchable=False,
        className="small-choice",
    )
    buttons = {
        "download-plan-csv": "Plan (CSV)",
        "download-plan-json": "Plan (JSON)",
        "download-front-csv": "Front (CSV)",
    }
    return html.Details(
        [
            html.Summary("Download"),
            html.Div(
                [
                    html.Div([html.Button(text, id=name) for name, text in buttons.items()]),
                    html.Div(
                        [
                            html.Label("Figure", htmlFor="download-figure"),
                            figure,
                            html.Button("PNG", id="download-png"),
                            html.Button("SVG", id="download-svg"),
                        ]
                    ),
                    html.P(id="download-status", role="status"),
                ],
                className="panel",
            ),
        ],
        className="downloads",
    )


def _knobs(points: Points) -> Any:
    named = [{"label": mark.name, "value": points.keys[mark.row]} for mark in points.marks]
    return html.Aside(
        [
            html.H2("Selected plan"),
            html.Label("Plan by name", htmlFor="pick", className="said"),
            dcc.Dropdown(
                id="pick", options=named, searchable=False, placeholder="choose a plan by name"
            ),
            html.Div(id="summary", role="status"),
            html.H2("Knobs"),
            html.P(id="remaining", role="status"),
            *(_knob(points, m) for m in range(len(points.axes))),
            html.Button("Reset limits and preferences", id="reset"),
        ],
        className="knobs",
        **aria(label="Knobs"),
    )


def _knob(points: Points, m: int) -> Any:
    axis = points.axes[m]
    low, high, step = limit_scale(points, m)
    return html.Fieldset(
        [
            html.Legend([axis.title, html.Span(f" ({axis.unit})", className="unit")]),
            html.Div(id={"type": "value", "name": axis.name}, className="value"),
            html.Div(
                [
                    html.Span("at most", id=f"limit-label-{m}"),
                    dcc.Slider(
                        id={"type": "limit", "name": axis.name},
                        min=low,
                        max=high,
                        step=step,
                        value=high,
                        marks=None,
                        updatemode="drag",
                    ),
                ],
                className="knob",
                role="group",
                **aria(label=f"{axis.title}: at most ({axis.unit})"),
            ),
            html.Div(
                [
                    html.Span("matters"),
                    dcc.Slider(
                        id={"type": "like", "name": axis.name},
                        min=0,
                        max=LARGEST_PREFERENCE,
                        step=0.25,
                        value=1,
                        marks=None,
                        updatemode="drag",
                        allow_direct_input=False,
                    ),
                ],
                className="knob",
                role="group",
                **aria(label=f"{axis.title}: how much it matters (0 to 5)"),
            ),
            html.P(id={"type": "trade", "name": axis.name}, className="trade"),
        ]
    )


def limit_scale(points: Points, m: int) -> tuple[float, float, float]:
    """Least and most value and step of a limit: round numbers around those of the plans."""
    values = points.F[points.best, m]
    low, high = float(values.min()), float(values.max())
    span = high - low if high > low else max(abs(high), 1.0)
    power = 10.0 ** np.floor(np.log10(span / STEPS))
    step = next(power * n for n in (1, 2, 5, 10) if span / (power * n) <= STEPS)
    digits = max(0, -int(np.floor(np.log10(step))))
    first, last = np.floor(low / step) * step, np.ceil(high / step) * step
    if last <= first:
        last = first + step
    return round(float(first), digits), round(float(last), digits), round(float(step), digits)


def _choice(name: str, label: str, options: list[dict[str, str]]) -> Any:
    return html.Div(
        [
            html.Label(label, htmlFor=name),
            dcc.Dropdown(
                id=name,
                options=options,
                value=options[0]["value"],
                clearable=False,
                searchable=False,
                className="small-choice",
            ),
        ],
        className="choice",
    )


def _front(points: Points) -> Any:
    objectives = [{"label": axis.title, "value": axis.name} for axis in points.axes]
    by_run = [{"label": "Run", "value": BY_RUN}] if len(points.labels) > 1 else []
    return html.Section(
        [
            html.H2("Front"),
            html.Div(
                [
                    _choice("color", "Color", objectives + by_run),
                    _choice("x", "Across", objectives),
                    _choice("y", "Up", objectives),
                ],
                className="choices",
            ),
            html.Div(id="legend", className="legend"),
            html.H3("Parallel coordinates"),
            html.P(
                "Drag along an axis to brush, press a line to select its plan; the handles of an "
                "axis also move by arrow keys. Smaller is better.",
                className="hint",
            ),
            html.Div(
                id="parallel",
                className="parallel",
                role="group",
                **aria(label="Parallel coordinates"),
            ),
            html.Div(id="marks", className="marks"),
            html.H3("Scatter"),
            html.P(
                "Press a point to select its plan, drag a box to brush, press twice to clear.",
                className="hint",
            ),
            dcc.Checklist(
                id="zoom", options=[{"label": "Zoom to the remaining plans", "value": "on"}]
            ),
            html.Div(id="scatter", className="scatter", role="img", **aria(label="Scatter")),
            html.H3("Table"),
            html.Div(
                id="table",
                className="wide",
                tabIndex="0",
                role="region",
                **aria(label="Table of the remaining plans"),
            ),
            html.H3("Hypervolume"),
            html.Div(id="runs-table", className="wide"),
            html.Button("Certify: how much is possible at most? (takes seconds)", id="certify"),
            dcc.Loading(html.Div(id="certified", className="wide", role="status")),
        ],
        id="view-front",
    )


def _graph(name: str, title: str, *, height: int) -> Any:
    graph = dcc.Graph(id=name, config=PLAIN, responsive=True, style={"height": height})
    return html.Div([html.H3(title), graph], role="figure", **aria(label=title))


def _plan(runs: Sequence[Run]) -> Any:
    epochs = max(run.scenario.horizon.epochs for run in runs)
    slider = dcc.Slider(
        id="hour",
        min=0,
        max=epochs,
        step=1,
        value=0,
        marks=None,
        updatemode="drag",
        allow_direct_input=False,
    )
    return html.Section(
        [
            html.H2(id="plan-title"),
            html.P(id="plan-text"),
            html.Div(
                [
                    html.Button("Play", id="play", **aria(pressed="false")),
                    html.Div(slider, className="hour", role="group", **aria(label="Hour, 0: all")),
                    html.Output(id="hour-text"),
                    dcc.Interval(id="tick", interval=900, disabled=True),
                ],
                className="time",
            ),
            html.Div(id="plan-figures"),
        ],
        id="view-plan",
        hidden=True,
    )


def plan_figures(runs: Sequence[Run]) -> list[Any]:
    """The figures of the plan, put into the page when it is first looked at."""
    sites = 110 + 20 * max(len(run.scenario.datacenters) for run in runs)
    pools = 110 + 20 * max(len(run.scenario.pools) for run in runs)
    totals = [_graph(f"total-{what}", title, height=sites) for what, title in TOTALS.items()]
    waits = _graph("waits", "Time to first token", height=400)
    return [
        _graph("map", "Where requests come from and go to", height=480),
        html.Div(totals, className="four"),
        html.Details(
            [html.Summary("Numbers of the bars"), html.Div(id="numbers", className="wide")]
        ),
        html.Div(
            [
                _graph("load", "Requests by datacenter", height=400),
                _graph("variants", "Requests by model variant", height=400),
            ],
            className="pair",
        ),
        html.Div(
            [
                _graph("nodes", "Nodes in use against capacity", height=pools),
                html.Div([waits, html.Div(id="waits-table", className="wide")]),
            ],
            className="pair",
        ),
    ]


def _compare() -> Any:
    return html.Section(
        [
            html.H2("Compare"),
            html.Div(
                [
                    html.Label("Plan B, against the selected plan A", htmlFor="other"),
                    dcc.Dropdown(id="other", searchable=True, placeholder="choose a plan"),
                ],
                className="choice",
            ),
            html.Div(id="compare-text"),
            html.Div(id="compare-table", className="wide"),
            html.Div(id="compare-figures", className="pair"),
            html.Div(id="moves", className="wide"),
        ],
        id="view-compare",
        hidden=True,
    )


def compare_figures(runs: Sequence[Run]) -> list[Any]:
    """The figures of the comparison, put into the page when it is first looked at."""
    sites = 120 + 20 * max(len(run.scenario.datacenters) for run in runs)
    variants = 120 + 20 * max(len(run.scenario.variants) for run in runs)
    return [
        _graph("net", "Requests that B serves more or less, by datacenter", height=sites),
        _graph("net-variant", "The same by model variant", height=variants),
    ]
