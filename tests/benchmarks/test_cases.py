"""Cases: what is generated, and exact fronts against slow twins."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from benchmarks.cases import additive, assignment, continuous, knapsack, scaled_world, world_2023
from benchmarks.measuring.choices import Additive, Choices
from benchmarks.measuring.exact import epsilon_constraint
from operators.indicators import hypervolume
from operators.types import Genes
from slit.problem import compile_problem
from slit.relaxation.feasibility import check_capacity
from slit.scenario.load import load_scenario

SAMPLED = ("wfg1", "wfg2")
"""Fronts without a formula."""


def plain_additive(instance: Additive, plan: Genes) -> tuple[list[float], float]:
    """One plan, gene by gene, from the text of the docstring."""
    totals = [0.0] * len(instance.price)
    loads = [0.0] * len(instance.capacity)
    for g, p in enumerate(plan):
        for k, m in enumerate(instance.paid):
            totals[m] += float(instance.cost[g, k, p])
        loads[instance.resource[g, p]] += float(instance.load[g, p])
    for m in range(len(totals)):
        for r, load in enumerate(loads):
            totals[m] += instance.price[m, r] * load + instance.curvature[m, r] * load**2
    excess = sum(max(0.0, load - c) for load, c in zip(loads, instance.capacity, strict=True))
    return totals, excess


def plain_front(points: list[tuple[float, ...]]) -> set[tuple[float, ...]]:
    """Non-dominated points, by comparing all with all."""

    def beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
        return a != b and all(x <= y for x, y in zip(a, b, strict=True))

    distinct = set(points)
    return {p for p in distinct if not any(beats(q, p) for q in distinct)}


def arrays_of(problem: Choices) -> Additive:
    owner: Any = problem.evaluate
    found = owner.__self__
    assert isinstance(found, Additive)
    return found


@pytest.mark.parametrize(
    "problem", [additive.build(30), knapsack.build(10, 3), assignment.build(6, 2)]
)
def test_additive_evaluation_against_a_slow_twin(problem: Choices) -> None:
    plans = problem.random(70, rng=np.random.default_rng(3))
    F, G = problem.evaluate(plans)
    instance = arrays_of(problem)
    for n, plan in enumerate(plans):
        totals, excess = plain_additive(instance, plan)
        np.testing.assert_allclose(F[n], totals, rtol=1e-12)
        assert G[n] == pytest.approx(excess, abs=1e-9)
    assert (problem.ideal <= F.min(axis=0) + 1e-9).all()


def test_the_exact_front_of_a_knapsack_is_that_of_all_selections() -> None:
    problem = knapsack.build(8, 2)
    instance = arrays_of(problem)
    feasible = []
    for plan in product((0, 1), repeat=8):
        totals, excess = plain_additive(instance, np.array(plan, np.int16))
        if excess == 0:
            feasible.append(tuple(totals))
    assert problem.exact is not None
    assert {tuple(row) for row in problem.exact.tolist()} == plain_front(feasible)


def test_enumeration_and_integer_programs_find_the_same_assignments() -> None:
    problem = assignment.build(6, 2)
    assert problem.exact is not None
    found = epsilon_constraint(arrays_of(problem))
    assert sorted(found.tolist()) == sorted(problem.exact.tolist())
    assert len(found) > 1


def test_larger_knapsacks_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 20"):
        knapsack.build(21)


@pytest.mark.parametrize("name", [n for n in continuous.NAMES if n not in SAMPLED])
def test_published_fronts_hold_what_their_formulas_say(name: str) -> None:
    known = continuous.build(name)
    volume = hypervolume(known.front, reference=known.reference)
    assert known.volume is not None
    # A finite front lies below the formula: curves of 4,000 points closely, surfaces less so.
    gap = 1 - volume / known.volume
    assert 0 < gap < (5e-4 if known.front.shape[1] == 2 or len(known.front) > 2000 else 0.02)


def test_pymoo_agrees_on_where_the_fronts_are() -> None:
    for name in ("zdt1", "zdt3", "zdt6", "dtlz2", "wfg3", "wfg7"):
        known = continuous.build(name)
        other = np.asarray(known.problem().pareto_front())
        distance = np.linalg.norm(other[:, None] - known.front[None], axis=2).min(axis=1)
        assert distance.max() < 0.05 * known.reference.max(), name


def test_a_grown_scenario_has_the_size_asked_for() -> None:
    scenario = scaled_world.build(genes=5000, datacenters=20, epochs=30)
    problem = compile_problem(scenario)
    assert (problem.datacenters, problem.epochs) == (20, 30)
    assert 0.8 * 5000 < problem.genes < 1.2 * 5000
    check_capacity(problem, scenario)
    assert len({center.name for center in scenario.datacenters}) == 20


def test_a_smaller_fleet_serves_less() -> None:
    base, few = load_scenario("world-day"), scaled_world.build(datacenters=3)
    assert len(few.datacenters) == 3
    nodes = sum(pool.nodes for pool in few.pools) / sum(pool.nodes for pool in base.pools)
    assert few.demand.requests.sum() == pytest.approx(nodes * base.demand.requests.sum())
    check_capacity(compile_problem(few), few)


def test_quarters_add_up_to_their_hours() -> None:
    base = load_scenario("world-day")
    quarters = scaled_world.between_hours(base, parts=4)
    assert (quarters.horizon.epochs, quarters.horizon.epoch_seconds) == (96, 900.0)
    for ours, theirs in (
        (quarters.demand.requests, base.demand.requests),
        (quarters.signals.renewable, base.signals.renewable),
    ):
        sums = ours.reshape(24, 4, *ours.shape[1:]).sum(axis=1)
        np.testing.assert_allclose(sums, theirs, rtol=1e-12)
    assert (quarters.signals.carbon[1:] != quarters.signals.carbon[:-1]).any(axis=1).all()
    low, high = base.signals.carbon.min(axis=0), base.signals.carbon.max(axis=0)
    assert (quarters.signals.carbon >= low - 1e-12).all()
    assert (quarters.signals.carbon <= high + 1e-12).all()


@pytest.mark.usefixtures("shared_data")
def test_days_are_drawn_from_a_commit_and_can_be_loaded() -> None:
    first = world_2023.drawn_days("0123456789abcdef", count=1)
    assert first == world_2023.drawn_days("0123456789abcdef", count=1)
    assert first[0] not in world_2023.DAYS
    assert world_2023.build(first[0]).horizon.start.date().isoformat() == first[0]
