"""Array types, and the checks that the public functions share.

Every check returns a C-contiguous read-only view of the type the kernels are compiled for (a copy
only where layout or type differ): kernels cannot write to their inputs and are compiled once.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.types import Floats, Genes, Integers, Ints, Longs

Scalar = TypeVar("Scalar", bound=np.generic)


def read_genes(values: ArrayLike, *, name: str = "population", dimensions: int = 2) -> Genes:
    """Chromosomes as int16. ValueError if not integers of 0 or more, or of other dimensions."""
    array = _integers(values, name=name, dimensions=dimensions, largest=np.iinfo(np.int16).max)
    return _reading(array.astype(np.int16, copy=False))


def read_padded(values: ArrayLike, *, name: str) -> Genes:
    """A table of values as int16, padded with -1. ValueError if not integers of -1 or more."""
    largest = np.iinfo(np.int16).max
    array = _integers(values, name=name, dimensions=2, smallest=-1, largest=largest)
    return _reading(array.astype(np.int16, copy=False))


def read_ints(values: ArrayLike, *, name: str, dimensions: int = 1, below: int = 2**31) -> Ints:
    """Indices as int32. ValueError if not integers in 0 .. below - 1."""
    array = _integers(values, name=name, dimensions=dimensions, largest=below - 1)
    return _reading(array.astype(np.int32, copy=False))


def read_longs(values: ArrayLike, *, name: str, dimensions: int = 1, smallest: int = 0) -> Longs:
    """Amounts as int64. ValueError if not integers of `smallest` or more."""
    array = _integers(
        values, name=name, dimensions=dimensions, smallest=smallest, largest=np.iinfo(np.int64).max
    )
    return _reading(array.astype(np.int64, copy=False))


def read_floats(values: ArrayLike, *, name: str = "objectives", dimensions: int = 2) -> Floats:
    """Numbers as float64. ValueError on NaN or other dimensions."""
    array = np.asarray(values, dtype=np.float64)
    _check_dimensions(array, name=name, dimensions=dimensions)
    if np.isnan(array).any():
        raise ValueError(f"{name}: NaN, expected numbers")
    return _reading(array)


def read_violation(values: ArrayLike | None, *, points: int) -> Floats:
    """Violation of each point, zeros for None. ValueError on another length, NaN or < 0."""
    if values is None:
        return _reading(np.zeros(points))
    array = read_floats(values, name="violation", dimensions=1)
    check_length(array, points, name="violation", meaning="one a point")
    if (array < 0).any():
        raise ValueError(f"violation: {array.min()}, expected >= 0 (0 = feasible)")
    return array


def read_first(values: ArrayLike, *, genes: int, name: str = "block_first") -> Ints:
    """Offsets (B + 1,) of contiguous runs that cover all genes. ValueError if they do not."""
    array = read_ints(values, name=name)
    if len(array) == 0 or array[0] != 0 or array[-1] != genes or (np.diff(array) < 0).any():
        raise ValueError(f"{name}: expected offsets that rise from 0 to {genes} (genes)")
    return array


def check_length(array: NDArray[np.generic], length: int, *, name: str, meaning: str) -> None:
    """ValueError if the first dimension has another length."""
    if len(array) != length:
        raise ValueError(f"{name}: {len(array)}, expected {length} ({meaning})")


def check_probability(value: float, *, name: str) -> None:
    """ValueError if not in [0, 1]."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: {value}, expected 0 to 1 (probability)")


def check_positive(value: int, *, name: str, smallest: int = 1) -> None:
    """ValueError if below the smallest allowed."""
    if value < smallest:
        raise ValueError(f"{name}: {value}, expected {smallest} or more")


def _integers(
    values: ArrayLike, *, name: str, dimensions: int, largest: int, smallest: int = 0
) -> Integers:
    array = np.asarray(values)
    _check_dimensions(array, name=name, dimensions=dimensions)
    if array.size == 0:
        return np.zeros(array.shape, np.int64)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name}: {array.dtype}, expected integers")
    low, high = int(array.min()), int(array.max())
    if low < smallest or high > largest:
        raise ValueError(f"{name}: {low} to {high}, expected {smallest} to {largest}")
    return array


def _check_dimensions(array: NDArray[np.generic], *, name: str, dimensions: int) -> None:
    if array.ndim != dimensions:
        raise ValueError(f"{name}: {array.ndim} dimensions, expected {dimensions}")


def _reading(array: NDArray[Scalar]) -> NDArray[Scalar]:
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view
