"""pymoors (Rust): its NSGA-II and uniform crossover, with reset mutation on numbered choices.

It evaluates parents again with their children; these evaluations cost it time and are not counted.
"""

import numpy as np
import pymoors
from numpy.random import Generator

from benchmarks.frameworks.deap_arrays import PENALTY
from benchmarks.measuring.choices import Choices
from operators.types import Floats

PACKAGE = "pymoors"


class _Sampling:
    """Random numbers of the choices."""

    def __init__(self, highest: Floats, population: int, rng: Generator) -> None:
        self._first = np.floor(rng.random((population, len(highest))) * (highest + 1.0))

    def operate(self) -> Floats:
        return self._first


class _Reset:
    """Each gene takes another number with probability 1 / G."""

    def __init__(self, highest: Floats, rng: Generator) -> None:
        self._highest, self._rng = highest, rng

    def operate(self, population: Floats) -> Floats:
        genes = population.shape[1]
        changed = population.copy()
        mask = self._rng.random(population.shape) < 1.0 / genes
        drawn = self._rng.random(int(mask.sum()))
        highest = np.broadcast_to(self._highest, population.shape)[mask]
        changed[mask] = np.floor(drawn * (highest + 1.0))
        return changed


def evolve(
    problem: Choices, *, population: int, generations: int, rng: Generator
) -> tuple[Floats, Floats]:
    """NSGA-II of pymoors; violation counts as a penalty."""
    highest = (problem.option_count[problem.gene_row] - 1).astype(np.float64)

    def fitness(numbers: Floats) -> Floats:
        F, G = problem.evaluate(problem.chosen(numbers[-population:]))
        if len(numbers) > population:
            known_F, known_G = problem.again(problem.chosen(numbers[:-population]))
            F, G = np.concatenate([known_F, F]), np.concatenate([known_G, G])
        return F + PENALTY * G[:, None]

    algorithm = pymoors.Nsga2(
        sampler=_Sampling(highest, population, rng),
        crossover=pymoors.UniformBinaryCrossover(),
        mutation=_Reset(highest, rng),
        fitness_fn=fitness,
        num_vars=problem.genes,
        population_size=population,
        num_offsprings=population,
        num_iterations=generations - 1,
        mutation_rate=1.0,
        crossover_rate=0.9,
        duplicates_cleaner=pymoors.ExactDuplicatesCleaner(),
        verbose=False,
        seed=int(rng.integers(2**31)),
    )
    algorithm.run()
    return problem.again(problem.chosen(algorithm.population.genes))
