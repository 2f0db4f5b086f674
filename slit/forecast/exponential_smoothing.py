"""`smoothing`: exponential smoothing with a daily season (Holt-Winters, additive, without trend)
and a first-order correction of the last error (Taylor 2003).

Of several pairs of smoothing factors each series uses the one that missed least lately.
"""

from collections.abc import Mapping

import numpy as np

from operators.types import Floats
from slit.forecast.base import PanelForecaster
from slit.forecast.past import Past

LEVELS_AND_SEASONS = ((0.01, 0.05), (0.01, 0.2), (0.05, 0.1), (0.1, 0.3), (0.3, 0.2))
"""Factors of the level and of the season."""
FORGET = 0.99
CORRELATION = 0.002
"""By which the correlation of errors follows the last pair."""


class ExponentialSmoothing(PanelForecaster):
    """Holt-Winters with errors that follow each other; K pairs of factors side by side."""

    def prepare(self) -> None:
        """Level and season from the days at hand."""
        past, pairs = self.past, len(LEVELS_AND_SEASONS)
        level = past.values.mean(axis=1)
        by_hour = past.values.reshape(self.series, -1, past.clock.day).mean(axis=1)
        self._level = np.tile(level, (pairs, 1))
        self._season = np.tile(by_hour - level[:, None], (pairs, 1, 1))
        self._last = np.zeros((pairs, self.series))
        self._pair = np.zeros((pairs, self.series))
        self._square = np.full((pairs, self.series), 1e-12)
        self._missed = np.zeros((pairs, self.series))

    def learn(self, values: Floats, past: Past) -> None:
        """One step of all."""
        del past
        season = self._season[:, :, 0]
        error = values - self._level - season
        known = ~np.isnan(error)
        error = np.where(known, error, 0.0)
        rho = self._rho()
        corrected = np.abs(error - rho * self._last)
        self._missed = np.where(
            known, FORGET * self._missed + (1 - FORGET) * corrected, self._missed
        )
        self._pair = (1 - CORRELATION) * self._pair + CORRELATION * error * self._last
        self._square = (1 - CORRELATION) * self._square + CORRELATION * error**2
        factors = np.array(LEVELS_AND_SEASONS)
        self._level = self._level + factors[:, :1] * error
        new = season + factors[:, 1:] * error
        self._season = np.concatenate([self._season[:, :, 1:], new[:, :, None]], axis=2)
        self._last = (1 - factors.sum(axis=1))[:, None] * error

    def means(self, past: Past) -> Floats:
        """(S, L)."""
        del past
        leads = np.arange(self.horizon)
        season = self._season[:, :, leads % self._season.shape[2]]
        faded = self._rho()[:, :, None] ** (leads + 1.0) * self._last[:, :, None]
        found = self._level[:, :, None] + season + faded
        best = self._missed.argmin(axis=0)
        return np.asarray(found[best, np.arange(self.series)])

    def learned(self) -> Mapping[str, Floats]:
        """Levels, seasons and errors."""
        return {name: getattr(self, f"_{name}") for name in _LEARNED}

    def relearn(self, state: Mapping[str, Floats]) -> None:
        """Levels, seasons and errors."""
        for name in _LEARNED:
            setattr(self, f"_{name}", state[name].copy())

    def _rho(self) -> Floats:
        return np.asarray(np.clip(self._pair / np.maximum(self._square, 1e-300), 0.0, 0.98))


_LEARNED = ("level", "season", "last", "pair", "square", "missed")
