"""From the relaxation's shares to plans in whole chunks and nodes."""

import numpy as np
from numpy.random import Generator

from operators.repair import repair
from operators.types import Floats, Genes
from slit.arrays import product
from slit.kernels.local_search import MOST_MOVES, improve_plan
from slit.kernels.objective_terms import ObjectiveTerms
from slit.kernels.scalarization import scalarize
from slit.problem import Problem
from slit.problem.binding import loads_of, options_of
from slit.relaxation.relaxation import Relaxation, Relaxed

NODE_PENALTY = 10.0
"""What a node beyond capacity weighs in a descent, in units of the scaled weighted sum."""
FIRST_SHARE = 0.1
"""What a limit that weighed nothing weighs at first, of the weighted sum."""
FIRST_STEP = float(np.log(2.0))
LARGEST_STEP = float(np.log(16.0))


def shares_of(relaxation: Relaxation, relaxed: Relaxed) -> Floats:
    """(J, P): the share of each request group at each placement; rows sum to 1."""
    shares = np.zeros((relaxation.problem.groups, relaxation.problem.placements))
    for program, point in zip(relaxation.programs, relaxed.points, strict=True):
        mine = point.columns < len(program.group)
        columns, amounts = point.columns[mine], point.amounts[mine]
        rows = program.first_group + program.group[columns]
        np.add.at(shares, (rows, program.placement[columns]), amounts)
    totals = shares.sum(axis=1, keepdims=True)
    return np.asarray(shares / totals)


def fit_capacity(problem: Problem, plans: Genes, *, rng: Generator) -> Genes:
    """Plans (N, G) with overloaded pools relieved as far as possible, in canonical form."""
    fitted = repair(plans, **options_of(problem), **loads_of(problem), rng=rng).population
    order = np.lexsort((fitted, np.broadcast_to(problem.gene_group, fitted.shape)), axis=-1)
    return np.ascontiguousarray(np.take_along_axis(fitted, order, axis=1))


class Descent:
    """Local search on each plan's weighted sum.

    `terms` are those of the evaluator's objectives; weights are scaled, so that a node beyond
    capacity outweighs what any move saves. `moves` counts the incremental evaluations made so far.
    """

    def __init__(self, problem: Problem, terms: ObjectiveTerms) -> None:
        self.problem, self.terms = problem, terms
        self.moves = 0

    def __call__(self, plans: Genes, weights: Floats) -> Genes:
        """Plans (N, G), each improved for its weights (N, M)."""
        better = plans.copy()
        last = self.problem.epochs
        most_moves = MOST_MOVES // last
        for plan, weight in zip(better, weights, strict=True):
            scalarization = scalarize(weight, self.problem, self.terms)
            moves, _ = improve_plan(
                plan, self.problem, scalarization, 0, last, NODE_PENALTY, True, most_moves
            )
            self.moves += moves
        return better


class LimitMultipliers:
    """What one unit of each objective over its limit weighs in a descent: bisected in logarithms.

    `values` (M,) rise while plans exceed the limit and fall while they keep to it. The step grows
    until the side changes for the first time, and is halved whenever it changes; the first is
    `step`, in logarithms.
    """

    def __init__(self, first: Floats, *, step: float = FIRST_STEP) -> None:
        self.values = first
        self._step = np.full(len(first), step)
        self._side = np.zeros(len(first))
        self._turned = np.zeros(len(first), np.bool_)

    def update(self, values: Floats, limits: Floats, weights: Floats) -> bool:
        """Take in a plan of objectives `values` (M,), limits inf for none.

        A limit that weighed nothing and is exceeded begins with a share of the weighted sum, of
        `weights` (M,). Returns whether any limit weighs something.
        """
        over = values > limits
        side = np.where(over, 1.0, -1.0)
        turns, same = side * self._side < 0, side * self._side > 0
        self._turned |= turns
        wider = np.where(same & ~self._turned, 2.0 * self._step, self._step)
        self._step = np.where(turns, self._step / 2.0, np.minimum(wider, LARGEST_STEP))
        self._side = side
        size = float(product(weights, np.abs(values))) or 1.0
        begun = FIRST_SHARE * size / np.maximum(np.abs(values), 1e-300)
        changed = self.values * np.exp(side * self._step)
        changed = np.where(over & (self.values == 0), begun, changed)
        self.values = np.where(np.isfinite(limits), changed, 0.0)
        return bool(self.values.any())
