"""Objectives in order of importance: staged linear programs, and the plan they lead to.

Each stage minimizes one objective of the relaxation while the objectives of the stages before stay
within a tolerance of their optima and every capped objective within its cap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from operators.types import Bools, Floats, Genes, Positions
from slit.arrays import product
from slit.errors import InfeasibleError, SlitError, did_you_mean
from slit.evaluator import Evaluator
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import CapsUnmet, Coupled, irreducible_caps, minimize_capped
from slit.relaxation.rounding import Descent, fit_capacity, round_shares, shares_of

ROOM = 1e-8
"""A step without tolerance still leaves this share of its optimum, so that rounding cannot fail."""
PENALTY_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Stage:
    """One objective's turn: its relaxed optimum, and what later stages may let it grow to."""

    name: str
    unit: str
    value: float
    bound: float  # no feasible plan that keeps to the limits of the stages before is below it
    limit: float


@dataclass(frozen=True, slots=True, eq=False)
class Lexicographic:
    """A lexicographic reference: relaxed optimum and plan.

    relaxed: the objectives at the relaxed optimum, by name. values: the evaluator's objectives of
    the plan (G,), by name. violation: its nodes beyond capacity, 0 = feasible. broken: the caps
    that the plan exceeds (the relaxed optimum meets all). moves: evaluations it took to choose the
    plan, the incremental ones of its improvement included.
    """

    stages: tuple[Stage, ...]
    relaxed: dict[str, float]
    plan: Genes
    values: dict[str, float]
    violation: float
    broken: tuple[str, ...]
    moves: int


def lexicographic(
    relaxation: Relaxation,
    evaluator: Evaluator,
    order: Sequence[str],
    *,
    rng: Generator,
    tolerance: float | Sequence[float] = 0.0,
    absolute: bool = False,
    caps: Mapping[str, float] | None = None,
) -> Lexicographic:
    """The lexicographic optimum of `order`, relaxed and as a rounded, repaired, improved plan.

    `tolerance`: one for all steps or one a step, a share of the optimum's absolute value, or with
    `absolute` in the objective's unit. `caps`: the largest value of any objective, by name. Ties
    are broken by the remaining objectives in their order.

    Raises SlitError for unknown or repeated names and wrong numbers, InfeasibleError where caps
    cannot be met or the demand cannot be served.
    """
    steps = check_order(relaxation, order)
    limits = check_caps(relaxation, caps or {})
    rooms = check_tolerance(tolerance, len(steps))
    stages, points = solve_stages(relaxation, steps, limits, rooms, absolute=absolute)
    evaluated = evaluator.evaluations
    goal = _Goal(relaxation, evaluator, steps, limits, rooms, absolute)
    plan = goal.best(goal.candidates(points, rng=rng))
    found = evaluator.evaluate(plan[None, :])
    values = dict(zip(evaluator.names, map(float, found.F[0]), strict=True))
    names = relaxation.names
    return Lexicographic(
        stages=stages,
        relaxed=dict(zip(names, map(float, points[-1].relaxed.objectives), strict=True)),
        plan=plan,
        values=values,
        violation=float(found.G[0]),
        broken=tuple(name for name, cap in (caps or {}).items() if values[name] > cap),
        moves=goal.moves + evaluator.evaluations - evaluated,
    )


def solve_stages(
    relaxation: Relaxation,
    steps: Sequence[int],
    caps: Floats,
    tolerances: Floats,
    *,
    absolute: bool = False,
) -> tuple[tuple[Stage, ...], tuple[Coupled, ...]]:
    """The relaxed optima of the steps (objective indices) and of those that break ties after them.

    caps (M,), inf for none; tolerances, one a step. Returns the stages of the steps and the optima
    of all.
    """
    limits = caps.copy()
    stages: list[Stage] = []
    points: list[Coupled] = []
    rest = [m for m in range(relaxation.terms.size) if m not in steps]
    for number, m in enumerate([*steps, *rest]):
        weights = np.eye(relaxation.terms.size)[m]
        known = points[-1].known if points else ()
        try:
            point = minimize_capped(relaxation, weights, limits, known=known)
        except CapsUnmet as unmet:
            message = _unmet(relaxation, limits, unmet.caps, stage=number, name=relaxation.names[m])
            raise InfeasibleError(message) from None
        room = ROOM * abs(point.value)
        if number < len(steps):
            scale = 1.0 if absolute else abs(point.value)
            room = max(room, tolerances[number] * scale)
        limits[m] = min(limits[m], point.value + room)
        points.append(point)
        if number < len(steps):
            name, unit = relaxation.names[m], relaxation.terms.units[m]
            stages.append(Stage(name, unit, point.value, point.bound, float(limits[m])))
    return tuple(stages), tuple(points)


def check_order(relaxation: Relaxation, order: Sequence[str]) -> list[int]:
    """The indices of the objectives in `order`. Raises SlitError for a wrong one."""
    if not order:
        raise SlitError(f"order: none, expected some of {', '.join(relaxation.names)}")
    for name in order:
        if list(order).count(name) > 1:
            raise SlitError(f"order: {name!r} twice, expected each objective once")
    return [_index(relaxation, "order", name) for name in order]


def check_caps(relaxation: Relaxation, caps: Mapping[str, float], *, what: str = "cap") -> Floats:
    """Caps (M,), inf where there is none. Raises SlitError for a wrong name or number."""
    limits = np.full(relaxation.terms.size, np.inf)
    for name, cap in caps.items():
        m = _index(relaxation, what, name)
        if not np.isfinite(cap):
            raise SlitError(
                f"{what} {name}: {cap}, expected a finite number ({relaxation.terms.units[m]})"
            )
        limits[m] = cap
    return limits


