"""Names of array types, once for everything."""

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Genes = NDArray[np.int16]
"""Placements: of a chromosome (G,), or of a population (N, G)."""
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Positions = NDArray[np.intp]
"""Indices, as numpy gives them."""
Integers = NDArray[np.integer]
"""Whole numbers of any width, as callers pass them."""
