"""References to series -> one value an epoch, in the unit that slit reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.data.table import Table
from slit.data.table_timestamps import timed_rows
from slit.errors import SlitError
from slit.scenario.diagnostics import (
    Finding,
    Severity,
    doubtful_figures,
    impossible_figures,
    reading_of,
)
from slit.scenario.limits import Limits
from slit.scenario.provenance import as_share
from slit.scenario.references import SeriesReference
from slit.scenario.resampling import EpochClock, Steps, to_epochs
from slit.scenario.table_files import Tables
from slit.scenario.typical import month_hours, typical_days
from slit.units import UNITS, convert, in_dollars, same_unit


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
    steps finer than an epoch, for demand-weighted means; `rates`: USD for one of a currency. What
    is worth knowing of how series were read goes to `findings`.
    """

    tables: Tables
    clock: EpochClock
    switches: tuple[str, ...] = ()
    weights: Steps | None = field(default=None)
    rates: Mapping[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def read(
        self,
        reference: SeriesReference,
        limits: Limits,
        *,
        site: Mapping[str, str],
        adds_up: bool = False,
    ) -> Aligned:
        """The series in the unit of `limits`, by epoch.

        Args:
            reference: where the figures stand.
            limits: what is possible and plausible.
            site: texts for {name}, {zone} and {jurisdiction} in file and conditions.
            adds_up: as in `to_epochs`.

        Raises:
            SlitError: an impossible figure in the horizon, and as `to_epochs`.
        """
        share = as_share(reference.estimated)
        if reference.value is not None:
            values = self._stated(reference, [reference.value], limits)
            return Aligned(np.repeat(values, self.clock.epochs), share, float(values[0]))
        if reference.values is not None:
            if len(reference.values) != self.clock.epochs:
                raise SlitError(
                    f"values: {len(reference.values)} figures, expected one an epoch "
                    f"({self.clock.epochs})"
                )
            values = self._stated(reference, reference.values, limits)
            return Aligned(values, share, float(values.mean()))
        if reference.kind == "constant":
            return self._constant(reference, limits, site)
        steps = self.steps(reference, limits, site=site)
        level = steps.mean(steps.values)
        if reference.kind == "typical":
            steps = typical_days(steps, reference, self.clock)
        values, estimated = to_epochs(
            steps, self.clock, resample=reference.resample, adds_up=adds_up, weights=self.weights
        )
        return Aligned(values, estimated, level)

    def steps(
        self, reference: SeriesReference, limits: Limits, *, site: Mapping[str, str]
    ) -> Steps:
        """The whole series as the source gives it, in the unit of `limits`.

        For typical days `begins` counts hours from January, month by month. Impossible figures
        outside the horizon are gaps.
        """
        table, column = self.table(reference, site)
        if reference.kind == "typical":
            values = self.figures(reference, table, column, limits.unit)
            self._judge(values, limits, table, column)
            return month_hours(table, reference, values, _estimated(reference, table))
        timed = timed_rows(table, reference.time, reference)
        notes = (*table.source.file.notes, *timed.notes)
        self.findings.extend(reading_of(table, one) for one in notes)
        table, spans = timed.table, timed.spans
        values = self.figures(reference, table, column, limits.unit)
        estimated = _estimated(reference, table)
        steps = Steps(spans.begins, spans.step, values, estimated, table.place, spans.lengths)
        self._leave_out(steps, limits, table, column)
        return steps

    def _leave_out(self, steps: Steps, limits: Limits, table: Table, column: str) -> None:
        """Refuse impossible figures in the horizon, make gaps of those outside it."""
        values, inside = steps.values, self.inside(steps.begins, steps.ends)
        self._judge(np.where(inside, values, np.nan), limits, table, column)
        outside = impossible_figures(values, limits, table, column)
        if outside is not None:
            found = f"{outside.found}, outside the horizon, left out"
            self.findings.append(replace(outside, severity=Severity.WARNING, found=found))
            values[~limits.possible(values)] = np.nan

    def inside(self, begins: Longs, ends: Longs) -> Bools:
        """Which rows hold in the horizon."""
        end = self.clock.start + self.clock.step * self.clock.epochs
        return (begins < end) & (ends > self.clock.start)

    def table(self, reference: SeriesReference, site: Mapping[str, str]) -> tuple[Table, str]:
        """The rows and the column that a reference means."""
        assert reference.file is not None
        table = self.tables.open(_filled(reference.file, site), reference)
        conditions = {
            name: _filled(value, site) if isinstance(value, str) else value
            for name, value in reference.where.items()
        }
        table = table.where(conditions)
        return table, _filled(_column(reference, self.switches), site)

    def figures(self, reference: SeriesReference, table: Table, column: str, unit: str) -> Floats:
        """The column in `unit`."""
        own = table.source.file.units.get(column)
        if own is not None and own in UNITS and not same_unit(own, reference.unit):
            raise SlitError(
                f"{table.path}: {column} in {own} as the file states, expected the same unit in "
                f"the scenario (unit = {reference.unit!r})"
            )
        return self._convert(reference, table.numbers(column), unit)

    def _stated(
        self, reference: SeriesReference, figures: Sequence[float], limits: Limits
    ) -> Floats:
        values = self._convert(reference, np.array(figures), limits.unit)
        self._judge(values, limits)
        return values

    def _constant(
        self, reference: SeriesReference, limits: Limits, site: Mapping[str, str]
    ) -> Aligned:
        table, column = self.table(reference, site)
        if len(table) != 1:
            raise SlitError(f"{table.path}: {len(table)} rows, expected one (kind = constant)")
        values = self.figures(reference, table, column, limits.unit)
        if np.isnan(values[0]):
            raise SlitError(f"{table.place(0)}: {column}: no number, expected one ({limits.unit})")
        self._judge(values, limits, table, column)
        share = float(_estimated(reference, table)[0])
        return Aligned(np.repeat(values, self.clock.epochs), share, float(values[0]))

    def _convert(self, reference: SeriesReference, values: Floats, unit: str) -> Floats:
        stated, rate = in_dollars(reference.unit, self.rates)
        return convert(values, stated, unit) * (rate * reference.scale)

    def _judge(
        self, values: Floats, limits: Limits, table: Table | None = None, column: str = ""
    ) -> None:
        """Refuse what is impossible, say what is hardly true."""
        impossible = impossible_figures(values, limits, table, column)
        if impossible is not None:
            raise SlitError(str(impossible).removeprefix(": "))
        where = f"{table.path}: {column}" if table is not None else ""
        self.findings.extend(doubtful_figures(values, limits, where))


def _estimated(reference: SeriesReference, table: Table) -> Floats:
    if reference.estimated_column is None:
        return np.full(len(table), as_share(reference.estimated))
    flags = table.flags(reference.estimated_column)
    return np.fmin(np.abs(flags), 1.0)


def _column(reference: SeriesReference, switches: Sequence[str]) -> str:
    column = reference.column
    if isinstance(column, Mapping):
        chosen = [column[switch] for switch in switches if switch in column]
        if len(chosen) != 1:
            raise SlitError(
                f"column: {', '.join(column)}, expected one of {', '.join(switches)} "
                "(switches of [accounting])"
            )
        column = chosen[0]
    assert column is not None
    return column


def _filled(template: str, site: Mapping[str, str]) -> str:
    for name, value in site.items():
        template = template.replace(f"{{{name}}}", value)
    return template
