"""ENTSO-E transparency platform: the CSV that its pages export."""

import re
from pathlib import Path

from slit.data.delimited import Delimited, read_delimited
from slit.data.file_table import FileTable, Format
from slit.errors import SlitError

ZONES = {"UTC": "UTC", "CET/CEST": "Europe/Brussels", "WET/WEST": "Europe/Lisbon",
         "EET/EEST": "Europe/Athens"}  # fmt: skip
EXPECTED = 'a column "MTU (UTC)" of intervals (ENTSO-E export)'
_TIME = re.compile(r"(?:MTU|Time|Time Interval) \(([A-Z/]+)\)\Z")
_BEGIN = re.compile(
    r"(\d\d)[./](\d\d)[./](\d{4}) (\d\d):(\d\d)(?::(\d\d))?(?: \([A-Z]+\))?(?: - .*)?\Z"
)
_STATED = re.compile(r"[(\[]([A-Z]{3}/MWh|MW|MWh)[)\]]\Z")
_GAPS = ("n/e", "-", "N/A")


def read_entsoe_csv(content: bytes, path: Path) -> FileTable:
    """Columns as they are named; the one of intervals holds their begins.

    An hour that occurs twice when daylight saving time ends is told apart by its order.
    """
    first = content[:4096].split(b"\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=lambda mark: first.count(mark.encode()))
    table = read_delimited(content, path, Delimited(delimiter=delimiter))
    time = next(((name, m[1]) for name in table.columns if (m := _TIME.match(name))), None)
    if time is None or time[1] not in ZONES:
        raise SlitError(f"{path}:1: no such column, expected {EXPECTED}")
    columns = {
        name: [None if cell in _GAPS else cell for cell in cells.to_pylist()]
        for name, cells in table.columns.items()
    }
    columns[time[0]] = [
        _begin(cell, f"{path}:", row, table) for row, cell in enumerate(columns[time[0]])
    ]
    units = {name: found[1] for name in columns if (found := _STATED.search(name))}
    return FileTable(columns, table.place, zone=ZONES[time[1]], units=units)


def _begin(cell: str | None, where: str, row: int, table: FileTable) -> str:
    found = _BEGIN.match(cell or "")
    if found is None:
        raise SlitError(
            f"{where}{table.place(row)}: {cell!r}, expected an interval such as "
            "31/01/2025 00:00:00 - 31/01/2025 01:00:00"
        )
    day, month, year, hour, minute, second = found.groups(default="00")
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}"


def _recognizes(head: bytes) -> bool:
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    return first.lstrip(b'"').startswith(b"MTU (")


FORMAT = Format(
    "entsoe-csv",
    'ENTSO-E export, CSV (time = "MTU (UTC)", column = "Day-ahead Price (EUR/MWh)" ...)',
    read_entsoe_csv,
    _recognizes,
)
