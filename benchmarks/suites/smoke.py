"""`smoke`: a little of everything, in seconds. CI runs it; its figures mean nothing."""

from typing import Any

from benchmarks.planning import (
    DEFAULT,
    PAPER_OBJECTIVES,
    CaseInstance,
    Method,
    bound,
    evolutions,
    job,
    plan,
    schedulers,
    searches,
)
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan

TINY = CaseInstance("tiny")
EVALUATIONS = {"evaluations": 300}


def make_plan(seeds: int) -> SuitePlan:
    """The jobs: counted budgets only, so that every run gives the same results."""
    jobs = [job("compile", TINY)]
    for objectives in (DEFAULT, PAPER_OBJECTIVES):
        reference = bound(TINY, objectives, weights=20)
        jobs.append(reference)
        jobs += searches(reference, METHODS, budget=EVALUATIONS, seeds=seeds)
        jobs += schedulers(reference, seeds=seeds)
    additive = CaseInstance("additive", {"genes": 48})
    options: dict[str, Any] = {"budget": {"evaluations": 400}, "population": 20}
    jobs += evolutions(additive, ["native", "pymoo_tuned", "deap_arrays"], seeds=seeds, **options)
    knapsack = CaseInstance("knapsack", {"items": 10})
    jobs += evolutions(knapsack, ["native"], seeds=seeds, **options)
    jobs.append(job("fronts", CaseInstance("continuous", {"problem": "zdt1"})))
    return plan("smoke", seeds, jobs)


METHODS = (
    Method("slit"),
    Method("slit", "slit, no swaps", {"swaps": False}),
    Method("slit-paper"),
    Method("nsga2", settings={"population": 20}),
)
SMOKE = Suite("smoke", "a little of everything, in seconds", make_plan, 3)
