"""The scenario file: what a person writes in TOML."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Discriminator, Field, Tag, model_validator

from slit.scenario.records import (
    Accounting,
    Datacenter,
    Horizon,
    ModelVariant,
    Name,
    NodePool,
    NodeType,
    Origin,
    Record,
    RequestClass,
    Residency,
    Resolution,
    Service,
    quantity,
    text,
)

Cell = str | int | float | bool


class Resample(StrEnum):
    """How a series of another step becomes one value an epoch."""

    MEAN = "mean"
    SUM = "sum"
    DEMAND_WEIGHTED_MEAN = "demand_weighted_mean"
    HOLD = "hold"


RESAMPLE = (
    "how steps become epochs: mean (over time), sum (energy or requests of the steps), "
    "demand_weighted_mean (weights: all requests, where demand is finer than an epoch), hold "
    "(steps longer than an epoch: the value stays); not needed where a step is an epoch"
)
ZONE = "time zone of stamps without an offset: UTC, +10:00 or an IANA name; never guessed"
WHERE = "rows to take: value (or list of values) by column; {name} and {zone} stand for the site's"


class TableReference(Record):
    """Records from a table: one a row, columns named like the fields (`quality.chat` nests)."""

    file: str = text("CSV or Parquet file, relative to the scenario file or `folder:path`")
    where: dict[str, Cell | tuple[Cell, ...]] = text(
        "rows to take: value (or list of values) by column", default_factory=dict
    )
    columns: dict[str, str] = text("column by field, where named otherwise", default_factory=dict)
    ignore: tuple[str, ...] = text("columns that are no fields", default=())


R = TypeVar("R")


def _list_or_table(value: Any) -> str:
    return "<table>" if isinstance(value, dict | TableReference) else "<list>"


Listed = Annotated[
    Annotated[tuple[R, ...], Tag("<list>")] | Annotated[TableReference, Tag("<table>")],
    Discriminator(_list_or_table),
]
"""Records written out, or a table of them."""


class SeriesReference(Record):
    """A figure over time: `value`, or `values` by epoch, or a column of a table."""

    unit: str = text("unit of the figures as they stand in the source, e.g. g/kWh")
    value: float | None = text("one figure for all epochs", default=None, allow_inf_nan=False)
    values: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] | None = text(
        "one figure an epoch", default=None
    )
    file: str | None = text("table, relative to the scenario file or `folder:path`", default=None)
    column: str | dict[str, str] | None = text(
        "column; or columns by a switch of [accounting]: direct and life_cycle, or reservoirs and "
        "no_reservoirs",
        default=None,
    )
    kind: Literal["series", "typical", "constant"] = text(
        "what a table holds: series (a row a time stamp), typical (a row a month and hour of day), "
        "constant (one row)",
        default="series",
    )
    where: dict[str, Cell | tuple[Cell, ...]] = text(WHERE, default_factory=dict)
    time: str = text("column of the time stamps", default="utc")
    zone: str | None = text(f"{ZONE}; for typical days the zone of the hour", default=None)
    label: Literal["begin", "end"] = text(
        "whether a stamp is the begin or the end of its step", default="begin"
    )
    month: str = text("column of the month, 1-12, of typical days", default="month")
    hour: str = text("column of the hour, 0-23, of typical days", default="hour")
    resample: Resample | None = text(RESAMPLE, default=None)
    scale: float = quantity("factor on the figures", "1", default=1.0)
    estimated: bool = text("whether all figures are estimated", default=False)
    estimated_column: str | None = text(
        "column that says which rows are estimated: 0 no, 1 (or above) yes, between: share",
        default=None,
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in ("value", "values", "file") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"{' and '.join(given) or 'nothing'} given, expected exactly one of value, values, "
                "file"
            )
        if self.file is not None and self.column is None:
            raise ValueError("no column, expected the name of a column of the table")
        return self


class SiteSignals(Record):
    """Signals of the datacenters over time; in [signals] for all, in [[datacenters]] for one."""

    carbon: SeriesReference | None = text("carbon intensity of the grid (kg/kWh)", default=None)
    price: SeriesReference | None = text("price of energy (USD/kWh), may be < 0", default=None)
    ewif: SeriesReference | None = text("water of grid energy (L/kWh)", default=None)
    pue: SeriesReference | None = text("facility over IT energy, published (1)", default=None)
    wue: SeriesReference | None = text(
        "on-site water over IT energy, published (L/kWh); with water_method wetbulb the level that "
        "the mean of the formula over the whole wet_bulb series is scaled to",
        default=None,
    )
    wet_bulb: SeriesReference | None = text("for water_method wetbulb (degC)", default=None)
    supply_temperature: SeriesReference | None = text(
        "supply air, for pue_method cop and shield (degC)", default=None
    )
    renewable: SeriesReference | None = text(
        "on-site generation, power (kW) or energy of a step (kWh)", default=None
    )


SIGNALS = tuple(SiteSignals.model_fields)


class DatacenterEntry(Datacenter, SiteSignals):
    """A datacenter of the file: the record plus its own signals."""


class DemandGroup(Record):
    """Requests of one origin and class, by epoch or the same in all."""

    origin: Name = text("name of the origin")
    request_class: Name = text("name of the request class", alias="class")
    requests: float | tuple[float, ...] = text("requests of an epoch")
    prompt: float | tuple[float, ...] = text("mean prompt tokens")
    output: float | tuple[float, ...] = text("mean output tokens")


class InlineDemand(Record):
    """Demand written out; groups that are not listed have no requests."""

    kind: Literal["groups"]
    groups: tuple[DemandGroup, ...] = text("the groups")
    estimated: bool = text("whether the figures are estimated", default=False)


class TableDemand(Record):
    """Demand from a table with the columns origin, class, requests, prompt, output."""

    kind: Literal["table"]
    file: str = text("table")
    where: dict[str, Cell | tuple[Cell, ...]] = text("rows to take", default_factory=dict)
    columns: dict[str, str] = text("column by field, where named otherwise", default_factory=dict)
    time: str | None = text("column of the time stamps", default=None)
    epoch: str | None = text("column of the epoch, 0 = first, instead of time", default=None)
    zone: str | None = text(ZONE, default=None)
    unit: str = text("unit of requests: request (of a step), request/s or request/h")
    resample: Resample | None = text(
        "sum (requests add up, tokens are weighted by requests) where a step is shorter than an "
        "epoch, hold where it is longer",
        default=None,
    )
    scale: float = quantity("factor on the requests", "1", default=1.0, gt=0)
    estimated: bool = text("whether the figures are estimated", default=False)

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        if (self.time is None) == (self.epoch is None):
            raise ValueError("expected either time or epoch, the column that orders the rows")
        return self


class Volume(Record):
    """How much of a class comes from an origin on a mean day."""

    origin: Name = text("name of the origin")
    request_class: Name = text("name of the request class", alias="class")
    requests_per_day: float = quantity("requests of a day", "1/day", ge=0)
    prompt: float | None = quantity("mean prompt tokens", "token", default=None, ge=0)
    output: float | None = quantity("mean output tokens", "token", default=None, ge=0)


class TypicalDemand(Record):
    """The shape of a local day by class, times a volume by origin and class."""

    kind: Literal["typical"]
    file: str = text("table with class, local hour and relative rate; its level has no meaning")
    columns: dict[str, str] = text(
        "column by field (class, hour, rate, prompt, output), where named otherwise",
        default_factory=dict,
    )
    volumes: Listed[Volume] = text("the volumes")
    resample: Resample | None = text(
        "sum where an epoch is longer than an hour, hold where it is shorter", default=None
    )
    estimated: bool = text("whether shape or volumes are estimated", default=True)


class Stream(Record):
    """Requests of one class from a public trace or rate series."""

    request_class: Name = text("name of the request class", alias="class")
    format: str = text("servegen, azure, mooncake or burstgpt")
    file: str = text("the trace")
    model: str | None = text("model of a file that holds several", default=None)
    quiet_hour: float | None = quantity(
        "local hour on which the minimum of the mean day is put; none: time zero is local midnight",
        "h",
        default=None,
        ge=0,
        lt=24,
    )
    requests_per_day: float | None = quantity(
        "scale: requests of a mean day, all origins together", "1/day", default=None, gt=0
    )
    scale: float | None = quantity("scale: requests for one of the trace", "1", default=None, gt=0)
    prompt: float | None = quantity("mean prompt tokens instead", "token", default=None, ge=0)
    output: float | None = quantity("mean output tokens instead", "token", default=None, ge=0)
    lengths: str | None = text(
        "file of the token lengths (trace or ServeGen lengths)", default=None
    )
    lengths_format: str | None = text("format of `lengths`", default=None)
    longest: float | None = quantity(
        "requests of more tokens are left out of the lengths", "token", default=None, gt=0
    )


class TraceDemand(Record):
    """Demand from traces; they carry no origin, so the mix is stated and drawn with a seed."""

    kind: Literal["trace"]
    streams: tuple[Stream, ...] = text("the traces, one or more a class")
    origins: dict[Name, float] = text("weight of each origin")
    seed: int = quantity("seed of the draw of origins", "1", ge=0)
    anchor: str = text(
        "date that is day 0 of the traces; they repeat after their whole days", default="2023-01-01"
    )
    estimated: bool = text("whether origins or sizes are estimated", default=True)


class Pair(Record):
    """A round trip."""

    origin: str = text("origin")
    datacenter: str = text("datacenter")
    ms: float = quantity("round trip", "ms", ge=0)


class Latency(Record):
    """Round trips between origins and datacenters."""

    pairs: tuple[Pair, ...] = text("measured round trips, written out", default=())
    file: str | None = text("table of round trips", default=None)
    origin: str = text("column of the origin", default="origin")
    datacenter: str = text("column of the datacenter", default="datacenter")
    column: str = text("column of the round trip", default="ms")
    unit: str = text("unit of the round trip", default="ms")
    by: Literal["name", "zone"] = text(
        "whether tables call origins and datacenters by name or by zone", default="name"
    )
    scale: float = quantity("factor, e.g. from a 95th percentile to a mean", "1", default=1.0, gt=0)
    missing: Literal["estimate", "refuse"] = text(
        "pairs without a round trip: estimate from great-circle distance (fiber_speed_share, "
        "route_stretch), or refuse",
        default="estimate",
    )
    estimated_column: str | None = text("column that says which rows are estimated", default=None)


class Quality(TableReference):
    """Scores by variant and class from a table: columns variant, class, score."""


class InputEntry(Record):
    """Where figures come from."""

    name: str = text("carbon, price, ewif, pue, wue, renewable, demand, round_trip, services, ...")
    source: str = text("who published it")
    license: str = text("its license", default="")
    estimated_share: float | None = quantity(
        "share of figures that are estimated; counted where columns say so", "1", default=None,
        ge=0, le=1,
    )  # fmt: skip
    note: str = text("what to know", default="")


def _kind(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else value.kind
    return f"<{kind}>"


AnyDemand = Annotated[
    Annotated[InlineDemand, Tag("<groups>")]
    | Annotated[TableDemand, Tag("<table>")]
    | Annotated[TypicalDemand, Tag("<typical>")]
    | Annotated[TraceDemand, Tag("<trace>")],
    Discriminator(_kind),
]


class ScenarioFile(Record):
    """A scenario file."""

    schema_version: Literal[1] = text("version of this layout", alias="schema")
    name: Name = text("name of the scenario")
    description: str = text("what it is for", default="")
    extends: str | None = text(
        "built-in scenario to start from: sections given here replace its lists and override its "
        "fields",
        default=None,
    )
    folders: dict[str, str] = text(
        "folder by prefix for file references `prefix:path`, relative to the scenario file; "
        "${NAME:-default} stands for an environment variable; slit: is the package's own",
        default_factory=dict,
    )
    horizon: Horizon = text("the time that is planned")
    accounting: Accounting = text("switches and constants of the model")
    resolution: Resolution = text("how finely demand is cut")
    classes: Listed[RequestClass] = text("request classes")
    origins: Listed[Origin] = text("where requests come from")
    datacenters: Listed[DatacenterEntry] = text("the sites")
    signals: SiteSignals = text("signals of all sites", default=SiteSignals())
    node_types: Listed[NodeType] = text("kinds of servers")
    pools: Listed[NodePool] = text("nodes by site")
    variants: Listed[ModelVariant] = text("models at a precision")
    quality: Quality | None = text("scores of the variants from a table", default=None)
    services: Listed[Service] = text("how fast node types serve variants")
    residency: Listed[Residency] = text("rules on where requests may be served", default=())
    demand: AnyDemand = text("requests")
    latency: Latency = text("round trips", default=Latency())
    inputs: Listed[InputEntry] = text("where figures come from", default=())


LISTS = (
    "classes", "origins", "datacenters", "node_types", "pools", "variants", "services",
    "residency", "inputs",
)  # fmt: skip
"""Sections that may come from a table."""
