import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.dominance import (
    distinct_objectives,
    distinct_rows,
    front_ranks,
    nondominated,
    row_hashes,
)
from operators.nsga2_survival import sorted_order
from operators.types import Bools, Floats, Genes
from tests.operators import reference
from tests.operators.strategies import SEEDS, points


def test_fronts_by_hand() -> None:
    objectives = [[1, 4], [2, 2], [4, 1], [3, 3], [2, 5], [5, 5], [2, 2]]
    assert front_ranks(objectives).tolist() == [0, 0, 0, 1, 1, 2, 0]
    assert front_ranks(objectives, distinct=True).tolist() == [0, 0, 0, 1, 1, 2, 7]
    assert nondominated(objectives).tolist() == [True, True, True, False, False, False, True]


def test_less_violation_comes_first_whatever_the_objectives() -> None:
    objectives = [[9, 9], [0, 0], [1, 1], [2, 0], [5, 10]]
    violation = [0, 3, 1, 1, 0]
    assert front_ranks(objectives, violation=violation).tolist() == [0, 2, 1, 1, 0]
    assert nondominated(objectives, violation=violation).tolist() == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_nobody_feasible() -> None:
    assert nondominated([[1, 1], [2, 2], [0, 9]], violation=[2, 2, 5]).tolist() == [
        True,
        False,
        False,
    ]


def test_infinite_objectives_are_compared() -> None:
    objectives: list[list[float]] = [[0, np.inf], [1, np.inf], [-np.inf, 5], [0, 5]]
    assert front_ranks(objectives).tolist() == [2, 3, 0, 1]


def test_nothing_is_a_front_of_nothing() -> None:
    assert front_ranks(np.zeros((0, 3))).shape == (0,)
    assert nondominated(np.zeros((0, 3))).shape == (0,)


@given(points(), SEEDS)
def test_fronts_agree_with_peeling(objectives: Floats, seed: int) -> None:
    rng = np.random.default_rng(seed)
    violation = rng.integers(0, 3, len(objectives)) * float(rng.integers(0, 2))
    before = objectives.copy()
    expected = reference.front_ranks(objectives.tolist(), violation.tolist())
    ranks = front_ranks(objectives, violation=violation)
    assert ranks.tolist() == expected
    assert nondominated(objectives, violation=violation).tolist() == [
        rank == 0 for rank in expected
    ]
    assert np.array_equal(objectives, before)
    rows = np.column_stack([violation, objectives]).tolist()
    firsts = [rows.index(row) == i for i, row in enumerate(rows)]
    distinct = front_ranks(objectives, violation=violation, distinct=True)
    assert distinct.tolist() == [
        rank if first else len(rows) for rank, first in zip(expected, firsts, strict=True)
    ]


@pytest.mark.compiled
@pytest.mark.parametrize("objectives", [2, 3, 4, 6])
def test_a_thousand_points_agree_with_a_definition_in_numpy(objectives: int) -> None:
    rng = np.random.default_rng(objectives)
    values = np.round(rng.random((1000, objectives)), 2)
    no_worse: Bools = np.array((values[:, None] <= values[None]).all(axis=2))
    above = no_worse & ~no_worse.T
    assert np.array_equal(nondominated(values), ~above.any(axis=0))
    ranks = np.zeros(len(values), np.int64)
    for i in np.argsort(values.sum(axis=1), kind="stable"):
        ranks[i] = (ranks[above[:, i]] + 1).max(initial=0)
    assert np.array_equal(front_ranks(values), ranks)


@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=False),
            st.floats(0, 1),
            st.sampled_from([0.0, -0.0, 1.0, np.inf, -np.inf, 5e-324, 1.7e308, -1.7e308]),
        ),
        max_size=80,
    )
)
def test_sorting_is_stable(keys: list[float]) -> None:
    expected = sorted(range(len(keys)), key=lambda i: keys[i])
    assert sorted_order(np.array(keys, np.float64)).tolist() == expected


def test_sorting_skewed_keys() -> None:
    keys = np.append(np.random.default_rng(1).random(300), 1e9)
    assert np.array_equal(sorted_order(keys), np.argsort(keys, kind="stable"))


def test_distinct_rows_by_hand() -> None:
    population = [[1, 2], [3, 4], [1, 2], [2, 1], [3, 4]]
    assert distinct_rows(population).tolist() == [0, 1, 3]
    assert distinct_rows(population, known=[[3, 4], [9, 9]]).tolist() == [0, 3]
    assert distinct_rows(np.zeros((0, 2), np.int16)).tolist() == []
    with pytest.raises(ValueError, match="known: 3 genes, expected 2"):
        distinct_rows(population, known=[[1, 2, 3]])


@given(st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=1, max_size=30))
def test_distinct_rows_are_the_first_of_each(rows: list[list[int]]) -> None:
    assert distinct_rows(rows).tolist() == [i for i, row in enumerate(rows) if row not in rows[:i]]
    hashes = row_hashes(rows).tolist()
    assert len(set(hashes)) == len({tuple(row) for row in rows})


def test_colliding_hashes_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    def same_hash(population: Genes) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.zeros(len(population), np.int64)

    monkeypatch.setattr("operators.dominance.row_hashes", same_hash)
    assert distinct_rows([[1, 2], [3, 4], [1, 2], [2, 1]]).tolist() == [0, 1, 3]


def test_hashes_are_the_same_everywhere() -> None:
    rows = np.arange(12).reshape(2, 6) * 2730
    assert row_hashes(rows).tolist() == [540354333011888018, 3852717494856601962]


def test_distinct_objectives_are_the_first_of_each() -> None:
    assert distinct_objectives([[2, 1], [1, 1], [2, 1], [1, 1], [0, 3]]).tolist() == [0, 1, 4]


@pytest.mark.parametrize(
    ("objectives", "violation", "message"),
    [
        ([[1, np.nan]], None, "objectives: NaN, expected numbers"),
        ([1, 2], None, "objectives: 1 dimensions, expected 2"),
        ([[1, 2]], [-1], "violation: -1.0, expected >= 0"),
        ([[1, 2]], [0, 0], "violation: 2, expected 1"),
    ],
)
def test_what_is_wrong_is_said(
    objectives: list[list[float]], violation: list[float] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        front_ranks(objectives, violation=violation)
