"""Local searches of one batch, side by side; what each epoch gained is kept for the surrogate."""

from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats, Genes
from slit.compute import map_items
from slit.kernels.cell_objectives import CellObjectives
from slit.kernels.local_search import MOST_MOVES, improve_plan
from slit.kernels.objective_terms import ObjectiveTerms
from slit.kernels.scalarization import scalarize
from slit.optimizers.protocol import Task
from slit.problem import Problem

NODE_PENALTY = 10.0
"""What a node beyond capacity weighs, in widths of the front: no saving is worth one."""


@dataclass(frozen=True, slots=True, eq=False)
class LocalOptimum:
    """A plan (G,) after local search, the moves evaluated, and what each epoch gained (T,)."""

    plan: Genes
    moves: int
    gains: Floats


def local_search(
    start: Genes,
    weights: Floats,
    problem: Problem,
    terms: ObjectiveTerms,
    *,
    swaps: bool,
    cell_objectives: CellObjectives | None = None,
    epochs: Bools | None = None,
) -> LocalOptimum:
    """Local search from `start` (G,) on weights (M,) @ objectives, in all epochs or some (T,).

    Cell-wise objectives count where `cell_objectives` are given (see
    `slit.kernels.scalarization.scalarize`).
    """
    plan = start.copy()
    scalarization = scalarize(weights, problem, terms, cell_objectives=cell_objectives)
    gains = np.zeros(problem.epochs)
    moves, most_moves = 0, MOST_MOVES // problem.epochs
    for t in range(problem.epochs) if epochs is None else np.flatnonzero(epochs):
        evaluated, change = improve_plan(
            plan, problem, scalarization, int(t), int(t) + 1, NODE_PENALTY, swaps, most_moves
        )
        moves += evaluated
        gains[t] = -change
    return LocalOptimum(plan, moves, gains)


def local_searches(
    starts: Genes, weights: Floats, task: Task, *, swaps: bool, epochs: Bools
) -> list[LocalOptimum]:
    """`local_search` for each start (N, G) with its weights (N, M) and epochs (N, T), in order."""

    def one(n: int) -> LocalOptimum:
        return local_search(
            starts[n],
            weights[n],
            task.problem,
            task.terms,
            swaps=swaps,
            cell_objectives=task.cell_objectives,
            epochs=epochs[n],
        )

    return map_items(one, range(len(starts)), threads=task.threads)
