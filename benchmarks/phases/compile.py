"""`compile`: a scenario becomes arrays."""

import time

from benchmarks.job import Job
from benchmarks.registry import BenchmarkPhase, find_case
from benchmarks.store import JobOutcome, Store
from slit.problem import compile_problem


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Build the scenario and compile it."""
    began = time.process_time()
    scenario = find_case(job.case).build(**job.case_options)
    built = time.process_time()
    problem = compile_problem(scenario)
    values = {"genes": problem.genes, "groups": problem.groups, "placements": problem.placements}
    timing = {"build_seconds": built - began, "seconds": time.process_time() - built}
    return JobOutcome(values, {}, timing)


COMPILE = BenchmarkPhase("compile", perform)
