"""Populations to start from: chromosomes (N, G) of allowed values."""

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.allowed import allowed_table, check_allowed, read_allowed
from operators.arrays import check_positive, check_probability, read_genes, read_ints
from operators.compiling import kernel
from operators.mutation import reset
from operators.types import Bools, Genes, Ints


def uniform(
    size: int,
    *,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    rng: Generator,
) -> Genes:
    """Every gene takes each of its allowed values with the same probability: (size, G).

    ValueError if the three arrays do not fit.
    """
    check_positive(size, name="size", smallest=0)
    rows, table, count = read_allowed(gene_row, options, option_count)
    population = np.empty((size, len(rows)), np.int16)
    _fill(population, rows, table, count, rng)
    return population


def extremes(
    *,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    values: ArrayLike,
    rng: Generator,
) -> Genes:
    """Row k has everything at values[k] where that is allowed: (K, G).

    The other genes take a uniform value. ValueError if the arrays do not fit.
    """
    rows, table, count = read_allowed(gene_row, options, option_count)
    targets = read_ints(values, name="values")
    size = max(int(targets.max(initial=0)), int(table.max())) + 1
    population = np.empty((len(targets), len(rows)), np.int16)
    _fill(population, rows, table, count, rng)
    _put(population, rows, allowed_table(table, count, values=size), targets)
    return population


def seeded(
    size: int,
    seeds: ArrayLike,
    *,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    rng: Generator,
    mutants: float = 0.0,
    rate: float = 0.0,
) -> Genes:
    """The seeds (S, G) first, unchanged and in order, then new rows: (size, G).

    A share `mutants` of the new rows (rounded) are seeds in turn, reset-mutated at `rate` a gene;
    the others are uniform. ValueError if there are more seeds than `size`, a seed has a value that
    is not allowed, or mutants are asked for without seeds or rate.
    """
    given = read_genes(seeds, name="seeds")
    allowed = read_allowed(gene_row, options, option_count, genes=given.shape[1])
    check_probability(mutants, name="mutants")
    check_probability(rate, name="rate")
    if len(given) > size:
        raise ValueError(f"seeds: {len(given)}, expected {size} or fewer (size)")
    if mutants > 0.0 and (len(given) == 0 or rate == 0.0):
        raise ValueError(
            f"mutants: {mutants} with {len(given)} seeds at rate {rate}, expected both above 0"
        )
    table = allowed._asdict()
    check_allowed(given, **table, name="seeds")
    count = round(mutants * (size - len(given)))
    copies = given[np.arange(count) % max(len(given), 1)]
    return np.concatenate(
        [
            given,
            reset(copies, **table, rate=rate, rng=rng),
            uniform(size - len(given) - count, **table, rng=rng),
        ]
    )


@kernel
def _fill(
    population: Genes, gene_row: Ints, options: Genes, option_count: Ints, rng: Generator
) -> None:
    for i in range(population.shape[0]):
        for g in range(population.shape[1]):
            row = gene_row[g]
            population[i, g] = options[row, int(rng.random() * option_count[row])]


@kernel
def _put(population: Genes, gene_row: Ints, allowed: Bools, targets: Ints) -> None:
    for i in range(population.shape[0]):
        for g in range(population.shape[1]):
            if allowed[gene_row[g], targets[i]]:
                population[i, g] = targets[i]
