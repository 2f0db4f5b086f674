"""The evolutionary half of SLIT: searched plans crossed with unsearched ones.

As far as the paper and its lineage say (MOELA, DATE 2023): one plan for each weight vector, starts
chosen by a model of what local search would reach, children replace at most a few neighbors.
"""

import numpy as np
from numpy.random import Generator

from operators.crossover import by_block
from operators.directions import weight_neighbors
from operators.mutation import reset
from operators.types import Floats, Genes, Longs
from slit.arrays import product
from slit.optimizers.protocol import State
from slit.problem import Problem
from slit.problem.binding import options_of

NEIGHBORS = 15
REPLACED = 2
"""Neighbors in weight space that one child may replace (MOEA/D)."""
RANDOM_ROUNDS = 10
"""Rounds of random starts before the model chooses (MOELA)."""


class Population:
    """One plan for each of N weight vectors (N, M), in the order they were made."""

    def __init__(self, problem: Problem, weights: Floats) -> None:
        self._problem = problem
        self.weights = weights
        self.plans: Genes = np.zeros((0, problem.genes), np.int16)
        self.values: Floats = np.zeros((0, weights.shape[1]))
        self.searched = np.zeros(0, dtype=np.bool_)
        self._neighbors = weight_neighbors(weights, count=min(NEIGHBORS, len(weights)))

    def fill(self, plans: Genes, values: Floats) -> None:
        """Begin with evaluated plans, one for each weight vector; `values` in the unit box."""
        self.plans, self.values = plans.copy(), values.copy()
        self.searched = np.zeros(len(plans), dtype=np.bool_)

    def offspring(self, rng: Generator) -> tuple[Genes, Longs]:
        """Children of searched and unsearched plans (C, G), and the weight each is meant for."""
        searched = np.flatnonzero(self.searched)
        others = np.flatnonzero(~self.searched)
        if not len(searched) or not len(others):
            searched = others = np.arange(len(self.plans))
        count = len(self.plans)
        mothers, fathers = rng.choice(searched, count), rng.choice(others, count)
        pairs = by_block(
            self.plans[mothers],
            self.plans[fathers],
            block_first=self._problem.epoch_gene,
            rng=rng,
        )
        rate = 1.0 / self._problem.genes
        children = reset(pairs[:count], rate=rate, rng=rng, **options_of(self._problem))
        return children, np.asarray(mothers, dtype=np.int64)

    def replace(self, plans: Genes, values: Floats, targets: Longs, *, searched: bool) -> None:
        """Let each plan take the place of neighbors of its target that it improves."""
        for plan, value, target in zip(plans, values, targets, strict=True):
            replaced = 0
            for n in self._neighbors[target]:
                if product(self.weights[n], value) < product(self.weights[n], self.values[n]):
                    self.plans[n], self.values[n], self.searched[n] = plan, value, searched
                    replaced += 1
                    if replaced == REPLACED:
                        break

    def state(self) -> State:
        """For a checkpoint."""
        return {
            "population_plans": self.plans,
            "population_values": self.values,
            "population_searched": self.searched,
        }

    def restore(self, state: State) -> None:
        """Back from `state`."""
        self.plans = state["population_plans"]
        self.values = state["population_values"]
        self.searched = state["population_searched"]
