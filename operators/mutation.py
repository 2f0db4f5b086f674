"""Mutation of chromosomes (N, G): every gene that was allowed stays allowed.

`rate` is the probability of each gene to be drawn; 1 / G is the usual choice. Inputs are not
changed.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.allowed import read_allowed
from operators.arrays import check_positive, check_probability, read_genes
from operators.nsga2_variation import draw_genes, reset_genes
from operators.types import Floats, Genes, Longs

NEGLIGIBLE = 1e-18
"""Share of the most likely number of genes below which a number is never drawn."""


def reset(
    population: ArrayLike,
    *,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    rate: float,
    rng: Generator,
) -> Genes:
    """Each drawn gene takes another of its allowed values, all equally likely: (N, G).

    A gene of a single value stays. ValueError if shapes do not fit or the rate is not in 0 to 1.
    """
    mutated = read_genes(population).copy()
    allowed = read_allowed(gene_row, options, option_count, genes=mutated.shape[1])
    offsets, drawn = _draw(mutated, rate, rng)
    reset_genes(mutated, offsets, drawn, allowed, rng)
    return mutated


def count_table(genes: int, *, rate: float) -> Floats:
    """Cumulative probability that at most 0, 1, 2 ... of so many genes are drawn (binomial).

    Built outwards from the most likely number by the ratio of neighboring terms, without
    logarithms or gamma functions, so that the bits are the same everywhere. The last entry is 1.
    """
    check_positive(genes, name="genes", smallest=0)
    check_probability(rate, name="rate")
    if rate in {0.0, 1.0}:
        return np.array([0.0] * (genes if rate else 0) + [1.0])
    odds = rate / (1.0 - rate)
    mode = min(int((genes + 1) * rate), genes)
    up, down = [1.0], [1.0]
    for k in range(mode, genes):
        up.append(up[-1] * (genes - k) / (k + 1) * odds)
        if up[-1] < NEGLIGIBLE:
            break
    for k in range(mode, 0, -1):
        down.append(down[-1] * k / ((genes - k + 1) * odds))
        if down[-1] < NEGLIGIBLE:
            break
    terms = np.zeros(mode + len(up))
    terms[mode - len(down) + 1 : mode + 1] = down[::-1]
    terms[mode:] = up
    cumulative = np.cumsum(terms)
    cumulative /= cumulative[-1]
    return cumulative


def _draw(population: Genes, rate: float, rng: Generator) -> tuple[Longs, Longs]:
    rows, genes = population.shape
    return draw_genes(rows, genes, count_table(genes, rate=rate), rng)
