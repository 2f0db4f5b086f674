"""One search from what was asked for to its result and its run folder."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Genes, Integers
from slit.api.bounds import certified_front
from slit.certificates.bounds import LATTICE, REFINED, vectors_within
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front
from slit.lp.solver import SolverError
from slit.objectives import find
from slit.optimizers.protocol import Make, Phase, Resumable, Setup, Task
from slit.optimizers.registry import Kind, available, make_optimizer
from slit.optimizers.registry import find as find_optimizer
from slit.problem import compile_problem
from slit.record.certificate import write_certificate
from slit.record.checkpoint import Checkpoint, Keeper, forget, request_key, write_request
from slit.record.folder import REPORT, publish
from slit.record.manifest import Manifest, Pending, Request, processor, versions
from slit.record.runs import write_run
from slit.relaxation.feasibility import check_capacity
from slit.report import write_report
from slit.run import Progress, Result, Watch, deferred_interrupt, run
from slit.scenario.lint_scenario import doubts
from slit.scenario.scenario import Scenario
from slit.scenario.store import scenario_hash
from slit.stop import Stop, StopReason

INFEASIBLE = "no feasible plan was found: these are the plans of least violation"
ENDED_EARLY = {
    StopReason.INTERRUPTED: "interrupted: the front found so far",
    StopReason.REQUEST: "stopped on request: the front found so far",
}
UNCERTIFIED = "no certificate, as it was interrupted: slit bound makes one of the run folder"


def coarser(epochs: int) -> tuple[str, ...]:
    """What is to be said of a certificate that many epochs leave with fewer weight vectors."""
    most = sum(vectors_within(epochs))
    if most >= LATTICE + REFINED:
        return ()
    return (
        f"certificate: at most {most} weight vectors instead of {LATTICE + REFINED}, as {epochs:,} "
        f"epochs differ: valid, but looser (slit bound RUN --weights {LATTICE} --refined {REFINED} "
        "takes all)",
    )


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """The reference plans (None if there are none), and what is to be said of them."""

    front: Front | None = None
    phases: tuple[Phase, ...] = ()
    notes: tuple[str, ...] = ()


def reference_plans(request: Request, evaluator: Evaluator, task: Task) -> References:
    """The plans of the schedulers that make one each, apart from the one that is run."""
    found = References()
    for entry in available(Kind.REFERENCE, Kind.BASELINE, Kind.RIVAL):
        if entry.name == request.optimizer:
            continue
        rng = np.random.default_rng([request.seed, 1])
        optimizer = make_optimizer(entry.name, task, rng=rng)
        try:
            made = run(optimizer, evaluator, stop=Stop(evaluations=1))
        except SlitError as error:
            # A scheduler that cannot work on these objectives is no reason not to search.
            found = replace(found, notes=(*found.notes, f"{entry.name} left out: {error}"))
            continue
        if made.stop is StopReason.INTERRUPTED:
            raise KeyboardInterrupt  # with its plan complete or not: the search is not to begin
        found = References(
            made.front if found.front is None else found.front.joined(made.front),
            getattr(optimizer, "phases", found.phases),
            found.notes,
        )
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search ready to run. `make` builds the optimizer if it is none of the registry."""

    scenario: Scenario
    request: Request
    evaluator: Evaluator
    settings: Any
    make: Make | None = None
    start: Genes | None = None

    def result(self, *, watch: Watch | None = None, checkpoint: Checkpoint | None = None) -> Result:
        """Search, and put the reference plans beside what was found.

        `checkpoint` is what an interrupted run of the same search left. Ctrl-C before anything
        was found is passed on.
        """
        task = Task.of(self.evaluator)
        request = self.request
        references = References()
        if request.baselines:
            references = reference_plans(request, self.evaluator, task)
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
        found = run(
            optimizer,
            self.evaluator,
            stop=request.budget,
            watch=watch,
            state=checkpoint.loop if checkpoint is not None else None,
        )
        if found.stop is StopReason.INTERRUPTED and not len(found.front):
            raise KeyboardInterrupt
        front = found.front
        if references.front is not None:
            front = front.joined(references.front)
        notes = (*getattr(optimizer, "notes", ()), *references.notes)
        if found.stop in ENDED_EARLY:
            notes = (ENDED_EARLY[found.stop], *notes)
        if not front.feasible:
            notes = (INFEASIBLE, *notes)
        own = getattr(optimizer, "phases", ())
        return self._certified(
            replace(found, front=front, phases=own or references.phases, notes=notes), task
        )

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

    def _certified(self, result: Result, task: Task) -> Result:
        """The result with its certificate, if that was asked for; or why it has none.

        Whatever goes wrong here is no reason to lose what was found.
        """
        if not self.request.bound:
            return result
        if result.stop is StopReason.INTERRUPTED:
            return replace(result, notes=(*result.notes, UNCERTIFIED))
        try:
            certified = certified_front(result.front, self.evaluator, relaxation=task.relaxation)
            coarse = coarser(task.relaxation.solvers.distinct)
            return replace(result, certified=certified, notes=(*result.notes, *coarse))
        except KeyboardInterrupt:
            return replace(result, notes=(*result.notes, UNCERTIFIED))
        except (SlitError, SolverError) as error:
            return replace(result, notes=(*result.notes, f"no certificate: {error}"))

    def written(
        self,
        partial: Path,
        output: Path,
        *,
        overwrite: bool = False,
        watch: Watch | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> Result:
        """Search, write the run into its partial folder, and rename that to `output`.

        Ctrl-C while it is written is passed on when that is done.
        """
        keeper = Keeper(partial, key=request_key(self.request, self.scenario, self.start))

        def both(progress: Progress) -> None:
            keeper(progress)
            if watch is not None:
                watch(progress)

        result = self.result(watch=both, checkpoint=checkpoint)
        manifest = self._manifest(result)
        with deferred_interrupt() as interrupted:
            write_run(partial, manifest=manifest, result=result, scenario=self.scenario)
            if result.certified is not None:
                certified_hash = scenario_hash(self.scenario)
                write_certificate(result.certified, partial, scenario_hash=certified_hash)
            write_report(partial, partial / REPORT)
            put_in_place(partial, output, Pending(**self.request.model_dump(), overwrite=overwrite))
        if interrupted():
            raise KeyboardInterrupt(f"{output} is complete")
        return result

    def _start_plans(self, reference: Front | None) -> Genes | None:
        """What a search begins with: the user's plans, then the reference plans."""
        named = self.make is None
        if named and find_optimizer(self.request.optimizer).kind is not Kind.SEARCH:
            return self.start
        parts = [] if self.start is None else [self.start]
        if reference is not None and named:
            parts.append(reference.X)
        return np.concatenate(parts) if parts else None

    def _manifest(self, result: Result) -> Manifest:
        return Manifest(
            **self.request.model_dump(),
            scenario=self.scenario.name,
            scenario_hash=scenario_hash(self.scenario),
            units=dict(zip(result.front.names, result.front.units, strict=True)),
            titles=dict(zip(result.front.names, result.front.titles, strict=True)),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=versions(),
            processor=processor(),
            evaluations=result.evaluations,
            moves=result.moves,
            seconds=result.seconds,
            stop=result.stop,
            plans=int(result.front.on_front.sum()),
            feasible=result.feasible,
            notes=result.notes,
            findings=doubts(self.scenario),
            phases=result.phases,
        )


def put_in_place(partial: Path, output: Path, pending: Pending) -> None:
    """Rename a complete partial folder to `output`. A process that is killed from here on leaves
    one that says that it is complete: `slit.resume` does the rest."""
    write_request(pending.model_copy(update={"complete": True}), partial)
    publish(partial, output, overwrite=pending.overwrite)
    forget(output)


def prepare(
    scenario: Scenario,
    request: Request,
    *,
    settings: Any,
    threads: int = 1,
    make: Make | None = None,
    start: Integers | None = None,
) -> Search:
    """Compile a scenario and check that its demand can be served at all.

    Raises InfeasibleError where it cannot, SlitError for start plans that do not fit.
    """
    problem = compile_problem(scenario)
    check_capacity(problem, scenario)
    objectives = find(request.objectives)
    evaluator = Evaluator(problem, scenario, objectives=objectives, threads=threads)
    plans = None if start is None else evaluator.check(start)
    return Search(scenario, request, evaluator, settings, make, plans)
