"""What the page consists of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import dcc, html

from slit.app.aria import aria
from slit.app.equal_quality import equal_quality_section
from slit.app.html_table import table
from slit.app.points import FrontPoints, Unreadable
from slit.app.run_store import RunStore
from slit.app.scenarios import Place, facts_of, side_by_side
from slit.app.sections import compare_section, front_section, plan_section
from slit.app.state import LARGEST_PREFERENCE
from slit.report.limits import describe_limits
from slit.scenario.lint_scenario import doubts

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
STEPS = 200


def page(
    store: RunStore, unreadable: Sequence[Unreadable], *, place: Place, places: Sequence[Place]
) -> Any:
    """The whole page of the runs at a place; those of other scenarios stand at other `places`."""
    runs = store.runs
    messages = [html.P(each.message, className="note", role="alert") for each in unreadable]
    return html.Div(
        [
            dcc.Location(id="url", refresh=False),
            html.A("Skip to the plans", href="#content", className="skip"),
            *_stores(),
            _header(store),
            *messages,
            *_other_scenarios(place, places),
            equal_quality_section(store),
            html.Div(
                [
                    _knobs(store),
                    html.Main(
                        [front_section(store), plan_section(runs), compare_section()],
                        id="content",
                    ),
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
                html.P(_why_several(place, places)),
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


def _why_several(place: Place, places: Sequence[Place]) -> str:
    if not any(each.account for each in places):
        return (
            f"The folders are of {len(places)} scenarios or sets of objectives. Plans are "
            "ranked within one only, so each has a page of its own:"
        )
    counted = f"Carbon counts by the account {place.account} here. " if place.account else ""
    return (
        f"{counted}The same plans under another carbon account, and those of other scenarios, have "
        "pages of their own:"
    )


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


def _header(store: RunStore) -> Any:
    run, points = store.runs[0], store.points
    facts = facts_of(run)
    summary = " · ".join(facts[name] for name in ("Time planned", "Fleet", "Demand"))
    notes = dict.fromkeys(note for run in store.runs for note in run.manifest.notes)
    # Read again, as in the report: runs of earlier versions do not hold them.
    findings = [f"{one.severity}: {one}" for one in doubts(run.scenario)]
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
                [html.H1(f"slit explore: {run.scenario.name}"), theme_button()],
                className="top",
            ),
            html.P(summary, className="runs"),
            *(html.P(note, className="note") for note in (*notes, *findings)),
            html.Div(
                [
                    html.Div(
                        tabs,
                        role="group",
                        **aria(label="View"),
                    ),
                    _downloads(),
                    html.A("Limits and preferences", href="#knobs", className="to-knobs"),
                ],
                className="bar",
            ),
            _lead(points),
        ]
    )


def _lead(points: FrontPoints) -> Any:
    """The selected plan: its name, why it is shown, and others by name."""
    named = [{"label": mark.name, "value": points.keys[mark.row]} for mark in points.marks]
    choice = html.Div(
        [
            html.Label("Plan by name", htmlFor="pick"),
            dcc.Dropdown(
                id="pick",
                options=named,
                searchable=False,
                placeholder="choose",
                className="small-choice",
            ),
        ],
        className="choice",
    )
    details = html.Details(
        [
            html.Summary("Stability, and what the next plans buy"),
            html.P(id="stability"),
            html.Ul(id="next", className="changes"),
        ],
        id="details",
    )
    return html.Section(
        [html.Div([html.Div(id="summary", role="status"), choice]), details],
        className="lead",
        **aria(label="Selected plan"),
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


def _other_limits(store: RunStore) -> list[Any]:
    """What searches were limited to that has no knob here."""
    other = dict.fromkeys(
        describe_limits([limit])
        for run in store.runs
        for limit in run.manifest.resolved_limits
        if limit.measure not in store.points.limits
    )
    if not other:
        return []
    return [html.P(f"The search was also limited to {', '.join(other)}.", className="trade apart")]


def _knobs(store: RunStore) -> Any:
    points = store.points
    return html.Aside(
        [
            html.H2("Knobs"),
            html.P(id="remaining", role="status"),
            *_other_limits(store),
            *(_knob(points, m) for m in range(len(points.axes))),
            html.Button("Reset limits and preferences", id="reset"),
        ],
        id="knobs",
        className="knobs",
        **aria(label="Knobs"),
    )


def _knob(points: FrontPoints, m: int) -> Any:
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
                    ),
                ],
                className="knob",
                role="group",
                **aria(label=f"{axis.title}: how much it matters (0 to 5)"),
            ),
            *_run_limit(points, m),
            html.P(id={"type": "trade", "name": axis.name}, className="trade"),
        ]
    )


def _run_limit(points: FrontPoints, m: int) -> list[Any]:
    """That a limit of the run is where its knob stands at first."""
    axis = points.axes[m]
    limit = points.limits.get(axis.name)
    if limit is None:
        return []
    said = describe_limits([limit])
    return [html.P(f"Limit of the search: {said}", className="trade")]


def limit_scale(points: FrontPoints, m: int) -> tuple[float, float, float]:
    """Least and most value and step of a limit: round numbers around those of the plans, and
    around what the search was limited to."""
    values = points.F[points.best, m]
    limit = points.limits.get(points.axes[m].name)
    if limit is not None:
        values = np.append(values, limit.most)
    low, high = float(values.min()), float(values.max())
    span = high - low if high > low else max(abs(high), 1.0)
    power = 10.0 ** np.floor(np.log10(span / STEPS))
    step = next(power * n for n in (1, 2, 5, 10) if span / (power * n) <= STEPS)
    digits = max(0, -int(np.floor(np.log10(step))))
    first, last = np.floor(low / step) * step, np.ceil(high / step) * step
    if last <= first:
        last = first + step
    return round(float(first), digits), round(float(last), digits), round(float(step), digits)
