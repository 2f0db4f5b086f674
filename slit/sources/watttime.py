"""WattTime v3: the JSON of /v3/historical, /v3/forecast and /v3/forecast/historical."""

from pathlib import Path
from typing import Any

from slit.data.file_table import FileTable, Format
from slit.data.json_records import columns_of, rows_of
from slit.errors import SlitError
from slit.files import parse_json

UNITS = {"lbs_co2_per_mwh": "lb/MWh", "dollars_per_mwh": "USD/MWh"}
EXPECTED = "data = [{point_time, value}, ...] (WattTime v3)"


def read_watttime(content: bytes, path: Path) -> FileTable:
    """Columns point_time and value, and generated_at where the file holds several forecasts.

    The unit is that of the signal (meta.units): a price of health damage is no carbon intensity.
    """
    answer = parse_json(content, path, holding=EXPECTED)
    if not isinstance(answer, dict):
        raise SlitError(f"{path}: no section data, expected {EXPECTED}")
    if "error" in answer:
        raise SlitError(f"{path}: the service answered {answer['error']!r}, expected {EXPECTED}")
    rows = rows_of(answer.get("data"), path, where="data", expected=EXPECTED)
    places = [f"data[{number}]" for number in range(len(rows))]
    if "forecast" in rows[0]:
        rows, places = _forecasts(rows, path)
    columns = columns_of(rows)
    missing = next((name for name in ("point_time", "value") if name not in columns), None)
    if missing:
        raise SlitError(f"{path}: data: no {missing}, expected {EXPECTED}")
    meta = answer.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    unit = UNITS.get(str(meta.get("units")))
    return FileTable(
        columns,
        places.__getitem__,
        units={} if unit is None else {"value": unit},
        notes=tuple(_notes(meta)),
    )


def _forecasts(rows: list[Any], path: Path) -> tuple[list[Any], list[str]]:
    flat, places = [], []
    for number, row in enumerate(rows):
        where = f"data[{number}].forecast"
        for step, point in enumerate(
            rows_of(row.get("forecast"), path, where=where, expected=EXPECTED)
        ):
            flat.append({**point, "generated_at": row.get("generated_at")})
            places.append(f"{where}[{step}]")
    return flat, places


def _notes(meta: dict[str, Any]) -> list[str]:
    said = []
    if meta.get("signal_type") == "co2_moer":
        said.append("a marginal intensity (co2_moer): not to be mixed with averages of other sites")
    warnings = meta.get("warnings")
    for warning in warnings if isinstance(warnings, list) else []:
        message = warning.get("message") if isinstance(warning, dict) else warning
        said.append(f"WattTime warns: {message}")
    return said


FORMAT = Format(
    "watttime",
    "WattTime v3, JSON (time = point_time, column = value)",
    read_watttime,
    lambda head: head.lstrip().startswith(b"{") and b'"point_time"' in head,
)
