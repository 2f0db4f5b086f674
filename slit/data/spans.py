"""From when to when each row of a series holds: equal steps, parts of them, months, years."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from operators.types import Longs
from slit.data.timestamps import MICROSECOND, microseconds_of, stamp_text, zone_of
from slit.errors import SlitError

PART = 12
"""Rows in equal steps that make a part of their own, where a file changes its step."""
MONTH = 28 * 86_400 * MICROSECOND
"""The shortest month."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """The time of each row, arrays (N,)."""

    begins: Longs
    step: int  # the usual one
    lengths: Longs | None  # where they differ
    notes: tuple[str, ...] = ()

    @property
    def ends(self) -> Longs:
        """The end of each row, (N,)."""
        return self.begins + (self.step if self.lengths is None else self.lengths)


def spans_of(
    stamps: Longs,
    *,
    place: Callable[[int], str],
    ends: bool = False,
    zone: str | None = None,
    longest: float | None = None,
) -> Spans:
    """From when to when each row holds.

    Args:
        stamps: ascending, distinct, in microseconds since 1970 in UTC, (N,).
        place: names a row for messages.
        ends: whether the stamps label ends, not begins.
        zone: of the months of monthly rows; by default UTC.
        longest: where steps differ, each row holds until the next (or from the one before), at most
            so many seconds; without it, whole months and years and parts of `PART` equal steps are
            recognized.

    Raises:
        SlitError: too few stamps, doubles, steps that do not fit.
    """
    distances = np.diff(stamps)
    twice = np.flatnonzero(distances <= 0)
    if len(twice):
        row = int(twice[0]) + 1
        raise SlitError(
            f"{place(row)}: {stamp_text(int(stamps[row]))} twice, expected distinct time stamps"
        )
    if len(stamps) < 2:
        raise SlitError(f"{place(0)}: {len(stamps)} time stamp, expected at least two")
    values, counts = np.unique(distances, return_counts=True)
    step = int(values[np.argmax(counts)])
    if ends:
        distances = distances[::-1]  # the same seen from the end of time
    if longest is not None:
        lengths = np.where(distances <= round(longest * MICROSECOND), distances, step)
        lengths = np.append(lengths, lengths[-1])
    elif not ends and values[0] >= MONTH and (months := _months(stamps, zone)) is not None:
        lengths = months
    else:
        lengths = _by_parts(distances, step)
        odd = np.flatnonzero(distances % lengths[:-1])
        if len(odd):
            row = len(stamps) - 1 - int(odd[0]) if ends else int(odd[0]) + 1
            raise SlitError(
                f"{place(row)}: {stamp_text(int(stamps[row]))}, expected equal steps of "
                f"{step / MICROSECOND:g} s (or longest_step: each row holds until the next)"
            )
    if ends:
        lengths = lengths[::-1]
    begins = stamps - lengths if ends else stamps
    different = np.unique(lengths)
    if len(different) == 1:
        return Spans(begins, int(different[0]), None)
    return Spans(begins, step, lengths, _changes(begins, lengths))


def _by_parts(distances: Longs, step: int) -> Longs:
    """Length of each row: the step, or that of a long enough part of another step."""
    lengths = np.full(len(distances) + 1, step, dtype=np.int64)
    edges = np.flatnonzero(np.diff(distances)) + 1
    for first, last in zip([0, *edges], [*edges, len(distances)], strict=True):
        if last - first >= PART:
            lengths[first:last] = distances[first]
            if last == len(distances):
                lengths[last] = distances[first]
    return lengths


def _months(stamps: Longs, zone: str | None) -> Longs | None:
    """Lengths of rows that begin on the first of equally many months; None where they do not."""
    where: tzinfo = UTC if zone is None else zone_of(zone)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    walls = [(epoch + timedelta(microseconds=int(stamp))).astimezone(where) for stamp in stamps]
    if any(wall.day > 1 or wall.hour or wall.minute or wall.second for wall in walls):
        return None
    numbers = [wall.year * 12 + wall.month - 1 for wall in walls]
    apart = np.diff(numbers)
    if (apart != apart.min()).any():
        return None
    after = numbers[-1] + int(apart[0])
    end = microseconds_of(datetime(after // 12, after % 12 + 1, 1, tzinfo=where))
    return np.diff(np.append(stamps, end))


def _changes(begins: Longs, lengths: Longs) -> tuple[str, ...]:
    """What to say of steps that differ, unless they are those of a calendar."""
    if lengths.min() >= MONTH:
        return ()
    changes = np.flatnonzero(np.diff(lengths)) + 1
    shown = [
        f"{lengths[row] / MICROSECOND:g} s from {stamp_text(int(begins[row]))}"
        for row in (0, *changes[:3])
    ]
    more = f" and {len(changes) - 3} more changes" if len(changes) > 3 else ""
    return (f"steps of {', '.join(shown)}{more}",)
