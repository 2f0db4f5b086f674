"""Limits, achievement and what relaxing a limit buys, by hand and as properties."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slit.app.plan_selection import achievement, best_plan, nearest_miss, relaxations, remaining
from slit.report.marks import Mark, Role
from slit.report.plan_styles import BALANCE
from tests.app.made import made_points

FRONT = [[0.0, 10.0], [4.0, 4.0], [6.0, 3.0], [10.0, 0.0]]


def test_limits_are_inclusive() -> None:
    points = made_points(FRONT)
    assert remaining(points, {}).tolist() == [True] * 4
    assert remaining(points, {"carbon": (None, 4.0)}).tolist() == [True, True, False, False]
    assert remaining(points, {"carbon": (4.0, 6.0)}).tolist() == [False, True, True, False]
    both = {"carbon": (None, 6.0), "cost": (None, 4.0)}
    assert remaining(points, both).tolist() == [False, True, True, False]


def test_infeasible_plans_are_chosen_only_if_there_are_no_others() -> None:
    mixed = made_points(FRONT, violation=[0, 2, 0, 1])
    assert remaining(mixed, {}).tolist() == [True, False, True, False]
    none = made_points(FRONT, violation=[3, 2, 2, 5])
    assert remaining(none, {}).tolist() == [False, True, True, False]


def test_achievement_by_hand() -> None:
    score = achievement(made_points(FRONT), {})
    assert score == pytest.approx([1.001, 0.4008, 0.6009, 1.001])
    weighted = achievement(made_points(FRONT), {"carbon": 0.0, "cost": 2.0})
    assert weighted == pytest.approx([2.002, 0.8008, 0.6006, 0.0])


def test_preferences_choose() -> None:
    points = made_points(FRONT)
    every = remaining(points, {})
    assert best_plan(points, every, {}) == 1
    assert best_plan(points, every, {"carbon": 5.0}) == 0
    assert best_plan(points, every, {"cost": 5.0}) == 3
    assert best_plan(points, every, {"carbon": 0.0, "cost": 0.0}) == 1
    assert best_plan(points, np.zeros(4, dtype=bool), {}) is None


def test_the_steady_plan_stands_for_the_balanced_one() -> None:
    steady = Mark("own-balance = own-cost", 2, 2, "own-balance", Role.BALANCE, BALANCE)
    points = replace(made_points(FRONT), marks=(steady,))
    every = remaining(points, {})
    assert best_plan(points, every, {}) == 2
    assert best_plan(points, every, {"carbon": 5.0}) == 0
    assert best_plan(points, remaining(points, {"carbon": (None, 4.0)}), {}) == 1
    assert best_plan(points, remaining(points, {"cost": (None, 3.0)}), {}) == 2
    found = replace(points, marks=(replace(steady, method="own"),))
    assert best_plan(found, every, {}) == 1


@given(
    values=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=30),
    preferences=st.tuples(st.floats(0.1, 5), st.floats(0.1, 5)),
)
def test_the_chosen_plan_is_not_dominated(
    values: list[tuple[int, int]], preferences: tuple[float, float]
) -> None:
    points = made_points(values)
    chosen = best_plan(
        points, remaining(points, {}), dict(zip(points.names, preferences, strict=True))
    )
    assert chosen is not None
    better = (points.F[chosen] >= points.F).all(axis=1) & (points.F[chosen] > points.F).any(axis=1)
    assert not better.any()


def test_relaxing_by_hand() -> None:
    points = made_points(FRONT)
    found = relaxations(points, {"carbon": (None, 5.5), "cost": (1.0, None)}, {"cost": 3.0})
    assert set(found) == {"carbon"}
    relaxed = found["carbon"]
    assert relaxed.limit == 5.5
    assert relaxed.relaxed == pytest.approx(6.05)
    assert (relaxed.best, relaxed.more) == (2, 1)
    assert relaxed.changes == pytest.approx((50.0, -25.0))


def test_relaxing_what_leaves_nothing() -> None:
    points = made_points([[100.0, 1.0], [200.0, 0.5]])
    found = relaxations(points, {"carbon": (None, 95.0)}, {})["carbon"]
    assert (found.best, found.more, found.changes) == (0, 1, (None, None))
    still = relaxations(points, {"carbon": (None, 10.0)}, {})["carbon"]
    assert (still.best, still.more) == (None, 0)


@pytest.mark.parametrize(("limit", "relaxed"), [(-10.0, -9.0), (0.0, 1.0)])
def test_limits_of_zero_and_below_are_relaxed_upwards(limit: float, relaxed: float) -> None:
    points = made_points([[-10.0, 0.0], [0.0, -5.0]])
    found = relaxations(points, {"carbon": (None, limit)}, {})["carbon"]
    assert found.relaxed == pytest.approx(relaxed)


def test_the_nearest_miss() -> None:
    points = made_points(FRONT)
    assert nearest_miss(points, {"carbon": (None, -1.0), "cost": (None, 3.5)}) == 1
    assert nearest_miss(points, {"cost": (20.0, None)}) == 0
