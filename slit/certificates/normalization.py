"""The box in which fronts are measured: a function of the scenario and the objectives alone."""

from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats
from slit.lexicographic import solve_stages
from slit.relaxation import Relaxation, Relaxed
from slit.relaxation.dantzig_wolfe import minimize_capped

REACH = 1.1
"""The reference point lies this many ranges (nadir - ideal) beyond the ideal."""
TIE = 1e-4
"""Share of the weight of the others where ties within limits are broken."""
KNOWN = 40
"""Optima that a program within limits begins with."""
UNSEEN = "the relaxation does not see it: its bound there is the same for every plan"
NO_RANGE = 1e-7
"""An objective whose range is below this share of its size does not conflict with the others."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceBox:
    """Ideal, nadir and reference point (M,) of the objectives that are bounded and conflict.

    names are all M bounded objectives; `kept` marks those with a range, `left_out` says why others
    (bounded or not) have no part in a hypervolume. No feasible plan is below `ideal`.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    ideal: Floats
    nadir: Floats
    kept: Bools
    left_out: dict[str, str]

    @property
    def range(self) -> Floats:
        """(M,): nadir - ideal."""
        return self.nadir - self.ideal

    @property
    def reference(self) -> Floats:
        """(M,): ideal + 1.1 (nadir - ideal)."""
        return self.ideal + REACH * self.range

    def scaled(self, objectives: Floats) -> Floats:
        """Objectives (..., M) of the kept ones as (..., kept): 0 at the ideal, 1 at the nadir."""
        span = np.where(self.kept, self.range, 1.0)
        return ((objectives - self.ideal) / span)[..., self.kept]


def reference_box(relaxation: Relaxation) -> ReferenceBox:
    """Ideal: the single-objective optima of the relaxation, as bounds that hold.

    Nadir: the worst value of each objective over these optima, ties broken by the other objectives
    in their order. It does not depend on what was solved before.
    """
    if relaxation.terms.largest.any():
        ideal, extremes = _coupled_corners(relaxation.fresh())
    else:
        corners = relaxation.corners
        ideal = np.array([corner.bound for corner in corners])
        extremes = np.array([corner.objectives for corner in corners])
    nadir = extremes.max(axis=0)
    kept = nadir - ideal > NO_RANGE * np.maximum(np.abs(ideal), np.abs(nadir))
    left_out = dict(relaxation.left_out)
    flat = [name for name, conflicts in zip(relaxation.names, kept, strict=True) if not conflicts]
    left_out.update(dict.fromkeys(flat, "does not conflict with the other objectives (range 0)"))
    unseen = [name for name in relaxation.terms.unseen if name in flat]
    left_out.update(dict.fromkeys(unseen, UNSEEN))
    return ReferenceBox(relaxation.names, relaxation.terms.units, ideal, nadir, kept, left_out)


def limited_box(
    relaxation: Relaxation, caps: Floats, *, within: Relaxation | None = None
) -> ReferenceBox:
    """The box of what limits leave: caps (M,), inf for none, or (M + L,) of the objectives and then
    of what else is limited, where `within` is the relaxation of both.

    Ideal and nadir are those of the plans within the limits, and no reference point lies beyond a
    limit. Raises `slit.relaxation.dantzig_wolfe.CapsUnmet` if nothing is within them.
    """
    box = reference_box(relaxation)
    if not np.isfinite(caps).any():
        return box
    count, cold = len(box.names), (within or relaxation).fresh()
    ideal, points = np.empty(count), np.empty((count, count))
    known: tuple[Relaxed, ...] = ()
    scale = np.where(box.kept, box.range, 1.0)
    for m, weights in enumerate(np.eye(count, len(caps)) / np.resize(scale, len(caps))):
        least = minimize_capped(cold, weights, caps, known=known[-KNOWN:])
        ideal[m] = least.bound / weights[m]
        others = np.zeros(len(caps))
        others[:count] = np.where(box.kept, TIE / scale, 0.0)
        tied = np.maximum(weights, others)  # a little of the others breaks ties
        best = minimize_capped(cold, tied, caps, known=least.known[-KNOWN:])
        points[m], known = best.relaxed.objectives[:count], best.known
    reference = np.minimum(ideal + REACH * (points.max(axis=0) - ideal), caps[:count])
    nadir = ideal + np.maximum(reference - ideal, 0.0) / REACH
    kept = box.kept & (nadir - ideal > NO_RANGE * np.maximum(np.abs(ideal), np.abs(nadir)))
    gone = [name for name, was, left in zip(box.names, box.kept, kept, strict=True) if was > left]
    left_out = {**box.left_out, **dict.fromkeys(gone, "has no range within the limits")}
    return ReferenceBox(box.names, box.units, ideal, nadir, kept, left_out)


def _coupled_corners(relaxation: Relaxation) -> tuple[Floats, Floats]:
    """Bounds (M,) and optima (M, M) of each objective where the largest datacenter counts."""
    count = relaxation.terms.size
    free = np.full(count, np.inf)
    ideal, extremes = np.empty(count), np.empty((count, count))
    for m in range(count):
        order = [m, *(other for other in range(count) if other != m)]
        ideal[m] = minimize_capped(relaxation, np.eye(count)[m], free).bound
        _, points = solve_stages(relaxation, order, free, np.zeros(count))
        extremes[m] = points[-1].relaxed.objectives
    return ideal, extremes
