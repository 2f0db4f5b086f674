"""What the relaxation reaches for certain: the hull of its optima, and points spread over it.

The counterpart of `outer_volume`: between the two lies what more weight vectors could gain.
"""

import heapq
import itertools
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from operators.indicators import hypervolume
from operators.sobol import sobol
from operators.types import Floats
from slit.arrays import product
from slit.certificates.outer_volume import EXACT_UP_TO

EVENNESS = 0.5
"""Exponent of the coordinates of directions: of 1, 1/2, 1/4 and 1/10 this gave the most volume."""

RAYS = 100
"""Rays taken at a time: against all faces of the hull they take much memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Hull:
    """All points of the box [0, edge]^M that are no better than a mixture of the optima (K, M).

    volume: of that set. normals (H, M) and offsets (H,): normals @ z <= offsets within.
    """

    optima: Floats
    edge: float
    volume: float
    normals: Floats
    offsets: Floats


def hull_of(optima: Floats, *, edge: float) -> Hull | None:
    """The hull of scaled optima (K, M) inside the box; None beyond 5 dimensions or if it is flat.

    A set between a mixture of points and the far corner of the box is the hull of these points with
    any of their coordinates raised to the edge.
    """
    dimensions = optima.shape[1]
    inside = np.clip(optima[(optima < edge).all(axis=1)], 0.0, None)
    if dimensions > EXACT_UP_TO or not len(inside):
        return None
    raised = [
        np.where(mask, edge, inside) for mask in itertools.product((False, True), repeat=dimensions)
    ]
    try:
        hull = ConvexHull(np.unique(np.vstack(raised), axis=0))
    except QhullError:
        return None
    return Hull(inside, edge, float(hull.volume), hull.equations[:, :-1], -hull.equations[:, -1])


def spread_volume(hull: Hull, count: int) -> float:
    """A hypervolume that `count` points of a hull's surface have: the best `count` points of it
    have no less.

    The points are the optima and, where more are wanted, those where evenly spread rays from the
    far corner leave the hull.
    """
    far = np.full(hull.optima.shape[1], hull.edge)
    if count <= len(hull.optima):
        return _greedy(hull.optima, count, far)
    rays = _directions(count - len(hull.optima), len(far))
    room = hull.offsets - product(hull.normals, far)
    steps = np.empty(len(rays))
    for some in np.array_split(np.arange(len(rays)), len(rays) // RAYS + 1):
        climb = -product(rays[some], hull.normals.T)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps[some] = np.where(climb > 1e-12, room / climb, np.inf).min(axis=1)
    met = np.clip(far - steps[:, None] * rays, 0.0, hull.edge)
    return hypervolume(np.vstack([hull.optima, met]), reference=far)


def _directions(count: int, dimensions: int) -> Floats:
    """Evenly spread directions (count, M), none negative; always the same."""
    power = int(np.ceil(np.log2(count + 1)))
    sample = sobol(dimensions, power)[1 : count + 1]
    spread = np.maximum(sample, 1e-6) ** EVENNESS
    return np.asarray(spread / spread.sum(axis=1, keepdims=True))


def _greedy(points: Floats, count: int, far: Floats) -> float:
    """Hypervolume of `count` of the points, each the one that adds the most.

    What a point adds only shrinks as others are taken, so an old figure is an upper limit.
    """
    taken: list[int] = []
    total = 0.0
    queue = [(-np.inf, n, -1) for n in range(len(points))]
    while len(taken) < count:
        limit, n, known = heapq.heappop(queue)
        if known == len(taken):
            taken.append(n)
            total -= limit
            continue
        gain = hypervolume(points[[*taken, n]], reference=far) - total
        heapq.heappush(queue, (-gain, n, len(taken)))
    return float(total)
