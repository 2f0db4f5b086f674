"""Rows of a linear program, collected from arrays without loops over entries."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from operators.types import Floats, Integers


class Rows:
    """Collects blocks of rows, entry by entry or as dense blocks, in the order they are added."""

    def __init__(self) -> None:
        self._entries: list[tuple[Integers, Integers, Floats]] = []
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []
        self._count = 0

    def add(
        self, *blocks: tuple[Integers, Integers, Floats], lower: Floats, upper: Floats
    ) -> slice:
        """Add as many rows as there are bounds.

        Args:
            blocks: (row, column, value) arrays of entries; rows count from the first of these,
                entries of row -1 are dropped.
            lower, upper: (rows,) bounds.

        Returns:
            The positions of the rows.
        """
        for row, column, value in blocks:
            kept = row >= 0
            self._entries.append((row[kept] + self._count, column[kept], value[kept]))
        self._lower.append(lower)
        self._upper.append(upper)
        first, self._count = self._count, self._count + len(lower)
        return slice(first, self._count)

    def add_dense(
        self,
        indices: Integers,
        values: ArrayLike,
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
    ) -> slice:
        """Add rows `lower <= sum of values * x[indices] <= upper`.

        Args:
            indices: (..., n) columns: all axes but the last number the rows, the last one the
                entries of a row.
            values: broadcasts to `indices`.
            lower, upper: broadcast to its shape without the last axis.

        Returns:
            The positions of the rows.
        """
        shape = indices.shape[:-1]
        count = int(np.prod(shape, dtype=np.int64))
        value = np.broadcast_to(np.asarray(values, np.float64), indices.shape)
        low = np.broadcast_to(np.asarray(lower, np.float64), shape)
        high = np.broadcast_to(np.asarray(upper, np.float64), shape)
        row = np.repeat(np.arange(count), indices.shape[-1])
        entries = row, indices.ravel(), value.ravel()
        return self.add(entries, lower=low.ravel(), upper=high.ravel())

    def assembled(self, columns: int) -> tuple[sparse.csc_array[np.float64], Floats, Floats]:
        """The matrix (rows, columns) and the bounds of the rows; equal positions are summed."""
        row, column, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        matrix = sparse.csc_array((value, (row, column)), shape=(self._count, columns))
        return matrix, np.concatenate(self._lower), np.concatenate(self._upper)
