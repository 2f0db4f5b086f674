"""Limits that a search keeps to: as asked for, then as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slit.api.references import Prepared, ReferencePlan, named_plans, names_of_references
from slit.display import number, percent
from slit.errors import SlitError, did_you_mean
from slit.evaluator import Evaluator
from slit.front import Front, broken_by
from slit.objectives import Objective, find
from slit.objectives.builtin import answer_loss
from slit.objectives.limit_text import BEST, ResolvedLimit, StatedLimit, read_limit, stated
from slit.objectives.limits import Limit
from slit.optimizers.protocol import Task
from slit.scenario.limit_entry import LimitEntry
from slit.scenario.routing import TODAY
from slit.scenario.scenario import Scenario

Limits = Sequence[str | Limit]
"""Limits as text ("carbon<=nearest+5%") or as objects, mixed as one likes."""


def stated_limits(limits: Limits | None, scenario: Scenario) -> tuple[StatedLimit, ...]:
    """The limits of a scenario and those given beside them, each once; one for each name that `*`
    stands for.

    Raises SlitError for one that cannot be read or names a plan that nothing makes.
    """
    if isinstance(limits, str):
        raise SlitError(f"limits: {limits!r}, expected a list of texts or Limits")
    asked = [_of_entry(each) for each in scenario.limits]
    asked += [_stated(limit) for limit in limits or ()]
    found = [one for limit in asked for one in limit.each(scenario)]
    for limit in found:
        if limit.plan is not None:
            _check_plan(limit, limit.plan, scenario)
    return tuple(dict.fromkeys(found))


def resolved_limits(
    limits: Sequence[StatedLimit],
    evaluator: Evaluator,
    *,
    seed: int,
    prepared: Prepared | None = None,
) -> tuple[tuple[ResolvedLimit, ...], dict[str, ReferencePlan]]:
    """The limits as numbers, and the reference plans that this took, by name.

    evaluator: of the search, without limits. Raises SlitError where a reference plan is beyond
    capacity. One that is beyond another limit may still say what is to be kept: today's routing may
    reroute too much and yet give the quality that is asked for.
    """
    if not limits:
        return (), {}
    plans = dict.fromkeys(limit.plan for limit in limits if limit.plan != BEST)
    names = [plan for plan in plans if plan is not None]
    made = named_plans(names, evaluator, Task.of(evaluator), seed=seed, prepared=prepared)
    objectives = [limit.objective for limit in limits]
    # In the evaluator's own order of sums: a plan meets what it sets itself, to the bit.
    judge = evaluator.limited_by([Limit(objective, 0.0) for objective in objectives])
    reached = {name: judge.evaluate(each.front.X).limited[0] for name, each in made.items()}
    found = []
    for n, (limit, objective) in enumerate(zip(limits, objectives, strict=True)):
        value = None
        if limit.plan == BEST:
            value = _best(objective, evaluator)
        elif limit.plan is not None:
            value = float(reached[limit.plan][n])
        most = limit.at(0.0 if value is None else value)
        said = str(limit), objective.name, objective.unit
        found.append(ResolvedLimit(*said, most, limit.plan, value, limit.at_least))
    for resolved in found:
        if resolved.plan in made:
            _check_reference(resolved, made[resolved.plan].front)
    return tuple(found), made


@dataclass(frozen=True, slots=True)
class Resolving:
    """Stated limits as numbers, for each problem anew."""

    stated: tuple[StatedLimit, ...]
    seed: int

    def __call__(self, evaluator: Evaluator) -> list[Limit]:
        """The limits of an evaluator's problem. Raises SlitError as `resolved_limits`."""
        found, _ = resolved_limits(self.stated, evaluator, seed=self.seed)
        return [each.limit for each in found]


def beyond_themselves(
    limits: Sequence[ResolvedLimit], front: Front | None, evaluator: Evaluator
) -> tuple[str, ...]:
    """What is to be said of plans that set a limit and are beyond another one themselves."""
    notes = []
    for name in dict.fromkeys(limit.plan for limit in limits):
        if name is None or front is None or name not in front.methods:
            continue
        [values] = evaluator.evaluate(front.X[[front.methods.index(name)]]).limited
        notes += [
            f"{name}, which limits refer to, is itself beyond {limit.text}: "
            f"{number(limit.as_stated(value))} {limit.unit}"
            for limit, value in zip(limits, values.tolist(), strict=True)
            if limit.plan != name and value > limit.most
        ]
    return tuple(notes)


def missed(front: Front, evaluator: Evaluator, limits: Sequence[ResolvedLimit]) -> tuple[str, ...]:
    """By how much the plan of a front that is nearest to the limits misses which of them."""
    if not limits or not len(front) or front.G.min() >= 1:
        return ()
    row = int(np.argmin(front.G))
    [values] = evaluator.evaluate(front.X[[row]]).limited
    said = [
        f"{limit.text} by {number(value - limit.most)} {limit.unit} "
        f"({percent(100 * (value - limit.most) / (abs(limit.most) or 1.0))})"
        for limit, value in zip(limits, values.tolist(), strict=True)
        if value > limit.most
    ]
    return (f"within capacity, plan {front.plans[row]} is nearest: it misses {', '.join(said)}",)


def _best(objective: Objective, evaluator: Evaluator) -> float:
    """What an objective of requests alone comes to with the best placement of each, capacity aside:
    no plan is below it."""
    problem = evaluator.problem
    part = objective.linear_part(problem, evaluator.scenario)
    assert part is not None
    assert part.requests is not None
    least = part.requests.min(axis=1, where=problem.allowed, initial=np.inf)
    return float((least * problem.group_requests).sum())


def _of_entry(entry: LimitEntry) -> StatedLimit:
    """A limit of a scenario file."""
    if entry.least is not None:
        return stated(entry.measure, entry.least, at_least=True)
    assert entry.most is not None
    return stated(entry.measure, entry.most)


def _stated(limit: str | Limit) -> StatedLimit:
    if not isinstance(limit, Limit):
        return read_limit(limit)
    [objective] = find([limit.objective])
    return StatedLimit(objective.name, float(limit.most))


def _check_plan(limit: StatedLimit, plan: str, scenario: Scenario) -> None:
    known = list(names_of_references(scenario))
    if limit.objective.name.startswith(answer_loss.name):
        known.append(BEST)
    if plan == TODAY and plan not in known:
        raise SlitError(
            f"limit '{limit}': no routing of today, expected it by --today FILE or today of "
            "[operation]"
        )
    if plan not in known:
        raise SlitError(
            f"limit '{limit}': {plan!r}, expected a number or one of the reference plans "
            f"{', '.join(known)}{did_you_mean(plan, known)}"
        )


def _check_reference(limit: ResolvedLimit, front: Front) -> None:
    """Refuse a plan that nobody could run as what others are held to."""
    if front.G[0] > 0:
        raise SlitError(
            f"limit '{limit.text}': {limit.plan} is infeasible ({broken_by(front, 0)}), expected a "
            "reference plan that is feasible"
        )
