from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.relinking import (
    best_blocks,
    best_blocks_by_weight,
    best_chain,
    differing_blocks,
    recombine,
    relink,
    take_blocks,
)
from tests.operators import reference
from tests.operators.strategies import SEEDS, offsets

START = np.array([1, 1, 2, 2, 3, 3, 4, 4], np.int16)
GUIDE = np.array([1, 1, 5, 2, 6, 6, 7, 4], np.int16)
BLOCKS = [0, 2, 4, 6, 8]


def test_paths_by_hand() -> None:
    assert differing_blocks(START, GUIDE, block_first=BLOCKS).tolist() == [1, 2, 3]
    assert relink(START, GUIDE, block_first=BLOCKS).tolist() == [
        [1, 1, 5, 2, 3, 3, 4, 4],
        [1, 1, 5, 2, 6, 6, 4, 4],
    ]
    assert take_blocks(START, GUIDE, [3, 1], block_first=BLOCKS).tolist() == [
        *[1, 1, 5, 2, 3, 3, 7, 4]
    ]
    assert take_blocks(START, GUIDE, [], block_first=BLOCKS).tolist() == START.tolist()


def test_equal_ends_have_no_path_between_them() -> None:
    assert relink(START, START, block_first=BLOCKS).shape == (0, 8)
    near = START.copy()
    near[3] = 9
    assert relink(START, near, block_first=BLOCKS).shape == (0, 8)


@given(st.integers(1, 40), SEEDS, st.booleans())
def test_each_step_takes_one_more_block(genes: int, seed: int, shuffled: bool) -> None:
    rng = np.random.default_rng(seed)
    start, guide = rng.integers(0, 3, (2, genes)).astype(np.int16)
    first = offsets(genes, rng)
    before = start.copy(), guide.copy()
    path = relink(
        start, guide, block_first=first, rng=np.random.default_rng(seed) if shuffled else None
    )
    blocks = differing_blocks(start, guide, block_first=first)
    assert len(path) == max(len(blocks) - 1, 0)
    walk = [start, *path, guide] if len(blocks) else []
    for earlier, later in pairwise(walk):
        [block] = differing_blocks(earlier, later, block_first=first)
        part = slice(first[block], first[block + 1])
        assert np.array_equal(earlier[part], start[part])
        assert np.array_equal(later[part], guide[part])
    assert np.array_equal(start, before[0])
    assert np.array_equal(guide, before[1])


def test_a_random_path_takes_any_order() -> None:
    paths = {
        tuple(relink(START, GUIDE, block_first=BLOCKS, rng=np.random.default_rng(seed)).ravel())
        for seed in range(60)
    }
    assert len(paths) == 6


def test_a_limited_path_is_spread_evenly() -> None:
    start, guide = np.zeros(10, int), np.ones(10, int)
    first = np.arange(11)
    for limit, taken in ((0, []), (1, [5]), (3, [2, 5, 7]), (9, list(range(1, 10))), (99, None)):
        path = relink(start, guide, block_first=first, limit=limit)
        expected = list(range(1, 10)) if taken is None else taken
        assert path.sum(axis=1).tolist() == expected


def test_recombination_by_hand() -> None:
    parents = np.stack([START, GUIDE])
    child = recombine(parents, [0, 1, 0, 1], block_first=BLOCKS)
    assert child.tolist() == [1, 1, 5, 2, 3, 3, 7, 4]
    both = recombine(parents, [[0, 0, 0, 0], [1, 1, 1, 1]], block_first=BLOCKS)
    assert np.array_equal(both, parents)


def test_the_best_blocks_by_hand() -> None:
    scores = [[1.0, 5.0, 2.0], [2.0, 4.0, 2.0]]
    assert best_blocks(scores).tolist() == [0, 1, 0]
    partials = np.array([[[1, 9], [1, 1]], [[9, 1], [2, 0]]], float)
    assert best_blocks_by_weight(partials, [[1, 0], [0, 1], [1, 1]]).tolist() == [
        [0, 0],
        [1, 1],
        [0, 0],
    ]


@given(st.integers(1, 4), st.integers(1, 4), SEEDS)
def test_no_choice_beats_the_best_blocks(parents: int, blocks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    partials = rng.random((parents, blocks, 3))
    weights = rng.random((2, 3))
    choices = best_blocks_by_weight(partials, weights)
    for weight, choice in zip(weights, choices, strict=True):
        scores = partials @ weight
        least = min(
            sum(scores[k, b] for b, k in enumerate(other))
            for other in product(range(parents), repeat=blocks)
        )
        assert scores[choice, np.arange(blocks)].sum() == pytest.approx(least)
        assert best_blocks(scores).tolist() == choice.tolist()


@given(st.integers(1, 4), st.integers(1, 5), SEEDS)
def test_no_choice_beats_the_best_chain(parents: int, blocks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random((parents, blocks))
    links = rng.random((blocks - 1, parents, parents))
    choice = best_chain(scores, links)
    total = scores[choice, np.arange(blocks)].sum()
    total += sum(links[b, choice[b], choice[b + 1]] for b in range(blocks - 1))
    assert total == pytest.approx(reference.best_chain(scores.tolist(), links.tolist()))


def test_a_chain_by_hand() -> None:
    scores = [[0.0, 3.0, 0.0], [1.0, 1.0, 1.0]]
    costly = np.array([[[0, 9], [9, 0]]] * 2, float)
    assert best_chain(scores, costly).tolist() == [0, 0, 0]
    assert best_chain(scores, np.zeros((2, 2, 2))).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: relink([1, 2], [1], block_first=[0, 2]), "guide: 1, expected 2"),
        (lambda: relink([1], [2], block_first=[0, 2]), "block_first: expected offsets"),
        (lambda: relink([1], [2], block_first=[0, 1], limit=-1), "limit: -1, expected 0 or more"),
        (lambda: take_blocks([1], [2], [1], block_first=[0, 1]), "blocks: 1, expected below 1"),
        (lambda: recombine([[1]], [1], block_first=[0, 1]), "choice: 1, expected below 1"),
        (lambda: recombine([[1]], [0, 0], block_first=[0, 1]), "choice: 2 blocks, expected 1"),
        (lambda: best_blocks(np.zeros((0, 2))), "scores .parents.: 0, expected 1 or more"),
        (
            lambda: best_blocks_by_weight(np.zeros((1, 1, 2)), [[1.0]]),
            "weights: 1 columns, expected 2",
        ),
        (lambda: best_chain([[1.0, 2.0]], np.zeros((2, 1, 1))), r"links: shape \(2, 1, 1\)"),
    ],
)
def test_what_is_wrong_is_said(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
