"""Demand from public traces: scaled, laid on the horizon, given origins by a stated, seeded mix."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from operators.types import Floats, Longs, Positions
from slit.data.timestamps import HOUR, MICROSECOND, stamp_text, zone_of
from slit.errors import SlitError
from slit.scenario.demand import DemandBuilder, DemandSeries
from slit.scenario.demand_schema import Lengths, Stream, TraceDemand
from slit.scenario.diagnostics import Finding, Severity
from slit.scenario.provenance import as_share
from slit.scenario.records import Origin, Record
from slit.scenario.resampling import EpochClock, Steps
from slit.scenario.table_files import Tables

if TYPE_CHECKING:
    from slit.data.request_times import LogOptions
    from slit.data.trace import Trace


DAY = 24 * HOUR

ALWAYS = frozenset(
    {
        "request_class", "format", "file", "align", "requests_per_day", "scale", "prompt", "output",
        "lengths", "lengths_format",
    }
)  # fmt: skip
"""Fields of a stream that every format uses."""

ALIGNED = {"local_day": frozenset({"quiet_hour", "fill_zeros"}), "calendar": frozenset[str]()}
"""Fields that an alignment uses."""


def trace_demand(
    file: TraceDemand, tables: Tables, builder: DemandBuilder, origins: Sequence[Origin]
) -> DemandSeries:
    """Requests of the streams by epoch, split over origins.

    Each stream gives the expected requests of every origin and epoch. Their sum over origins,
    rounded, is then drawn: each request gets its origin with the probability that the expectation
    gives (a multinomial draw per stream and epoch from `seed`), so counts are whole.
    """
    weights = _weights(file, builder)
    rng = np.random.default_rng(file.seed)
    for number, stream in enumerate(file.streams):
        where = f"demand.streams[{number}]"
        try:
            before = builder.requests.copy(), {n: t.copy() for n, t in builder.tokens.items()}
            k = _add_stream(file, stream, tables, builder, origins, weights, where)
        except SlitError as error:
            raise SlitError(f"{where}: {error}") from None
        _draw(builder, k, before, rng)
    return builder.build(estimated=as_share(file.estimated))


def _weights(file: TraceDemand, builder: DemandBuilder) -> Floats:
    weights = np.zeros(len(builder.origins))
    for name, weight in file.origins.items():
        if name not in builder.origins:
            raise SlitError(
                f"demand.origins: {name!r}, expected one of {', '.join(builder.origins)}"
            )
        weights[builder.origins.index(name)] = weight
    if weights.sum() <= 0:
        raise SlitError("demand.origins: all 0, expected a weight > 0 for some origin")
    return np.asarray(weights / weights.sum())


def _add_stream(
    file: TraceDemand,
    stream: Stream,
    tables: Tables,
    builder: DemandBuilder,
    origins: Sequence[Origin],
    weights: Floats,
    where: str,
) -> int:
    """Add the expected requests of all origins; the index of the class."""
    pattern = _Pattern.read(file, stream, tables)
    _, k = builder.cell(builder.origins[0], stream.request_class, where="class")
    if stream.align == "calendar":
        pattern.require_horizon(builder.clock)
    builder.findings += [
        Finding(
            Severity.WARNING if note.serious else Severity.NOTE,
            f"{where}: {pattern.path}",
            note.found,
            note.expected,
        )
        for note in pattern.notes
    ]
    for o, origin in enumerate(origins):
        if weights[o] == 0:
            continue
        if stream.align == "calendar":
            begins, index = pattern.begins, np.arange(len(pattern.begins))
        else:
            begins, index = pattern.local_days(builder.clock, origin.utc_offset_h)
        steps = Steps(
            begins,
            pattern.step,
            pattern.requests[index] * weights[o],
            np.zeros(len(index)),
            lambda _step: str(pattern.path),
        )
        tokens = {name: mean[index] for name, mean in pattern.tokens.items()}
        builder.add((o, k), steps, tokens, resample=file.resample)
    return k


def _draw(
    builder: DemandBuilder,
    k: int,
    before: tuple[Floats, dict[str, Floats]],
    rng: np.random.Generator,
) -> None:
    """Replace what a stream added to class k by whole requests with drawn origins."""
    expected = builder.requests[:, :, k] - before[0][:, :, k]
    totals = expected.sum(axis=1)
    shares = expected / np.where(totals > 0, totals, 1.0)[:, None]
    drawn = np.array(
        [rng.multinomial(round(n), p) if n > 0 else p for n, p in zip(totals, shares, strict=True)]
    )
    builder.requests[:, :, k] = before[0][:, :, k] + drawn
    ratio = np.where(expected > 0, drawn / np.where(expected > 0, expected, 1.0), 0.0)
    for name, tokens in builder.tokens.items():
        old = before[1][name][:, :, k]
        tokens[:, :, k] = old + (tokens[:, :, k] - old) * ratio


class _Pattern:
    """A trace, scaled: requests (B,) and mean tokens (B,) by bin."""

    def __init__(self, path: Path, trace: "Trace", tokens: dict[str, Floats]) -> None:
        self.path = path
        self.step = round(trace.seconds * MICROSECOND)
        self.requests: Floats = trace.requests.copy()
        self.tokens = tokens
        self.days = 0
        self.anchor = 0  # microseconds from 1970 to the local midnight of day 0
        self.shift = 0  # microseconds from that midnight to the first bin
        self.begins: Longs = np.empty(0, dtype=np.int64)
        self.notes = list(trace.notes)

    @classmethod
    def read(cls, file: TraceDemand, stream: Stream, tables: Tables) -> "_Pattern":
        """Read, align and scale a stream."""
        from slit.data.trace import Note

        path = tables.path(stream.file)
        trace = read_stream(stream, tables)
        pattern = cls(path, trace, _tokens(stream, tables, trace))
        if stream.align == "calendar":
            if trace.start is None:
                raise SlitError(
                    f"{path}: no calendar time, expected start (time zero with its zone) or "
                    'align = "local_day"'
                )
            zero = trace.start.value // 1000
            pattern.begins = zero + pattern.step * np.arange(len(trace.requests), dtype=np.int64)
            if _own_zone(stream) is not None and trace.written_offset is not None:
                found = f"zone {stream.zone} has no effect: the times carry their offset"
                pattern.notes.append(Note(found, "no zone, or times without an offset"))
        else:
            pattern._fit_days(file, stream, trace)
        pattern._scale(stream)
        return pattern

    def _fit_days(self, file: TraceDemand, stream: Stream, trace: "Trace") -> None:
        """Cut to whole days; put the hours of the day where they belong."""
        count = DAY // self.step
        self.days = len(self.requests) // count
        if DAY % self.step or self.days == 0:
            hours = len(self.requests) * self.step / HOUR
            raise SlitError(
                f"{self.path}: {hours:g} h in bins of {self.step / MICROSECOND:g} s, expected "
                "whole days in bins that divide a day (align = local_day); a shorter trace can "
                "give lengths, or be whole with recorded_from and recorded_to"
            )
        self._place(file, stream, trace)
        kept = self.days * count
        self.requests = self.requests[:kept]
        self.tokens = {name: mean[:kept] for name, mean in self.tokens.items()}
        by_day = self.requests.reshape(self.days, count)
        there = np.where(by_day > 0, by_day, np.nan) if stream.fill_zeros else by_day
        if np.isnan(there).all(axis=0).any():
            raise SlitError(
                f"{self.path}: a time of day without requests on any day, expected some on one day "
                "(fill_zeros)"
            )
        mean_day = np.nanmean(there, axis=0)
        if stream.fill_zeros:
            self.requests = np.where(by_day > 0, by_day, mean_day[None, :]).reshape(-1)
        if stream.quiet_hour is not None:
            hours = max(1, HOUR // self.step)
            by_hour = mean_day[: count // hours * hours].reshape(-1, hours).sum(axis=1)
            quietest = int(np.argmin(by_hour)) * hours * self.step
            self.shift = round(stream.quiet_hour * HOUR) - quietest

    def _place(self, file: TraceDemand, stream: Stream, trace: "Trace") -> None:
        """Day 0 and the hour of the day on which the first bin begins."""
        from slit.data.trace import Note

        self.anchor = np.datetime64(file.anchor, "us").astype(np.int64).item()
        self.shift = round(trace.offset * MICROSECOND)
        if trace.start is None:
            if _own_zone(stream) is not None:
                raise SlitError(f"zone: {stream.zone}, expected none (the trace has no calendar)")
            return
        begin = trace.start.value // 1000
        begin += round(_written_offset(stream, trace) * MICROSECOND)
        midnight = begin // DAY * DAY
        self.shift = begin - midnight
        if "anchor" not in file.model_fields_set:
            self.anchor = midnight
        if stream.quiet_hour is None:
            day = np.datetime64(self.anchor, "us").astype("datetime64[D]")
            found = (
                f"hours of the day as the stamps have them, for every origin in its own time; "
                f"{self.days} days repeat, day 0 is {day}"
            )
            self.notes.append(Note(found, 'align = "calendar" where the dates are meant'))

    def require_horizon(self, clock: EpochClock) -> None:
        """Refuse a horizon that the calendar of the trace does not cover."""
        begin, end = int(self.begins[0]), int(self.begins[-1]) + self.step
        last = clock.start + clock.step * clock.epochs
        if clock.start < begin or end < last:
            raise SlitError(
                f"{self.path}: {stamp_text(begin)} to {stamp_text(end)}, expected the whole "
                f"horizon, {stamp_text(clock.start)} to {stamp_text(last)} (recorded_from and "
                'recorded_to where the recording is longer than its requests; align = "local_day" '
                "repeats its days)"
            )

    def local_days(self, clock: EpochClock, offset_h: float) -> tuple[Longs, Positions]:
        """Begins in UTC of the bins over the horizon, and which bin of the trace each is."""
        offset = round(offset_h * HOUR)
        zero = self.anchor + self.shift
        first = (clock.start + offset - zero) // self.step
        last = -(-(clock.start + clock.step * clock.epochs + offset - zero) // self.step)
        bins = np.arange(first, last, dtype=np.int64)
        return zero + bins * self.step - offset, (bins % len(self.requests)).astype(np.intp)

    def _scale(self, stream: Stream) -> None:
        if stream.scale is not None:
            self.requests = self.requests * stream.scale
            return
        assert stream.requests_per_day is not None
        per_day = self.requests.sum() / (len(self.requests) * self.step / DAY)
        if per_day <= 0:
            raise SlitError(f"{self.path}: no requests, expected some to scale")
        self.requests = self.requests * (stream.requests_per_day / per_day)


def read_stream(stream: Stream, tables: Tables) -> "Trace":
    """The trace of a stream in bins of `bin_seconds` (ServeGen: its own 10 minutes)."""
    from slit.sources.trace_formats import FORMATS

    lengths = _lengths_of(stream)
    takes = FORMATS[stream.format].takes | ALIGNED[stream.align]
    if isinstance(stream.lengths, str) and lengths is not None:
        takes |= {"zone", "model"} & lengths.model_fields_set
    refuse_unused(stream, takes, f'format = "{stream.format}", align = "{stream.align}"')
    if lengths is not None:
        own = FORMATS[lengths.format].takes
        refuse_unused(lengths, own, f'format = "{lengths.format}"', where="lengths.")
    both = lengths is not None and lengths.format == stream.format == "servegen"
    at = tables.path(lengths.file) if lengths is not None and both else None
    return _read_once(stream, tables, at)


def _read_once(source: Stream | Lengths, tables: Tables, lengths: Path | None = None) -> "Trace":
    """The trace of a stream or of its lengths; what was read before is taken from `tables`."""
    from slit.sources.trace_formats import FORMATS

    key = type(source), source.model_dump_json()
    if key not in tables.traces:
        read = FORMATS[source.format].read
        tables.traces[key] = read(tables.path(source.file), _options(source), lengths)
    return tables.traces[key]


def refuse_unused(record: Record, takes: AbstractSet[str], by: str, *, where: str = "") -> None:
    """Refuse a stated field that nothing applies."""
    for name in type(record).model_fields:
        value = getattr(record, name)
        stated = name in record.model_fields_set and value not in (None, {}, ())
        if stated and name not in takes | ALWAYS:
            raise SlitError(
                f"{where}{name}: {value}, expected none ({by} does not use it; it uses "
                f"{', '.join(sorted(takes & type(record).model_fields.keys()))})"
            )


def _options(source: Stream | Lengths) -> "LogOptions":
    from slit.data.request_times import LogOptions

    stream = source if isinstance(source, Stream) else None
    return LogOptions(
        seconds=600.0 if stream is None else stream.bin_seconds,
        columns=source.columns,
        where={
            name: tuple(str(cell) for cell in (cells if isinstance(cells, tuple) else (cells,)))
            for name, cells in source.where.items()
        },
        model=source.model,
        zone=source.zone,
        unit=source.time_unit,
        start=None if stream is None else stream.start,
        recorded=(None, None) if stream is None else (stream.recorded_from, stream.recorded_to),
        without_output=source.without_output,
    )


def _lengths_of(stream: Stream) -> Lengths | None:
    """The file of lengths; its short form shares the zone, and for ServeGen the model."""
    from slit.sources.trace_formats import FORMATS

    if not isinstance(stream.lengths, str):
        return stream.lengths
    assert stream.lengths_format is not None
    stated: dict[str, str] = {"format": stream.lengths_format, "file": stream.lengths}
    if "zone" in FORMATS[stream.lengths_format].takes and stream.zone is not None:
        stated["zone"] = stream.zone
    if stream.lengths_format == "servegen" and stream.model is not None:
        stated["model"] = stream.model
    return Lengths.model_validate(stated)


def _own_zone(stream: Stream) -> str | None:
    """The zone, where it is of the trace and not only of its lengths."""
    from slit.sources.trace_formats import FORMATS

    return stream.zone if "zone" in FORMATS[stream.format].takes else None


def _written_offset(stream: Stream, trace: "Trace") -> float:
    """Offset from UTC of the hours of the day that are meant, s."""
    import pandas as pd

    assert trace.start is not None
    zone = _own_zone(stream)
    if zone is not None:
        shift = trace.start.to_pydatetime(warn=False).astimezone(zone_of(zone)).utcoffset()
    elif stream.start is not None:
        shift = pd.Timestamp(stream.start).utcoffset()
    else:
        return trace.written_offset or 0.0
    assert shift is not None
    return shift.total_seconds()


def _tokens(stream: Stream, tables: Tables, trace: "Trace") -> dict[str, Floats]:
    """Mean tokens of each bin: stated, or the mean of `lengths`, or of the trace itself."""
    source, lengths = trace, _lengths_of(stream)
    if lengths is not None and not (lengths.format == stream.format == "servegen"):
        source = _read_once(lengths, tables)
    tokens = {}
    means = (source.prompt_tokens, source.output_tokens)
    for name, mean, of_all in zip(("prompt", "output"), means, source.means, strict=True):
        stated = getattr(stream, name)
        overall = of_all if stated is None else stated
        if np.isnan(overall):
            raise SlitError(f"no {name} lengths in the trace, expected {name} or lengths")
        if stated is None and source is trace:
            tokens[name] = np.where(np.isnan(mean), overall, mean)
        else:
            tokens[name] = np.full(len(trace.requests), overall)
    return tokens
