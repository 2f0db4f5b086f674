"""`scaling`: from 1,000 to 1,000,000 genes, 3 to 60 datacenters, 24 to 672 hours.

How long compiling takes, evaluations and moves per second, and what a search reaches, in how much
memory.
"""

from typing import Any

from benchmarks.planning import DEFAULT, CaseInstance, Method, bound, job, plan, searches
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan

GENES = (1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
DATACENTERS = (3, 7, 14, 30, 60)
EPOCHS = (24, 72, 168, 336, 672)
METHODS = (Method("slit"), Method("nsga2"))
SECONDS = {"seconds": 60.0}
MANY_SECONDS = {"seconds": 600.0}
MANY = 300_000
"""Genes from which a search gets more time."""
WEIGHTS = 35
MEASURED: dict[str, Any] = {"objectives": list(DEFAULT), "seconds": 3.0}


def make_plan(seeds: int) -> SuitePlan:
    """Three lines through the scenario of world-day's size."""
    grown = [{"genes": genes} for genes in GENES]
    grown += [{"datacenters": count} for count in DATACENTERS]
    grown += [{"epochs": count, "genes": 2000 * count // 24} for count in EPOCHS]
    jobs = []
    for options in grown:
        instance = CaseInstance("grown", options)
        reference = bound(instance, DEFAULT, weights=WEIGHTS)
        jobs += [reference, job("compile", instance)]
        jobs.append(job("evaluate", instance, plans=200, **MEASURED))
        jobs.append(job("moves", instance, swaps=False, **MEASURED))
        jobs.append(job("stability", instance, swaps=False, **MEASURED))
        budget = MANY_SECONDS if options.get("genes", 0) >= MANY else SECONDS
        jobs += searches(reference, METHODS, budget=budget, seeds=seeds, phase="scale")
    return plan("scaling", seeds, jobs)


SCALING = Suite("scaling", "from 1,000 to 1,000,000 genes", make_plan, 3)
