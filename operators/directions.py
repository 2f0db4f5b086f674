"""Reference directions and weight vectors, spread over the simplex."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from operators.arrays import check_length, check_positive, read_floats
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


def layered_directions(
    objectives: int, partitions: Sequence[int], *, scales: Sequence[float]
) -> Floats:
    """Das-Dennis layers (K, M), each shrunk towards the center by its scale (1 = not at all).

    Inner layers give points inside the simplex where a single fine layer would be too many (Deb &
    Jain 2014, section IV.B). Repeated vectors are left out. ValueError if the numbers of layers
    and scales differ or a scale is not in 0 to 1.
    """
    if len(partitions) != len(scales):
        raise ValueError(f"scales: {len(scales)}, expected {len(partitions)} (one a layer)")
    if not all(0.0 <= scale <= 1.0 for scale in scales):
        raise ValueError(f"scales: {list(scales)}, expected 0 to 1")
    layers = [
        scale * das_dennis(objectives, count) + (1.0 - scale) / objectives
        for count, scale in zip(partitions, scales, strict=True)
    ]
    stacked = np.concatenate(layers) if layers else np.zeros((0, objectives))
    first = np.sort(np.unique(np.round(stacked, 12), axis=0, return_index=True)[1])
    return stacked[first]


def boundary_intersection(payoff: ArrayLike, directions: ArrayLike) -> tuple[Floats, Floats]:
    """Normal boundary intersection (Das & Dennis 1998): starting points and search direction.

    `payoff` (M, M) holds in row i the objectives of the point that is best in objective i. Returns
    the points (K, M) of the hull of these rows that the K directions (each summing to 1) name, and
    the quasi-normal (M,) of unit length that points from it towards better values.
    ValueError if the shapes do not fit or the rows are all equal.
    """
    corners = read_floats(payoff, name="payoff")
    shares = read_floats(directions, name="directions")
    count = corners.shape[1]
    check_length(corners, count, name="payoff", meaning="one row an objective")
    if shares.shape[1] != count:
        raise ValueError(f"directions: {shares.shape[1]} columns, expected {count} (objectives)")
    depth = corners - corners.diagonal()
    normal = -depth.sum(axis=0)
    # Sums of numpy, not of BLAS, whose order of terms depends on the processor.
    length = float(np.sqrt(np.square(normal).sum()))
    if length == 0.0:
        raise ValueError("payoff: equal rows, expected objectives that conflict")
    return (shares[:, :, None] * corners).sum(axis=1), normal / length


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
