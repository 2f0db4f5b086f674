"""pymoo with operators for categories: uniform crossover, reset mutation, no duplicates."""

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem
from pymoo.core.sampling import Sampling
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.optimize import minimize

from benchmarks.measuring.choices import Choices
from operators.mutation import reset
from operators.types import Floats

PACKAGE = "pymoo"


class Wrapped(Problem):  # type: ignore[misc] # pymoo is not typed
    """A choice problem for pymoo; `numbered`: variables are the numbers of the choices."""

    def __init__(self, choices: Choices, *, numbered: bool = False) -> None:
        highest: Any = choices.options.max()
        if numbered:
            highest = choices.option_count[choices.gene_row] - 1
        super().__init__(
            n_var=choices.genes,
            n_obj=choices.objectives,
            n_ieq_constr=1,
            xl=0,
            xu=highest,
            vtype=int,
        )
        self.choices, self.numbered = choices, numbered

    def _evaluate(self, X: NDArray[Any], out: dict[str, Any], *_: Any, **__: Any) -> None:
        plans = self.choices.chosen(X) if self.numbered else X.astype(np.int16)
        F, G = self.choices.evaluate(plans)
        out["F"], out["G"] = F, G[:, None]


class _Sampling(Sampling):  # type: ignore[misc] # pymoo is not typed
    def _do(
        self, problem: Wrapped, n_samples: int, *, random_state: Generator, **_: Any
    ) -> NDArray[Any]:
        return problem.choices.random(n_samples, rng=random_state).astype(np.int64)


class _Reset(Mutation):  # type: ignore[misc] # pymoo is not typed
    def _do(
        self, problem: Wrapped, X: NDArray[Any], *, random_state: Generator, **_: Any
    ) -> NDArray[Any]:
        rate = 1.0 / X.shape[1]
        changed = reset(X.astype(np.int16), rate=rate, rng=random_state, **problem.choices.allowed)
        return changed.astype(np.int64)


def evolve(
    problem: Choices, *, population: int, generations: int, rng: Generator
) -> tuple[Floats, Floats]:
    """NSGA-II of pymoo with our kind of operators."""
    algorithm = NSGA2(
        pop_size=population,
        sampling=_Sampling(),
        crossover=UniformCrossover(prob=0.9),
        mutation=_Reset(prob=1.0),
        eliminate_duplicates=True,
    )
    return run(Wrapped(problem), algorithm, generations, rng)


def run(
    problem: Wrapped, algorithm: Any, generations: int, rng: Generator
) -> tuple[Floats, Floats]:
    """Let an algorithm of pymoo run: objectives and violation of its last population."""
    from pymoo.config import Config

    Config.warnings["not_compiled"] = False
    seed = int(rng.integers(2**31))
    found = minimize(problem, algorithm, ("n_gen", generations), seed=seed, verbose=False)
    values = found.pop.get("F").astype(np.float64)
    return values, np.maximum(found.pop.get("G")[:, 0].astype(np.float64), 0.0)
