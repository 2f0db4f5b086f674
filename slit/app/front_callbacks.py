"""The front and its knobs: one answer a move, given by `respond`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import dash
from dash import ALL, Input, Output, ctx
from dash import State as Held

from slit.app.layout import limit_scale
from slit.app.plan_tables import front_table, next_list, plan_values, summary
from slit.app.points import FrontPoints
from slit.app.reducer import (
    Answer,
    Event,
    answer,
    describe_relaxation,
    describe_remaining,
    with_limits,
    with_ranges,
)
from slit.app.run_store import RunStore
from slit.app.state import PageState, default_state

KEPT = ("plan", "other", "x", "y", "color", "scale", "sort")
"""What the page keeps of the state as it is."""


class Moves(NamedTuple):
    """What the page holds when something has moved. `limits` and `likes` are by objective."""

    limits: Mapping[str, float | None]
    likes: Mapping[str, float | None]
    brush: Mapping[str, Any] | None
    pressed: Mapping[str, str] | None
    pick: str | None
    other: str | None
    x: str
    y: str
    color: str
    scale: str


def respond(
    points: FrontPoints, moves: Moves, moved: Iterable[str], *, before: PageState | None, page: int
) -> tuple[Answer, int]:
    """The answer, and the page of the table.

    `moved` names what has moved: fields of `Moves`, `reset`, limit:NAME or like:NAME. `before` is
    the state that the moves change; None at the start.
    """
    names = set(moved)
    if before is None:
        return answer(points, default_state(points.names, points.preset), Event.LOOK), 0
    state, event = before, Event.LOOK
    limits = {name: moves.limits[name] for name in points.names if f"limit:{name}" in names}
    if limits:
        state, event = with_limits(points, state, limits), Event.KNOBS
    likes = {name: moves.likes[name] for name in points.names if f"like:{name}" in names}
    if likes:
        preferences = {n: float(v) for n, v in likes.items() if v is not None}
        state = replace(state, preferences={**state.preferences, **preferences})
        event = Event.KNOBS
    if "brush" in names and moves.brush is not None:
        ranges = {name: _ends(ends) for name, ends in moves.brush.get("ranges", {}).items()}
        state, event = with_ranges(points, state, ranges), Event.KNOBS
    if "reset" in names:
        state, event = replace(state, ranges=points.preset, preferences={}), Event.KNOBS
    if event is Event.KNOBS:
        page = 0
    if names & {"pressed", "pick", "other"}:
        state, page, pressed = _pressed(points, state, moves, names, page)
        event = Event.PLAN if pressed else event
    state = replace(state, x=moves.x, y=moves.y, color=moves.color, scale=moves.scale)
    return answer(points, state, event), page


def _pressed(
    points: FrontPoints, state: PageState, moves: Moves, names: set[str], page: int
) -> tuple[PageState, int, bool]:
    """The state after a press on a plan, a column or a page; True if a plan was selected."""
    if "pressed" in names and moves.pressed is not None:
        what, key = moves.pressed.get("what"), str(moves.pressed.get("key"))
        if what == "plan" and key in points.index:
            return replace(state, plan=key), page, True
        if what == "other" and key in points.index:
            return replace(state, other=key), page, False
        if what == "sort" and key in ("", *points.names):
            return replace(state, sort=key), 0, False
        if what == "page" and key.lstrip("-").isdigit():
            return state, max(0, int(key)), False
    if "pick" in names and moves.pick in points.index:
        return replace(state, plan=moves.pick), page, True
    if "other" in names:
        other = moves.other if moves.other in points.index else None
        return replace(state, other=other), page, False
    return state, page, False


def _ends(ends: Any) -> tuple[float | None, float | None]:
    low, high = ends
    return (None if low is None else float(low)), (None if high is None else float(high))


def register_front(app: dash.Dash, store: RunStore) -> None:
    """Connect knobs, parallel coordinates, scatter and table."""
    points = store.points

    @app.callback(
        Output("chosen", "data"),
        Output({"type": "limit", "name": ALL}, "value"),
        Output({"type": "like", "name": ALL}, "value"),
        Output({"type": "trade", "name": ALL}, "children"),
        Output({"type": "value", "name": ALL}, "children"),
        Output("pick", "value"),
        Output("other", "value"),
        Output("other", "options"),
        Output("table", "children"),
        Output("remaining", "children"),
        Output("summary", "children"),
        Output("next", "children"),
        Input({"type": "limit", "name": ALL}, "value"),
        Input({"type": "like", "name": ALL}, "value"),
        Input("brush", "data"),
        Input("pressed", "data"),
        Input("pick", "value"),
        Input("other", "value"),
        Input("x", "value"),
        Input("y", "value"),
        Input("color", "value"),
        Input("scale", "value"),
        Input("reset", "n_clicks"),
        Input("restored", "data"),
        Held("chosen", "data"),
    )
    def moved(
        limits: list[float | None],
        likes: list[float | None],
        brush: Any,
        pressed: Any,
        pick: str | None,
        other: str | None,
        x: str,
        y: str,
        color: str,
        scale: str,
        _reset: Any,
        restored: dict[str, Any] | None,
        chosen: dict[str, Any] | None,
    ) -> Any:
        moves = Moves(
            limits=dict(zip(points.names, limits, strict=True)),
            likes=dict(zip(points.names, likes, strict=True)),
            brush=brush,
            pressed=pressed,
            pick=pick,
            other=other,
            x=x,
            y=y,
            color=color,
            scale=scale,
        )
        before = chosen if chosen is not None else restored
        found, page = respond(
            points,
            moves,
            [] if chosen is None else triggered(ctx.triggered_prop_ids),
            before=None if before is None else state_of(before),
            page=0 if before is None else before.get("page", 0),
        )
        return shown(points, found, page=page)


def triggered(ids: Mapping[str, Any]) -> list[str]:
    """What has moved, from the ids that dash gives."""
    names = []
    for prop, owner in ids.items():
        if isinstance(owner, Mapping):
            names.append(f"{owner['type']}:{owner['name']}")
        else:
            names.append(prop.split(".")[0])
    return names


def shown(points: FrontPoints, answer: Answer, *, page: int) -> list[Any]:
    """What the page shows of an answer, in the order of the outputs."""
    state = answer.state
    other = points.index.get(state.other) if state.other is not None else None
    limits = [_limit(points, state, name) for name in points.names]
    likes = [state.preferences.get(name, 1.0) for name in points.names]
    trades = [
        describe_relaxation(points, answer.relaxed[name]) if name in answer.relaxed else ""
        for name in points.names
    ]
    named = {points.keys[mark.row]: mark.name for mark in points.marks}
    options = [{"label": name, "value": key} for key, name in named.items()]
    if state.other is not None and state.other not in named and other is not None:
        options.append({"label": points.title(other), "value": state.other})
    return [
        held(points, answer, page),
        limits,
        likes,
        trades,
        plan_values(points, answer.selected),
        state.plan if state.plan in named else None,
        state.other,
        options,
        front_table(points, answer, page=page),
        describe_remaining(points, answer),
        summary(points, answer),
        next_list(points, answer),
    ]


def _limit(points: FrontPoints, state: PageState, name: str) -> float:
    """Where the knob of a limit stands: at its end if there is none."""
    _, high, _ = limit_scale(points, points.column(name))
    most = state.ranges.get(name, (None, None))[1]
    return high if most is None else most


def held(points: FrontPoints, answer: Answer, page: int) -> dict[str, Any]:
    """The state as the page keeps it, with the rows that the script needs."""
    state = answer.state
    return {
        **{key: getattr(state, key) for key in KEPT},
        "ranges": {name: list(ends) for name, ends in state.ranges.items()},
        "preferences": dict(state.preferences),
        "page": page,
        "selected": answer.selected,
        "compared": points.index.get(state.other) if state.other is not None else None,
    }


def state_of(kept: Mapping[str, Any]) -> PageState:
    """Back from `held`."""
    return PageState(
        plan=kept.get("plan"),
        other=kept.get("other"),
        x=kept["x"],
        y=kept["y"],
        color=kept["color"],
        scale=kept.get("scale", "auto"),
        sort=kept.get("sort", ""),
        ranges={name: _ends(ends) for name, ends in kept.get("ranges", {}).items()},
        preferences={name: float(v) for name, v in kept.get("preferences", {}).items()},
    )
