"""Volume of a box cut by half-spaces: what no front can dominate more of.

Points z (M,) in [0, edge]^M with normals (K, M) @ z >= offsets (K,), all normals >= 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.spatial import ConvexHull, HalfspaceIntersection, QhullError

from operators.types import Floats
from slit.arrays import product

EXACT_UP_TO = 5
"""Objectives up to which the volume is computed exactly; beyond, it is sampled."""
RELATIVE_ERROR = 1e-9
"""Of the exact volume: rounding in Qhull, with room to spare."""
CONFIDENCE = 0.999
REPLICATES = 32
POWER = 13
"""Points are as many as two to this power."""


@dataclass(frozen=True, slots=True)
class ComputedVolume:
    """A volume, and what it may be short of: value + error is an upper bound.

    For a sampled one with a confidence of 99.9 %.
    """

    value: float
    error: float
    exact: bool


def cut_volume(normals: Floats, offsets: Floats, *, edge: float, rng: Generator) -> ComputedVolume:
    """Volume of the cut box: exact up to 5 dimensions, else by randomized quasi-Monte Carlo.

    The box must reach beyond every half-space: normals @ (edge, ..., edge) > offsets. `rng` is used
    only where the volume is sampled.
    """
    dimensions = normals.shape[1]
    if dimensions == 1:
        least = float(np.max(offsets / normals[:, 0], initial=0.0))
        return ComputedVolume(edge - max(least, 0.0), RELATIVE_ERROR * edge, exact=True)
    if dimensions <= EXACT_UP_TO:
        try:
            volume = float(ConvexHull(_corners(normals, offsets, edge=edge)).volume)
            return ComputedVolume(volume, RELATIVE_ERROR * edge**dimensions, exact=True)
        except QhullError:
            pass  # a shape too flat for Qhull
    return sampled_volume(normals, offsets, edge=edge, rng=rng)


def _corners(normals: Floats, offsets: Floats, *, edge: float) -> Floats:
    """The corners (V, M) of the cut box. Raises QhullError if it is flat."""
    dimensions = normals.shape[1]
    cutting = offsets > 0
    eye = np.eye(dimensions)
    walls = np.hstack([np.vstack([-eye, eye]), np.repeat([[0.0], [-edge]], dimensions, axis=0)])
    cuts = np.hstack([-normals[cutting], offsets[cutting, None]])
    found = HalfspaceIntersection(np.vstack([walls, cuts]), _inside(normals, offsets, edge=edge))
    points = found.intersections[np.isfinite(found.intersections).all(axis=1)]
    return np.asarray(np.clip(points, 0.0, edge))


def sampled_volume(
    normals: Floats,
    offsets: Floats,
    *,
    edge: float,
    rng: Generator,
    replicates: int = REPLICATES,
    power: int = POWER,
) -> ComputedVolume:
    """The volume by scrambled Sobol sequences; its error reaches the upper confidence limit.

    The replicates are independent and unbiased, so Student's t applies to their mean (L'Ecuyer and
    Lemieux 2002). Where all agree, the limit of as many plain random points is used instead.
    """
    from scipy.stats import t as student
    from scipy.stats.qmc import Sobol

    dimensions = normals.shape[1]
    shares = np.empty(replicates)
    for r in range(replicates):
        sample = edge * Sobol(dimensions, scramble=True, rng=rng).random_base2(power)
        shares[r] = (product(sample, normals.T) >= offsets).all(axis=1).mean()
    mean = float(shares.mean())
    spread = float(student.ppf(CONFIDENCE, replicates - 1)) * float(shares.std(ddof=1))
    alike = 1.0 - float((1.0 - CONFIDENCE) ** (1.0 / (replicates * 2**power)))
    limit = min(1.0, mean + max(spread / np.sqrt(replicates), alike))
    box = edge**dimensions
    return ComputedVolume(mean * box, (limit - mean) * box, exact=False)


def _inside(normals: Floats, offsets: Floats, *, edge: float) -> Floats:
    """A point of the cut box away from all its sides, on the diagonal."""
    reach = float(np.max(offsets / normals.sum(axis=1), initial=0.0))
    return np.full(normals.shape[1], 0.5 * (max(reach, 0.0) + edge))
