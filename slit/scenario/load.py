"""A scenario file and its tables -> Scenario."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from os import PathLike
from typing import TypeVar

from slit.errors import SlitError
from slit.scenario.accounts import read_accounts, under
from slit.scenario.demand import (
    DemandBuilder,
    DemandSeries,
    inline_demand,
    table_demand,
    typical_demand,
)
from slit.scenario.demand_schema import (
    InlineDemand,
    TableDemand,
    TraceDemand,
    TypicalDemand,
)
from slit.scenario.file_schema import SIGNALS, DatacenterEntry, Rate, ScenarioFile
from slit.scenario.latency import round_trips
from slit.scenario.operation import keep_warm_at_least, operate
from slit.scenario.provenance import NOT_STATED, inputs_of, share_of
from slit.scenario.records import BASE, MAX_EPOCHS, Accounting, CarbonMethod, Datacenter, Record
from slit.scenario.references import FileLayout, TableReference
from slit.scenario.resampling import EpochClock, clock_of
from slit.scenario.routing_table import with_today
from slit.scenario.scenario import Scenario, known
from slit.scenario.series import SeriesReader
from slit.scenario.sites import SiteReader
from slit.scenario.table_files import Tables
from slit.scenario.toml_file import Raw, read_raw, scenario_path, validated
from slit.scenario.traces import trace_demand

R = TypeVar("R", bound=Record)

NAMED = ("classes", "origins", "datacenters", "node_types", "pools", "variants", "inputs")
"""Sections whose records bear distinct names."""


def load_scenario(
    name_or_path: str | PathLike[str],
    *,
    start: str | date | None = None,
    hours: float | None = None,
    warm_nodes: int | Mapping[str, int] | None = None,
) -> Scenario:
    """Read a built-in scenario or a scenario file with the tables it names.

    Args:
        name_or_path: a built-in scenario or a TOML file.
        start: another begin than the file says: a date, meaning midnight in UTC, or a date and time
            with its zone.
        hours: another length than the file says, whole epochs.
        warm_nodes: nodes that at least stay warm in every pool, of each variant that it can serve:
            one number, or numbers by variant ("*": of the others).

    Returns:
        The scenario; `window` gives it at another time without reading the files again, unless
        nodes are kept warm besides.

    Raises:
        SlitError: whatever is missing, wrong or ambiguous, with file and line or field path.
    """
    scenario = FileTimeline(read_raw(scenario_path(name_or_path))).window(start=start, hours=hours)
    return scenario if warm_nodes is None else keep_warm_at_least(scenario, warm_nodes)


@dataclass(frozen=True, slots=True)
class FileTimeline:
    """A scenario file with the tables read so far: no file is read twice for another time."""

    raw: Raw

    def window(self, *, start: str | date | None, hours: float | None) -> Scenario:
        """The scenario at another time (see `Scenario.window`).

        Raises:
            SlitError: the tables do not cover it.
        """
        raw = replace(self.raw, data=dict(self.raw.data))
        other_horizon(raw, start, hours)
        file = validated(raw)
        refuse_bound(file, start, hours)
        try:
            return build(file, raw)
        except SlitError as error:
            raise type(error)(f"{raw.path}: {error}") from None

    def __reduce__(self) -> tuple[type, tuple[()]]:
        """A copy in another process leaves the tables behind: it becomes None."""
        return type(None), ()


def build(file: ScenarioFile, raw: Raw) -> Scenario:
    """The scenario of a checked file, which keeps the tables it was read from."""
    scenario = _built(file, raw.tables, raw.inherited)
    object.__setattr__(scenario, "timeline", FileTimeline(raw))
    return scenario


def _built(file: ScenarioFile, tables: Tables, inherited: Collection[str]) -> Scenario:
    """`inherited` signals come from the scenario that the file extends."""
    _check_names(file)
    _refuse_strange_scores(file)
    clock = clock_of(file.horizon)
    origins = records(file.origins)
    sites = records(file.datacenters)
    services = records(file.services)
    demand = read_demand(file, tables, clock)
    rates = rates_of(file.currency)
    reader = SeriesReader(tables, clock, switches_of(file.accounting), demand.fine, rates)
    site_reader = SiteReader(reader, file.signals, inherited)
    signals = site_reader.signals(sites)
    inputs = records(file.inputs)
    accounts, account_carbon = read_accounts(
        file.accounts,
        sites,
        site_reader,
        signals.carbon,
        stated=next((each.estimated_share for each in inputs if each.name == "carbon"), None),
    )
    seconds, estimated = round_trips(file.latency, tables, origins, sites, file.accounting)
    shares = {name: share_of(found) for name, found in site_reader.shares.items()}
    shares |= {f"carbon: {each.name}": each.estimated for each in accounts[1:]}
    shares |= {
        "demand": share_of([demand.estimated]),
        "round_trip": estimated,
        "services": share_of(
            [
                float(each.estimated) if "estimated" in each.model_fields_set else NOT_STATED
                for each in services
            ]
        ),
    }
    scenario = Scenario(
        name=file.name,
        description=" ".join(file.description.split()),
        horizon=file.horizon,
        accounting=file.accounting.model_copy(update={"account": BASE}),
        resolution=file.resolution,
        classes=records(file.classes),
        origins=origins,
        datacenters=tuple(_plain(site) for site in sites),
        node_types=records(file.node_types),
        pools=records(file.pools),
        variants=records(file.variants),
        services=services,
        residency=records(file.residency),
        limits=records(file.limits),
        accounts=accounts,
        account_carbon=account_carbon,
        signals=signals,
        demand=demand.demand,
        round_trip_s=seconds,
        inputs=inputs_of(inputs, shares),
        findings=tuple(dict.fromkeys((*demand.findings, *reader.findings))),
    )
    scenario = operate(_counted(scenario, file.accounting.account), file.operation)
    if file.operation.today is None:
        return scenario
    try:
        return with_today(scenario, tables.open(file.operation.today, FileLayout()))
    except SlitError as error:
        raise SlitError(f"operation.today: {error}") from None


def _counted(scenario: Scenario, account: str) -> Scenario:
    try:
        return under(scenario, account)
    except SlitError as error:
        raise SlitError(f"accounting.{error}") from None


def _check_names(file: ScenarioFile) -> None:
    for section in NAMED:
        names = [record.name for record in records(getattr(file, section))]
        double = next((name for name, often in Counter(names).items() if often > 1), None)
        if not names and section != "inputs":
            raise SlitError(f"{section}: none, expected at least one")
        if double is not None:
            raise SlitError(f"{section}: {double!r} twice, expected distinct names")


def _refuse_strange_scores(file: ScenarioFile) -> None:
    for variant in records(file.variants):
        for name in variant.quality:
            known("variants", variant.name, "quality", name, records(file.classes))


def records(listed: tuple[R, ...] | TableReference) -> tuple[R, ...]:
    """The records of a section whose table has been read."""
    assert not isinstance(listed, TableReference)
    return listed


def switches_of(accounting: Accounting) -> tuple[str, str]:
    """Names by which [accounting] chooses among columns."""
    carbon = "direct" if accounting.carbon == CarbonMethod.DIRECT else "life_cycle"
    return carbon, "reservoirs" if accounting.reservoir_evaporation else "no_reservoirs"


def rates_of(currencies: Mapping[str, float | Rate]) -> dict[str, float]:
    """USD for one unit of each currency."""
    return {name: rate.usd if isinstance(rate, Rate) else rate for name, rate in currencies.items()}


def read_demand(file: ScenarioFile, tables: Tables, clock: EpochClock) -> DemandSeries:
    """Demand of whatever kind the file states: arrays (T, O, K).

    Raises:
        SlitError: a mistake in the section or its tables.
    """
    origins = records(file.origins)
    names = [request_class.name for request_class in records(file.classes)]
    builder = DemandBuilder(clock, [origin.name for origin in origins], names)
    try:
        match file.demand:
            case InlineDemand():
                return inline_demand(file.demand, builder)
            case TableDemand():
                return table_demand(file.demand, tables, builder)
            case TypicalDemand():
                return typical_demand(file.demand, tables, builder, origins)
            case TraceDemand():
                return trace_demand(file.demand, tables, builder, origins)
    except SlitError as error:
        said = str(error)
        raise SlitError(said if said.startswith("demand") else f"demand: {said}") from None


def _plain(site: DatacenterEntry) -> Datacenter:
    return Datacenter(**{name: getattr(site, name) for name in Datacenter.model_fields})


def other_horizon(raw: Raw, start: str | date | None, hours: float | None) -> None:
    """Put another start and length into the file as it was read.

    Raises:
        SlitError: no whole number of epochs, or a start without a zone.
    """
    horizon = raw.data.get("horizon")
    if not isinstance(horizon, dict):
        return
    changed = dict(horizon)
    if start is not None:
        changed["start"] = parse_start(start)
    if hours is not None:
        changed["epochs"] = _epochs(hours, horizon.get("epoch_seconds", 3600.0))
    raw.data["horizon"] = changed


def _epochs(hours: float, seconds: object) -> object:
    """Epochs of `seconds`; where that is no length of an epoch, the file is refused for it."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 1:
        return 1
    epochs = hours * 3600 / seconds
    if not (1 <= epochs <= MAX_EPOCHS) or epochs % 1:
        raise SlitError(
            f"hours: {hours:g}, expected a whole number of epochs, 1 to {MAX_EPOCHS:,} "
            f"(of {seconds:g} s)"
        )
    return int(epochs)


