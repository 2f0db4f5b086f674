"""`continuous`: the compiled Pareto tools on ZDT, DTLZ and WFG."""

from typing import Any

from benchmarks.cases.continuous import NAMES
from benchmarks.phases.converge import SURVIVALS
from benchmarks.planning import CaseInstance, job, plan
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan

EVALUATIONS = 20_000
POPULATION = 100


def make_plan(seeds: int) -> SuitePlan:
    """Published fronts, then NSGA-II with either survival."""
    instances = [CaseInstance("continuous", {"problem": name}) for name in NAMES]
    jobs = [job("fronts", instance, seed=0) for instance in instances]
    options: dict[str, Any] = {"population": POPULATION, "budget": {"evaluations": EVALUATIONS}}
    jobs += [
        job("converge", instance, seed=seed, method=method, **options)
        for seed in range(seeds)
        for instance in instances
        for method in SURVIVALS
    ]
    return plan("continuous", seeds, jobs)


CONTINUOUS = Suite("continuous", "ZDT, DTLZ, WFG: the Pareto tools agree", make_plan, 10)
