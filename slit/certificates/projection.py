"""Where the line from the best conceivable values to a plan meets the edge of the relaxation.

Plans in whole nodes lie above what the relaxation reaches, most of all in quality, whose waits it
does not know: at their values no objective is in the way of another, and trades are free. On the
edge below a plan, in the direction of the ideal point, every trade has its price.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from operators.types import Floats
from slit.arrays import product
from slit.lp.solver import LinearModel, Solver, SolverError, Status
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import minimize_capped

CLOSE = 1e-6
"""Part of the way from the ideal to the plan within which the edge is found."""
ROUNDS = 300
SMALLEST = 1e-7
"""Ways in an objective shorter than this share of its ideal are no ways."""


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """The point of the relaxation's edge below a plan: M objectives.

    ideal (M,): the least value of each objective. share: where on the way from the ideal (0) to
    the plan (1) the edge is. point (M,): attainable on the relaxation, in no objective above
    ideal + share (plan - ideal). weights (M,): at which no point of the relaxation is better, as
    prices of the objectives.
    """

    ideal: Floats
    share: float
    point: Floats
    weights: Floats


def edge_below(
    relaxation: Relaxation,
    plan: ArrayLike,
    *,
    limits: ArrayLike | None = None,
    kept: ArrayLike | None = None,
) -> Edge:
    """The edge of the relaxation below a plan with objectives (M,), relaxed values.

    limits (M,): what no point may exceed, inf for none. kept (M,): whether an objective counts on
    the way (default: all); the others are only limited. Minimizes the largest share of the way over
    mixtures of known optima; the prices of the best mixture say which optimum to add, until none
    helps (cutting planes, Kelley 1960). Raises CapsUnmet if the limits contradict each other.
    """
    values = np.asarray(plan, dtype=np.float64)
    count = len(values)
    caps = np.full(count, np.inf) if limits is None else np.asarray(limits, dtype=np.float64)
    counts = np.ones(count, dtype=np.bool_) if kept is None else np.asarray(kept, dtype=np.bool_)

    def least(weights: Floats) -> tuple[Floats, float]:
        if relaxation.terms.largest.any() or np.isfinite(caps).any():
            found = minimize_capped(relaxation, weights, caps)
            return found.relaxed.objectives, found.bound
        relaxed = relaxation.minimize(weights)
        return relaxed.objectives, relaxed.bound

    extremes = [least(unit) for unit in np.eye(count)]
    ideal = np.array([bound for _, bound in extremes])
    way = np.maximum(values - ideal, SMALLEST * np.maximum(np.abs(ideal), np.abs(values)))
    way = np.where(counts, np.maximum(way, 1e-300), np.inf)
    points = [objectives for objectives, _ in extremes]
    known = [(objectives - ideal) / way for objectives, _ in extremes]
    best = 0.0
    for _ in range(ROUNDS):
        shares, level, prices = _solve_master(np.array(known))
        objectives, bound = least(prices / way)
        best = max(best, bound - float(product(prices / way, ideal)))
        if level - best <= CLOSE:
            break
        known.append((objectives - ideal) / way)
        points.append(objectives)
    point = product(shares, np.array(points)[: len(shares)])
    return Edge(ideal=ideal, share=level, point=point, weights=prices / way)


def _solve_master(known: Floats) -> tuple[Floats, float, Floats]:
    """The mixture of known points (N, M) whose largest coordinate is least: shares (N,), that
    coordinate, and prices (M,) of the coordinates, which sum to 1."""
    count, size = known.shape
    matrix = np.zeros((size + 1, count + 1))
    matrix[:size, :count] = known.T
    matrix[:size, count] = -1.0
    matrix[size, :count] = 1.0
    model = LinearModel(
        cost=np.append(np.zeros(count), 1.0),
        lower=np.append(np.zeros(count), -np.inf),
        upper=np.full(count + 1, np.inf),
        matrix=sparse.csc_array(matrix),
        row_lower=np.append(np.full(size, -np.inf), 1.0),
        row_upper=np.append(np.zeros(size), 1.0),
    )
    solution = Solver(model).solve()
    if solution.status is not Status.OPTIMAL:
        raise SolverError(f"edge of the relaxation: HiGHS stopped ({solution.status.value})")
    prices = np.maximum(-solution.row_duals[:size], 0.0)
    return solution.x[:count], float(solution.x[count]), prices / max(prices.sum(), 1e-300)
