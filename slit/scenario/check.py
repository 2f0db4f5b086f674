"""Lint of a scenario: all that can be found before anything runs."""

from collections.abc import Iterator, Mapping
from datetime import date
from os import PathLike
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from slit.data.table import Table, Texts
from slit.data.table_timestamps import in_order, read_stamps
from slit.errors import SlitError
from slit.scenario.demand_schema import TableDemand
from slit.scenario.diagnostics import Finding, Severity, error_of
from slit.scenario.file_schema import SIGNALS, Rates, ScenarioFile
from slit.scenario.lint_idle import lint_idle
from slit.scenario.lint_ignored import lint_ignored
from slit.scenario.lint_scenario import lint_scenario
from slit.scenario.lint_series import lint_series, lint_stamps
from slit.scenario.lint_services import lint_services
from slit.scenario.load import build, other_horizon, rates_of, records, refuse_bound, switches_of
from slit.scenario.records import Accounting, Horizon
from slit.scenario.references import SeriesReference
from slit.scenario.resampling import EpochClock, clock_of
from slit.scenario.scenario import Scenario
from slit.scenario.series import SeriesReader
from slit.scenario.sites import label_of, limits_of, used_signals
from slit.scenario.toml_file import Raw, read_raw, scenario_path
from slit.scenario.validation_errors import findings_of

SITE_TEXTS = ("name", "zone", "jurisdiction")
"""What {name} ... in the path of a table stands for."""
ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def check_and_load(
    name_or_path: str | PathLike[str],
    *,
    start: str | date | None = None,
    hours: float | None = None,
) -> tuple[list[Finding], Scenario | None]:
    """Lint a scenario file and its tables.

    Args:
        name_or_path: a built-in scenario or a file.
        start: as in `slit.load_scenario`.
        hours: as in `slit.load_scenario`.

    Returns:
        Findings, errors first, none of which stops the others; and the scenario, if it loads.

    Raises:
        SlitError: there is no such scenario.
    """
    path = scenario_path(name_or_path)
    errors: list[SlitError] = []
    try:
        raw = read_raw(path, errors=errors)
        other_horizon(raw, start, hours)
    except SlitError as error:
        return [error_of(error)], None
    findings = [error_of(error) for error in errors]
    file, invalid = _validated(raw, bool(errors))
    if file is not None:
        try:
            refuse_bound(file, start, hours)
        except SlitError as error:
            return [error_of(error)], None
    findings += _series(raw)
    findings += invalid
    scenario = None
    if file is not None:
        findings += _demand(file, raw)
        try:
            scenario = build(file, raw)
        except SlitError as error:
            found = error_of(f"{raw.path}: {error}")
            if not _known(found, findings):
                findings.append(found)
        else:
            findings += [finding.below(str(raw.path)) for finding in scenario.findings]
            findings += lint_scenario(scenario)
            findings += lint_ignored(scenario, file)
            findings += lint_idle(scenario)
            findings += lint_services(scenario)
    distinct = list(dict.fromkeys(findings))
    return sorted(distinct, key=lambda finding: ORDER[finding.severity]), scenario


def _validated(raw: Raw, incomplete: bool) -> tuple[ScenarioFile | None, list[Finding]]:
    """The checked file or what is wrong in it; sections whose table failed are not missed."""
    try:
        return ScenarioFile.model_validate(raw.data), []
    except ValidationError as error:
        found = findings_of(error, ScenarioFile, where=str(raw.path), places=raw.places)
        return None, [f for f in found if not (incomplete and f.found == "missing")]


