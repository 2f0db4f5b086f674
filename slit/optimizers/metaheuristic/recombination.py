"""Plans made of other plans, or of nothing: what is evaluated beside the local searches."""

import numpy as np
from numpy.random import Generator

from operators.canonical import canonical
from operators.crossover import by_block
from operators.mutation import reset
from operators.sampling import extremes, uniform
from operators.types import Floats, Genes
from slit.optimizers.metaheuristic.multipliers import Multipliers
from slit.optimizers.metaheuristic.pool import EpochPool
from slit.optimizers.metaheuristic.weight_selection import nearest_other
from slit.problem import Problem
from slit.problem.binding import options_of

MOST_EXTREMES = 40
"""Placements that get an initial plan of their own."""
MUTATED_GENES = 1.5
"""Genes that a mutated child changes, on average."""
MOST_GENES = 250_000_000
"""Genes of all plans that are held at one place (0.5 GB)."""


def affordable(count: int, *, genes: int, least: int = 1) -> int:
    """`count` plans, or as many as memory has room for."""
    return min(count, max(least, MOST_GENES // genes))


def first_plans(problem: Problem, *, count: int, rng: Generator) -> Genes:
    """Everything at one placement where allowed, and `count` random plans, the last rows."""
    corners = min(MOST_EXTREMES, problem.placements)
    values = np.linspace(0, problem.placements - 1, corners).astype(np.int32)
    allowed = options_of(problem)
    return np.concatenate(
        [extremes(values=values, rng=rng, **allowed), uniform(count, rng=rng, **allowed)]
    )


def recombined(
    pool: EpochPool,
    multipliers: Multipliers,
    weights: Floats,
    span: Floats,
    *,
    rng: Generator,
) -> Genes:
    """The best recombinations of the pool for weights (N, M) of the unit box, whose sides are
    `span`, and plans on the paths between.

    Path relinking: some epochs come from the best plan of one weight vector, the others from that
    of the vector nearest to it. There is none where rerouting costs: its seams cost too much.
    """
    steered = multipliers.steer(weights, span)
    chosen, count = steered.tried, len(weights)
    if steered.priced.prices.any():
        return pool.build(np.unique(chosen, axis=0))
    row = np.arange(len(chosen))
    nearest = nearest_other(weights / span / (weights / span).mean(axis=0))
    partner = chosen[row - row % count + nearest[row % count]]
    mixed = np.where(rng.random(chosen.shape) < rng.random((len(chosen), 1)), chosen, partner)
    return pool.build(np.unique(np.concatenate([chosen, mixed]), axis=0))


def mutants(problem: Problem, parents: Genes, *, count: int, rng: Generator) -> Genes:
    """Children of pairs of plans (N, G), a few genes changed: what weighted sums miss."""
    if not len(parents) or not count:
        return np.empty((0, problem.genes), np.int16)
    mothers, fathers = rng.integers(len(parents), size=(2, -(-count // 2)))
    pairs = by_block(parents[mothers], parents[fathers], block_first=problem.epoch_gene, rng=rng)
    rate = min(1.0, MUTATED_GENES / problem.genes)
    mutated = reset(pairs[:count], rate=rate, rng=rng, **options_of(problem))
    return canonical(mutated, group_first=problem.group_first)
