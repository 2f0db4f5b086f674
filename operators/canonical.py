"""Canonical form: interchangeable genes in one order.

Genes of one group mean the same, so chromosomes that differ only in the order of values within a
group are the same decision. Sort before crossover, hashing and the removal of repeats.
"""

import numpy as np
from numpy.typing import ArrayLike

from operators.arrays import read_first, read_genes
from operators.compiling import kernel
from operators.types import Bools, Genes, Ints

INSERTION = 32
"""Longest group that is sorted by insertion."""


def canonical(population: ArrayLike, *, group_first: ArrayLike) -> Genes:
    """The population (N, G) with the values of each group in ascending order.

    Group j holds the genes group_first[j] .. group_first[j + 1] - 1 (J + 1 offsets).
    ValueError if the offsets do not cover the genes.
    """
    rows = read_genes(population).copy()
    sort_groups(rows, read_first(group_first, genes=rows.shape[1], name="group_first"))
    return rows


def is_canonical(population: ArrayLike, *, group_first: ArrayLike) -> Bools:
    """Whether each chromosome (N,) is in canonical form."""
    rows = read_genes(population)
    first = read_first(group_first, genes=rows.shape[1], name="group_first")
    falls = np.diff(rows, axis=1) < 0
    within = np.ones(max(rows.shape[1] - 1, 0), np.bool_)
    inner = first[(first > 0) & (first < rows.shape[1])]
    within[inner - 1] = False
    unsorted = falls[:, within].sum(axis=1, dtype=np.int64)
    sorted_rows: Bools = unsorted == 0
    return sorted_rows


@kernel
def sort_groups(population: Genes, group_first: Ints) -> None:
    """Sort the values of each group in place (unchecked)."""
    for i in range(population.shape[0]):
        row = population[i]
        for j in range(group_first.shape[0] - 1):
            start, end = group_first[j], group_first[j + 1]
            if end - start > INSERTION:
                row[start:end] = np.sort(row[start:end])
                continue
            for g in range(start + 1, end):
                value = row[g]
                k = g
                while k > start and row[k - 1] > value:
                    row[k] = row[k - 1]
                    k -= 1
                row[k] = value
