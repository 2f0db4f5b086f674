"""Plans to compare a search with, which also begins with them: of schedulers that make one each."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front
from slit.optimizers.protocol import Phase, Plans, Task
from slit.optimizers.registry import OptimizerKind, available, make_optimizer
from slit.problem.today import today_plan
from slit.record.manifest import Request
from slit.run import front_of, run
from slit.scenario.routing import TODAY
from slit.scenario.scenario import Scenario
from slit.stop import Stop, StopReason

KINDS = OptimizerKind.REFERENCE, OptimizerKind.BASELINE, OptimizerKind.RIVAL
EARLY = "minimum times: schedulers do not look at them; node starts refused (minimum time down): "
Prepared = Callable[[str, Front], None]
"""Told the name of a scheduler and the front of its plan as soon as that is made."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferencePlan:
    """The plan of one scheduler, a front of one row, and what its phases reached."""

    front: Front
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """The reference plans (None if there are none), and what is to be said of them."""

    front: Front | None = None
    phases: tuple[Phase, ...] = ()
    notes: tuple[str, ...] = ()


def reference_plans(
    request: Request,
    evaluator: Evaluator,
    task: Task,
    *,
    made: Mapping[str, ReferencePlan],
    prepared: Prepared | None = None,
) -> References:
    """Today's routing where it is stated, and the plans of the schedulers that make one each, apart
    from the one that is run.

    Those `made` before are judged again; without baselines there are no other schedulers. The exact
    one, which takes longest, is made last; rows are in the order of the registry.
    """
    entries = [
        entry
        for entry in available(*KINDS)
        if entry.name != request.optimizer and (request.baselines or entry.name in made)
    ]
    first = [TODAY] if task.scenario.today else []
    found = {name: _judged(each, evaluator) for name, each in made.items()}
    notes: dict[str, str] = {}
    in_turn = sorted(entries, key=lambda entry: entry.kind is OptimizerKind.REFERENCE)
    for name in (*first, *(entry.name for entry in in_turn)):
        if name in found:
            continue
        try:
            found[name] = reference_plan(
                name, evaluator, task, seed=request.seed, prepared=prepared
            )
        except SlitError as error:
            # A scheduler that cannot work on these objectives is no reason not to search.
            notes[name] = f"{name} left out: {error}"
    names = [*first, *(entry.name for entry in entries)]
    fronts = [found[name].front for name in names if name in found]
    early = [
        f"{front.methods[0]} ({front.refused[0]:,})" for front in fronts if front.refused.any()
    ]
    said = f"{EARLY}{', '.join(early)}"
    return References(
        reduce(Front.joined, fronts) if fronts else None,
        next((found[name].phases for name in names if name in found and found[name].phases), ()),
        (*(notes[name] for name in names if name in notes), *([said] if early else [])),
    )


def named_plans(
    names: Iterable[str],
    evaluator: Evaluator,
    task: Task,
    *,
    seed: int,
    prepared: Prepared | None = None,
) -> dict[str, ReferencePlan]:
    """The plans of the schedulers of these names, each needed. Raises SlitError."""
    made = {}
    for name in names:
        try:
            made[name] = reference_plan(name, evaluator, task, seed=seed, prepared=prepared)
        except SlitError as error:
            raise SlitError(f"limit relative to {name}: {error}") from None
    return made


def reference_plan(
    name: str, evaluator: Evaluator, task: Task, *, seed: int, prepared: Prepared | None = None
) -> ReferencePlan:
    """The plan of one scheduler, or of today's routing. Raises SlitError where it cannot work on
    these objectives."""
    if name == TODAY:
        return _routed_today(evaluator, task, prepared)
    optimizer = make_optimizer(name, task, rng=np.random.default_rng([seed, 1]))
    result = run(optimizer, evaluator, stop=Stop(evaluations=1))
    if result.stop is StopReason.INTERRUPTED:
        raise KeyboardInterrupt  # with its plan complete or not: the search is not to begin
    if prepared is not None:
        prepared(name, result.front)
    return ReferencePlan(result.front, getattr(optimizer, "phases", ()))


def names_of_references(scenario: Scenario) -> tuple[str, ...]:
    """The plans that may be compared with, by name."""
    schedulers = (entry.name for entry in available(*KINDS))
    return (*([TODAY] if scenario.today else []), *schedulers)


def _routed_today(evaluator: Evaluator, task: Task, prepared: Prepared | None) -> ReferencePlan:
    plan = today_plan(task.problem, task.scenario)[None, :]
    found = evaluator.evaluate(plan)
    front = front_of(Plans(plan, found.F, found.G), evaluator, method=TODAY)
    if prepared is not None:
        prepared(TODAY, front)
    return ReferencePlan(front)


def _judged(made: ReferencePlan, evaluator: Evaluator) -> ReferencePlan:
    """The same plan under the limits of another evaluator."""
    found = evaluator.evaluate(made.front.X)
    plans = Plans(made.front.X, found.F, found.G)
    return replace(made, front=front_of(plans, evaluator, method=made.front.methods[0]))
