"""Shadow prices in units a person reads: what a later first token returns, and how much dirtier or
more expensive an hour of a datacenter has to get before its traffic moves. Of the relaxation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats, Longs
from slit.objectives import Coefficients
from slit.objectives.define import linear_objective
from slit.problem import Problem
from slit.relaxation import Relaxation, Relaxed
from slit.relaxation.dantzig_wolfe import minimize_capped
from slit.relaxation.subproblem import Subproblem
from slit.relaxation.subproblem_solver import EpochPoint, SubproblemSolver
from slit.scenario.scenario import Scenario

MILLISECONDS = 10.0
"""By how much later the first token may come, in what is said of latency."""
HALF = 0.5
"""Share of a datacenter-hour's requests whose move counts as that its traffic moves."""
SMALLEST, STEP = 1e-3, 1.1
"""The smallest rise that is told from none, as a share of the largest, and how finely."""
FEW = 1e-6
"""Datacenters that serve less than this share of an epoch are passed over."""
ROOM = 1e-9
"""Caps leave this share of themselves, so that rounding cannot fail them."""


@dataclass(frozen=True, slots=True)
class LatencyReturn:
    """What a mean time to first token that is longer by `milliseconds` saves of one objective,
    whose least is `least` without; at the margin, so at most."""

    name: str
    unit: str
    least: float
    saved: float
    milliseconds: float = MILLISECONDS


@linear_objective(name="bought", unit="kWh", title="Energy bought")
def bought(problem: Problem, _scenario: Scenario) -> Coefficients:
    """Energy that facilities buy: what a rise of their signals is paid for."""
    return Coefficients(grid=np.ones_like(problem.carbon))


@dataclass(frozen=True, slots=True, eq=False)
class Relocations:
    """How much dearer energy has to get at a datacenter in an epoch before its traffic moves: T
    epochs, D datacenters.

    requests (T, D): served there at an optimum of the relaxation. rise (T, D): of the weighted sum
    per kWh bought, at which half of them leave, infinite where they stay at the largest rise tried.
    target (T, D): the datacenter that then gains most of them, -1 if they stay.
    """

    requests: Floats
    rise: Floats
    target: Longs


def latency_returns(
    relaxation: Relaxation,
    values: Floats,
    *,
    saved: Sequence[str],
    latency: str,
    held: Sequence[str],
    limits: Floats,
) -> tuple[LatencyReturn, ...]:
    """What more of `latency` (s) saves of each objective of `saved`, each taken alone, from plans
    as late as one of objectives `values` (M,) and no worse in what is `held`. limits (M,): what is
    limited besides, inf for none."""
    names = relaxation.names
    caps = limits.copy()
    fixed = [names.index(name) for name in (latency, *held)]
    caps[fixed] = np.minimum(caps[fixed], values[fixed] + ROOM * np.abs(values[fixed]))
    found = []
    known: tuple[Relaxed, ...] = ()
    for name in saved:
        m = names.index(name)
        free = caps.copy()
        free[m] = np.inf
        point = minimize_capped(relaxation, np.eye(len(names))[m], free, known=known)
        known = point.known
        per_second = point.multipliers[names.index(latency)]
        unit = relaxation.terms.units[m]
        saved_then = float(per_second) * MILLISECONDS / 1000
        found.append(LatencyReturn(name, unit, point.value, saved_then))
    return tuple(found)


def relocations(relaxation: Relaxation, weights: Floats, most: Floats) -> Relocations:
    """When traffic moves, from an optimum of weights (M,) on.

    relaxation: with `bought` as its last objective. most (T, D): the largest rise that is tried.
    The program of the epoch is solved again and again with energy dearer at one datacenter; the
    rise is the least that is known to suffice, at most STEP above the least that does.
    """
    problem = relaxation.problem
    spread = weights[:, None] * relaxation.even

    def task(solver: SubproblemSolver) -> tuple[Floats, Floats, Longs]:
        program = solver.program
        first = _served(problem, program, solver.minimize(spread))
        rise = np.full(problem.datacenters, np.inf)
        target = np.full(problem.datacenters, -1, np.int64)
        for d in np.flatnonzero(first > FEW * first.sum()):

            def left(more: float, d: int = int(d)) -> Floats | None:
                dearer = spread.copy()
                dearer[-1, d] += more
                now = _served(problem, program, solver.minimize(dearer))
                return now if now[d] <= (1 - HALF) * first[d] else None

            rise[d], then = _least_rise(left, float(most[program.epoch, d]))
            if then is not None:
                target[d] = int(np.argmax(then - first))
        return first, rise, target

    found = relaxation.run_epochs(task)
    requests, rise, target = (np.stack(each) for each in zip(*found, strict=True))
    return Relocations(requests, rise, target)


def _least_rise(left: Callable[[float], Floats | None], most: float) -> tuple[float, Floats | None]:
    """The least rise up to `most` that is known to make traffic leave, and who then serves it."""
    then = left(most) if most > 0 else None
    if then is None:
        return np.inf, None
    low, high = most * SMALLEST, most
    while high > STEP * low:
        middle = float(np.sqrt(low * high))
        now = left(middle)
        if now is None:
            low = middle
        else:
            high, then = middle, now
    return high, then


def _served(problem: Problem, program: Subproblem, point: EpochPoint) -> Floats:
    """Requests that each datacenter serves at a point of an epoch, (D,)."""
    mine = point.columns < len(program.group)
    columns, amounts = point.columns[mine], point.amounts[mine]
    requests = problem.group_requests[program.first_group + program.group[columns]] * amounts
    return np.bincount(program.center[columns], requests, problem.datacenters).astype(np.float64)
