"""How good any front could be, and what that says of a run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from os import PathLike
from pathlib import Path

import numpy as np

from operators.types import Floats
from slit.api.arguments import Objectives, objective_names, scenario_of
from slit.certificates.bounds import LATTICE, REFINED, Certificate, Within, vectors_within
from slit.certificates.certificate_store import default_folder, stored_certificate
from slit.certificates.certified import Certified, certified_data
from slit.certificates.gap_decomposition import gap_parts, whole_node_bounds
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front
from slit.lp.solver import SolverError
from slit.objectives import find
from slit.objectives.limit_text import ResolvedLimit
from slit.optimizers.protocol import Task
from slit.problem import compile_problem
from slit.record import Run, read_run
from slit.record.runs import evaluator_of
from slit.relaxation import Relaxation
from slit.run import Result
from slit.scenario.scenario import Scenario
from slit.stop import StopReason

UNCERTIFIED = "no certificate, as it was interrupted: slit bound makes one of the run folder"
SEED = 1
"""Of the volume's sampling, which is used beyond five objectives."""


def bound(
    scenario: Scenario | str | PathLike[str],
    *,
    objectives: Objectives | None = None,
    weights: int | None = None,
    refined: int | None = None,
    threads: int = 1,
    start: str | date | None = None,
    hours: float | None = None,
    plugin: str | Path | None = None,
) -> Certificate:
    """What no front of a scenario can surpass: bounds of each objective and of the hypervolume.

    weights, refined: weight vectors of a lattice, and how many more are placed where the bound is
    loosest. Other arguments as in `slit.optimize`. The certificate is kept in the user's cache, and
    taken from there when it is asked for again.

    Raises SlitError for what the caller can mend, InfeasibleError for demand beyond capacity.
    """
    names = objective_names(objectives, plugin)
    planned = scenario_of(scenario, start, hours)
    relaxation = Relaxation(compile_problem(planned), planned, find(names), threads=threads)
    return _certificate(relaxation, weights, refined)


def certify(
    run: Run | str | PathLike[str],
    *,
    objectives: Objectives | None = None,
    weights: int | None = None,
    refined: int | None = None,
    gap: bool = False,
    threads: int = 1,
    plugin: str | Path | None = None,
) -> Certified:
    """A run against the certificate of its scenario: share, gaps, and what these are made of.

    objectives: some of the run's. `gap` also works out what whole nodes cost, which takes seconds
    to a minute. Nothing is written to the run folder. Other arguments as in `bound`; a run that was
    made with a plug-in needs it.
    """
    opened = run if isinstance(run, Run) else read_run(Path(run))
    evaluator = evaluator_of(opened, plugin=plugin, threads=threads)
    front = opened.front
    if objectives is not None:
        names = [each if isinstance(each, str) else each.name for each in objectives]
        unknown = [name for name in names if name not in front.names]
        if unknown:
            raise SlitError(
                f"objectives: {', '.join(unknown)}, expected some of {', '.join(front.names)} "
                "(of the run)"
            )
        find(objectives)
    return certified_front(
        front,
        evaluator,
        objectives=objectives,
        weights=weights,
        refined=refined,
        gap=gap,
    )


def certified_front(
    front: Front,
    evaluator: Evaluator,
    *,
    objectives: Objectives | None = None,
    weights: int | None = None,
    refined: int | None = None,
    gap: bool = False,
    task: Task | None = None,
    parts: bool = True,
) -> Certified:
    """A front of the evaluator's objectives against the certificate of its problem.

    task: that of the search where there was one, for its relaxations. parts: whether it is worked
    out what the gaps are made of. Others as in `certify`.
    """
    if task is not None:
        cold = task.relaxation.fresh()
    elif objectives is None:
        cold = Relaxation.of(evaluator)
    else:
        cold = Relaxation(
            evaluator.problem, evaluator.scenario, find(objectives), threads=evaluator.threads
        )
    measured = None if task is None else task.measured_relaxation
    caps, within = _caps(cold, evaluator), _within(cold, evaluator, measured)
    certificate = _certificate(cold, weights, refined, caps=caps, within=within)
    if not parts:
        return certified_data(front, certificate)
    nodes = whole_node_bounds(cold) if gap else None
    rng = np.random.default_rng(SEED)
    made_of = gap_parts(front, certificate, evaluator, rng=rng, nodes=nodes)
    return certified_data(front, certificate, parts=made_of)


def certified_result(result: Result, evaluator: Evaluator, task: Task) -> Result:
    """The result of a search with its certificate, or with a note why it has none.

    Whatever goes wrong here is no reason to lose what was found.
    """
    if result.stop is StopReason.INTERRUPTED:
        return replace(result, notes=(*result.notes, UNCERTIFIED))
    try:
        certified = certified_front(result.front, evaluator, task=task)
        coarse = coarser(task.relaxation.solvers.distinct)
        unused = unused_limits(task.measured_relaxation, result.limits)
        return replace(result, certified=certified, notes=(*result.notes, *coarse, *unused))
    except KeyboardInterrupt:
        return replace(result, notes=(*result.notes, UNCERTIFIED))
    except (SlitError, SolverError) as error:
        return replace(result, notes=(*result.notes, f"no certificate: {error}"))


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


def _caps(relaxation: Relaxation, evaluator: Evaluator) -> Floats | None:
    """The limits on bounded objectives, (M,), inf for none; None if there is none at all."""
    caps = np.full(len(relaxation.names), np.inf)
    for limit in evaluator.limits:
        name = limit.objective.name
        if name in relaxation.names and name not in relaxation.terms.unseen:
            m = relaxation.names.index(name)
            caps[m] = min(caps[m], limit.most)
    return caps if np.isfinite(caps).any() else None


def _within(
    relaxation: Relaxation, evaluator: Evaluator, measured: Relaxation | None
) -> Within | None:
    """The limits on measures that the relaxation sees and that are no objectives; None without."""
    others = {
        limit.objective.name: limit.objective
        for limit in evaluator.limits
        if limit.objective.name not in [each.name for each in relaxation.objectives]
    }
    if not others:
        return None
    if measured is None:
        measured = Relaxation(
            evaluator.problem,
            evaluator.scenario,
            [*relaxation.objectives, *others.values()],
            threads=evaluator.threads,
        )
    caps = _caps(measured, evaluator)
    count = len(relaxation.names)
    if caps is None or not np.isfinite(caps[count:]).any():
        return None
    return Within(measured.fresh(), caps)


def unused_limits(relaxation: Relaxation, limits: Sequence[ResolvedLimit]) -> tuple[str, ...]:
    """What is to be said of limits that the bound leaves out: it holds, but may be looser."""
    used = set(relaxation.names) - set(relaxation.terms.unseen)
    outside = [each.text for each in limits if each.measure not in used]
    if not outside:
        return ()
    return (
        f"certificate: leaves out {', '.join(outside)}: valid, but looser, as plans beyond such a "
        "limit count as attainable",
    )


def _certificate(
    relaxation: Relaxation,
    weights: int | None,
    refined: int | None,
    *,
    caps: Floats | None = None,
    within: Within | None = None,
) -> Certificate:
    return stored_certificate(
        relaxation,
        rng=np.random.default_rng(SEED),
        folder=default_folder(),
        weights=weights,
        refined=refined,
        caps=caps,
        within=within,
    )
