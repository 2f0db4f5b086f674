"""The views of one plan and of two."""

from typing import Any

import dash
from dash import Input, Output, html, no_update

from slit.app.compare import comparison_data, differences, draw_net
from slit.app.layout import TOTALS
from slit.app.library import Library
from slit.app.views import differences_table, moves_table, waits_table
from slit.app.worldmap import WHOLE, draw_map, hour_text, map_data
from slit.errors import SlitError
from slit.report.plan import (
    at_epoch,
    describe_plan,
    draw_by_datacenter,
    draw_load,
    draw_nodes,
    draw_waits,
)
from slit.report.style import figure, number, template


def themed(drawing: Any, theme: str | None) -> Any:
    """The figure in the look of the page."""
    return drawing.update_layout(template=template(theme or "light"))


def register_plan(app: dash.Dash, library: Library) -> None:
    """Connect the view of the selected plan; nothing is drawn while it is not seen."""

    @app.callback(
        Output("plan-title", "children"),
        Output("plan-text", "children"),
        Output("load", "figure"),
        Output("variants", "figure"),
        Output("nodes", "figure"),
        Output("waits", "figure"),
        Output("waits-table", "children"),
        Input("chosen", "data"),
        Input("view", "value"),
        Input("theme", "data"),
    )
    def plan_changed(chosen: dict[str, Any] | None, view: str, theme: str | None) -> Any:
        if view != "plan" or chosen is None:
            return [no_update] * 7
        return plan_view(library, chosen["plan"], theme)

    @app.callback(
        Output("map", "figure"),
        *(Output(f"total-{what}", "figure") for what in TOTALS),
        Output("hour-text", "children"),
        Input("chosen", "data"),
        Input("hour", "value"),
        Input("view", "value"),
        Input("theme", "data"),
    )
    def hour_changed(
        chosen: dict[str, Any] | None, hour: int | None, view: str, theme: str | None
    ) -> Any:
        if view != "plan" or chosen is None:
            return [no_update] * (2 + len(TOTALS))
        return hour_view(library, chosen["plan"], hour or WHOLE, theme)


def plan_view(library: Library, key: str, theme: str | None) -> list[Any]:
    """Title, text, four figures and the table of waits."""
    try:
        data = library.plan(key)
    except SlitError as error:
        empty = themed(figure([]), theme)
        return ["Plan", html.Span(str(error), className="note"), *[empty] * 4, None]
    points = library.shown
    return [
        points.title(points.index[key]).capitalize(),
        f"{describe_plan(data)}.",
        themed(draw_load(data, by="datacenter"), theme),
        themed(draw_load(data, by="variant"), theme),
        themed(draw_nodes(data), theme),
        themed(draw_waits(data.waits), theme),
        waits_table(data.waits),
    ]


def hour_view(library: Library, key: str, hour: int, theme: str | None) -> list[Any]:
    """Map, bars, and the name of the hour (0: all)."""
    try:
        data = library.plan(key)
    except SlitError:
        empty = themed(figure([]), theme)
        return [*[empty] * (1 + len(TOTALS)), ""]
    hour = min(hour, len(data.starts))
    shown = map_data(data, library.run_of(key).scenario, hour=hour)
    sliced = data if hour == WHOLE else at_epoch(data, hour - 1)
    bars = []
    for what in TOTALS:
        drawing = themed(draw_by_datacenter(sliced, what=what, order=data), theme)
        if hour != WHOLE:
            values = getattr(data, what)
            most, least = float(values.max(initial=0)), float(values.min(initial=0))
            drawing.update_xaxes(range=[1.05 * min(0.0, least), 1.05 * most or 1.0])
        bars.append(drawing)
    return [themed(draw_map(shown, theme=theme or "light"), theme), *bars, hour_text(data, hour)]


def register_compare(app: dash.Dash, library: Library) -> None:
    """Connect the view of two plans."""

    @app.callback(
        Output("compare-text", "children"),
        Output("compare-table", "children"),
        Output("net", "figure"),
        Output("net-variant", "figure"),
        Output("moves", "children"),
        Output("compare-figures", "hidden"),
        Input("chosen", "data"),
        Input("view", "value"),
        Input("theme", "data"),
    )
    def pair_changed(chosen: dict[str, Any] | None, view: str, theme: str | None) -> Any:
        if view != "compare" or chosen is None:
            return [no_update] * 6
        return compare_view(library, chosen["plan"], chosen["other"], theme)


def compare_view(library: Library, a: str, b: str | None, theme: str | None) -> list[Any]:
    """Text, table of objectives, two figures, table of moves, and whether to hide the figures."""
    points = library.shown
    empty = themed(figure([]), theme)
    if b is None:
        text = html.P("Choose a plan B here, or press compare in the table of the front.")
        return [text, None, empty, empty, None, True]
    at_a, at_b = points.index[a], points.index[b]
    run_a, run_b = library.run_of(a), library.run_of(b)
    rows = int(points.row[at_a]), int(points.row[at_b])
    titles = points.title(at_a), points.title(at_b)
    objectives = differences_table(
        points.axes, differences(run_a.front, rows[0], run_b.front, rows[1]), titles
    )
    if run_a.manifest.scenario_hash != run_b.manifest.scenario_hash:
        text = html.P("The plans are of different scenarios: their requests cannot be compared.")
        return [text, objectives, empty, empty, None, True]
    try:
        data = comparison_data(library.ledger(a), library.ledger(b))
    except SlitError as error:
        return [html.P(str(error), className="note"), objectives, empty, empty, None, True]
    text = html.P(
        f"B serves {number(data.moved)} of {number(data.total)} requests "
        f"({100 * data.moved_share:.1f} %) elsewhere or by another variant than A."
    )
    return [
        text,
        objectives,
        themed(draw_net(data, by="datacenter"), theme),
        themed(draw_net(data, by="variant"), theme),
        moves_table(data),
        not data.moves,
    ]
