"""A link reproduces the view, and says nothing that the page has not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slit.app.state import PageState, default_state, parse_query, to_query

NAMES = ("carbon", "water", "cost")
KEYS = {"0:1": 0, "0:7": 1}

finite = st.floats(allow_nan=False, allow_infinity=False)
ends = st.tuples(st.none() | finite, st.none() | finite).filter(lambda pair: pair != (None, None))
states = st.builds(
    PageState,
    view=st.sampled_from(["front", "plan", "compare"]),
    plan=st.none() | st.sampled_from(sorted(KEYS)),
    other=st.none() | st.sampled_from(sorted(KEYS)),
    x=st.sampled_from(NAMES),
    y=st.sampled_from(NAMES),
    color=st.sampled_from([*NAMES, "run"]),
    hour=st.integers(0, 24),
    scale=st.sampled_from(["auto", "linear", "log"]),
    sort=st.sampled_from(["", *NAMES]),
    ranges=st.dictionaries(st.sampled_from(NAMES), ends),
    preferences=st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0.0, 0.25, 2.5, 5.0])),
)


def parsed(query: str) -> PageState:
    return parse_query(query, names=NAMES, keys=KEYS, epochs=24)


@given(state=states)
def test_a_link_gives_the_same_state(state: PageState) -> None:
    assert parsed(to_query(state, NAMES)) == state


@given(state=states, preset=st.dictionaries(st.sampled_from(NAMES), st.tuples(st.none(), finite)))
def test_a_link_gives_the_same_state_whatever_is_preset(
    state: PageState, preset: dict[str, tuple[None, float]]
) -> None:
    query = to_query(state, NAMES, preset)
    assert parse_query(query, names=NAMES, keys=KEYS, epochs=24, preset=preset) == state
    first = default_state(NAMES, preset)
    assert first.ranges == preset
    assert to_query(first, NAMES, preset) == ""


def test_the_first_state_needs_no_query() -> None:
    assert to_query(default_state(NAMES), NAMES) == ""
    assert parsed("") == default_state(NAMES)
    assert (default_state(NAMES).x, default_state(NAMES).color) == ("carbon", "cost")
    alone = default_state(("carbon",))
    assert (alone.x, alone.y, alone.color) == ("carbon", "carbon", "carbon")


@pytest.mark.parametrize(
    "query",
    [
        "?view=../../etc/passwd",
        "?plan=0:99&other=../secret",
        "?x=__class__&y=&color=<script>",
        "?hour=99",
        "?hour=-1",
        "?hour=1.5",
        "?max.carbon=nan&min.carbon=inf&max.water=x",
        "?like.carbon=-1&like.cost=1e9",
        "?sort=plan",
        "?max.nobody=3&%00=%ff",
        "?" + "&".join(f"max.carbon={n}" for n in range(150)).replace("max.carbon", "a"),
    ],
)
def test_what_makes_no_sense_is_left_out(query: str) -> None:
    assert parsed(query) == default_state(NAMES)


def test_too_many_fields_are_refused_as_a_whole() -> None:
    assert parsed("?" + "&".join(["max.carbon=3"] * 500)) == default_state(NAMES)
