"""References to tables and series in a scenario file."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from slit.data.delimited import Delimited
from slit.data.timestamp_forms import check_form
from slit.errors import SlitError
from slit.scenario.records import Number, Record, flag, quantity, text
from slit.sources.formats import PLAIN, format_names, format_of

_PLAIN = {str: "<text>", bool: "<flag>", int: "<whole>", float: "<number>"}

Plain = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[bool, Tag("<flag>")]
    | Annotated[int, Tag("<whole>")]
    | Annotated[float, Tag("<number>")],
    Discriminator(
        lambda value: _PLAIN.get(type(value)),
        custom_error_type="plain_value",
        custom_error_message="text, a number, true or false",
    ),
]
"""One value of TOML."""


def _one_or_many(value: Any) -> str:
    return "<many>" if isinstance(value, list | tuple) else "<one>"


Condition = Annotated[
    Annotated[Plain, Tag("<one>")] | Annotated[tuple[Plain, ...], Tag("<many>")],
    Discriminator(_one_or_many),
]
"""What a column has to be: a value, or one of several."""

F = TypeVar("F")

OneOrMany = Annotated[
    Annotated[F, Tag("<one>")] | Annotated[tuple[F, ...], Tag("<many>")],
    Discriminator(_one_or_many),
]
"""One value, or a list of them."""

Column = Annotated[
    Annotated[str, Tag("<one>")] | Annotated[dict[str, str], Tag("<table>")],
    Discriminator(lambda value: "<table>" if isinstance(value, dict) else "<one>"),
]
"""A column, or columns by a switch."""

Columns = Annotated[
    Annotated[str, Field(min_length=1), Tag("<one>")]
    | Annotated[tuple[str, ...], Field(min_length=1), Tag("<many>")],
    Discriminator(_one_or_many),
]
"""A column, or several that are read together."""


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
TIME = "column of the time stamps; or columns of the date and of the time of day or the hour"
WHERE = "rows to take: value (or list of values) by column; {name} and {zone} stand for the site's"


class FileLayout(Record):
    """How a table is written: its format, and the options of a CSV."""

    format: str | None = text(
        f"{', '.join(format_names())}; not stated: by the file's name and content",
        default=None,
    )
    delimiter: str = text("between the cells of a CSV", default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = text("decimal mark of a CSV", default=".")
    encoding: str = text("of a CSV: utf-8, utf-16, cp1252, latin-1, ...", default="utf-8")
    skip_rows: int = quantity("lines above the header of a CSV", "1", default=0, ge=0, le=10_000)
    comment: str | None = text(
        "lines of a CSV that begin with this are left out", default=None, min_length=1
    )

    @field_validator("format")
    @classmethod
    def _known_format(cls, name: str | None) -> str | None:
        if name is not None and name not in PLAIN:
            _checked(format_of, name)
        return name

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            b"    ".decode(name, "replace")  # an empty text never asks for its codec
        except (LookupError, ValueError):
            raise ValueError(
                f"{name!r}, expected an encoding such as utf-8, utf-16, cp1252, latin-1"
            ) from None
        return name

    @model_validator(mode="after")
    def _options_of_csv(self) -> Self:
        options = set(FileLayout.model_fields) - {"format"}
        stated = sorted(options & self.model_fields_set)
        if stated and self.format not in (None, "csv"):
            raise ValueError(
                f"{', '.join(stated)} with format = {self.format}, expected none (options of a CSV)"
            )
        if self.delimiter == self.decimal:
            raise ValueError(
                f"delimiter and decimal both {self.decimal!r}, expected different ones"
            )
        return self

    def plain(self) -> "FileLayout":
        """The layout alone, without what else a reference states."""
        names = FileLayout.model_fields
        return FileLayout.model_construct(**{name: getattr(self, name) for name in names})

    def delimited(self) -> Delimited:
        """The options of a CSV."""
        return Delimited(self.delimiter, self.encoding, self.skip_rows, self.comment)


class TableReference(FileLayout):
    """Records from a table: one a row, columns named like the fields (`quality.chat` nests)."""

    file: str = text("CSV or Parquet file, relative to the scenario file or `folder:path`")
    where: dict[str, Condition] = text(
        "rows to take: value (or list of values) by column", default_factory=dict
    )
    columns: dict[str, str] = text("column by field, where named otherwise", default_factory=dict)
    ignore: tuple[str, ...] = text("columns that are no fields", default=())


R = TypeVar("R")


def list_or_table(value: Any) -> str:
    """Which form a section of records has, for a discriminator."""
    return "<table>" if isinstance(value, dict | TableReference) else "<list>"


Listed = Annotated[
    Annotated[tuple[R, ...], Tag("<list>")] | Annotated[TableReference, Tag("<table>")],
    Discriminator(list_or_table),
]
"""Records written out, or a table of them."""


class StampedFileLayout(FileLayout):
    """How the rows of a table stand in time."""

    zone: str | None = text(f"{ZONE}; for typical days the zone of the hour", default=None)
    stamp_format: str | None = text(
        "form of the stamps, where it is neither ISO 8601 nor sure: %d.%m.%Y %H:%M and the like, "
        "unix, unix_ms, unix_us, unix_ns",
        default=None,
    )
    label: Literal["begin", "end"] = text(
        "whether a stamp is the begin or the end of its step", default="begin"
    )
    longest_step: float | None = quantity(
        "rows of unequal steps: each holds until the next, at most this long", "s", default=None,
        ge=1, le=366 * 86_400,
    )  # fmt: skip

    @field_validator("stamp_format")
    @classmethod
    def _known_form(cls, form: str | None) -> str | None:
        if form is not None:
            _checked(check_form, form)
        return form


def _checked(check: Callable[[str], object], value: str) -> None:
    """A refusal of a lower floor, as pydantic wants it."""
    try:
        check(value)
    except SlitError as error:
        raise ValueError(str(error)) from None


_WITHOUT_A_TABLE = frozenset(("unit", "value", "values", "scale", "estimated"))


class SeriesReference(StampedFileLayout):
    """A figure over time: `value`, or `values` by epoch, or a column of a table."""

    unit: str = text("unit of the figures as they stand in the source, e.g. g/kWh")
    value: Number | None = text("one figure for all epochs", default=None)
    values: tuple[Number, ...] | None = text("one figure an epoch", default=None)
    file: str | None = text("table, relative to the scenario file or `folder:path`", default=None)
    column: Column | None = text(
        "column; or columns by a switch of [accounting]: direct and life_cycle, or reservoirs and "
        "no_reservoirs",
        default=None,
    )
    kind: Literal["series", "typical", "constant"] = text(
        "what a table holds: series (a row a time stamp), typical (a row a month and hour of day), "
        "constant (one row)",
        default="series",
    )
    where: dict[str, Condition] = text(WHERE, default_factory=dict)
    time: Columns = text(TIME, default="utc")
    month: str = text("column of the month, 1-12, of typical days", default="month")
    hour: str = text("column of the hour, 0-23, of typical days", default="hour")
    resample: Resample | None = text(RESAMPLE, default=None)
    scale: float = quantity("factor on the figures", "1", default=1.0, ge=-1e12, le=1e12)
    estimated: bool | None = flag("whether all figures are estimated", default=None)
    estimated_column: str | None = text(
        "column that says which rows are estimated: 0, false or no; 1 (or above), true or yes; "
        "between: share",
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
        of_tables = sorted(self.model_fields_set - _WITHOUT_A_TABLE)
        if self.file is None and of_tables:
            raise ValueError(
                f"{', '.join(of_tables)} with {given[0]}, expected none (fields of a table)"
            )
        if self.file is not None and self.column is None:
            raise ValueError("no column, expected the name of a column of the table")
        return self