def parse_start(start: str | date) -> datetime:
    """A date (midnight in UTC) or a date and time with its zone."""
    moment: date = start if isinstance(start, date) else _parsed(start)
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        raise SlitError(
            f"start: {start} without a zone, expected a date (midnight in UTC) or a date and time "
            "with its zone such as 2023-07-01T06:00Z"
        )
    return moment


def _parsed(start: str) -> date:
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(start)
        except ValueError:
            continue
    raise SlitError(
        f"start: {start!r}, expected a date such as 2023-07-01 or a date and time with its zone "
        "such as 2023-07-01T06:00Z"
    )


def refuse_bound(file: ScenarioFile, start: str | date | None, hours: float | None) -> None:
    """Refuse another start or length where figures are bound to epochs rather than to time.

    Args:
        file: the checked file, already at the other time.
        start: the start asked for, if any.
        hours: the length asked for, if any.

    Raises:
        SlitError: names the figures.
    """
    if start is not None:
        _refuse_other_start(file)
    if hours is not None:
        _refuse_other_length(file, hours)


def _refuse_other_start(file: ScenarioFile) -> None:
    for label, _ in _by_epoch(file):
        raise SlitError(
            f"start: {label} has one figure an epoch, expected series with time stamps or typical "
            "days where another start is asked for"
        )
    by_epoch = isinstance(file.demand, TableDemand) and file.demand.epoch is not None
    if by_epoch or isinstance(file.demand, InlineDemand):
        raise SlitError(
            "start: demand is stated by epoch, expected time stamps or typical days where another "
            "start is asked for"
        )


