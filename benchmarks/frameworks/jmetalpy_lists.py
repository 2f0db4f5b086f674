"""jMetalPy: its NSGA-II with its integer SBX and polynomial mutation, evaluated in batches."""

import logging
import random
from typing import Any

import numpy as np
from jmetal.algorithm.multiobjective.nsgaii import NSGAII
from jmetal.core.problem import IntegerProblem
from jmetal.operator.crossover import IntegerSBXCrossover
from jmetal.operator.mutation import IntegerPolynomialMutation
from jmetal.util.comparator import DominanceWithConstraintsComparator
from jmetal.util.evaluator import Evaluator
from jmetal.util.termination_criterion import StoppingByEvaluations
from numpy.random import Generator

from benchmarks.measuring.choices import Choices
from operators.types import Floats

PACKAGE = "jmetalpy"


class _Wrapped(IntegerProblem):  # type: ignore[misc] # jMetalPy is not typed
    """A choice problem for jMetalPy: variables are the numbers of the choices."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        highest = choices.option_count[choices.gene_row] - 1
        self.lower_bound = [0] * choices.genes
        self.upper_bound = highest.tolist()
        self.choices = choices

    def number_of_objectives(self) -> int:
        return self.choices.objectives

    def number_of_constraints(self) -> int:
        return 1

    def name(self) -> str:
        return self.choices.name

    def evaluate(self, solution: Any) -> Any:
        return _Batch().evaluate([solution], self)[0]


class _Batch(Evaluator):  # type: ignore[misc] # jMetalPy is not typed
    def evaluate(self, solution_list: list[Any], problem: _Wrapped) -> list[Any]:
        numbers = np.array([solution.variables for solution in solution_list])
        F, G = problem.choices.evaluate(problem.choices.chosen(numbers))
        for solution, values, excess in zip(solution_list, F, G, strict=True):
            solution.objectives[:] = values.tolist()
            solution.constraints[:] = [-float(excess)]
        return solution_list


def evolve(
    problem: Choices, *, population: int, generations: int, rng: Generator
) -> tuple[Floats, Floats]:
    """NSGA-II of jMetalPy; it draws from the random module."""
    logging.getLogger("jmetal").setLevel(logging.WARNING)
    state = random.getstate()
    random.seed(int(rng.integers(2**31)))
    try:
        algorithm = NSGAII(
            problem=_Wrapped(problem),
            population_size=population,
            offspring_population_size=population,
            mutation=IntegerPolynomialMutation(probability=1.0 / problem.genes),
            crossover=IntegerSBXCrossover(probability=0.9),
            termination_criterion=StoppingByEvaluations(population * generations),
            population_evaluator=_Batch(),
            dominance_comparator=DominanceWithConstraintsComparator(),
        )
        algorithm.run()
    finally:
        random.setstate(state)
    numbers = np.array([solution.variables for solution in algorithm.solutions])
    return problem.again(problem.chosen(numbers))
