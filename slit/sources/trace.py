"""A request trace as bins of time, and how batches of requests become one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slit.arrays import frozen
from slit.errors import SlitError
from slit.sources.streaming import Batch

MOST_BINS = 10_000_000
NANOSECONDS = 1_000_000_000
LATEST_SECONDS = 1e11


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
    """

    start: pd.Timestamp | None
    seconds: float
    requests: NDArray[np.float64]
    prompt_tokens: NDArray[np.float64]
    output_tokens: NDArray[np.float64]
    offset: float = 0.0
    left_out: int = 0

    @property
    def times(self) -> pd.DatetimeIndex:
        """UTC start of every bin, (B,).

        Raises:
            SlitError: the trace has no calendar time.
        """
        if self.start is None:
            raise SlitError(
                "trace: no calendar time, expected a start (UTC time stamp of its time zero)"
            )
        steps = pd.to_timedelta(np.arange(len(self.requests)) * self.seconds, unit="s")
        return pd.DatetimeIndex(self.start + steps)


def make_trace(
    *,
    start: pd.Timestamp | None,
    seconds: float,
    requests: NDArray[np.float64],
    prompt_tokens: NDArray[np.float64],
    output_tokens: NDArray[np.float64],
    offset: float = 0.0,
    left_out: int = 0,
) -> Trace:
    """A Trace of read-only copies; `start` is the stamp of the first bin."""
    return Trace(
        start,
        seconds,
        frozen(requests, np.float64),
        frozen(prompt_tokens, np.float64),
        frozen(output_tokens, np.float64),
        offset,
        left_out,
    )


def utc_start(start: pd.Timestamp | str | None) -> pd.Timestamp | None:
    """A stated time zero in UTC.

    Raises:
        SlitError: unreadable or without a zone.
    """
    if start is None:
        return None
    try:
        stamp = pd.Timestamp(start)
    except ValueError:
        raise SlitError(f"start: {start}, expected a time stamp with a zone") from None
    if stamp.tzinfo is None:
        raise SlitError(
            f"start: {start} without a zone, expected an offset, for example {stamp.isoformat()}Z"
        )
    return stamp.tz_convert("UTC")


@dataclass(slots=True)
class Bins:
    """Sums by bin that grow with the range of time seen; rows in any order."""

    path: Path
    seconds: float
    first: int = 0
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros((3, 0)))
    left_out: int = 0

    def __post_init__(self) -> None:
        """Refuse a length that is no length."""
        if not 0 < self.seconds < float("inf"):
            raise SlitError(f"seconds: {self.seconds}, expected > 0 (length of a bin, s)")

    def add(
        self,
        bins: NDArray[np.int64],
        prompt: NDArray[np.float64],
        output: NDArray[np.float64],
        *,
        weights: NDArray[np.float64] | None = None,
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
        if new_last - new_first > MOST_BINS:
            raise SlitError(
                f"{self.path}: {new_last - new_first} bins of {self.seconds:g} s, expected at most "
                f"{MOST_BINS} (time stamps too far apart for this length of a bin)"
            )
        if new_first < self.first or new_last > self.first + count:
            before = self.first - new_first
            grown = np.zeros((3, new_last - new_first))
            grown[:, before : before + count] = self.sums
            self.first, self.sums = new_first, grown

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
        requests, prompt, output = self.sums
        with np.errstate(invalid="ignore"):
            prompt, output = prompt / requests, output / requests
        offset = self.first * self.seconds
        if calendar:
            origin = pd.Timestamp(0, tz="UTC")
            start, offset = origin + pd.Timedelta(offset, unit="s"), 0.0
        elif start is not None:
            start = start + pd.Timedelta(offset, unit="s")
        return make_trace(
            start=start,
            seconds=self.seconds,
            requests=requests,
            prompt_tokens=prompt,
            output_tokens=output,
            offset=offset,
            left_out=self.left_out,
        )


def calendar_bins(nanoseconds: NDArray[np.int64], seconds: float) -> NDArray[np.int64]:
    """Bin number counted from 1970 UTC, (N,)."""
    step = round(seconds * NANOSECONDS)
    if step < 1:
        raise SlitError(f"seconds: {seconds}, expected > 0 (length of a bin, s)")
    return nanoseconds // step


def elapsed_bins(elapsed: NDArray[np.float64], seconds: float) -> NDArray[np.int64]:
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


def bin_elapsed(
    batches: Iterable[Batch],
    path: Path,
    *,
    columns: Mapping[str, str],
    to_seconds: float,
    seconds: float,
    start: pd.Timestamp | str | None,
) -> Trace:
    """A trace whose times count from a time zero.

    Args:
        batches: arrays by column.
        path: where they come from, for messages.
        columns: names of the columns "time", "prompt" and "output".
        to_seconds: s per unit of the time column.
        seconds: length of a bin, s.
        start: UTC stamp of time zero, where the user states one.
    """
    bins, zero = Bins(path, seconds), utc_start(start)
    for batch in batches:
        numbers = elapsed_bins(batch[columns["time"]] * to_seconds, seconds)
        bins.add(numbers, batch[columns["prompt"]], batch[columns["output"]])
    return bins.trace(zero, calendar=False)
