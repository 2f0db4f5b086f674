"""What an optimizer is: it asks for plans to be evaluated and is told their values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator

from operators.types import Floats, Genes, Integers
from slit.errors import SlitError
from slit.evaluator import Evaluation, Evaluator
from slit.kernels.cell_objectives import CellObjectives
from slit.kernels.objective_terms import ObjectiveTerms
from slit.objectives import Objective
from slit.objectives.limits import Limit
from slit.problem import Problem
from slit.relaxation import Relaxation
from slit.scenario.scenario import Scenario

State = Mapping[str, Any]
"""Names to arrays, or to what JSON can hold: nested dicts and lists of numbers and strings."""


class Plans(NamedTuple):
    """Plans X (N, G) with their objectives F (N, M) and constraint violation (CV) G (N,)."""

    X: Genes
    F: Floats
    G: Floats

    def rows(self, index: Integers) -> "Plans":
        """Some of the rows."""
        return Plans(self.X[index], self.F[index], self.G[index])


class Phase(NamedTuple):
    """What one step of a lexicographic plan reached: on the relaxation, and really.

    relaxed: the objective's relaxed optimum in its phase. limit: what later phases may let it grow
    to. final: its value at the relaxed optimum of the last phase. real: that of the plan.
    """

    name: str
    unit: str
    relaxed: float
    real: float
    limit: float | None = None
    final: float | None = None


class Optimizer(Protocol):
    """Searches by asking. It never evaluates plans, prints or stops by itself.

    `ask` and `tell` alternate; the wrong order raises SlitError.
    """

    @property
    def name(self) -> str:
        """Its name: what the rows it keeps are called."""

    @property
    def moves(self) -> int:
        """Incremental evaluations made so far, apart from the plans asked for."""

    def ask(self) -> Genes:
        """Plans (N, G) to evaluate next; none (0, G) if there is nothing left to try."""

    def tell(self, evaluation: Evaluation) -> None:
        """The values of the plans that were asked for, in their order."""

    def front(self) -> Plans:
        """The plans kept so far: feasible and mutually non-dominated, or, as long as none is
        feasible, those of least violation. May be asked for at any time."""


@runtime_checkable
class Resumable(Protocol):
    """An optimizer that can go on where another process stopped, with the same bits."""

    def state(self) -> State:
        """Everything that the next step depends on; only between `tell` and `ask`."""

    def restore(self, state: State) -> None:
        """Take the state over; the optimizer was made with the same task and settings."""


@dataclass(frozen=True, eq=False)
class Task:
    """What an optimizer may know of what it optimizes; M objectives, `terms` their coefficients.

    `cell_objectives` are the cell-wise ones as kernels take them. It may use so many `threads`;
    what it finds must not depend on their number.
    """

    problem: Problem
    scenario: Scenario
    objectives: tuple[Objective, ...]
    terms: ObjectiveTerms
    cell_objectives: CellObjectives
    threads: int
    _evaluator: Evaluator

    @classmethod
    def of(cls, evaluator: Evaluator) -> "Task":
        """The task that an evaluator judges."""
        return cls(
            evaluator.problem,
            evaluator.scenario,
            evaluator.objectives,
            evaluator.terms,
            evaluator.cell_objectives,
            evaluator.threads,
            evaluator,
        )

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What no feasible plan exceeds."""
        return self._evaluator.limits

    @property
    def measured(self) -> tuple[Objective, ...]:
        """The objectives, then what is only limited: E in all."""
        return self._evaluator.measured

    @property
    def measured_terms(self) -> ObjectiveTerms:
        """Their coefficients."""
        return self._evaluator.measured_terms

    def judge(self) -> Evaluator:
        """An evaluator for plans that an optimizer looks at by itself, which counts apart."""
        return self._evaluator.apart()

    @property
    def bounded(self) -> bool:
        """Whether some objective has a linear part, and so a relaxation."""
        parts = self._evaluator.linear_parts[: len(self.objectives)]
        return any(part is not None and not part.falls_with_waits for part in parts)

    @cached_property
    def relaxation(self) -> Relaxation:
        """The linear relaxation, built once: take `fresh()` of it, so that what is found does not
        depend on who solved it before. Raises SlitError if no objective has a linear part."""
        return Relaxation.of(self._evaluator)

    @cached_property
    def measured_relaxation(self) -> Relaxation:
        """As `relaxation`, of all that is measured; the same where nothing more is."""
        if len(self.measured) == len(self.objectives):
            return self.relaxation
        return Relaxation.of(self._evaluator, measured=True)


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """What an optimizer is made from: its name, what it optimizes, its settings (the dataclass
    `Settings` of its module), its random numbers, and plans (S, G) to begin with, or None."""

    name: str
    task: Task
    settings: Any
    rng: Generator
    start: Genes | None = None


Make = Callable[[Setup], Optimizer]
"""What makes an optimizer: the function `build` of its module."""


class AskTellGuard:
    """Refuses `ask` and `tell` in the wrong order, and values of plans not asked for."""

    def __init__(self, *, objectives: int) -> None:
        self.objectives = objectives
        self._asked: Genes | None = None

    @property
    def asked(self) -> bool:
        """Whether plans were asked for and not yet told about."""
        return self._asked is not None

    def check_ask(self) -> None:
        """Call at the start of `ask`."""
        if self._asked is not None:
            raise SlitError(
                f"ask: {len(self._asked)} plans still wait for tell, expected ask and tell in turns"
            )

    def record(self, plans: Integers) -> Genes:
        """Call with the plans that `ask` returns."""
        asked = np.ascontiguousarray(plans, dtype=np.int16)
        asked.setflags(write=False)
        self._asked = asked
        return asked

    def match(self, evaluation: Evaluation) -> Plans:
        """Call at the start of `tell`: the plans asked for, with their values."""
        if self._asked is None:
            raise SlitError("tell: no plans were asked for, expected ask first")
        shape = len(self._asked), self.objectives
        if evaluation.F.shape != shape or evaluation.G.shape != shape[:1]:
            raise SlitError(
                f"tell: F {evaluation.F.shape} and G {evaluation.G.shape}, expected {shape} and "
                f"{shape[:1]} (values of the plans that were asked for)"
            )
        plans = Plans(self._asked, evaluation.F, evaluation.G)
        self._asked = None
        return plans

    def check_state(self) -> None:
        """Call at the start of `state`."""
        if self._asked is not None:
            raise SlitError("state: plans still wait for tell, expected to be called after tell")


def stacked(parts: Sequence[Plans]) -> Plans:
    """The rows of all parts, one after the other."""
    return Plans(
        np.concatenate([part.X for part in parts]),
        np.concatenate([part.F for part in parts]),
        np.concatenate([part.G for part in parts]),
    )
