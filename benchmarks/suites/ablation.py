"""`ablation`: each part of the metaheuristic off in turn, at equal time."""

from benchmarks.planning import DEFAULT, CaseInstance, Method, bound, plan, searches
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan

METHODS = (
    Method("slit"),
    Method("slit", "guided", {"guidance": "both"}),
    Method("slit", "guided weights", {"guidance": "weights"}),
    Method("slit", "guided epochs", {"guidance": "epochs"}),
    Method("slit", "guided, novel", {"guidance": "novel"}),
    Method("slit", "random starts", {"starts": "random"}),
    Method("slit", "no LP starts", {"lp_partitions": 0}),
    Method("slit", "no relinking", {"children": 0}),
    Method("slit", "no swaps", {"swaps": False}),
    Method("slit", "farthest weights", {"loosest": False}),
    Method("slit", "no increments", instead="no increments"),
    Method("slit-paper"),
    Method("slit-paper", "slit-paper, random starts", {"starts": "random"}),
)
INSTANCES = ((CaseInstance("world-day"), 15.0), (CaseInstance("world-quarters"), 60.0))
"""Scenarios, and the CPU seconds of a search."""


def make_plan(seeds: int) -> SuitePlan:
    """Every variant with every seed."""
    jobs = []
    for instance, seconds in INSTANCES:
        reference = bound(instance, DEFAULT)
        jobs.append(reference)
        jobs += searches(reference, METHODS, budget={"seconds": seconds}, seeds=seeds)
    return plan("ablation", seeds, jobs)


ABLATION = Suite("ablation", "each part of the metaheuristic off in turn", make_plan, 10)
