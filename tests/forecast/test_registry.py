"""Forecasters of other packages, by entry points."""

from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from slit.errors import SlitError
from slit.forecast import Clock, make_forecaster
from slit.forecast.registry import GROUP, OWN, available
from slit.forecast.seasonal_naive import SeasonalNaive

CLOCK = Clock(datetime(2024, 1, 1, tzinfo=UTC), timedelta(hours=6))


class Mine(SeasonalNaive):
    """One of another package."""


def test_one_of_another_package_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", f"{__name__}:Mine", GROUP)

    def found(*, group: str) -> tuple[EntryPoint, ...]:
        return (point,) if group == GROUP else ()

    monkeypatch.setattr("slit.forecast.registry.entry_points", found)
    assert available() == (*OWN, "mine")
    history = np.ones((1, 80)) + np.arange(80) % 4
    assert isinstance(make_forecaster("mine", CLOCK, history, horizon=4), Mine)


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(SlitError, match=r"forecaster: 'naiv', expected one of .*mean 'naive'"):
        make_forecaster("naiv", CLOCK, np.ones((1, 80)), horizon=4)
