"""Whether limits can be met at all: on the linear relaxation, before a search."""

from collections.abc import Sequence

import numpy as np

from operators.types import Floats
from slit.arrays import frozen
from slit.display import number
from slit.errors import InfeasibleError, SlitError
from slit.evaluator import Evaluator
from slit.lexicographic import rounded_up
from slit.lp.solver import SolverError
from slit.objectives.limit_text import ResolvedLimit
from slit.objectives.limits import measured_by
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import CapsUnmet, irreducible_caps, minimize_capped


def check_attainable(limits: Sequence[ResolvedLimit], evaluator: Evaluator) -> None:
    """Raise InfeasibleError that names a smallest set of limits which no plan meets together.

    Measures without a linear part are not looked at; what the relaxation meets may still have no
    plan in whole nodes.
    """
    measured = measured_by((), [each.limit for each in limits])
    try:
        relaxation = Relaxation(
            evaluator.problem, evaluator.scenario, measured, threads=evaluator.threads
        )
    except SlitError:  # nothing that is limited is bounded
        return
    tightest = {
        name: min((each for each in limits if each.measure == name), key=lambda each: each.most)
        for name in relaxation.names
    }
    kept = list(tightest.values())
    caps = np.array([each.most for each in kept])
    _refuse_below_nothing(relaxation, kept)
    try:
        minimize_capped(relaxation, np.zeros(len(caps)), caps)
    except CapsUnmet as unmet:
        needed = irreducible_caps(relaxation, caps, unmet.caps).tolist()
        said = _conflict(relaxation, kept, caps, needed)
        warmed = _without_warm_nodes(relaxation, kept, caps, needed)
        raise InfeasibleError(said + warmed) from None
    except SolverError:  # undecided: the search will show
        return


def _refuse_below_nothing(relaxation: Relaxation, limits: Sequence[ResolvedLimit]) -> None:
    """Raise InfeasibleError for a limit on changes between epochs that no change at all exceeds."""
    for limit, none in zip(limits, relaxation.terms.constant.tolist(), strict=True):
        if limit.measure in relaxation.terms.unseen and limit.most < none:
            raise InfeasibleError(
                f"limits: {_said(limit)} cannot be met, expected {_way(limit, none)} (without any "
                "change from epoch to epoch)"
            )


def _conflict(
    relaxation: Relaxation, limits: Sequence[ResolvedLimit], caps: Floats, needed: Sequence[int]
) -> str:
    """Which limits contradict each other, and what each would have to be beside the others."""
    alone, beside = [], []
    for m in needed:
        others = np.full(len(caps), np.inf)
        alone.append(_least(relaxation, m, others))
        rest = [n for n in needed if n != m]
        others[rest] = caps[rest]
        beside.append(_least(relaxation, m, others))
    said = " and ".join(_said(limits[m]) for m in needed)
    ways = " or ".join(
        _way(limits[m], rounded_up(least)) for m, least in zip(needed, beside, strict=True)
    )
    if len(needed) == 1:
        end = "most" if limits[needed[0]].at_least else "least"
        return f"limits: {said} cannot be met, expected {ways} (the {end} attainable)"
    least = ", ".join(
        f"{limits[m].stated_measure} {number(limits[m].as_stated(value))}"
        for m, value in zip(needed, alone, strict=True)
    )
    return (
        f"limits: {said} cannot be met together, expected {ways} beside the other"
        f"{'s' * (len(needed) > 2)} (alone attainable: {least})"
    )


def _without_warm_nodes(
    relaxation: Relaxation, limits: Sequence[ResolvedLimit], caps: Floats, needed: Sequence[int]
) -> str:
    """Whether limits that contradict each other would do so without warm nodes; "" without any."""
    problem = relaxation.problem
    if not problem.warm_nodes.any():
        return ""
    cold = problem._replace(warm_nodes=frozen(np.zeros_like(problem.warm_nodes), np.int64))
    measured = [relaxation.objectives[m] for m in needed]
    without = Relaxation(cold, relaxation.scenario, measured, threads=relaxation.threads)
    said = f"; without the {int(problem.warm_nodes.sum()):,} warm nodes"
    try:
        minimize_capped(without, np.zeros(len(needed)), caps[needed])
    except CapsUnmet:
        if len(needed) > 1:
            return f"{said} not either"
        least = _least(without, 0, np.full(1, np.inf))
        return f"{said} not either, but {_way(limits[needed[0]], rounded_up(least))} could be met"
    except SolverError:  # undecided: what contradicts itself is said all the same
        return ""
    return f"{said} {'it' if len(needed) == 1 else 'they'} could be met"


def _least(relaxation: Relaxation, m: int, caps: Floats) -> float:
    return minimize_capped(relaxation, np.eye(len(caps))[m], caps).bound


def _way(limit: ResolvedLimit, least: float) -> str:
    """What a limit would have to be, where `least` of its objective is attainable."""
    way = "most" if limit.at_least else "least"
    return f"{limit.stated_measure} at {way} {limit.as_stated(least):.6g} {limit.unit}"


def _said(limit: ResolvedLimit) -> str:
    """A limit in the words it was given in, with its number where these hide it."""
    hidden = "" if limit.plan is None else f" ({number(limit.as_stated(limit.most))} {limit.unit})"
    return f"'{limit.text}'{hidden}"
