"""Forecasts that somebody else made, and figures known ahead: they win over a forecaster."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple, Protocol, Self

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.errors import SlitError
from slit.forecast.protocol import LEVELS

STALE = timedelta(hours=24)
"""How old the newest forecast of a series may be, where nothing else is said."""


class Given(NamedTuple):
    """What a source says of S series over H epochs: `mean` (S, H) and `quantiles` (Q, S, H) at
    `LEVELS`; NaN where it says nothing."""

    mean: Floats
    quantiles: Floats


class Source(Protocol):
    """Says of some of S series what comes. Named by series, so that a part of them can be taken."""

    def at(self, moment: datetime, epoch: timedelta, horizon: int) -> Given:
        """What is said at a moment of the epochs that begin with it."""

    def check(self, moment: datetime, epoch: timedelta, horizon: int) -> None:
        """Raise SlitError where what is said is stale, or ends too early."""

    def of(self, chosen: Bools) -> Self:
        """The same of the chosen series (S,) only."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownAhead:
    """Figures that are published before they hold, such as day-ahead prices: `values` (S, T) from
    `start` on, NaN for series that are not; from `hour` o'clock in `zone` on they are known to the
    end of the next day there, before that to the end of the day.

    Raises SlitError for an hour that no clock shows.
    """

    values: Floats
    start: datetime
    hour: float
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        if not 0 <= self.hour < 24:
            raise SlitError(f"day ahead: {self.hour:g} o'clock, expected 0 to 24 (hour of the day)")

    def at(self, moment: datetime, epoch: timedelta, horizon: int) -> Given:
        """The figures themselves, as far as they are known."""
        local = moment.astimezone(self.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        published = (local.hour + local.minute / 60 + local.second / 3600) >= self.hour
        # By the date: a day of the zone may have 23 or 25 hours.
        end = (midnight + timedelta(days=2 if published else 1)).astimezone(UTC)
        first = round((moment - self.start) / epoch)
        known = min(-((moment - end) // epoch), horizon, self.values.shape[1] - first)
        mean = np.full((len(self.values), horizon), np.nan)
        if known > 0:
            mean[:, :known] = self.values[:, first : first + known]
        return Given(mean, np.repeat(mean[None], len(LEVELS), axis=0))

    def check(self, moment: datetime, epoch: timedelta, horizon: int) -> None:
        """Nothing is stale: what is not known is forecast."""
        del moment, epoch, horizon

    def of(self, chosen: Bools) -> "KnownAhead":
        """The same of the chosen series (S,) only."""
        return replace(self, values=self.values[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Issued:
    """Forecasts of one series: rows of `mean` (N,) and `quantiles` (Q, N) (NaN: none stated) that
    hold from `begin` to `end` and were made at `issued`, which rises; microseconds since 1970."""

    name: str
    issued: Longs
    begin: Longs
    end: Longs
    mean: Floats
    quantiles: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """Forecasts as they were issued, for S series; None for a series of which there are none.

    Of each epoch the newest counts that was issued by then. `stale`: how old the newest may be.
    `whole`: whether it has to reach to the horizon.
    """

    series: tuple[Issued | None, ...]
    stale: timedelta = STALE
    whole: bool = True

    def at(self, moment: datetime, epoch: timedelta, horizon: int) -> Given:
        """The newest that was issued by the moment."""
        now, step = _microseconds(moment), epoch // timedelta(microseconds=1)
        begins = now + step * np.arange(horizon)
        mean = np.full((len(self.series), horizon), np.nan)
        quantiles = np.full((len(LEVELS), *mean.shape), np.nan)
        for s, each in enumerate(self.series):
            if each is None:
                continue
            count = int(np.searchsorted(each.issued, now, side="right"))
            rows = np.flatnonzero((each.end[:count] > now) & (each.begin[:count] <= begins[-1]))
            for row in rows:
                first, last = np.searchsorted(begins, (each.begin[row], each.end[row]))
                mean[s, first:last] = each.mean[row]
                quantiles[:, s, first:last] = each.quantiles[:, row, None]
        return Given(mean, quantiles)

    def check(self, moment: datetime, epoch: timedelta, horizon: int) -> None:
        """Raise SlitError where the newest forecast is stale, or ends before the horizon. A series
        of which none was issued yet is none's business."""
        now = _microseconds(moment)
        end = now + horizon * (epoch // timedelta(microseconds=1))
        for each in self.series:
            count = 0 if each is None else int(np.searchsorted(each.issued, now, side="right"))
            if each is None or not count:
                continue
            age = timedelta(microseconds=int(now - each.issued[count - 1]))
            if age > self.stale:
                raise SlitError(
                    f"given forecast of {each.name}: issued {_hours(age)} h before "
                    f"{moment:%Y-%m-%d %H:%M}, expected at most {_hours(self.stale)} (h, stale)"
                )
            reach = timedelta(microseconds=int(each.end[:count].max() - now))
            if self.whole and reach < timedelta(microseconds=int(end - now)):
                raise SlitError(
                    f"given forecast of {each.name}: ends {_hours(reach)} h after "
                    f"{moment:%Y-%m-%d %H:%M}, expected {_hours(horizon * epoch)} or more (h, the "
                    "horizon; or let the method go on from there)"
                )

    def of(self, chosen: Bools) -> "Published":
        """The same of the chosen series (S,) only."""
        return replace(
            self, series=tuple(s for s, own in zip(self.series, chosen, strict=True) if own)
        )


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):.4g}"
