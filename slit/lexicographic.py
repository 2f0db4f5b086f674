"""Objectives in order of importance: staged linear programs, and the plan they lead to.

Each stage minimizes one objective of the relaxation while the objectives of the stages before stay
within a tolerance of their optima and every capped objective within its cap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb

import numpy as np
from numpy.random import Generator

from operators.types import Floats, Genes, Positions
from slit.arrays import product
from slit.errors import InfeasibleError, SlitError, did_you_mean
from slit.evaluator import Evaluator
from slit.problem.shares import round_shares
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import CapsUnmet, Coupled, irreducible_caps, minimize_capped
from slit.relaxation.rounding import (
    Descent,
    LimitMultipliers,
    fit_capacity,
    shares_of,
)

ROOM = 1e-8
"""A step without tolerance still leaves this share of its optimum, so that rounding cannot fail."""
FIRST_ROUNDS = 8
"""Descents from each start in the first phase, where limits hold at other multipliers."""
LATER_ROUNDS = 4
"""Descents from the best plan so far in every later phase."""
RECOMBINED_ROUNDS = 16
"""Multipliers at which epochs of the plans found are put together: no descent is needed."""
NEIGHBOR_GENES = 300_000
"""Genes of all plans near those found, up to which they are evaluated."""
MOST_AT_ONCE = 3
"""Chunks in which a plan near another may differ."""


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

    @property
    def missed(self) -> tuple[Stage, ...]:
        """The stages whose limit the plan exceeds (the relaxed optimum meets all)."""
        return tuple(
            stage
            for stage in self.stages
            if self.values[stage.name] > stage.limit + 10 * ROOM * abs(stage.limit)
        )


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
    rest = [m for m in range(len(limits)) if m not in steps]
    goal = _Goal(limits, [*steps, *rest], [*rooms, *(0.0 for _ in rest)], absolute)
    search = _Search(relaxation, evaluator, goal)
    plan = search.plan(points, rng=rng)
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
        moves=search.moves + evaluator.evaluations - evaluated,
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


@dataclass(frozen=True, slots=True, eq=False)
class _Goal:
    """What plans are judged by: caps (M,) first, then the objectives in order.

    order: objective indices, those of the phases first; tolerances, one for each.
    """

    caps: Floats
    order: Sequence[int]
    tolerances: Sequence[float]
    absolute: bool

    def best(self, found: "_Found", *, phases: int | None = None) -> tuple[Genes, Floats]:
        """The plan with the least violation, then excess over caps, then by the first phases (all).

        Also the limits (M,) that hold after them: caps, and what each phase may grow to.
        """
        sizes = np.where(np.isfinite(self.caps), np.maximum(np.abs(self.caps), 1e-300), 1.0)
        excess = (np.maximum(found.values - self.caps, 0.0) / sizes).sum(axis=1)
        left = np.lexsort((excess, found.violation))
        first = left[0]
        left = left[
            (found.violation[left] <= found.violation[first]) & (excess[left] <= excess[first])
        ]
        limits = self.caps.copy()
        for m, tolerance in list(zip(self.order, self.tolerances, strict=True))[:phases]:
            least = found.values[left, m].min()
            room = tolerance if self.absolute else tolerance * abs(least)
            limits[m] = min(limits[m], least + room)
            left = left[found.values[left, m] <= least + room]
        return found.plans[left[0]], limits


class _Found:
    """Plans (N, G), evaluated once each: values (N, M) of the relaxation's objectives and their
    parts (N, T, M), violation (N,), and of it nodes beyond capacity (N,)."""

    def __init__(self, relaxation: Relaxation, evaluator: Evaluator, plans: Genes) -> None:
        self.evaluator = evaluator
        self.columns = [evaluator.names.index(name) for name in relaxation.names]
        self.plans = np.empty((0, plans.shape[1]), np.int16)
        self.values = np.empty((0, len(self.columns)))
        self.parts = np.empty((0, relaxation.problem.epochs, len(self.columns)))
        self.violation = np.empty(0)
        self.beyond = np.empty(0, np.int64)
        self.add(plans)

    def add(self, plans: Genes) -> None:
        """Evaluate plans (N, G) and keep them."""
        found = self.evaluator.evaluate(plans)
        self.plans = np.concatenate([self.plans, plans])
        self.values = np.concatenate([self.values, found.F[:, self.columns]])
        self.parts = np.concatenate([self.parts, found.parts[:, :, self.columns]])
        self.violation = np.concatenate([self.violation, found.G])
        self.beyond = np.concatenate([self.beyond, found.excess.sum(axis=1)])


class _Search:
    """Looks for the plan in whole nodes, phase by phase, on the caps and limits as penalties.

    A limit of a phase is what the best plan in whole nodes may grow to: the relaxed limit may be
    below any plan. The multipliers of the relaxation are where the penalties begin. `moves` counts
    incremental evaluations.
    """

    def __init__(self, relaxation: Relaxation, evaluator: Evaluator, goal: _Goal) -> None:
        self.relaxation, self.evaluator, self.goal = relaxation, evaluator, goal
        self.problem = relaxation.problem
        self.improve = Descent(self.problem, evaluator.terms)

    @property
    def moves(self) -> int:
        """Incremental evaluations made so far."""
        return self.improve.moves

    def plan(self, points: Sequence[Coupled], *, rng: Generator) -> Genes:
        """The best plan (G,) found from the phases' relaxed optima, rounded and repaired."""
        shares = [shares_of(self.relaxation, point.relaxed) for point in points]
        rounded = np.array([round_shares(self.problem, each) for each in shares])
        starts = fit_capacity(self.problem, rounded, rng=rng)
        found = _Found(self.relaxation, self.evaluator, starts)
        if not self.evaluator.linear:
            return self.goal.best(found)[0]
        limits = self.goal.caps
        ahead = list(np.unique(starts[[0, -1]], axis=0))
        for phase, point in enumerate(points):
            weights = np.eye(len(limits))[self.goal.order[phase]]
            rounds = LATER_ROUNDS if phase else FIRST_ROUNDS
            for start in ahead:
                multipliers = LimitMultipliers(point.multipliers)
                self._descend(found, start, weights, limits, multipliers, rounds)
            self._recombine(found, weights, limits, LimitMultipliers(point.multipliers))
            best, limits = self.goal.best(found, phases=phase + 1)
            ahead = [best]
        return self._polished(found)

    def _descend(
        self,
        found: _Found,
        start: Genes,
        weights: Floats,
        limits: Floats,
        multipliers: LimitMultipliers,
        rounds: int,
    ) -> None:
        """Descend on weights (M,) and multipliers, each time from the plan before."""
        plan, values = start, found.values[(found.plans == start).all(axis=1)][0]
        for _ in range(rounds):
            weighed = np.zeros(len(self.evaluator.names))
            weighed[found.columns] = _scaled(weights + multipliers.values, values)
            plan = self.improve(plan[None, :], weighed[None, :])[0]
            found.add(plan[None, :])
            values = found.values[-1]
            if not multipliers.update(values, limits, weights):
                break

    def _recombine(
        self, found: _Found, weights: Floats, limits: Floats, multipliers: LimitMultipliers
    ) -> None:
        """Add the plans of each epoch's best at weights (M,) and multipliers.

        Epochs are judged apart; what those of different plans mean for each other, by nodes that
        load, only the evaluation of the whole says.
        """
        within = np.flatnonzero(found.beyond == found.beyond.min())
        parts, epochs = found.parts[within], np.arange(self.problem.epochs)
        constant = found.values[within[0]] - parts[0].sum(axis=0)
        chosen = []
        for _ in range(RECOMBINED_ROUNDS):
            chosen.append(product(parts, weights + multipliers.values).argmin(axis=0))
            values = parts[chosen[-1], epochs].sum(axis=0) + constant
            if not multipliers.update(values, limits, weights):
                break
        epoch_of_gene = np.repeat(epochs, np.diff(self.problem.epoch_gene))
        rows = within[np.unique(chosen, axis=0)][:, epoch_of_gene]
        found.add(found.plans[rows, np.arange(self.problem.genes)])

    def _polished(self, found: _Found) -> Genes:
        """The best plan, also of those that differ in a few chunks from one that was found.

        Only where these are not many: in small plans a chunk is a large part of the whole, and no
        multipliers lead to most of the best ones.
        """
        gene, place = np.nonzero(self.problem.allowed[self.problem.gene_group])
        around = np.unique(found.plans, axis=0)
        most, at_once = NEIGHBOR_GENES // around.size, 0
        while at_once < MOST_AT_ONCE and comb(len(gene) + at_once, at_once + 1) <= most:
            at_once += 1
        plan, before = self.goal.best(found)[0], None
        if at_once == 0:
            return plan
        moves = np.array(list(combinations_with_replacement(range(len(gene)), at_once)))
        while before is None or (plan != before).any():
            near = np.repeat(around[:, None, :], len(moves), axis=1)
            near[:, np.arange(len(moves))[:, None], gene[moves]] = place[moves]
            found.add(np.unique(near.reshape(-1, self.problem.genes), axis=0))
            plan, before = self.goal.best(found)[0], plan
            around = plan[None, :]
        return plan


def _scaled(weights: Floats, objectives: Floats) -> Floats:
    """Weights whose weighted sum is about 1."""
    return np.asarray(weights / (float(product(weights, np.abs(objectives))) or 1.0))
