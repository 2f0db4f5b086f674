import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.selection import (
    binary_tournament,
    knee_point,
    nsga2_survivors,
)
from operators.types import Floats
from tests.operators import reference
from tests.operators.strategies import SEEDS, points

FRONT = [[0.0, 4.0], [1.0, 2.0], [2.0, 1.0], [4.0, 0.0]]


def test_survivors_by_hand() -> None:
    objectives: list[list[float]] = [[5, 5], *FRONT, [1.5, 1.5], [3, 3], [0, 0]]
    violation = [0] * 7 + [1]
    kept = nsga2_survivors(objectives, size=6, violation=violation)
    assert kept.indices.tolist() == [1, 2, 3, 4, 5, 6]
    assert kept.rank.tolist() == [0, 0, 0, 0, 0, 1]
    kept = nsga2_survivors(objectives, size=3, violation=violation)
    assert kept.indices.tolist() == [1, 2, 4]
    assert kept.crowding[[0, 2]].tolist() == [math.inf, math.inf]
    assert len(nsga2_survivors(objectives, size=0).indices) == 0


def test_repeats_survive_only_when_nothing_else_is_left() -> None:
    objectives = [[1, 1], [1, 1], [2, 2], [3, 3]]
    plain = nsga2_survivors(objectives, size=3)
    distinct = nsga2_survivors(objectives, size=3, distinct=True)
    assert plain.indices.tolist() == [0, 1, 2]
    assert distinct.indices.tolist() == [0, 2, 3]
    assert nsga2_survivors(objectives, size=4, distinct=True).rank.tolist() == [0, 4, 1, 2]


@given(points(objectives=4), SEEDS, st.data())
def test_survivors_agree_with_their_definition(
    objectives: Floats, seed: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    violation = rng.integers(0, 3, len(objectives)).astype(float)
    size = data.draw(st.integers(0, len(objectives)))
    kept = nsga2_survivors(objectives, size=size, violation=violation)
    assert len(kept.indices) == size
    assert kept.rank.tolist() == [
        reference.front_ranks(objectives.tolist(), violation.tolist())[i] for i in kept.indices
    ]
    last = int(kept.rank.max(initial=0))
    expected = reference.front_ranks(objectives.tolist(), violation.tolist())
    front = [i for i, rank in enumerate(expected) if rank == last]
    distances = reference.crowding_distance([objectives[i].tolist() for i in front])
    chosen = set(kept.indices.tolist())
    assert chosen >= {i for i, rank in enumerate(expected) if rank < last} or size == 0
    out = [d for i, d in zip(front, distances, strict=True) if i not in chosen]
    assert all(d >= max(out, default=0) - 1e-9 for d in kept.crowding[kept.rank == last])


def test_survivors_of_a_random_population_agree_with_their_definition() -> None:
    for seed in range(5):
        objectives = np.random.default_rng(seed).random((40, 3))
        kept = nsga2_survivors(objectives, size=20)
        expected = reference.survivors(objectives.tolist(), [0.0] * 40, 20)
        assert set(kept.indices.tolist()) == expected


def test_a_better_candidate_wins() -> None:
    rng = np.random.default_rng(0)
    rank, crowding = [0, 0, 1, 1], [1.0, 2.0, 5.0, 5.0]
    for _ in range(30):
        winners = binary_tournament(rank, crowding, count=4, rng=rng).tolist()
        assert winners.count(1) == 2
        assert winners.count(2) + winners.count(3) <= 2
    assert binary_tournament([0], [1.0], count=3, rng=rng).tolist() == [0, 0, 0]


@given(st.integers(1, 20), SEEDS)
def test_the_best_wins_as_often_as_it_is_drawn(size: int, seed: int) -> None:
    rank = np.arange(size)
    rng = np.random.default_rng(seed)
    winners = binary_tournament(rank, np.zeros(size), count=size, rng=rng)
    assert len(winners) == size
    if size % 2 == 0:
        assert winners.tolist().count(0) == 2
        assert size - 1 not in winners


def test_the_knee_by_hand() -> None:
    assert knee_point([[0, 10], [1, 4], [5, 1], [10, 0]]) == 1
    assert knee_point([[0, 10], [2, 2], [2, 2], [10, 0]]) == 1
    assert knee_point([[0, 10, 7], [6, 1, 7], [10, 0, 7]]) == 1
    assert knee_point([[3, 3]]) == 0
    assert knee_point([[0, 10], [1, 4], [5, 1], [10, 0]], ideal=[0, 0], nadir=[10, 100]) == 0


@given(points(objectives=4), st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_knee_does_not_depend_on_units(objectives: Floats, scale: float) -> None:
    values = np.round(objectives, 3)
    assert knee_point(values * scale) == knee_point(values)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nsga2_survivors([[1, 2]], size=2), "size: 2, expected 0 to 1"),
        (lambda: knee_point(np.zeros((0, 2))), "objectives .points.: 0, expected 1 or more"),
        (lambda: knee_point([[1, 2]], ideal=[0]), "ideal: 1, expected 2"),
        (
            lambda: binary_tournament([], [], count=1, rng=np.random.default_rng(0)),
            "rank .points.: 0, expected 1 or more",
        ),
        (
            lambda: binary_tournament([0], [], count=1, rng=np.random.default_rng(0)),
            "crowding: 0, expected 1",
        ),
    ],
)
def test_what_is_wrong_is_said(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
