"""Which weighted sum to minimize next: the one that may tell most of what a front can reach.

Points that are known lie above the edge of what can be reached, half-spaces that hold everything
below it. Sandwich methods minimize where the two are farthest apart (Solanki, Appino and Cohon
1993; Rennen, van Dam and den Hertog 2011); here that is counted on evenly spread points.
"""

import numpy as np

from operators.directions import das_dennis
from operators.sobol import sobol
from operators.types import Floats
from slit.arrays import product

ALIKE = 0.02
"""Weight vectors nearer than this (L1) are not worth two searches."""
AT_ONCE = 32
"""Half-spaces that are held against all points left: the first ones leave few."""
PARTS = 64
"""Of the points, taken in turn: the heights of all over all candidates take much memory, and
threads of BLAS that cost more than they save."""


def lattice(objectives: int, most: int) -> Floats:
    """The finest Das-Dennis lattice of at most `most` vectors (at least the unit vectors)."""
    partitions = 1
    while len(das_dennis(objectives, partitions + 1)) <= most:
        partitions += 1
    return das_dennis(objectives, partitions)


def points_within(normals: Floats, offsets: Floats, *, edge: float, power: int) -> Floats:
    """Evenly spread points (n, M) of the box [0, edge]^M with normals (K, M) @ point >= offsets
    (K,), n <= 2**power; always the same."""
    points = edge * sobol(normals.shape[1], power)
    for first in range(0, len(normals), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        points = points[(product(points, normals[part].T) >= offsets[part]).all(axis=1)]
    return points


def loosest(candidates: Floats, reached: Floats, points: Floats, *, count: int) -> Floats:
    """At most `count` of the candidates (C, M), those that may cut the most off `points` (n, M).

    The minimum for a candidate lies between the least of it over the points, which satisfy all
    half-spaces known, and `reached` (C,), the best of what is known for it.
    """
    below = np.concatenate(
        [product(part, candidates.T) < reached for part in np.array_split(points, PARTS)]
    )
    chosen: list[Floats] = []
    while len(chosen) < count and len(points):
        gain = below.sum(axis=0)
        best = int(np.argmax(gain))
        if gain[best] == 0:
            break
        chosen.append(candidates[best])
        height = product(points, candidates[best])
        left = height >= 0.5 * (height.min() + reached[best])
        points, below = points[left], below[left]
        below[:, np.abs(candidates - candidates[best]).sum(axis=1) <= ALIKE] = False
    return np.array(chosen).reshape(-1, candidates.shape[1])


def unlike(candidates: Floats, known: Floats) -> Floats:
    """The candidates (C, M) that are not like any of the weight vectors known (K, M)."""
    distance = np.abs(candidates[:, None, :] - known[None, :, :]).sum(axis=2)
    return np.asarray(candidates[distance.min(axis=1) > ALIKE])
