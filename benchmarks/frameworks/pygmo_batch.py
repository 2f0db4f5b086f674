"""pygmo (C++): its NSGA-II on an integer problem, evaluated in batches."""

from typing import Any

import pygmo
from numpy.random import Generator

from benchmarks.frameworks.deap_arrays import PENALTY
from benchmarks.measuring.choices import Choices
from operators.types import Floats

PACKAGE = "pygmo"


class _Wrapped:
    """A choice problem for pygmo; violation counts as a penalty: its NSGA-II has no constraints."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def __deepcopy__(self, _: Any) -> "_Wrapped":
        return self  # pygmo copies problems by value, and these arrays are large

    def fitness(self, x: Floats) -> Floats:
        return self.batch_fitness(x)

    def batch_fitness(self, x: Floats) -> Floats:
        rows = x.reshape(-1, self.choices.genes)
        F, G = self.choices.evaluate(self.choices.chosen(rows))
        return (F + PENALTY * G[:, None]).ravel()

    def get_bounds(self) -> tuple[list[float], list[float]]:
        highest = self.choices.option_count[self.choices.gene_row] - 1
        return [0.0] * self.choices.genes, highest.astype(float).tolist()

    def get_nix(self) -> int:
        return self.choices.genes

    def get_nobj(self) -> int:
        return self.choices.objectives


def evolve(
    problem: Choices, *, population: int, generations: int, rng: Generator
) -> tuple[Floats, Floats]:
    """NSGA-II of pygmo; the population must be a multiple of 4."""
    seed = int(rng.integers(2**31))
    wrapped = pygmo.problem(_Wrapped(problem))
    method = pygmo.nsga2(gen=generations - 1, cr=0.9, eta_c=10.0, m=1.0 / problem.genes, seed=seed)
    method.set_bfe(pygmo.bfe(pygmo.member_bfe()))
    people = pygmo.population(wrapped, size=population, b=pygmo.member_bfe(), seed=seed)
    people = pygmo.algorithm(method).evolve(people)
    return problem.again(problem.chosen(people.get_x()))
