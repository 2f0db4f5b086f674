"""What belongs to the page as a whole: its address, its look, downloads, the runs."""

from dataclasses import replace
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, dcc, no_update
from dash import State as Held

from slit.app.certify import certified_view
from slit.app.downloads import front_csv, plan_csv, plan_json
from slit.app.front_callbacks import KEPT, register_front, state_of
from slit.app.parallel import parallel_data
from slit.app.plan_callbacks import register_compare, register_plan
from slit.app.plan_selection import remaining
from slit.app.run_store import RunStore
from slit.app.scales import is_log
from slit.app.scatter import draw_scatter, scatter_data
from slit.app.state import parse_query, to_query
from slit.errors import SlitError
from slit.report.front import draw_parallel, front_data
from slit.report.style import themed


def register(app: dash.Dash, store: RunStore) -> None:
    """Connect the page of `slit.app.layout` with a store."""
    register_scripts(app)
    _register_start(app, store)
    _register_quality(app, store)
    _register_drawing(app)
    register_front(app, store)
    register_plan(app, store)
    register_compare(app, store)
    _register_downloads(app, store)


def script(app: dash.Dash, name: str, *connections: Any, **options: Any) -> None:
    """Connect a function of the page's scripts."""
    function = ClientsideFunction("slit", name)
    app.clientside_callback(function, *connections, **options)  # type: ignore[no-untyped-call]


def register_scripts(app: dash.Dash) -> None:
    """The look of the page: what its scripts do without asking."""
    script(
        app,
        "theme",
        Output("theme", "data"),
        Output("theme-button", "children"),
        Output("theme-button", "aria-pressed"),
        Input("theme-button", "n_clicks"),
    )


def _register_start(app: dash.Dash, store: RunStore) -> None:
    points = store.points

    @app.callback(
        Output("restored", "data"),
        Output("front-data", "data"),
        Output("view", "value"),
        Output("hour", "value"),
        Output("x", "value"),
        Output("y", "value"),
        Output("color", "value"),
        Output("scale", "value"),
        Input("url", "search"),
    )
    def opened(query: str | None) -> Any:
        state = parse_query(
            query or "",
            names=points.names,
            keys=points.index,
            epochs=store.epochs,
            preset=points.preset,
        )
        kept: dict[str, Any] = {key: getattr(state, key) for key in KEPT}
        kept["ranges"] = {name: list(ends) for name, ends in state.ranges.items()}
        kept["preferences"] = dict(state.preferences)
        return [
            kept,
            parallel_data(points),
            state.view,
            state.hour,
            state.x,
            state.y,
            state.color,
            state.scale,
        ]

    @app.callback(
        Output("query", "data"),
        Input("chosen", "data"),
        Input("view", "value"),
        Input("hour", "value"),
    )
    def said(chosen: dict[str, Any] | None, view: str, hour: int | None) -> Any:
        if chosen is None:
            return no_update
        return query_of(store, chosen, view=view, hour=hour)

    script(app, "unfold", Output("details", "open"), Input("url", "pathname"))
    script(app, "address", Output("no-output", "children"), Input("query", "data"))


def _register_quality(app: dash.Dash, store: RunStore) -> None:
    @app.callback(
        Output("certified", "children"), Input("certify", "n_clicks"), prevent_initial_call=True
    )
    def certify(_clicks: Any) -> Any:
        return certified_view(store)


def _register_drawing(app: dash.Dash) -> None:
    script(
        app,
        "views",
        Output("view-front", "hidden"),
        Output("view-plan", "hidden"),
        Output("view-compare", "hidden"),
        Input("view", "value"),
    )
    script(
        app,
        "plans",
        Output("parallel", "data-drawn"),
        Input("front-data", "data"),
        Input("chosen", "data"),
        Input("theme", "data"),
        Input("view", "value"),
    )
    script(
        app,
        "play",
        Output("tick", "disabled"),
        Output("play", "children"),
        Output("play", "aria-pressed"),
        Input("play", "n_clicks"),
    )
    script(
        app,
        "next_hour",
        Output("hour", "value", allow_duplicate=True),
        Input("tick", "n_intervals"),
        Held("hour", "value"),
        Held("hour", "max"),
        prevent_initial_call=True,
    )


