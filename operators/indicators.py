"""Quality of fronts, by moocore (the only file that imports it).

Objectives (N, M) are minimized.
"""

import moocore
from numpy.typing import ArrayLike

from operators.arrays import check_length, check_positive, read_floats


def hypervolume(objectives: ArrayLike, *, reference: ArrayLike) -> float:
    """Volume that the points (N, M) dominate below the reference point (M,).

    Points that do not lie below it in every objective, and dominated ones, add nothing; without
    points it is 0. ValueError if the shapes do not fit or on NaN.
    """
    values = read_floats(objectives)
    corner = read_floats(reference, name="reference", dimensions=1)
    check_length(corner, values.shape[1], name="reference", meaning="one an objective")
    return float(moocore.hypervolume(values, ref=corner)) if len(values) else 0.0


def igd_plus(objectives: ArrayLike, *, front: ArrayLike) -> float:
    """Inverted generational distance plus to a reference front (K, M): 0 where all is reached.

    The mean over the reference points of how far, in the objectives that are worse, the nearest
    point is from dominating it (Ishibuchi et al. 2015). ValueError if the shapes do not fit, on NaN
    or if either set is empty.
    """
    values = read_floats(objectives)
    target = read_floats(front, name="front")
    check_positive(len(values), name="objectives (points)")
    check_positive(len(target), name="front (points)")
    if target.shape[1] != values.shape[1]:
        raise ValueError(f"front: {target.shape[1]} objectives, expected {values.shape[1]}")
    return float(moocore.igd_plus(values, ref=target))
