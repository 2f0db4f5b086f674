"""Volume of a box cut by half-spaces: what no front can dominate more of.

Points z (M,) in [0, edge]^M with normals (K, M) @ z >= offsets (K,), all normals >= 0.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from scipy.spatial import ConvexHull, HalfspaceIntersection, QhullError

from operators.types import Floats
from slit.arrays import product

if TYPE_CHECKING:
    from scipy.stats.qmc import Sobol


EXACT_UP_TO = 5
"""Objectives up to which the volume is computed exactly; beyond, it is sampled."""
RELATIVE_ERROR = 1e-9
"""Of the exact volume: rounding in Qhull, with room to spare."""
CONFIDENCE = 0.999
REPLICATES = 32
POINTS = 1 << 13


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume, and what it may be short of: value + error is an upper bound.

    For a sampled one with a confidence of 99.9 %.
    """

    value: float
    error: float
    exact: bool


def cut_volume(normals: Floats, offsets: Floats, *, edge: float, rng: Generator) -> Volume:
    """Volume of the cut box: exact up to 5 dimensions, else by randomized quasi-Monte Carlo.

    The box must reach beyond every half-space: normals @ (edge, ..., edge) > offsets. `rng` is used
    only where the volume is sampled.
    """
    dimensions = normals.shape[1]
    if dimensions == 1:
        least = float(np.max(offsets / normals[:, 0], initial=0.0))
        return Volume(edge - max(least, 0.0), RELATIVE_ERROR * edge, exact=True)
    if dimensions <= EXACT_UP_TO:
        try:
            volume = float(ConvexHull(_corners(normals, offsets, edge=edge)).volume)
            return Volume(volume, RELATIVE_ERROR * edge**dimensions, exact=True)
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


def points_within(normals: Floats, offsets: Floats, *, edge: float, points: int = POINTS) -> Floats:
    """Evenly spread points (n, M) of the cut box, n <= points; always the same."""
    sample = edge * sobol(normals.shape[1]).random(points)
    return np.asarray(sample[(product(sample, normals.T) >= offsets).all(axis=1)])


def sampled_volume(
    normals: Floats,
    offsets: Floats,
    *,
    edge: float,
    rng: Generator,
    replicates: int = REPLICATES,
    points: int = POINTS,
) -> Volume:
    """The volume by scrambled Sobol sequences; its error reaches the upper confidence limit.

    The replicates are independent and unbiased, so Student's t applies to their mean (L'Ecuyer and
    Lemieux 2002). Where all agree, the limit of as many plain random points is used instead.
    """
    from scipy.stats import t as student

    dimensions = normals.shape[1]
    shares = np.empty(replicates)
    for r in range(replicates):
        sample = edge * sobol(dimensions, rng=rng).random(points)
        shares[r] = (product(sample, normals.T) >= offsets).all(axis=1).mean()
    mean = float(shares.mean())
    spread = float(student.ppf(CONFIDENCE, replicates - 1)) * float(shares.std(ddof=1))
    alike = 1.0 - float((1.0 - CONFIDENCE) ** (1.0 / (replicates * points)))
    limit = min(1.0, mean + max(spread / np.sqrt(replicates), alike))
    box = edge**dimensions
    return Volume(mean * box, (limit - mean) * box, exact=False)


def sobol(dimensions: int, *, rng: Generator | None = None) -> "Sobol":
    """Sobol's sequence, scrambled if `rng` is given."""
    # Loading scipy.stats takes half a second, and whoever reads a run folder loads this module.
    from scipy.stats.qmc import Sobol

    return Sobol(dimensions, scramble=rng is not None, rng=rng)


def _inside(normals: Floats, offsets: Floats, *, edge: float) -> Floats:
    """A point of the cut box away from all its sides, on the diagonal."""
    reach = float(np.max(offsets / normals.sum(axis=1), initial=0.0))
    return np.full(normals.shape[1], 0.5 * (max(reach, 0.0) + edge))
