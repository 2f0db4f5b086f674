"""history.csv of a run, read."""

import csv
import io
from pathlib import Path

from slit.errors import SlitError
from slit.files import kind_of, read_file
from slit.record.tables import HISTORY
from slit.run import HistoryEntry

FIRST = ("evaluations", "moves", "seconds", "plans")


def read_history(folder: Path, *, names: tuple[str, ...]) -> tuple[HistoryEntry, ...]:
    """How a search went on; `names` are its objectives. Empty if the run has none.

    Raises SlitError for a damaged file.
    """
    file = folder / HISTORY
    if kind_of(file) is None:
        return ()
    try:
        content = read_file(file, holding="the history of a search")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SlitError(f"{file}: {error}, expected the history of a search (CSV)") from error
    expected = [*FIRST, *names]
    if not rows or rows[0] != expected:
        heading = ",".join(rows[0]) if rows else "empty"
        raise SlitError(f"{file}:1: {heading}, expected columns {','.join(expected)}")
    return tuple(_entry(row, f"{file}:{n}", len(expected)) for n, row in enumerate(rows[1:], 2))


def _entry(row: list[str], where: str, columns: int) -> HistoryEntry:
    if len(row) != columns:
        raise SlitError(f"{where}: {len(row)} columns, expected {columns}")
    try:
        return HistoryEntry(
            evaluations=int(row[0]),
            moves=int(row[1]),
            seconds=float(row[2]),
            plans=int(row[3]),
            best=tuple(float(cell) for cell in row[4:]),
        )
    except ValueError as error:
        raise SlitError(f"{where}: {error}, expected numbers") from error
