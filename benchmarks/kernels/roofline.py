"""What the machine can do at most: gathers, scatter-adds, exponentials and comparisons."""

import math

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Genes, Ints, Longs


@kernel
def gather_scatter(
    plans: Genes, gene_group: Ints, epoch_gene: Ints, table: Longs, cells: Longs
) -> int:
    """For each gene of plans (N, G) read its row of table (J, P, 2) and add it to the cell (P, 2)
    of its placement, epoch by epoch: what any evaluation of a plan has to do at least."""
    total = 0
    for n in range(plans.shape[0]):
        plan = plans[n]
        for t in range(epoch_gene.shape[0] - 1):
            cells[:] = 0
            for g in range(epoch_gene[t], epoch_gene[t + 1]):
                p = plan[g]
                j = gene_group[g]
                cells[p, 0] += table[j, p, 0]
                cells[p, 1] += table[j, p, 1]
            total += cells[0, 0]
    return total


@kernel
def exponentials(values: Floats, rounds: int) -> float:
    """`rounds` times the exponential of every value, added up."""
    total = 0.0
    for r in range(rounds):
        for value in values:
            total += math.exp(value - 1e-9 * r)
    return total


@kernel
def comparisons(columns: Floats, rounds: int) -> int:
    """`rounds` times: whether each point, by column (M, N), is nowhere above the first one."""
    below = np.empty(columns.shape[1], np.int64)
    total = 0
    for r in range(rounds):
        below[:] = 1
        for m in range(columns.shape[0]):
            values, limit = columns[m], columns[m, r % columns.shape[1]]
            for i in range(values.shape[0]):
                below[i] &= 1 if values[i] <= limit else 0
        for i in range(below.shape[0]):
            total += below[i]
    return total
