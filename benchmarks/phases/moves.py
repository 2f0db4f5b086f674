"""`moves`: incremental evaluations per second of one core, in local searches from random plans.

Options: objectives, seconds (how long at least), swaps.
"""

import time

import numpy as np

from benchmarks.job import Job
from benchmarks.measuring.scenarios import generator, planned, practice
from benchmarks.registry import BenchmarkPhase
from benchmarks.store import JobOutcome, Store
from operators.sampling import uniform
from slit.kernels.scalarization import scalarize
from slit.optimizers.metaheuristic.local_search import local_search
from slit.problem.binding import options_of

SAMPLE = 50


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Search locally, for other weights each time."""
    instance, rng = planned(job), generator(job)
    problem = instance.problem
    evaluator = instance.evaluator(job.options["objectives"])
    sample = uniform(SAMPLE, rng=rng, **options_of(problem))
    scale = np.abs(evaluator.evaluate(sample).F).mean(axis=0)
    moves, spent, descents = 0, 0.0, 0
    while spent < job.options["seconds"]:
        start = sample[descents % SAMPLE]
        weights = rng.dirichlet(np.ones(len(scale))) / scale
        began = time.process_time()
        done = local_search(
            start, scalarize(weights, problem, evaluator.terms), problem, swaps=job.options["swaps"]
        )
        spent += time.process_time() - began
        moves += done.moves
        descents += 1
    timing = {"per_second": moves / spent, "descents": descents, "moves": moves}
    return JobOutcome({"genes": problem.genes}, {}, timing)


def warm(job: Job) -> None:
    """Compile on a small problem."""
    instance = practice()
    evaluator = instance.evaluator(job.options["objectives"])
    start = uniform(1, rng=np.random.default_rng(0), **options_of(instance.problem))[0]
    weights = np.ones(len(job.options["objectives"]))
    local_search(
        start,
        scalarize(weights, instance.problem, evaluator.terms),
        instance.problem,
        swaps=job.options["swaps"],
    )


MOVES = BenchmarkPhase("moves", perform, warm)
