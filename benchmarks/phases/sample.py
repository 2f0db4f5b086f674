"""`sample`: errors over the number of measurements, where the next ones are chosen.

Options: focused (near the worst predictions, otherwise any), counts, left (rows that errors are
counted on).
"""

import time

import numpy as np

from benchmarks.job import Job
from benchmarks.measuring.sampling import sampling_errors
from benchmarks.registry import BenchmarkPhase, find_case
from benchmarks.store import JobOutcome, Store


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Measure step by step."""
    measurements = find_case(job.case).build(**job.case_options)
    options = job.options
    began = time.process_time()
    found = list(
        sampling_errors(
            measurements,
            focused=options["focused"],
            counts=options["counts"],
            seed=job.seed or 0,
            left=options["left"],
        )
    )
    spent = time.process_time() - began
    values = {"counts": list(options["counts"])}
    return JobOutcome(values, {"mape": np.array(found)}, {"seconds": spent})


SAMPLE = BenchmarkPhase("sample", perform)
