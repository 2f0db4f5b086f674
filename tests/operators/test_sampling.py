from typing import Any

import numpy as np
import pytest
from hypothesis import given

from operators.sampling import extremes, seeded, uniform
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


def test_seeds_come_first_then_mutants_then_uniform_rows() -> None:
    table: dict[str, Any] = {
        "gene_row": np.zeros(200, np.int32),
        "options": [list(range(50))],
        "option_count": [50],
    }
    seeds = np.stack([np.full(200, 3), np.full(200, 4)])
    rng = np.random.default_rng(5)
    population = seeded(12, seeds, **table, mutants=0.4, rate=0.05, rng=rng)
    assert population.shape == (12, 200)
    assert np.array_equal(population[:2], seeds)
    shares = [(population == value).mean(axis=1) for value in (3, 4)]
    assert (shares[0][2:6:2] > 0.8).all()
    assert (shares[1][3:6:2] > 0.8).all()
    assert (np.maximum(*shares)[2:6] < 1.0).all()
    assert (np.maximum(*shares)[6:] < 0.2).all()


@pytest.mark.parametrize(
    ("size", "seeds", "settings", "message"),
    [
        (1, [[0], [0]], {}, "seeds: 2, expected 1 or fewer"),
        (2, [[4]], {}, "seeds: value 4 at row 0, gene 0, expected one of the gene's options"),
        (3, [[0]], {"mutants": 0.5}, "mutants: 0.5 with 1 seeds at rate 0.0"),
        (3, np.zeros((0, 1), int), {"mutants": 0.5, "rate": 0.1}, "mutants: 0.5 with 0 seeds"),
        (3, [[0]], {"mutants": 1.5}, "mutants: 1.5, expected 0 to 1"),
    ],
)
def test_what_is_wrong_is_said(
    size: int, seeds: list[list[int]], settings: dict[str, float], message: str
) -> None:
    table: dict[str, Any] = {"gene_row": [0], "options": [[0, 1]], "option_count": [2]}
    with pytest.raises(ValueError, match=message):
        seeded(size, seeds, **table, **settings, rng=np.random.default_rng(0))
