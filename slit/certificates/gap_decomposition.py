"""What the gap between a front and its bound is made of.

Of the parts of an objective, and of the hypervolume, each sums up to the gap; what each number is
and is not stands beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from operators.types import Floats
from slit.arrays import frozen
from slit.certificates.bounds import SAFETY, Certificate
from slit.certificates.inner_volume import hull_of, spread_volume
from slit.certificates.integrality_gap import WholeNodes, whole_node_bound
from slit.certificates.normalization import REACH
from slit.certificates.outer_volume import cut_volume
from slit.evaluator import Evaluator
from slit.front import Front
from slit.relaxation import Relaxation


@dataclass(frozen=True, slots=True)
class ExtremeParts:
    """The gap of the best plan in one objective, in its unit; `range` is reference - ideal.

    bound: no plan is below it. nodes: what a bound with whole nodes adds to that, which no plan can
    avoid; None if not worked out, `proven` says if it could be more. waits: what waiting adds in
    the best plan; another plan may wait less. best: the best plan's value.
    """

    name: str
    unit: str
    range: float
    bound: float
    nodes: float | None
    proven: bool
    waits: float
    best: float

    @property
    def gap(self) -> float:
        """How far the best plan is above the bound."""
        return self.best - self.bound

    @property
    def left(self) -> float:
        """What is left to the search, whole chunks included."""
        return self.gap - self.waits - (self.nodes or 0.0)

    def relative(self, part: float) -> float | None:
        """A part in per cent of the bound, None where that is not positive."""
        return 100.0 * part / self.bound if self.bound > 0 else None


@dataclass(frozen=True, slots=True)
class VolumeParts:
    """The gap of the hypervolume, in units of the box's ranges.

    weights: the bound less the hull of the relaxed optima; more weight vectors lower the bound by
    at most this. size: that hull less what as many points of it as the front has plans hold; the
    best such points lose at most this. Both are None where the hull is not worked out. nodes: what
    whole nodes take from the bound by the extremes alone, None if not worked out. waits: what the
    found plans would gain if nobody waited.
    """

    bound: float
    hypervolume: float
    weights: float | None
    size: float | None
    nodes: float | None
    waits: float

    @property
    def left(self) -> float:
        """What is left to the search, to whole chunks, and to whole nodes between the extremes."""
        known = (self.weights or 0.0) + (self.size or 0.0) + (self.nodes or 0.0) + self.waits
        return self.bound - self.hypervolume - known


@dataclass(frozen=True, slots=True)
class GapParts:
    """What the gaps of a front are made of; `volume` is None where nothing conflicts."""

    extremes: tuple[ExtremeParts, ...]
    volume: VolumeParts | None


def whole_node_bounds(relaxation: Relaxation) -> tuple[WholeNodes, ...]:
    """For each bounded objective the bound with whole nodes: seconds each."""
    return tuple(whole_node_bound(relaxation, unit) for unit in np.eye(relaxation.terms.size))


def gap_parts(
    front: Front,
    certificate: Certificate,
    evaluator: Evaluator,
    *,
    rng: Generator,
    nodes: Sequence[WholeNodes] | None = None,
) -> GapParts | None:
    """What the gaps of a front's feasible, non-dominated plans are made of; None without any.

    `evaluator` measures the front's objectives. `nodes`: from `whole_node_bounds`, objectives in
    the order of `certificate.box.names`. `rng` is not used where the volume is exact.
    """
    kept = front.on_front
    if not kept.any():
        return None
    columns = [front.names.index(name) for name in certificate.box.names]
    values = front.F[kept][:, columns]
    unhurried = _without_waits(evaluator).evaluate(front.X[kept]).F[:, columns]
    return GapParts(
        _extremes(certificate, values, unhurried, nodes),
        _volume(certificate, values, unhurried, nodes, rng),
    )


def _without_waits(evaluator: Evaluator) -> Evaluator:
    """The same objectives where nobody queues, nor waits for weights to load."""
    problem = evaluator.problem
    still = frozen(np.zeros_like(problem.load_share), np.float64)
    return evaluator.apart(problem._replace(variability=0.0, load_share=still))


def _extremes(
    certificate: Certificate,
    values: Floats,
    unhurried: Floats,
    nodes: Sequence[WholeNodes] | None,
) -> tuple[ExtremeParts, ...]:
    box = certificate.box
    found = []
    for m, name in enumerate(box.names):
        row = int(np.argmin(values[:, m]))
        ideal = float(box.ideal[m])
        added = None if nodes is None else max(0.0, nodes[m].bound - ideal)
        found.append(
            ExtremeParts(
                name=name,
                unit=box.units[m],
                range=float(box.reference[m] - box.ideal[m]),
                bound=ideal,
                nodes=added,
                proven=nodes is not None and nodes[m].complete,
                waits=float(values[row, m] - unhurried[row, m]),
                best=float(values[row, m]),
            )
        )
    return tuple(found)


def _volume(
    certificate: Certificate,
    values: Floats,
    unhurried: Floats,
    nodes: Sequence[WholeNodes] | None,
    rng: Generator,
) -> VolumeParts | None:
    box = certificate.box
    if box.kept.sum() < 2:
        return None
    bound, volume = certificate.bound, certificate.hypervolume(values)
    hull = hull_of(certificate.optima, edge=REACH)
    weights = size = lost = None
    if hull is not None:
        inner = min(hull.volume, bound)
        weights = bound - inner
        size = inner - spread_volume(hull, len(values))
    if nodes is not None and certificate.volume.exact:
        least = box.scaled(np.array([each.bound for each in nodes])) - SAFETY
        normals = np.vstack([certificate.weights, np.eye(len(least))])
        offsets = np.concatenate([certificate.offsets, least])
        cut = cut_volume(normals, offsets, edge=REACH, rng=rng)
        lost = max(0.0, bound - cut.value - cut.error)
    return VolumeParts(
        bound=bound,
        hypervolume=volume,
        weights=weights,
        size=size,
        nodes=lost,
        waits=certificate.hypervolume(unhurried) - volume,
    )
