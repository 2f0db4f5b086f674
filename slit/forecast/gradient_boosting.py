"""`boosting`: gradient-boosted trees (scikit-learn's histogram trees), one model for all series and
leads, fitted anew every week on the weeks before.

It sees the values around the same time of earlier days, the last ones, the lead and the time of
day, in the scale of each series, and predicts by how much a value differs from that of the day
before.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.random import default_rng

from operators.types import Floats, Integers
from slit.forecast.base import PanelForecaster
from slit.forecast.past import WEEK, Past

REFIT_DAYS = 7
WINDOW_DAYS = 56
"""Of what a fit sees."""
ROWS = 30_000
"""Of a fit, drawn from the window."""
TREES = 80
FEATURES = 11


class GradientBoosting(PanelForecaster):
    """Trees. The window (S, W) that fits see is kept; a model is its fit, so that a restored one
    is fitted again and is the same."""

    def prepare(self) -> None:
        """Scale the series; no model until the window holds two weeks more than the past."""
        values = self.past.values
        self._center = values.mean(axis=1)
        deviation = values.std(axis=1)
        self._scale = np.where(deviation > 0, deviation, 1.0)
        self._window = values.copy()
        self._fitted_at = 0
        self._fitted_on = values[:, :0]
        self._model: Any = None

    def learn(self, values: Floats, past: Past) -> None:
        """Keep the value; fit where a week has gone by."""
        day = past.clock.day
        known = np.where(np.isnan(values), past.values[:, -day], values)
        most = WINDOW_DAYS * day
        self._window = np.concatenate([self._window[:, 1 - most :], known[:, None]], axis=1)
        begun = self._window.shape[1] >= past.values.shape[1] + 2 * WEEK * day
        if begun and past.count - self._fitted_at >= REFIT_DAYS * day:
            self._fitted_at, self._fitted_on = past.count, self._window
            self._fit()

    def means(self, past: Past) -> Floats:
        """(S, L)."""
        leads = np.arange(self.horizon)
        yesterday = past.ahead(1, self.horizon)
        if self._model is None:
            return yesterday
        rows = np.repeat(np.arange(self.series), self.horizon)
        ends = np.full(len(rows), past.values.shape[1])
        ahead = np.tile(leads, self.series)
        x = self._features(past.values, rows, ends, ahead, past.count - past.values.shape[1])
        change = self._model.predict(x).reshape(self.series, self.horizon)
        return np.asarray(yesterday + change * self._scale[:, None])

    def _fit(self) -> None:
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        window, day = self._fitted_on, self.past.clock.day
        first = self._fitted_at - window.shape[1] + 1
        rng = default_rng(self._fitted_at)
        rows = rng.integers(self.series, size=ROWS)
        ahead = rng.integers(self.horizon, size=ROWS)
        least = self.past.values.shape[1]
        ends = rng.integers(least, window.shape[1] - self.horizon, size=ROWS)
        x = self._features(window, rows, ends, ahead, first)
        before = window[rows, ends + ahead % day - day]
        y = (window[rows, ends + ahead] - before) / self._scale[rows]
        model = HistGradientBoostingRegressor(
            loss="absolute_error", max_iter=TREES, learning_rate=0.1, random_state=0
        )
        # Threads that wait for each other on a busy machine take far longer than one.
        with threadpool_limits(limits=1):
            self._model = model.fit(x, y)

    def _features(
        self, values: Floats, rows: Integers, ends: Integers, ahead: Integers, first: int
    ) -> Floats:
        """(N, FEATURES) of series `rows` (N,), known up to `ends` (N,) of `values` (S, W), `ahead`
        (N,) of them; `first` is the epoch of the first of the values."""
        day = self.past.clock.day

        def at(index: Integers) -> Floats:
            return np.asarray((values[rows, index] - self._center[rows]) / self._scale[rows])

        same, last = ends + ahead % day - day, at(ends - 1)
        week = ends + ahead % (WEEK * day) - WEEK * day
        share = self.past.clock.day_share(first + ends + ahead)
        found = (
            at(same),
            at(np.minimum(same + 1, ends - 1)),
            at(same - 1),
            at(same - day),
            at(week),
            last,
            last - at(ends - 2),
            last - at(ends - 1 - day),
            ahead.astype(np.float64),
            share,
            self.past.clock.weekend(first + ends + ahead),
        )
        return np.stack(found, axis=1)

    def learned(self) -> Mapping[str, Floats]:
        """The window, and what the model was fitted on."""
        return {
            "window": self._window,
            "fitted_on": self._fitted_on,
            "fitted_at": np.array([float(self._fitted_at)]),
            "center": self._center,
            "scale": self._scale,
        }

    def relearn(self, state: Mapping[str, Floats]) -> None:
        """The window; the model is fitted again."""
        self._window, self._fitted_on = state["window"].copy(), state["fitted_on"].copy()
        self._fitted_at = int(state["fitted_at"][0])
        self._center, self._scale = state["center"].copy(), state["scale"].copy()
        self._model = None
        if self._fitted_on.shape[1]:
            self._fit()
