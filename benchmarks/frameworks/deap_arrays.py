"""DEAP: array individuals, its uniform crossover and integer mutation, its logarithmic sort."""

import random
from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np
from deap import base, tools
from numpy.random import Generator

from benchmarks.measuring.choices import Choices
from operators.types import Floats

PACKAGE = "deap"
PENALTY = 1e3
"""What a unit of violation adds to every objective, where a framework knows no constraints."""


class Individual(array):  # type: ignore[type-arg] # its type argument cannot be subclassed
    """Numbers of the choices, with a fitness."""

    fitness: Any

    def __new__(cls, numbers: Iterable[int]) -> "Individual":
        """From any numbers, copied."""
        made: Individual = super().__new__(cls, "h", numbers)  # type: ignore[assignment]
        return made


def evolve(
    problem: Choices, *, population: int, generations: int, rng: Generator
) -> tuple[Floats, Floats]:
    """NSGA-II as in DEAP's examples; its operators draw from the random module."""
    state = random.getstate()
    random.seed(int(rng.integers(2**31)))
    try:
        return _evolve(problem, population, generations)
    finally:
        random.setstate(state)


def _evolve(problem: Choices, size: int, generations: int) -> tuple[Floats, Floats]:
    kind: Any = type("Fitness", (base.Fitness,), {"weights": (-1.0,) * problem.objectives})
    highest = (problem.option_count[problem.gene_row] - 1).tolist()
    rate = 1.0 / problem.genes
    people = [Individual([random.randint(0, most) for most in highest]) for _ in range(size)]
    _evaluate(problem, people, kind)
    people = tools.selNSGA2(people, size, nd="log")
    for _ in range(generations - 1):
        parents = tools.selTournamentDCD(people, size - size % 4)
        parents += people[: size - len(parents)]
        young = [Individual(parent) for parent in parents]
        for one, two in zip(young[::2], young[1::2], strict=False):
            if random.random() < 0.9:
                tools.cxUniform(one, two, 0.5)
        for child in young:
            tools.mutUniformInt(child, 0, highest, rate)
        _evaluate(problem, young, kind)
        people = tools.selNSGA2(people + young, size, nd="log")
    return problem.again(problem.chosen(np.array(people)))


def _evaluate(problem: Choices, people: list[Individual], kind: Any) -> None:
    """Violation counts as the same amount in every objective: DEAP has no constraint domination."""
    F, G = problem.evaluate(problem.chosen(np.array(people)))
    for person, values, excess in zip(people, F, G, strict=True):
        person.fitness = kind((values + PENALTY * excess).tolist())
