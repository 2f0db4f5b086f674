"""`wireless`: soft actor-critic with a plain and with a spiking actor, over the air."""

from benchmarks.planning import CaseInstance, job, plan, present
from benchmarks.registry import Suite
from benchmarks.store import SuitePlan

STEPS = 40_000
AGENTS = "sac", "sdrl"


def make_plan(seeds: int) -> SuitePlan:
    """Both agents with every seed, on the same requests."""
    there, notes = present([CaseInstance("cell-day")])
    jobs = [
        job("learn", instance, seed=seed, method=agent, budget={"steps": STEPS})
        for seed in range(seeds)
        for instance in there
        for agent in AGENTS
    ]
    return plan("wireless", seeds, jobs, notes)


WIRELESS = Suite("wireless", "SAC against its spiking twin, over the air", make_plan, 10)
