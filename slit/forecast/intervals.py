"""Intervals that keep their coverage: quantiles of a forecaster's own errors, tracked online.

For each series, lead and level a quantile of the errors rises when an error was above it and falls
when it was below, in the proportion that leaves it at the level: over time it covers its share
whatever the series does (quantile tracking; Angelopoulos, Candes and Tibshirani 2023, conformal PID
control, section 2.1; Gibbs and Candes 2021). Steps are a share of the size of recent errors.
"""

from collections.abc import Mapping

import numpy as np

from operators.types import Floats
from slit.forecast.protocol import LEVELS, Forecast

STEP = 0.03
"""Of a quantile, as a share of the mean absolute error, at an error on its wrong side."""
FIRST_STEP, FIRST_ERRORS = 0.3, 60.0
"""The same at first, when little is known; it falls with the number of errors seen."""
FORGET = 0.98
"""Of the mean absolute error, an epoch."""


class Intervals:
    """Quantiles of errors (Q, S, L) by series and lead, from the forecasts that were made."""

    def __init__(self, series: int, leads: int) -> None:
        self.levels = np.array(LEVELS)
        shape = series, leads
        self._quantiles = np.zeros((len(LEVELS), *shape))
        self._size = np.zeros(shape)
        self._seen = np.zeros(1)

    def learn(self, errors: Floats) -> None:
        """Take in errors (S, L), what happened less what was forecast at each lead; NaN: none."""
        known = ~np.isnan(errors)
        error = np.where(known, errors, 0.0)
        first = self._size == 0
        kept = np.where(first, np.abs(error), FORGET * self._size + (1 - FORGET) * np.abs(error))
        self._size = np.where(known, kept, self._size)
        step = np.maximum(STEP, FIRST_STEP / (1.0 + self._seen[0] / FIRST_ERRORS))
        above = error[None] > self._quantiles
        move = np.where(above, self.levels[:, None, None], self.levels[:, None, None] - 1.0)
        self._quantiles += np.where(known, step * self._size * move, 0.0)
        self._seen = self._seen + 1.0

    def around(self, mean: Floats, lowest: Floats) -> Forecast:
        """The forecast `mean` (S, H) with its quantiles, nothing below `lowest` (S,)."""
        horizon = mean.shape[1]
        quantiles = np.sort(mean[None] + self._quantiles[:, :, :horizon], axis=0)
        floor = lowest[:, None]
        return Forecast(np.maximum(mean, floor), self.levels, np.maximum(quantiles, floor[None]))

    def state(self) -> dict[str, Floats]:
        """As arrays."""
        return {"quantiles": self._quantiles, "size": self._size, "seen": self._seen}

    def restore(self, state: Mapping[str, Floats]) -> None:
        """From `state`."""
        self._quantiles = state["quantiles"].copy()
        self._size, self._seen = state["size"].copy(), state["seen"].copy()
