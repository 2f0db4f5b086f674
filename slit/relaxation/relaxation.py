"""The linear relaxation of a whole scenario: one program an epoch (model.md section 5).

No feasible plan is below the relaxed optimum of any non-negative weights, whatever the signs of
prices: where more energy may help, the relaxation allows what rounding nodes up can reach.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike

from operators.types import Bools, Floats
from slit.arrays import frozen, product
from slit.compute import Output, map_items
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.lp.dual_bound import sum_below
from slit.objectives import Coefficients, Objective
from slit.objectives.terms import lower_parts, read_linear
from slit.problem import Problem
from slit.relaxation.column_generation import Infeasible
from slit.relaxation.feasibility import check_capacity
from slit.relaxation.subproblem import build_epoch
from slit.relaxation.subproblem_pool import SubproblemSolvers
from slit.relaxation.subproblem_solver import EpochPoint, SubproblemSolver
from slit.relaxation.terms import relaxed_terms
from slit.scenario.scenario import Scenario

LARGEST_PROGRAM = 5_000_000
"""Groups times placements beyond which the programs take a search longer than they save."""


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """An optimum of the relaxation: M objectives, T epochs, D datacenters.

    weights (M,): what was minimized. bound: no feasible plan's weighted sum is below it (the duals
    prove it, whatever the solver's tolerances). objectives (M,): the relaxed values of this point.
    parts (T, M, D): what each epoch and datacenter adds to them, without their constants.
    center_weights (M, D): the weights as used; for an objective that counts the largest datacenter
    its weight is spread over the datacenters.
    """

    weights: Floats
    center_weights: Floats
    value: float
    bound: float
    objectives: Floats
    parts: Floats
    points: tuple[EpochPoint, ...]


class Relaxation:
    """The relaxation of a problem on its objectives, solved again and again with other weights.

    `names` are the M objectives that have a linear part, in the order given; `left_out` says why
    others are not among them. Epochs are solved separately, spread over `threads`, each from its
    previous optimum; the values do not depend on the number of threads. Epochs whose programs are
    alike to the bit are solved once.

    programs: that of each epoch. solvers: theirs. solves: weight vectors so far. parts: the linear
    parts of the objectives where an evaluator has read them.
    """

    def __init__(
        self,
        problem: Problem,
        scenario: Scenario,
        objectives: Sequence[Objective],
        *,
        threads: int = 1,
        parts: Sequence[Coefficients | None] | None = None,
    ) -> None:
        if threads < 1:
            raise SlitError(f"threads: {threads}, expected at least 1")
        self.problem = problem
        self.scenario = scenario
        self.objectives = tuple(objectives)
        if parts is None:
            linear = read_linear(objectives, problem, scenario)
            parts = lower_parts(objectives, linear, problem, scenario)
        self.terms = relaxed_terms(problem, objectives, parts)
        self.threads = threads
        self.solves = 0
        epochs = range(problem.epochs)
        build = partial(build_epoch, problem, self.terms)
        self.programs = tuple(map_items(build, epochs, threads=threads))
        self.solvers = SubproblemSolvers(self.programs, threads=threads)
        self._corners: list[Relaxed] = []

    @classmethod
    def of(cls, evaluator: Evaluator, *, measured: bool = False) -> "Relaxation":
        """The relaxation of an evaluator's objectives, or of all that it measures. Raises SlitError
        if nothing is bounded."""
        objectives = evaluator.measured if measured else evaluator.objectives
        given = evaluator.problem, evaluator.scenario, objectives
        parts = evaluator.linear_parts[: len(objectives)]
        return cls(*given, threads=evaluator.threads, parts=parts)

    def fresh(self) -> "Relaxation":
        """The same relaxation, not warmed by earlier solves; programs and corners are shared."""
        again = copy.copy(self)
        again.solves, again.solvers = 0, SubproblemSolvers(self.programs, threads=self.threads)
        return again

    @property
    def names(self) -> tuple[str, ...]:
        """The M objectives that are bounded."""
        return self.terms.names

    @property
    def left_out(self) -> dict[str, str]:
        """Objectives that are not, and why."""
        return self.terms.left_out

    @cached_property
    def even(self) -> Floats:
        """(M, D): weights by datacenter that spread each objective of the largest evenly."""
        centers = self.problem.datacenters
        share = np.where(self.terms.largest, 1.0 / centers, 1.0)[:, None]
        return frozen(np.repeat(share, centers, axis=1), np.float64)

    def minimize(self, weights: ArrayLike, *, spread: ArrayLike | None = None) -> Relaxed:
        """Minimize the sum of weights (M,) times objectives; see `minimize_many`."""
        return self.minimize_many(np.asarray(weights, dtype=np.float64)[None, :], spread=spread)[0]

    def minimize_many(
        self, weights: ArrayLike, *, spread: ArrayLike | None = None
    ) -> list[Relaxed]:
        """Minimize for each of N weight vectors (N, M), >= 0; the results in their order.

        Each epoch goes from vector to nearest vector, which saves a fifth of the time. Where an
        objective counts the largest datacenter, its weight is spread over the datacenters by the
        rows of `spread` (M, D) or (N, M, D), each a simplex (default: evenly): any spread gives a
        valid bound, the best one needs `slit.relaxation.dantzig_wolfe`.

        Raises InfeasibleError where the demand exceeds what the pools can serve.
        """
        wanted = _checked(weights, self.names)
        return self.minimize_parts(
            wanted[:, :, None] * _spread(spread, len(wanted), self.even, self.terms.largest)
        )

    def minimize_parts(self, center_weights: Floats) -> list[Relaxed]:
        """As `minimize_many`, from weights by datacenter (N, M, D).

        Those of an objective that is a sum must be equal over datacenters.
        """
        order = _tour(self.terms.weights_of(center_weights))
        epochs = self.run_epochs(lambda s: [s.minimize(center_weights[n]) for n in order])
        self.solves += len(center_weights)
        place = np.argsort(order)
        return [
            self.assembled(center_weights[n], tuple(epoch[place[n]] for epoch in epochs))
            for n in range(len(center_weights))
        ]

    def lexicographic(self, order: Sequence[int]) -> Relaxed:
        """The optimum of the first objective, ties broken by the second, and so on.

        Exact, epoch by epoch; its bound is that of the first objective alone. Objectives that count
        the largest datacenter couple the epochs: `slit.relaxation.dantzig_wolfe` minimizes those.
        """
        if self.terms.largest[list(order)].any():
            raise ValueError("order: the largest datacenter, expected sums over epochs")
        unit = np.eye(self.terms.size)
        stages = [unit[m][:, None] * self.even for m in order]
        first = self.minimize(unit[order[0]])
        points = self.run_epochs(lambda s: s.lexicographic(stages))
        return replace(self.assembled(stages[0], tuple(points)), bound=first.bound)

    def solve_corners(self) -> tuple[Relaxed, ...]:
        """The optimum of each objective, ties broken by the others in their order.

        Solved here, which warms this relaxation, and kept for `corners` if it was not warm.
        """
        objectives, afresh = range(self.terms.size), self.solves == 0
        orders = [[m, *(other for other in objectives if other != m)] for m in objectives]
        found = tuple(self.lexicographic(order) for order in orders)
        if afresh:
            self._corners[:] = found
        return found

    @property
    def corners(self) -> tuple[Relaxed, ...]:
        """As `solve_corners`, but solved afresh, once for all relaxations that share programs."""
        return tuple(self._corners) or self.fresh().solve_corners()

    def run_epochs(self, task: Callable[[SubproblemSolver], Output]) -> list[Output]:
        """`task` on every epoch's solver, spread over threads; the results in order of epochs."""
        try:
            return self.solvers.run(task)
        except Infeasible:
            check_capacity(self.problem, self.scenario)
            raise InfeasibleError(
                "demand: beyond what the pools can serve by less than the solver's tolerance, "
                "expected some room (nodes)"
            ) from None

    def assembled(self, center_weights: Floats, points: tuple[EpochPoint, ...]) -> Relaxed:
        """One point of each epoch, seen with weights (M, D)."""
        weights = self.terms.weights_of(center_weights)
        parts = np.stack([point.parts for point in points])
        objectives = self.terms.objectives_of(parts)
        constant = weights * self.terms.constant
        bounds = np.array([*(point.bound for point in points), *constant])
        return Relaxed(
            weights=weights,
            center_weights=center_weights,
            value=float(product(weights, objectives)),
            bound=sum_below(bounds),
            objectives=objectives,
            parts=parts,
            points=points,
        )


