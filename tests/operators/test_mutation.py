from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from operators.mutation import count_table, reset
from operators.nsga2_variation import draw_genes
from tests.operators.strategies import SEEDS, Case, cases

RATES = st.sampled_from([0.0, 0.01, 0.3, 1.0])


@given(cases(), SEEDS, RATES)
def test_allowed_genes_stay_allowed(case: Case, seed: int, rate: float) -> None:
    before = case.population.copy()
    population = case.population
    settings: dict[str, Any] = {**case.allowed, "rate": rate}
    mutated = reset(population, **settings, rng=np.random.default_rng(seed))
    assert case.is_allowed(mutated)
    assert np.array_equal(case.population, before)
    again = reset(population, **settings, rng=np.random.default_rng(seed))
    assert np.array_equal(mutated, again)
    if rate == 0.0:
        assert np.array_equal(mutated, before)


@given(cases(), SEEDS)
def test_a_reset_gene_takes_another_value(case: Case, seed: int) -> None:
    mutated = reset(case.population, **case.allowed, rate=1.0, rng=np.random.default_rng(seed))
    several = case.option_count[case.gene_row] > 1
    assert np.array_equal(mutated != case.population, np.tile(several, (len(mutated), 1)))


def test_a_reset_gene_takes_all_other_values_equally_often() -> None:
    table: dict[str, Any] = {
        "gene_row": np.zeros(3000, np.int32),
        "options": [[4, 1, 0, 2]],
        "option_count": [4],
    }
    for value in (4, 1, 2):
        population = np.full((1, 3000), value)
        mutated = reset(population, **table, rate=1.0, rng=np.random.default_rng(value))
        values, counts = np.unique(mutated, return_counts=True)
        assert values.tolist() == sorted({4, 1, 0, 2} - {value})
        assert np.abs(counts - 1000).max() < 5 * np.sqrt(3000 * 2 / 9)


@pytest.mark.parametrize("genes", [0, 1, 5, 100, 3000])
@pytest.mark.parametrize("rate", [0.0, 1e-9, 0.001, 0.3, 0.5, 0.97, 1.0])
def test_the_number_of_drawn_genes_is_binomial(genes: int, rate: float) -> None:
    table = count_table(genes, rate=rate)
    assert table[-1] == 1.0
    assert (np.diff(table) >= 0).all()
    expected = binom.cdf(np.arange(len(table)), genes, rate)
    assert np.abs(table - expected).max() < 1e-12


@given(st.integers(1, 30), st.floats(0, 1), SEEDS)
def test_drawn_genes_are_distinct(genes: int, rate: float, seed: int) -> None:
    table = count_table(genes, rate=rate)
    first, drawn = draw_genes(5, genes, table, np.random.default_rng(seed))
    assert len(drawn) == first[-1]
    for start, end in pairwise(first):
        chosen = drawn[start:end].tolist()
        assert len(set(chosen)) == len(chosen)
        assert all(0 <= gene < genes for gene in chosen)


@pytest.mark.compiled
def test_every_gene_is_drawn_equally_often() -> None:
    rows, genes, rate = 20000, 12, 0.2
    table = count_table(genes, rate=rate)
    _, drawn = draw_genes(rows, genes, table, np.random.default_rng(8))
    counts = np.bincount(drawn, minlength=genes)
    assert np.abs(counts - rows * rate).max() < 5 * np.sqrt(rows * rate * (1 - rate))


def test_what_is_wrong_is_said() -> None:
    table: dict[str, Any] = {"gene_row": [0], "options": [[0, 1]], "option_count": [2]}
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"rate: 1\.5, expected 0 to 1"):
        reset([[0]], **table, rate=1.5, rng=rng)
    with pytest.raises(ValueError, match="gene_row: 1, expected 2"):
        reset([[0, 1]], **table, rate=0.5, rng=rng)
