"""The Carbon Intensity API of Great Britain: half hours, national or of a region."""

from pathlib import Path
from typing import Any

from slit.data.file_table import FileTable, Format
from slit.data.json_records import columns_of, rows_of
from slit.errors import SlitError
from slit.files import parse_json

EXPECTED = "data = [{from, to, intensity: {forecast, actual}}, ...] (Carbon Intensity API)"


def read_uk_carbon_intensity(content: bytes, path: Path) -> FileTable:
    """Columns from, to, intensity.forecast, intensity.actual; generationmix.FUEL in per cent."""
    answer = parse_json(content, path, holding=EXPECTED)
    if isinstance(answer, dict) and "error" in answer:
        error = answer["error"]
        message = error.get("message") if isinstance(error, dict) else error
        raise SlitError(f"{path}: the service answered {message!r}, expected {EXPECTED}")
    where, found = "data", answer.get("data") if isinstance(answer, dict) else None
    if isinstance(found, list) and len(found) == 1 and "data" in found[0]:
        found = found[0]
    if isinstance(found, dict):  # one region, its half hours inside
        where, found = "data.data", found.get("data")
    rows = rows_of(found, path, where=where, expected=EXPECTED)
    columns = columns_of([{**row, "generationmix": _mix(row)} for row in rows])
    if "from" not in columns or not any(name.startswith("intensity.") for name in columns):
        raise SlitError(f"{path}: {where}: no from or no intensity, expected {EXPECTED}")
    names = ("intensity.forecast", "intensity.actual")
    return FileTable(
        columns,
        lambda row: f"{where}[{row}]",
        units={name: "g/kWh" for name in names if name in columns},
    )


def _mix(row: Any) -> dict[str, Any]:
    listed = row.get("generationmix")
    parts = listed if isinstance(listed, list) else []
    return {str(part.get("fuel")): part.get("perc") for part in parts if isinstance(part, dict)}


FORMAT = Format(
    "uk-carbon-intensity",
    "Carbon Intensity API of Great Britain, JSON (time = from, column = intensity.actual ...)",
    read_uk_carbon_intensity,
    lambda head: head.lstrip().startswith(b"{") and b'"intensity"' in head and b'"from"' in head,
)
