"""Locally searched plans, kept epoch by epoch, so that any epoch can follow any other.

Objectives are sums over epochs that couple only through loading (model.md section 4) and through
what changes between them: for a weight vector, the best recombination of K plans takes each epoch
from the plan whose part is least there, where rerouting costs along the best chain.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from operators.crossover import recombine
from operators.types import Floats, Genes, Longs
from slit.kernels.chains import best_chain
from slit.optimizers.protocol import State
from slit.problem import Problem

MOST_SCORES = 4_000_000
"""Scores of plans in epochs that are held at once (32 MB)."""
CANDIDATES = 6
"""Plans that an epoch may come from where rerouting costs: the best there, and as many of those
that are best on the whole."""


class Chains(NamedTuple):
    """For W weight vectors the plan of each epoch, (W, T), and the requests rerouted, (W,)."""

    choice: Longs
    rerouted: Floats


class EpochPool:
    """K plans (K, G) with what each epoch adds to the measures (K, T, E) and to the violation.

    Above `capacity`, the plans go that are least often the best anywhere.
    """

    def __init__(self, problem: Problem, *, measures: int, capacity: int) -> None:
        self._problem = problem
        self._capacity = capacity
        self.plans: Genes = np.zeros((0, problem.genes), np.int16)
        self.parts: Floats = np.zeros((0, problem.epochs, measures))
        self.excess: Longs = np.zeros((0, problem.epochs), np.int64)

    def __len__(self) -> int:
        return len(self.plans)

    def add(self, plans: Genes, parts: Floats, excess: Longs, *, weights: Floats) -> None:
        """Take in evaluated plans; `weights` (W, E) decide who goes when there is no room."""
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
        """(W, T): for each weight vector (W, E) and epoch, the plan that is best there.

        Fewer nodes beyond capacity count first.
        """
        chosen = np.empty((len(weights), self.parts.shape[1]), dtype=np.int64)
        for rows, scores in self._scores(weights):
            chosen[rows] = scores.argmin(axis=1)
        return chosen

    def chains(self, weights: Floats, prices: Floats) -> Chains:
        """As `choose`, where a rerouted request weighs `prices` (W,) besides; if none weighs
        anything, they are not counted."""
        if not prices.any():
            return Chains(self.choose(weights), np.zeros(len(weights)))
        choice = np.empty((len(weights), self.parts.shape[1]), dtype=np.int64)
        rerouted = np.empty(len(weights))
        for rows, scores in self._scores(weights):
            for w, score in zip(range(rows.start, rows.stop), scores, strict=False):
                candidates = self._candidates(score)
                costs = np.take_along_axis(score.T, candidates, axis=1)
                rerouted[w] = best_chain(
                    self.plans, candidates, costs, prices[w], self._problem, choice[w]
                )
        return Chains(choice, rerouted)

    def values(self, choice: Longs) -> Floats:
        """(W, E): what the epochs chosen, (W, T), add up to."""
        return np.asarray(self.parts[choice, np.arange(choice.shape[1])].sum(axis=1))

    def build(self, choice: Longs) -> Genes:
        """The plans (W, G) that take each epoch from the plan chosen for it, (W, T)."""
        return recombine(self.plans, choice, block_first=self._problem.epoch_gene)

    def _scores(self, weights: Floats) -> Iterator[tuple[slice, Floats]]:
        """Slices of the weight vectors (W, E), or (W, M) of the objectives alone, with what each
        plan's epochs weigh, (w, K, T)."""
        parts = self.parts[:, :, : weights.shape[1]]
        worse = self.excess > self.excess.min(axis=0)
        at_once = max(1, MOST_SCORES // worse.size)
        for first in range(0, len(weights), at_once):
            rows = slice(first, min(first + at_once, len(weights)))
            scores = np.einsum("kte,we->wkt", parts, weights[rows])
            scores[:, worse] = np.inf
            yield rows, scores

    def _candidates(self, score: Floats) -> Longs:
        """(T, C) plans that are good in an epoch, or on the whole, by their scores (K, T)."""
        few = min(CANDIDATES, len(score))
        here = np.argpartition(score, few - 1, axis=0)[:few].T
        whole = np.argpartition(score.sum(axis=1), few - 1)[:few]
        return np.concatenate([here, np.repeat(whole[None, :], len(here), axis=0)], axis=1)

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
