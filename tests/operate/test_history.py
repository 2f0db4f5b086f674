"""Stretches of scenarios with the days before them, and how old their figures may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from slit.errors import SlitError
from slit.operate.history import Learned, stretch_of, stretch_until
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario

MONDAY = datetime(2024, 3, 4, tzinfo=UTC)
END = datetime(2024, 3, 11, tzinfo=UTC)
"""Of the tables of ten-weeks."""


@pytest.fixture(scope="module")
def weeks() -> Scenario:
    return load_scenario("ten-weeks")


def test_a_stretch_has_its_history_and_the_horizon_of_its_last_decision(weeks: Scenario) -> None:
    found = stretch_of(
        weeks, start=MONDAY, end=MONDAY + timedelta(days=1), history_days=10, horizon=24
    )
    assert (found.first, found.last) == (240, 264)
    assert found.scenario.horizon.epochs == 264 + 23
    assert found.moment(found.first) == MONDAY
    assert found.genes == 25


def test_at_the_end_of_the_tables_the_horizon_is_shorter(weeks: Scenario) -> None:
    found = stretch_of(weeks, start=END - timedelta(days=1), end=END, history_days=10, horizon=24)
    assert found.scenario.horizon.epochs == found.last == 264


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (MONDAY, MONDAY, "expected one epoch or more"),
        (MONDAY, MONDAY + timedelta(minutes=90), "expected one epoch or more (3600 s each)"),
        (MONDAY, END + timedelta(days=1), "2024-03-1"),
        (datetime(2024, 1, 3, tzinfo=UTC), MONDAY, "2023-12-2"),
    ],
)
def test_stretches_that_cannot_be(
    weeks: Scenario, start: datetime, end: datetime, said: str
) -> None:
    with pytest.raises(SlitError) as caught:
        stretch_of(weeks, start=start, end=end, history_days=10, horizon=24)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_late_figures_are_not_known_yet(weeks: Scenario) -> None:
    now = END + timedelta(hours=2)
    found = stretch_until(weeks, now=now, history_days=10, stale=3)
    assert found.moment(found.first) == now
    assert found.panel.values.shape[1] == 240
    missing = np.isnan(found.panel.values).all(axis=0)
    assert missing.tolist() == [False] * 238 + [True] * 2
    expected = Learned(found.panel, "naive", first=found.first, horizon=24).expect(240, 24)
    assert np.isfinite(expected).all()
    with pytest.raises(SlitError, match=r"none for the 1 h before 2024-03-11 02:00"):
        stretch_until(weeks, now=now, history_days=10, stale=1)


def test_what_is_learned_goes_on_from_its_state(weeks: Scenario) -> None:
    """A forecaster of a later process, which saw only the state and the days since, says the same
    to the bit."""
    found = stretch_of(
        weeks, start=MONDAY, end=MONDAY + timedelta(days=1), history_days=20, horizon=24
    )
    whole = Learned(found.panel, "suite", first=found.first, horizon=24)
    whole.expect(found.first + 5, 24)
    state = whole.state()
    later = Learned(found.panel, "suite", first=found.first + 5, horizon=24, state=state)
    assert np.array_equal(whole.expect(found.first + 9, 24), later.expect(found.first + 9, 24))


def test_a_history_too_short_to_learn_from(weeks: Scenario) -> None:
    found = stretch_of(
        weeks, start=MONDAY, end=MONDAY + timedelta(days=1), history_days=5, horizon=24
    )
    with pytest.raises(SlitError, match="history: 5 days, expected at least 9"):
        Learned(found.panel, "suite", first=found.first, horizon=24)


def test_figures_that_come_late_are_learned_all_the_same(weeks: Scenario) -> None:
    """Hours that were not there when it forecast count as if they had been, once they are."""
    found = stretch_of(
        weeks, start=MONDAY, end=MONDAY + timedelta(days=1), history_days=20, horizon=24
    )
    first = found.first
    prompt = Learned(found.panel, "suite", first=first, horizon=24)
    late_values = found.panel.values.copy()
    late_values[:, first - 2 :] = np.nan
    late = Learned(replace(found.panel, values=late_values), "suite", first=first, horizon=24)
    assert not np.array_equal(late.expect(first, 24), prompt.expect(first, 24))
    state = late.state()
    later = Learned(found.panel, "suite", first=first + 3, horizon=24, state=state)
    assert np.array_equal(later.expect(first + 3, 24), prompt.expect(first + 3, 24))


def test_a_state_of_another_forecaster_is_refused(weeks: Scenario) -> None:
    found = stretch_of(
        weeks, start=MONDAY, end=MONDAY + timedelta(days=1), history_days=20, horizon=24
    )
    state = Learned(found.panel, "suite", first=found.first, horizon=24).state()
    other = {**state, "past": state["past"][:, 1:]}
    with pytest.raises(SlitError, match="state of the forecaster: past of shape"):
        Learned(found.panel, "suite", first=found.first, horizon=24, state=other)