def check_tolerance(tolerance: float | Sequence[float], steps: int) -> Floats:
    """One tolerance a step. Raises SlitError for a negative one or a wrong number of them."""
    rooms = np.asarray(tolerance, dtype=np.float64)
    if rooms.ndim > 0 and rooms.shape != (steps,):
        raise SlitError(f"tolerance: {rooms.size} numbers, expected 1 or {steps} (one a step)")
    if not (np.isfinite(rooms) & (rooms >= 0)).all():
        raise SlitError(f"tolerance: {tolerance}, expected 0 or more (share of the optimum)")
    return np.broadcast_to(rooms, (steps,)).copy()


def _index(relaxation: Relaxation, what: str, name: str) -> int:
    if name in relaxation.names:
        return relaxation.names.index(name)
    known = ", ".join(relaxation.names)
    if name in relaxation.left_out:
        raise SlitError(
            f"{what}: {name!r} has {relaxation.left_out[name]}, expected one of {known}"
        )
    near = did_you_mean(name, relaxation.names)
    raise SlitError(f"{what}: {name!r}, expected one of {known}{near}")


def _unmet(
    relaxation: Relaxation, caps: Floats, conflict: Positions, *, stage: int, name: str
) -> str:
    """Which caps contradict each other, and what the last of them would have to be."""
    needed = irreducible_caps(relaxation, caps, conflict)
    last, others = int(needed[-1]), needed[:-1]
    limits = np.full(len(caps), np.inf)
    limits[others] = caps[others]
    least = minimize_capped(relaxation, np.eye(len(caps))[last], limits).bound

    def said(m: int) -> str:
        return f"{relaxation.names[m]} <= {caps[m]:.6g} {relaxation.terms.units[m]}"

    under = f" under {', '.join(said(m) for m in others)}" if len(others) else ""
    return (
        f"phase {stage + 1} ({name}): cap {said(last)}, expected at least {rounded_up(least):.6g} "
        f"{relaxation.terms.units[last]} (attainable minimum{under})"
    )


def rounded_up(value: float) -> float:
    """To six digits that mean something, never below the value: a number said is one that works."""
    if value == 0 or not np.isfinite(value):
        return value
    step = 10.0 ** (np.floor(np.log10(abs(value))) - 5)
    return float(np.ceil(value / step) * step)


class _Goal:
    """What the plan is judged by: caps first, then the objectives in order."""

    def __init__(
        self,
        relaxation: Relaxation,
        evaluator: Evaluator,
        steps: Sequence[int],
        caps: Floats,
        tolerances: Floats,
        absolute: bool,
    ) -> None:
        self.relaxation, self.evaluator, self.caps = relaxation, evaluator, caps
        self.columns = [evaluator.names.index(name) for name in relaxation.names]
        rest = [m for m in range(len(caps)) if m not in steps]
        self.order = [*steps, *rest]
        self.tolerances = [*tolerances, *(0.0 for _ in rest)]
        self.absolute = absolute
        self.moves = 0

    def candidates(self, points: Sequence[Coupled], *, rng: Generator) -> Genes:
        """Each stage's optimum rounded and repaired, and descents from the first and the last.

        A descent follows the stage's prices: its objective, and the others by what their limits
        are worth. Objectives over their cap are weighed more until it is met.
        """
        relaxation = self.relaxation
        problem = relaxation.problem
        rounded = [round_shares(problem, shares_of(relaxation, point.relaxed)) for point in points]
        starts = fit_capacity(problem, np.array(rounded), rng=rng)
        plans = list(starts)
        if not self.evaluator.linear:
            return starts
        improve = Descent(problem, self.evaluator.terms)
        for point in points:
            for start in np.unique(starts[[0, -1]], axis=0):
                weights = np.zeros(len(self.evaluator.names))
                weights[self.columns] = _scaled(point.relaxed.weights, point.relaxed.objectives)
                plan = start
                for _ in range(PENALTY_ROUNDS):
                    plan = improve(plan[None, :], weights[None, :])[0]
                    plans.append(plan)
                    values = self.evaluator.evaluate(plan[None, :]).F[0]
                    over = values[self.columns] > self.caps
                    if not over.any():
                        break
                    weights[self.columns] = self._raised(weights[self.columns], over, point)
                    weights = _scaled(weights, values)
        self.moves += improve.moves
        return np.unique(np.array(plans), axis=0)

    def best(self, plans: Genes) -> Genes:
        """The plan with the least violation, then excess over caps, then by the order."""
        found = self.evaluator.evaluate(plans)
        values = found.F[:, self.columns]
        sizes = np.where(np.isfinite(self.caps), np.maximum(np.abs(self.caps), 1e-300), 1.0)
        excess = (np.maximum(values - self.caps, 0.0) / sizes).sum(axis=1)
        left = np.lexsort((excess, found.G))
        left = left[(found.G[left] <= found.G[left[0]]) & (excess[left] <= excess[left[0]])]
        for m, tolerance in zip(self.order, self.tolerances, strict=True):
            least = values[left, m].min()
            room = tolerance if self.absolute else tolerance * abs(least)
            left = left[values[left, m] <= least + room]
        return np.asarray(plans[left[0]])

    def _raised(self, weights: Floats, over: Bools, point: Coupled) -> Floats:
        floor = 0.1 / np.maximum(np.abs(point.relaxed.objectives), 1e-300)
        return np.where(over, np.maximum(3.0 * weights, floor), weights)


def _scaled(weights: Floats, objectives: Floats) -> Floats:
    """Weights whose weighted sum is about 1."""
    return np.asarray(weights / max(float(product(weights, np.abs(objectives))), 1e-300))
