"""What all forecasters of slit share: the past, forecasts waiting for what happens, intervals."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.forecast.intervals import Intervals
from slit.forecast.past import Past
from slit.forecast.protocol import Clock, Forecast


class PanelForecaster(ABC):
    """Forecasts S series; a method of its own says how the means come about.

    After every epoch the means of all leads are made, kept until it is known what happened, and
    their errors teach the intervals.
    """

    def __init__(self, clock: Clock, history: Floats, *, lowest: Floats, horizon: int) -> None:
        self.past = Past(clock, history, horizon=horizon)
        self.horizon = horizon
        self._lowest = lowest
        series = len(history)
        self.intervals = Intervals(series, horizon)
        # What was forecast in the last epochs, that of epoch n in row n % horizon.
        self._waiting = np.full((horizon, series, horizon), np.nan)
        self._ahead: Floats | None = None
        self.prepare()
        for t in range(self.past.count, history.shape[1]):
            self.update(history[:, t])

    @property
    def series(self) -> int:
        """S."""
        return len(self._lowest)

    def update(self, values: Floats) -> None:
        """Take in what the next epoch turned out to be, (S,); NaN: not known."""
        if values.shape != (self.series,):
            raise SlitError(f"values: shape {values.shape}, expected ({self.series},)")
        leads, now = np.arange(self.horizon), self.past.count
        self._waiting[now % self.horizon] = self._means()
        forecast = self._waiting[(now - leads) % self.horizon, :, leads].T  # (S, L)
        self.intervals.learn(values[:, None] - forecast)
        self.learn(values, self.past)
        self.past.push(values)
        self._ahead = None

    def forecast(self, horizon: int) -> Forecast:
        """What the next `horizon` epochs will be.

        Raises SlitError where it was made for fewer.
        """
        if not 1 <= horizon <= self.horizon:
            raise SlitError(
                f"horizon: {horizon} epochs, expected 1 to {self.horizon} (leads it was made for)"
            )
        return self.intervals.around(self._means()[:, :horizon], self._lowest)

    def state(self) -> Mapping[str, Floats]:
        """Everything that later forecasts depend on."""
        return {
            **self.past.state(),
            **self.intervals.state(),
            "waiting": self._waiting,
            **self.learned(),
        }

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Take a state over."""
        self.past.restore(state)
        self.intervals.restore(state)
        self._waiting = state["waiting"].copy()
        self.relearn(state)
        self._ahead = None

    def _means(self) -> Floats:
        if self._ahead is None:
            self._ahead = self.means(self.past)
        return self._ahead

    @abstractmethod
    def means(self, past: Past) -> Floats:
        """Forecasts (S, L) of all leads from what is known."""

    def prepare(self) -> None:
        """Set up what is learned, once the first days of history are there."""
        return

    def learn(self, values: Floats, past: Past) -> None:
        """Learn from what an epoch turned out to be, (S,), before it is part of the past."""
        del values, past

    def learned(self) -> Mapping[str, Floats]:
        """What was learned, as arrays by name."""
        return {}

    def relearn(self, state: Mapping[str, Floats]) -> None:
        """Take over what was learned."""
        del state
