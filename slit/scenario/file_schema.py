"""The scenario file: what a person writes in TOML."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StrictBool, Tag, model_validator

from slit.predictor.configs import Precision
from slit.scenario.account_schema import AccountEntry
from slit.scenario.demand_schema import AnyDemand
from slit.scenario.limit_entry import LimitEntry
from slit.scenario.limits import LIMITS
from slit.scenario.pools import NodePool, Operation
from slit.scenario.records import (
    Accounting,
    Datacenter,
    Horizon,
    ModelVariant,
    Name,
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
from slit.scenario.references import (
    FileLayout,
    Listed,
    SeriesReference,
    TableReference,
    list_or_table,
)

Batch = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def signal(name: str, meaning: str) -> Any:
    """A series of a site, with the unit in which slit reads it and what is possible at all."""
    limits = LIMITS[name]
    said = {"unit": limits.unit, "lowest": limits.lowest, "highest": limits.highest}
    return text(meaning, default=None, json_schema_extra=said)


class SiteSignals(Record):
    """Signals of the datacenters over time; in [signals] for all, in [[datacenters]] for one."""

    carbon: SeriesReference | None = signal("carbon", "carbon intensity of the grid")
    price: SeriesReference | None = signal("price", "price of energy, may be < 0")
    ewif: SeriesReference | None = signal("ewif", "water of grid energy")
    pue: SeriesReference | None = signal("pue", "facility over IT energy, published")
    wue: SeriesReference | None = signal(
        "wue",
        "on-site water over IT energy, published; with water_method wetbulb the level that the "
        "mean of the formula over the whole wet_bulb series is scaled to",
    )
    wet_bulb: SeriesReference | None = signal("wet_bulb", "for water_method wetbulb")
    supply_temperature: SeriesReference | None = signal(
        "supply_temperature", "supply air, for pue_method cop and shield"
    )
    renewable: SeriesReference | None = signal(
        "renewable", "on-site generation, power (kW) or energy of a step"
    )


SIGNALS = tuple(SiteSignals.model_fields)


class DatacenterEntry(Datacenter, SiteSignals):
    """A datacenter of the file: the record plus its own signals."""


class RoundTripEntry(Record):
    """A round trip."""

    origin: str = text("origin")
    datacenter: str = text("datacenter")
    ms: float = quantity("round trip", "ms", ge=0, le=60_000)


class Latency(FileLayout):
    """Round trips between origins and datacenters."""

    pairs: tuple[RoundTripEntry, ...] = text("measured round trips, written out", default=())
    file: str | None = text("table of round trips", default=None)
    origin: str = text("column of the origin", default="origin")
    datacenter: str = text("column of the datacenter", default="datacenter")
    column: str = text("column of the round trip", default="ms")
    unit: str = text("unit of the round trip", default="ms")
    by: Literal["name", "zone"] = text(
        "whether tables call origins and datacenters by name or by zone", default="name"
    )
    scale: float = quantity(
        "factor, e.g. from a 95th percentile to a mean", "1", default=1.0, ge=1e-12, le=1e12
    )
    missing: Literal["estimate", "refuse"] = text(
        "pairs without a round trip: estimate from great-circle distance (fiber_speed_share, "
        "route_stretch), or refuse",
        default="estimate",
    )
    estimated_column: str | None = text("column that says which rows are estimated", default=None)


class Rate(Record):
    """What a currency is worth."""

    usd: float = quantity("USD for one unit of the currency", "USD", ge=1e-6, le=1000)
    day: date | None = text("day of the rate", default=None)
    source: str = text("who published it", default="")


Rates = dict[Currency, Annotated[float, Field(ge=1e-6, le=1000)] | Rate]


class Quality(TableReference):
    """Scores by variant and class from a table: columns variant, class, score."""


class ServiceTable(TableReference):
    """[services]: a table of them, predictions of those that are missing, or both."""

    file: str = text(
        "CSV or Parquet file, relative to the scenario file or `folder:path`; none with predict",
        default="",
    )
    predict: StrictBool | tuple[str, ...] = text(
        "whether pairs of a node type and a variant without a service get a predicted one; a list "
        "of pairs: only these, as h100x8/phi-4",
        default=False,
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.file or self.predict):
            raise ValueError("no file, expected a file, or predict = true")
        return self


class ModelFacts(Record):
    """What a variant is, for its prediction."""

    model: str = text("a model of `slit predictor list`, or its config.json")
    precision: Precision = text("of its weights: bf16, fp8, int4, mxfp4", default=Precision.BF16)


class PredictorFacts(Record):
    """What is predicted where services are missing."""

    method: str = text("one of `slit predictor list`", default="default")
    models: dict[Name, str | ModelFacts] = text(
        "model by variant (its weights bf16), or model and precision; not stated: the variant's "
        "name",
        default_factory=dict,
    )
    gpus: dict[Name, str] = text(
        "GPU by node type; not stated: the node type's name, without x8 and the like",
        default_factory=dict,
    )
    batches: list[Batch] = text(
        "running batches, each an operating point where it fits; not stated: one, at most 32",
        default_factory=list,
    )


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
    operation: Operation = text("how the fleet is run, whatever the plan", default=Operation())
    resolution: Resolution = text("how finely demand is cut")
    classes: Listed[RequestClass] = text("request classes")
    origins: Listed[Origin] = text("where requests come from")
    datacenters: Listed[DatacenterEntry] = text("the sites")
    signals: SiteSignals = text("signals of all sites", default=SiteSignals())
    accounts: dict[Name, AccountEntry] = text(
        "other ways to count carbon, by name; `account` of [accounting] says which one counts",
        default_factory=dict,
    )
    currency: Rates = text(
        "rates for prices in EUR/MWh, GBP/kWh ...: USD for one unit of each currency",
        default_factory=dict,
    )
    node_types: Listed[NodeType] = text("kinds of servers")
    pools: Listed[NodePool] = text("nodes by site")
    variants: Listed[ModelVariant] = text("models at a precision")
    quality: Quality | None = text("scores of the variants from a table", default=None)
    services: Annotated[
        Annotated[tuple[Service, ...], Tag("<list>")] | Annotated[ServiceTable, Tag("<table>")],
        Discriminator(list_or_table),
    ] = text("how fast node types serve variants")
    predictor: PredictorFacts = text(
        "facts for services that are predicted", default=PredictorFacts()
    )
    residency: Listed[Residency] = text("rules on where requests may be served", default=())
    limits: Listed[LimitEntry] = text("what no plan may exceed", default=())
    demand: AnyDemand = text("requests")
    latency: Latency = text("round trips", default=Latency())
    inputs: Listed[InputEntry] = text("where figures come from", default=())


LISTS = (
    "classes", "origins", "datacenters", "node_types", "pools", "variants", "services",
    "residency", "limits", "inputs",
)  # fmt: skip
"""Sections that may come from a table."""
