"""`scale`: a search in a process of its own: memory, and the time it takes to be ready.

Options as in `optimize`.
"""

import resource

from benchmarks.job import Job
from benchmarks.phases import optimize
from benchmarks.registry import BenchmarkPhase
from benchmarks.store import JobOutcome, Store


def perform(job: Job, store: Store) -> JobOutcome:
    """Search, and say how much memory the process took."""
    outcome = optimize.perform(job, store)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return JobOutcome(outcome.values, outcome.arrays, outcome.timing | {"peak_mb": peak})


SCALE = BenchmarkPhase("scale", perform, optimize.warm, alone=True)
