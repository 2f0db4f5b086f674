"""Small helpers on numpy arrays."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from operators.types import Floats


def product(left: NDArray[Any], right: NDArray[Any]) -> Floats:
    """left (..., K) @ right (K, ...), its terms added in their order.

    `@` leaves the order to the BLAS of the machine, which changes the last bits with the processor
    and with them which of two plans wins. K is small in a search: its objectives.
    """
    total = np.zeros(left.shape[:-1] + right.shape[1:])
    for k in range(len(right)):
        total += np.multiply.outer(left[..., k], right[k])
    return total


def frozen(values: object, dtype: DTypeLike) -> NDArray[Any]:
    """A read-only C-order copy of `values`."""
    array = np.array(values, dtype=dtype, order="C", copy=True)
    array.setflags(write=False)
    return array
