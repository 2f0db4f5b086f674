"""Savings over days with intervals, and how much they depend on what is assumed."""

import numpy as np
import pytest

from benchmarks.drivers.equal_quality_days import days_of_2023, interval, lines
from benchmarks.drivers.equal_quality_sensitivity import ENDS, draw_tornado
from benchmarks.measuring.equal_quality import OWN, SAME, Saved, change_of_sums
from slit.scenario.load import load_scenario


def saved(plan: float, own: float, same: float) -> Saved:
    return Saved(*(np.array([each, 2 * each]) for each in (plan, own, same)))


def test_the_change_is_that_of_sums_by_hand() -> None:
    days = [saved(50, 100, 60), saved(100, 100, 140)]
    assert change_of_sums(days, OWN).tolist() == [-25.0, -25.0]
    assert change_of_sums(days, SAME).tolist() == [-25.0, -25.0]
    # Large days count more: not the mean of -50 % and 0 %.
    assert change_of_sums([saved(50, 100, 1), saved(300, 300, 1)], OWN)[0] == -12.5


def test_intervals_hold_the_change_and_have_no_width_where_days_agree() -> None:
    rng = np.random.default_rng(1)
    days = [saved(base * share, base, base) for base, share in rng.uniform(0.5, 1.0, (30, 2))]
    (low, high), change = interval(days, OWN), change_of_sums(days, OWN)
    assert (low < change).all()
    assert (change < high).all()
    alike = [saved(80, 100, 90)] * 7
    assert np.allclose(interval(alike, OWN), -20.0)
    table = lines({"nearest": alike, "helix": []}, ("carbon", "cost"))
    assert table[2].startswith("| `nearest` | own | 7 | −20.0 % [−20.0 %, −20.0 %] | ")
    assert len(table) == 4


def test_days_stand_at_equal_distances() -> None:
    days = days_of_2023(30)
    assert (days[0], days[1], len(set(days))) == ("2023-01-01", "2023-01-13", 30)
    assert max(days) < "2023-12-31"


def test_ends_change_one_thing() -> None:
    scenario = load_scenario("world-2026")
    low, high = (change(scenario) for change in ENDS["standby power"].values())
    assert {node.standby_w for node in low.node_types} == {120.0}
    assert all(node.standby_w == node.idle_w for node in high.node_types)
    half = ENDS["volume"]["x 0.5"](scenario)
    assert half.demand.requests.sum() == pytest.approx(scenario.demand.requests.sum() / 2)
    assert len(np.unique(ENDS["intensity"]["marginal (gas)"](scenario).signals.carbon)) == 1
    low, high = (change(scenario) for change in ENDS["quality scores"].values())
    for below, stated, above in zip(low.variants, scenario.variants, high.variants, strict=True):
        for name, score in stated.quality.items():
            assert below.quality[name] <= score <= above.quality[name]
    assert low.variants != high.variants


def test_the_tornado_has_the_longest_bars_above() -> None:
    found = {("a", "low"): -30.0, ("a", "high"): -42.0, ("b", "low"): -10.0}
    drawn = draw_tornado(-40.0, found)
    assert [bar.y[0] for bar in drawn.data] == ["a", "a", "b"]  # from below
    assert [bar.x[0] for bar in drawn.data] == [10.0, -2.0, 30.0]
    assert {bar.base[0] for bar in drawn.data} == {-40.0}
