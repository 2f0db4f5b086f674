"""Electricity Maps v3 and v4: the JSON of latest, history, past, past-range and forecast."""

from pathlib import Path
from typing import Any

from slit.data.file_table import FileTable, Format
from slit.data.json_records import Row, columns_of, rows_of
from slit.errors import SlitError
from slit.files import parse_json

LISTS = ("history", "data", "forecast")
UNITS = {
    "carbonIntensity": "g/kWh",
    "renewablePercentage": "%",
    "fossilFreePercentage": "%",
}
EXPECTED = "a row with datetime, or a list history, data or forecast of them (Electricity Maps)"


def read_electricity_maps(content: bytes, path: Path) -> FileTable:
    """Columns named as in the answer (datetime, carbonIntensity, isEstimated, value ...)."""
    answer = parse_json(content, path, holding=EXPECTED)
    if isinstance(answer, dict) and "error" in answer and "datetime" not in answer:
        raise SlitError(f"{path}: the service answered {answer['error']!r}, expected {EXPECTED}")
    where, rows = _rows(answer, path)
    columns = columns_of(rows)
    if "datetime" not in columns:
        raise SlitError(f"{path}: {where or 'answer'}: no datetime, expected {EXPECTED}")
    units = {name: unit for name, unit in UNITS.items() if name in columns}
    stated = {str(unit) for unit in columns.get("unit", []) if unit}
    if "value" in columns and len(stated) == 1:
        units["value"] = stated.pop()
    return FileTable(columns, lambda row: f"{where}[{row}]" if where else "1", units=units)


def _rows(answer: Any, path: Path) -> tuple[str, list[Row]]:
    if isinstance(answer, list):
        return "", rows_of(answer, path, where="", expected=EXPECTED)
    if isinstance(answer, dict):
        name = next((name for name in LISTS if name in answer), None)
        if name is not None:
            return name, rows_of(answer[name], path, where=name, expected=EXPECTED)
        if "datetime" in answer:
            return "", [answer]
    raise SlitError(f"{path}: no such answer, expected {EXPECTED}")


def _recognizes(head: bytes) -> bool:
    if not head.lstrip().startswith((b"{", b"[")):
        return False
    ours = any(f'"{name}"'.encode() in head for name in UNITS)
    return ours or (b'"zone"' in head and b'"datetime"' in head)


FORMAT = Format(
    "electricity-maps",
    "Electricity Maps v3 or v4, JSON (time = datetime, column = carbonIntensity ...)",
    read_electricity_maps,
    _recognizes,
)
