"""Algorithms of pymoo behind ask and tell: `pymoo-nsga2`, `pymoo-nsga3`, `pymoo-agemoea2`, and any
other that is passed in from Python.

Variation is that of `operators/` (see `slit.optimizers.variation`); selection and survival are
pymoo's. What is kept are the best plans of its last population. pymoo (Blank and Deb 2020) cannot
write its state down without pickles, so these runs cannot be resumed.
"""

import copy
import warnings
from math import comb
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pymoo.algorithms.moo.age2 import AGEMOEA2
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.config import Config
from pymoo.core.algorithm import Algorithm
from pymoo.core.crossover import Crossover
from pymoo.core.duplicate import DuplicateElimination
from pymoo.core.evaluator import Evaluator as PymooEvaluator
from pymoo.core.mutation import Mutation
from pymoo.core.population import Population
from pymoo.core.problem import Problem as PymooProblem
from pymoo.core.repair import Repair
from pymoo.core.sampling import Sampling
from pymoo.core.termination import NoTermination
from pymoo.operators.selection.tournament import TournamentSelection
from pymoo.problems.static import StaticProblem

from operators.directions import das_dennis
from operators.dominance import distinct_rows
from operators.types import Bools, Genes, Positions
from slit.errors import SlitError
from slit.evaluator import Evaluation
from slit.optimizers.protocol import AskTellGuard, Optimizer, Plans, Setup
from slit.optimizers.variation import Variation, VariationSettings, kept_plans, no_plans
from slit.problem import Problem

Settings = VariationSettings

LARGEST_SEED = 2**31


def build(setup: Setup) -> Optimizer:
    """The optimizer that the name of `setup` says."""
    settings: VariationSettings = setup.settings
    variation = Variation(setup.task.problem, settings)
    parts = pymoo_operators(variation, start=setup.start)
    objectives = len(setup.task.objectives)
    match setup.name:
        case "pymoo-nsga2":
            algorithm = NSGA2(pop_size=settings.population, **parts)
        case "pymoo-nsga3":
            algorithm = NSGA3(
                das_dennis(objectives, _partitions(objectives, settings.population)),
                pop_size=settings.population,
                selection=TournamentSelection(func_comp=_least_violation),
                **parts,
            )
        case _:
            algorithm = AGEMOEA2(pop_size=settings.population, **parts)
    return PymooOptimizer(setup, algorithm=algorithm)


def adapt(algorithm: Algorithm, setup: Setup) -> Optimizer:
    """Any algorithm of pymoo, with its own operators, on variables that number the choices.

    Variable g is an integer (or a number that is rounded) from 0 to the number of placements that
    gene g may take, less one. Numbers of placements mean nothing as such: operators that treat
    them as quantities (SBX) search worse than those of `pymoo_operators`.
    """
    if setup.start is not None:
        raise SlitError("start plan: expected the sampling of the pymoo algorithm to hold it")
    return PymooOptimizer(setup, algorithm=copy.deepcopy(algorithm), numbered=True)


def pymoo_operators(variation: Variation, *, start: Genes | None = None) -> dict[str, Any]:
    """Keyword arguments that give a genetic algorithm of pymoo the operators of slit."""
    return {
        "sampling": _Sampling(variation, start),
        "crossover": _Crossover(variation),
        "mutation": _Mutation(variation),
        "repair": _Repair(variation),
        "eliminate_duplicates": _Distinct(),
    }


