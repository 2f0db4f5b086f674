"""The records of a scenario: each field with its unit, meaning and limits.

An invalid record cannot exist. Units are those a person reads in sources (ms, GB, W); everything
numeric code reads is converted once, in `slit.problem`.
"""

from datetime import UTC, datetime
from enum import StrEnum
from inspect import get_annotations
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from slit.data.cells import read_cell

SMALLEST = 1e-30
"""Numbers other than 0 are at least so far from it: what is closer is an accident of software."""

BASE = "base"
"""The carbon account that [signals] and [[datacenters]] state."""
Name = Annotated[str, Field(max_length=80, pattern=r"^[^\s,:/\\<>][^,:/\\<>\n]*$")]


def quantity(meaning: str, unit: str, **limits: Any) -> Any:
    """A number with its unit: limits are pydantic's (ge, gt, le, lt, default)."""
    return Field(
        description=meaning,
        json_schema_extra={"unit": unit},
        allow_inf_nan=False,
        strict=True,
        **limits,
    )


def text(meaning: str, **limits: Any) -> Any:
    """A field that is no number."""
    return Field(description=meaning, **limits)


def flag(meaning: str, **limits: Any) -> Any:
    """A field that is true or false."""
    return Field(description=meaning, strict=True, **limits)


def _no_number(value: Any) -> Any:
    """Refuse what pydantic would take for seconds since 1970."""
    if isinstance(value, int | float) or (
        isinstance(value, str) and value.strip("+-.0123456789_eE") == ""
    ):
        raise ValueError(f"{value!r}, expected a date such as 2023-07-01T00:00:00Z")
    return value


no_number = BeforeValidator(_no_number)

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A number whose limits depend on its unit, and are checked once it is converted."""


LastMile = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=60_000)]


class Record(BaseModel):
    """A frozen record that refuses unknown fields, and numbers that are text, true or false.

    Cells of tables are text by nature: their numbers and flags are read before they are checked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name is not None
        read = read_cell(value, cls.model_fields[info.field_name].annotation)
        _refuse_denormal(read)
        return read


def _refuse_denormal(value: Any) -> None:
    if isinstance(value, dict):
        value = tuple(value.values())
    for found in value if isinstance(value, list | tuple) else (value,):
        if isinstance(found, float) and 0 < abs(found) < SMALLEST:
            raise ValueError(f"{found:g}, expected 0 or a number of at least {SMALLEST:g} in size")


MAX_EPOCHS = 100_000

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()


