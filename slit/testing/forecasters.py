"""The contract of forecasters."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from operators.types import Floats
from slit.errors import SlitError
from slit.forecast import Clock, Forecast, Forecaster

EPOCH = timedelta(hours=6)
"""Of what forecasters are tried on: a day of four epochs keeps that short."""


class ForecasterContract:
    """Subclass it, define `make`, and pytest runs the suite.

    `horizon` is in epochs, `days` how long the history is.
    """

    horizon = 4
    days = 24

    def make(self, clock: Clock, history: Floats, *, lowest: Floats, horizon: int) -> Forecaster:
        """The forecaster under test, having learned from a history (S, T)."""
        raise NotImplementedError

    def series(self) -> Floats:
        """(3, T): a day's shape with noise, a walk, and one that never changes."""
        rng = np.random.default_rng(1)
        day = timedelta(days=1) // EPOCH
        hours = np.arange((self.days + 8) * day)
        shape = 5 + 2 * np.sin(2 * np.pi * hours / day) + rng.normal(0, 0.2, len(hours))
        walk = 3 + 0.1 * np.cumsum(rng.normal(0, 1, len(hours)))
        return np.stack([np.maximum(shape, 0), walk, np.full(len(hours), 2.0)])

    def begun(self, values: Floats, *, lowest: float = -np.inf) -> Forecaster:
        """One that has learned from the first `days` of values."""
        clock = Clock(datetime(2023, 1, 2, tzinfo=UTC), EPOCH)
        history = values[:, : self.first]
        floor = np.full(len(values), lowest)
        return self.make(clock, history, lowest=floor, horizon=self.horizon)

    @property
    def first(self) -> int:
        """The first epoch that is not in the history."""
        return self.days * (timedelta(days=1) // EPOCH)

    def test_shapes_and_rising_quantiles(self) -> None:
        """For every horizon up to the one it was made for, finite, quantiles in order."""
        values = self.series()
        forecaster = self.begun(values)
        for t in range(self.first, self.first + 8):
            for horizon in range(1, self.horizon + 1):
                found = forecaster.forecast(horizon)
                assert found.mean.shape == (3, horizon)
                assert found.quantiles.shape == (len(found.levels), 3, horizon)
                assert np.isfinite(found.mean).all()
                assert (np.diff(found.levels) > 0).all()
                assert (np.diff(found.quantiles, axis=0) >= 0).all()
            forecaster.update(values[:, t])

    def test_a_shorter_horizon_is_the_begin_of_a_longer_one(self) -> None:
        """How far is asked changes nothing of what is near."""
        forecaster = self.begun(self.series())
        long, short = forecaster.forecast(self.horizon), forecaster.forecast(1)
        assert np.array_equal(long.mean[:, :1], short.mean)
        assert np.array_equal(long.quantiles[:, :, :1], short.quantiles)

    def test_asking_changes_nothing(self) -> None:
        """Only what happens teaches."""
        values = self.series()
        asked, silent = self.begun(values), self.begun(values)
        for t in range(self.first, self.first + 6):
            asked.forecast(self.horizon)
            asked.update(values[:, t])
            silent.update(values[:, t])
        assert_same(asked.forecast(self.horizon), silent.forecast(self.horizon))

    def test_it_never_looks_ahead(self) -> None:
        """What comes after a forecast does not change it."""
        values = self.series()
        other = values.copy()
        other[:, self.first + 3 :] += 100
        one, two = self.begun(values), self.begun(other)
        for t in range(self.first, self.first + 3):
            one.update(values[:, t])
            two.update(other[:, t])
        assert_same(one.forecast(self.horizon), two.forecast(self.horizon))

    def test_it_goes_on_from_its_state(self) -> None:
        """Restored elsewhere, from a copy, it forecasts the same to the bit from then on."""
        values = self.series()
        whole = self.begun(values)
        for t in range(self.first, self.first + 5):
            whole.update(values[:, t])
        state = {name: np.array(each, np.float64) for name, each in whole.state().items()}
        later = self.begun(values[:, ::-1])
        later.restore(state)
        for t in range(self.first + 5, self.first + 12):
            assert_same(whole.forecast(self.horizon), later.forecast(self.horizon))
            whole.update(values[:, t])
            later.update(values[:, t])

    def test_gaps_are_borne(self) -> None:
        """NaN in the history and later, also a series of which nothing is known."""
        values = self.series()
        values[0, 3:9] = np.nan
        values[1, self.first - 2 :] = np.nan
        values[2] = np.nan
        forecaster = self.begun(values)
        for t in range(self.first, self.first + 6):
            forecaster.update(values[:, t])
        found = forecaster.forecast(self.horizon)
        assert np.isfinite(found.mean).all()
        assert np.isfinite(found.quantiles).all()

    def test_nothing_falls_below_the_floor(self) -> None:
        """Neither means nor quantiles."""
        values = self.series()
        forecaster = self.begun(values, lowest=4.5)
        found = forecaster.forecast(self.horizon)
        assert (found.mean >= 4.5).all()
        assert (found.quantiles >= 4.5).all()

    def test_what_repeats_is_repeated(self) -> None:
        """A series that never changed is forecast as it is."""
        found = self.begun(self.series()).forecast(self.horizon)
        np.testing.assert_allclose(found.mean[2], 2.0, atol=1e-6)

    def test_inputs_are_not_changed(self) -> None:
        """What it was told stays as it was."""
        values = self.series()
        before = values.copy()
        forecaster = self.begun(values)
        forecaster.update(values[:, self.first])
        forecaster.forecast(self.horizon)
        assert np.array_equal(values, before)

    def test_too_long_a_horizon_is_said(self) -> None:
        """One message for more than it was made for, and for nothing."""
        forecaster = self.begun(self.series())
        for horizon in (0, self.horizon + 1):
            with pytest.raises(SlitError, match=r"horizon.*expected"):
                forecaster.forecast(horizon)

    def test_another_number_of_series_is_said(self) -> None:
        """One message."""
        with pytest.raises(SlitError, match=r"values.*expected"):
            self.begun(self.series()).update(np.zeros(2))

    def test_a_history_too_short_is_said(self) -> None:
        """One message, before anything is learned."""
        clock = Clock(datetime(2023, 1, 2, tzinfo=UTC), EPOCH)
        with pytest.raises(SlitError, match=r"history.*expected"):
            self.make(clock, self.series()[:, :2], lowest=np.zeros(3), horizon=self.horizon)


def assert_same(first: Forecast, second: Forecast) -> None:
    """Two forecasts have the same bits."""
    assert first.mean.tobytes() == second.mean.tobytes()
    assert first.quantiles.tobytes() == second.quantiles.tobytes()
