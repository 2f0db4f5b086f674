"""Plans to compare a search with, which also begins with them: of schedulers that make one each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front
from slit.optimizers.protocol import Phase, Task
from slit.optimizers.registry import Kind, available, make_optimizer
from slit.record.manifest import Request
from slit.run import Result, run
from slit.stop import Stop, StopReason

KINDS = Kind.REFERENCE, Kind.BASELINE, Kind.RIVAL
Prepared = Callable[[str, Front], None]
"""Told the name of a scheduler and the front of its plan as soon as that is made."""


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """The reference plans (None if there are none), and what is to be said of them."""

    front: Front | None = None
    phases: tuple[Phase, ...] = ()
    notes: tuple[str, ...] = ()


def reference_plans(
    request: Request, evaluator: Evaluator, task: Task, *, prepared: Prepared | None = None
) -> References:
    """The plans of the schedulers that make one each, apart from the one that is run.

    The exact one, which takes longest, is made last; rows are in the order of the registry.
    """
    entries = [e for e in available(*KINDS) if e.name != request.optimizer]
    made: dict[str, Result] = {}
    notes: dict[str, str] = {}
    phases: tuple[Phase, ...] = ()
    for entry in sorted(entries, key=lambda entry: entry.kind is Kind.REFERENCE):
        rng = np.random.default_rng([request.seed, 1])
        optimizer = make_optimizer(entry.name, task, rng=rng)
        try:
            result = run(optimizer, evaluator, stop=Stop(evaluations=1))
        except SlitError as error:
            # A scheduler that cannot work on these objectives is no reason not to search.
            notes[entry.name] = f"{entry.name} left out: {error}"
            continue
        if result.stop is StopReason.INTERRUPTED:
            raise KeyboardInterrupt  # with its plan complete or not: the search is not to begin
        made[entry.name] = result
        phases = getattr(optimizer, "phases", phases)
        if prepared is not None:
            prepared(entry.name, result.front)
    names = [entry.name for entry in entries]
    fronts = [made[name].front for name in names if name in made]
    return References(
        reduce(Front.joined, fronts) if fronts else None,
        phases,
        tuple(notes[name] for name in names if name in notes),
    )
