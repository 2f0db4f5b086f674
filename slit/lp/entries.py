"""Rows of a linear program, collected entry by entry from arrays."""

import numpy as np
from scipy import sparse

from operators.types import Floats, Integers


class EntryRows:
    """Collects blocks of rows as (row, column, value) arrays; entries of row -1 are dropped."""

    def __init__(self) -> None:
        self._entries: list[tuple[Integers, Integers, Floats]] = []
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []
        self._count = 0

    def add(self, *blocks: tuple[Integers, Integers, Floats], lower: Floats, upper: Floats) -> None:
        """Add as many rows as there are bounds; the entries count rows from the first of these."""
        for row, column, value in blocks:
            kept = row >= 0
            self._entries.append((row[kept] + self._count, column[kept], value[kept]))
        self._lower.append(lower)
        self._upper.append(upper)
        self._count += len(lower)

    def assembled(self, columns: int) -> tuple[sparse.csc_array[np.float64], Floats, Floats]:
        """The matrix (rows, columns) and the bounds of the rows; equal positions are summed."""
        row, column, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        matrix = sparse.csc_array((value, (row, column)), shape=(self._count, columns))
        return matrix, np.concatenate(self._lower), np.concatenate(self._upper)
