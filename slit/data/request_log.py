"""Logs with a row a request, in CSV or JSON: the columns of each publisher, and rows to bins."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from operators.types import Bools, Floats
from slit.data.csv_batches import Batch, Field, Kind, first_cells, is_number, stream_csv
from slit.data.json_batches import is_json, read_objects, value_at
from slit.data.request_times import Clock, Reading, TimeUnit
from slit.data.text_files import read_header
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
        chosen = [Field(self.time, "arrival", Kind.TIME)]
        for name, meaning in ((self.prompt, "prompt tokens"), (self.output, "output tokens")):
            if name is not None:
                chosen.append(Field(name, meaning, gaps=gaps))
        return chosen + [Field(name, name, Kind.TEXT) for name in self.where]


def read_requests(path: Path | str, layout: Layout, reading: Reading) -> Trace:
    """A log in bins of `reading.seconds` s, on the clock of 1970 UTC or of its own time zero.

    Raises:
        SlitError: a mistake in the file, with its line; a column that is not there; times whose
            unit cannot be told; no request at all.
    """
    path = Path(path)
    if is_json(path):
        objects = read_objects(path)
        names = list(_keys(objects.sample))
        columns = columns_of(path, layout, reading, names)
        batches = objects.stream(columns.fields(layout.gaps), time_zone=reading.zone)
        first = str(value_at(objects.sample, columns.time))
    else:
        header = read_header(path)
        columns = columns_of(path, layout, reading, header)
        batches = stream_csv(path, columns.fields(layout.gaps), time_zone=reading.zone)
        first = first_cells(path, header, [columns.time]).get(columns.time, "")
    trace = bin_requests(path, batches, columns, layout, reading)
    return replace(trace, written_offset=_offset(first) if trace.start is not None else None)


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


def columns_of(path: Path, layout: Layout, reading: Reading, names: Sequence[str]) -> Columns:
    """Which columns of a file are meant."""
    for role in reading.columns:
        if role not in ROLES:
            raise SlitError(
                f"columns: {role}, expected {', '.join(ROLES)}{did_you_mean(role, ROLES)}"
            )
    missing, chosen = [], {}
    there = ", ".join(names).encode(errors="replace").decode() or "none"
    for role in ROLES:
        own: tuple[str, ...] = getattr(layout, role)
        wanted = (reading.columns[role],) if role in reading.columns else own
        chosen[role] = next((name for name in wanted if name in names), None)
        if role in reading.columns and chosen[role] is None:
            missing.append(wanted[0])
        elif (
            chosen[role] is None
            and role != "model"
            and not (layout.token_free and role != "time" and not own)
        ):
            missing.append(" or ".join(own) or f"the name of the column of {role}")
    missing += [name for name in reading.where if name not in names]
    if missing:
        raise SlitError(
            f"{path}: columns {there}, expected also {', '.join(missing)} (as "
            "the publisher writes them; other names: columns = { time = ..., prompt = ..., output "
            "= ... })"
        )
    where = dict(reading.where)
    if reading.model is not None:
        if chosen["model"] is None:
            raise SlitError(
                f"{path}: model: {reading.model}, expected no model, or its column (columns = {{ "
                f"model = ... }}; there are {there})"
            )
        where[chosen["model"]] = (reading.model,)
    time = chosen["time"]
    assert time is not None
    return Columns(time, chosen["prompt"], chosen["output"], where)


def bin_requests(
    path: Path,
    batches: Iterable[Batch],
    columns: Columns,
    layout: Layout,
    reading: Reading,
) -> Trace:
    """Requests in batches -> bins."""
    bins, filters = Bins(path, reading.seconds), _Filters(columns.where)
    clock: Clock | None = None
    failed = outside = 0
    for batch in batches:
        times = batch[columns.time]
        if not len(times):
            continue
        clock = clock or Clock.of(path, columns.time, times, reading, own=layout.unit)
        keep = filters.keep(batch, len(times))
        bins.left_out += int((~keep).sum())
        prompt, output = (_tokens(batch, n, len(times)) for n in (columns.prompt, columns.output))
        if columns.output is not None:
            served = output > 0
            failed += int((keep & ~served).sum())
            keep &= served | (reading.without_output == "count")
        seconds = clock.seconds(times)
        inside = clock.inside(seconds)
        outside += int((keep & ~inside).sum())
        keep &= inside
        if keep.any():
            kept = seconds[keep]
            bins.seen = (min(bins.seen[0], kept.min()), max(bins.seen[1], kept.max()))
            bins.add(clock.bins(times[keep], kept), prompt[keep], output[keep])
    filters.require_found(path)
    if clock is None:
        return bins.trace(None, calendar=False)
    if reading.without_output == "leave_out":
        bins.left_out += failed
    bins.left_out += outside
    bins.recorded = clock.recorded
    bins.notes += [*clock.notes, *_counted(failed, outside, reading)]
    return bins.trace(clock.zero, calendar=clock.calendar)


def _tokens(batch: Batch, name: str | None, count: int) -> Floats:
    if name is None:
        return np.full(count, np.nan)
    values: Floats = batch[name]
    return np.where(np.isnan(values), 0.0, values)


def _counted(failed: int, outside: int, reading: Reading) -> Iterator[Note]:
    if failed:
        done = "left out" if reading.without_output == "leave_out" else "counted"
        other = "count" if reading.without_output == "leave_out" else "leave_out"
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
