"""Logs with a row a request, in CSV or JSON, as single requests or as bins of time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from operators.types import Bools, Floats, Longs
from slit.data.csv_batches import Batch, ColumnKind, Field, first_cells, is_number, stream_csv
from slit.data.json_batches import is_json, read_objects, value_at
from slit.data.request_times import LogOptions, RequestClock, TimeUnit
from slit.data.text_files import csv_rows, read_header
from slit.data.trace import Bins, Note, Trace
from slit.errors import SlitError, did_you_mean

ROLES = ("time", "prompt", "output", "model")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a publisher writes requests: the names its columns may have, and the unit of its times.

    `gaps`: requests without tokens have empty cells. `token_free`: a log may lack token columns.
    """

    time: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    model: tuple[str, ...] = ("model", "Model")
    unit: TimeUnit | None = None
    gaps: bool = False
    token_free: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one file."""

    time: str
    prompt: str | None
    output: str | None
    where: Mapping[str, Sequence[str]]

    def fields(self, gaps: bool) -> list[Field]:
        """What to read."""
        chosen = [Field(self.time, "arrival", ColumnKind.TIME)]
        for name, meaning in ((self.prompt, "prompt tokens"), (self.output, "output tokens")):
            if name is not None:
                chosen.append(Field(name, meaning, gaps=gaps))
        return chosen + [Field(name, name, ColumnKind.TEXT) for name in self.where]


class Requests(NamedTuple):
    """Requests of a batch of rows, in the order of the file, arrays (N,).

    Attributes:
        times: as the log counts them: nanoseconds since 1970 UTC of time stamps, else numbers.
        seconds: s since 1970 UTC where the log has a calendar, else since its time zero.
        prompt: prompt tokens, NaN where the log has none.
        output: output tokens, NaN where the log has none.
        rows: which of the log's entries each is, from 0.
    """

    times: NDArray[Any]
    seconds: Floats
    prompt: Floats
    output: Floats
    rows: Longs


@dataclass(slots=True)
class RequestStream:
    """A log as single requests, or as bins of time; it passes once, and one batch is held.

    Attributes:
        path: the file.
        rows: its rows in batches of arrays by column.
        columns: which of them are meant.
        layout: how its publisher writes.
        options: what a user states.
        first_time: the first time as it is written; None where nobody wrote it.
        clock: how its times count, known from the first batch on.
        left_out: rows so far that are no served requests.
        notes: what a user should know of how it is read.
    """

    path: Path
    rows: Iterable[Batch]
    columns: Columns
    layout: Layout
    options: LogOptions
    first_time: str | None = None
    clock: RequestClock | None = None
    left_out: int = 0
    notes: list[Note] = field(default_factory=list)

    def batches(self) -> Iterator[Requests]:
        """The requests that are meant, batch by batch.

        Raises:
            SlitError: a mistake in the file, with its line; times whose unit cannot be told; a
                value of `where` that no row holds.
        """
        columns, options = self.columns, self.options
        filters = _Filters(columns.where)
        failed = outside = done = 0
        for batch in self.rows:
            times = batch[columns.time]
            count = len(times)
            first, done = done, done + count
            if not count:
                continue
            if self.clock is None:
                self.clock = RequestClock.of(
                    self.path, columns.time, times, options, own=self.layout.unit
                )
            keep = filters.keep(batch, count)
            self.left_out += int((~keep).sum())
            prompt, output = (_tokens(batch, n, count) for n in (columns.prompt, columns.output))
            if columns.output is not None:
                served = output > 0
                failed += int((keep & ~served).sum())
                keep &= served | (options.without_output == "count")
            seconds = self.clock.seconds(times)
            inside = self.clock.inside(seconds)
            outside += int((keep & ~inside).sum())
            keep &= inside
            if keep.any():
                rows = first + np.flatnonzero(keep)
                yield Requests(times[keep], seconds[keep], prompt[keep], output[keep], rows)
        filters.require_found(self.path)
        if self.clock is not None:
            self.left_out += outside + (failed if options.without_output == "leave_out" else 0)
            self.notes += [*self.clock.notes, *_counted(failed, outside, options)]

    def trace(self) -> Trace:
        """The requests in bins of `options.seconds` s.

        Raises:
            SlitError: as `batches`; no request at all.
        """
        bins = Bins(self.path, self.options.seconds)
        for requests in self.batches():
            assert self.clock is not None
            low, high = requests.seconds.min(), requests.seconds.max()
            bins.seen = (min(bins.seen[0], low), max(bins.seen[1], high))
            numbers = self.clock.bins(requests.times, requests.seconds)
            bins.add(numbers, requests.prompt, requests.output)
        bins.left_out, bins.notes = self.left_out, self.notes
        if self.clock is None:
            return bins.trace(None, calendar=False)
        bins.recorded = self.clock.recorded
        trace = bins.trace(self.clock.zero, calendar=self.clock.calendar)
        if trace.start is None or self.first_time is None:
            return trace
        return replace(trace, written_offset=_offset(self.first_time))


def open_requests(path: Path, layout: Layout, options: LogOptions) -> RequestStream:
    """The requests of a CSV or JSON log, also gzipped, rows in any order.

    Raises:
        SlitError: unreadable; a column that is not there.
    """
    if is_json(path):
        objects = read_objects(path)
        columns = columns_of(path, layout, options, list(_keys(objects.sample)))
        batches = objects.stream(columns.fields(layout.gaps), time_zone=options.zone)
        first = str(value_at(objects.sample, columns.time))
    else:
        header = read_header(path)
        columns = columns_of(path, layout, options, header)
        batches = stream_csv(path, columns.fields(layout.gaps), time_zone=options.zone)
        first = first_cells(path, header, [columns.time]).get(columns.time, "")
    return RequestStream(path, batches, columns, layout, options, first)


def entry_of(path: Path, row: int) -> str:
    """Where an entry of a log stands, for messages; 0 is the first. Lines of CSV are counted."""
    if not is_json(path):
        for number, (line, _) in enumerate(csv_rows(path)):
            if number == row:
                return f"{path}:{line}"
    return f"{path}: entry {row + 1}"


def _offset(text: str) -> float | None:
    """The offset from UTC that a stamp carries, s."""
    if is_number(text):
        return 0.0
    shift = pd.Timestamp(text).utcoffset()
    return None if shift is None else shift.total_seconds()


def _keys(entry: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[str]:
    for name, value in entry.items():
        yield prefix + name
        if isinstance(value, dict) and depth < 4:
            yield from _keys(value, f"{prefix}{name}.", depth + 1)


def columns_of(path: Path, layout: Layout, options: LogOptions, names: Sequence[str]) -> Columns:
    """Which columns of a file are meant.

    Args:
        path: for messages.
        layout: names that the publisher gives.
        options: names that a user gives, which come first.
        names: the columns, or keys of JSON, that are there.

    Raises:
        SlitError: a column that is not there, with those that are.
    """
    for role in options.columns:
        if role not in ROLES:
            raise SlitError(
                f"columns: {role}, expected {', '.join(ROLES)}{did_you_mean(role, ROLES)}"
            )
    missing, chosen = [], {}
    there = ", ".join(names).encode(errors="replace").decode() or "none"
    for role in ROLES:
        own: tuple[str, ...] = getattr(layout, role)
        wanted = (options.columns[role],) if role in options.columns else own
        chosen[role] = next((name for name in wanted if name in names), None)
        if role in options.columns and chosen[role] is None:
            missing.append(wanted[0])
        elif (
            chosen[role] is None
            and role != "model"
            and not (layout.token_free and role != "time" and not own)
        ):
            missing.append(" or ".join(own) or f"the name of the column of {role}")
    missing += [name for name in options.where if name not in names]
    if missing:
        raise SlitError(
            f"{path}: columns {there}, expected also {', '.join(missing)} (as "
            "the publisher writes them; other names: columns = { time = ..., prompt = ..., output "
            "= ... })"
        )
    where = dict(options.where)
    if options.model is not None:
        if chosen["model"] is None:
            raise SlitError(
                f"{path}: model: {options.model}, expected no model, or its column (columns = {{ "
                f"model = ... }}; there are {there})"
            )
        where[chosen["model"]] = (options.model,)
    time = chosen["time"]
    assert time is not None
    return Columns(time, chosen["prompt"], chosen["output"], where)


def _tokens(batch: Batch, name: str | None, count: int) -> Floats:
    if name is None:
        return np.full(count, np.nan)
    values: Floats = batch[name]
    return np.where(np.isnan(values), 0.0, values)


def _counted(failed: int, outside: int, options: LogOptions) -> Iterator[Note]:
    if failed:
        done = "left out" if options.without_output == "leave_out" else "counted"
        other = "count" if options.without_output == "leave_out" else "leave_out"
        yield Note(
            f"{failed} requests without output tokens (failed) {done}",
            f'without_output = "{other}" where that is not meant',
        )
    if outside:
        yield Note(
            f"{outside} requests outside recorded_from and recorded_to left out",
            "that they are not meant",
            serious=True,
        )


class _Filters:
    """Rows to take by the text of columns, and what those columns hold."""

    def __init__(self, where: Mapping[str, Sequence[str]]) -> None:
        self.where = where
        self.found: dict[str, set[str]] = {name: set() for name in where}

    def keep(self, batch: Batch, count: int) -> Bools:
        """Which rows of a batch to take."""
        keep = np.ones(count, dtype=np.bool_)
        for name, wanted in self.where.items():
            labels = batch[name].dictionary_encode()
            names = labels.dictionary.to_pylist()
            self.found[name].update(names)
            places = [place for place, label in enumerate(names) if label in wanted]
            keep &= np.isin(labels.indices.to_numpy(zero_copy_only=False), places)
        return keep

    def require_found(self, path: Path) -> None:
        """Refuse a value that no row holds."""
        for name, found in self.found.items():
            for value in self.where[name]:
                if value not in found:
                    some = sorted(found)[:20]
                    known = ", ".join(some) or "no rows"
                    near = did_you_mean(value, found)
                    raise SlitError(f"{path}: {name}: {value}, expected one of {known}{near}")
