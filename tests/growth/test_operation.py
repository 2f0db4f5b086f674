"""Operation bounds the plans of every grown fleet; cuts hold for any number of nodes."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import slit
from operators.types import Longs
from slit.errors import InfeasibleError
from slit.evaluator import Evaluator
from slit.growth.catalog import CatalogRow, default_catalog
from slit.growth.fleet import Fleet, build_fleet, change_of, even_spread
from slit.growth.master import Means, choose
from slit.growth.operation import Operation
from slit.problem import compile_problem
from slit.relaxation import Relaxation
from tests.cases import Case, cases, random_plans
from tests.relaxation.plans import feasible_objectives

NAMES = ("carbon", "water", "cost", "quality")
SEEDS = st.integers(0, 2**32 - 1)


def fleet_of(case: Case, rng: np.random.Generator) -> Fleet:
    """A fleet that can also grow at a new site."""
    first = case.scenario.datacenters[0].name
    rows = list(default_catalog(case.scenario))
    kind = str(rng.choice([each.name for each in case.scenario.node_types]))
    rows.append(CatalogRow(node_type=kind, datacenter="elsewhere", like=first, price_usd=1.0))
    return build_fleet(case.scenario, rows)


@settings(max_examples=60)
@given(case=cases(), seed=SEEDS)
def test_the_relaxed_value_bounds_the_plans_of_the_grown_fleet(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    fleet = fleet_of(case, rng)
    operation = Operation(fleet, NAMES)
    weights = rng.exponential(size=len(NAMES))
    change = change_of(fleet, rng.integers(0, 4, len(fleet.rows)))
    grown = fleet.grown(change)
    problem = compile_problem(grown)
    evaluator = Evaluator(problem, grown, objectives=operation.objectives)
    grown_case = Case(grown, problem, random_plans(problem, 6, rng=rng))
    values = feasible_objectives(grown_case, evaluator, rng=rng)
    bound = operation.at(fleet.nodes + change, weights).bound
    sums = values @ weights
    assert (sums >= bound - 1e-9 * np.abs(values * weights).sum(axis=1)).all()
    # The same as that of the grown scenario, read as a scenario of its own.
    own = Relaxation(problem, grown, operation.objectives).minimize(weights).bound
    assert bound == pytest.approx(own, rel=1e-7, abs=1e-9)


@settings(max_examples=80)
@given(case=cases(), seed=SEEDS)
def test_cuts_hold_for_any_number_of_nodes(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    fleet = fleet_of(case, rng)
    operation = Operation(fleet, NAMES)
    weights = rng.exponential(size=len(NAMES))
    assume(operation.convex(weights))
    found = []
    for _ in range(3):
        retired = rng.integers(0, fleet.leave // 4 + 1)
        nodes = fleet.nodes + change_of(fleet, rng.integers(0, 6, len(fleet.rows)), retired)
        try:
            found.append((nodes, operation.at(nodes, weights)))
        except InfeasibleError:
            continue
    for (_, one), (nodes, other) in itertools.permutations(found, 2):
        least = one.cut.value.sum() + float((one.cut.slope @ (nodes - one.cut.at)).sum())
        size = np.abs(other.objectives * weights).sum() + np.abs(one.objectives * weights).sum()
        assert least <= other.bound + 1e-7 * size


def test_what_is_chosen_is_the_best_of_all_that_can_be_bought() -> None:
    scenario = slit.load_scenario("tiny")
    rows = [
        CatalogRow(node_type="h100x4", datacenter="sunny", price_usd=30_000, most=2),
        CatalogRow(node_type="h100x4", datacenter="windy", price_usd=50_000, most=3),
        CatalogRow(node_type="h100x4", datacenter="far", like="windy", price_usd=40_000, most=3),
    ]
    fleet = build_fleet(scenario, rows)
    operation = Operation(fleet, ("carbon", "water", "quality"))
    weights = np.array([1.0, 0.01, 50.0])
    assert operation.convex(weights)
    means = Means(budget_usd=140_000, charge=1e-6)
    found = choose(fleet, [operation], np.ones(1), weights, means)
    prices = np.array([row.price_usd for row in rows])
    totals = {}
    for counts in itertools.product(range(3), range(4), range(4)):
        bought: Longs = np.array(counts, np.int64)
        if prices @ bought <= 140_000:
            running = operation.at(fleet.nodes + change_of(fleet, bought), weights).bound
            totals[counts] = running + 1e-6 * float(prices @ bought)
    assert found.total == pytest.approx(min(totals.values()), rel=1e-4)
    assert found.least <= min(totals.values()) * (1 + 1e-9)
    assert len(set(totals.values())) > 10
    assert found.bought.any()


def test_moved_nodes_come_from_pools_of_their_type_and_cost_their_move() -> None:
    scenario = slit.load_scenario("tiny")
    pools = [pool.model_copy(update={"initial_nodes": {}}) for pool in scenario.pools]
    fleet = build_fleet(replace(scenario, pools=tuple(pools)), default_catalog(scenario))
    operation = Operation(fleet, ("carbon", "quality"))
    weights = np.array([1.0, 0.0])
    moving = Means(budget_usd=100.0, move_usd=100.0, most_nodes=1)
    priced = replace(fleet, rows=tuple(
        row.model_copy(update={"price_usd": 1000.0}) for row in fleet.rows))  # fmt: skip
    found = choose(priced, [operation], np.ones(1), weights, moving)
    assert found.bought.sum() == 0
    assert found.moved.sum() == found.retired.sum() <= 1


def test_a_fleet_that_may_shrink_too_far_proves_nothing() -> None:
    scenario = slit.load_scenario("tiny")
    pools = [pool.model_copy(update={"initial_nodes": {}}) for pool in scenario.pools]
    fleet = build_fleet(replace(scenario, pools=tuple(pools)), default_catalog(scenario))
    operation = Operation(fleet, ("carbon", "energy"))
    weights = np.array([1.0, 1.0])
    means = Means(most_nodes=1, retire=True)
    found = choose(fleet, [operation], np.ones(1), weights, means)
    # Everything that stands unused draws power, so the program tries to let all nodes go.
    assert found.guessed
    assert found.retired.any()
    nodes = fleet.nodes + change_of(fleet, found.bought + found.moved, found.retired)
    assert found.total == operation.at(nodes, weights).bound
    assert found.total < operation.at(fleet.nodes, weights).bound


def test_even_spread_by_hand() -> None:
    rows = [
        CatalogRow(node_type="h100x4", datacenter="sunny", price_usd=0, most=1),
        CatalogRow(node_type="h100x4", datacenter="windy", price_usd=0),
    ]
    fleet = build_fleet(slit.load_scenario("tiny"), rows)
    assert even_spread(fleet, 5).tolist() == [1, 4]
    assert even_spread(fleet, 1).tolist() == [1, 0]
