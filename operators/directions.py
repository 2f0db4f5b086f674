"""Reference directions and weight vectors, spread over the simplex."""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from operators.arrays import check_positive, read_floats
from operators.types import Floats, Ints


def das_dennis(objectives: int, partitions: int) -> Floats:
    """All vectors (K, M) of M multiples of 1/partitions >= 0 that sum to 1, in rising order.

    K = binomial(partitions + M - 1, partitions). (Das & Dennis 1998, section 4.)
    """
    check_positive(objectives, name="objectives")
    check_positive(partitions, name="partitions")
    slots = partitions + objectives - 1
    bars = list(combinations(range(slots), objectives - 1))
    edges = np.full((len(bars), objectives + 1), -1)
    edges[:, 1:-1] = bars
    edges[:, -1] = slots
    return (np.diff(edges, axis=1) - 1) / partitions


def weight_neighbors(weights: ArrayLike, *, count: int) -> Ints:
    """The `count` nearest weight vectors of each of (K, M), itself first: (K, count).

    By Euclidean distance, equal distances by index (the neighborhoods of MOEA/D, Zhang & Li 2007).
    ValueError if `count` is not in 1 .. K.
    """
    vectors = read_floats(weights, name="weights")
    if not 1 <= count <= len(vectors):
        raise ValueError(f"count: {count}, expected 1 to {len(vectors)} (weight vectors)")
    neighbors = np.empty((len(vectors), count), np.int32)
    for k, vector in enumerate(vectors):
        distance = np.round(np.square(vectors - vector).sum(axis=1), 12)
        distance[k] = -1.0
        neighbors[k] = np.argsort(distance, kind="stable")[:count]
    return neighbors
