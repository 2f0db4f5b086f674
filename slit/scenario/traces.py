"""Demand from public traces: scaled, laid on the horizon, given origins by a stated, seeded mix."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slit.errors import SlitError
from slit.scenario.demand import DemandBuilder, DemandSeries
from slit.scenario.demand_layout import Format, Stream, TraceDemand
from slit.scenario.provenance import as_share
from slit.scenario.records import Origin
from slit.scenario.resampling import Clock, Steps
from slit.scenario.series import HOUR
from slit.scenario.tabular import Tables
from slit.sources.stamps import MICROSECOND

if TYPE_CHECKING:
    from slit.sources.trace import Trace

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

DAY = 24 * HOUR


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
            k = _add_stream(file, stream, tables, builder, origins, weights)
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
) -> int:
    """Add the expected requests of all origins; the index of the class."""
    pattern = _Pattern.read(stream, tables)
    _, k = builder.cell(builder.origins[0], stream.request_class, where="class")
    anchor = (np.datetime64(file.anchor, "us")).astype(np.int64).item()
    for o, origin in enumerate(origins):
        if weights[o] == 0:
            continue
        if stream.align == "calendar":
            begins, index = pattern.begins, np.arange(len(pattern.begins))
        else:
            begins, index = pattern.local_days(builder.clock, origin.utc_offset_h, anchor)
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
        self.shift = 0  # microseconds from local midnight of the first day to the first bin
        self.begins: Longs = np.empty(0, dtype=np.int64)

    @classmethod
    def read(cls, stream: Stream, tables: Tables) -> "_Pattern":
        """Read, align and scale a stream."""
        path = tables.path(stream.file)
        trace = read_trace(stream, path, stream.format, tables)
        pattern = cls(path, trace, _tokens(stream, tables, trace))
        if stream.align == "calendar":
            if trace.start is None:
                raise SlitError(
                    f"{path}: no calendar time, expected start (time zero with its zone) or "
                    'align = "local_day"'
                )
            zero = trace.start.value // 1000
            pattern.begins = zero + pattern.step * np.arange(len(trace.requests), dtype=np.int64)
        else:
            pattern._fit_days(stream, trace)
        pattern._scale(stream)
        return pattern

    def _fit_days(self, stream: Stream, trace: "Trace") -> None:
        """Cut to whole days; put the quietest hour where it belongs."""
        count = DAY // self.step
        self.days = len(self.requests) // count
        if DAY % self.step or self.days == 0:
            hours = len(self.requests) * self.step / HOUR
            raise SlitError(
                f"{self.path}: {hours:g} h in bins of {self.step / MICROSECOND:g} s, expected "
                "whole days in bins that divide a day (align = local_day); a shorter trace can "
                "give lengths"
            )
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
        self.shift = round(trace.offset * MICROSECOND)
        if stream.quiet_hour is not None:
            hours = max(1, HOUR // self.step)
            by_hour = mean_day[: count // hours * hours].reshape(-1, hours).sum(axis=1)
            quietest = int(np.argmin(by_hour)) * hours * self.step
            self.shift = round(stream.quiet_hour * HOUR) - quietest

    def local_days(
        self, clock: Clock, offset_h: float, anchor: int
    ) -> tuple[Longs, NDArray[np.intp]]:
        """Begins in UTC of the bins over the horizon, and which bin of the trace each is."""
        offset = round(offset_h * HOUR)
        zero = anchor + self.shift
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


def read_trace(stream: Stream, path: Path, layout: Format, tables: Tables) -> "Trace":
    """The trace in bins of `bin_seconds` (ServeGen: its own 10 minutes)."""
    from slit.sources.azure_llm import read_azure_llm
    from slit.sources.burstgpt import read_burstgpt
    from slit.sources.mooncake import read_mooncake
    from slit.sources.servegen import read_servegen_rates

    seconds, start = stream.bin_seconds, stream.start
    match layout:
        case "azure":
            return read_azure_llm(path, seconds=seconds, time_zone=stream.zone)
        case "mooncake":
            return read_mooncake(path, seconds=seconds, start=start)
        case "burstgpt":
            return read_burstgpt(path, seconds=seconds, model=stream.model, start=start)
        case "servegen":
            if stream.model is None:
                raise SlitError(f"{path}: no model, expected the name of a column of rates")
            own = stream.lengths is not None and stream.lengths_format == "servegen"
            lengths = tables.path(stream.lengths) if own and stream.lengths else None
            return read_servegen_rates(path, model=stream.model, lengths=lengths, start=start)


def _tokens(stream: Stream, tables: Tables, trace: "Trace") -> dict[str, Floats]:
    """Mean tokens of each bin: stated, or the mean of `lengths`, or of the trace itself."""
    source = trace
    if stream.lengths is not None and stream.lengths_format != "servegen":
        path = tables.path(stream.lengths)
        if stream.lengths_format is None:
            raise SlitError(f"{path}: no lengths_format, expected servegen, azure, ...")
        source = read_trace(stream, path, stream.lengths_format, tables)
    tokens = {}
    for name, mean in (("prompt", source.prompt_tokens), ("output", source.output_tokens)):
        stated = getattr(stream, name)
        overall = _overall(source.requests, mean) if stated is None else stated
        if np.isnan(overall):
            raise SlitError(f"no {name} lengths in the trace, expected {name} or lengths")
        if stated is None and source is trace:
            tokens[name] = np.where(np.isnan(mean), overall, mean)
        else:
            tokens[name] = np.full(len(trace.requests), overall)
    return tokens


def _overall(requests: Floats, mean: Floats) -> float:
    known = ~np.isnan(mean) & (requests > 0)
    weight = requests[known].sum()
    return float((requests[known] * mean[known]).sum() / weight) if weight > 0 else float("nan")
