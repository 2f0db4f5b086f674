"""Populations to start from: chromosomes (N, G) of allowed values."""

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.allowed import allowed_table, read_allowed
from operators.arrays import check_positive, read_ints
from operators.compiling import kernel
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
