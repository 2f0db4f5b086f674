"""`enumerate`: the exact front of a scenario that is small enough, as a reference.

Options: objectives. Every plan is evaluated, chunks of a group in every order.
"""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.job import Job
from benchmarks.measuring.reference import exact_reference
from benchmarks.measuring.scenarios import planned
from benchmarks.registry import BenchmarkPhase
from benchmarks.store import JobOutcome, Store
from operators.archive import Archive
from operators.types import Genes
from slit.problem import Problem

MOST_PLANS = 20_000_000
BATCH = 1 << 16


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Snapshot at every plan."""
    instance = planned(job)
    evaluator = instance.evaluator(job.options["objectives"])
    archive = Archive(genes=0, objectives=len(evaluator.objectives))
    began = time.process_time()
    for plans in every_plan(instance.problem):
        evaluation = evaluator.evaluate(plans)
        archive.add(np.zeros((len(plans), 0), np.int16), evaluation.F, violation=evaluation.G)
    front = archive.objectives
    reference = exact_reference(front, names=evaluator.names)
    values = {"yardstick": reference.to_json(), "plans": evaluator.evaluations}
    return JobOutcome(values, {"F": front}, {"seconds": time.process_time() - began})


def every_plan(problem: Problem) -> Iterator[Genes]:
    """All plans, in batches (N, G)."""
    choices = problem.option_count[problem.gene_row].astype(np.int64)
    total = int(choices.prod(dtype=object))
    if total > MOST_PLANS:
        raise ValueError(f"plans: {total:,}, expected at most {MOST_PLANS:,} (to enumerate)")
    strides = np.concatenate([np.cumprod(choices[::-1])[-2::-1], [1]])
    for first in range(0, total, BATCH):
        numbers = np.arange(first, min(first + BATCH, total))
        digits = numbers[:, None] // strides % choices
        yield problem.options[problem.gene_row[None, :], digits]


ENUMERATE = BenchmarkPhase("enumerate", perform)
