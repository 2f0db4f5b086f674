from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.canonical import canonical, is_canonical
from tests.operators.strategies import SEEDS, offsets


def test_groups_are_sorted_by_hand() -> None:
    population = [[3, 1, 2, 2, 0, 5], [1, 2, 3, 0, 0, 0]]
    assert canonical(population, group_first=[0, 3, 3, 5, 6]).tolist() == [
        [1, 2, 3, 0, 2, 5],
        [1, 2, 3, 0, 0, 0],
    ]
    assert is_canonical(population, group_first=[0, 3, 3, 5, 6]).tolist() == [False, True]


@given(st.integers(0, 120), SEEDS)
def test_groups_are_sorted_and_nothing_else(genes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    population = rng.integers(0, 9, (3, genes)).astype(np.int16)
    before = population.copy()
    first = offsets(genes, rng)
    form = canonical(population, group_first=first)
    expected = [
        [value for a, b in pairwise(first) for value in sorted(row[a:b])]
        for row in population.tolist()
    ]
    assert form.tolist() == expected
    assert np.array_equal(population, before)
    assert is_canonical(form, group_first=first).all()
    assert is_canonical(population, group_first=first).tolist() == [
        row == wanted for row, wanted in zip(population.tolist(), expected, strict=True)
    ]


def test_offsets_must_cover_the_genes() -> None:
    with pytest.raises(ValueError, match="group_first: expected offsets that rise from 0 to 2"):
        canonical([[1, 2]], group_first=[0, 3])
