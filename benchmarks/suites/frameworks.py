"""`frameworks`: NSGA-II of every framework that is installed.

On choice problems that add up, and on world-day as a plain choice problem: generations per second,
and quality at equal evaluations and at equal time. On world-day also with the operators of slit, so
that only sorting and selection differ.
"""

from benchmarks.planning import (
    DEFAULT,
    CaseInstance,
    bound,
    evolutions,
    frameworks,
    plan,
    population_searches,
    searches,
)
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan

POPULATION = 100
SECONDS = {"seconds": 5.0}
ADDITIVE = ((100, 20_000), (1000, 20_000), (10_000, 5_000))
"""Genes, and evaluations of a run."""
WORLD_DAY, WORLD_CHOICES = CaseInstance("world-day"), CaseInstance("world-choices")
WORLD_BUDGETS = ({"evaluations": 20_000}, {"seconds": 10.0})


def make_plan(seeds: int) -> SuitePlan:
    """Every framework with every seed."""
    there, notes = frameworks()
    jobs = []
    for genes, evaluations in ADDITIVE:
        instance = CaseInstance("additive", {"genes": genes})
        for budget in ({"evaluations": evaluations}, SECONDS):
            jobs += evolutions(instance, there, seeds=seeds, budget=budget, population=POPULATION)
    reference = bound(WORLD_DAY, DEFAULT)
    jobs.append(reference)
    for budget in WORLD_BUDGETS:
        jobs += searches(reference, population_searches(), budget=budget, seeds=seeds)
        jobs += evolutions(
            WORLD_CHOICES,
            there,
            seeds=seeds,
            needs=[reference.key],
            budget=budget,
            population=POPULATION,
            beside=WORLD_DAY.case,
        )
    return plan("frameworks", seeds, jobs, notes)


FRAMEWORKS = Suite("frameworks", "NSGA-II of pymoo, DEAP, pygmo and others", make_plan, 10)
