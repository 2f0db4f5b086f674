"""Given forecasts win where they exist; a forecaster of slit says the rest."""

from collections.abc import Mapping, Sequence

import numpy as np

from operators.types import Floats
from slit.forecast.intervals import Intervals
from slit.forecast.protocol import LEVELS, Clock, Forecast, Forecaster
from slit.forecast.sources import Given, Source

_OWN = "given_"
"""Before names of what this learns, beside those of the forecaster."""
ERRORS_DAYS = 28
"""Of a history that errors of given forecasts are learned from."""


class WithGiven:
    """A forecaster behind one or more sources; of several that say something the first counts.

    Where a source gives means alone, its quantiles are learned from how it erred before, the same
    way as those of a forecaster.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        sources: Sequence[Source],
        clock: Clock,
        *,
        history: Floats,
        lowest: Floats,
        horizon: int,
    ) -> None:
        """For a forecaster that has learned from a history (S, T) from the clock's start on."""
        self.forecaster = forecaster
        self._sources = tuple(sources)
        self._clock = clock
        self._known = max(0, history.shape[1] - ERRORS_DAYS * clock.day)
        self._lowest = lowest
        self.horizon = horizon
        self._intervals = Intervals(len(lowest), horizon)
        self._waiting = np.full((horizon, len(lowest), horizon), np.nan)
        for t in range(self._known, history.shape[1]):
            self._learn(history[:, t])

    def update(self, values: Floats) -> None:
        """Take in what the next epoch turned out to be, (S,); NaN: not known."""
        self.forecaster.update(values)
        self._learn(values)

    def _learn(self, values: Floats) -> None:
        """How far off the given forecasts of an epoch were."""
        leads = np.arange(self.horizon)
        self._waiting[self._known % self.horizon] = self._given(self.horizon).mean
        said = self._waiting[(self._known - leads) % self.horizon, :, leads].T
        self._intervals.learn(values[:, None] - said)
        self._known += 1

    def forecast(self, horizon: int) -> Forecast:
        """What the next `horizon` epochs will be.

        Raises SlitError where a given forecast is stale or ends too early, as its source says.
        """
        own = self.forecaster.forecast(horizon)
        moment, epoch = self._clock.moment(self._known), self._clock.epoch
        for source in self._sources:
            source.check(moment, epoch, horizon)
        given = self._given(horizon)
        learned = self._intervals.around(given.mean, self._lowest).quantiles
        stated = np.where(np.isnan(given.quantiles), learned, given.quantiles)
        there = ~np.isnan(given.mean)
        mean = np.where(there, np.maximum(given.mean, self._lowest[:, None]), own.mean)
        floor = self._lowest[None, :, None]
        quantiles = np.maximum(np.sort(stated, axis=0), floor)
        return Forecast(mean, own.levels, np.where(there[None], quantiles, own.quantiles))

    def state(self) -> Mapping[str, Floats]:
        """Everything that later forecasts depend on, besides the sources."""
        learned = {"known": np.array([float(self._known)]), "waiting": self._waiting}
        learned |= {f"errors_{name}": each for name, each in self._intervals.state().items()}
        own = {_OWN + name: each for name, each in learned.items()}
        return {**self.forecaster.state(), **own}

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Take a state over."""
        self.forecaster.restore(state)
        self._known = int(state[f"{_OWN}known"][0])
        self._waiting = state[f"{_OWN}waiting"].copy()
        head = f"{_OWN}errors_"
        self._intervals.restore(
            {name.removeprefix(head): state[name] for name in state if name.startswith(head)}
        )

    def _given(self, horizon: int) -> Given:
        moment, epoch = self._clock.moment(self._known), self._clock.epoch
        mean = np.full((len(self._lowest), horizon), np.nan)
        quantiles = np.full((len(LEVELS), *mean.shape), np.nan)
        for source in self._sources:
            said = source.at(moment, epoch, horizon)
            open_ = np.isnan(mean)
            mean = np.where(open_, said.mean, mean)
            quantiles = np.where(open_[None], said.quantiles, quantiles)
        return Given(mean, quantiles)
