"""The three views of the page, and the figures that are put into them when first looked at."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from slit.app.aria import aria
from slit.app.certify import certified_view, lacks_certificate
from slit.app.overlay import overlay_table
from slit.app.run_store import RunStore
from slit.app.state import BY_RUN
from slit.record import Run

TOTALS = {
    "carbon": "Carbon",
    "water": "Water",
    "cost": "Cost",
    "energy": "Energy",
}
PLAIN: Any = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d"]],
    "scrollZoom": False,
}
SCALE_OPTIONS = [
    {"label": "Logarithmic where wide", "value": "auto"},
    {"label": "Linear", "value": "linear"},
    {"label": "Logarithmic", "value": "log"},
]


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


def front_section(store: RunStore) -> Any:
    """The front: its figures, its table, and how much better any could be."""
    points = store.points
    objectives = [{"label": axis.title, "value": axis.name} for axis in points.axes]
    by_run = [{"label": "Run", "value": BY_RUN}] if len(points.labels) > 1 else []
    return html.Section(
        [
            html.H2("Front"),
            html.Div(
                [
                    _choice("color", "Color", objectives + by_run),
                    _choice("scale", "Axes", SCALE_OPTIONS),
                ],
                className="choices",
            ),
            html.Div(
                id="parallel",
                className="parallel",
                role="group",
                **aria(label="Parallel coordinates"),
            ),
            html.Div(id="legend", className="legend"),
            html.P(
                "A line is a plan, smaller is better. Drag along an axis to brush, press a line to "
                "select its plan; the handles of an axis also move by arrow keys.",
                className="hint",
            ),
            html.H3("Plans with a name"),
            html.Div(id="marks", className="marks"),
            html.P(
                "Symbols stand in the scatter; solid lines are of the search, dashed ones of "
                "schedulers to compare with. Pale: outside the limits.",
                className="hint",
            ),
            *_scatter(objectives),
            html.H3("Table"),
            html.Div(
                id="table",
                className="wide",
                tabIndex="0",
                role="region",
                **aria(label="Table of the remaining plans"),
            ),
            *_quality(store),
        ],
        id="view-front",
    )


def _scatter(objectives: list[dict[str, str]]) -> list[Any]:
    """The scatter with its knobs."""
    return [
        html.H3("Scatter"),
        html.Div(
            [
                _choice("x", "Across", objectives),
                _choice("y", "Up", objectives),
                dcc.Checklist(
                    id="zoom",
                    options=[{"label": "Zoom to the remaining plans", "value": "on"}],
                ),
            ],
            className="choices",
        ),
        html.Div(id="scatter", className="scatter", role="img", **aria(label="Scatter")),
        html.P(
            "Press a point to select its plan, drag a box to brush, press twice to clear. "
            "Orange ring: selected; blue dashed ring: compared with.",
            className="hint",
        ),
    ]


def _quality(store: RunStore) -> list[Any]:
    """How the front was found, and how much better any could be."""
    return [
        html.H3("Runs" if len(store.runs) > 1 else "Search"),
        html.Div(overlay_table(store), id="runs-table", className="wide"),
        html.H3("What is possible at most"),
        *(
            [html.Button("Certify (takes seconds)", id="certify")]
            if lacks_certificate(store)
            else []
        ),
        dcc.Loading(
            html.Div(
                certified_view(store, stored=True),
                id="certified",
                className="wide",
                role="status",
            )
        ),
    ]


def _graph(name: str, title: str, *, height: int) -> Any:
    graph = dcc.Graph(id=name, config=PLAIN, responsive=True, style={"height": height})
    return html.Div([html.H3(title), graph], role="figure", **aria(label=title))


def plan_section(runs: Sequence[Run]) -> Any:
    """One plan, hour by hour."""
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
            html.H2("Hour by hour"),
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


def compare_section() -> Any:
    """The selected plan against another."""
    return html.Section(
        [
            html.H2("Compare"),
            html.Div(
                [
                    html.Label("The selected plan against", htmlFor="other"),
                    dcc.Dropdown(id="other", searchable=True, clearable=False),
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
        _graph("net", "Requests served more or less, by datacenter", height=sites),
        _graph("net-variant", "The same by model variant", height=variants),
    ]
