"""The page of a search that is still running."""

from typing import Any

import dash
import numpy as np
from dash import Input, Output, dcc, html

from slit.app.callback_schema import refuse_malformed, values_of_search
from slit.app.layout import theme_button
from slit.app.page_callbacks import register_scripts, script
from slit.app.progress_feed import ProgressFeed, SearchSnapshot
from slit.app.sections import PLAIN
from slit.app.server import new_app
from slit.display import number
from slit.report.style import COLORS, Drawing, figure, label, lines, themed, trace

POLL_MILLISECONDS = 1000
BASE = "/live/"
"""Where the page is served."""


def live_app(
    feed: ProgressFeed,
    names: tuple[str, ...],
    units: tuple[str, ...],
    *,
    title: str,
    host: str,
    token: str | None = None,
) -> dash.Dash:
    """The application that shows a search and can stop it."""
    app = new_app("slit optimize", host=host, base=BASE, token=token)
    app.layout = _layout(names, title)
    register_scripts(app)

    @app.callback(
        Output("growing", "figure"),
        Output("volume", "figure"),
        Output("facts", "children"),
        Output("stop", "disabled"),
        Output("stop", "children"),
        Output("poll", "disabled"),
        Output("over", "data"),
        Input("poll", "n_intervals"),
        Input("stop", "n_clicks"),
        Input("x", "value"),
        Input("y", "value"),
        Input("theme", "data"),
    )
    def polled(_polls: Any, clicks: int | None, x: str, y: str, theme: str | None) -> Any:
        if dash.ctx.triggered_id == "stop" and clicks:
            feed.stop()
        snapshot = feed.snapshot
        return [
            themed(draw_growing(snapshot, names, units, x=x, y=y), theme),
            themed(draw_volume(snapshot), theme),
            facts(snapshot, names, units),
            snapshot.stopping or snapshot.ended,
            "Stopping …" if snapshot.stopping and not snapshot.ended else "Stop",
            snapshot.ended,
            snapshot.explorable,
        ]

    script(app, "reload", Output("no-output", "children"), Input("over", "data"))
    refuse_malformed(app, values_of_search(names), names=())
    return app


def _layout(names: tuple[str, ...], title: str) -> Any:
    options = [{"label": name, "value": name} for name in names]

    def choice(name: str, text: str, value: str) -> Any:
        return html.Div(
            [
                html.Label(text, htmlFor=name),
                dcc.Dropdown(
                    id=name,
                    options=options,
                    value=value,
                    clearable=False,
                    searchable=False,
                    className="small-choice",
                ),
            ],
            className="choice",
        )

    graph: dict[str, Any] = {"config": PLAIN, "responsive": True, "style": {"height": 420}}
    top = html.Div([html.H1(f"slit optimize: {title}"), theme_button()], className="top")
    return html.Div(
        [
            dcc.Store(id="theme"),
            dcc.Store(id="over"),
            dcc.Interval(id="poll", interval=POLL_MILLISECONDS),
            html.Div(id="no-output", hidden=True),
            html.Header([top, html.Div(id="facts", className="runs", role="status")]),
            html.Main(
                html.Section(
                    [
                        html.Div(
                            [
                                html.Button("Stop", id="stop"),
                                choice("x", "Across", names[0]),
                                choice("y", "Up", names[min(1, len(names) - 1)]),
                            ],
                            className="choices",
                        ),
                        html.Div(
                            [
                                html.Div([html.H2("Front"), dcc.Graph(id="growing", **graph)]),
                                html.Div([html.H2("Hypervolume"), dcc.Graph(id="volume", **graph)]),
                            ],
                            className="pair",
                        ),
                    ]
                ),
                id="content",
            ),
        ],
        className="page",
    )


def facts(snapshot: SearchSnapshot, names: tuple[str, ...], units: tuple[str, ...]) -> list[Any]:
    """How far the search has come, in words."""
    work = f"{snapshot.evaluations:,} evaluations"
    if snapshot.moves:
        work += f" and {snapshot.moves:,} moves"
    paragraphs = [
        html.Div(
            f"{snapshot.plans:,} plans on the front, {work} in {snapshot.seconds:.1f} s "
            f"({number(snapshot.rate)} a second), {100 * snapshot.share:.0f} % of the budget"
        )
    ]
    if snapshot.F is not None and len(snapshot.F):
        best = [
            f"{name} {number(value)} {unit}"
            for name, value, unit in zip(names, np.min(snapshot.F, axis=0), units, strict=True)
        ]
        paragraphs.append(html.Div(f"Best so far: {', '.join(best)}"))
    if snapshot.message:
        paragraphs.append(html.Div(snapshot.message))
    return paragraphs


def draw_growing(
    snapshot: SearchSnapshot, names: tuple[str, ...], units: tuple[str, ...], *, x: str, y: str
) -> Drawing:
    """The plans kept so far, by two objectives."""
    across, up = names.index(x), names.index(y)
    F = np.empty((0, len(names))) if snapshot.F is None else snapshot.F
    points = trace(
        "scatter",
        x=F[:, across],
        y=F[:, up],
        mode="markers",
        marker={"size": 7, "color": COLORS[0], "opacity": 0.7},
        hovertemplate="%{x:,.4g}, %{y:,.4g}<extra></extra>",
    )
    return figure(
        [points],
        xaxis={"title": {"text": lines(f"{x} ({units[across]})", width=40)}},
        yaxis={"title": {"text": lines(f"{y} ({units[up]})", width=40)}},
        uirevision=f"{x}|{y}",
    )


def draw_volume(snapshot: SearchSnapshot) -> Drawing:
    """Hypervolume against time."""
    line = trace(
        "scatter",
        x=snapshot.times,
        y=[100 * volume for volume in snapshot.volumes],
        mode="lines+markers",
        line={"color": COLORS[5], "width": 2.5},
        marker={"size": 5},
        hovertemplate="%{y:.3f} % after %{x:.1f} s<extra></extra>",
    )
    return figure(
        [line],
        xaxis={"title": {"text": "seconds"}},
        yaxis={"title": {"text": label("share of a box around the first front (%)")}},
        uirevision="volume",
    )
