"""Times of a log -> seconds on the clock of its bins: since 1970 UTC, or since its own time zero.

Times are stamps, or numbers: Unix time, or counted from the time zero of the log. Their unit is
stated, told by the name of the column (timestamp_ms), by the size of Unix time, or the publisher's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from operators.types import Bools, Floats, Longs
from slit.data.trace import NANOSECONDS, Note, calendar_bins, elapsed_bins, utc_start
from slit.errors import SlitError

TimeUnit = Literal["s", "ms", "us", "ns"]

PER_SECOND: Mapping[str, float] = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
ENDINGS = {"_s": "s", "_ms": "ms", "_us": "us", "_ns": "ns", "UnixNano": "ns", "_unix_nano": "ns"}

UNIX_FROM, UNIX_TO = 315_532_800.0, 9_223_372_036.0
"""Unix time of 1980 and of 2262 in s: no log is as long as its smallest number would say else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What a user states of how to read a log.

    Attributes:
        seconds: length of a bin, s.
        columns: name of the column by role (time, prompt, output, model), where it is another.
        where: rows to take: values by column.
        model: only requests of this model.
        zone: zone of stamps without an offset.
        unit: unit of times that are numbers.
        start: UTC stamp of time zero, of a log without a calendar.
        recorded: begin and end of the recording, where it is longer than its requests; a stamp with
            its zone, or s since time zero.
        without_output: whether requests of 0 output tokens (they failed) are left out or counted.
    """

    seconds: float
    columns: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    model: str | None = None
    zone: str | None = None
    unit: TimeUnit | None = None
    start: pd.Timestamp | str | None = None
    recorded: tuple[str | float | None, str | float | None] = (None, None)
    without_output: Literal["leave_out", "count"] = "leave_out"


@dataclass(frozen=True, slots=True)
class RequestClock:
    """How the times of a log count."""

    path: Path
    name: str
    per_second: float  # of numbers; of stamps they are ns
    bin_seconds: float
    calendar: bool
    zero: pd.Timestamp | None
    recorded: tuple[float | None, float | None]
    notes: tuple[Note, ...]

    @classmethod
    def of(
        cls,
        path: Path,
        name: str,
        times: NDArray[Any],
        options: LogOptions,
        *,
        own: TimeUnit | None,
    ) -> "RequestClock":
        """How times count, told by the first of them and by what is stated.

        Args:
            path: for messages.
            name: the column of the times.
            times: the first batch: int64 nanoseconds since 1970 UTC of stamps, else numbers, (N,).
            options: what a user states.
            own: the unit that the publisher counts in.

        Raises:
            SlitError: a unit or start that the times contradict, or a unit that cannot be told.
        """
        stamps = times.dtype.kind == "i"
        notes: tuple[Note, ...] = ()
        if stamps:
            calendar, per_second = True, float(NANOSECONDS)
            if options.unit is not None:
                raise SlitError(
                    f"time_unit: {options.unit}, expected none ({name} holds time stamps)"
                )
        else:
            unit, how = unit_of(float(times[0]), name, own, options.unit, path=path)
            per_second = PER_SECOND[unit]
            calendar = _is_unix(float(times[0]) / per_second)
            if options.unit is None:
                zero = "Unix time" if calendar else "time since the start"
                notes = (Note(f"{name}: {zero} in {unit} ({how})", "time_unit where it is not"),)
        if calendar and options.start is not None:
            raise SlitError(f"start: {options.start}, expected none ({name} says the date)")
        zero_at = utc_start(options.start)
        begin, end = (
            _edge(which, stated, calendar, zero_at)
            for which, stated in zip(
                ("recorded_from", "recorded_to"), options.recorded, strict=True
            )
        )
        if begin is not None and end is not None and begin >= end:
            raise SlitError(
                f"recorded_to: {options.recorded[1]}, expected later than recorded_from "
                f"({options.recorded[0]})"
            )
        return cls(path, name, per_second, options.seconds, calendar, zero_at, (begin, end), notes)

    def seconds(self, times: NDArray[Any]) -> Floats:
        """Seconds since 1970 or since time zero."""
        seconds: Floats = times / self.per_second
        low, high = (UNIX_FROM, UNIX_TO) if self.calendar else (0.0, np.inf)
        if times.dtype.kind != "i" and not (low <= seconds.min() and seconds.max() <= high):
            raise SlitError(
                f"{self.path}: {self.name}: {times.min():g} to {times.max():g}, expected times of "
                "one kind: all Unix time in one unit, or all since the start (time_unit)"
            )
        return seconds

    def bins(self, times: NDArray[Any], seconds: Floats) -> Longs:
        """Numbers of the bins."""
        if times.dtype.kind == "i":
            return calendar_bins(times, self.bin_seconds)
        return elapsed_bins(seconds, self.bin_seconds)

    def inside(self, seconds: Floats) -> Bools:
        """Which times lie in the stated window."""
        begin, end = self.recorded
        keep = np.ones(len(seconds), dtype=np.bool_)
        if begin is not None:
            keep &= seconds >= begin
        if end is not None:
            keep &= seconds < end
        return keep


def _is_unix(seconds: float) -> bool:
    return UNIX_FROM <= seconds <= UNIX_TO


def unit_of(
    first: float, name: str, own: TimeUnit | None, stated: TimeUnit | None, *, path: Path
) -> tuple[str, str]:
    """The unit of times that are numbers, and how it is known.

    Args:
        first: the first time.
        name: the column, whose ending may tell the unit (timestamp_ms).
        own: the unit that the publisher counts in.
        stated: the unit that a user states.
        path: for messages.

    Raises:
        SlitError: nothing tells the unit.
    """
    if stated is not None:
        return stated, "as stated"
    for ending, unit in ENDINGS.items():
        if name.endswith(ending):
            return unit, "by the name of the column"
    sizes = [unit for unit, per_second in PER_SECOND.items() if _is_unix(first / per_second)]
    if sizes and sizes[0] != own:
        return sizes[0], "by its size"
    if own is not None:
        return own, "the unit of the format"
    raise SlitError(
        f"{path}: {name}: {first:g}, expected time_unit (s, ms, us or ns: numbers that are no Unix "
        "time do not tell it)"
    )


def _edge(
    name: str, stated: str | float | None, calendar: bool, zero: pd.Timestamp | None
) -> float | None:
    """A stated begin or end of the recording on the clock of the bins, s."""
    if stated is None:
        return None
    if isinstance(stated, str):
        stamp = utc_start(stated, name=name)
        assert stamp is not None
        if calendar:
            return stamp.timestamp()
        if zero is None:
            raise SlitError(
                f"{name}: {stated}, expected seconds since time zero (the trace has no calendar), "
                "or start"
            )
        stated = (stamp - zero).total_seconds()
    elif calendar:
        raise SlitError(f"{name}: {stated:g}, expected a time stamp with its zone")
    if stated < 0:
        raise SlitError(f"{name}: {stated:g} s, expected at or after time zero")
    return float(stated)
