"""Every forecaster keeps the contract: slit's own, one with given forecasts, and broken ones do
not."""

from datetime import timedelta

import numpy as np
import pytest

from operators.types import Floats
from slit.forecast import Clock, Forecast, Forecaster, KnownAhead, make_forecaster
from slit.forecast.registry import OWN
from slit.forecast.seasonal_naive import SeasonalNaive
from slit.testing import ForecasterContract


@pytest.mark.parametrize("name", OWN, scope="class")
class TestOwn(ForecasterContract):
    @pytest.fixture(autouse=True)
    def _named(self, name: str) -> None:
        self.name = name

    def make(self, clock: Clock, history: Floats, *, lowest: Floats, horizon: int) -> Forecaster:
        return make_forecaster(self.name, clock, history, lowest=lowest, horizon=horizon)


class TestBoostingWithAFit(ForecasterContract):
    """Long enough a history for its trees to be fitted."""

    days = 50

    def make(self, clock: Clock, history: Floats, *, lowest: Floats, horizon: int) -> Forecaster:
        return make_forecaster("boosting", clock, history, lowest=lowest, horizon=horizon)


class TestGiven(ForecasterContract):
    """The second series is known ahead."""

    def make(self, clock: Clock, history: Floats, *, lowest: Floats, horizon: int) -> Forecaster:
        epochs = (self.days + 8) * (timedelta(days=1) // clock.epoch)
        values = np.full((len(lowest), epochs), np.nan)
        values[1] = np.arange(epochs) % 7
        source = KnownAhead(values, clock.start, 12)
        return make_forecaster(
            "naive", clock, history, lowest=lowest, horizon=horizon, sources=[source]
        )


class _Falling(SeasonalNaive):
    """Quantiles the wrong way round."""

    def forecast(self, horizon: int) -> Forecast:
        found = super().forecast(horizon)
        return found._replace(quantiles=found.quantiles[::-1] + np.arange(5)[::-1, None, None])


class _Forgetful(SeasonalNaive):
    """Leaves out of its state by what it chooses."""

    def learned(self) -> dict[str, Floats]:
        return {"errors": np.zeros((2, self.series))}


class _Floorless(SeasonalNaive):
    """Knows no floor."""

    def forecast(self, horizon: int) -> Forecast:
        found = super().forecast(horizon)
        return found._replace(mean=found.mean - 10)


@pytest.mark.parametrize(
    ("broken", "caught"),
    [
        (_Falling, "test_shapes_and_rising_quantiles"),
        (_Forgetful, "test_it_goes_on_from_its_state"),
        (_Floorless, "test_nothing_falls_below_the_floor"),
    ],
)
def test_broken_ones_are_caught(broken: type[SeasonalNaive], caught: str) -> None:
    class Tried(ForecasterContract):
        def make(
            self, clock: Clock, history: Floats, *, lowest: Floats, horizon: int
        ) -> Forecaster:
            return broken(clock, history, lowest=lowest, horizon=horizon)

    with pytest.raises(AssertionError):
        getattr(Tried(), caught)()