def _series(raw: Raw) -> Iterator[Finding]:
    """Lint every series, as far as the file can be understood."""
    horizon = _part(Horizon, raw.data.get("horizon"))
    accounting = _part(Accounting, raw.data.get("accounting"))
    sites, defaults = raw.data.get("datacenters"), raw.data.get("signals", {})
    if horizon is None or not isinstance(sites, list):
        return
    if not isinstance(defaults, dict):
        defaults = {}
    switches = () if accounting is None else switches_of(accounting)
    rates = _part(Rates, raw.data.get("currency")) or {}
    reader = SeriesReader(raw.tables, clock_of(horizon), switches, rates=rates_of(rates))
    for site in sites:
        fillers = {n: site.get(n, "") for n in SITE_TEXTS} if isinstance(site, dict) else {}
        if not fillers or not all(isinstance(value, str) for value in fillers.values()):
            continue  # refused already
        used = used_signals(site.get("pue_method"), site.get("water_method"))
        for name in SIGNALS:
            own = name in site
            reference = _part(SeriesReference, site.get(name, defaults.get(name)))
            if reference is None or name not in used:
                continue
            where = f"{raw.path}: {label_of(fillers['name'], name, own=own)}"
            limits = limits_of(name, reference)
            yield from lint_series(reader, reference, limits, where=where, site=fillers)


def _part(model: Any, data: object) -> Any:
    """A record if it is valid; what is not is reported elsewhere."""
    try:
        return None if data is None else TypeAdapter(model).validate_python(data)
    except ValidationError:
        return None


def _demand(file: ScenarioFile, raw: Raw) -> Iterator[Finding]:
    """Lint a table of demand row by row; other kinds are read as a whole."""
    demand = file.demand
    if not isinstance(demand, TableDemand):
        return
    where = f"{raw.path}: demand"
    try:
        table = raw.tables.open(demand.file, demand).where(demand.where)
        columns = {n: demand.columns.get(n, n) for n in ("origin", "class")}
        texts = {name: table.texts(column) for name, column in columns.items()}
    except SlitError as error:
        yield error_of(f"{where}: {error}")
        return
    names = {
        "origin": [origin.name for origin in records(file.origins)],
        "class": [request_class.name for request_class in records(file.classes)],
    }
    for name, values in texts.items():
        listed = names[name]
        strange = np.flatnonzero(~np.isin(values, listed))
        for value in dict.fromkeys(values[strange]):
            row = int(np.flatnonzero(values == value)[0])
            yield Finding(
                Severity.ERROR, f"{where}: {table.place(row)}", f"{name} {value!r}",
                f"one of {', '.join(listed)}",
            )  # fmt: skip
    for name in ("requests", "prompt", "output"):
        try:
            numbers = table.numbers(demand.columns.get(name, name))
        except SlitError as error:
            yield error_of(f"{where}: {error}")
            continue
        for wrong, what in ((numbers < 0, "below 0"), (np.isnan(numbers), "no number")):
            rows = np.flatnonzero(wrong)
            if len(rows):
                yield Finding(
                    Severity.ERROR, f"{where}: {table.place(int(rows[0]))}",
                    f"{name} {what} ({len(rows)} such)", "a number >= 0",
                )  # fmt: skip
    if demand.time is not None:
        yield from _demand_stamps(demand, demand.time, table, texts, where, clock_of(file.horizon))


def _demand_stamps(
    demand: TableDemand, time: str | tuple[str, ...], table: Table, texts: Mapping[str, Texts],
    where: str, clock: EpochClock,
) -> Iterator[Finding]:  # fmt: skip
    pairs = np.array([f"{o}, {k}" for o, k in zip(*texts.values(), strict=True)], dtype=object)
    for pair in dict.fromkeys(pairs):
        part = table.take(np.flatnonzero(pairs == pair))
        try:
            part, stamps, _ = in_order(part, read_stamps(part, time, demand))
        except SlitError as error:
            yield error_of(f"{where}: {error}")
            return
        if len(stamps) > 1:
            yield from lint_stamps(part, stamps, demand, where=f"{where} ({pair})", clock=clock)[1]


def _known(found: Finding, findings: list[Finding]) -> bool:
    """Whether a refusal to load says again what the lint said of the same place."""
    parts = found.where.split(": ")
    return any(
        finding.severity is Severity.ERROR and finding.where.split(": ")[:2] == parts[:2]
        for finding in findings
    )
