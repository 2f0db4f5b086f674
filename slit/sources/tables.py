"""Small tables whole: columns checked, every mistake with its line and column."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from operators.types import Floats
from slit.errors import SlitError
from slit.sources.files import BEYOND, csv_rows, read_header, require_columns

GAPS = frozenset(("", "nan", "NaN", "NA", "null"))


@dataclass(frozen=True, slots=True)
class Column:
    """A column to read: name in the file, meaning and unit, what is allowed.

    `gaps`: an empty cell (or NaN, NA, null) becomes NaN; otherwise it is refused.
    """

    name: str
    meaning: str
    low: float = -np.inf
    high: float = np.inf
    gaps: bool = False
    text: bool = False

    @property
    def expected(self) -> str:
        """What a cell must be, for messages."""
        if self.text:
            return f"text ({self.meaning})"
        limits = ""
        if np.isfinite(self.low) and np.isfinite(self.high):
            limits = f" in {self.low:g} .. {self.high:g}"
        elif np.isfinite(self.low):
            limits = f" >= {self.low:g}"
        return f"a number{limits} ({self.meaning})"


@dataclass(frozen=True, slots=True, eq=False)
class SmallTable:
    """Cells of the wanted columns as text, and the line each row stands on."""

    path: Path
    lines: list[int]
    cells: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: Sequence[int]) -> "SmallTable":
        """These rows only."""
        cells = {name: [column[row] for row in rows] for name, column in self.cells.items()}
        return SmallTable(self.path, [self.lines[row] for row in rows], cells)

    def error(self, row: int, column: str, expected: str) -> SlitError:
        """The error of one cell: file:line: column: found, expected."""
        found = self.cells[column][row] or "empty"
        return SlitError(f"{self.path}:{self.lines[row]}: {column}: {found}, expected {expected}")

    def texts(self, column: Column) -> list[str]:
        """Text of a column.

        Raises:
            SlitError: an empty cell where gaps are not allowed.
        """
        values = self.cells[column.name]
        if not column.gaps and "" in values:
            raise self.error(values.index(""), column.name, column.expected)
        return values

    def labels(self, column: Column) -> "pd.Series[str]":
        """Text of a column as a pandas Series of strings."""
        return pd.Series(self.texts(column), dtype="str")

    def numbers(self, column: Column) -> Floats:
        """Numbers of a column, NaN in allowed gaps, (rows,).

        Raises:
            SlitError: no number, NaN or infinite, beyond the limits, or empty without leave.
        """
        texts = self.cells[column.name]
        empty = np.array([text in GAPS for text in texts], dtype=np.bool_)
        values = pd.to_numeric(pd.Series(texts, dtype=object).mask(empty, "0"), errors="coerce")
        array = values.to_numpy(dtype=np.float64, copy=True)
        wrong = ~(np.abs(array) < BEYOND) | (array < column.low) | (array > column.high)
        wrong = np.where(empty, not column.gaps, wrong)
        if wrong.any():
            raise self.error(int(np.flatnonzero(wrong)[0]), column.name, column.expected)
        array[empty] = np.nan
        return array

    def stamps(self, column: Column, *, zone: str = "UTC") -> pd.DatetimeIndex:
        """UTC stamps of an hourly series: strictly rising; naive ones are in `zone`.

        Raises:
            SlitError: no time stamp, not later than the one before (unsorted or twice), or a
                local time that does not exist or occurs twice.
        """
        texts = self.texts(column)
        parsed = pd.to_datetime(
            pd.Series(texts, dtype=object), utc=zone == "UTC", errors="coerce", format="ISO8601"
        )
        if parsed.isna().any():
            row = int(np.flatnonzero(parsed.isna().to_numpy())[0])
            raise self.error(row, column.name, f"an ISO 8601 time stamp ({column.meaning})")
        index = pd.DatetimeIndex(parsed)
        if index.tz is None:
            try:
                index = index.tz_localize(zone).tz_convert("UTC")
            except ValueError as error:
                raise SlitError(
                    f"{self.path}: {column.name}: {error}, expected stamps that occur once ({zone})"
                ) from None
        late = np.flatnonzero(np.diff(index.asi8) <= 0)
        if len(late):
            row = int(late[0]) + 1
            twice = index[row] == index[row - 1]
            expected = f"a later stamp than {texts[row - 1]} on the line before"
            raise self.error(row, column.name, expected + (" (twice)" if twice else " (unsorted)"))
        return index


def read_small_table(
    path: Path, columns: Sequence[Column], *, short_rows: bool = False
) -> SmallTable:
    """Read the wanted columns of a CSV file (also .csv.gz); blank lines are left out.

    Args:
        path: the file.
        columns: the columns wanted; the others are not looked at.
        short_rows: take rows that end early as rows with empty last cells.

    Raises:
        SlitError: no file, not UTF-8, a missing column, a row of another length, no row at all.
    """
    header = read_header(path)
    require_columns(path, header, [column.name for column in columns])
    places = {column.name: header.index(column.name) for column in columns}
    lines: list[int] = []
    cells: dict[str, list[str]] = {name: [] for name in places}
    for line, row in csv_rows(path):
        short = len(header) - len(row)
        if short < 0 or (short and not short_rows):
            raise SlitError(f"{path}:{line}: {len(row)} columns, expected {len(header)}")
        lines.append(line)
        for name, place in places.items():
            cells[name].append(row[place].strip() if place < len(row) else "")
    if not lines:
        raise SlitError(f"{path}: no rows, expected at least one below the header")
    return SmallTable(path, lines, cells)
