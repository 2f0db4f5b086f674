"""The kernels of `operators/`: offspring, evaluation and survival, compiled."""

import numpy as np
from numpy.random import Generator

from benchmarks.measuring.choices import Choices
from operators.allowed import Allowed
from operators.mutation import count_table
from operators.nsga2 import Crossing, make_offspring, next_generation, survive
from operators.types import Floats

PACKAGE = "numba"


def evolve(
    problem: Choices, *, population: int, generations: int, rng: Generator
) -> tuple[Floats, Floats]:
    """NSGA-II with uniform crossover and reset mutation."""
    genes = problem.genes
    plans = problem.random(population, rng=rng)
    F, G = problem.evaluate(plans)
    first = next_generation(plans, F, plans[:0], F[:0], violation=G, children_violation=G[:0])
    plans, F, G = first.population, first.objectives, first.violation
    rank, crowding = first.rank, first.crowding
    allowed = Allowed(problem.gene_row, problem.options, problem.option_count)
    crossing = Crossing(np.zeros(genes, np.int32), 1, 0.9, 0.0)
    counts = count_table(genes, rate=1.0 / genes)
    children = np.empty_like(plans)
    for _ in range(generations - 1):
        make_offspring(
            plans,
            rank,
            crowding,
            allowed,
            crossing,
            counts,
            children,
            rng,
        )
        young_F, young_G = problem.evaluate(children)
        survive(plans, F, G, children, young_F, young_G, rank, crowding, True)
    return F, G
