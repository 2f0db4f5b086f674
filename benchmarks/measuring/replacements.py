"""Parts of the metaheuristic that an ablation replaces where no setting turns them off."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from operators.types import Floats, Genes
from slit.kernels.evaluation import SITE_FIELDS, evaluate_population
from slit.kernels.objective_terms import ObjectiveTerms
from slit.optimizers.metaheuristic import search
from slit.optimizers.metaheuristic.local_search import NODE_PENALTY, LocalOptimum, Priced
from slit.optimizers.protocol import Task
from slit.problem import Problem

NEIGHBORS = 32
"""Plans one chunk away that are evaluated together; the best of them is taken if it improves."""
FAILURES = 15
"""Batches in a row without improvement after which a descent ends (MOELA, DATE 2023)."""
MOST_BATCHES = 1000


def descend_by_full_evaluation(
    start: Genes,
    weights: Floats,
    problem: Problem,
    terms: ObjectiveTerms,
    *,
    rng: np.random.Generator,
) -> LocalOptimum:
    """Local search from `start` (G,) that evaluates whole plans: what there is without increments.

    Neighbors move one chunk to another placement; nodes beyond capacity weigh as in `slit`.
    """
    plan, failures, moves = start.copy(), 0, 0
    value = float(scalar_values(plan[None, :], weights, problem, terms)[0])
    first = value
    for _ in range(MOST_BATCHES):
        neighbors = np.repeat(plan[None, :], NEIGHBORS, axis=0)
        genes = rng.integers(problem.genes, size=NEIGHBORS)
        rows = problem.gene_row[genes]
        choices = rng.integers(problem.option_count[rows])
        neighbors[np.arange(NEIGHBORS), genes] = problem.options[rows, choices]
        values = scalar_values(neighbors, weights, problem, terms)
        moves += NEIGHBORS
        best = int(values.argmin())
        if values[best] < value:
            plan, value, failures = neighbors[best], float(values[best]), 0
        else:
            failures += 1
            if failures == FAILURES:
                break
    gains = np.full(problem.epochs, (first - value) / problem.epochs)
    return LocalOptimum(np.ascontiguousarray(plan), moves, gains)


def scalar_values(plans: Genes, weights: Floats, problem: Problem, terms: ObjectiveTerms) -> Floats:
    """weights (M,) @ objectives plus the penalty of nodes beyond capacity, (N,)."""
    count = len(plans)
    values = np.empty((count, len(weights)))
    parts = np.empty((count, problem.epochs, len(weights)))
    excess = np.empty((count, problem.epochs), np.int64)
    genes = plans.view()
    genes.setflags(write=False)
    none = np.empty((0, 0, 0, SITE_FIELDS))
    evaluate_population(genes, problem, terms, values, parts, excess, none)
    return np.asarray(values @ weights + NODE_PENALTY * excess.sum(axis=1))


@contextmanager
def without_increments() -> Iterator[None]:
    """Local search of `slit` evaluates whole plans."""
    rng = np.random.default_rng(1)

    def local_searches(starts: Genes, priced: Priced, task: Task, **_: Any) -> list[LocalOptimum]:
        problem, terms = task.problem, task.measured_terms
        return [
            descend_by_full_evaluation(start, vector, problem, terms, rng=rng)
            for start, vector in zip(starts, priced.weights, strict=True)
        ]

    with patch.object(search, "local_searches", local_searches):
        yield


REPLACEMENTS: dict[str, Callable[[], Any]] = {"no increments": without_increments}
