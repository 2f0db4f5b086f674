"""Decisions in turn: what is promised is what comes, a state goes on as the loop would."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.operate.backtest import ORACLE, run_record, weighted_bound
from slit.operate.budgets import Budget
from slit.operate.due import Settings, shifted
from slit.operate.history import Stretch
from slit.operate.loop import Step, begin, operate
from slit.operate.outlook import Mixed, Perfect, Repeated
from slit.operate.panel import Cause, Panel, panel_of, window_of, with_values
from slit.operate.serve import REALIZED
from tests.operate.stretches import DAY, NAMES, settings, stretch


def steps_of(found: Stretch, asked: Settings) -> list[Step]:
    state = begin(found.scenario, asked, first=found.first)
    outlook = Perfect(found.panel)
    steps = operate(found.scenario, outlook, asked, state=state, last=found.last)
    return [step for step, _ in steps]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_perfect_foresight_promises_are_kept(seed: int) -> None:
    """Carbon, water, cost and nodes of the first epoch of every decision, as it was served: nothing
    spills, nothing is unplanned."""
    for step in steps_of(stretch(seed), settings()):
        served, ledger = step.served, step.decision.promised
        assert served.by_site[0] == pytest.approx(ledger.carbon_kg[0], rel=1e-9)
        water = ledger.water_on_site_l[0] + ledger.water_off_site_l[0]
        assert served.by_site[1] == pytest.approx(water, rel=1e-9)
        assert served.by_site[2] == pytest.approx(ledger.cost_usd[0], rel=1e-9)
        assert served.spilled == 0.0
        assert served.unplanned == 0
        assert np.array_equal(served.running.nodes, ledger.nodes[0])


def test_a_state_goes_on_as_the_loop_would() -> None:
    found, asked = stretch(4, times=True), settings()
    outlook = Perfect(found.panel)
    state = begin(found.scenario, asked, first=found.first)
    whole = list(operate(found.scenario, outlook, asked, state=state, last=found.last))
    middle = whole[2][1]
    rest = list(operate(found.scenario, outlook, asked, state=middle, last=found.last))
    assert len(rest) == len(whole) - 3
    for (one, _), (other, _) in zip(whole[3:], rest, strict=True):
        assert np.array_equal(one.decision.shares, other.decision.shares)
        assert np.array_equal(one.served.totals, other.served.totals)


@given(
    seed=st.integers(0, 10_000),
    weights=st.tuples(*[st.floats(0.1, 10.0)] * 4),
    most=st.one_of(st.none(), st.floats(1.0, 1e6)),
)
@hypothesis_settings(max_examples=15, deadline=None)
def test_no_run_is_below_the_bound(
    seed: int, weights: tuple[float, ...], most: float | None
) -> None:
    """With and without budgets, whose prices change decisions and not what they are worth."""
    found = stretch(seed, days=1)
    text = ",".join(f"{name}={weight}" for name, weight in zip(NAMES, weights, strict=True))
    budgets = () if most is None else (Budget("carbon", most, 86_400.0),)
    asked = settings(f"balance:{text}", budgets=budgets)
    prices = begin(found.scenario, asked, first=found.first).prices
    assert prices is not None
    record = run_record(ORACLE, found, asked, method="naive")
    totals = record.totals.sum(axis=0)
    sum_ = float(prices @ [totals[REALIZED.index(name)] for name in NAMES])
    assert sum_ >= weighted_bound(found, asked, prices) * (1 - 1e-9)


def test_prices_are_those_of_the_day_before() -> None:
    """One per cent of what the nearest datacenters took weighs alike in every objective."""
    found, asked = stretch(7), settings()
    first = begin(found.scenario, asked, first=found.first)
    short = begin(found.scenario, replace(asked, horizon=1), first=found.first)
    assert first.prices is not None
    assert short.prices is not None
    assert np.array_equal(first.prices, short.prices)


def test_a_plan_shifted_ends_as_its_last_epoch() -> None:
    shares = np.arange(3.0)[:, None, None, None] * np.ones((3, 1, 1, 2))
    assert shifted(shares, 1, 4)[:, 0, 0, 0].tolist() == [1, 2, 2, 2]


def test_nodes_stay_active_for_their_minimum_time() -> None:
    """A node that started an epoch ago and must stay for four stays, though the plan wants none."""
    found = stretch(11, days=3, times=True)
    least = [pool.min_up_hours for pool in found.scenario.pools]
    assert any(least)
    steps = steps_of(found, settings())
    nodes = np.array([step.served.running.nodes for step in steps])
    needed = steps[0].decision.promised.problem.min_up
    checked = 0
    for p, epochs in enumerate(needed):
        for t in range(1, len(nodes)):
            for ahead in range(1, min(int(epochs), len(nodes) - t)):
                started = max(nodes[t, p] - nodes[t - 1, p], 0)
                if started and steps[t + ahead].served.overload == 0:
                    assert nodes[t + ahead, p] >= started
                    checked += 1
    assert checked > 0


def test_a_horizon_holds_minimum_times() -> None:
    found = stretch(11, days=1, times=True)
    with pytest.raises(SlitError, match=r"horizon: 6 h, expected at least \d+ \(pools"):
        begin(found.scenario, settings(horizon=1), first=found.first)


def test_figures_put_into_a_scenario_are_its_panel() -> None:
    found = stretch(3)
    other = with_values(found.scenario, found.panel.values)
    assert np.array_equal(np.nan_to_num(panel_of(other).values), np.nan_to_num(found.panel.values))
    part = window_of(found.scenario, 3, 5, genes=60)
    assert np.array_equal(panel_of(part).values, found.panel.values[:, 3:8], equal_nan=True)
    with pytest.raises(SlitError, match="epochs: 40 to 47, expected some of 0 to 43"):
        window_of(found.scenario, 40, 8, genes=1)


def test_a_mixed_outlook_takes_rows_of_each() -> None:
    found = stretch(3)
    panel: Panel = found.panel
    known, forecast = Perfect(panel), Repeated(panel, DAY)
    mixed = Mixed(known, forecast, panel, [Cause.CARBON])
    rows = panel.of_cause(Cause.CARBON)
    got = mixed.expect(found.first, DAY)
    assert 0 < rows.sum() < len(rows)
    assert np.array_equal(got[rows], panel.values[rows, found.first - DAY : found.first])
    assert np.array_equal(got[~rows], panel.values[~rows, found.first : found.first + DAY])