def _refuse_other_length(file: ScenarioFile, hours: float) -> None:
    groups = file.demand.groups if isinstance(file.demand, InlineDemand) else ()
    counted = list(_by_epoch(file))
    for number, group in enumerate(groups):
        stated = ((name, getattr(group, name)) for name in ("requests", "prompt", "output"))
        counted += [
            (f"demand.groups[{number}].{name}", len(figures))
            for name, figures in stated
            if isinstance(figures, tuple) and len(figures) > 1
        ]
    for label, count in counted:
        if count != file.horizon.epochs:
            there = count * file.horizon.epoch_seconds / 3600
            raise SlitError(
                f"hours: {hours:g}, expected {there:g}, for which {label} has figures (one an "
                "epoch; series with time stamps and typical days allow other hours)"
            )


def _by_epoch(file: ScenarioFile) -> Iterator[tuple[str, int]]:
    """Signals with one figure an epoch, and how many."""
    holders = [("signals", file.signals)]
    holders += [(f"datacenters.{site.name}", site) for site in records(file.datacenters)]
    stated = [
        (f"{label}.{name}", getattr(holder, name)) for label, holder in holders for name in SIGNALS
    ]
    for account, entry in file.accounts.items():
        stated.append((f"accounts.{account}.carbon", entry.carbon))
        stated += [(f"accounts.{account}.sites.{n}", each) for n, each in entry.sites.items()]
        stated += [(f"accounts.{account}.contracts", each.profile) for each in entry.contracts]
    for label, reference in stated:
        if reference is not None and reference.values is not None:
            yield label, len(reference.values)
