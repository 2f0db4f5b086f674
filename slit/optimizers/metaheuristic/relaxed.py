"""Starts from the linear relaxation: its box scales the objectives, its shares are rounded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats, Genes
from slit.objectives import Linear, Objective
from slit.optimizers.protocol import State, Task
from slit.relaxation.rounding import round_shares, shares_of

SAME = 1e-9
"""Difference below which two weights are one."""
LARGEST_PROGRAM = 5_000_000
"""Groups times placements beyond which the programs take longer than they save."""


@dataclass(frozen=True, slots=True, eq=False)
class RelaxedStarts:
    """Rounded optima of L weight vectors (L, M), which are shares of the box `low` + `span`."""

    low: Floats  # (M,)
    span: Floats  # (M,)
    weights: Floats  # (L, M)
    plans: Genes  # (L, G), may exceed capacity a little

    def replace(self, starts: Genes, weights: Floats) -> Genes:
        """`starts` (N, G), with the relaxed optimum of each of the weights (N, M) that has one."""
        chosen = starts.copy()
        for n, vector in enumerate(weights):
            same = np.flatnonzero((np.abs(self.weights - vector) < SAME).all(axis=1))
            if len(same):
                chosen[n] = self.plans[same[0]]
        return chosen

    def box(self, objectives: Sequence[Objective], values: Floats) -> tuple[Floats, Floats]:
        """Low and span (M,), where an objective is not linear those of the values (L, M) of the
        plans: it has no linear part, or one that may be far below it."""
        linear = np.array([isinstance(objective.measure, Linear) for objective in objectives])
        low, high = values.min(axis=0), values.max(axis=0)
        return np.where(linear, self.low, low), np.where(linear, self.span, _width(low, high))

    def state(self) -> State:
        """For a checkpoint, beside the box."""
        return {"relaxed_weights": self.weights, "relaxed_plans": self.plans}

    @classmethod
    def of(cls, state: State, low: Floats, span: Floats) -> "RelaxedStarts | None":
        """Back from `state`, or None."""
        if "relaxed_plans" not in state:
            return None
        return cls(low, span, state["relaxed_weights"], state["relaxed_plans"])


def relaxed_starts(task: Task, weights: Floats) -> RelaxedStarts | None:
    """Solve the relaxation for weights (L, M) of the unit box.

    Objectives without a linear part are left out of them. None if there is no other one, if one is
    the largest of several totals, or if the programs would be too large.
    """
    problem = task.problem
    if problem.groups * problem.placements > LARGEST_PROGRAM or not task.bounded:
        return None
    relaxation = task.relaxation.fresh()
    if relaxation.terms.largest.any():
        return None
    corners = np.array([corner.objectives for corner in relaxation.solve_corners()])
    low, span = np.zeros(len(task.objectives)), np.ones(len(task.objectives))
    inside = [objective.name in relaxation.names for objective in task.objectives]
    low[inside] = corners.min(axis=0)
    span[inside] = _width(corners.min(axis=0), corners.max(axis=0))
    solved = relaxation.minimize_many((weights / span)[:, inside])
    plans = np.array([round_shares(problem, shares_of(relaxation, point)) for point in solved])
    return RelaxedStarts(low, span, weights, plans)


def _width(low: Floats, high: Floats) -> Floats:
    return np.asarray(np.where(high > low, high - low, np.maximum(np.abs(low), 1.0)))
