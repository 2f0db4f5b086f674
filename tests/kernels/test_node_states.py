"""Nodes that are idle or off, boots, committed nodes: figures by hand."""

from dataclasses import replace

import numpy as np
import pytest

from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives.builtin import BUILT_IN, cost
from slit.problem import compile_problem
from slit.scenario.scenario import Scenario
from tests.hand import hand_scenario

PLAN = np.array([0, 1, 1])
"""One node here in the first hour, two there in the second."""


def changed(
    scenario: Scenario, *, pools: tuple[dict[str, int], dict[str, int]], **kind: float
) -> Scenario:
    return replace(
        scenario,
        pools=tuple(
            pool.model_copy(update=update)
            for pool, update in zip(scenario.pools, pools, strict=True)
        ),
        node_types=tuple(each.model_copy(update=kind) for each in scenario.node_types),
    )


def evaluator(scenario: Scenario) -> Evaluator:
    return Evaluator(compile_problem(scenario), scenario, objectives=BUILT_IN)


def totals(scenario: Scenario) -> dict[str, float]:
    """By full evaluation, and the same by the ledger."""
    evaluated = evaluator(scenario)
    found = evaluated.evaluate(PLAN[None, :])
    values = dict(zip(evaluated.names, found.F[0].tolist(), strict=True))
    assert evaluated.ledger(PLAN).totals() == pytest.approx(values, rel=1e-12)
    return values


def test_by_hand_nodes_that_are_off() -> None:
    """Off draws 10 W instead of 100 W, a boot takes 0.5 kWh; a node here and two there may be off.

    here   one of two off in both hours: 0.09 kWh less each, PUE 1.5; none boots
    there  two off, 0.18 kWh less; both boot in the second hour, 1 kWh more
    """
    plain = hand_scenario(begins="given")
    off = {"off_w": 10.0, "boot_kwh": 0.5}
    states = changed(plain, pools=({"off_nodes": 1}, {"off_nodes": 2}), **off)
    more = totals(states)["energy"] - totals(plain)["energy"]
    assert more == pytest.approx(1.5 * (-0.09 - 0.09) - 0.18 + 1.0, rel=1e-12)
    ledger = evaluator(states).ledger(PLAN)
    assert ledger.idle_nodes.tolist() == [[0, 0], [1, 0]]
    assert ledger.off_nodes.tolist() == [[1, 2], [1, 0]]
    assert ledger.boots.tolist() == [[0, 0], [0, 2]]
    # Idle nodes are used first: of two that start there, one was idle.
    states = changed(plain, pools=({}, {"off_nodes": 1}), **off)
    assert evaluator(states).ledger(PLAN).boots.tolist() == [[0, 0], [0, 1]]
    # Whoever begins free has booted what the first hour needs.
    free = changed(hand_scenario(), pools=({"off_nodes": 2}, {"off_nodes": 2}), **off)
    assert evaluator(free).ledger(PLAN).boots.tolist() == [[0, 0], [0, 2]]


def test_what_is_stated_of_nodes_off_counts_only_where_nodes_may_be_off() -> None:
    plain = hand_scenario(begins="given", loading="prewarm")
    stated = changed(plain, pools=({}, {}), off_w=10.0, boot_kwh=5.0, boot_seconds=60.0)
    assert totals(stated) == totals(plain)


@pytest.mark.parametrize("loading", ["on_demand", "prewarm"])
def test_who_boots_draws_standby_power_meanwhile(loading: str) -> None:
    """Two nodes boot there for 90 s at 100 W before the second hour."""
    plain = hand_scenario(begins="given", loading=loading)
    off = changed(plain, pools=({}, {"off_nodes": 2}), off_w=100.0)
    more = totals(changed(off, pools=({}, {}), boot_seconds=90.0))["energy"]
    assert more - totals(off)["energy"] == pytest.approx(2 * 0.1 * 90 / 3600, rel=1e-9)


def test_by_hand_committed_nodes() -> None:
    """A committed node in each pool, 4 USD an hour used or not: 16 USD. The second node there is on
    demand for an hour: 10 USD. All on demand: three node-hours."""
    plain = hand_scenario(accounting={"rental": True})
    mixed = changed(
        plain, pools=({"committed_nodes": 1}, {"committed_nodes": 1}), committed_usd_per_hour=4.0
    )
    assert totals(mixed)["cost"] - totals(plain)["cost"] == pytest.approx(16 + 10 - 30, rel=1e-9)
    ledger = evaluator(mixed).ledger(PLAN)
    assert ledger.committed_usd.tolist() == [[4.0, 4.0], [4.0, 4.0]]
    # Without a price of their own they cost as much as on demand; without rental nothing counts.
    same = changed(plain, pools=({"committed_nodes": 2}, {"committed_nodes": 2}))
    assert totals(same)["cost"] - totals(plain)["cost"] == pytest.approx(80 - 30, rel=1e-9)
    free = changed(hand_scenario(), pools=({"committed_nodes": 2}, {"committed_nodes": 2}))
    assert totals(free) == totals(hand_scenario())


def test_cost_is_called_by_what_it_holds() -> None:
    assert cost.title_in(hand_scenario()) == "Energy cost"
    for more in ({"rental": True}, {"egress_kb_per_token": 0.004}):
        assert cost.title_in(hand_scenario(accounting=more)) == "Cost"


def test_a_boot_is_shorter_than_the_horizon() -> None:
    with pytest.raises(SlitError, match=r"here pool.off_nodes: a boot takes 7200 s .*, 7200 s"):
        changed(hand_scenario(), pools=({"off_nodes": 1}, {}), boot_seconds=7200.0)
    changed(hand_scenario(), pools=({}, {}), boot_seconds=7200.0)
