"""Open-Meteo: weather by hour, as JSON and as CSV with its block of the place on top."""

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from slit.data.delimited import Delimited, read_delimited
from slit.data.file_table import FileTable, Format
from slit.errors import SlitError
from slit.files import parse_json

EXPECTED = "hourly = {time: [...], ...} of one place (Open-Meteo)"
BLOCKS = ("hourly", "minutely_15")
UNITS = {"°C": "degC", "°F": "degF", "%": "%", "m/s": "m/s", "km/h": "km/h"}
_HEAD = b"latitude,longitude,elevation,utc_offset_seconds"
_STATED = re.compile(r"\(([^)]*)\)\s*$")


def read_json_answer(content: bytes, path: Path) -> FileTable:
    """Columns of the hourly block (or of the one by quarters of an hour) as they are named."""
    answer = parse_json(content, path, holding=EXPECTED)
    if isinstance(answer, list):
        raise SlitError(f"{path}: {len(answer)} places, expected {EXPECTED}")
    if not isinstance(answer, dict):
        raise SlitError(f"{path}: no such answer, expected {EXPECTED}")
    if answer.get("error"):
        raise SlitError(
            f"{path}: the service answered {answer.get('reason')!r}, expected {EXPECTED}"
        )
    block = next((name for name in BLOCKS if isinstance(answer.get(name), dict)), None)
    if block is None:
        raise SlitError(f"{path}: none of {', '.join(BLOCKS)}, expected {EXPECTED}")
    columns = answer[block]
    times = columns.get("time")
    if not isinstance(times, list) or not times:
        raise SlitError(f"{path}: {block}: no time, expected {EXPECTED}")
    for name, values in columns.items():
        _check_column(values, len(times), f"{path}: {block}.{name}")
    stated = answer.get(f"{block}_units")
    units = stated if isinstance(stated, dict) else {}
    local = units.get("time") != "unixtime"  # Unix times are in UTC
    return FileTable(
        columns,
        lambda row: f"{block}[{row}]",
        zone=_zone(answer.get("utc_offset_seconds"), path) if local else None,
        units=_units(units.items()),
    )


def _check_column(values: Any, count: int, where: str) -> None:
    if not isinstance(values, list) or len(values) != count:
        raise SlitError(f"{where}: not {count} values, expected as many as there are times")
    kinds = {type(value) for value in values} - {type(None)}
    if not (kinds <= {int, float} or kinds == {str}):
        raise SlitError(f"{where}: expected numbers or texts alone")


def read_csv_answer(content: bytes, path: Path) -> FileTable:
    """Columns as they are named, the unit in brackets included."""
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    blank = next((number for number, line in enumerate(lines) if not line.strip()), None)
    if blank is None:
        raise SlitError(f"{path}: no table below the place, expected {EXPECTED}")
    places = list(csv.DictReader(io.StringIO("\n".join(lines[:blank]))))
    if len(places) != 1:
        raise SlitError(f"{path}: {len(places)} places, expected {EXPECTED}")
    below = next((n for n in range(blank, len(lines)) if not lines[n].strip()), blank)
    end = _end_of_table(lines, below + 1)
    text = "\n".join(lines[:end])
    table = read_delimited(text.encode(), path, Delimited(skip_rows=blank + 1))
    stated = ((name, _STATED.search(name)) for name in table.columns)
    return FileTable(
        table.columns,
        table.place,
        zone=_zone(places[0].get("utc_offset_seconds"), path),
        units=_units((name, found[1]) for name, found in stated if found is not None),
        notes=("only the first table is read",) if end < len(lines) else (),
    )


def _end_of_table(lines: list[str], begin: int) -> int:
    """The line behind the first table: an hourly and a daily one may stand below each other."""
    return next((n for n in range(begin, len(lines)) if not lines[n].strip()), len(lines))


def _zone(offset: Any, path: Path) -> str:
    """Stamps have one offset all along, whatever daylight saving time does."""
    try:
        seconds = float(offset)
        if abs(seconds) > 15 * 3600:
            raise ValueError
    except (TypeError, ValueError):
        raise SlitError(f"{path}: utc_offset_seconds: {offset!r}, expected seconds") from None
    minutes = round(abs(seconds) / 60)
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _units(stated: Iterable[tuple[str, Any]]) -> dict[str, str]:
    return {name: UNITS[unit] for name, unit in stated if unit in UNITS}


JSON_FORMAT = Format(
    "open-meteo-json",
    "Open-Meteo, JSON (time = time, column = wet_bulb_temperature_2m ...)",
    read_json_answer,
    lambda head: (
        head.lstrip().startswith(b"{")
        and b'"utc_offset_seconds"' in head
        and b'"generationtime_ms"' in head
    ),
)
CSV_FORMAT = Format(
    "open-meteo-csv",
    'Open-Meteo, CSV (time = time, column = "wet_bulb_temperature_2m (°C)" ...)',
    read_csv_answer,
    lambda head: head.removeprefix(b"\xef\xbb\xbf").startswith(_HEAD),
)