def _checked(weights: ArrayLike, names: Sequence[str]) -> Floats:
    """Weights (N, M) of the objectives as given; SlitError for a wrong shape or number."""
    wanted = np.asarray(weights, dtype=np.float64)
    if wanted.ndim != 2 or wanted.shape[1] != len(names):
        raise SlitError(
            f"weights: shape {wanted.shape}, expected (N, {len(names)}) for {', '.join(names)}"
        )
    if not np.isfinite(wanted).all() or (wanted < 0).any():
        raise SlitError("weights: negative or not finite, expected numbers >= 0")
    return wanted


def _tour(weights: Floats) -> list[int]:
    """An order of weight vectors (N, M) that goes from each to the nearest one left."""
    scaled = weights / np.maximum(weights.max(axis=0, initial=0.0), 1e-300)
    left, order = list(range(1, len(weights))), [0] if len(weights) else []
    while left:
        distance = np.abs(scaled[left] - scaled[order[-1]]).sum(axis=1)
        order.append(left.pop(int(np.argmin(distance))))
    return order


def _spread(spread: ArrayLike | None, count: int, even: Floats, largest: Bools) -> Floats:
    """Weights by datacenter (count or 1, M, D), from those asked for."""
    if spread is None:
        return even[None, :, :]
    shares = np.broadcast_to(np.asarray(spread, dtype=np.float64), (count, *even.shape)).copy()
    shares[:, ~largest] = 1.0
    # A hair less than a simplex keeps the bound valid; a hair more would not.
    sums = shares[:, largest].sum(axis=-1, keepdims=True)
    shares[:, largest] /= np.maximum(sums * (1 + 1e-15), 1e-300)
    return shares
