"""`optimize`: a search of the registry on a scenario, under a budget.

Options: method, settings (changes of its defaults), objectives, budget (evaluations, moves or
seconds), label, instead (a part that is replaced: see `replacements`), threads. The first need is
the job that made the reference.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from benchmarks.job import Job
from benchmarks.measuring.reference import HypervolumeReference
from benchmarks.measuring.replacements import REPLACEMENTS
from benchmarks.measuring.scenarios import METRICS, Planned, generator, planned, practice
from benchmarks.measuring.search import Searched, feasible, search
from benchmarks.registry import BenchmarkPhase
from benchmarks.store import JobOutcome, Store
from slit.evaluator import Evaluator
from slit.optimizers.protocol import Optimizer, Plans, Task
from slit.optimizers.registry import OptimizerKind, default_settings, find, make_optimizer
from slit.run import front_of
from slit.stop import Stop

PRACTICE = Stop(evaluations=1000, moves=40_000, seconds=3.0)


def perform(job: Job, store: Store) -> JobOutcome:
    """Search and measure."""
    instance = planned(job)
    threads = job.options.get("threads", 1)
    evaluator = instance.evaluator(job.options["objectives"], threads=threads)
    with replaced(job):
        optimizer = make(job, evaluator, rng=generator(job))
        found = search(optimizer, evaluator, stop=stop_of(job), threads=threads)
    reference = HypervolumeReference.from_json(store.read(job.needs[0]).outcome.values["yardstick"])
    kept = feasible(found.kept)
    values = {
        "label": job.options.get("label", job.options["method"]),
        "kind": str(find(job.options["method"]).kind),
        "volume": reference.volume(kept),
        "volume_found": reference.volume(found.found),
        "plans": len(kept),
        "evaluations": found.work.evaluations,
        "moves": found.work.moves,
        "stop": str(found.stop),
        "curve": _curve(found, reference),
        "picks": picks_of(job, instance, evaluator, found.kept),
    }
    timing = {
        "seconds": found.work.seconds,
        "curve_seconds": [snapshot.work.seconds for snapshot in found.snapshots],
    }
    return JobOutcome(values, {"F": kept, "found": found.found}, timing)


def warm(job: Job) -> None:
    """Run the method on a small problem: kernels are compiled and libraries loaded."""
    if job.options["method"].startswith("slit"):
        import sklearn.ensemble  # noqa: F401 - loaded by the first guided step otherwise
    evaluator = practice().evaluator(job.options["objectives"])
    optimizer = make(job, evaluator, rng=np.random.default_rng(0))
    search(optimizer, evaluator, stop=PRACTICE)


def make(job: Job, evaluator: Evaluator, *, rng: np.random.Generator) -> Optimizer:
    """The optimizer of a job."""
    method = job.options["method"]
    settings = default_settings(method, **job.options.get("settings", {}))
    return make_optimizer(method, Task.of(evaluator), rng=rng, settings=settings)


def replaced(job: Job) -> AbstractContextManager[Any]:
    """Put in what the job says shall stand instead of a part of the method."""
    name = job.options.get("instead")
    return nullcontext() if name is None else REPLACEMENTS[name]()


def stop_of(job: Job) -> Stop:
    """The budget of a job; those that make one plan have none."""
    budget = job.options.get("budget")
    return Stop(evaluations=1) if budget is None else Stop(**budget)


def picks_of(
    job: Job, instance: Planned, evaluator: Evaluator, kept: Plans
) -> list[dict[str, Any]]:
    """The plans that have names, with all metrics."""
    if not len(kept.X):
        return []
    method = job.options["method"]
    front = front_of(kept, evaluator, method=method)
    if find(method).kind is OptimizerKind.SEARCH:
        named = {pick.name: pick.row for pick in front.picks(prefix=method)}
    else:
        named = {method: 0}
    measured = instance.evaluator(METRICS).evaluate(front.X[list(named.values())])
    return [
        {
            "name": name,
            "violation": float(measured.G[n]),
            "values": dict(zip(METRICS, measured.F[n].tolist(), strict=True)),
        }
        for n, name in enumerate(named)
    ]


def _curve(found: Searched, reference: HypervolumeReference) -> list[dict[str, Any]]:
    return [
        {
            "evaluations": snapshot.work.evaluations,
            "moves": snapshot.work.moves,
            "plans": len(snapshot.F),
            "volume": reference.volume(snapshot.F),
        }
        for snapshot in found.snapshots
    ]


OPTIMIZE = BenchmarkPhase("optimize", perform, warm)
