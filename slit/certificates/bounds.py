"""Certificates: how much of the best possible hypervolume a front has at least.

The optimum of the relaxation for one weight vector gives a half-space that holds every attainable
point. The volume of all half-spaces inside the reference box bounds the hypervolume of any front.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from operators.indicators import hypervolume
from operators.types import Floats
from slit.arrays import product
from slit.certificates.normalization import REACH, ReferenceBox, reference_box
from slit.certificates.outer_volume import POWER, ComputedVolume, cut_volume
from slit.errors import SlitError
from slit.relaxation import Relaxation, Relaxed
from slit.relaxation.dantzig_wolfe import minimize_capped
from slit.sandwich import lattice, loosest, points_within, unlike

SAFETY = 1e-9
"""Half-spaces are moved outwards by this share of the box: more than Qhull rounds."""
SPREAD_ROUNDS = 4
"""Rounds spent on the spread of a weight over datacenters, where the largest counts."""
BATCH = 24
CANDIDATES = 1000
LATTICE, REFINED = 35, 130
"""Weight vectors of a certificate, while `MOST_SOLVES` admits them."""
MOST_SOLVES = 40_000
"""Programs of epochs that a certificate solves unless told otherwise: about a minute of small ones.
All weight vectors up to 242 epochs that differ, 20 at 2,000."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Certificate:
    """What no front can surpass: K half-spaces in the scaled box of the kept objectives.

    weights (K, M') and offsets (K,): weights @ scaled >= offsets for every feasible plan.
    volume: of the box they leave, 1.1 ranges wide in each of the M' kept objectives.
    optima (K, M'): the scaled points of the relaxation where the half-spaces touch it.
    """

    box: ReferenceBox
    weights: Floats
    offsets: Floats
    volume: ComputedVolume
    optima: Floats

    @property
    def bound(self) -> float:
        """Upper bound on the hypervolume of any front, in units of the product of ranges."""
        return self.volume.value + self.volume.error

    def hypervolume(self, objectives: Floats) -> float:
        """Hypervolume of feasible plans (N, M) in the box; columns are those of `box.names`."""
        scaled = self.box.scaled(np.atleast_2d(objectives))
        if not scaled.shape[1]:
            return float("nan")
        edge = np.full(scaled.shape[1], REACH)
        return hypervolume(scaled, reference=edge)

    def share(self, objectives: Floats) -> float:
        """Hypervolume of feasible plans (N, M) over the bound; NaN if no objectives conflict."""
        return self.hypervolume(objectives) / self.bound

    def __repr__(self) -> str:
        listed = ", ".join(self.box.names)
        return (
            f"<Certificate of {listed}: hypervolume at most {self.bound:.6g}, "
            f"{len(self.weights)} weight vectors>"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """Limits on what is not among the M objectives.

    relaxation: of the objectives, then of L other measures. caps (M + L,): the most that each may
    be, inf for no limit. Every multiplier >= 0 of a limit proves a bound on plans that keep to it.
    """

    relaxation: Relaxation
    caps: Floats


@dataclass(frozen=True, slots=True)
class Gap:
    """How far the best of a front may be from the best possible in one objective.

    share: of the range (reference - ideal), NaN without one; percent: of the bound, None where
    that is not positive.
    """

    name: str
    unit: str
    best: float
    bound: float
    share: float
    percent: float | None


def certify(
    relaxation: Relaxation,
    *,
    rng: Generator,
    weights: int | None = None,
    refined: int | None = None,
    box: ReferenceBox | None = None,
    within: Within | None = None,
) -> Certificate:
    """A certificate from at most `weights` vectors of a simplex lattice (Das and Dennis 1998).

    Up to `refined` more are placed where the bound is loosest, as long as that seems to help; by
    default `vectors_within` says how many. `rng` is used only beyond 5 objectives, where the volume
    is sampled. `within` are limits on what is not among the objectives, which `box` knows: then
    nothing is said of plans beyond them.

    Raises SlitError for less than one vector, InfeasibleError if the demand cannot be served.
    """
    even, loosest = vectors_within(relaxation.solvers.distinct)
    weights = even if weights is None else weights
    refined = loosest if refined is None else refined
    if weights < 1 or refined < 0:
        raise SlitError(f"weights: {weights} + {refined}, expected at least 1 (weight vectors)")
    box = box or reference_box(relaxation)
    kept = int(box.kept.sum())
    if kept < 2:
        flat = np.zeros((0, kept))
        return Certificate(
            box, flat, np.zeros(0), ComputedVolume(float("nan"), 0.0, exact=True), flat
        )
    supports = _Supports(relaxation, box, within)
    supports.add(lattice(kept, weights))
    goal = len(supports.weights) + refined
    while len(supports.weights) < goal:
        more = supports.loosest(min(BATCH, goal - len(supports.weights)))
        if not len(more):
            break
        supports.add(more)
    normals, offsets = supports.weights, supports.offsets
    volume = cut_volume(normals, offsets, edge=REACH, rng=rng)
    return Certificate(box, normals, offsets, volume, supports.optima)


def vectors_within(epochs: int) -> tuple[int, int]:
    """Vectors of a lattice and refined ones by default, for so many epochs that differ."""
    most = max(MOST_SOLVES // max(epochs, 1), 1)
    weights = min(LATTICE, max(most // 2, 1))  # half of few are better placed where they are needed
    return weights, min(REFINED, most - weights)


def gaps(box: ReferenceBox, objectives: Floats) -> tuple[Gap, ...]:
    """For each bounded objective the gap of the best feasible plan among (N, M)."""
    best = np.atleast_2d(objectives).min(axis=0)
    found = []
    for m, name in enumerate(box.names):
        bound, gap = float(box.ideal[m]), float(best[m] - box.ideal[m])
        width = float(box.reference[m] - box.ideal[m]) if box.kept[m] else float("nan")
        percent = 100.0 * gap / bound if bound > 0 else None
        found.append(Gap(name, box.units[m], float(best[m]), bound, gap / width, percent))
    return tuple(found)


class _Supports:
    """Half-spaces found so far, and the scaled optima that lie on them."""

    def __init__(
        self, relaxation: Relaxation, box: ReferenceBox, within: Within | None = None
    ) -> None:
        self.relaxation, self.box, self.within = relaxation, box, within
        kept = int(box.kept.sum())
        self.weights, self.offsets = np.zeros((0, kept)), np.zeros(0)
        self.optima = np.zeros((0, kept))
        self._known: tuple[Relaxed, ...] = ()

    def add(self, weights: Floats) -> None:
        """Solve for scaled weights (N, kept), each summing to 1."""
        box = self.box
        unscaled = np.zeros((len(weights), len(box.names)))
        unscaled[:, box.kept] = weights / box.range[box.kept]
        if self.within is not None or self.relaxation.terms.largest[box.kept].any():
            solved = [self._coupled(weight) for weight in unscaled]
            bounds = np.array([bound for bound, _ in solved])
            optima = np.array([point for _, point in solved])
        else:
            found = self.relaxation.minimize_many(unscaled)
            bounds = np.array([relaxed.bound for relaxed in found])
            optima = np.array([relaxed.objectives for relaxed in found])
        offsets = bounds - product(unscaled, box.ideal)
        self.weights = np.vstack([self.weights, weights])
        self.offsets = np.concatenate([self.offsets, offsets - SAFETY])
        self.optima = np.vstack([self.optima, box.scaled(optima)])

    def _coupled(self, weights: Floats) -> tuple[float, Floats]:
        within = self.within or Within(self.relaxation, np.full(len(weights), np.inf))
        every = np.zeros(len(within.caps))
        every[: len(weights)] = weights
        # Limits on objectives are in the box: the half-spaces need not know them.
        caps = np.where(np.arange(len(every)) < len(weights), np.inf, within.caps)
        found = minimize_capped(
            within.relaxation, every, caps, known=self._known, rounds=SPREAD_ROUNDS
        )
        self._known = found.known[-6 * SPREAD_ROUNDS :]
        return found.bound, found.relaxed.objectives[: len(weights)]

    def loosest(self, count: int) -> Floats:
        """Weights (n, kept) of a fine lattice that may cut the most off what is left.

        The optimum for a weight vector lies between the bound so far and the best of the optima
        known; what it may cut off is counted on evenly spread points.
        """
        candidates = unlike(lattice(self.weights.shape[1], CANDIDATES), self.weights)
        points = points_within(self.weights, self.offsets, edge=REACH, power=POWER)
        reached = product(self.optima, candidates.T).min(axis=0)
        return loosest(candidates, reached, points, count=count)
