"""Sets of evaluated plans: which rows are best, and which have a name."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.front import Front, change_percent, kept_rows


def front_of(
    values: list[list[float]],
    violation: list[float] | None = None,
    methods: list[str] | None = None,
) -> Front:
    count, objectives = len(values), len(values[0])
    return Front(
        X=np.arange(count * 3).reshape(count, 3).astype(np.int16),
        F=np.array(values),
        G=np.array(violation or [0.0] * count),
        names=tuple("abcdef"[:objectives]),
        units=("kg",) * objectives,
        methods=tuple(methods or ["search"] * count),
    )


def test_feasible_rows_that_nothing_dominates_are_on_the_front() -> None:
    front = front_of([[1, 4], [2, 2], [3, 3], [0, 0], [4, 1]], [0, 0, 0, 1, 0])
    assert front.on_front.tolist() == [True, True, False, False, True]
    assert front.best.plans.tolist() == [0, 1, 4]
    assert front.feasible


def test_of_equal_rows_the_first_is_on_the_front_unless_all_are_asked_for() -> None:
    front = front_of([[3, 3], [1, 2], [2, 1], [1, 2], [1, 2]])
    assert front.on_front.tolist() == [False, True, True, False, False]
    assert front.undominated.tolist() == [False, True, True, True, True]
    assert front.best.plans.tolist() == [1, 2]
    everything = replace(front, keep_equal=True)
    assert everything.on_front.tolist() == [False, True, True, True, True]
    assert everything.best.plans.tolist() == [1, 2, 3, 4]
    assert everything.rows(front.undominated).on_front.all()
    assert everything.joined(front_of([[1, 2]])).on_front.tolist()[-1] is True


def test_equal_rows_of_least_violation_are_one() -> None:
    assert front_of([[1, 1], [1, 1], [2, 0]], [3, 3, 3]).best.plans.tolist() == [0, 2]


def test_without_a_feasible_row_the_least_violating_are_best() -> None:
    front = front_of([[1, 1], [2, 3], [3, 2], [4, 4]], [5, 2, 2, 2])
    assert not front.feasible
    assert not front.on_front.any()
    assert front.best.plans.tolist() == [1, 2]
    assert front.extremes() == {"a": 1, "b": 2}


def test_extremes_prefer_the_balanced_of_equals() -> None:
    front = front_of([[1, 9, 9], [1, 2, 9.5], [5, 1, 1]])
    assert front.extremes() == {"a": 1, "b": 2, "c": 2}


def test_the_compromise_is_nearest_to_the_ideal_point() -> None:
    # Scaled: (0, 1), (1, 0), (0.3, 0.4), (0.1, 0.9).
    front = front_of([[0, 10], [10, 0], [3, 4], [1, 9]])
    assert front.knee() == 2


def test_the_knee_is_farthest_below_the_plane_through_the_ends() -> None:
    # Scaled: (0, 1), (1, 0), (0.45, 0.45), (0.1, 0.65); sums 1, 1, 0.9, 0.75.
    front = front_of([[0, 20], [20, 0], [9, 9], [2, 13]])
    assert front.knee() == 3
    assert front.compromise() == 2


def test_compromise_and_knee_without_any_range() -> None:
    assert front_of([[1, 1]]).compromise() == 0
    assert front_of([[1, 1]]).knee() == 0


def test_picks_name_extremes_compromise_and_single_plans() -> None:
    front = front_of(
        [[0, 10], [10, 0], [3, 4], [1, 11], [9, 12]],
        methods=["search", "search", "search", "nearest", "lexicographic"],
    )
    assert {pick.name: pick.row for pick in front.picks(prefix="search")} == {
        "search-a": 0,
        "search-b": 1,
        "search-balance": 2,
        "nearest": 3,
        "lexicographic": 4,
    }


def test_plan_by_number_or_name() -> None:
    front = front_of([[0, 10], [10, 0], [3, 4]]).rows(np.array([1, 2]))
    assert front.plans.tolist() == [1, 2]
    assert front.row_of("2", prefix="search") == 1
    assert front.row_of("search-b", prefix="search") == 0
    with pytest.raises(SlitError, match=r"plan: '0', expected a number .* search-balance"):
        front.row_of("0", prefix="search")


def test_joined_rows_are_numbered_anew() -> None:
    first, second = front_of([[0, 10], [10, 0]]), front_of([[3, 4]], methods=["nearest"])
    both = first.joined(second)
    assert both.plans.tolist() == [0, 1, 2]
    assert both.methods == ("search", "search", "nearest")
    assert both.X.tolist() == [*first.X.tolist(), *second.X.tolist()]
    with pytest.raises(SlitError, match=r"objectives \('a',\), expected \('a', 'b'\)"):
        first.joined(front_of([[1]]))


def test_table_has_the_columns_of_a_run_folder() -> None:
    frame = front_of([[1, 2], [2, 3]], methods=["search", "nearest"]).to_frame()
    assert list(frame.columns) == ["plan", "method", "a", "b", "violation", "on_front"]
    assert frame["on_front"].tolist() == [1, 0]
    assert "nearest" in front_of([[1, 2], [2, 3]], methods=["search", "nearest"])._repr_html_()


def test_arrays_cannot_be_changed() -> None:
    front = front_of([[1, 2]])
    with pytest.raises(ValueError, match="read-only"):
        front.F[0, 0] = 5


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SlitError, match=r"front: X \(2, 3\), F \(1, 2\)"):
        Front(
            X=np.zeros((2, 3), np.int16),
            F=np.zeros((1, 2)),
            G=np.zeros(2),
            names=("a", "b"),
            units=("", ""),
            methods=("m", "m"),
        )


def test_change_has_no_value_against_nothing() -> None:
    change = change_percent(np.array([50.0, 150.0, 1.0, 1.0]), np.array([100.0, 100.0, 0.0, -5.0]))
    assert change == [-50.0, 50.0, None, None]


@given(st.integers(0, 2**32 - 1))
def test_kept_rows_are_those_that_nothing_beats(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 12))
    F = rng.integers(0, 4, (count, 3)).astype(float)
    G = rng.integers(0, 3, count).astype(float)

    def beats(i: int, j: int) -> bool:
        if G[i] != G[j]:
            return bool(G[i] < G[j])
        return bool((F[i] <= F[j]).all() and (F[i] < F[j]).any())

    expected = [j for j in range(count) if not any(beats(i, j) for i in range(count))]
    assert kept_rows(F, G, keep_equal=True).tolist() == expected
    first = [j for j in expected if not any((F[i] == F[j]).all() for i in expected if i < j)]
    assert kept_rows(F, G).tolist() == first


def test_a_front_says_what_it_is_in_a_line() -> None:
    front = front_of([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]])
    listed = ", ".join(front.names)
    assert repr(front) == f"<Front of {listed}: 3 plans, 2 on the front>"