class PymooOptimizer:
    """An algorithm of pymoo as an optimizer. `numbered`: its variables number the choices."""

    def __init__(self, setup: Setup, *, algorithm: Algorithm, numbered: bool = False) -> None:
        Config.warnings["not_compiled"] = False  # it would be printed to standard output
        problem, objectives = setup.task.problem, len(setup.task.objectives)
        self.name = setup.name
        self.moves = 0
        self._guard = AskTellGuard(objectives=objectives)
        self._none = no_plans(problem.genes, objectives)
        self._problem = problem
        self._numbered = numbered
        highest = problem.option_count[problem.gene_row] - 1 if numbered else problem.placements - 1
        self._static = PymooProblem(
            n_var=problem.genes, n_obj=objectives, n_ieq_constr=1, xl=0, xu=highest, vtype=int
        )
        self._algorithm = algorithm
        self._algorithm.setup(
            self._static,
            termination=NoTermination(),
            seed=int(setup.rng.integers(LARGEST_SEED)),
            verbose=False,
        )
        self._asked: Population | None = None

    def ask(self) -> Genes:
        """The next generation (N, G)."""
        self._guard.check_ask()
        with warnings.catch_warnings():
            self._asked = self._algorithm.ask()
        if self._asked is None or not len(self._asked):
            return self._none.X
        X = self._asked.get("X")
        return self._guard.record(_chosen(X, self._problem) if self._numbered else X)

    def tell(self, evaluation: Evaluation) -> None:
        """The values of that generation."""
        plans = self._guard.match(evaluation)
        known = StaticProblem(self._static, F=plans.F, G=plans.G[:, None])
        PymooEvaluator().eval(known, self._asked)
        # NSGA-III changes the filters of the whole process and divides by zero on flat fronts.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            self._algorithm.tell(infills=self._asked)

    def front(self) -> Plans:
        """The best plans of the population."""
        population = self._algorithm.pop
        if population is None or not len(population) or not self._algorithm.is_initialized:
            return self._none
        X = population.get("X")
        genes = _chosen(X, self._problem) if self._numbered else X.astype(np.int16)
        return kept_plans(genes, population.get("F").astype(float), population.get("G")[:, 0])


class _Sampling(Sampling):  # type: ignore[misc]
    def __init__(self, variation: Variation, start: Genes | None) -> None:
        super().__init__()
        self.variation, self.start = variation, start

    def _do(self, _problem: Any, n_samples: int, *, random_state: Generator, **_: Any) -> Genes:
        return self.variation.sample(n_samples, rng=random_state, start=self.start)


class _Crossover(Crossover):  # type: ignore[misc]
    """Pairs that are only copied are decided by the operators, so pymoo crosses all."""

    def __init__(self, variation: Variation) -> None:
        super().__init__(n_parents=2, n_offsprings=2, prob=1.0)
        self.variation = variation

    def _do(self, _problem: Any, X: Genes, *, random_state: Generator, **_: Any) -> Genes:
        children = self.variation.cross(X[0], X[1], rng=random_state)
        return children.reshape(-1, 2, children.shape[1]).swapaxes(0, 1)


class _Mutation(Mutation):  # type: ignore[misc]
    def __init__(self, variation: Variation) -> None:
        super().__init__(prob=1.0)
        self.variation = variation

    def _do(self, _problem: Any, X: Genes, *, random_state: Generator, **_: Any) -> Genes:
        return self.variation.mutate(X, rng=random_state)


class _Repair(Repair):  # type: ignore[misc]
    def __init__(self, variation: Variation) -> None:
        super().__init__()
        self.variation = variation

    def _do(self, _problem: Any, X: Genes, *, random_state: Generator, **_: Any) -> Genes:
        return self.variation.finished(X, rng=random_state)


class _Distinct(DuplicateElimination):  # type: ignore[misc]
    """Plans are compared as integers, by hash; pymoo would compute all distances."""

    def _do(self, pop: Population, other: Population | None, is_duplicate: Bools) -> Bools:
        known = other.get("X") if other is not None else None
        is_duplicate[:] = True
        is_duplicate[distinct_rows(pop.get("X"), known=known)] = False
        return is_duplicate


def _chosen(X: NDArray[Any], problem: Problem) -> Genes:
    """Placements (N, G) from the numbers of the choices, rounded and clipped."""
    highest = problem.option_count[problem.gene_row] - 1
    number = np.clip(np.rint(X.astype(float)), 0, highest).astype(np.int64)
    return np.asarray(problem.options[problem.gene_row[None, :], number])


def _partitions(objectives: int, population: int) -> int:
    """The finest simplex lattice with at most as many directions as plans."""
    partitions = 1
    while objectives > 1 and comb(partitions + objectives, objectives - 1) <= population:
        partitions += 1
    return partitions


def _least_violation(
    pop: Population, P: Positions, *, random_state: Generator, **_: Any
) -> Positions:
    """Winners of binary tournaments for NSGA-III: the smaller violation, else either.

    pymoo's own draws from an unseeded generator where two infeasible plans tie.
    """
    violation = pop.get("CV")[:, 0]
    first, second = violation[P[:, 0]], violation[P[:, 1]]
    even = random_state.random(len(P)) < 0.5
    wins = np.where(first == second, even, first < second)
    return np.where(wins, P[:, 0], P[:, 1])[:, None]
