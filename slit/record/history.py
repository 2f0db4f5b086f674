"""history.csv of a run, read."""

from pathlib import Path

from slit.errors import SlitError
from slit.files import kind_of
from slit.record.tables import HISTORY, read_csv
from slit.run import HistoryEntry

FIRST = ("evaluations", "moves", "seconds", "plans")


def read_history(folder: Path, *, names: tuple[str, ...]) -> tuple[HistoryEntry, ...]:
    """How a search went on; `names` are its objectives. Empty if the run has none.

    Raises SlitError for a damaged file.
    """
    file = folder / HISTORY
    if kind_of(file) is None:
        return ()
    expected = [*FIRST, *names]
    rows, place = read_csv(file, expected, holding="the history of a search")
    return tuple(_entry(row, place(n), len(expected)) for n, row in enumerate(rows))


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
