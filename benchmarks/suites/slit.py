"""`slit`: the metaheuristic and its picks against rival schedulers, baselines and NSGA-II.

Objectives of the paper (carbon, water, cost, TTFT) on every day; on world-day also those of slit
(quality instead of TTFT), with every search there is, and on world-2026 with the main ones.
"""

from benchmarks.cases.world_2023 import DAYS, DRAW_FROM, drawn_days
from benchmarks.planning import (
    DEFAULT,
    PAPER_OBJECTIVES,
    CaseInstance,
    Method,
    bound,
    plan,
    population_searches,
    present,
    schedulers,
    searches,
)
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan

SECONDS = {"seconds": 15.0}
DAY_SECONDS = {"seconds": 10.0}
LONG_SECONDS = {"seconds": 30.0}
EVALUATIONS = {"evaluations": 20_000}

WORLD_DAY = CaseInstance("world-day")
WORLD_2026 = CaseInstance("world-2026")
QUARTERS = CaseInstance("world-quarters")
FEW = (Method("slit"), Method("slit-paper"), Method("nsga2"))


def make_plan(seeds: int) -> SuitePlan:
    """At equal time everywhere; on world-day also all populations, and at equal evaluations."""
    drawn = drawn_days(DRAW_FROM) if DRAW_FROM is not None else ()
    days = [CaseInstance("world-2023", {"day": day}) for day in (*DAYS, *drawn)]
    there, notes = present(days)
    if DRAW_FROM is None:
        notes.append("world-2023: the days drawn after tuning are still to be drawn (DRAW_FROM)")
    jobs = []
    populations = population_searches()
    reference = bound(WORLD_DAY, DEFAULT)
    everything = [Method("slit"), Method("slit-paper"), *populations]
    jobs += [reference, *schedulers(reference, seeds=seeds)]
    jobs += searches(reference, everything, budget=SECONDS, seeds=seeds)
    jobs += searches(reference, populations, budget=EVALUATIONS, seeds=seeds)
    reference = bound(WORLD_DAY, PAPER_OBJECTIVES)
    jobs += [reference, *schedulers(reference, seeds=seeds)]
    jobs += searches(reference, FEW, budget=SECONDS, seeds=seeds)
    for day in there:
        reference = bound(day, PAPER_OBJECTIVES)
        jobs += [reference, *schedulers(reference, seeds=seeds)]
        jobs += searches(reference, FEW, budget=DAY_SECONDS, seeds=seeds)
    reference = bound(QUARTERS, PAPER_OBJECTIVES)
    jobs += [reference, *schedulers(reference, seeds=seeds)]
    jobs += searches(reference, FEW, budget=LONG_SECONDS, seeds=seeds)
    reference = bound(WORLD_2026, DEFAULT)
    jobs += [reference, *schedulers(reference, seeds=seeds)]
    jobs += searches(reference, FEW, budget=LONG_SECONDS, seeds=seeds)
    return plan("slit", seeds, jobs, notes)


SLIT = Suite("slit", "the metaheuristic against rivals, baselines and NSGA-II", make_plan, 10)
