"""Tables of any format: columns by name, as text or numbers, errors with file and line."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operators.types import Bools, Floats, Longs, Positions
from slit.data.cells import FLAGS, number, plain_numbers
from slit.data.file_table import FileTable
from slit.errors import SlitError, did_you_mean

Texts = NDArray[np.object_]

GAPS = frozenset(("", "nan", "NaN", "NA", "N/A", "n/a", "null", "-"))
"""Cells that hold no number."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadFile:
    """One file as it was read; what is converted is kept."""

    path: Path
    file: FileTable
    columns: Mapping[str, Any]  # name -> pyarrow array
    decimal: str = "."
    texts: dict[str, Texts] = field(default_factory=dict)
    numbers: dict[str, Floats] = field(default_factory=dict)
    stamps: dict[Hashable, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One file, or some of its rows."""

    source: ReadFile
    rows: Longs  # of the file, counted from 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.source.columns)

    def place(self, row: int) -> str:
        """File and line of the row."""
        return f"{self.path}:{self.source.file.place(int(self.rows[row]))}"

    def column(self, name: str) -> Any:
        """The whole pyarrow array of a column."""
        if name not in self.source.columns:
            raise SlitError(
                f"{self.path}: no column {name!r}, expected one of {', '.join(self.columns)}"
                f"{did_you_mean(name, self.columns)}{self.source.file.hint}"
            )
        return self.source.columns[name]

    def texts(self, name: str) -> Texts:
        """A column as stripped text, gaps as ''; an array of str."""
        known = self.source.texts
        if name not in known:
            import pyarrow as pa

            try:
                values = self.column(name).cast(pa.string()).to_pylist()
            except pa.ArrowException:
                kind = self.column(name).type
                raise SlitError(
                    f"{self.path}: column {name} of {kind}, expected text or numbers"
                ) from None
            stripped = [value.strip() if value else "" for value in values]
            known[name] = np.array(stripped, dtype=object)
        return known[name][self.rows]

    def numbers(self, name: str) -> Floats:
        """A column as numbers, gaps as NaN."""
        known = self.source.numbers
        if name not in known:
            known[name] = self._numbers(name)
        return known[name][self.rows]

    def _numbers(self, name: str) -> Floats:
        import pyarrow as pa

        column = self.column(name)
        if not pa.types.is_string(column.type):
            try:
                values = column.cast(pa.float64()).to_pylist()
            except pa.ArrowException:
                raise SlitError(
                    f"{self.path}: column {name} of {column.type}, expected numbers"
                ) from None
            return np.array([np.nan if value is None else value for value in values])
        return self._parsed(name, {})

    def flags(self, name: str) -> Floats:
        """A column of yes and no, or of shares, as numbers; gaps as NaN."""
        import pyarrow as pa

        if pa.types.is_string(self.column(name).type):
            return self._parsed(name, FLAGS)[self.rows]
        return self.numbers(name)

    def _parsed(self, name: str, words: Mapping[str, float]) -> Floats:
        """Numbers, words and gaps of a whole column of text."""
        decimal, column = self.source.decimal, self.column(name)
        values, odd = plain_numbers(column, decimal)
        for row, cell in zip(odd, column.take(odd).to_pylist(), strict=True):
            text = cell.strip() if cell else ""
            if text in GAPS:
                continue
            found = number(text, decimal)
            if found is not None:
                values[row] = found
            elif text.lower() in words:
                values[row] = words[text.lower()]
            else:
                expected = "a number, or true, false, yes, no" if words else "a number"
                comma = decimal == "." and number(text, ",") is not None
                hint = ' (decimal = ",")' if comma else ""
                place = f"{self.path}:{self.source.file.place(int(row))}"
                raise SlitError(f"{place}: {name}: {text!r}, expected {expected}{hint}")
        return values

    def where(self, conditions: Mapping[str, object]) -> "Table":
        """The rows in which each named column has the given value; at least one."""
        keep = np.ones(len(self), dtype=np.bool_)
        for name, value in conditions.items():
            texts = self.texts(name)
            wanted = value if isinstance(value, list | tuple) else (value,)
            keep &= np.logical_or.reduce([_equal(texts, one) for one in wanted])
            if not keep.any():
                some = sorted(set(texts))
                listed = ", ".join(some[:12]) + (", ..." if len(some) > 12 else "")
                raise SlitError(
                    f"{self.path}: no row where {_shown(conditions)}, expected {name} in {listed}"
                )
        return self if keep.all() else self.take(np.flatnonzero(keep))

    def take(self, chosen: Positions) -> "Table":
        """Some rows."""
        return Table(self.source, self.rows[chosen])

    def records(self) -> Iterator[dict[str, str]]:
        """The rows as text by column, without gaps."""
        texts = {name: self.texts(name) for name in self.columns}
        for row in range(len(self)):
            yield {name: values[row] for name, values in texts.items() if values[row]}


def _equal(texts: Texts, value: object) -> Bools:
    if isinstance(value, bool):
        accepted = ("true", "1") if value else ("false", "0")
        return np.array([text.lower() in accepted for text in texts], dtype=np.bool_)
    if isinstance(value, int | float):
        return np.array([number(text) == value for text in texts], dtype=np.bool_)
    return np.asarray(texts == value, dtype=np.bool_)


def _shown(conditions: Mapping[str, object]) -> str:
    return " and ".join(f"{name} = {value}" for name, value in conditions.items())
