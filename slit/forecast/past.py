"""The last weeks of a panel: what forecasters look back on."""

from collections.abc import Mapping

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.forecast.protocol import Clock

WEEK = 7


def past_epochs(clock: Clock, horizon: int) -> int:
    """How many epochs a forecaster looks back: a week, a day and its horizon, in whole days."""
    return (WEEK + 1 + -(-horizon // clock.day)) * clock.day


class Past:
    """The last week, day and horizon of S series, the latest last: `values` (S, L), without gaps.

    What is not known is taken to be as the day before. `count`: epochs since the clock's start.
    """

    def __init__(self, clock: Clock, history: Floats, *, horizon: int) -> None:
        self.clock = clock
        length = past_epochs(clock, horizon)
        if history.ndim != 2 or history.shape[1] < length:
            found = history.shape[-1] / clock.day
            raise SlitError(
                f"history: {found:.3g} days, expected at least {length // clock.day} (a week, a "
                "day, the horizon, to learn from)"
            )
        filled = history[:, :length].copy()
        for t in range(length):
            missing = np.isnan(filled[:, t])
            if missing.any():
                before = filled[:, t - clock.day] if t >= clock.day else np.nan
                filled[missing, t] = np.broadcast_to(before, len(filled))[missing]
        mean = _nanmean(filled)
        self.values = np.where(np.isnan(filled), mean[:, None], filled)
        self.count = length

    def push(self, values: Floats) -> Floats:
        """Add an epoch (S,); returns it without gaps."""
        day = self.clock.day
        known = np.where(np.isnan(values), self.values[:, -day], values)
        self.values = np.concatenate([self.values[:, 1:], known[:, None]], axis=1)
        self.count += 1
        return known

    def ahead(self, days: int, horizon: int) -> Floats:
        """(S, H): the coming epochs so many days before; the last ones known, again and again,
        where the horizon is longer."""
        season = days * self.clock.day
        last = self.values[:, -season:]
        return np.tile(last, (1, -(-horizon // season)))[:, :horizon]

    def state(self) -> dict[str, Floats]:
        """As arrays."""
        return {"past": self.values, "count": np.array([float(self.count)])}

    def restore(self, state: Mapping[str, Floats]) -> None:
        """From `state`."""
        self.values, self.count = state["past"].copy(), int(state["count"][0])


def _nanmean(values: Floats) -> Floats:
    """(S,): means of what is known, 0 where nothing is."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(known.sum(axis=1), 1))
