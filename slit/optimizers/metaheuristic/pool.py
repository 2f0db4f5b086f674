"""Locally searched plans, kept epoch by epoch, so that any epoch can follow any other.

Objectives are sums over epochs that couple only through loading (model.md section 4): for a weight
vector, the best recombination of K plans takes each epoch from the plan whose part is least there.
"""

import numpy as np

from operators.crossover import recombine
from operators.types import Floats, Genes, Longs
from slit.optimizers.protocol import State
from slit.problem import Problem

MOST_SCORES = 4_000_000
"""Scores of plans in epochs that are held at once (32 MB)."""


class EpochPool:
    """K plans (K, G) with what each epoch adds to the objectives (K, T, M) and to the violation.

    Above `capacity`, the plans go that are least often the best anywhere.
    """

    def __init__(self, problem: Problem, *, objectives: int, capacity: int) -> None:
        self._first = problem.epoch_gene
        self._capacity = capacity
        self.plans: Genes = np.zeros((0, problem.genes), np.int16)
        self.parts: Floats = np.zeros((0, problem.epochs, objectives))
        self.excess: Longs = np.zeros((0, problem.epochs), np.int64)

    def __len__(self) -> int:
        return len(self.plans)

    def add(self, plans: Genes, parts: Floats, excess: Longs, *, weights: Floats) -> None:
        """Take in evaluated plans; `weights` (W, M) decide who goes when there is no room."""
        self.plans = np.concatenate([self.plans, plans])
        self.parts = np.concatenate([self.parts, parts])
        self.excess = np.concatenate([self.excess, excess])
        if len(self) > self._capacity:
            chosen = self.choose(weights)
            votes = np.bincount(chosen.ravel(), minlength=len(self))
            keep = np.sort(np.argsort(-votes, kind="stable")[: self._capacity])
            self.plans, self.parts = self.plans[keep], self.parts[keep]
            self.excess = self.excess[keep]

    def choose(self, weights: Floats) -> Longs:
        """(W, T): for each weight vector (W, M) and epoch, the plan that is best there.

        Fewer nodes beyond capacity count first.
        """
        chosen = np.empty((len(weights), self.parts.shape[1]), dtype=np.int64)
        worse = self.excess > self.excess.min(axis=0)
        at_once = max(1, MOST_SCORES // worse.size)
        for first in range(0, len(weights), at_once):
            rows = slice(first, first + at_once)
            scores = np.einsum("ktm,wm->wkt", self.parts, weights[rows])
            scores[:, worse] = np.inf
            chosen[rows] = scores.argmin(axis=1)
        return chosen

    def build(self, choice: Longs) -> Genes:
        """The plans (W, G) that take each epoch from the plan chosen for it, (W, T)."""
        return recombine(self.plans, choice, block_first=self._first)

    def state(self) -> State:
        """For a checkpoint."""
        return {
            "pool_plans": self.plans,
            "pool_parts": self.parts,
            "pool_excess": self.excess,
        }

    def restore(self, state: State) -> None:
        """Back from `state`."""
        self.plans = state["pool_plans"]
        self.parts = state["pool_parts"]
        self.excess = state["pool_excess"]
