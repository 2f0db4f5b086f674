"""Small helpers on numpy arrays."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def frozen(values: object, dtype: DTypeLike) -> NDArray[Any]:
    """A read-only C-order copy of `values`."""
    array = np.array(values, dtype=dtype, order="C", copy=True)
    array.setflags(write=False)
    return array
