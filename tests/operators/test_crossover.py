from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators import crossover
from operators.nsga2_variation import BITS, draw_bits
from operators.types import Genes
from tests.operators.strategies import SEEDS, Case, cases, offsets


def pairs(case: Case, rng: np.random.Generator) -> tuple[Genes, Genes]:
    """The population, and itself in another order."""
    return case.population, case.population[rng.permutation(len(case.population))]


def check_inheritance(first: Genes, second: Genes, children: Genes) -> None:
    """Both children of a pair together hold both parents' values, gene by gene."""
    one, other = children[0::2], children[1::2]
    straight = (one == first) & (other == second)
    crossed = (one == second) & (other == first)
    assert (straight | crossed).all()


@given(cases(), SEEDS, st.sampled_from([0.0, 0.5, 1.0]))
def test_children_share_out_what_their_parents_have(
    case: Case, seed: int, probability: float
) -> None:
    rng = np.random.default_rng(seed)
    first, second = pairs(case, rng)
    before = first.copy(), second.copy()
    genes = first.shape[1]
    blocks = offsets(genes, rng)
    crossings: list[Callable[[np.random.Generator], Genes]] = [
        lambda rng: crossover.uniform(first, second, probability=probability, rng=rng),
        lambda rng: crossover.by_block(
            first, second, block_first=blocks, probability=probability, rng=rng
        ),
    ]
    for cross in crossings:
        children = cross(np.random.default_rng(seed))
        assert children.shape == (2 * len(first), genes)
        assert case.is_allowed(children)
        check_inheritance(first, second, children)
        assert np.array_equal(children, cross(np.random.default_rng(seed)))
        if probability == 0.0:
            assert np.array_equal(children[0::2], first)
    assert np.array_equal(first, before[0])
    assert np.array_equal(second, before[1])


@given(st.integers(1, 200), SEEDS)
def test_units_come_whole(genes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    zeros, ones = np.zeros((4, genes), np.int16), np.ones((4, genes), np.int16)
    blocks = offsets(genes, rng)
    by_block = crossover.by_block(zeros, ones, block_first=blocks, rng=rng)
    for start, end in pairwise(blocks):
        part = by_block[:, start:end]
        assert (part == part[:, :1]).all()


def test_both_parents_are_equally_likely_everywhere() -> None:
    size, genes = 300, 120
    zeros, ones = np.zeros((size, genes), np.int16), np.ones((size, genes), np.int16)
    rng = np.random.default_rng(1)
    for children in (
        crossover.uniform(zeros, ones, rng=rng),
        crossover.by_block(zeros, ones, block_first=np.arange(0, genes + 1, 2), rng=rng),
    ):
        shares = children[0::2].mean(axis=0)
        assert np.abs(shares - 0.5).max() < 5 * 0.5 / np.sqrt(size)
        correlation = np.corrcoef(children[0::2, ::2].T) - np.eye(genes // 2)
        assert np.abs(correlation).max() < 6 / np.sqrt(size)


def test_a_pair_is_crossed_with_the_probability() -> None:
    zeros, ones = np.zeros((600, 60), np.int16), np.ones((600, 60), np.int16)
    children = crossover.uniform(zeros, ones, probability=0.25, rng=np.random.default_rng(2))
    crossed = children[0::2].any(axis=1).mean()
    assert abs(crossed - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 600)


@given(SEEDS, st.integers(1, 4))
def test_bits_are_those_of_the_random_numbers(seed: int, words: int) -> None:
    mask = np.ones(words * BITS, np.int16)
    draw_bits(mask, np.random.default_rng(seed))
    numbers = np.random.default_rng(seed).random(words).tolist()
    expected = [-(int(number * 2**BITS) >> k & 1) for number in numbers for k in range(BITS)]
    assert mask.tolist() == expected


def test_labels_of_blocks_by_hand() -> None:
    assert crossover.block_labels([0, 2, 2, 5]).tolist() == [0, 0, 2, 2, 2]


def test_recombination_by_hand() -> None:
    parents = np.array([[1, 1, 2, 2, 3, 3, 4, 4], [1, 1, 5, 2, 6, 6, 7, 4]], np.int16)
    blocks = [0, 2, 4, 6, 8]
    child = crossover.recombine(parents, [0, 1, 0, 1], block_first=blocks)
    assert child.tolist() == [1, 1, 5, 2, 3, 3, 7, 4]
    both = crossover.recombine(parents, [[0, 0, 0, 0], [1, 1, 1, 1]], block_first=blocks)
    assert np.array_equal(both, parents)


def test_no_genes_no_pairs() -> None:
    rng = np.random.default_rng(0)
    assert crossover.uniform(np.zeros((0, 3), int), np.zeros((0, 3), int), rng=rng).shape == (0, 3)
    empty = np.zeros((2, 0), int)
    assert crossover.by_block(empty, empty, block_first=[0], rng=rng).shape == (4, 0)


def test_what_is_wrong_is_said() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"second: \(1, 2\), expected \(1, 1\)"):
        crossover.uniform([[1]], [[1, 2]], rng=rng)
    with pytest.raises(ValueError, match="probability: 2, expected 0 to 1"):
        crossover.uniform([[1]], [[1]], probability=2, rng=rng)
    with pytest.raises(ValueError, match="block_first: expected offsets that rise from 0 to 2"):
        crossover.by_block([[1, 1]], [[1, 1]], block_first=[0, 1], rng=rng)
    with pytest.raises(ValueError, match="first: -1 to 1, expected 0 to 32767"):
        crossover.uniform([[1, -1]], [[1, 1]], rng=rng)
    with pytest.raises(ValueError, match="choice: 1, expected below 1"):
        crossover.recombine([[1]], [1], block_first=[0, 1])
    with pytest.raises(ValueError, match="choice: 2 blocks, expected 1"):
        crossover.recombine([[1]], [0, 0], block_first=[0, 1])
