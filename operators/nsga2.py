"""NSGA-II (Deb et al. 2002): offspring and survival for a population of integer chromosomes.

A generation is `make_offspring`, the caller's evaluation, `survive`. These two kernels work in
place, check nothing and cost a few microseconds over their work; `offspring` and `next_generation`
are the same with checks and with new arrays.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from operators.allowed import read_allowed
from operators.arrays import (
    check_length,
    check_positive,
    check_probability,
    read_floats,
    read_genes,
    read_ints,
    read_longs,
    read_violation,
)
from operators.mutation import count_table
from operators.nsga2_survival import survive
from operators.nsga2_variation import Crossing, make_offspring
from operators.types import Floats, Genes, Longs

__all__ = ["Crossing", "Generation", "make_offspring", "next_generation", "offspring", "survive"]


class Generation(NamedTuple):
    """A population of N with what selection needs to know of it."""

    population: Genes  # (N, G)
    objectives: Floats  # (N, M)
    violation: Floats  # (N,)
    rank: Longs  # (N,) front, 0 = best
    crowding: Floats  # (N,)


def offspring(
    population: ArrayLike,
    *,
    rank: ArrayLike,
    crowding: ArrayLike,
    gene_row: ArrayLike,
    options: ArrayLike,
    option_count: ArrayLike,
    rate: float,
    rng: Generator,
    size: int | None = None,
    probability: float = 1.0,
    labels: ArrayLike | None = None,
    label_share: float = 0.0,
) -> Genes:
    """Children (size, G) of a population (N, G) by tournament, crossover and reset mutation.

    `size` is N where not given. A pair is crossed with `probability`: with probability
    `label_share` in whole units of equal `labels` (G,), else gene by gene. Each gene mutates with
    probability `rate`. ValueError if shapes do not fit or a probability is not in 0 to 1.
    """
    parents = read_genes(population)
    n, genes = parents.shape
    allowed = read_allowed(gene_row, options, option_count, genes=genes)
    fronts = read_longs(rank, name="rank")
    distances = read_floats(crowding, name="crowding", dimensions=1)
    check_length(fronts, n, name="rank", meaning="one a chromosome")
    check_length(distances, n, name="crowding", meaning="one a chromosome")
    check_positive(n, name="population (chromosomes)")
    check_probability(probability, name="probability")
    check_probability(label_share, name="label_share")
    units = read_ints(np.zeros(genes, np.int32) if labels is None else labels, name="labels")
    check_length(units, genes, name="labels", meaning="one a gene")
    children = np.empty((n if size is None else size, genes), np.int16)
    make_offspring(
        parents,
        fronts,
        distances,
        allowed,
        Crossing(units, int(units.max(initial=-1)) + 1, float(probability), float(label_share)),
        count_table(genes, rate=rate),
        children,
        rng,
    )
    return children


def next_generation(
    population: ArrayLike,
    objectives: ArrayLike,
    children: ArrayLike,
    children_objectives: ArrayLike,
    *,
    violation: ArrayLike | None = None,
    children_violation: ArrayLike | None = None,
    distinct: bool = False,
) -> Generation:
    """The best N of N parents (N, G) and K children (K, G), with rank and crowding.

    Children take the places of parents that go: the order of the rows means nothing. With
    `distinct`, repeats of a point stay only when nothing else is left. With no children it gives
    the rank and crowding of a first population. ValueError if shapes do not fit or on NaN.
    """
    parents, young = read_genes(population).copy(), read_genes(children, name="children")
    values = read_floats(objectives).copy()
    young_values = read_floats(children_objectives, name="children_objectives")
    if young.shape[1] != parents.shape[1]:
        raise ValueError(f"children: {young.shape[1]} genes, expected {parents.shape[1]}")
    check_length(values, len(parents), name="objectives", meaning="one row a chromosome")
    check_length(young_values, len(young), name="children_objectives", meaning="one row a child")
    if young_values.shape[1] != values.shape[1]:
        raise ValueError(
            f"children_objectives: {young_values.shape[1]} columns, expected {values.shape[1]}"
        )
    excess = read_violation(violation, points=len(parents)).copy()
    young_excess = read_violation(children_violation, points=len(young))
    rank, crowding = np.zeros(len(parents), np.int64), np.zeros(len(parents))
    survive(parents, values, excess, young, young_values, young_excess, rank, crowding, distinct)
    return Generation(parents, values, excess, rank, crowding)
