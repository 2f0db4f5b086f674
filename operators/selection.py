"""Who mates, who survives, and which point of a front to name."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.arrays import check_length, check_positive, read_floats, read_longs, read_violation
from operators.nsga2_survival import choose_survivors
from operators.nsga2_variation import tournament
from operators.types import Floats, Longs


class Survivors(NamedTuple):
    """K of N points, in ascending order of their indices."""

    indices: Longs  # (K,)
    rank: Longs  # (K,) front, 0 = best; N for a repeated point where points have to be distinct
    crowding: Floats  # (K,) crowding distance within the front of all N


def binary_tournament(rank: ArrayLike, crowding: ArrayLike, *, count: int, rng: Generator) -> Longs:
    """Indices (count,) of the winners: lower rank, then larger crowding, then the first drawn.

    Candidates come from random permutations of all points, without replacement.
    """
    fronts = read_longs(rank, name="rank")
    distances = read_floats(crowding, name="crowding", dimensions=1)
    check_length(distances, len(fronts), name="crowding", meaning="one a point")
    check_positive(len(fronts), name="rank (points)")
    check_positive(count, name="count", smallest=0)
    return tournament(fronts, distances, count, rng)


def nsga2_survivors(
    objectives: ArrayLike,
    *,
    size: int,
    violation: ArrayLike | None = None,
    distinct: bool = False,
) -> Survivors:
    """The `size` points that NSGA-II keeps of (N, M): by front, within the last by crowding.

    With `distinct`, repeats of a point are taken only when nothing else is left. ValueError if
    there are fewer points than `size`, on NaN or on a violation < 0.
    """
    values = read_floats(objectives)
    if not 0 <= size <= len(values):
        raise ValueError(f"size: {size}, expected 0 to {len(values)} (points)")
    excess = read_violation(violation, points=len(values))
    chosen, rank, crowding = choose_survivors(values, excess, size, distinct)
    return Survivors(chosen, rank[chosen], crowding[chosen])


def knee_point(
    objectives: ArrayLike, *, ideal: ArrayLike | None = None, nadir: ArrayLike | None = None
) -> int:
    """Index of the point farthest below the plane through the corners of the front (Das 1999).

    Objectives are scaled to 0 at `ideal` and 1 at `nadir` (the smallest and largest values where
    not given); the plane holds the points whose scaled values sum to 1, so the knee is the point
    with the smallest sum. Objectives whose range is 0 count nothing; the first of equals wins.
    ValueError if there is no point, or on NaN.
    """
    values = read_floats(objectives)
    check_positive(len(values), name="objectives (points)")
    low = values.min(axis=0) if ideal is None else read_floats(ideal, name="ideal", dimensions=1)
    high = values.max(axis=0) if nadir is None else read_floats(nadir, name="nadir", dimensions=1)
    check_length(low, values.shape[1], name="ideal", meaning="one an objective")
    check_length(high, values.shape[1], name="nadir", meaning="one an objective")
    spread = high > low
    scaled = (values[:, spread] - low[spread]) / (high[spread] - low[spread])
    return int(np.argmin(scaled.sum(axis=1)))
