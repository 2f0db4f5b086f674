"""`moap`: small multi-objective assignment and knapsack problems with exact fronts, and `tiny`."""

from benchmarks.planning import (
    DEFAULT,
    PAPER_OBJECTIVES,
    CaseInstance,
    Method,
    evolutions,
    frameworks,
    job,
    plan,
    population_searches,
    searches,
)
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan

INSTANCES = (
    CaseInstance("knapsack", {"items": 16, "profits": 2}),
    CaseInstance("knapsack", {"items": 16, "profits": 3}),
    CaseInstance("assignment", {"tasks": 7, "costs": 3}),
    CaseInstance("assignment", {"tasks": 8, "costs": 2}),
    CaseInstance("assignment", {"tasks": 20, "costs": 2}),
)
BUDGET = {"evaluations": 20_000}
TINY = CaseInstance("tiny")


def make_plan(seeds: int) -> SuitePlan:
    """Frameworks on the classic problems, the searches of slit on the scenario."""
    there, notes = frameworks()
    jobs = []
    for instance in INSTANCES:
        jobs += evolutions(instance, there, seeds=seeds, budget=BUDGET, population=100)
    methods = [Method("slit"), Method("slit-paper"), *population_searches()]
    for objectives in (DEFAULT, PAPER_OBJECTIVES):
        exact = job("enumerate", TINY, objectives=list(objectives))
        jobs += [exact, *searches(exact, methods, budget=BUDGET, seeds=seeds)]
    return plan("moap", seeds, jobs, notes)


MOAP = Suite("moap", "small problems whose exact fronts are known", make_plan, 10)
