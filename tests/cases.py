"""Random problems with plans, for tests of everything that evaluates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from operators.types import Genes
from slit.problem import Problem, compile_problem
from slit.scenario.scenario import Scenario
from tests.builders import random_scenario

Rng = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A random scenario, its problem, and plans (N, G) of every style."""

    scenario: Scenario
    problem: Problem
    plans: Genes


def make_case(seed: int, *, plans: int = 6, **options: Any) -> Case:
    """The case of a seed; options as in `random_scenario`."""
    rng = np.random.default_rng(seed)
    scenario = random_scenario(rng, **options)
    problem = compile_problem(scenario)
    return Case(scenario, problem, random_plans(problem, plans, rng=rng))


def random_plans(problem: Problem, count: int, *, rng: Rng) -> Genes:
    """Plans (count, G) from scattered (each chunk anywhere) to crowded (few placements)."""
    plans = np.empty((count, problem.genes), dtype=np.int16)
    for n in range(count):
        rank = rng.permutation(problem.placements)
        for j in range(problem.groups):
            chunks = slice(problem.group_first[j], problem.group_first[j + 1])
            allowed = np.flatnonzero(problem.allowed[j])
            favorite = allowed[np.argsort(rank[allowed])]
            few = favorite[: (len(favorite), 1, 2)[n % 3]]
            plans[n, chunks] = rng.choice(few, size=problem.group_chunks[j])
    return plans


@st.composite
def cases(draw: st.DrawFn, *, plans: int = 6, largest_epochs: int = 4, times: bool = True) -> Case:
    """Cases that switch every part of the model on and off; minimum times only with `times`."""
    seed = draw(st.integers(0, 2**32 - 1))
    return make_case(
        seed,
        plans=plans,
        epochs=draw(st.integers(1, largest_epochs)),
        epoch_seconds=draw(st.sampled_from([900.0, 3600.0])),
        origins=draw(st.integers(1, 3)),
        classes=draw(st.integers(1, 3)),
        datacenters=draw(st.integers(1, 3)),
        pools_per_datacenter=draw(st.integers(1, 2)),
        variants=draw(st.integers(1, 3)),
        genes=draw(st.sampled_from([1, 12, 40])),
        loading=draw(st.sampled_from(["on_demand", "prewarm"])),
        begins=draw(st.sampled_from(["free", "given", "cyclic"])),
        negative_prices=draw(st.booleans()),
        renewables=draw(st.booleans()),
        standby=draw(st.booleans()),
        residency=draw(st.booleans()),
        empty_groups=draw(st.booleans()),
        extras=draw(st.booleans()),
        nodes_per_group=draw(st.sampled_from([0.3, 1.5, 6.0])),
        warm=draw(st.booleans()),
        today=draw(st.integers(0, 3)) == 3,
        move_cost=draw(st.booleans()),
        times=times and draw(st.booleans()),
        states=draw(st.booleans()),
        curves=draw(st.booleans()),
    )
