"""Demand in a scenario file."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from slit.scenario.records import Name, Record, flag, no_number, quantity, text
from slit.scenario.references import ZONE, ByEpoch, Condition, FileLayout, Listed, Resample

Format = Literal["servegen", "azure", "mooncake", "burstgpt"]

MOST_REQUESTS = 1e13
"""A thousand requests a day of every human being."""

MOST_TOKENS = 1e8

Requests = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=MOST_REQUESTS)]
Tokens = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=MOST_TOKENS)]

_KIND = "how demand is stated"


class DemandGroup(Record):
    """Requests of one origin and class, by epoch or the same in all."""

    origin: Name = text("name of the origin")
    request_class: Name = text("name of the request class", alias="class")
    requests: ByEpoch[Requests] = text("requests of an epoch")
    prompt: ByEpoch[Tokens] = text("mean prompt tokens")
    output: ByEpoch[Tokens] = text("mean output tokens")


class InlineDemand(Record):
    """Demand written out; groups that are not listed have no requests."""

    kind: Literal["groups"] = text(_KIND)
    groups: tuple[DemandGroup, ...] = text("the groups")
    estimated: bool | None = flag("whether the figures are estimated", default=None)


class TableDemand(FileLayout):
    """Demand from a table with the columns origin, class, requests, prompt, output."""

    kind: Literal["table"] = text(_KIND)
    file: str = text("table")
    where: dict[str, Condition] = text("rows to take", default_factory=dict)
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
    scale: float = quantity("factor on the requests", "1", default=1.0, ge=1e-12, le=1e12)
    estimated: bool | None = flag("whether the figures are estimated", default=None)

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        if (self.time is None) == (self.epoch is None):
            found = "neither time nor epoch" if self.time is None else "time and epoch"
            raise ValueError(f"{found}, expected one of them (column that orders the rows)")
        return self


class Volume(Record):
    """How much of a class comes from an origin on a mean day."""

    origin: Name = text("name of the origin")
    request_class: Name = text("name of the request class", alias="class")
    requests_per_day: float = quantity("requests of a day", "1/day", ge=0, le=MOST_REQUESTS)
    prompt: float | None = quantity(
        "mean prompt tokens", "token", default=None, ge=0, le=MOST_TOKENS
    )
    output: float | None = quantity(
        "mean output tokens", "token", default=None, ge=0, le=MOST_TOKENS
    )


class TypicalDemand(FileLayout):
    """The shape of a local day by class, times a volume by origin and class."""

    kind: Literal["typical"] = text(_KIND)
    file: str = text("table with class, local hour and relative rate; its level has no meaning")
    columns: dict[str, str] = text(
        "column by field (class, hour, rate, prompt, output), where named otherwise",
        default_factory=dict,
    )
    volumes: Listed[Volume] = text("the volumes")
    resample: Resample | None = text(
        "sum where an epoch is longer than an hour, hold where it is shorter", default=None
    )
    estimated: bool = flag("whether shape or volumes are estimated", default=True)


class Stream(Record):
    """Requests of one class from a public trace or rate series."""

    request_class: Name = text("name of the request class", alias="class")
    format: Format = text("layout of the file")
    file: str = text("the trace")
    model: str | None = text("model, where a file holds several", default=None)
    zone: str | None = text(ZONE, default=None)
    bin_seconds: float = quantity(
        "bins of a trace of requests", "s", default=600.0, ge=1e-3, le=31_622_400
    )
    align: Literal["local_day", "calendar"] = text(
        "local_day: the trace has no calendar; its whole days repeat and follow the local time of "
        "each origin; calendar: its time stamps are meant, for all origins alike",
        default="local_day",
    )
    start: str | None = text(
        "time zero with its zone, for align = calendar where the trace has no calendar",
        default=None,
    )
    quiet_hour: float | None = quantity(
        "local hour on which the quietest hour of the mean day is put; none: time zero is local "
        "midnight",
        "h",
        default=None,
        ge=0,
        lt=24,
    )
    fill_zeros: bool = flag(
        "take bins without requests as gaps of the recording and fill them from the mean day",
        default=False,
    )
    requests_per_day: float | None = quantity(
        "scale: requests of a mean day, all origins together",
        "1/day",
        default=None,
        ge=1e-9,
        le=MOST_REQUESTS,
    )
    scale: float | None = quantity(
        "scale: requests for one of the trace", "1", default=None, ge=1e-12, le=1e12
    )
    prompt: float | None = quantity(
        "mean prompt tokens instead", "token", default=None, ge=0, le=MOST_TOKENS
    )
    output: float | None = quantity(
        "mean output tokens instead", "token", default=None, ge=0, le=MOST_TOKENS
    )
    lengths: str | None = text(
        "file of the token lengths instead: a trace, of which the mean counts, or ServeGen lengths "
        "of the model",
        default=None,
    )
    lengths_format: Format | None = text("layout of `lengths`", default=None)

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        if (self.requests_per_day is None) == (self.scale is None):
            found = "neither" if self.scale is None else "both"
            raise ValueError(f"{found} given, expected either requests_per_day or scale")
        return self


class TraceDemand(Record):
    """Demand from traces; they carry no origin, so the mix is stated and drawn with a seed."""

    kind: Literal["trace"] = text(_KIND)
    streams: tuple[Stream, ...] = text("the traces, one or more a class")
    origins: dict[Name, Annotated[float, Field(strict=True, ge=0, le=1e12)]] = text(
        "weight of each origin"
    )
    seed: int = quantity(
        "seed of the draw that gives each request of an epoch its origin", "1", ge=0, le=2**63 - 1
    )
    anchor: Annotated[date, no_number] = text(
        "date that is day 0 of traces without a calendar", default=date(2023, 1, 1)
    )
    resample: Resample | None = text(
        "sum where bins are shorter than an epoch, hold where they are longer", default=None
    )
    estimated: bool = flag("whether origins, alignment or sizes are estimated", default=True)


def _kind(value: Any) -> str | None:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return None if kind is None else f"<{kind}>"


AnyDemand = Annotated[
    Annotated[InlineDemand, Tag("<groups>")]
    | Annotated[TableDemand, Tag("<table>")]
    | Annotated[TypicalDemand, Tag("<typical>")]
    | Annotated[TraceDemand, Tag("<trace>")],
    Discriminator(_kind),
]
