"""Local searches of one batch, side by side; what each epoch gained is kept for the surrogate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from operators.types import Bools, Floats, Genes
from slit.compute import map_items
from slit.kernels.local_search import MOST_MOVES, improve_plan
from slit.kernels.scalarization import Scalarization, scalarize
from slit.optimizers.metaheuristic.continuation import Continuation
from slit.optimizers.protocol import Task
from slit.plans import continue_epoch
from slit.problem import Problem

NODE_PENALTY = 10.0
"""What a node beyond capacity weighs, in widths of the front: no saving is worth one."""


class Priced(NamedTuple):
    """Weights (W, E) of measures that are sums, and of a rerouted request (W,)."""

    weights: Floats
    prices: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LocalOptimum:
    """A plan (G,) after local search, the moves evaluated, and what each epoch gained (T,)."""

    plan: Genes
    moves: int
    gains: Floats


def local_search(
    start: Genes,
    scalarization: Scalarization,
    problem: Problem,
    *,
    swaps: bool,
    epochs: Bools | None = None,
    continuation: Continuation | None = None,
) -> LocalOptimum:
    """Local search from `start` (G,) on a weighted sum, in all epochs or some (T,).

    With a `continuation`, an epoch starts near what the epoch before it ended with: where rerouting
    costs, moves within one epoch do not find the way there.
    """
    plan = start.copy()
    gains = np.zeros(problem.epochs)
    moves, most_moves = 0, MOST_MOVES // problem.epochs
    for t in range(problem.epochs) if epochs is None else np.flatnonzero(epochs).tolist():
        if continuation is not None:
            continuation.apply(plan, start, t)
            if t + 1 < problem.epochs:  # it will follow: what it was until then does not count
                continue_epoch(plan, t + 1, problem)
        evaluated, change = improve_plan(
            plan, problem, scalarization, t, t + 1, NODE_PENALTY, swaps, most_moves
        )
        moves += evaluated
        gains[t] = -change
    return LocalOptimum(plan, moves, gains)


def local_searches(
    starts: Genes,
    priced: Priced,
    task: Task,
    *,
    swaps: bool,
    epochs: Bools,
    followed: Sequence[Continuation] | None = None,
) -> list[LocalOptimum]:
    """`local_search` for each start (N, G) with its weights (N, E), price, epochs (N, T) and
    continuation."""

    def one(n: int) -> LocalOptimum:
        scalarization = scalarize(
            priced.weights[n],
            task.problem,
            task.measured_terms,
            cell_objectives=task.cell_objectives,
        )
        return local_search(
            starts[n],
            scalarization._replace(reroute=float(priced.prices[n])),
            task.problem,
            swaps=swaps,
            epochs=epochs[n],
            continuation=None if followed is None else followed[n],
        )

    return map_items(one, range(len(starts)), threads=task.threads)
