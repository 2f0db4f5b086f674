"""NSGA-II variation: tournament, crossover and reset mutation in one compiled call.

The kernels check nothing; `selection`, `crossover`, `mutation` and `nsga2` offer the same work with
checks. Random numbers are taken only as doubles, so the bits are the same compiled or not.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from operators.allowed import Allowed
from operators.compiling import kernel
from operators.types import Floats, Genes, Ints, Longs

BITS = 53
"""Random bits of one double in [0, 1)."""


class Crossing(NamedTuple):
    """How pairs are crossed, with `probability`, else copied.

    A crossed pair exchanges whole units (genes of equal `labels`, in 0 .. units - 1) with
    probability `unit_share`, else single genes.
    """

    labels: Ints  # (G,), or none with `units` 0
    units: int
    probability: float
    unit_share: float


@kernel
def tournament(rank: Longs, crowding: Floats, count: int, rng: Generator) -> Longs:
    """Winners (count,) of binary tournaments between neighbors of random permutations.

    Every point is in two of any 2N consecutive places: lower rank wins, then larger crowding,
    then the first. Drawing with replacement instead costs about 7 % of the convergence.
    """
    n = rank.shape[0]
    order, winners = np.arange(n), np.empty(count, np.int64)
    first, drawn = 0, n
    for k in range(2 * count):
        if drawn == n:
            for i in range(n - 1, 0, -1):
                j = int(rng.random() * (i + 1))
                order[i], order[j] = order[j], order[i]
            drawn = 0
        candidate = int(order[drawn])
        drawn += 1
        if k % 2 == 0:
            first = candidate
        elif rank[candidate] < rank[first] or (
            rank[candidate] == rank[first] and crowding[candidate] > crowding[first]
        ):
            winners[k // 2] = candidate
        else:
            winners[k // 2] = first
    return winners


@kernel
def draw_bits(mask: Genes, rng: Generator) -> None:
    """Fill with 0 or -1 at even odds, 53 for each random number; whole multiples of 53 only."""
    for start in range(0, mask.shape[0], BITS):
        word, part = np.uint64(rng.random() * 9007199254740992.0), mask[start : start + BITS]
        for k in range(BITS):
            # Unsigned: this way the compiler makes vectors of it, a third of the time.
            part[k] = -np.int16((word >> np.uint64(k)) & np.uint64(1))


@kernel
def cross_pairs(
    first: Genes,
    first_rows: Longs,
    second: Genes,
    second_rows: Longs,
    crossing: Crossing,
    children: Genes,
    rng: Generator,
) -> None:
    """Cross rows of `first` with rows of `second` into children 2k and 2k + 1 of each pair k.

    An odd number of children leaves out the last one.
    """
    labels, units, probability, unit_share = crossing
    genes = first.shape[1]
    mask = np.empty((genes + BITS - 1) // BITS * BITS, np.int16)
    unit_mask = np.empty((units + BITS - 1) // BITS * BITS, np.int16)
    spare = np.empty(genes, np.int16)
    for k in range(first_rows.shape[0]):
        a, b = first[first_rows[k]], second[second_rows[k]]
        c = children[2 * k]
        d = children[2 * k + 1] if 2 * k + 1 < children.shape[0] else spare
        if probability < 1.0 and rng.random() >= probability:
            for g in range(genes):
                mask[g] = 0
        elif unit_share > 0.0 and rng.random() < unit_share:
            draw_bits(unit_mask, rng)
            for g in range(genes):
                mask[g] = unit_mask[labels[g]]
        else:
            draw_bits(mask, rng)
        for g in range(genes):
            x, y = a[g], b[g]
            change = (x ^ y) & mask[g]
            c[g] = x ^ change
            d[g] = y ^ change


@kernel
def draw_genes(rows: int, genes: int, count_table: Floats, rng: Generator) -> tuple[Longs, Longs]:
    """Distinct genes of each row; their number is drawn from the cumulative `count_table`.

    Returns offsets (rows + 1,) and genes: those of row i stand at offsets[i] .. offsets[i + 1].
    (Floyd's sampling: Bentley & Floyd 1987.)
    """
    offsets = np.zeros(rows + 1, np.int64)
    for i in range(rows):
        drawn_share = rng.random()
        low, high = 0, count_table.shape[0] - 1
        while low < high:
            middle = (low + high) // 2
            if count_table[middle] <= drawn_share:
                low = middle + 1
            else:
                high = middle
        offsets[i + 1] = offsets[i] + low
    drawn = np.empty(offsets[rows], np.int64)
    last_row = np.full(genes, -1, np.int64)
    for i in range(rows):
        upper = genes - (offsets[i + 1] - offsets[i])
        for k in range(offsets[i], offsets[i + 1]):
            gene = int(rng.random() * (upper + 1))
            if last_row[gene] == i:
                gene = upper
            last_row[gene] = i
            drawn[k] = gene
            upper += 1
    return offsets, drawn


@kernel
def reset_genes(
    population: Genes,
    offsets: Longs,
    drawn: Longs,
    allowed: Allowed,
    rng: Generator,
) -> None:
    """Set each drawn gene, in place, to another of its values, all equally likely."""
    gene_row, options, option_count = allowed
    for i in range(population.shape[0]):
        for k in range(offsets[i], offsets[i + 1]):
            gene = drawn[k]
            row = gene_row[gene]
            last = option_count[row] - 1
            if last > 0:
                value = options[row, int(rng.random() * last)]
                if value == population[i, gene]:
                    value = options[row, last]
                population[i, gene] = value


@kernel
def make_offspring(
    population: Genes,
    rank: Longs,
    crowding: Floats,
    allowed: Allowed,
    crossing: Crossing,
    count_table: Floats,
    offspring: Genes,
    rng: Generator,
) -> None:
    """Tournament, crossover and reset mutation into `offspring` (K, G).

    `count_table`: how many genes of a child mutate, see `mutation.count_table`.
    """
    children, genes = offspring.shape
    parents = tournament(rank, crowding, 2 * ((children + 1) // 2), rng)
    cross_pairs(
        population,
        parents[0::2].copy(),
        population,
        parents[1::2].copy(),
        crossing,
        offspring,
        rng,
    )
    offsets, drawn = draw_genes(children, genes, count_table, rng)
    reset_genes(offspring, offsets, drawn, allowed, rng)
