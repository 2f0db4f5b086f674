"""What a forecaster is: it is told what each epoch turned out to be, and says what comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import numpy as np

from operators.types import Floats, Integers
from slit.errors import SlitError

DAY = timedelta(days=1)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of the quantiles: the outer ones are an interval of 90 %."""


class Forecast(NamedTuple):
    """Of S series over H coming epochs: `mean` (S, H), and `quantiles` (Q, S, H) at the rising
    `levels` (Q,), rising too."""

    mean: Floats
    levels: Floats
    quantiles: Floats


class Forecaster(Protocol):
    """Forecasts S series on one regular clock."""

    def update(self, values: Floats) -> None:
        """Take in what the next epoch turned out to be, (S,); NaN: not known."""

    def forecast(self, horizon: int) -> Forecast:
        """What the next `horizon` epochs will be, at most as many as it was made for."""

    def state(self) -> Mapping[str, Floats]:
        """Everything that later forecasts depend on, as arrays by name."""

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Take a state over: forecasts are then the same to the bit."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Equal epochs from `start`, whose length divides a day.

    Raises SlitError where it does not.
    """

    start: datetime
    epoch: timedelta

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise SlitError(f"clock: {self.start} without a zone, expected one (start)")
        if self.epoch <= timedelta(0) or DAY % self.epoch:
            raise SlitError(
                f"clock: epochs of {self.epoch.total_seconds():g} s, expected a length that "
                "divides a day (s)"
            )

    @property
    def day(self) -> int:
        """Epochs of a day."""
        return DAY // self.epoch

    def moment(self, epoch: int) -> datetime:
        """The begin of an epoch."""
        return self.start + epoch * self.epoch

    def day_share(self, epochs: Integers) -> Floats:
        """How far the day (UTC) has gone at the begin of epochs, 0 to 1."""
        first = self.start.hour * 3600 + self.start.minute * 60 + self.start.second
        return np.asarray((first + epochs * self.epoch.total_seconds()) % 86_400 / 86_400)

    def weekend(self, epochs: Integers) -> Floats:
        """1 on Saturdays and Sundays (UTC), 0 otherwise."""
        first = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        into = (self.start - first).total_seconds()
        days = (into + epochs * self.epoch.total_seconds()) // 86_400
        return np.asarray((first.weekday() + days) % 7 >= 5, np.float64)
