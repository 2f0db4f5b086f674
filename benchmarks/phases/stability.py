"""`stability`: what weights on what changes between epochs leave of the moves per second.

Local searches of one core in turns, with and without weights on reroute, starts and switches, from
the same random plans. Options: objectives (besides those three), seconds (how long at least),
swaps.
"""

import time

import numpy as np

from benchmarks.job import Job
from benchmarks.measuring.scenarios import generator, planned, practice
from benchmarks.registry import BenchmarkPhase
from benchmarks.store import JobOutcome, Store
from operators.sampling import uniform
from operators.types import Floats, Genes
from slit.evaluator import Evaluator
from slit.kernels.scalarization import scalarize
from slit.optimizers.metaheuristic.local_search import local_search
from slit.problem.binding import options_of

STABILITY = "reroute", "starts", "switches"
SAMPLE = 50


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Search locally, for other weights each time, with and without stability."""
    instance, rng = planned(job), generator(job)
    sample = uniform(SAMPLE, rng=rng, **options_of(instance.problem))
    evaluator = instance.evaluator([*job.options["objectives"], *STABILITY])
    scale = np.maximum(np.abs(evaluator.evaluate(sample).F).mean(axis=0), 1e-9)
    moves, spent, descents = np.zeros(2), np.zeros(2), 0
    while spent.sum() < job.options["seconds"]:
        weights = rng.dirichlet(np.ones(len(scale))) / scale
        start = sample[descents % SAMPLE]
        found = _both(start, weights, evaluator, swaps=job.options["swaps"])
        moves += found[0]
        spent += found[1]
        descents += 1
    plain, stable = (float(value) for value in moves / spent)
    timing = {"plain": plain, "stable": stable, "share": stable / plain, "descents": descents}
    return JobOutcome({"genes": instance.problem.genes}, {}, timing)


def _both(start: Genes, weights: Floats, evaluator: Evaluator, *, swaps: bool) -> Floats:
    """Moves, and CPU seconds, of a search without stability and of one with it: (2, 2)."""
    found = np.zeros((2, 2))
    for column, counts in enumerate((0.0, 1.0)):
        weighed = weights.copy()
        weighed[-len(STABILITY) :] *= counts
        began = time.process_time()
        done = local_search(
            start,
            scalarize(weighed, evaluator.problem, evaluator.terms),
            evaluator.problem,
            swaps=swaps,
        )
        found[:, column] = done.moves, time.process_time() - began
    return found


def warm(job: Job) -> None:
    """Compile on a small problem."""
    instance = practice()
    evaluator = instance.evaluator([*job.options["objectives"], *STABILITY])
    start = uniform(1, rng=np.random.default_rng(0), **options_of(instance.problem))[0]
    _both(start, np.ones(len(evaluator.objectives)), evaluator, swaps=job.options["swaps"])


STABLE = BenchmarkPhase("stability", perform, warm)