def own_fields_first(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a record, those it inherits after its own."""
    stated = [name for part in model.__mro__ for name in get_annotations(part)]
    return {name: model.model_fields[name] for name in stated if name in model.model_fields}


class LoadingMode(StrEnum):
    """When a node loads the weights of its variant (model.md section 2, Loading)."""

    ON_DEMAND = "on_demand"
    PREWARM = "prewarm"


class HorizonStart(StrEnum):
    """Which nodes hold weights before the first epoch."""

    FREE = "free"
    GIVEN = "given"
    CYCLIC = "cyclic"


class CarbonMethod(StrEnum):
    """Emission factors of the grid's fuels."""

    DIRECT = "direct"
    LIFE_CYCLE = "life_cycle"


class PueMethod(StrEnum):
    """Where power usage effectiveness comes from (model.md section 2, Energy)."""

    PUBLISHED = "published"
    COP = "cop"
    SHIELD = "shield"


class WaterMethod(StrEnum):
    """Where on-site water comes from (model.md section 2, Water)."""

    PUBLISHED = "published"
    WET_BULB = "wetbulb"
    TOWER = "tower"


class Horizon(Record):
    """The time that is planned: equal epochs from a start in UTC."""

    start: Annotated[AwareDatetime, no_number] = text(
        "first instant of the first epoch, with its time zone"
    )
    epochs: int = quantity("number of epochs", "1", ge=1, le=MAX_EPOCHS)
    epoch_seconds: float = quantity("length of an epoch", "s", default=3600.0, ge=1, le=86_400)
    begins: HorizonStart = text(
        "nodes loaded before the first epoch: free (any), given (initial_nodes of the pools), "
        "cyclic (those of the last epoch)",
        default=HorizonStart.FREE,
    )

    @model_validator(mode="after")
    def _inside_the_calendar(self) -> "Horizon":
        first = self.start.timestamp()
        if not _EARLIEST <= first <= first + self.epochs * self.epoch_seconds <= _LATEST:
            raise ValueError(
                f"horizon: {self.epochs} epochs of {self.epoch_seconds:g} s from "
                f"{self.start:%Y-%m-%d}, expected a time from 1970 to 2199"
            )
        return self


class Accounting(Record):
    """The switches and constants of the model."""

    carbon: CarbonMethod = text("grid emission factors", default=CarbonMethod.LIFE_CYCLE)
    account: str = text("the carbon account that counts: base, or one of [accounts]", default=BASE)
    reservoir_evaporation: bool = flag(
        "whether evaporation from hydropower reservoirs counts as off-site water; "
        "must be stated, as it decides the ranking of hydro-rich grids"
    )
    water_energy_carbon: bool = flag(
        "whether the energy to supply and treat on-site water counts in carbon", default=False
    )
    water_supply_kwh_per_m3: float = quantity(
        "energy to supply on-site water (SHIELD, arXiv 2308.13086)",
        "kWh/m3",
        default=0.55,
        ge=0,
        le=1e3,
    )
    wastewater_kwh_per_m3: float = quantity(
        "energy to treat blowdown (SHIELD, arXiv 2308.13086)", "kWh/m3", default=0.64, ge=0, le=1e3
    )
    loading: LoadingMode = text("when weights are loaded", default=LoadingMode.ON_DEMAND)
    utilization: float = quantity(
        "target utilization of an active node", "1", default=0.8, ge=0.001, le=0.95
    )
    arrival_scv: float = quantity(
        "squared coefficient of variation of interarrival times (Ca^2)",
        "1",
        default=1.0,
        ge=0,
        le=1e4,
    )
    service_scv: float = quantity(
        "squared coefficient of variation of prefill times (Cs^2)", "1", default=1.0, ge=0, le=1e4
    )
    memory_share: float = quantity(
        "share of a node's memory that weights and KV cache may fill", "1",
        default=0.9, ge=0.01, le=1,
    )  # fmt: skip
    fiber_speed_share: float = quantity(
        "signal speed over that of light where a round trip is estimated from distance",
        "1",
        default=2 / 3,
        ge=0.01,
        le=1,
    )
    route_stretch: float = quantity(
        "route length over great-circle distance where a round trip is estimated",
        "1",
        default=1.5,
        ge=1,
        le=100,
    )
    embodied: bool = flag("whether embodied carbon of active nodes counts", default=False)
    rental: bool = flag("whether rental of nodes counts in cost", default=False)
    power_by_batch: bool = flag(
        "whether partly filled nodes draw by the rows of smaller batches", default=False
    )
    egress_kb_per_token: float = quantity(
        "bytes a token takes on the way out, for egress cost", "kB/token", default=0.0, ge=0, le=1e6
    )


class Resolution(Record):
    """How finely demand is cut into genes."""

    genes: int = quantity(
        "number of chunks aimed at; each request group gets at least one", "1", ge=1, le=20_000_000
    )


class RequestClass(Record):
    """An application: what its users wait for and how its answers are judged."""

    name: Name = text("name")
    slo_ttft_s: float = quantity("time to first token promised", "s", ge=1e-6, le=3600)
    itl_limit_s: float | None = quantity(
        "largest time per output token that is acceptable", "s", default=None, ge=1e-6, le=3600
    )
    metric: str = text("what the quality scores measure", default="")
    cached_prompt_share: float = quantity(
        "share of prompt tokens whose KV a prefix cache holds, which are not read again",
        "1",
        default=0.0,
        ge=0,
        le=0.99,
    )


class Origin(Record):
    """Where requests come from."""

    name: Name = text("name")
    zone: str = text("region it is called by in tables", default="")
    latitude: float = quantity("latitude", "deg", ge=-90, le=90)
    longitude: float = quantity("longitude", "deg", ge=-180, le=180)
    utc_offset_h: float = quantity(
        "local standard time minus UTC, for demand that follows the local day",
        "h",
        default=0.0,
        ge=-12,
        le=14,
    )
    jurisdiction: str = text("country or union whose law applies", default="")
    last_mile_ms: LastMile | tuple[LastMile, ...] = text(
        "user to regional edge and back; one figure, or one an epoch",
        default=10.0,
        json_schema_extra={"unit": "ms"},
    )


class Datacenter(Record):
    """A site with one grid connection; its signals over time stand in `Signals`."""

    name: Name = text("name")
    zone: str = text("grid zone", default="")
    latitude: float = quantity("latitude", "deg", ge=-90, le=90)
    longitude: float = quantity("longitude", "deg", ge=-180, le=180)
    jurisdiction: str = text("country or union whose law applies", default="")
    pue_method: PueMethod = text("source of the PUE", default=PueMethod.PUBLISHED)
    water_method: WaterMethod = text("source of on-site water", default=WaterMethod.PUBLISHED)
    cycles: float = quantity(
        "cycles of concentration of the cooling water", "1", default=5.0, ge=1.01, le=1e3
    )
    water_stress: float = quantity(
        "withdrawals over renewable supply (FAO SDG 6.4.2)", "1", default=0.0, ge=0, le=1e4
    )
    egress_usd_per_gb: float = quantity(
        "price of outgoing data", "USD/GB", default=0.0, ge=0, le=1e3
    )


class NodeType(Record):
    """A kind of server."""

    name: Name = text("name")
    gpus: int = quantity("GPUs of a node", "1", ge=1, le=1024)
    gpu_memory_gb: float = quantity("memory of one GPU", "GB", ge=1e-3, le=1e6)
    load_gb_per_s: float = quantity(
        "bandwidth at which a node loads weights", "GB/s", ge=1e-6, le=1e6
    )
    idle_w: float = quantity("power of an active node without work", "W", ge=0, le=1e7)
    prefill_w: float = quantity("power while reading prompts", "W", ge=0, le=1e7)
    decode_w: float = quantity("power while writing tokens", "W", ge=0, le=1e7)
    standby_w: float = quantity(
        "power of a node that is powered but not active", "W", default=0.0, ge=0, le=1e7
    )
    off_w: float = quantity("power of a node that is off", "W", default=0.0, ge=0, le=1e7)
    boot_seconds: float = quantity(
        "time to boot ahead of the epoch, at standby_w", "s", default=0.0, ge=0, le=1e7
    )
    boot_kwh: float = quantity(
        "IT energy of a boot, besides standby_w over boot_seconds", "kWh", default=0.0, ge=0, le=1e4
    )
    embodied_kg_per_hour: float = quantity(
        "embodied carbon of an active node", "kg CO2e/h", default=0.0, ge=0, le=1e5
    )
    rental_usd_per_hour: float = quantity(
        "rental of an active node, on demand", "USD/h", default=0.0, ge=0, le=1e6
    )
    committed_usd_per_hour: float | None = quantity(
        "what a committed or owned node costs, used or not; none: as on demand",
        "USD/h",
        default=None,
        ge=0,
        le=1e6,
    )

    @model_validator(mode="after")
    def _ordered_powers(self) -> "NodeType":
        if not self.standby_w <= self.idle_w <= min(self.prefill_w, self.decode_w):
            raise ValueError(
                f"node powers: standby {self.standby_w}, idle {self.idle_w}, prefill "
                f"{self.prefill_w}, decode {self.decode_w}, expected standby <= idle <= prefill "
                "and decode (W)"
            )
        if self.off_w > self.standby_w:
            raise ValueError(
                f"off_w: {self.off_w:g}, expected at most standby_w, {self.standby_w:g} (W)"
            )
        return self


class ModelVariant(Record):
    """A model at a precision."""

    name: Name = text("name")
    family: str = text("model family", default="")
    parameters_b: float = quantity("parameters", "10^9", ge=1e-6, le=1e6)
    weight_gb: float = quantity("bytes of the weights", "GB", ge=1e-6, le=1e6)
    kv_bytes_per_token: float = quantity("KV cache of one token", "B/token", ge=0, le=1e9)
    quality: dict[Name, Annotated[float, Field(strict=True, ge=0, le=1)]] = text(
        "share of answers that are right, by request class, from public benchmarks"
    )


class Predicted(Record):
    """What a predicted service stands on, and its intervals of 90 % (docs/predictor.md)."""

    basis: Literal["measured", "predicted", "extrapolated"] = text(
        "measured: the model was, on this GPU; predicted: the GPU was, with other models; "
        "extrapolated: the GPU was not"
    )
    step_low_s: float = quantity("one decode step at the batch: low end", "s", ge=0, le=3600)
    step_high_s: float = quantity("its high end", "s", ge=0, le=3600)
    decode_low_w: float = quantity("node power while writing: low end", "W", ge=0, le=1e7)
    decode_high_w: float = quantity("its high end", "W", ge=0, le=1e7)


class Service(Record):
    """How fast a node type serves a variant; several of one pair are its operating points, which
    differ in batch and are placements of their own (model.md section 2)."""

    node_type: Name = text("name of the node type")
    variant: Name = text("name of the variant")
    gpus_per_replica: int = quantity("GPUs that hold one copy of the weights", "1", ge=1, le=65_536)
    batch: int = quantity("requests decoded together by one replica", "1", ge=1, le=1_000_000)
    prefill_tokens_per_s: float = quantity(
        "prompt tokens read by a node", "token/s", ge=1e-3, le=1e12
    )
    prefill_fixed_s: float = quantity("one-prompt prefill: fixed part", "s", ge=0, le=3600)
    prefill_slope_s: float = quantity("one-prompt prefill: per token", "s/token", ge=0, le=3600)
    step_fixed_s: float = quantity("one decode step: fixed part", "s", ge=0, le=3600)
    step_slope_s: float = quantity(
        "one decode step: per request of the batch", "s", ge=1e-12, le=3600
    )
    prefill_w: float | None = quantity(
        "node power while reading; none: of the node type", "W", default=None, ge=0, le=1e7
    )
    decode_w: float | None = quantity(
        "node power while writing at this batch; likewise", "W", default=None, ge=0, le=1e7
    )
    power_curve: tuple[tuple[Number, Number], ...] = text(
        "[load, W] of a partly filled node between idle_w and decode_w, on or above their chord; "
        "load: share of what a full node takes",
        default=(),
    )
    wait_s: float = quantity(
        "mean wait for a first token beyond what formulas say, as slit calibrate measures", "s",
        default=0.0, ge=0, le=3600,
    )  # fmt: skip
    energy_ratio: float = quantity(
        "energy above idle over that at full batches, as slit calibrate measures", "1",
        default=1.0, ge=1e-3, le=1e3,
    )  # fmt: skip
    estimated: bool = flag("whether any figure is estimated", default=False)
    predicted: Predicted | None = text("of a prediction; none: not predicted", default=None)


class Residency(Record):
    """A rule: requests it names may be served only where it says."""

    origins: tuple[Name, ...] = text("origins it applies to; none: all", default=())
    classes: tuple[Name, ...] = text("request classes it applies to; none: all", default=())
    datacenters: tuple[Name, ...] = text("datacenters allowed", default=())
    jurisdictions: tuple[str, ...] = text("jurisdictions allowed", default=())
    variants: tuple[Name, ...] = text("variants allowed; none: all", default=())

    @model_validator(mode="after")
    def _says_something(self) -> "Residency":
        if not (self.datacenters or self.jurisdictions or self.variants):
            raise ValueError(
                "residency rule: nothing allowed, expected datacenters, jurisdictions or variants"
            )
        return self
