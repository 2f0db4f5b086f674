"""One search from what was asked for to its result."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from operators.types import Genes, Integers
from slit.api.attainable import check_attainable
from slit.api.bounds import certified_result
from slit.api.limits import beyond_themselves, missed, resolved_limits
from slit.api.references import Prepared, reference_plans
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front
from slit.objectives import find
from slit.objectives.limit_text import read_limit
from slit.optimizers.protocol import Make, Resumable, Setup, Task
from slit.optimizers.registry import OptimizerKind, make_optimizer
from slit.optimizers.registry import find as find_optimizer
from slit.problem import compile_problem
from slit.record.checkpoint import Checkpoint
from slit.record.manifest import Request
from slit.relaxation.feasibility import check_capacity
from slit.run import Result, Watch, run
from slit.scenario.operation import states_note, warm_note
from slit.scenario.scenario import Scenario
from slit.steady import SteadyPicks, can_be_steadied, steady_picks
from slit.stop import StopReason

STEADY_EFFORT = 1000
"""Whole plans that a search must have evaluated, a move counting as one gene of one: one that was
to be short is not made much longer by steady picks."""
INFEASIBLE = "no feasible plan was found: these are the plans of least violation"
ENDED_EARLY = {
    StopReason.INTERRUPTED: "interrupted: the front found so far",
    StopReason.REQUEST: "stopped on request: the front found so far",
}


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search ready to run: `request` says what was asked for, `settings` are the optimizer's;
    `evaluator` knows no limits, as these may be relative to reference plans.

    make builds the optimizer if it is none of the registry; start (N, G) are plans to begin with;
    prepared is told of each reference plan.
    """

    scenario: Scenario
    request: Request
    evaluator: Evaluator
    settings: Any
    make: Make | None = None
    start: Genes | None = None
    prepared: Prepared | None = None

    def result(self, *, watch: Watch | None = None, checkpoint: Checkpoint | None = None) -> Result:
        """Search, and put the reference plans beside what was found.

        `checkpoint` is what an interrupted run of the same search left. Ctrl-C before anything
        was found is passed on.
        """
        request = self.request
        stated = [read_limit(text) for text in request.limits]
        limits, made = resolved_limits(
            stated, self.evaluator, seed=request.seed, prepared=self.prepared
        )
        check_attainable(limits, self.evaluator)
        evaluator = self.evaluator
        if limits:
            evaluator = evaluator.limited_by([each.limit for each in limits])
        task = Task.of(evaluator)
        references = reference_plans(request, evaluator, task, made=made, prepared=self.prepared)
        rng = np.random.default_rng(request.seed)
        start = self._start_plans(references.front)
        if self.make is not None:
            optimizer = self.make(Setup(request.optimizer, task, self.settings, rng, start))
        else:
            optimizer = make_optimizer(
                request.optimizer, task, rng=rng, settings=self.settings, start=start
            )
        if checkpoint is not None and isinstance(optimizer, Resumable):
            self._restore(optimizer, checkpoint)
        outcome = run(
            optimizer,
            evaluator,
            stop=request.budget,
            watch=watch,
            state=checkpoint.loop if checkpoint is not None else None,
        )
        if outcome.stop is StopReason.INTERRUPTED and not len(outcome.front):
            raise KeyboardInterrupt
        front = outcome.front
        steady = self._steady(outcome, evaluator, task)
        if steady is not None:
            front = front.joined(steady.front)
        if references.front is not None:
            front = front.joined(references.front)
        fleet = (warm_note(self.scenario), states_note(self.scenario))
        notes = (*getattr(optimizer, "notes", ()), *references.notes, *filter(None, fleet))
        notes += () if steady is None else (steady.note,)
        notes += beyond_themselves(limits, references.front, evaluator.apart())
        if outcome.stop in ENDED_EARLY:
            notes = (ENDED_EARLY[outcome.stop], *notes)
        if not front.feasible:
            notes = (INFEASIBLE, *missed(front, evaluator, limits), *notes)
        own = getattr(optimizer, "phases", ())
        phases = own or references.phases
        result = replace(outcome, front=front, phases=phases, notes=notes, limits=limits)
        return certified_result(result, evaluator, task) if request.bound else result

    def _steady(self, outcome: Result, evaluator: Evaluator, task: Task) -> SteadyPicks | None:
        """Steady picks, where they are asked for and the search took so long that they take no
        longer."""
        effort = outcome.moves / evaluator.problem.genes + outcome.evaluations
        if (
            not self.request.steady
            or effort < STEADY_EFFORT
            or outcome.stop in ENDED_EARLY
            or not task.bounded
            or not can_be_steadied(outcome.front, evaluator)
        ):
            return None
        name = self.request.optimizer
        return steady_picks(outcome.front, evaluator, task.relaxation.fresh(), search=name)

    def _restore(self, optimizer: Resumable, checkpoint: Checkpoint) -> None:
        """Let an optimizer go on from a checkpoint; SlitError if it does not fit."""
        try:
            for values in checkpoint.state.values():
                if isinstance(values, np.ndarray) and values.dtype == np.int16:
                    self.evaluator.check(np.atleast_2d(values))
            optimizer.restore(checkpoint.state)
        except (
            SlitError,
            AttributeError,
            IndexError,
            KeyError,
            OverflowError,
            TypeError,
            ValueError,
        ) as error:
            name, why = self.request.optimizer, f"{type(error).__name__}: {error}"
            raise SlitError(f"checkpoint: {why}, expected the state of {name}") from error

    def _start_plans(self, reference: Front | None) -> Genes | None:
        """What a search begins with: the user's plans, then the reference plans."""
        named = self.make is None
        if named and find_optimizer(self.request.optimizer).kind is not OptimizerKind.SEARCH:
            return self.start
        parts = [] if self.start is None else [self.start]
        if reference is not None and named:
            parts.append(reference.X)
        return np.concatenate(parts) if parts else None


def prepare(
    scenario: Scenario,
    request: Request,
    *,
    settings: Any,
    threads: int = 1,
    make: Make | None = None,
    start: Integers | None = None,
    prepared: Prepared | None = None,
) -> Search:
    """Compile a scenario and check that its demand can be served at all.

    Raises InfeasibleError where it cannot, SlitError for start plans that do not fit.
    """
    problem = compile_problem(scenario)
    check_capacity(problem, scenario)
    objectives = find(request.objectives)
    evaluator = Evaluator(problem, scenario, objectives=objectives, threads=threads)
    plans = None if start is None else evaluator.check(start)
    return Search(scenario, request, evaluator, settings, make, plans, prepared)
