"""`evaluate`: full evaluations per second of one core.

Options: objectives, plans (how many), seconds (how long at least). Plans are of the kind a search
meets: random ones after a short local search, as scattered plans cost more.
"""

import time

import numpy as np

from benchmarks.job import Job
from benchmarks.measuring.scenarios import Planned, generator, planned, practice
from benchmarks.registry import BenchmarkPhase
from benchmarks.store import JobOutcome, Store
from operators.sampling import uniform
from operators.types import Genes
from slit.evaluator import Evaluator
from slit.kernels.scalarization import scalarize
from slit.optimizers.metaheuristic.local_search import local_search
from slit.problem.binding import options_of

SEARCHED = 8
"""Plans that are searched; the others recombine their epochs."""


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Evaluate again and again."""
    instance = planned(job)
    evaluator = instance.evaluator(job.options["objectives"])
    plans = searched_plans(instance, evaluator, job.options["plans"], rng=generator(job))
    first = evaluator.evaluate(plans)
    threaded = instance.evaluator(job.options["objectives"], threads=2).evaluate(plans)
    rates: list[float] = []
    began = time.process_time()
    while time.process_time() - began < job.options["seconds"] or not rates:
        start = time.process_time()
        evaluator.evaluate(plans)
        rates.append(len(plans) / (time.process_time() - start))
    values = {
        "genes": instance.problem.genes,
        "plans": len(plans),
        "threads_equal": bool((first.F == threaded.F).all() and (first.G == threaded.G).all()),
    }
    return JobOutcome(values, {}, {"per_second": float(np.median(rates)), "rounds": len(rates)})


def searched_plans(
    instance: Planned, evaluator: Evaluator, count: int, *, rng: np.random.Generator
) -> Genes:
    """`count` plans (N, G) that mix the epochs of a few locally searched ones."""
    problem = instance.problem
    starts = uniform(SEARCHED, rng=rng, **options_of(problem))
    scale = evaluator.evaluate(starts).F.mean(axis=0)
    found = []
    for start in starts:
        weights = rng.dirichlet(np.ones(len(scale))) / np.abs(scale)
        done = local_search(
            start, scalarize(weights, problem, evaluator.terms), problem, swaps=False
        )
        found.append(done.plan)
    searched = np.array(found)
    source = rng.integers(SEARCHED, size=(count, problem.epochs))
    epoch = np.repeat(np.arange(problem.epochs), np.diff(problem.epoch_gene))
    genes = np.arange(problem.genes)
    return np.asarray(searched[source[:, epoch], genes[None, :]])


def warm(job: Job) -> None:
    """Compile on a small problem."""
    instance = practice()
    evaluator = instance.evaluator(job.options["objectives"])
    searched_plans(instance, evaluator, 4, rng=np.random.default_rng(0))


EVALUATE = BenchmarkPhase("evaluate", perform, warm)
