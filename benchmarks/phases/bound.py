"""`bound`: the reference box of a scenario and the most hypervolume any front can have in it.

Options: objectives, weights (of the certificate; 0: a box around random plans). No front, however
good, enters it.
"""

import time

import numpy as np

from benchmarks.job import Job
from benchmarks.measuring.reference import HypervolumeReference, box_reference, certified_reference
from benchmarks.measuring.scenarios import Planned, generator, planned
from benchmarks.registry import BenchmarkPhase
from benchmarks.store import JobOutcome, Store
from operators.sampling import uniform
from slit.certificates.bounds import certify
from slit.objectives import find
from slit.problem.binding import options_of
from slit.relaxation import Relaxation

SAMPLE = 200


def perform(job: Job, store: Store) -> JobOutcome:  # noqa: ARG001 - what phases are given
    """Work the reference out."""
    instance = planned(job)
    began = time.process_time()
    reference = _certified(instance, job) if job.options["weights"] else _sampled(instance, job)
    problem = instance.problem
    sizes = {
        "genes": problem.genes,
        "groups": problem.groups,
        "epochs": problem.epochs,
        "datacenters": problem.datacenters,
        "placements": problem.placements,
    }
    timing = {"seconds": time.process_time() - began}
    return JobOutcome({"yardstick": reference.to_json(), "sizes": sizes}, {}, timing)


def _certified(instance: Planned, job: Job) -> HypervolumeReference:
    objectives = find(job.options["objectives"])
    relaxation = Relaxation(instance.problem, instance.scenario, objectives)
    certificate = certify(relaxation, rng=generator(job), weights=job.options["weights"])
    return certified_reference(certificate)


def _sampled(instance: Planned, job: Job) -> HypervolumeReference:
    """A box from zero, or below, to the worst of random plans."""
    evaluator = instance.evaluator(job.options["objectives"])
    plans = uniform(SAMPLE, rng=generator(job, 1), **options_of(instance.problem))
    values = evaluator.evaluate(plans).F
    ideal = np.minimum(values.min(axis=0), 0.0)
    detail = f"from zero to the worst of {SAMPLE} random plans"
    return box_reference(ideal, values.max(axis=0), names=evaluator.names, detail=detail)


BOUND = BenchmarkPhase("bound", perform)
