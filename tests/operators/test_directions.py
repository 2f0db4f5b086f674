from collections.abc import Callable
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.directions import das_dennis, weight_neighbors
from tests.operators import reference
from tests.operators.strategies import SEEDS


def test_das_dennis_by_hand() -> None:
    assert das_dennis(2, 2).tolist() == [[0, 1], [0.5, 0.5], [1, 0]]
    assert das_dennis(1, 4).tolist() == [[1.0]]
    assert len(das_dennis(4, 14)) == 680


@given(st.integers(1, 5), st.integers(1, 6))
def test_das_dennis_lists_every_vector(objectives: int, partitions: int) -> None:
    found = das_dennis(objectives, partitions)
    assert len(found) == comb(partitions + objectives - 1, partitions)
    assert [tuple(row) for row in found.tolist()] == reference.das_dennis(objectives, partitions)


def test_neighbors_by_hand() -> None:
    weights = das_dennis(2, 4)
    assert weight_neighbors(weights, count=3).tolist() == [
        [0, 1, 2],
        [1, 0, 2],
        [2, 1, 3],
        [3, 2, 4],
        [4, 3, 2],
    ]


@given(st.integers(1, 12), st.integers(1, 4), SEEDS)
def test_neighbors_are_the_nearest(size: int, objectives: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.random((size, objectives))
    count = int(rng.integers(1, size + 1))
    neighbors = weight_neighbors(weights, count=count)
    assert neighbors[:, 0].tolist() == list(range(size))
    for k, near in enumerate(neighbors):
        distances = np.linalg.norm(weights - weights[k], axis=1)
        assert len(set(near.tolist())) == count
        assert np.sort(distances)[:count] == pytest.approx(distances[near], abs=1e-5)


def test_repeated_vectors_still_come_first_themselves() -> None:
    assert weight_neighbors([[1, 0], [1, 0], [0, 1]], count=2).tolist() == [[0, 1], [1, 0], [2, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: das_dennis(0, 3), "objectives: 0, expected 1 or more"),
        (lambda: das_dennis(3, 0), "partitions: 0, expected 1 or more"),
        (lambda: weight_neighbors([[1, 0]], count=2), "count: 2, expected 1 to 1"),
    ],
)
def test_what_is_wrong_is_said(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
