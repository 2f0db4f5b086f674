"""Demand in a scenario file."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from slit.scenario.records import Name, Number, Record, flag, no_number, quantity, text
from slit.scenario.references import (
    TIME,
    ZONE,
    Columns,
    Condition,
    FileLayout,
    Listed,
    OneOrMany,
    Resample,
    StampedFileLayout,
)

Format = Literal[
    "servegen", "azure", "mooncake", "bailian", "burstgpt", "vidur", "vllm", "litellm", "log"
]

Moment = Annotated[
    str, BeforeValidator(lambda value: value.isoformat() if isinstance(value, date) else value)
]
"""A stamp as text; TOML has dates of its own."""

TimeUnit = Literal["s", "ms", "us", "ns"]
WithoutOutput = Literal["leave_out", "count"]

MAX_REQUESTS = 1e13
"""A thousand requests a day of every human being."""

MAX_TOKENS = 1e8

Requests = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=MAX_REQUESTS)]
Tokens = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=MAX_TOKENS)]

_KIND = "how demand is stated"
COLUMNS = (
    "column (of nested objects a.b) by role: time, prompt, output, model; where named otherwise"
)
ROWS = "rows to take: value (or list of values) by column"
MODEL = "requests of this model; of ServeGen its column of rates"
TIME_UNIT = "unit of times that are numbers, where neither size nor format tell it"
WITHOUT_OUTPUT = "what becomes of requests of 0 output tokens (failed): either way they are counted"


class DemandGroup(Record):
    """Requests of one origin and class, by epoch or the same in all."""

    origin: Name = text("name of the origin")
    request_class: Name = text("name of the request class", alias="class")
    requests: OneOrMany[Requests] = text("requests of an epoch")
    prompt: OneOrMany[Tokens] = text("mean prompt tokens")
    output: OneOrMany[Tokens] = text("mean output tokens")


class InlineDemand(Record):
    """Demand written out; groups that are not listed have no requests."""

    kind: Literal["groups"] = text(_KIND)
    groups: tuple[DemandGroup, ...] = text("the groups")
    estimated: bool | None = flag("whether the figures are estimated", default=None)


class TableDemand(StampedFileLayout):
    """Demand from a table with the columns origin, class, requests, prompt, output."""

    kind: Literal["table"] = text(_KIND)
    file: str = text("table")
    where: dict[str, Condition] = text("rows to take", default_factory=dict)
    columns: dict[str, str] = text("column by field, where named otherwise", default_factory=dict)
    time: Columns | None = text(TIME, default=None)
    epoch: str | None = text("column of the epoch, 0 = first, instead of time", default=None)
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


class DailyVolume(Record):
    """How much of a class comes from an origin on a mean day."""

    origin: Name = text("name of the origin")
    request_class: Name = text("name of the request class", alias="class")
    requests_per_day: float = quantity("requests of a day", "1/day", ge=0, le=MAX_REQUESTS)
    prompt: float | None = quantity(
        "mean prompt tokens", "token", default=None, ge=0, le=MAX_TOKENS
    )
    output: float | None = quantity(
        "mean output tokens", "token", default=None, ge=0, le=MAX_TOKENS
    )


class TypicalDemand(FileLayout):
    """The shape of a local day by class, times a volume by origin and class."""

    kind: Literal["typical"] = text(_KIND)
    file: str = text("table with class, local hour and relative rate; its level has no meaning")
    columns: dict[str, str] = text(
        "column by field (class, hour, rate, prompt, output), where named otherwise",
        default_factory=dict,
    )
    volumes: Listed[DailyVolume] = text("the volumes")
    resample: Resample | None = text(
        "sum where an epoch is longer than an hour, hold where it is shorter", default=None
    )
    estimated: bool = flag("whether shape or volumes are estimated", default=True)


class Lengths(Record):
    """Token lengths of another file: the mean of all its requests, or ServeGen lengths."""

    format: Format = text("layout of the file")
    file: str = text("the file")
    columns: dict[str, str] = text(COLUMNS, default_factory=dict)
    where: dict[str, Condition] = text(ROWS, default_factory=dict)
    model: str | None = text(MODEL, default=None)
    zone: str | None = text(ZONE, default=None)
    time_unit: TimeUnit | None = text(TIME_UNIT, default=None)
    without_output: WithoutOutput = text(WITHOUT_OUTPUT, default="leave_out")


def _text_or_table(value: Any) -> str:
    return "<table>" if isinstance(value, dict | Lengths) else "<text>"


class Stream(Record):
    """Requests of one class from a public trace, a log or a rate series.

    A field that the format does not use is refused.
    """

    request_class: Name = text("name of the request class", alias="class")
    format: Format = text("layout of the file; log: any columns, named in `columns`")
    file: str = text("the trace")
    columns: dict[str, str] = text(COLUMNS, default_factory=dict)
    where: dict[str, Condition] = text(ROWS, default_factory=dict)
    model: str | None = text(MODEL, default=None)
    zone: str | None = text(
        f"{ZONE}; with align = local_day also the zone whose hours of the day are meant",
        default=None,
    )
    time_unit: TimeUnit | None = text(TIME_UNIT, default=None)
    bin_seconds: float = quantity(
        "bins of a trace of requests", "s", default=600.0, ge=1e-3, le=31_622_400
    )
    recorded_from: Moment | Number | None = text(
        "begin of the recording, a stamp with its zone or s since time zero, where it is not the "
        "first request; a bin recorded in part is scaled to the whole",
        default=None,
    )
    recorded_to: Moment | Number | None = text(
        "end of the recording, likewise: bins up to it without requests count as 0",
        default=None,
    )
    without_output: WithoutOutput = text(WITHOUT_OUTPUT, default="leave_out")
    align: Literal["local_day", "calendar"] = text(
        "local_day: the whole days of the trace repeat and follow the local time of each origin, "
        "its hours of the day as its stamps have them; calendar: its time stamps are meant, for "
        "all origins alike",
        default="local_day",
    )
    start: Moment | None = text(
        "time zero with its zone, where the trace has no calendar", default=None
    )
    quiet_hour: float | None = quantity(
        "local hour on which the quietest hour of the mean day is put; none: the hours of the "
        "stamps, or time zero is local midnight",
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
        le=MAX_REQUESTS,
    )
    scale: float | None = quantity(
        "scale: requests for one of the trace", "1", default=None, ge=1e-12, le=1e12
    )
    prompt: float | None = quantity(
        "mean prompt tokens instead", "token", default=None, ge=0, le=MAX_TOKENS
    )
    output: float | None = quantity(
        "mean output tokens instead", "token", default=None, ge=0, le=MAX_TOKENS
    )
    lengths: (
        Annotated[
            Annotated[str, Tag("<text>")] | Annotated[Lengths, Tag("<table>")],
            Discriminator(_text_or_table),
        ]
        | None
    ) = text(
        "token lengths of another file instead: { file = ..., format = ... } with columns, where, "
        "model, zone, time_unit, without_output; or its name, with lengths_format",
        default=None,
    )
    lengths_format: Format | None = text("layout of `lengths`, where that is a name", default=None)

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        if (self.requests_per_day is None) == (self.scale is None):
            found = "neither" if self.scale is None else "both"
            raise ValueError(f"{found} given, expected either requests_per_day or scale")
        return self

    @model_validator(mode="after")
    def _one_source_of_lengths(self) -> Self:
        if (self.lengths_format is None) == isinstance(self.lengths, str):
            found = "no lengths_format" if self.lengths_format is None else "lengths_format"
            raise ValueError(f"{found}, expected it with the name of a file of lengths only")
        if self.lengths is not None and None not in (self.prompt, self.output):
            raise ValueError("lengths, prompt and output given, expected only what is used")
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
        "date that is day 0 of the days of align = local_day; not stated: 2023-01-01, and of a "
        "trace with a calendar its own first day",
        default=date(2023, 1, 1),
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
