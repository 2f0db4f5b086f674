from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.archive import Archive
from operators.types import Floats, Genes
from tests.operators import reference
from tests.operators.strategies import SEEDS, points


def names(count: int, start: int = 0) -> Genes:
    """Chromosomes of two genes that differ from one another."""
    number = np.arange(start, start + count)
    return np.column_stack([number // 100, number % 100]).astype(np.int16)


class Offer(NamedTuple):
    """Points in batches."""

    objectives: Floats
    cuts: list[int]


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    """Points near a plane, where many do not dominate one another, or any points."""
    if draw(st.booleans()):
        values = draw(points(largest=60, objectives=4))
    else:
        rng = np.random.default_rng(draw(SEEDS))
        values = rng.random((draw(st.integers(1, 80)), draw(st.integers(2, 4))))
        values = np.round(values / values.sum(axis=1, keepdims=True), draw(st.integers(1, 6)))
    cuts = draw(st.lists(st.integers(0, len(values)), max_size=6).map(sorted))
    return Offer(values, [0, *cuts, len(values)])


def fill(archive: Archive, offer: Offer) -> Archive:
    for start, end in zip(offer.cuts, offer.cuts[1:], strict=False):
        batch = offer.objectives[start:end]
        archive.add(names(end - start, start), batch, labels=np.arange(start, end))
    return archive


def test_points_come_and_go_by_hand() -> None:
    archive = Archive(genes=2, objectives=2)
    inside = archive.add(
        [[1, 1], [2, 2], [3, 3], [4, 4]], [[1, 5], [3, 3], [3, 3], [4, 4]], labels=[7, 8, 9, 10]
    )
    assert inside.tolist() == [True, True, False, False]
    assert archive.add([[5, 5], [6, 6]], [[2, 2], [9, 0]], labels=[11, 12]).all()
    assert archive.objectives.tolist() == [[1, 5], [2, 2], [9, 0]]
    assert archive.population.tolist() == [[1, 1], [5, 5], [6, 6]]
    assert archive.labels.tolist() == [7, 11, 12]
    assert archive.add([[0, 0]], [[0, 0]]).tolist() == [True]
    assert archive.objectives.tolist() == [[0, 0]]
    assert len(archive) == 1


def test_a_point_can_come_and_go_in_one_batch() -> None:
    archive = Archive(genes=1, objectives=2)
    inside = archive.add([[1], [2], [3]], [[3, 3], [2, 2], [1, 9]])
    assert inside.tolist() == [False, True, True]


def test_infeasible_points_are_refused() -> None:
    archive = Archive(genes=1, objectives=2)
    inside = archive.add([[1], [2]], [[0, 0], [1, 1]], violation=[1.0, 0.0])
    assert inside.tolist() == [False, True]
    assert archive.population.tolist() == [[2]]


def test_what_is_read_is_a_copy() -> None:
    archive = Archive(genes=1, objectives=1)
    archive.add([[1]], [[1]])
    archive.population[0], archive.objectives[0], archive.labels[0] = 9, 9, 9
    assert archive.population.tolist() == archive.objectives.tolist() == [[1]]
    assert archive.labels.tolist() == [0]


@given(offers())
def test_without_a_capacity_nothing_is_lost(offer: Offer) -> None:
    archive = fill(Archive(genes=2, objectives=offer.objectives.shape[1]), offer)
    rows = offer.objectives.tolist()
    expected = [
        i
        for i, row in enumerate(rows)
        if row not in rows[:i] and not any(reference.dominates(other, row) for other in rows)
    ]
    assert sorted(archive.labels.tolist()) == expected
    assert np.array_equal(archive.objectives, offer.objectives[archive.labels])
    assert np.array_equal(archive.population, names(len(rows))[archive.labels])


@given(offers(), st.integers(0, 8), st.integers(0, 3), SEEDS)
def test_a_bounded_archive_keeps_its_promises(
    offer: Offer, room: int, sums: int, seed: int
) -> None:
    count = offer.objectives.shape[1]
    weights = np.random.default_rng(seed).random((sums, count))
    capacity = count + sums + room
    archive = Archive(genes=2, objectives=count, capacity=capacity, weights=weights)
    assert archive.capacity == capacity
    before = offer.objectives.copy()
    fill(archive, offer)
    kept = archive.objectives
    assert 1 <= len(archive) <= capacity
    assert not any(reference.dominates(a, b) for a in kept.tolist() for b in kept.tolist())
    assert np.array_equal(kept.min(axis=0), offer.objectives.min(axis=0))
    assert (weights @ kept.T).min(axis=1) == pytest.approx(
        (weights @ offer.objectives.T).min(axis=1)
    )
    assert np.array_equal(archive.population, names(len(before))[archive.labels])
    assert np.array_equal(kept, before[archive.labels])
    assert np.array_equal(offer.objectives, before)


@given(offers(), st.integers(0, 8))
def test_the_rows_restore_the_state(offer: Offer, room: int) -> None:
    count = offer.objectives.shape[1]
    settings: dict[str, Any] = {"genes": 2, "objectives": count, "capacity": count + room}
    half = Offer(offer.objectives, [0, len(offer.objectives) // 2])
    archive = fill(Archive(**settings), half)
    copy = Archive(**settings)
    assert copy.add(archive.population, archive.objectives, labels=archive.labels).all()
    rest = Offer(offer.objectives, [half.cuts[1], len(offer.objectives)])
    for one in (archive, copy):
        fill(one, rest)
    assert np.array_equal(archive.labels, copy.labels)
    assert np.array_equal(archive.objectives, copy.objectives)
    assert np.array_equal(archive.population, copy.population)


@given(SEEDS, st.integers(2, 30), st.integers(2, 4))
def test_the_most_crowded_goes(seed: int, size: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((size, count))
    values = np.unique(values / values.sum(axis=1, keepdims=True), axis=0)
    values = values[rng.permutation(len(values))]
    front = [
        i
        for i, row in enumerate(values.tolist())
        if not any(reference.dominates(other, row) for other in values.tolist())
    ]
    rows = values[front]
    capacity = min(count + size // 3, len(rows))
    if capacity < count:
        return
    archive = Archive(genes=2, objectives=count, capacity=capacity)
    archive.add(names(len(rows)), rows, labels=np.arange(len(rows)))
    protected = {int(i) for i in rows.argmin(axis=0)}
    expected = reference.thin(rows.tolist(), protected, capacity)
    assert archive.labels.tolist() == expected


def test_large_batches_are_added_in_steps() -> None:
    rng = np.random.default_rng(3)
    values = rng.random((700, 2))
    archive = Archive(genes=0, objectives=2, capacity=5)
    inside = archive.add(np.zeros((700, 0), int), values)
    assert inside.sum() == len(archive) <= 5
    assert np.array_equal(values[inside], archive.objectives)
    assert np.array_equal(archive.objectives.min(axis=0), values.min(axis=0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Archive(genes=1, objectives=2, capacity=1), "capacity: 1, expected 2 or more"),
        (
            lambda: Archive(genes=1, objectives=2, capacity=2, weights=[[1, 1]]),
            "capacity: 2, expected 3 or more",
        ),
        (
            lambda: Archive(genes=1, objectives=2, weights=[[1, 1, 1]]),
            "weights: 3 columns, expected 2",
        ),
        (lambda: Archive(genes=1, objectives=0), "objectives: 0, expected 1 or more"),
        (
            lambda: Archive(genes=1, objectives=2).add([[1, 2]], [[1, 2]]),
            "population: 2 genes, expected 1",
        ),
        (
            lambda: Archive(genes=1, objectives=2).add([[1]], [[1, 2, 3]]),
            "objectives: 3 columns, expected 2",
        ),
        (lambda: Archive(genes=1, objectives=2).add([[1]], [[1, np.inf]]), "objectives: infinite"),
        (
            lambda: Archive(genes=1, objectives=1).add([[1]], [[1], [2]]),
            "objectives: 2, expected 1",
        ),
        (
            lambda: Archive(genes=1, objectives=1).add([[1]], [[1]], labels=[]),
            "labels: 0, expected 1",
        ),
    ],
)
def test_what_is_wrong_is_said(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
