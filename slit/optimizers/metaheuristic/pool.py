"""Locally searched plans, kept epoch by epoch, so that any epoch can follow any other.

Objectives are sums over epochs that couple only through loading (model.md section 4) and through
what changes between them: for a weight vector, the best recombination of K plans takes each epoch
from the plan whose part is least there, where rerouting costs along the best chain.
"""

from collections.abc import Iterator
from math import isqrt
from typing import NamedTuple

import numpy as np

from operators.crossover import recombine
from operators.types import Floats, Genes, Longs
from slit.kernels.chains import best_chain, measure_seams
from slit.optimizers.protocol import State
from slit.problem import Problem

MOST_SCORES = 4_000_000
"""Scores of plans in epochs that are held at once (32 MB)."""
CANDIDATES = 24
"""Plans good on the whole from which epochs may come where rerouting costs, beside the best."""
MOST_SEAMS = 2_000_000
"""Seams between epochs of two plans that are held at once (16 MB)."""


class Chains(NamedTuple):
    """For W weight vectors the plan of each epoch, (W, T), and the requests rerouted, (W,)."""

    choice: Longs
    rerouted: Floats


class EpochPool:
    """K plans (K, G) with what each epoch adds to the measures (K, T, E) and to the violation.

    Above `capacity`, the plans go that are least often the best anywhere; where rerouting costs,
    the seams between all of them must have room besides.
    """

    def __init__(
        self, problem: Problem, *, measures: int, capacity: int, rerouting: bool = False
    ) -> None:
        self._problem = problem
        seamed = max(2, isqrt(MOST_SEAMS // problem.epochs)) if rerouting else capacity
        self._capacity = min(capacity, seamed)
        self.plans: Genes = np.zeros((0, problem.genes), np.int16)
        self.parts: Floats = np.zeros((0, problem.epochs, measures))
        self.excess: Longs = np.zeros((0, problem.epochs), np.int64)
        self._seams: Floats = np.zeros((problem.epochs + 1, 0, 0))  # of the first plans

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
            measured = keep[keep < self._seams.shape[1]]
            self._seams = self._seams[:, measured[:, None], measured]

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
        seams = self._measured_seams()
        choice = np.empty((len(weights), self.parts.shape[1]), dtype=np.int64)
        rerouted = np.empty(len(weights))
        for rows, scores in self._scores(weights):
            for w, score in zip(range(rows.start, rows.stop), scores, strict=False):
                some = self._candidates(score)
                mine = seams[:, some[:, None], some]
                chain, rerouted[w] = best_chain(mine, score[some].T, prices[w])
                choice[w] = some[chain]
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
        """Plans that are best in some epoch, and as many that are good on the whole, by their
        scores (K, T)."""
        whole = score.sum(axis=1)
        few = min(CANDIDATES, len(whole))
        good = np.argpartition(whole, few - 1)[:few]
        return np.asarray(np.union1d(score.argmin(axis=0), good), np.int64)

    def _measured_seams(self) -> Floats:
        """Those between all plans, as `measure_seams` has them."""
        known = self._seams.shape[1]
        if known < len(self):
            seams = np.zeros((len(self._seams), len(self), len(self)))
            seams[:, :known, :known] = self._seams
            measure_seams(self.plans, known, self._problem, seams)
            self._seams = seams
        return self._seams

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
        self._seams = np.zeros((self._problem.epochs + 1, 0, 0))
