"""The layouts that `format = "..."` of a table or series can name: one file a format.

To add one: write `slit/sources/NAME.py` with `FORMAT = Format("NAME", ..., read, recognizes)`, and
list it in FORMATS. `read` takes the bytes, raises SlitError for all that is wrong in them, and
gives a `FileTable` (`slit.data.file_table`); where, column, stamps, resampling and lint follow.
One that is a CSV with a block on top calls `slit.data.delimited.read_delimited` itself.
"""

from slit.data.file_table import Format
from slit.errors import SlitError, did_you_mean
from slit.sources import (
    electricity_maps_json,
    entsoe_csv,
    entsoe_xml,
    epw,
    open_meteo,
    uk_carbon_intensity,
    watttime,
)

FORMATS: tuple[Format, ...] = (
    watttime.FORMAT,
    electricity_maps_json.FORMAT,
    uk_carbon_intensity.FORMAT,
    open_meteo.JSON_FORMAT,
    open_meteo.CSV_FORMAT,
    epw.FORMAT,
    entsoe_xml.FORMAT,
    entsoe_csv.FORMAT,
)

PLAIN = ("csv", "parquet")
"""Layouts that need no reader of their own."""

HEAD = 4096
"""Bytes by which a format is recognized."""


def format_names() -> tuple[str, ...]:
    """All names that `format` may have."""
    return PLAIN + tuple(known.name for known in FORMATS)


def format_of(name: str) -> Format:
    """The format called `name`.

    Raises:
        SlitError: there is none; names the nearest.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    names = format_names()
    raise SlitError(f"{name!r}, expected one of {', '.join(names)}{did_you_mean(name, names)}")


def recognized(content: bytes) -> Format | None:
    """The format that a file can only be in."""
    head = content[:HEAD]
    return next((known for known in FORMATS if known.recognizes(head)), None)
