"""What the page answers to each move."""

from typing import Any

import numpy as np
import pytest

from slit.app.front_callbacks import Moves, held, respond, shown, state_of, triggered
from slit.app.layout import limit_scale
from slit.app.reducer import Event, answer, describe_relaxation, describe_remaining, with_limits
from slit.app.run_store import RunStore
from slit.app.state import PageState, default_state
from tests.app.made import made_points

FRONT = [[0.0, 10.0], [4.0, 4.0], [6.0, 3.0], [10.0, 0.0]]
POINTS = made_points(FRONT)


def moves(**changes: Any) -> Moves:
    blank = Moves(
        limits={"carbon": 10.0, "cost": 10.0},
        likes={"carbon": 1.0, "cost": 1.0},
        brush=None,
        pressed=None,
        pick=None,
        other=None,
        x="carbon",
        y="cost",
        color="carbon",
        scale="auto",
    )
    return blank._replace(**changes)


def state(**changes: Any) -> PageState:
    first = {"plan": "0:1", "other": "0:0", "x": "carbon", "y": "cost", "color": "carbon"}
    return PageState(**{**first, **changes})


def test_at_first_the_balanced_plan_is_selected() -> None:
    found, page = respond(POINTS, moves(), [], before=None, page=0)
    assert (found.state.plan, found.selected, page) == ("0:1", 1, 0)
    assert found.mask.all()


def test_a_plan_that_a_link_names_stays_selected() -> None:
    found, _ = respond(POINTS, moves(), [], before=state(plan="0:3"), page=0)
    assert found.state.plan == "0:3"
    unknown, _ = respond(POINTS, moves(), [], before=state(plan="0:99"), page=0)
    assert unknown.state.plan == "0:1"


def test_a_limit_filters_and_selects() -> None:
    moved = moves(limits={"carbon": 10.0, "cost": 3.5})
    found, _ = respond(POINTS, moved, ["limit:cost"], before=state(), page=3)
    assert found.state.ranges == {"cost": (None, 3.5)}
    assert found.mask.tolist() == [False, False, True, True]
    assert found.state.plan == "0:2"
    assert found.relaxed["cost"].best == 2
    freed, _ = respond(POINTS, moves(), ["limit:cost"], before=found.state, page=0)
    assert freed.state.ranges == {}


def test_limits_that_nothing_meets_show_the_nearest_miss() -> None:
    impossible = state(ranges={"carbon": (None, -1.0), "cost": (None, 3.5)})
    found = answer(POINTS, impossible, Event.KNOBS)
    assert found.best is None
    assert found.state.plan == "0:1"
    assert "No plan meets all limits" in describe_remaining(POINTS, found)
    assert len(found.table) == 0


def test_a_preference_selects() -> None:
    moved = moves(likes={"carbon": 1.0, "cost": 5.0})
    found, _ = respond(POINTS, moved, ["like:cost"], before=state(), page=0)
    assert found.state.preferences == {"cost": 5.0}
    assert found.state.plan == "0:3"


def test_a_brush_replaces_the_ranges() -> None:
    brush = {"ranges": {"carbon": [3.0, 7.0], "nobody": [0, 1]}, "n": 1}
    before = state(ranges={"cost": (None, 1.0)})
    found, _ = respond(POINTS, moves(brush=brush), ["brush"], before=before, page=0)
    assert found.state.ranges == {"carbon": (3.0, 7.0)}
    assert found.mask.tolist() == [False, True, True, False]


def test_pressing_selects_compares_sorts_and_turns_pages() -> None:
    def pressed(what: str, key: str, before: PageState) -> tuple[Any, int]:
        data = {"what": what, "key": key}
        return respond(POINTS, moves(pressed=data), ["pressed"], before=before, page=2)

    found, page = pressed("plan", "0:3", state())
    assert (found.state.plan, page) == ("0:3", 2)
    found, _ = pressed("other", "0:2", state())
    assert (found.state.plan, found.state.other) == ("0:1", "0:2")
    found, page = pressed("sort", "cost", state())
    assert found.table.tolist() == [3, 2, 1, 0]
    assert page == 0
    assert pressed("page", "5", state())[1] == 5
    for what, key in (("plan", "9:9"), ("sort", "x"), ("page", "x"), ("eval", "0:1")):
        found, page = pressed(what, key, state())
        assert (found.state, page) == (state(), 2)


def test_reset_keeps_what_is_looked_at() -> None:
    before = state(ranges={"cost": (None, 1.0)}, preferences={"cost": 3.0}, sort="cost")
    found, _ = respond(POINTS, moves(), ["reset"], before=before, page=0)
    assert (found.state.ranges, found.state.preferences, found.state.sort) == ({}, {}, "cost")


def test_looking_elsewhere_does_not_select() -> None:
    found, _ = respond(POINTS, moves(x="cost"), ["x"], before=state(plan="0:3"), page=1)
    assert (found.state.plan, found.state.x) == ("0:3", "cost")


def test_a_limit_at_the_end_is_none() -> None:
    assert with_limits(POINTS, state(), {"carbon": 10.0, "cost": None}).ranges == {}
    lower = state(ranges={"carbon": (2.0, None)})
    assert with_limits(POINTS, lower, {"carbon": 5.0}).ranges == {"carbon": (2.0, 5.0)}


def test_what_is_kept_comes_back() -> None:
    kept = state(ranges={"cost": (None, 4.0)}, preferences={"cost": 2.0}, other="0:0", sort="cost")
    found = answer(POINTS, kept, Event.LOOK)
    data = held(POINTS, found, 1)
    assert state_of(data) == found.state
    assert (data["selected"], data["compared"], data["page"]) == (1, 0, 1)


def test_names_of_what_moved() -> None:
    ids = {
        '{"name":"cost","type":"limit"}.value': {"name": "cost", "type": "limit"},
        "brush.data": "brush",
        "reset.n_clicks": "reset",
    }
    assert triggered(ids) == ["limit:cost", "brush", "reset"]


def test_relaxing_in_words() -> None:
    found = answer(
        POINTS, state(ranges={"carbon": (None, 5.5)}, preferences={"cost": 3.0}), Event.KNOBS
    )
    said = describe_relaxation(POINTS, found.relaxed["carbon"])
    assert said == "10 % more (6.05 kg CO2e): energy cost −25.0 %."
    found = answer(POINTS, state(ranges={"carbon": (None, 7.0)}), Event.KNOBS)
    assert "no better plan" in describe_relaxation(POINTS, found.relaxed["carbon"])


@pytest.mark.parametrize("values", [[0.0, 1.0], [1631.2, 27611.7], [-3.0, 2.0], [5.0, 5.0]])
def test_the_scale_of_a_limit_is_round_and_holds_every_plan(values: list[float]) -> None:
    low, high, step = limit_scale(made_points([[v, 0.0] for v in values]), 0)
    assert low <= min(values) <= max(values) <= high
    assert 0.99 <= (high - low) / step <= 205
    assert float(f"{step:.1g}") == step


def test_everything_is_shown(store: RunStore) -> None:
    points = store.points
    found = answer(points, default_state(points.names), Event.LOOK)
    outputs = shown(points, found, page=0)
    assert len(outputs) == 12
    assert outputs[1] == [limit_scale(points, m)[1] for m in range(4)]
    assert outputs[5] in (None, found.state.plan)
    rows = np.asarray(found.table)
    assert set(rows.tolist()) == set(np.flatnonzero(points.best).tolist())
