"""The files of a run that hold figures: front.csv, plans.npz, history.csv."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from operators.types import Bools, Genes
from slit.errors import SlitError
from slit.files import read_arrays, read_file, write_arrays, write_file
from slit.front import Front
from slit.run import HistoryEntry

FRONT, PLANS, HISTORY = "front.csv", "plans.npz", "history.csv"
FIRST, LAST = ("plan", "method"), ("violation", "on_front")


def write_front(front: Front, folder: Path) -> None:
    """front.csv: one line a plan. Numbers are written so that reading gives the same bits."""
    rows = [
        [
            int(front.plans[n]),
            front.methods[n],
            *(repr(float(value)) for value in front.F[n]),
            repr(float(front.G[n])),
            int(front.on_front[n]),
        ]
        for n in range(len(front))
    ]
    write_csv(folder / FRONT, [*FIRST, *front.names, *LAST], rows)


def write_plans(X: Genes, folder: Path) -> None:
    """plans.npz: `X` (N, G), rows in the order of front.csv."""
    write_arrays(folder / PLANS, {"X": X})


def write_history(entries: Sequence[HistoryEntry], names: Sequence[str], folder: Path) -> None:
    """history.csv: how far the search had come, with the best value of each objective so far."""
    rows = [
        [e.evaluations, e.moves, repr(e.seconds), e.plans, *(repr(value) for value in e.best)]
        for e in entries
    ]
    write_csv(folder / HISTORY, ["evaluations", "moves", "seconds", "plans", *names], rows)


def read_front(
    folder: Path,
    *,
    names: tuple[str, ...],
    units: tuple[str, ...],
    titles: tuple[str, ...] = (),
) -> tuple[Front, Bools]:
    """The front of a run folder, and `on_front` (N,) as the file says it.

    Raises SlitError for missing or damaged files.
    """
    plans = read_plans(folder)
    file = folder / FRONT
    expected = [*FIRST, *names, *LAST]
    rows, place = read_csv(file, expected, holding="a table of plans")
    if len(rows) != len(plans):
        raise SlitError(f"{file}: {len(rows)} plans, expected {len(plans)} (rows of {PLANS})")
    numbers = np.zeros((len(rows), len(expected) - 1))
    for n, row in enumerate(rows):
        numbers[n] = _numbers(row[:1] + row[2:], len(expected) - 1, place(n))
    front = Front(
        X=plans,
        F=numbers[:, 1:-2],
        G=numbers[:, -2],
        names=names,
        units=units,
        methods=tuple(row[1] for row in rows),
        plans=numbers[:, 0].astype(np.int64),
        titles=titles,
    )
    return front, numbers[:, -1] == 1


def read_plans(folder: Path, *, name: str = PLANS) -> Genes:
    """X (N, G) of plans.npz; SlitError for a damaged or foreign file, pickles included."""
    file = folder / name
    plans = read_arrays(file, holding="an archive of plans").get("X", np.empty(0))
    if plans.ndim != 2 or not np.issubdtype(plans.dtype, np.integer):
        raise SlitError(f"{file}: X {plans.dtype} {plans.shape}, expected integers (N, G)")
    low, high = np.iinfo(np.int16).min, np.iinfo(np.int16).max
    if plans.size and (plans.min() < low or plans.max() > high):
        raise SlitError(f"{file}: X up to {plans.max()}, expected placement indices (int16)")
    return np.asarray(plans, dtype=np.int16)


def write_csv(file: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A CSV file in UTF-8 with a header."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_file(file, stream.getvalue().encode())


def read_csv(
    file: Path, columns: Sequence[str], *, holding: str
) -> tuple[list[list[str]], Callable[[int], str]]:
    """The rows below a header of just these columns, and where a row stands; SlitError if the file
    is another."""
    try:
        content = read_file(file, holding=holding)
        lines = list(csv.reader(io.StringIO(content.decode("utf-8")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SlitError(f"{file}: {error}, expected {holding} (CSV, UTF-8)") from error
    if not lines:
        raise SlitError(f"{file}: empty, expected {holding}")
    if lines[0] != list(columns):
        raise SlitError(f"{file}:1: columns {','.join(lines[0])}, expected {','.join(columns)}")
    return lines[1:], lambda row: f"{file}:{row + 2}"


def _numbers(cells: Sequence[str], count: int, where: str) -> list[float]:
    if len(cells) != count:
        raise SlitError(f"{where}: {len(cells) + 1} columns, expected {count + 1}")
    numbers = []
    for cell in cells:
        try:
            numbers.append(float(cell))
        except ValueError as error:
            raise SlitError(f"{where}: {cell!r}, expected a number") from error
    if not np.isfinite(numbers).all():
        raise SlitError(f"{where}: not finite, expected numbers")
    return numbers
