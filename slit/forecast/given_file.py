"""Forecasts from a file: CSV with the columns issued, time, signal, place, mean, and quantiles.

`issued` says when a forecast was made, `time` when the figure begins to hold: both with their
offset (2023-07-01T00:00Z). A figure holds until the next of the same series and issue, the last as
long as the one before it, an hour if it is alone. Quantiles are columns q05, q25, q50, q75, q95,
all of them or none.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from operators.types import Floats, Longs, Positions
from slit.data.delimited import Delimited, read_delimited
from slit.data.table import ReadFile, Table
from slit.data.text_files import read_content
from slit.data.timestamps import parse_stamps
from slit.errors import SlitError, did_you_mean
from slit.forecast.protocol import LEVELS
from slit.forecast.sources import STALE, Issued, Published

COLUMNS = ("issued", "time", "signal", "place", "mean")
QUANTILES = tuple(f"q{round(100 * level):02d}" for level in LEVELS)


def read_given(
    path: Path,
    series: Sequence[tuple[str, str]],
    *,
    stale: timedelta = STALE,
    whole: bool = True,
) -> Published:
    """The forecasts of a file, for series of a signal and a place each.

    stale: how old the newest forecast of a series may be. whole: whether it has to reach to the
    horizon, or what lies beyond is left to the method.

    Raises SlitError for a file that cannot be read, series that are none, figures that are none.
    """
    table = _table(path)
    missing = [name for name in COLUMNS if name not in table.columns]
    stated = [name for name in QUANTILES if name in table.columns]
    if missing or len(stated) not in (0, len(QUANTILES)):
        lacking = (missing or [name for name in QUANTILES if name not in stated])[0]
        raise SlitError(
            f"{path}: no column {lacking!r}, expected {', '.join(COLUMNS)}, and all or none of "
            f"{', '.join(QUANTILES)}"
        )
    signals, places = list(table.texts("signal")), list(table.texts("place"))
    rows = _rows_by_series(table, list(zip(signals, places, strict=True)), series)
    issued, begin = (_stamps(table, name) for name in ("issued", "time"))
    mean = table.numbers("mean")
    gaps = np.isnan(mean)
    if gaps.any():
        place = table.place(int(gaps.argmax()))
        raise SlitError(f"{place}: mean: no figure, expected one (a forecast)")
    quantiles = np.array([table.numbers(name) for name in stated])
    if not stated:
        quantiles = np.full((len(LEVELS), len(mean)), np.nan)
    return Published(
        tuple(
            _issued(" of ".join(name), chosen, issued, begin, mean, quantiles)
            if (chosen := rows.get(name)) is not None
            else None
            for name in series
        ),
        stale,
        whole,
    )


def _table(path: Path) -> Table:
    file = read_delimited(read_content(path), path, Delimited())
    count = len(next(iter(file.columns.values())))
    return Table(ReadFile(path, file, file.columns), np.arange(count))


def _rows_by_series(
    table: Table, named: Sequence[tuple[str, str]], series: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Positions]:
    rows: dict[tuple[str, str], list[int]] = {}
    known = set(series)
    for row, name in enumerate(named):
        if name not in known:
            signal, place = name
            wrong, words, right = (
                ("place", place, [p for s, p in series if s == signal])
                if any(s == signal for s, _ in series)
                else ("signal", signal, list(dict.fromkeys(s for s, _ in series)))
            )
            raise SlitError(
                f"{table.place(row)}: {wrong} {words!r}, expected one of the scenario: "
                f"{', '.join(right)}{did_you_mean(words, right)}"
            )
        rows.setdefault(name, []).append(row)
    return {name: np.array(chosen) for name, chosen in rows.items()}


def _stamps(table: Table, name: str) -> Longs:
    def place(row: int | None) -> str:
        return f"{table.place(0 if row is None else row)}: {name}"

    return parse_stamps(table.texts(name).tolist(), zone=None, place=place)


def _issued(
    name: str,
    rows: Positions,
    issued: Longs,
    begin: Longs,
    mean: Floats,
    quantiles: Floats,
) -> Issued:
    rows = rows[np.lexsort((begin[rows], issued[rows]))]
    made, begins = issued[rows], begin[rows]
    ends = np.empty_like(begins)
    for first in np.flatnonzero(np.diff(made, prepend=made[0] - 1)):
        last = int(np.searchsorted(made, made[first], side="right"))
        steps = np.diff(begins[first:last])
        if (steps == 0).any():
            raise SlitError(
                f"given forecast of {name}: a time twice in one issue, expected it once"
            )
        hour = timedelta(hours=1) // timedelta(microseconds=1)
        ends[first:last] = begins[first:last] + np.append(steps, steps[-1] if len(steps) else hour)
    return Issued(name, made, begins, ends, mean[rows], quantiles[:, rows])
