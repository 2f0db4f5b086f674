"""Time stamps of a table: text, Unix counts, stamps of Parquet, columns of date and hour."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from operators.types import Longs
from slit.data.spans import Spans, spans_of
from slit.data.table import Table
from slit.data.timestamp_forms import Place, parse_form, within_years
from slit.data.timestamps import HOUR, in_utc, parse_stamps
from slit.errors import SlitError

COUNTS = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Microseconds of a count of a Parquet stamp; also ns."""

_HOUR = re.compile(r"(?:HE ?|H)?(\d{1,2})(?:\.0*)?\Z", re.IGNORECASE)


class StampLayout(Protocol):
    """How the rows of a table stand in time, as a scenario states it."""

    @property
    def zone(self) -> str | None:
        """Zone of stamps without an offset."""

    @property
    def stamp_format(self) -> str | None:
        """Form of the stamps, where it is stated."""

    @property
    def label(self) -> str:
        """Whether a stamp is the begin or the end of a step."""

    @property
    def longest_step(self) -> float | None:
        """Longest time that a row holds, s."""


@dataclass(frozen=True, slots=True, eq=False)
class Timestamps:
    """Microseconds since 1970 in UTC, (N,), and what is worth saying of how they were read."""

    values: Longs
    notes: tuple[str, ...]


def read_stamps(table: Table, columns: str | Sequence[str], layout: StampLayout) -> Timestamps:
    """The stamps of the rows of a table (see `parse_stamps`); each column is parsed once.

    Args:
        table: the rows, N.
        columns: the column of the stamps; or several, of which the first holds the date, the others
            the time of day or the hour: 0 to 23, or 1 to 24 where an hour is named by its end.
        layout: how the stamps are written, and what they label.

    Raises:
        SlitError: as `parse_stamps`; an hour beyond 24.
    """
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    ends = layout.label == "end"
    key = names, layout.zone, layout.stamp_format, ends
    known = table.source.stamps
    whole = len(table) == len(table.column(names[0]))
    if whole and key in known:
        found: Timestamps = known[key]
        return found
    notes: list[str] = []
    stamps = Timestamps(_values(table, names, layout, notes), tuple(notes))
    if whole:
        known[key] = stamps
    return stamps


@dataclass(frozen=True, slots=True, eq=False)
class TimedRows:
    """Rows in order of time."""

    table: Table
    stamps: Longs
    spans: Spans
    notes: tuple[str, ...]


def timed_rows(
    table: Table, columns: str | Sequence[str], layout: StampLayout, *, alone: int | None = None
) -> TimedRows:
    """The rows sorted by time, and from when to when each holds.

    Args:
        table: the rows, N.
        columns: as in `read_stamps`.
        layout: as in `read_stamps`.
        alone: length of a single row (microseconds), where one may stand alone.

    Raises:
        SlitError: as `read_stamps` and `spans_of`.
    """
    table, values, notes = in_order(table, read_stamps(table, columns, layout))
    ends = layout.label == "end"
    if len(values) == 1 and alone is not None:
        spans = Spans(values - alone if ends else values, alone, None)
    else:
        spans = spans_of(
            values, place=table.place, ends=ends, zone=layout.zone, longest=layout.longest_step
        )
    return TimedRows(table, values, spans, (*notes, *spans.notes))


def in_order(table: Table, stamps: Timestamps) -> tuple[Table, Longs, tuple[str, ...]]:
    """The rows sorted by time, their stamps, and notes of it."""
    back = int((np.diff(stamps.values) < 0).sum())
    if not back:
        return table, stamps.values, stamps.notes
    order = np.argsort(stamps.values, kind="stable")
    note = f"{back} rows after a later one, sorted by time"
    return table.take(order), stamps.values[order], (*stamps.notes, note)


def _values(table: Table, names: tuple[str, ...], layout: StampLayout, notes: list[str]) -> Longs:
    import pyarrow as pa

    def place(row: int | None) -> str:
        return f"{table.path if row is None else table.place(row)}: {' '.join(names)}"

    zone, ends = layout.zone or table.source.file.zone, layout.label == "end"
    column = table.column(names[0])
    if len(names) == 1 and pa.types.is_timestamp(column.type):
        values = _arrow(column.take(pa.array(table.rows)), place, notes)
        if column.type.tz:
            return values
        return in_utc(values, zone=zone, place=place, ends=ends, notes=notes)
    parts = [list(table.texts(name)) for name in names]
    if len(names) == 2:
        hours = [_HOUR.match(text) for text in parts[1]]
        if all(hours):
            counted = np.array([int(found.group(1)) for found in hours if found])
            naive = _hours(parts[0], counted, layout, place)
            return in_utc(
                naive, zone=zone, place=place, ends=ends, notes=notes,
                shown=f"{parts[0][0]} {parts[1][0]}",
            )  # fmt: skip
    texts = [" ".join(cells) for cells in zip(*parts, strict=True)]
    return parse_stamps(
        texts, zone=zone, place=place, form=layout.stamp_format, ends=ends, notes=notes
    )


def _arrow(column: Any, place: Place, notes: list[str]) -> Longs:
    """Stamps of a Parquet file; those finer than a microsecond are rounded, and that is noted."""
    import pyarrow as pa

    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise SlitError(f"{place(row)}: empty, expected a time stamp")
    counts = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    if column.type.unit == "ns":
        if (counts % 1000).any():
            notes.append("time stamps rounded to microseconds")
        values = counts // 1000 + (counts % 1000 >= 500)
    else:
        factor = COUNTS[column.type.unit]
        most = np.iinfo(np.int64).max // factor
        values = np.clip(counts, -most, most) * factor
    return within_years(np.asarray(values, dtype=np.int64), lambda row: str(counts[row]), place)


def _hours(dates: Sequence[str], hours: Longs, layout: StampLayout, place: Place) -> Longs:
    """Local times of dates and hours of the day."""
    over = np.flatnonzero(hours > 24)
    if len(over):
        row = int(over[0])
        raise SlitError(f"{place(row)}: hour {hours[row]}, expected 0 to 23, or 1 to 24")
    if hours.max() == 24 and layout.label != "end":
        row = int(np.argmax(hours))
        raise SlitError(
            f'{place(row)}: hour 24, expected 0 to 23, or label = "end" (hours named by their end)'
        )
    found = parse_form(dates, form=layout.stamp_format, place=place)
    if found.aware:
        raise SlitError(f"{place(0)}: {dates[0]!r} with an offset, expected dates beside hours")
    return found.values + hours.astype(np.int64) * HOUR