def query_of(store: RunStore, chosen: dict[str, Any], *, view: str, hour: int | None) -> str:
    """The address of what the page shows."""
    points, state = store.points, state_of(chosen)
    return to_query(replace(state, view=view, hour=hour or 0), points.names, points.preset)


def _register_downloads(app: dash.Dash, store: RunStore) -> None:
    @app.callback(
        Output("download", "data"),
        Input("download-plan-csv", "n_clicks"),
        Input("download-plan-json", "n_clicks"),
        Input("download-front-csv", "n_clicks"),
        Held("chosen", "data"),
        prevent_initial_call=True,
    )
    def taken(_a: Any, _b: Any, _c: Any, chosen: dict[str, Any] | None) -> Any:
        if chosen is None or not dash.ctx.triggered:
            return no_update
        try:
            return download(store, chosen, str(dash.ctx.triggered_id))
        except SlitError:
            return no_update

    @app.callback(
        Output("saved", "data"),
        Output("drawing-board", "children"),
        Input("download-png", "n_clicks"),
        Input("download-svg", "n_clicks"),
        Held("download-figure", "value"),
        Held("theme", "data"),
        Held("chosen", "data"),
        prevent_initial_call=True,
    )
    def drawn(
        _png: Any, _svg: Any, figure: str, theme: str | None, chosen: dict[str, Any] | None
    ) -> Any:
        image = str(dash.ctx.triggered_id).removeprefix("download-")
        request: dict[str, Any] = {"figure": figure, "format": image}
        if chosen is not None and figure in ("parallel", "scatter"):
            draw = parallel_figure if figure == "parallel" else scatter_figure
            request["drawing"] = draw(store, chosen, theme)
        # A graph, though empty, makes dash load plotly.js where that has not happened yet.
        return request, dcc.Graph(style={"height": 1})

    script(
        app,
        "image",
        Output("no-output", "title"),
        Input("saved", "data"),
        prevent_initial_call=True,
    )


def download(store: RunStore, chosen: dict[str, Any], what: str) -> dict[str, Any]:
    """A file to save: its name, its text and its kind."""
    key = chosen["plan"]
    name = f"plan-{key.replace(':', '-')}"
    if what == "download-plan-csv":
        return {"filename": f"{name}.csv", "content": plan_csv(store, key), "type": "text/csv"}
    if what == "download-plan-json":
        content = plan_json(store, key)
        return {"filename": f"{name}.json", "content": content, "type": "application/json"}
    mask = remaining(store.points, state_of(chosen).ranges)
    if not state_of(chosen).ranges:
        mask[:] = True
    return {"filename": "front.csv", "content": front_csv(store, mask), "type": "text/csv"}


def parallel_figure(store: RunStore, chosen: dict[str, Any], theme: str | None) -> Any:
    """The parallel coordinates of the selected plan's run as a figure that can be saved."""
    run = store.run_of(chosen["plan"])
    data = front_data(run.front, search=run.manifest.optimizer)
    points, scale = store.points, state_of(chosen).scale
    logs = [is_log(points, m, scale) for m in range(len(points.axes))]
    return themed(draw_parallel(data, logs=logs), theme)


def scatter_figure(store: RunStore, chosen: dict[str, Any], theme: str | None) -> Any:
    """The scatter as a figure that can be saved."""
    points, state = store.points, state_of(chosen)
    drawn = draw_scatter(
        scatter_data(points, x=state.x, y=state.y, color=state.color, scale=state.scale),
        points,
        theme=theme or "light",
        mask=remaining(points, state.ranges),
        selected=points.index[chosen["plan"]],
        other=points.index.get(chosen["other"]),
    )
    return themed(drawn, theme)
