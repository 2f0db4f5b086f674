from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given

from operators.indicators import hypervolume, igd_plus
from operators.types import Floats
from tests.operators import reference
from tests.operators.strategies import SEEDS, points


def test_hypervolume_by_hand() -> None:
    assert hypervolume([[1, 3], [2, 2], [3, 1]], reference=[4, 4]) == 6.0
    assert hypervolume([[1, 3], [4, 0], [9, 9], [1, 3]], reference=[4, 4]) == 3.0
    assert hypervolume(np.zeros((0, 2)), reference=[4, 4]) == 0.0


@given(points(largest=7, objectives=5), SEEDS)
def test_hypervolume_agrees_with_inclusion_and_exclusion(objectives: Floats, seed: int) -> None:
    values = np.mod(objectives, 5.0)
    corner = np.random.default_rng(seed).integers(1, 6, values.shape[1]).astype(float)
    before = values.copy()
    expected = reference.hypervolume(values.tolist(), corner.tolist())
    assert hypervolume(values, reference=corner) == pytest.approx(expected, abs=1e-9)
    assert np.array_equal(values, before)


def test_hypervolume_agrees_with_counting_random_points() -> None:
    rng = np.random.default_rng(7)
    values = rng.random((25, 4))
    values /= values.sum(axis=1, keepdims=True)
    draws = rng.random((40000, 4))
    below = np.all(values[None] <= draws[:, None], axis=2)
    hits = np.mean(np.any(below, axis=1))
    volume = hypervolume(values, reference=np.ones(4))
    assert abs(volume - hits) < 5 * np.sqrt(volume * (1 - volume) / len(draws))


def test_igd_plus_by_hand() -> None:
    front = [[0, 2], [2, 0]]
    assert igd_plus(front, front=front) == 0.0
    assert igd_plus([[3, 1]], front=front) == pytest.approx((3 + np.sqrt(2)) / 2)
    assert igd_plus([[-1, -1]], front=front) == 0.0


@given(points(largest=12, objectives=4), SEEDS)
def test_igd_plus_agrees_with_its_definition(objectives: Floats, seed: int) -> None:
    values = np.mod(objectives, 5.0)
    front = np.random.default_rng(seed).random((4, values.shape[1])) * 5
    expected = reference.igd_plus(values.tolist(), front.tolist())
    assert igd_plus(values, front=front) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hypervolume([[1, 2]], reference=[1]), "reference: 1, expected 2"),
        (lambda: hypervolume([[1, np.nan]], reference=[1, 1]), "objectives: NaN"),
        (lambda: igd_plus([[1, 2]], front=[[1]]), "front: 1 objectives, expected 2"),
        (lambda: igd_plus(np.zeros((0, 2)), front=[[1, 1]]), "objectives .points.: 0"),
    ],
)
def test_what_is_wrong_is_said(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
