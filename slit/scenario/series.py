"""References to series -> one value an epoch, in the unit that slit reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from slit.errors import SlitError
from slit.scenario.provenance import as_share
from slit.scenario.references import SeriesReference
from slit.scenario.resampling import Clock, Steps, to_epochs
from slit.scenario.tabular import Table, Tables
from slit.sources.stamps import MICROSECOND, stamp_text, zone_of
from slit.units import convert

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

HOUR = 3600 * MICROSECOND


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """A series on the epochs of a plan."""

    values: Floats  # (T,)
    estimated: float  # share of the values
    level: float  # mean over the whole source, whatever the horizon


@dataclass(frozen=True, slots=True)
class SeriesReader:
    """Reads series for one horizon.

    `switches` chooses among columns that depend on [accounting]; `weights` are the requests in
    steps finer than an epoch, for demand-weighted means.
    """

    tables: Tables
    clock: Clock
    switches: tuple[str, ...] = ()
    weights: Steps | None = field(default=None)

    def read(
        self,
        reference: SeriesReference,
        unit: str,
        *,
        site: Mapping[str, str],
        adds_up: bool = False,
    ) -> Aligned:
        """The series in `unit`, by epoch. `site` fills {name} and {zone} in file and conditions."""
        share = as_share(reference.estimated)
        if reference.value is not None:
            values = self._convert(reference, np.array([reference.value]), unit)
            return Aligned(np.repeat(values, self.clock.epochs), share, float(values[0]))
        if reference.values is not None:
            if len(reference.values) != self.clock.epochs:
                raise SlitError(
                    f"values: {len(reference.values)} figures, expected one an epoch "
                    f"({self.clock.epochs})"
                )
            values = self._convert(reference, np.array(reference.values), unit)
            return Aligned(values, share, float(values.mean()))
        if reference.kind == "constant":
            return self._constant(reference, unit, site)
        steps = self.steps(reference, unit, site=site)
        level = float(np.nanmean(steps.values)) if len(steps.values) else 0.0
        if reference.kind == "typical":
            steps = self._typical_days(steps, reference)
        values, estimated = to_epochs(
            steps, self.clock, resample=reference.resample, adds_up=adds_up, weights=self.weights
        )
        return Aligned(values, estimated, level)

    def steps(self, reference: SeriesReference, unit: str, *, site: Mapping[str, str]) -> Steps:
        """The whole series as the source gives it, in `unit`.

        For typical days `begins` counts hours from January, month by month.
        """
        table, column = self.table(reference, site)
        values = self._convert(reference, table.numbers(column), unit)
        estimated = self._estimated(reference, table)
        if reference.kind == "typical":
            keys = _month_hours(table, reference)
            order = np.argsort(keys, kind="stable")
            twice = np.flatnonzero(np.diff(keys[order]) == 0)
            if len(twice):
                row = int(order[twice[0] + 1])
                raise SlitError(f"{table.place(row)}: same month and hour twice, expected one row")
            place = lambda step: table.place(int(order[step]))  # noqa: E731 closure over the rows
            return Steps(keys[order], HOUR, values[order], estimated[order], place)
        stamps = table.stamps(reference.time, zone=reference.zone)
        step = step_of(stamps, table)
        begins = stamps - step if reference.label == "end" else stamps
        return Steps(begins, step, values, estimated, table.place)

    def table(self, reference: SeriesReference, site: Mapping[str, str]) -> tuple[Table, str]:
        """The rows and the column that a reference means."""
        assert reference.file is not None
        table = self.tables.open(_filled(reference.file, site), reference)
        conditions = {
            name: _filled(value, site) if isinstance(value, str) else value
            for name, value in reference.where.items()
        }
        table = table.where(conditions)
        column = reference.column
        if isinstance(column, Mapping):
            chosen = [column[switch] for switch in self.switches if switch in column]
            if len(chosen) != 1:
                raise SlitError(
                    f"column: {', '.join(column)}, expected one of {', '.join(self.switches)} "
                    "(switches of [accounting])"
                )
            column = chosen[0]
        assert column is not None
        return table, _filled(column, site)

    def _constant(self, reference: SeriesReference, unit: str, site: Mapping[str, str]) -> Aligned:
        table, column = self.table(reference, site)
        if len(table) != 1:
            raise SlitError(f"{table.path}: {len(table)} rows, expected one (kind = constant)")
        values = self._convert(reference, table.numbers(column), unit)
        if np.isnan(values[0]):
            raise SlitError(f"{table.place(0)}: {column}: no number, expected one ({unit})")
        share = float(self._estimated(reference, table)[0])
        return Aligned(np.repeat(values, self.clock.epochs), share, float(values[0]))

    @staticmethod
    def _convert(reference: SeriesReference, values: Floats, unit: str) -> Floats:
        return convert(values, reference.unit, unit) * reference.scale

    @staticmethod
    def _estimated(reference: SeriesReference, table: Table) -> Floats:
        if reference.estimated_column is None:
            return np.full(len(table), as_share(reference.estimated))
        flags = table.flags(reference.estimated_column)
        return np.fmin(np.abs(flags), 1.0)

    def _typical_days(self, steps: Steps, reference: SeriesReference) -> Steps:
        """The typical days laid over the horizon, hour by hour."""
        if reference.zone is None:
            raise SlitError(
                'no zone, expected the zone of the hours of typical days (zone = "UTC" ...)'
            )
        zone = zone_of(reference.zone)
        begins, rows = [], []
        moment = self.clock.start
        end = self.clock.start + self.clock.step * self.clock.epochs
        while moment < end:
            wall = datetime.fromtimestamp(moment / MICROSECOND, tz=UTC).astimezone(zone)
            into = timedelta(minutes=wall.minute, seconds=wall.second)
            begin = moment - into // timedelta(microseconds=1) - wall.microsecond
            key = ((wall.month - 1) * 24 + wall.hour) * HOUR
            row = int(np.searchsorted(steps.begins, key))
            if row == len(steps.begins) or steps.begins[row] != key:
                raise SlitError(
                    f"no row for month {wall.month}, hour {wall.hour}, expected one (typical day "
                    f"at {stamp_text(moment)})"
                )
            begins.append(begin)
            rows.append(row)
            moment = begin + HOUR
        index = np.array(rows)
        return Steps(
            np.array(begins, dtype=np.int64),
            HOUR,
            steps.values[index],
            steps.estimated[index],
            lambda step: steps.place(int(index[step])),
        )


def step_of(stamps: Longs, table: Table) -> int:
    """The step of sorted, distinct stamps: the most frequent distance between neighbors."""
    if len(stamps) < 2:
        raise SlitError(f"{table.path}: {len(stamps)} time stamps, expected at least two")
    distances = np.diff(stamps)
    wrong = np.flatnonzero(distances <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        what = "twice" if distances[wrong[0]] == 0 else "after a later one"
        raise SlitError(
            f"{table.place(row)}: {stamp_text(int(stamps[row]))} {what}, expected ascending, "
            "distinct time stamps"
        )
    values, counts = np.unique(distances, return_counts=True)
    step = int(values[np.argmax(counts)])
    odd = np.flatnonzero(distances % step)
    if len(odd):
        row = int(odd[0]) + 1
        raise SlitError(
            f"{table.place(row)}: {stamp_text(int(stamps[row]))}, expected equal steps of "
            f"{step / MICROSECOND:g} s"
        )
    return step


def _month_hours(table: Table, reference: SeriesReference) -> Longs:
    month, hour = table.numbers(reference.month), table.numbers(reference.hour)
    for name, values, low, high in (
        (reference.month, month, 1, 12),
        (reference.hour, hour, 0, 23),
    ):
        wrong = np.flatnonzero(~((values >= low) & (values <= high) & (values % 1 == 0)))
        if len(wrong):
            row = int(wrong[0])
            raise SlitError(
                f"{table.place(row)}: {name}: {values[row]:g}, expected a whole number from {low} "
                f"to {high}"
            )
    return ((month - 1) * 24 + hour).astype(np.int64) * HOUR


def _filled(template: str, site: Mapping[str, str]) -> str:
    for name, value in site.items():
        template = template.replace(f"{{{name}}}", value)
    return template
