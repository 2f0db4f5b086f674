"""`evolve`: NSGA-II of a framework on a choice problem, under a budget.

Options: method (a module of frameworks/), budget (evaluations or seconds), population. Equal
evaluations mean equal generations; under seconds the number of generations is estimated from a
short run, and what comes after the budget does not count. A need, if any, made the reference.
beside: the case whose comparisons the result belongs to, if another.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.random import Generator

from benchmarks.job import Job
from benchmarks.measuring.choices import Choices
from benchmarks.measuring.instrumented_problem import InstrumentedProblem
from benchmarks.measuring.reference import HypervolumeReference, box_reference, exact_reference
from benchmarks.measuring.scenarios import generator
from benchmarks.measuring.trajectory import Clock
from benchmarks.registry import BenchmarkPhase, find_case
from benchmarks.store import JobOutcome, Store
from operators.archive import Archive
from operators.types import Floats
from slit.stop import Stop

Evolve = Callable[..., tuple[Floats, Floats]]

SAMPLE = 1000
TRIAL_GENERATIONS = 20
TRIAL_SHARE = 0.1
"""Of the budget: a trial is lengthened until it takes this long."""
MARGIN = 1.4


def perform(job: Job, store: Store) -> JobOutcome:
    """Evolve and measure."""
    problem = instance(job)
    evolve: Evolve = import_module(f"benchmarks.frameworks.{job.options['method']}").evolve
    population, stop = job.options["population"], Stop(**job.options["budget"])
    instrumented = InstrumentedProblem(problem, stop=stop)
    generations = _generations(evolve, problem, population, stop)
    instrumented.clock = Clock()
    F, G = evolve(
        instrumented.problem, population=population, generations=generations, rng=generator(job)
    )
    seconds = instrumented.clock.seconds
    reference = reference_of(problem)
    if job.needs:
        reference = HypervolumeReference.from_json(
            store.read(job.needs[0]).outcome.values["yardstick"]
        )
    snapshots = instrumented.snapshots()
    last = F[G <= 0]
    values = {
        "label": job.options.get("label", job.options["method"]),
        "kind": "search",
        "volume": reference.volume(snapshots[-1].F),
        "volume_last": reference.volume(last) if stop.seconds is None else None,
        "plans": len(snapshots[-1].F),
        "evaluations": instrumented.evaluations,
        "generations": generations,
        "moves": 0,
        "yardstick": reference.to_json(),
        "curve": [
            {
                "evaluations": snapshot.work.evaluations,
                "moves": 0,
                "plans": len(snapshot.F),
                "volume": reference.volume(snapshot.F),
            }
            for snapshot in snapshots
        ],
    } | _reached(problem, snapshots[-1].F)
    timing = {
        "seconds": seconds,
        "generations_per_second": generations / seconds,
        "curve_seconds": [snapshot.work.seconds for snapshot in snapshots],
    }
    return JobOutcome(values, {"F": snapshots[-1].F}, timing)


def warm(job: Job) -> None:
    """Import the framework and compile the evaluation."""
    evolve: Evolve = import_module(f"benchmarks.frameworks.{job.options['method']}").evolve
    evolve(instance(job), population=8, generations=3, rng=np.random.default_rng(0))
    Archive(genes=0, objectives=2, capacity=4).add(np.zeros((8, 0), np.int16), np.eye(8)[:, :2])


def instance(job: Job) -> Choices:
    """The problem of a job's case."""
    return _instance(job.case, tuple(sorted(job.case_options.items())))


@lru_cache(maxsize=4)
def _instance(case: str, options: tuple[tuple[str, Any], ...]) -> Choices:
    built: Choices = find_case(case).build(**dict(options))
    return built


def reference_of(problem: Choices) -> HypervolumeReference:
    """The exact front where it is known, else a box around random solutions."""
    if problem.exact is not None:
        return exact_reference(problem.exact, names=problem.names)
    F = problem.evaluate(problem.random(SAMPLE, rng=np.random.default_rng(0)))[0]
    detail = f"from the cheapest choice of every gene to the mean of {SAMPLE} random solutions"
    return box_reference(problem.ideal, F.mean(axis=0), names=problem.names, detail=detail)


def _reached(problem: Choices, F: Floats) -> dict[str, float]:
    """Share of the exact front that was found, where it is known."""
    if problem.exact is None:
        return {}
    if not len(F):
        return {"found_share": 0.0}
    gap = np.abs(problem.exact[:, None, :] - F[None, :, :]).max(axis=2).min(axis=1)
    return {"found_share": float((gap < 1e-6).mean())}


def _generations(evolve: Evolve, problem: Choices, population: int, stop: Stop) -> int:
    if stop.evaluations is not None:
        return max(2, stop.evaluations // population)
    assert stop.seconds is not None
    generations, spent = TRIAL_GENERATIONS, 0.0
    while True:
        clock, rng = Clock(), Generator(np.random.PCG64(1))
        evolve(problem, population=population, generations=generations, rng=rng)
        spent = clock.seconds
        if spent > TRIAL_SHARE * stop.seconds:
            return max(2, round(MARGIN * generations * stop.seconds / spent))
        generations *= 2


EVOLVE = BenchmarkPhase("evolve", perform, warm)
