"""Demand of a scenario file -> requests and tokens by epoch, origin and class."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from operators.types import Floats, Longs, Positions
from slit.data.spans import Spans
from slit.data.table import Table
from slit.data.table_timestamps import timed_rows
from slit.data.timestamps import HOUR, MICROSECOND
from slit.errors import SlitError, did_you_mean
from slit.scenario.demand_schema import (
    MAX_REQUESTS,
    MAX_TOKENS,
    InlineDemand,
    TableDemand,
    TypicalDemand,
)
from slit.scenario.diagnostics import Finding, reading_of
from slit.scenario.provenance import as_share
from slit.scenario.records import Origin
from slit.scenario.references import Resample, TableReference
from slit.scenario.resampling import EpochClock, Steps, to_epochs
from slit.scenario.scenario import Demand
from slit.scenario.table_files import Tables
from slit.units import convert


@dataclass(frozen=True, slots=True, eq=False)
class DemandSeries:
    """Demand by epoch, and all requests in the steps of the source where those are finer."""

    demand: Demand
    fine: Steps | None
    estimated: float
    findings: tuple[Finding, ...] = ()  # of how it was read


@dataclass(slots=True)
class DemandBuilder:
    """Gathers groups; their arrays are (T, O, K)."""

    clock: EpochClock
    origins: Sequence[str]
    classes: Sequence[str]
    requests: Floats = field(init=False)
    tokens: dict[str, Floats] = field(init=False)
    fine: list[Steps] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        shape = (self.clock.epochs, len(self.origins), len(self.classes))
        self.requests = np.zeros(shape)
        self.tokens = {"prompt": np.zeros(shape), "output": np.zeros(shape)}

    def cell(self, origin: str, request_class: str, *, where: str) -> tuple[int, int]:
        """Indices of a group."""
        for name, kind, names in (
            (origin, "origin", self.origins),
            (request_class, "class", self.classes),
        ):
            if name not in names:
                raise SlitError(
                    f"{where}: {kind} {name!r}, expected one of {', '.join(names)}"
                    f"{did_you_mean(name, names)}"
                )
        return self.origins.index(origin), self.classes.index(request_class)

    def new_cell(
        self, origin: str, request_class: str, seen: set[tuple[int, int]], *, where: str
    ) -> tuple[int, int]:
        """Indices of a group that may be stated once."""
        cell = self.cell(origin, request_class, where=where)
        if cell in seen:
            raise SlitError(
                f"{where}: {request_class} from {origin} twice, expected distinct groups"
            )
        seen.add(cell)
        return cell

    def add(
        self,
        cell: tuple[int, int],
        steps: Steps,
        tokens: Mapping[str, Floats],
        *,
        resample: Resample | None,
    ) -> None:
        """Add requests of one group.

        Args:
            cell: indices of origin and class.
            steps: requests of each step, (N,).
            tokens: mean prompt and output tokens of each step, (N,).
            resample: as in `to_epochs`.

        Raises:
            SlitError: as `to_epochs`.
        """
        o, k = cell
        requests, _ = to_epochs(steps, self.clock, resample=resample, adds_up=True)
        self.requests[:, o, k] += requests
        for name, mean in tokens.items():
            amounts = replace(steps, values=steps.values * mean)
            total, _ = to_epochs(amounts, self.clock, resample=resample, adds_up=True)
            self.tokens[name][:, o, k] += total
        if steps.step < self.clock.step:
            self.fine.append(steps)

    def build(self, *, estimated: float) -> DemandSeries:
        """The demand; where a group has no requests its tokens are 0."""
        safe = np.where(self.requests > 0, self.requests, 1.0)
        means = {name: total / safe for name, total in self.tokens.items()}
        self._refuse_impossible(means)
        demand = Demand(requests=self.requests, prompt=means["prompt"], output=means["output"])
        return DemandSeries(demand, _together(self.fine), estimated, tuple(self.findings))

    def _refuse_impossible(self, means: Mapping[str, Floats]) -> None:
        for name, values, most in (
            ("requests", self.requests, MAX_REQUESTS),
            *((name, mean, MAX_TOKENS) for name, mean in means.items()),
        ):
            wrong = np.argwhere(~(values <= most))
            if len(wrong):
                t, o, k = wrong[0]
                raise SlitError(
                    f"demand: {name}: {values[t, o, k]:g} in epoch {t} from {self.origins[o]}, "
                    f"class {self.classes[k]}, expected at most {most:g}"
                )


def inline_demand(file: InlineDemand, builder: DemandBuilder) -> DemandSeries:
    """Demand written out in the scenario file."""
    epochs = builder.clock.epochs
    seen: set[tuple[int, int]] = set()
    for number, group in enumerate(file.groups):
        where = f"demand.groups[{number}]"
        o, k = builder.new_cell(group.origin, group.request_class, seen, where=where)
        figures = {}
        for name in ("requests", "prompt", "output"):
            values = np.atleast_1d(np.array(getattr(group, name), dtype=np.float64))
            if len(values) not in (1, epochs):
                raise SlitError(
                    f"{where}.{name}: {len(values)} figures, expected one, or one an epoch "
                    f"({epochs})"
                )
            figures[name] = np.broadcast_to(values, epochs)
        builder.requests[:, o, k] += figures["requests"]
        for name in ("prompt", "output"):
            builder.tokens[name][:, o, k] += figures["requests"] * figures[name]
    return builder.build(estimated=as_share(file.estimated))


def table_demand(file: TableDemand, tables: Tables, builder: DemandBuilder) -> DemandSeries:
    """Demand from a table with a row an (epoch or stamp, origin, class).

    Args:
        file: section demand.
        tables: where its table is read.
        builder: where requests are gathered.

    Raises:
        SlitError: a mistake in a row, with its line; steps that do not fit the epochs.
    """
    table = tables.open(file.file, file).where(file.where)
    column = {name: file.columns.get(name, name) for name in _FIELDS}
    figures = {name: table.numbers(column[name]) for name in ("requests", "prompt", "output")}
    for name, values in figures.items():
        most = MAX_REQUESTS if name == "requests" else MAX_TOKENS
        _refuse_impossible(values, table.place, column[name], most)
    cells = np.array(
        [
            builder.cell(origin, request_class, where=table.place(row))
            if origin not in builder.origins or request_class not in builder.classes
            else (builder.origins.index(origin), builder.classes.index(request_class))
            for row, (origin, request_class) in enumerate(
                zip(table.texts(column["origin"]), table.texts(column["class"]), strict=True)
            )
        ]
    )
    codes = cells[:, 0] * len(builder.classes) + cells[:, 1]
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        part, spans = _spans(file, table.take(rows), builder)
        lengths = spans.step if spans.lengths is None else spans.lengths
        amounts = part.numbers(column["requests"]) * file.scale * _per_step(file.unit, lengths)
        none = np.zeros(len(rows))
        steps = Steps(spans.begins, spans.step, amounts, none, part.place, spans.lengths)
        tokens = {name: part.numbers(column[name]) for name in ("prompt", "output")}
        cell = (int(cells[rows[0], 0]), int(cells[rows[0], 1]))
        builder.add(cell, steps, tokens, resample=file.resample)
    return builder.build(estimated=as_share(file.estimated))


_FIELDS = ("origin", "class", "requests", "prompt", "output")


def _spans(file: TableDemand, table: Table, builder: DemandBuilder) -> tuple[Table, Spans]:
    """The rows of one group in order of time, and from when to when each holds."""
    clock = builder.clock
    if file.time is not None:
        alone = clock.step if clock.epochs == 1 else None
        timed = timed_rows(table, file.time, file, alone=alone)
        builder.findings += [reading_of(table, one).below("demand") for one in timed.notes]
        return timed.table, timed.spans
    assert file.epoch is not None
    epochs = table.numbers(file.epoch)
    wrong = np.flatnonzero(~((epochs >= 0) & (epochs < clock.epochs) & (epochs % 1 == 0)))
    if len(wrong):
        row = int(wrong[0])
        raise SlitError(
            f"{table.place(row)}: {file.epoch}: {epochs[row]:g}, expected a whole number from 0 to "
            f"{clock.epochs - 1} (epoch)"
        )
    begins = clock.start + epochs.astype(np.int64) * clock.step
    wrong = np.flatnonzero(np.diff(begins) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        raise SlitError(
            f"{table.place(row)}: epoch {epochs[row]:g} after {epochs[row - 1]:g}, expected "
            "ascending, distinct epochs for each origin and class"
        )
    return table, Spans(begins, clock.step, None)


def _per_step(unit: str, lengths: Longs | int) -> Floats | float:
    """Requests of a step for one unit of the column, by the length of the step."""
    if unit in ("request", "requests"):
        return 1.0
    step = np.asarray(lengths, dtype=np.float64)
    return convert(1.0, unit, "request/s", what="demand.unit") * step / MICROSECOND


def typical_demand(
    file: TypicalDemand, tables: Tables, builder: DemandBuilder, origins: Sequence[Origin]
) -> DemandSeries:
    """A local day by class, times volumes by origin and class.

    Args:
        file: section demand.
        tables: where its table is read.
        builder: where requests are gathered.
        origins: with their offsets from UTC.

    Raises:
        SlitError: a day that is not 24 hours, or a class without tokens.
    """
    table = tables.open(file.file, file)
    shapes = {name: _Shape.read(table, file.columns, name) for name in builder.classes}
    assert not isinstance(file.volumes, TableReference)
    seen: set[tuple[int, int]] = set()
    for number, volume in enumerate(file.volumes):
        where = f"demand.volumes[{number}]"
        o, k = builder.new_cell(volume.origin, volume.request_class, seen, where=where)
        shape = shapes[volume.request_class]
        given = {"prompt": volume.prompt, "output": volume.output}
        tokens = {
            name: shape.tokens[name] if mean is None else np.full(24, mean)
            for name, mean in given.items()
        }
        for name, mean in tokens.items():
            if mean is None:
                raise SlitError(
                    f"{where}.{name}: missing, expected mean {name} tokens here or in {table.path}"
                )
        begins, hours = _local_hours(builder.clock, origins[o].utc_offset_h)
        rate = volume.requests_per_day * shape.share[hours]
        steps = Steps(begins, HOUR, rate, np.zeros(len(begins)), table.place)
        by_hour = {name: mean[hours] for name, mean in tokens.items() if mean is not None}
        builder.add((o, k), steps, by_hour, resample=file.resample)
    return builder.build(estimated=as_share(file.estimated))


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """The day of a class: arrays (24,) by local hour."""

    share: Floats
    tokens: dict[str, Floats | None]

    @classmethod
    def read(cls, table: Table, columns: Mapping[str, str], request_class: str) -> "_Shape":
        """The rows of one class."""
        part = table.where({columns.get("class", "class"): request_class})
        hours = part.numbers(columns.get("hour", "hour"))
        if sorted(hours) != list(range(24)):
            raise SlitError(
                f"{part.path}: hours of class {request_class!r}: {len(hours)} rows, expected one "
                "for each local hour from 0 to 23"
            )
        order = np.argsort(hours)
        rate = part.numbers(columns.get("rate", "rate"))
        _refuse_impossible(rate, part.place, columns.get("rate", "rate"), MAX_REQUESTS)
        if rate.sum() <= 0:
            raise SlitError(f"{part.path}: rates of class {request_class!r}: all 0, expected some")
        tokens: dict[str, Floats | None] = {}
        for name in ("prompt", "output"):
            column = columns.get(name, name)
            tokens[name] = None
            if column in part.columns:
                means = part.numbers(column)
                _refuse_impossible(means, part.place, column, MAX_TOKENS)
                tokens[name] = means[order]
        return cls(rate[order] / rate.sum(), tokens)


def _local_hours(clock: EpochClock, offset_h: float) -> tuple[Longs, Positions]:
    """Hours of local standard time over the horizon: their begins in UTC, their hour of day."""
    offset = round(offset_h * HOUR)
    first = (clock.start + offset) // HOUR
    last = -(-(clock.start + clock.step * clock.epochs + offset) // HOUR)
    hours = np.arange(first, last, dtype=np.int64)
    return hours * HOUR - offset, (hours % 24).astype(np.intp)


def _together(series: Sequence[Steps]) -> Steps | None:
    """All series added up where they have one step; None where there are none or several."""
    if not series or len({steps.step for steps in series}) > 1:
        return None
    if any(steps.lengths is not None for steps in series):
        return None
    begins, index = np.unique(
        np.concatenate([steps.begins for steps in series]), return_inverse=True
    )
    values = np.bincount(index, weights=np.concatenate([steps.values for steps in series]))
    none = np.zeros(len(begins))
    return Steps(begins, series[0].step, values.astype(np.float64), none, series[0].place)


def _refuse_impossible(values: Floats, place: Callable[[int], str], name: str, most: float) -> None:
    for wrong, expected in ((~(values >= 0), ">= 0"), (values > most, f"<= {most:g}")):
        rows = np.flatnonzero(wrong)
        if len(rows):
            row = int(rows[0])
            such = f" ({len(rows)} row{'s' if len(rows) > 1 else ''})"
            raise SlitError(
                f"{place(row)}: {name}: {values[row]:g}, expected a number {expected}{such}"
            )
