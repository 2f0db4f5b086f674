"""A request trace as bins of time, and how batches of requests become one."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from operators.types import Floats, Longs
from slit.arrays import frozen
from slit.errors import SlitError

MAX_BINS = 10_000_000
NANOSECONDS = 1_000_000_000
LATEST_SECONDS = 1e11
END = pd.Timestamp("2262-01-01", tz="UTC")
"""Nanoseconds since 1970 end in this year."""


CHANCE = 1e-3
"""Less likely than this, silence at the edge of a trace is no chance: nothing was recorded."""

MIN_REQUESTS = 10
"""Fewer requests in a bin, which may come together, say nothing of what was recorded."""

MIN_SILENT_SHARE = 0.1
"""Shorter silences, as shares of a bin, may come of rounded stamps or of batches."""

MIN_RECORDED_SHARE = 0.1
"""Share of a bin that must be recorded to speak for all of it, where nobody states the window."""


EDGES = ("recorded_from", "recorded_to")
"""Fields that state the recorded window."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something a user should know of how a trace was read: what, and what would be better."""

    found: str
    expected: str
    serious: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Requests by bin of time; B bins of `seconds` s without gaps, in order.

    Attributes:
        start: UTC start of the first bin; None where the source says no calendar time.
        offset: s from the source's time zero to the start of the first bin (0 for calendar time).
        seconds: length of a bin, s.
        requests: (B,) requests in the bin.
        prompt_tokens: (B,) mean prompt tokens of a request, NaN in bins without requests or where
            the source has no lengths.
        output_tokens: (B,) mean output tokens, likewise.
        left_out: rows that are no served requests (failures, other classes).
        notes: what was recognized, left out or scaled.
        written_offset: s from UTC of the hours of the day as the file writes them (its first stamp;
            0 for Unix time); None for stamps without an offset and where there is no calendar.
        means: mean prompt and output tokens of all requests as they were recorded, whatever bins
            were scaled; NaN where the source has no lengths.
    """

    start: pd.Timestamp | None
    seconds: float
    requests: Floats
    prompt_tokens: Floats
    output_tokens: Floats
    offset: float = 0.0
    left_out: int = 0
    notes: tuple[Note, ...] = ()
    written_offset: float | None = None
    means: tuple[float, float] = (math.nan, math.nan)

    def __post_init__(self) -> None:
        for name in ("requests", "prompt_tokens", "output_tokens"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


def weighted_mean(values: Floats, weights: Floats) -> float:
    """Of the values (B,) that are known and have a weight (B,) above 0; NaN without any."""
    known = ~np.isnan(values) & (weights > 0)
    total = weights[known].sum()
    return float((weights[known] * values[known]).sum() / total) if total > 0 else math.nan


def utc_start(start: pd.Timestamp | str | None, *, name: str = "start") -> pd.Timestamp | None:
    """A stated time zero in UTC.

    Raises:
        SlitError: unreadable or without a zone.
    """
    if start is None:
        return None
    try:
        stamp = pd.Timestamp(start)
    except (ValueError, OverflowError):
        raise SlitError(f"{name}: {start}, expected a time stamp with a zone") from None
    if pd.isna(stamp):
        raise SlitError(f"{name}: {start}, expected a time stamp with a zone")
    if stamp.tzinfo is None:
        raise SlitError(
            f"{name}: {start} without a zone, expected an offset, for example {stamp.isoformat()}Z"
        )
    return stamp.tz_convert("UTC")


@dataclass(slots=True)
class Bins:
    """Sums by bin that grow with the range of time seen; rows in any order.

    `seen` are the first and the last time of a request, `recorded` the stated begin and end of the
    recording, all in s on the clock of the bins.
    """

    path: Path
    seconds: float
    first: int = 0
    sums: Floats = field(default_factory=lambda: np.zeros((3, 0)))
    left_out: int = 0
    seen: tuple[float, float] = (math.inf, -math.inf)
    recorded: tuple[float | None, float | None] = (None, None)
    notes: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse a length that is no length."""
        if not 0 < self.seconds < float("inf"):
            raise SlitError(f"seconds: {self.seconds}, expected > 0 (length of a bin, s)")

    def add(
        self,
        bins: Longs,
        prompt: Floats,
        output: Floats,
        *,
        weights: Floats | None = None,
    ) -> None:
        """Count a batch: bin number, prompt and output tokens of each request, all (N,).

        With `weights`, each row stands for so many requests and its tokens are their sums.
        """
        if not len(bins):
            return
        low, high = int(bins.min()), int(bins.max()) + 1
        self._cover(low, high)
        places, width = bins - low, high - low
        target = self.sums[:, low - self.first : high - self.first]
        target[0] += np.bincount(places, weights=weights, minlength=width)
        target[1] += np.bincount(places, weights=prompt, minlength=width)
        target[2] += np.bincount(places, weights=output, minlength=width)

    def _cover(self, low: int, high: int) -> None:
        count = self.sums.shape[1]
        if not count:
            self.first = low
        new_first = min(self.first, low)
        new_last = max(self.first + count, high)
        if new_last - new_first > MAX_BINS:
            raise SlitError(
                f"{self.path}: {new_last - new_first} bins of {self.seconds:g} s, expected at most "
                f"{MAX_BINS} (time stamps too far apart for this length of a bin)"
            )
        if new_first < self.first or new_last > self.first + count:
            before = self.first - new_first
            grown = np.zeros((3, new_last - new_first))
            grown[:, before : before + count] = self.sums
            self.first, self.sums = new_first, grown

    def scale_edges(self, *, calendar: bool) -> None:
        """Scale the first and the last bin by the part of them that was recorded.

        Where the window is not stated, it is told by the requests: that the other n - 1 of a bin
        lie on the same side of the outermost one, in the part x of the bin, has the probability
        x^(n - 1) at a constant rate. Bins of a stated window without requests are bins of 0.
        """
        begin, end = self.recorded
        if begin is not None:
            self._cover(math.floor(begin / self.seconds), self.first + 1)
        if end is not None:
            self._cover(self.first, math.ceil(end / self.seconds))
        zero, last = self.first * self.seconds, self.sums.shape[1] - 1
        edge = zero + self.sums.shape[1] * self.seconds
        before = self._silence(0, begin, self.seen[0] - zero, zero)
        after = self._silence(last, end, edge - self.seen[1], edge)
        if last == 0:
            self._scale_edge(0, before, after, calendar)
        else:
            self._scale_edge(last, 0.0, after, calendar)
            self._scale_edge(0, before, 0.0, calendar)

    def _silence(self, place: int, stated: float | None, seen: float, edge: float) -> float:
        """Seconds at the edge of a bin that were not recorded."""
        if stated is not None:
            return abs(stated - edge)
        count = float(self.sums[0, place])
        by_chance = (1.0 - seen / self.seconds) ** max(0.0, count - 1.0)
        long = seen >= MIN_SILENT_SHARE * self.seconds
        return seen if long and count >= MIN_REQUESTS and by_chance < CHANCE else 0.0

    def _scale_edge(self, place: int, before: float, after: float, calendar: bool) -> None:
        """Scale one bin whose first and last seconds were not recorded."""
        count, share = float(self.sums[0, place]), 1.0 - (before + after) / self.seconds
        if share >= 1.0 or count == 0:
            return
        asked = [
            name
            for name, off, stated in zip(EDGES, (before, after), self.recorded, strict=True)
            if off and stated is None
        ]
        begin = (self.first + place) * self.seconds
        span = f"{_moment(begin + before, calendar)} to "
        span += _moment(begin + self.seconds - after, calendar)
        told = "told by its requests" if asked else "as stated"
        found = f"bin of {self.seconds:g} s recorded only from {span} ({told}): {count:g} requests"
        expected = f"{' and '.join(asked)} where known" if asked else "that they speak for the bin"
        if asked and share < MIN_RECORDED_SHARE and self.sums.shape[1] == 1:
            raise SlitError(
                f"{self.path}: {count:g} requests within {share * self.seconds:g} s of a bin of "
                f"{self.seconds:g} s, expected {' and '.join(asked)} (the recorded window), or "
                "shorter bins (bin_seconds)"
            )
        if asked and share < MIN_RECORDED_SHARE:
            self.sums = np.delete(self.sums, place, axis=1)
            self.first += place == 0
            found = f"{found} left out"
        else:
            self.sums[:, place] /= share
            found = f"{found} scaled to {count / share:.6g}"
        self.notes.append(Note(found, expected, serious=bool(asked)))

    def trace(self, start: pd.Timestamp | None, *, calendar: bool) -> Trace:
        """The bins so far.

        Args:
            start: UTC stamp of time zero, or None.
            calendar: bin numbers count from 1970, not from the source's time zero.

        Raises:
            SlitError: there was no request.
        """
        if not self.sums.shape[1]:
            more = f" ({self.left_out} rows left out)" if self.left_out else ""
            raise SlitError(f"{self.path}: no requests{more}, expected at least one")
        means = tuple(weighted_mean(mean, self.sums[0]) for mean in self._means())
        if self.seen[0] <= self.seen[1]:
            self.scale_edges(calendar=calendar)
        prompt, output = self._means()
        offset = self.first * self.seconds
        if calendar:
            origin = pd.Timestamp(0, tz="UTC")
            start, offset = origin + pd.Timedelta(offset, unit="s"), 0.0
        elif start is not None:
            start = later(start, offset)
        return Trace(
            start=start,
            seconds=self.seconds,
            requests=self.sums[0],
            prompt_tokens=prompt,
            output_tokens=output,
            offset=offset,
            left_out=self.left_out,
            notes=tuple(self.notes),
            means=(means[0], means[1]),
        )

    def _means(self) -> Floats:
        """Mean prompt and output tokens of each bin, (2, B)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.sums[1:] / self.sums[0])


def later(start: pd.Timestamp, seconds: float) -> pd.Timestamp:
    """So many seconds after `start`.

    Raises:
        SlitError: beyond the calendar of nanoseconds, the year 2262.
    """
    try:
        stamp = start + pd.Timedelta(seconds, unit="s")
        if stamp < END:
            return stamp
        raise OverflowError
    except (ValueError, OverflowError):
        raise SlitError(
            f"start: {start.isoformat()}, expected a time zero from which {seconds:g} s end before "
            "2262"
        ) from None


def _moment(seconds: float, calendar: bool) -> str:
    if not calendar:
        return f"{seconds:g} s"
    return pd.Timestamp(seconds, unit="s", tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ")


def calendar_bins(nanoseconds: Longs, seconds: float) -> Longs:
    """Bin number counted from 1970 UTC, (N,)."""
    step = round(seconds * NANOSECONDS)
    if step < 1:
        raise SlitError(f"seconds: {seconds}, expected > 0 (length of a bin, s)")
    return nanoseconds // step


def elapsed_bins(elapsed: Floats, seconds: float) -> Longs:
    """Bin number counted from the source's time zero, (N,); `elapsed` in s.

    Raises:
        SlitError: a time beyond any trace (a wrong unit).
    """
    if len(elapsed) and elapsed.max() > LATEST_SECONDS:
        raise SlitError(
            f"time: {elapsed.max():.6g} s, expected at most {LATEST_SECONDS:g} s (since the start "
            "of the trace)"
        )
    return np.floor_divide(elapsed, seconds).astype(np.int64)
