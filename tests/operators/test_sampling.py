from typing import Any

import numpy as np
from hypothesis import given

from operators.sampling import extremes, uniform
from tests.operators.strategies import SEEDS, Case, cases


@given(cases(), SEEDS)
def test_only_allowed_values_are_drawn(case: Case, seed: int) -> None:
    population = uniform(4, **case.allowed, rng=np.random.default_rng(seed))
    assert population.shape == (4, case.population.shape[1])
    assert population.dtype == np.int16
    assert case.is_allowed(population)
    again = uniform(4, **case.allowed, rng=np.random.default_rng(seed))
    assert np.array_equal(population, again)


def test_all_options_are_equally_likely() -> None:
    table: dict[str, Any] = {
        "gene_row": np.zeros(3000, np.int32),
        "options": [[7, 3, 5]],
        "option_count": [3],
    }
    drawn = uniform(2, **table, rng=np.random.default_rng(1))
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [3, 5, 7]
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(6000 * 2 / 9)


@given(cases(), SEEDS)
def test_extremes_hold_one_value_wherever_it_is_allowed(case: Case, seed: int) -> None:
    values = np.arange(9)
    population = extremes(**case.allowed, values=values, rng=np.random.default_rng(seed))
    assert case.is_allowed(population)
    for value, chromosome in zip(values, population, strict=True):
        for gene, row in enumerate(case.gene_row):
            if value in case.options[row, : case.option_count[row]]:
                assert chromosome[gene] == value
