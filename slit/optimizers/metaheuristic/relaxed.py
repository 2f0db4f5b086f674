"""Starts from the linear relaxation: its box scales the objectives, its shares are rounded.

Under limits, the box is that of what they leave, and the duals say what exceeding them is worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from operators.types import Bools, Floats, Genes, Longs
from slit.lp.solver import SolverError
from slit.objectives import Linear, Objective
from slit.optimizers.metaheuristic.continuation import small_relaxation
from slit.optimizers.protocol import State, Task
from slit.problem.shares import round_shares
from slit.relaxation import Relaxation, Relaxed
from slit.relaxation.dantzig_wolfe import CapsUnmet, minimize_capped
from slit.relaxation.rounding import shares_of

SAME = 1e-9
"""Difference below which two weights are one."""
CLOSE = 1e-3
"""Of the range of the objectives: how close to the optimum within limits a start has to be."""
MOST_ROUNDS = 8
"""Programs that one such start may take."""
KNOWN = 40
"""Optima that the next one begins with."""


class Near(NamedTuple):
    """For N weight vectors, prices of K limits, (N, K), where relaxed optima are known: `same`
    (N,) says whether for that very vector."""

    prices: Floats
    same: Bools


@dataclass(frozen=True, slots=True, eq=False)
class RelaxedStarts:
    """Rounded optima of L weight vectors (L, M), which are shares of the box `low` + `span`."""

    low: Floats  # (M,)
    span: Floats  # (M,)
    weights: Floats  # (L, M)
    plans: Genes  # (L, G), may exceed capacity a little
    prices: Floats  # (L, K) what one unit beyond each of the K limits weighs

    def replace(self, starts: Genes, weights: Floats) -> Genes:
        """`starts` (N, G), with the relaxed optimum of each of the weights (N, M) that has one."""
        chosen = starts.copy()
        for n, vector in enumerate(weights):
            same = np.flatnonzero((np.abs(self.weights - vector) < SAME).all(axis=1))
            if len(same):
                chosen[n] = self.plans[same[0]]
        return chosen

    def near(self, weights: Floats) -> Near:
        """The prices of the limits at the nearest weights to each of (N, M)."""
        distance = np.abs(weights[:, None, :] - self.weights[None, :, :]).sum(axis=2)
        nearest = distance.argmin(axis=1)
        return Near(self.prices[nearest], distance.min(axis=1) < SAME)

    def box(self, objectives: Sequence[Objective], values: Floats) -> tuple[Floats, Floats]:
        """Low and span (M,), where an objective is not linear those of the values (L, M) of the
        plans: it has no linear part, or one that may be far below it."""
        linear = np.array([isinstance(objective.measure, Linear) for objective in objectives])
        low, high = values.min(axis=0), values.max(axis=0)
        return np.where(linear, self.low, low), np.where(linear, self.span, _width(low, high))

    def state(self) -> State:
        """For a checkpoint, beside the box."""
        return {
            "relaxed_weights": self.weights,
            "relaxed_plans": self.plans,
            "relaxed_prices": self.prices,
        }

    @classmethod
    def of(cls, state: State, low: Floats, span: Floats) -> "RelaxedStarts | None":
        """Back from `state`, or None."""
        if "relaxed_plans" not in state:
            return None
        weights, plans = state["relaxed_weights"], state["relaxed_plans"]
        return cls(low, span, weights, plans, state["relaxed_prices"])


def relaxed_starts(task: Task, weights: Floats) -> RelaxedStarts | None:
    """Solve the relaxation for weights (L, M) of the unit box, within the limits that it knows.

    Objectives without a linear part are left out of them. None if there is no other one, if one is
    the largest of several totals, or if the programs would be too large.
    """
    problem = task.problem
    small = small_relaxation(task)
    if small is None:
        return None
    relaxation = small.fresh()
    if relaxation.terms.largest.any():
        return None
    place = {name: m for m, name in enumerate(relaxation.names)}
    names = [objective.name for objective in task.objectives]
    inside = np.array([name in place for name in names])
    columns = np.array([place[name] for name in names if name in place], np.int64)
    corners = np.array([corner.objectives for corner in relaxation.solve_corners()])[:, columns]
    low, span = np.zeros(len(names)), np.ones(len(names))
    low[inside], span[inside] = _box(corners)
    wanted = np.zeros((len(weights), len(place)))
    wanted[:, columns] = weights[:, inside]
    scale = np.ones(len(place))
    scale[columns] = span[inside]
    prices = np.zeros((len(weights), len(task.limits)))
    known = [k for k, limit in enumerate(task.limits) if limit.objective.name in place]
    capped = np.array([place[task.limits[k].objective.name] for k in known], np.int64)
    caps = np.full(len(place), np.inf)
    np.minimum.at(caps, capped, [task.limits[k].most for k in known])
    within = _within(relaxation, wanted, scale, caps, columns) if known else None
    if within is None:
        solved = relaxation.minimize_many(wanted / scale)
    else:
        solved = within.solved
        low[inside], span[inside] = within.low, within.span
        prices[:, known] = within.multipliers[:, capped]
    plans = np.array([round_shares(problem, shares_of(relaxation, point)) for point in solved])
    return RelaxedStarts(low, span, weights, plans, prices)


class _Within(NamedTuple):
    """Optima within caps of L weight vectors, the caps' multipliers (L, R), and the box."""

    solved: list[Relaxed]
    multipliers: Floats
    low: Floats
    span: Floats


def _within(
    relaxation: Relaxation, weights: Floats, scale: Floats, caps: Floats, columns: Longs
) -> _Within | None:
    """Optima for weights (L, R) of a box `scale` (R,) within caps (R,); None if nothing is.

    First those that weigh one objective alone: they give the box of what the caps leave, of which
    the weights are shares then.
    """
    known: tuple[Relaxed, ...] = ()

    def solve(rows: Floats) -> tuple[list[Relaxed], Floats]:
        nonlocal known
        points, multipliers = [], []
        for row in rows:
            found = minimize_capped(
                relaxation, row, caps, known=known[-KNOWN:], tolerance=CLOSE, rounds=MOST_ROUNDS
            )
            known = found.known
            points.append(found.relaxed)
            multipliers.append(found.multipliers)
        return points, np.array(multipliers)

    alone = np.argmax(weights, axis=0)[columns]
    try:
        corners, _ = solve(weights[alone] / scale)
        low, span = _box(np.array([corner.objectives for corner in corners])[:, columns])
        within = np.ones_like(scale)
        within[columns] = span
        return _Within(*solve(weights / within), low, span)
    except (CapsUnmet, SolverError):  # nothing is, or whether anything is cannot be shown
        return None


def _box(points: Floats) -> tuple[Floats, Floats]:
    """Least values and widths (M,) of points (N, M)."""
    low, high = points.min(axis=0), points.max(axis=0)
    return low, _width(low, high)


def _width(low: Floats, high: Floats) -> Floats:
    return np.asarray(np.where(high > low, high - low, np.maximum(np.abs(low), 1.0)))
