"""`naive`: as the day before, or as the week before, whichever missed less lately."""

from collections.abc import Mapping

import numpy as np

from operators.types import Floats
from slit.forecast.base import PanelForecaster
from slit.forecast.past import WEEK, Past

FORGET = 0.99
"""Of the mean absolute error, an epoch."""


class SeasonalNaive(PanelForecaster):
    """Repeats the last day or the last week."""

    def prepare(self) -> None:
        """No errors yet."""
        self._errors = np.zeros((2, self.series))

    def learn(self, values: Floats, past: Past) -> None:
        """Which of the two missed by how much."""
        day, week = past.values[:, -past.clock.day], past.values[:, -WEEK * past.clock.day]
        missed = np.abs(np.stack([day, week]) - values)
        missed = np.where(np.isnan(missed), self._errors, missed)
        self._errors = FORGET * self._errors + (1 - FORGET) * missed

    def means(self, past: Past) -> Floats:
        """(S, L)."""
        weekly = self._errors[1] < self._errors[0]
        one, seven = past.ahead(1, self.horizon), past.ahead(WEEK, self.horizon)
        return np.where(weekly[:, None], seven, one)

    def learned(self) -> Mapping[str, Floats]:
        """The errors."""
        return {"errors": self._errors}

    def relearn(self, state: Mapping[str, Floats]) -> None:
        """The errors."""
        self._errors = state["errors"].copy()
