"""Rows of a linear program, assembled from dense blocks of entries without loops over entries."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from operators.types import Floats, Integers, Ints


@dataclass(slots=True)
class RowBlocks:
    """Collects rows block by block; each block is one array of column indices and one of values."""

    columns: int
    _indices: list[Ints] = field(default_factory=list)
    _values: list[Floats] = field(default_factory=list)
    _entries: list[Ints] = field(default_factory=list)
    _lower: list[Floats] = field(default_factory=list)
    _upper: list[Floats] = field(default_factory=list)
    _rows: int = 0

    def add(
        self,
        indices: Integers,
        values: ArrayLike,
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
    ) -> slice:
        """Add rows `lower <= sum of values * x[indices] <= upper`; returns their positions.

        `indices` is (..., n): all axes but the last number the rows, the last one the entries of a
        row, each column at most once. `values` broadcasts to it, `lower` and `upper` broadcast to
        the shape without the last axis.
        """
        shape = indices.shape[:-1]
        rows = int(np.prod(shape, dtype=np.int64))
        self._indices.append(np.ascontiguousarray(indices, dtype=np.int32).reshape(-1))
        block = np.broadcast_to(np.asarray(values, dtype=np.float64), indices.shape)
        self._values.append(block.reshape(-1))
        self._entries.append(np.full(rows, indices.shape[-1], dtype=np.int32))
        self._lower.append(np.broadcast_to(np.asarray(lower, np.float64), shape).reshape(-1))
        self._upper.append(np.broadcast_to(np.asarray(upper, np.float64), shape).reshape(-1))
        first, self._rows = self._rows, self._rows + rows
        return slice(first, self._rows)

    def matrix(self) -> sparse.csr_array[np.float64]:
        """The coefficients: a sparse array (rows, columns)."""
        start = np.zeros(self._rows + 1, dtype=np.int32)
        if self._entries:
            np.cumsum(np.concatenate(self._entries), out=start[1:])
        values = np.concatenate(self._values) if self._values else np.empty(0)
        indices = np.concatenate(self._indices) if self._indices else np.empty(0, dtype=np.int32)
        return sparse.csr_array((values, indices, start), shape=(self._rows, self.columns))

    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper bounds of all rows, each (rows,)."""
        if not self._lower:
            return np.empty(0), np.empty(0)
        return np.concatenate(self._lower), np.concatenate(self._upper)
