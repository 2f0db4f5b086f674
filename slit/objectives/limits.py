"""Limits: what a plan must not exceed, hard, in the unit of an objective.

A plan beyond a limit is infeasible: nodes beyond capacity count first, then by how much limits are
exceeded (constraint domination, Deb 2002).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.objectives.define import Objective

MOST_EXCESS = 1.0 - 1e-12
"""What exceeding limits adds to the violation at most: less than a node."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` of an objective, which need not be among those that are minimized."""

    objective: Objective
    most: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.most):
            raise SlitError(
                f"limit {self.objective.name}: {self.most}, expected a finite number "
                f"({self.objective.unit})"
            )

    @property
    def scale(self) -> float:
        """What an excess is measured by: the limit itself, or 1 where that is 0."""
        return abs(self.most) or 1.0


def excess_over(limits: Sequence[Limit], values: Floats) -> Floats:
    """By how much plans exceed their limits, (N,), from the limited values (N, L): a share of each
    limit, summed, and from there to a number below 1, so that one node more always counts more."""
    most = np.array([limit.most for limit in limits])
    scale = np.array([limit.scale for limit in limits])
    excess = (np.maximum(values - most, 0.0) / scale).sum(axis=1)
    return np.asarray(np.minimum(excess / (1.0 + excess), MOST_EXCESS))


def measured_by(objectives: Sequence[Objective], limits: Sequence[Limit]) -> tuple[Objective, ...]:
    """The objectives, then those that are only limited."""
    names = {objective.name for objective in objectives}
    extra = {limit.objective.name: limit.objective for limit in limits}
    return (*objectives, *(each for name, each in extra.items() if name not in names))
