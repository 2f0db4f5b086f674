"""Mutation of chromosomes (N, G): every gene that was allowed stays allowed.

`rate` is the probability of each gene to be drawn; 1 / G is the usual choice. Inputs are not
changed.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.allowed import allowed_table, read_allowed
from operators.arrays import check_positive, check_probability, read_first, read_genes, read_padded
from operators.compiling import kernel
from operators.crossover import block_labels
from operators.nsga2_variation import draw_genes, reset_genes
from operators.types import Bools, Floats, Genes, Ints, Longs

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
    reset_genes(mutated, offsets, drawn, *allowed, rng)
    return mutated


def swap(
    population: ArrayLike,
    *,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    rate: float,
    rng: Generator,
    block_first: ArrayLike | None = None,
) -> Genes:
    """Each drawn gene exchanges its value with a random gene where both stay allowed: (N, G).

    The partner is any gene of the chromosome, or, given offsets `block_first` (B + 1,), of the
    same contiguous block. ValueError if shapes do not fit or the rate is not in 0 to 1.
    """
    mutated = read_genes(population).copy()
    genes = mutated.shape[1]
    rows, table, count = read_allowed(gene_row, options, option_count, genes=genes)
    allowed = allowed_table(table, count, values=_values(mutated, table))
    blocks = read_first([0, genes] if block_first is None else block_first, genes=genes)
    offsets, drawn = _draw(mutated, rate, rng)
    _swap(mutated, offsets, drawn, rows, allowed, blocks, block_labels(blocks), rng)
    return mutated


def shift(
    population: ArrayLike,
    *,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    neighbors: ArrayLike,
    rate: float,
    rng: Generator,
) -> Genes:
    """Each drawn gene moves to a random allowed neighbor of its value, if there is one: (N, G).

    `neighbors` (P, n) lists values near each value, padded with -1.
    ValueError if shapes do not fit, a value has no row or the rate is not in 0 to 1.
    """
    mutated = read_genes(population).copy()
    rows, table, count = read_allowed(gene_row, options, option_count, genes=mutated.shape[1])
    near = read_padded(neighbors, name="neighbors")
    values = max(_values(mutated, table), int(near.max(initial=0)) + 1)
    if len(near) < values:
        raise ValueError(f"neighbors: {len(near)} rows, expected {values} (one a value)")
    allowed = allowed_table(table, count, values=values)
    offsets, drawn = _draw(mutated, rate, rng)
    _shift(mutated, offsets, drawn, rows, allowed, near, rng)
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


def _values(population: Genes, options: Genes) -> int:
    return max(int(population.max(initial=0)), int(options.max())) + 1


@kernel
def _swap(
    population: Genes,
    offsets: Longs,
    drawn: Longs,
    gene_row: Ints,
    allowed: Bools,
    block_first: Ints,
    block: Ints,
    rng: Generator,
) -> None:
    for i in range(population.shape[0]):
        row = population[i]
        for k in range(offsets[i], offsets[i + 1]):
            gene = drawn[k]
            start, end = block_first[block[gene]], block_first[block[gene] + 1]
            other = start + int(rng.random() * (end - start))
            value, received = row[gene], row[other]
            if allowed[gene_row[gene], received] and allowed[gene_row[other], value]:
                row[gene], row[other] = received, value


@kernel
def _shift(
    population: Genes,
    offsets: Longs,
    drawn: Longs,
    gene_row: Ints,
    allowed: Bools,
    neighbors: Genes,
    rng: Generator,
) -> None:
    for i in range(population.shape[0]):
        row = population[i]
        for k in range(offsets[i], offsets[i + 1]):
            gene = drawn[k]
            near = neighbors[row[gene]]
            choices = 0
            for value in near:
                choices += 1 if value >= 0 and allowed[gene_row[gene], value] else 0
            if choices == 0:
                continue
            chosen = int(rng.random() * choices)
            for value in near:
                if value >= 0 and allowed[gene_row[gene], value]:
                    if chosen == 0:
                        row[gene] = value
                        break
                    chosen -= 1
