"""`scale`: a search in a process of its own: memory, and the time it takes to be ready.

Options as in `optimize`.
"""

import resource

from benchmarks.job import Job
from benchmarks.phases import optimize
from benchmarks.registry import Phase
from benchmarks.store import Outcome, Store


def perform(job: Job, store: Store) -> Outcome:
    """Search, and say how much memory the process took."""
    outcome = optimize.perform(job, store)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Outcome(outcome.values, outcome.arrays, outcome.timing | {"peak_mb": peak})


SCALE = Phase("scale", perform, optimize.warm, alone=True)
