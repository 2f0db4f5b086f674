"""Lexicographic orders and weighted sums of the letter's objectives, ties broken.

An optimum of one objective leaves the others open: which of many optima a solver returns is luck.
So every phase is followed by minimizing the other totals one after another with the earlier ones
held at what they reached: the objectives still to come in the order, those left out, emissions,
water, and last what earlier objectives leave of their tolerance (ours; the letter takes what the
solver returns).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.errors import InfeasibleError, SlitError
from slit.lp.solver import Solution, Solver, SolverError, Status
from slit.papers.green_llm.infeasible import explain
from slit.papers.green_llm.instance import Instance
from slit.papers.green_llm.outcome import PaperTotals, measure
from slit.papers.green_llm.program import Linear, PaperObjective, Program, Total, build, largest

DEFAULT_ORDER = (PaperObjective.ENERGY, PaperObjective.DELAY, PaperObjective.CARBON)
WEIGHTED_SUM = "weighted sum"

# Reduced costs and duals up to this size count as zero (costs are scaled to a largest one of 1).
_FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far an earlier objective may rise above its optimum.

    amount: share of the optimum's absolute value, or USD where `absolute`.
    """

    amount: float = 0.001
    absolute: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.amount < np.inf:
            unit = "USD" if self.absolute else "share of the optimum"
            raise SlitError(f"tolerance: found {self.amount:g}, expected 0 or more ({unit})")

    def cap(self, optimum: float) -> float:
        """The largest value allowed: objectives can be negative, so the absolute value counts."""
        return optimum + self.amount * (1.0 if self.absolute else abs(optimum))


DEFAULT_TOLERANCE = Tolerance()
"""The letter's: 0.1 % of the optimum."""


@dataclass(frozen=True, slots=True)
class PhaseOutcome:
    """One step: what was minimized, its least value (USD), the caps in force (USD), the outcome."""

    minimized: str
    optimum: float
    caps: Mapping[str, float]
    outcome: PaperTotals


@dataclass(frozen=True, slots=True, eq=False)
class SolvedInstance:
    """The phases and the last one's allocation: shares (I, J, K, T), grid energy (J, T) in kWh."""

    instance: Instance
    phases: tuple[PhaseOutcome, ...]
    shares: Floats
    grid: Floats

    @property
    def outcome(self) -> PaperTotals:
        """Totals of the last phase."""
        return self.phases[-1].outcome


def objectives(names: Sequence[str], *, thing: str = "order") -> tuple[PaperObjective, ...]:
    """The objectives of that name. Raises SlitError: none, unknown or twice the same."""
    expected = f"{', '.join(PaperObjective)} (each at most once)"
    if not names:
        raise SlitError(f"{thing}: found nothing, expected some of {expected}")
    unknown = [name for name in names if name not in list(PaperObjective)]
    if unknown:
        raise SlitError(f"{thing}: found {', '.join(unknown)}, expected some of {expected}")
    if len(set(names)) < len(names):
        raise SlitError(f"{thing}: found {', '.join(names)}, expected some of {expected}")
    return tuple(PaperObjective(name) for name in names)


def solve_lexicographic(
    instance: Instance,
    order: Sequence[str] = DEFAULT_ORDER,
    *,
    tolerance: Tolerance | Sequence[Tolerance] = DEFAULT_TOLERANCE,
) -> SolvedInstance:
    """Minimize the objectives of `order` one after another, earlier ones capped (letter, Alg. 1).

    A phase's caps are the least values of the phases before plus `tolerance` (one for all, or one
    for each objective but the last). Objectives that the order leaves out only break ties.

    Raises SlitError on a wrong order or number of tolerances, InfeasibleError where the instance
    has no solution (a water cap below what is attainable: with the least water).
    """
    wanted = objectives(order)
    single = isinstance(tolerance, Tolerance)
    tolerances = [tolerance] * len(wanted) if isinstance(tolerance, Tolerance) else [*tolerance]
    if not single and len(tolerances) != len(wanted) - 1:
        raise SlitError(
            f"tolerance: found {len(tolerances)}, expected 1 or {len(wanted) - 1} "
            "(one for each objective but the last)"
        )
    left_out = [objective for objective in PaperObjective if objective not in wanted]
    steps = _Steps(build(instance))
    phases: list[PhaseOutcome] = []
    for at, objective in enumerate(wanted):
        optimum = steps.minimize(steps.program.costs[objective])
        steps.break_ties([*wanted[at + 1 :], *left_out, *Total, *PaperObjective])
        outcome = measure(instance, *steps.point())
        phases.append(PhaseOutcome(objective, optimum, dict(steps.caps), outcome))
        if at + 1 < len(wanted):
            steps.cap(objective, tolerances[at].cap(optimum))
    return steps.result(phases)


