"""Crossover of pairs of chromosomes, and recombination of many by contiguous blocks of genes.

Crossover takes parents `first` and `second` (K, G) and returns children (2K, G), where children
2k and 2k + 1 come from pair k and complement each other. Wherever both parents have a value that is
allowed for a gene, the children have one too. Put interchangeable genes into canonical form first
(`canonical.canonical`).
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.arrays import (
    check_length,
    check_probability,
    read_first,
    read_genes,
    read_longs,
)
from operators.compiling import kernel
from operators.nsga2_variation import Crossing, cross_pairs
from operators.types import Genes, Ints, Longs


def uniform(
    first: ArrayLike, second: ArrayLike, *, rng: Generator, probability: float = 1.0
) -> Genes:
    """Each gene comes from either parent at even odds; a pair is copied with 1 - probability.

    ValueError if the shapes differ or the probability is not in 0 to 1.
    """
    return _cross(first, second, None, probability=probability, rng=rng)


def by_block(
    first: ArrayLike,
    second: ArrayLike,
    *,
    block_first: ArrayLike,
    rng: Generator,
    probability: float = 1.0,
) -> Genes:
    """Each contiguous block of genes comes whole from either parent at even odds.

    Block b holds the genes block_first[b] .. block_first[b + 1] - 1 (B + 1 offsets).
    ValueError if the shapes differ or the offsets do not cover the genes.
    """
    genes = read_genes(first, name="first").shape[1]
    labels = block_labels(read_first(block_first, genes=genes))
    return _cross(first, second, labels, probability=probability, rng=rng)


def recombine(parents: ArrayLike, choice: ArrayLike, *, block_first: ArrayLike) -> Genes:
    """Children that take block b from parent choice[..., b]: (B,) -> (G,), (C, B) -> (C, G).

    `parents` is (K, G). ValueError if the shapes do not fit or a parent does not exist.
    """
    rows = read_genes(parents, name="parents")
    first = read_first(block_first, genes=rows.shape[1])
    choices = np.asarray(choice)
    table = read_longs(np.atleast_2d(choices), name="choice", dimensions=2)
    if table.shape[1] != len(first) - 1:
        raise ValueError(f"choice: {table.shape[1]} blocks, expected {len(first) - 1}")
    if table.size and table.max() >= len(rows):
        raise ValueError(f"choice: {table.max()}, expected below {len(rows)} (parents)")
    children: Genes = np.empty((len(table), rows.shape[1]), np.int16)
    _gather(rows, table, first, children)
    return children if choices.ndim == 2 else children[0]


def block_labels(block_first: ArrayLike) -> Ints:
    """The block of each gene (G,), from offsets (B + 1,)."""
    offsets = np.asarray(block_first)
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))


def _cross(
    first: ArrayLike,
    second: ArrayLike,
    labels: Ints | None,
    *,
    probability: float,
    rng: Generator,
) -> Genes:
    mothers, fathers = read_genes(first, name="first"), read_genes(second, name="second")
    if mothers.shape != fathers.shape:
        raise ValueError(f"second: {fathers.shape}, expected {mothers.shape} (shape of first)")
    check_probability(probability, name="probability")
    pairs, genes = mothers.shape
    units = np.zeros(0, np.int32) if labels is None else labels
    if labels is not None:
        check_length(labels, genes, name="labels", meaning="one a gene")
    children = np.empty((2 * pairs, genes), np.int16)
    rows = np.arange(pairs)
    share = 0.0 if labels is None else 1.0
    count = int(units.max(initial=-1)) + 1
    crossing = Crossing(units, count, float(probability), share)
    cross_pairs(mothers, rows, fathers, rows, crossing, children, rng)
    return children


@kernel
def _gather(parents: Genes, choice: Longs, block_first: Ints, children: Genes) -> None:
    for c in range(choice.shape[0]):
        for b in range(choice.shape[1]):
            parent = choice[c, b]
            for g in range(block_first[b], block_first[b + 1]):
                children[c, g] = parents[parent, g]
