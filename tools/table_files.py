"""Where the data lies, how figures are rounded, how a table is written."""

import csv
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TABLES = REPOSITORY / "slit" / "scenario" / "tables"

REGIONS = (
    "US-CAL-CISO", "US-TEX-ERCO", "US-MIDA-PJM", "US-NY-NYIS", "CA-ON", "BR-SP", "CL-SIC", "DE-LU",
    "GB", "ZA", "IN-WE", "SG", "JP-TK", "KR", "AU-NSW", "AU-VIC",
)  # fmt: skip
YEAR = 2023


def shared_data() -> Path:
    """Folder of the reference data: SLIT_SHARED_DATA, else ../shared/data beside the checkout."""
    folder = Path(os.environ.get("SLIT_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "grid_hourly").is_dir():
        raise SystemExit(f"{folder}: no folder grid_hourly, expected the reference data")
    return folder


def rounded(value: object, digits: int = 4) -> object:
    """The value with so many significant digits; text, integers and gaps (NaN -> "") pass."""
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return ""
    if value == 0:
        return 0
    shown = float(f"{value:.{digits}g}")
    return int(shown) if shown.is_integer() and abs(shown) < 1e15 else shown


def write_table(
    path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, digits: int = 4
) -> int:
    """Write one CSV table in a fixed order of columns; returns the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            if set(row) != set(columns):
                raise ValueError(f"{path.name}: {sorted(set(row) ^ set(columns))} not matched")
            writer.writerow([rounded(row[column], digits) for column in columns])
            count += 1
    return count