def solve_weighted(instance: Instance, weights: Mapping[str, float]) -> SolvedInstance:
    """Minimize a weighted sum of objectives; those not named weigh nothing and only break ties.

    Raises SlitError on an unknown objective or weights that are negative, not finite or all zero,
    InfeasibleError as solve_lexicographic.
    """
    named = dict(zip(objectives(list(weights), thing="weights"), weights.values(), strict=True))
    if not all(0 <= weight < np.inf for weight in named.values()) or not any(named.values()):
        found = ", ".join(f"{name}={weight:g}" for name, weight in weights.items())
        raise SlitError(f"weights: found {found}, expected numbers of 0 or more, not all 0")
    steps = _Steps(build(instance))
    parts = [weight * steps.program.costs[name] for name, weight in named.items()]
    optimum = steps.minimize(np.sum(parts, axis=0))
    idle = [objective for objective in PaperObjective if not named.get(objective)]
    steps.break_ties([*idle, *PaperObjective, *Total])
    outcome = measure(instance, *steps.point())
    return steps.result([PhaseOutcome(WEIGHTED_SUM, optimum, {}, outcome)])


class _Steps:
    """One program through its phases: each starts from the optimum before."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.solver = Solver(program.model)
        self.caps: dict[str, float] = {}
        self._solution: Solution | None = None

    def minimize(self, cost: Floats) -> float:
        """Minimize cost (n,) under the caps; its least value."""
        solution = self._solution = self._solve(cost)
        if solution.status is Status.INFEASIBLE:
            raise InfeasibleError(explain(self.program))
        if solution.status is not Status.OPTIMAL:
            raise SolverError(f"Green-LLM: HiGHS ended with {solution.status.value}")
        return float(cost @ solution.x)

    def break_ties(self, others: Sequence[Linear]) -> None:
        """Among the optima just found keep the least of each of `others`, one after another."""
        if self._solution is None:
            raise SolverError("nothing was minimized")
        optimum = self.solver.vertex()
        for total in dict.fromkeys(others):
            self._stay_optimal(self._solution)
            solution = self._solve(self.program.costs[total])
            if solution.status is not Status.OPTIMAL:
                break  # rounding emptied the face: what was found before stands
            self._solution = solution
        model = self.program.model
        self.solver.set_column_bounds(np.arange(self.solver.columns), model.lower, model.upper)
        self.solver.set_row_bounds(np.arange(self.solver.rows), model.row_lower, model.row_upper)
        for name, value in self.caps.items():
            self.cap(PaperObjective(name), value)
        self.solver.go_to(optimum)

    def _stay_optimal(self, solution: Solution) -> None:
        """Leave free only what can move without a loss: the optimal face of the last solve."""
        fixed = np.flatnonzero(np.abs(solution.reduced_costs) > _FLAT)
        self.solver.set_column_bounds(fixed, solution.x[fixed], solution.x[fixed])
        tight = np.flatnonzero(np.abs(solution.row_duals) > _FLAT)
        self.solver.set_row_bounds(tight, solution.activity[tight], solution.activity[tight])

    def cap(self, objective: PaperObjective, value: float) -> None:
        """Hold an objective at or below a value (USD) from now on."""
        self.caps[objective] = value
        row = np.array([self.program.total_rows[objective]])
        scaled = np.array([value / self.program.scales[objective]])
        self.solver.set_row_bounds(row, np.array([-np.inf]), scaled)

    def result(self, phases: Sequence[PhaseOutcome]) -> SolvedInstance:
        """The phases with the point reached."""
        return SolvedInstance(self.program.instance, tuple(phases), *self.point())

    def point(self) -> tuple[Floats, Floats]:
        """Shares (I, J, K, T) and grid energy (J, T) reached."""
        if self._solution is None:
            raise SolverError("nothing was minimized")
        return self.program.split(self._solution.x)

    def _solve(self, cost: Floats) -> Solution:
        self.solver.set_cost(cost / largest(cost))
        return self.solver.solve()
