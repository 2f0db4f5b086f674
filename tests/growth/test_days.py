"""Days that stand for all: by hand."""

from dataclasses import fields, replace

import numpy as np
import pytest

import slit
from slit.errors import SlitError
from slit.growth.days import representative_days
from slit.scenario.scenario import Demand, Scenario, Signals


@pytest.fixture(scope="module")
def week() -> Scenario:
    """Seven days of which five are alike, and two have twice the demand."""
    return repeated([1, 1, 2, 1, 1, 2, 1])


def repeated(factors: list[float]) -> Scenario:
    day = slit.load_scenario("world-day")
    count = len(factors)

    def tiled(table: np.ndarray) -> np.ndarray:
        return np.concatenate([table] * count)

    demand = {each.name: tiled(getattr(day.demand, each.name)) for each in fields(Demand)}
    demand["requests"] *= np.repeat(factors, 24)[:, None, None]
    return replace(
        day,
        horizon=day.horizon.model_copy(update={"epochs": 24 * count}),
        signals=Signals(**{f.name: tiled(getattr(day.signals, f.name)) for f in fields(Signals)}),
        demand=Demand(**demand),
    )


def test_two_kinds_of_days_are_told_apart_without_error(week: Scenario) -> None:
    found = representative_days(week, 2)
    assert found.count.tolist() == [5, 2]
    assert set(found.error.values()) == {0.0}
    assert found.shares.sum() == 1.0


def test_the_error_of_one_day_is_that_of_the_others(week: Scenario) -> None:
    found = representative_days(week, 1)
    assert found.error["demand"] == pytest.approx(2 / 9)  # two days lack half of their demand
    assert found.error["carbon"] == 0.0


def test_as_many_days_as_there_are_lose_nothing(week: Scenario) -> None:
    found = representative_days(week, 7)
    assert found.count.tolist() == [1] * 7
    assert set(found.error.values()) == {0.0}


@pytest.mark.parametrize("count", [0, 8])
def test_refuses_more_days_than_there_are(week: Scenario, count: int) -> None:
    with pytest.raises(SlitError, match="expected 1 to 7"):
        representative_days(week, count)


def test_refuses_half_a_day() -> None:
    with pytest.raises(SlitError, match="whole days"):
        representative_days(slit.load_scenario("tiny"), 1)
