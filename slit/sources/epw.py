"""EnergyPlus weather (EPW): the hours of a year at a place, as building simulations use them."""

import csv
import io
from datetime import date
from pathlib import Path

import numpy as np

from operators.types import Floats, Longs
from slit.data.file_table import FileTable, Format
from slit.errors import SlitError

HEADER = 8
"""Lines above the hours."""
FIELDS = {"dry_bulb": (6, "degC", 99.9), "relative_humidity": (8, "%", 999.0)}
"""Position in a row, unit, and the figure that means a gap (EnergyPlus' auxiliary programs)."""
EXPECTED = "8 lines above the hours, then year, month, day, hour 1 to 24 ... (EPW)"


def read_epw(content: bytes, path: Path) -> FileTable:
    """Columns month, hour, dry_bulb, relative_humidity and wet_bulb.

    Where all hours are of one year, a row is an hour, with `time`. A typical year is put together
    of months of several years: its hours have no date, and a row is the mean of a month and hour
    (kind = "typical"). wet_bulb is computed (`wet_bulb_of`).
    """
    text = content.decode("utf-8", errors="replace")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    zone = _zone(lines[0] if lines else [], path)
    rows = [(n, row) for n, row in enumerate(lines, 1) if n > HEADER and row]
    if not rows:
        raise SlitError(f"{path}: no hours, expected {EXPECTED}")
    when = np.array([_when(row, f"{path}:{n}") for n, row in rows])
    found = {name: _numbers(rows, name, path) for name in FIELDS}
    units = {name: unit for name, (_, unit, _) in FIELDS.items()} | {"wet_bulb": "degC"}
    found["wet_bulb"] = wet_bulb_of(found["dry_bulb"], found["relative_humidity"])
    said = ["wet_bulb is computed from temperature and humidity (Stull 2011)"]
    if len(np.unique(when[:, 0])) == 1:
        times = [_begin(*row) for row in when.tolist()]
        place = [str(n) for n, _ in rows].__getitem__
        months = {"month": when[:, 1].astype(float), "hour": when[:, 3].astype(float)}
        return FileTable({"time": times} | months | found, place, zone, units, tuple(said))
    said.append(f"a typical year: the {len(rows)} hours became means by month and hour of day")
    columns = _typical(when, found)
    return FileTable(columns, lambda row: f"month and hour {row + 1}", zone, units, tuple(said))


def wet_bulb_of(temperature_c: Floats, humidity: Floats) -> Floats:
    """Wet-bulb temperature in degC from air in degC and relative humidity in per cent.

    Stull 2011 (J. Appl. Meteorol. Climatol. 50, 2267), eq. 1: at sea level, humidity of 5 to 99 %
    (held to that), within 1 K above -20 degC.
    """
    t, h = temperature_c, np.clip(humidity, 5.0, 99.0)
    return np.asarray(
        t * np.arctan(0.151977 * np.sqrt(h + 8.313659))
        + np.arctan(t + h)
        - np.arctan(h - 1.676331)
        + 0.00391838 * h**1.5 * np.arctan(0.023101 * h)
        - 4.686035
    )


def _zone(location: list[str], path: Path) -> str:
    try:
        hours = float(location[8])
        if not abs(hours) <= 15:
            raise ValueError
    except (IndexError, ValueError):
        raise SlitError(
            f"{path}:1: no hours from UTC in field 9 of LOCATION, expected {EXPECTED}"
        ) from None
    minutes = round(abs(hours) * 60)
    return f"{'-' if hours < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _when(row: list[str], where: str) -> tuple[int, int, int, int]:
    """Year, month, day and hour (0 to 23, at its beginning) of a row."""
    try:
        year, month, day, hour = (int(cell) for cell in row[:4])
        date(year, month, day)
        if not 1 <= hour <= 24:
            raise ValueError
    except (ValueError, OverflowError):
        shown = ",".join(row[:4])[:60]
        raise SlitError(f"{where}: {shown!r}, expected {EXPECTED}") from None
    return year, month, day, hour - 1


def _begin(year: int, month: int, day: int, hour: int) -> str:
    return f"{date(year, month, day)}T{hour:02}:00:00"


def _numbers(rows: list[tuple[int, list[str]]], name: str, path: Path) -> Floats:
    position, _, gap = FIELDS[name]
    values = np.full(len(rows), np.nan)
    for at, (line, row) in enumerate(rows):
        try:
            value = float(row[position])
        except (IndexError, ValueError):
            raise SlitError(f"{path}:{line}: no {name}, expected {EXPECTED}") from None
        values[at] = np.nan if value >= gap or not np.isfinite(value) else value
    return values


def _typical(when: Longs, found: dict[str, Floats]) -> dict[str, Floats]:
    """Means of every month and hour that occur; gaps do not count."""
    keys, index = np.unique(when[:, 1] * 24 + when[:, 3], return_inverse=True)
    columns = {"month": (keys // 24).astype(float), "hour": (keys % 24).astype(float)}
    for name, values in found.items():
        there = ~np.isnan(values)
        sums = np.bincount(index, weights=np.where(there, values, 0.0), minlength=len(keys))
        counts = np.bincount(index, weights=there, minlength=len(keys))
        columns[name] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return columns


FORMAT = Format(
    "epw",
    'EnergyPlus weather, EPW (column = wet_bulb; kind = "typical" for a typical year)',
    read_epw,
    lambda head: head.startswith(b"LOCATION,"),
)
