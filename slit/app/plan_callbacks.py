"""The views of one plan and of two."""

from typing import Any

import dash
from dash import Input, Output, State, html, no_update

from slit.app.compare import Comparison, comparison_data, describe_changes, differences, draw_net
from slit.app.html_table import table
from slit.app.plan_tables import differences_table, moves_table, numbers_table, waits_table
from slit.app.run_store import RunStore
from slit.app.sections import TOTALS, compare_figures, plan_figures
from slit.app.worldmap import WHOLE, draw_map, hour_text, map_data
from slit.display import number, share
from slit.errors import SlitError
from slit.report.limits import describe_room, limits_data
from slit.report.plan import (
    at_epoch,
    describe_plan,
    describe_stability,
    draw_by_datacenter,
    draw_load,
    draw_nodes,
    draw_waits,
)
from slit.report.predicted import describe_predicted
from slit.report.replayed import describe_replayed, replay_of, with_served
from slit.report.saving import describe_parts, saving_columns, saving_rows
from slit.report.style import figure, themed

FIGURES_OF_PLAN = ("load", "variants", "nodes", "waits")


def register_plan(app: dash.Dash, store: RunStore) -> None:
    """Connect the view of the selected plan; nothing is drawn while it is not seen."""

    @app.callback(
        Output("plan-figures", "children"),
        Output("built", "data"),
        Input("view", "value"),
        State("built", "data"),
    )
    def looked_at(view: str, built: bool | None) -> Any:
        return [no_update] * 2 if view != "plan" or built else [plan_figures(store.runs), True]

    @app.callback(Output("stability", "children"), Input("chosen", "data"))
    def stability_changed(chosen: dict[str, Any] | None) -> Any:
        return no_update if chosen is None else stability_words(store, chosen["plan"])

    @app.callback(
        Output("plan-text", "children"),
        Input("chosen", "data"),
        Input("view", "value"),
    )
    def plan_changed(chosen: dict[str, Any] | None, view: str) -> Any:
        if view != "plan" or chosen is None:
            return no_update
        return plan_words(store, chosen["plan"])

    @app.callback(
        *(Output(name, "figure") for name in FIGURES_OF_PLAN),
        Output("waits-table", "children"),
        Input("chosen", "data"),
        Input("view", "value"),
        Input("theme", "data"),
    )
    def figures_changed(chosen: dict[str, Any] | None, view: str, theme: str | None) -> Any:
        if view != "plan" or chosen is None:
            return [no_update] * (1 + len(FIGURES_OF_PLAN))
        return plan_view(store, chosen["plan"], theme)

    @app.callback(
        Output("map", "figure"),
        *(Output(f"total-{what}", "figure") for what in TOTALS),
        Output("numbers", "children"),
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
        return hour_view(store, chosen["plan"], hour or WHOLE, theme)

    @app.callback(Output("hour-text", "children"), Input("hour", "value"), Input("chosen", "data"))
    def hour_named(hour: int | None, chosen: dict[str, Any] | None) -> Any:
        if chosen is None:
            return no_update
        return hour_text(store.run_of(chosen["plan"]).scenario.horizon, hour or WHOLE)


def stability_words(store: RunStore, key: str) -> Any:
    """What changes from one epoch to the next (nothing where there is one), what is predicted."""
    try:
        data = store.plan(key)
        changes = describe_stability(data) if store.epochs > 1 else ""
        said = [each for each in (changes, describe_predicted(data.predicted)) if each]
        return f"{'. '.join(said)}." if said else None
    except SlitError as error:
        return html.Span(str(error), className="note")


def plan_words(store: RunStore, key: str) -> Any:
    """What the plan does, what changes from one epoch to the next, and the room to limits."""
    try:
        data, run = store.plan(key), store.run_of(key)
        row = int(store.points.row[store.points.index[key]])
        said = f"{describe_plan(data)}. {describe_stability(data)}."
        replayed = replay_of(run, row)
        if replayed is not None:
            said = f"{said} Served request by request, {describe_replayed(replayed)}"
        if not run.manifest.resolved_limits:
            return said
        return f"{said} {describe_room(limits_data(run, [row]), 0)}"
    except SlitError as error:
        return html.Span(str(error), className="note")


def plan_view(store: RunStore, key: str, theme: str | None) -> list[Any]:
    """FIGURES_OF_PLAN and the table of waits."""
    try:
        data = store.plan(key)
        replayed = replay_of(store.run_of(key), int(store.points.row[store.points.index[key]]))
    except SlitError:
        return [*[themed(figure([]), theme)] * len(FIGURES_OF_PLAN), None]
    waits = draw_waits(data.waits)
    if replayed is not None:
        waits = with_served(waits, replayed)
    return [
        themed(draw_load(data, by="datacenter"), theme),
        themed(draw_load(data, by="variant"), theme),
        themed(draw_nodes(data), theme),
        themed(waits, theme),
        waits_table(data.waits),
    ]


def hour_view(store: RunStore, key: str, hour: int, theme: str | None) -> list[Any]:
    """The map and the bars of an hour (0: all), and a table of what the bars show."""
    try:
        data = store.plan(key)
    except SlitError:
        return [*[themed(figure([]), theme)] * (1 + len(TOTALS)), None]
    hour = min(hour, len(data.starts))
    shown = map_data(data, store.run_of(key).scenario, hour=hour)
    sliced = data if hour == WHOLE else at_epoch(data, hour - 1)
    bars = []
    for what in TOTALS:
        drawing = draw_by_datacenter(sliced, what=what, order=data)
        if hour != WHOLE:
            values = getattr(data, what)
            most, least = float(values.max(initial=0)), float(values.min(initial=0))
            drawing["layout"]["xaxis"]["range"] = [1.05 * min(0.0, least), 1.05 * most or 1.0]
        bars.append(themed(drawing, theme))
    drawing = draw_map(shown, theme=theme or "light")
    return [themed(drawing, theme), *bars, numbers_table(sliced)]


def register_compare(app: dash.Dash, store: RunStore) -> None:
    """Connect the view of two plans."""

    @app.callback(
        Output("compare-text", "children"),
        Output("compare-table", "children"),
        Output("compare-figures", "children"),
        Output("moves", "children"),
        Input("chosen", "data"),
        Input("view", "value"),
    )
    def pair_changed(chosen: dict[str, Any] | None, view: str) -> Any:
        if view != "compare" or chosen is None:
            return [no_update] * 4
        return compare_view(store, chosen["plan"], chosen["other"])

    @app.callback(
        Output("net", "figure"),
        Output("net-variant", "figure"),
        Input("chosen", "data"),
        Input("view", "value"),
        Input("theme", "data"),
    )
    def net_changed(chosen: dict[str, Any] | None, view: str, theme: str | None) -> Any:
        if view != "compare" or chosen is None:
            return [no_update] * 2
        return net_view(store, chosen["plan"], chosen["other"], theme)


def compared(store: RunStore, reference: str, plan: str) -> Comparison | str:
    """What a plan does otherwise than a reference, or why that cannot be said."""
    try:
        return comparison_data(store.ledger(reference), store.ledger(plan))
    except SlitError as error:
        return str(error)


def compare_view(store: RunStore, plan: str, reference: str) -> list[Any]:
    """Text, table of objectives, figures (empty as yet), table of moves."""
    points = store.points
    at_a, at_b = points.index[reference], points.index[plan]
    objectives = differences_table(
        points.axes,
        differences(points.names, points.F[at_a], points.F[at_b]),
        (points.title(at_a), points.title(at_b)),
    )
    comparison = compared(store, reference, plan)
    if isinstance(comparison, str):
        return [html.P(comparison, className="note"), objectives, None, None]
    text = html.P(
        f"{points.title(at_b).capitalize()} serves {number(comparison.moved)} of "
        f"{number(comparison.total)} requests ({share(comparison.moved_share)}) elsewhere "
        f"or by another variant than {points.title(at_a)}."
    )
    if not comparison.moves:
        return [text, objectives, None, None]
    objectives = html.Div([objectives, *saving_view(store, plan, reference)])
    changes = [
        html.Li([html.Strong(f"{what}: "), words]) for what, words in describe_changes(comparison)
    ]
    moves = [html.H3("What moves, when, and why"), moves_table(comparison)]
    return [
        [text, html.Ul(changes, className="changes")],
        objectives,
        compare_figures(store.runs),
        moves,
    ]


def saving_view(store: RunStore, plan: str, reference: str) -> list[Any]:
    """Where the change comes from, or why that cannot be said."""
    heading = html.H3("Where the change comes from")
    try:
        found = store.saving(reference, plan)
    except SlitError as error:
        return [heading, html.P(str(error), className="note")]
    title = store.points.title(store.points.index[reference])
    columns = saving_columns()
    caption = f"Parts that add up, in per cent of {title}: minus is less, and less is better"
    rows = saving_rows(found, store.points.names)
    parts = table(caption, columns, rows, numeric=frozenset(range(1, len(columns))))
    return [heading, parts, html.P(describe_parts(found, title), className="hint")]


def net_view(store: RunStore, plan: str, reference: str, theme: str | None) -> list[Any]:
    """What a plan serves more or less than a reference, by datacenter and by variant."""
    comparison = compared(store, reference, plan)
    if isinstance(comparison, str):
        return [themed(figure([]), theme)] * 2
    return [themed(draw_net(comparison, by=by), theme) for by in ("datacenter", "variant")]
