"""Which values a gene may take.

Gene g may take `options[gene_row[g], :option_count[gene_row[g]]]`: `gene_row` (G,), `options`
(R, A) padded with -1, `option_count` (R,). Many genes share a row.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from operators.arrays import check_length, read_genes, read_ints, read_padded
from operators.types import Bools, Genes, Ints


class Allowed(NamedTuple):
    """The three arrays, checked."""

    gene_row: Ints
    options: Genes
    option_count: Ints


def read_allowed(
    gene_row: ArrayLike, options: ArrayLike, option_count: ArrayLike, *, genes: int | None = None
) -> Allowed:
    """Check the three arrays; `genes` is the length of the chromosomes they are for.

    ValueError if a row has no options, an option is negative or a gene's row does not exist.
    """
    table = read_padded(options, name="options")
    count = read_ints(option_count, name="option_count", below=table.shape[1] + 1)
    check_length(count, len(table), name="option_count", meaning="one a row of options")
    listed = np.arange(table.shape[1]) < count[:, None]
    if (count == 0).any() or (table < 0)[listed].any():
        row = int(np.flatnonzero((count == 0) | ((table < 0) & listed).any(axis=1))[0])
        raise ValueError(f"options: row {row}, expected one value or more, all of them >= 0")
    rows = read_ints(gene_row, name="gene_row", below=len(table))
    if genes is not None:
        check_length(rows, genes, name="gene_row", meaning="one a gene")
    return Allowed(rows, table, count)


def allowed_table(options: ArrayLike, option_count: ArrayLike, *, values: int) -> Bools:
    """Whether a row may take a value: (R, P) for P values. ValueError if an option is >= P."""
    _, table, count = read_allowed([0], options, option_count)
    listed = np.arange(table.shape[1]) < count[:, None]
    if table[listed].max() >= values:
        raise ValueError(f"options: {table[listed].max()}, expected below {values} (values)")
    allowed = np.zeros((len(table), values), np.bool_)
    row, column = np.nonzero(listed)
    allowed[row, table[row, column]] = True
    return allowed


def is_allowed(
    population: ArrayLike, *, gene_row: ArrayLike, options: ArrayLike, option_count: ArrayLike
) -> Bools:
    """Whether each gene of a population (N, G) has an allowed value: (N, G)."""
    genes = read_genes(population)
    rows, table, count = read_allowed(gene_row, options, option_count, genes=genes.shape[1])
    values = max(int(genes.max(initial=0)), int(table.max())) + 1
    return allowed_table(table, count, values=values)[rows, genes]


def check_allowed(
    population: ArrayLike,
    *,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    name: str = "population",
) -> None:
    """ValueError naming the first gene of a population (N, G) whose value is not allowed."""
    rows = read_genes(population, name=name)
    wrong = np.argwhere(
        ~is_allowed(rows, gene_row=gene_row, options=options, option_count=option_count)
    )
    if len(wrong):
        row, gene = (int(index) for index in wrong[0])
        raise ValueError(
            f"{name}: value {rows[row, gene]} at row {row}, gene {gene},"
            " expected one of the gene's options"
        )
