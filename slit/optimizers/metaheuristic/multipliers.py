"""What exceeding limits weighs in a search: Lagrangian multipliers, found on the pool of plans.

For a weight vector, the best recombination of the pool under prices on the limited measures is
looked for again and again: a price rises where its limit is exceeded and falls where there is room,
as a plan far inside a limit is as wrong as one outside. The recombinations on both sides of the
limits become plans to look at, the prices those of the local search.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.objectives import Linear, Objective
from slit.objectives.builtin import ramp, reroute
from slit.optimizers.metaheuristic.learned_prices import HIGHEST, LOWEST, LearnedPrices
from slit.optimizers.metaheuristic.local_search import Priced
from slit.optimizers.metaheuristic.pool import EpochPool
from slit.optimizers.metaheuristic.relaxed import RelaxedStarts
from slit.optimizers.protocol import State, Task

ROUNDS = 8
"""Prices that are tried for a weight vector."""
FIRST_PRICE = 0.1
"""Where prices begin, in widths of the front for exceeding a limit by all of it."""
STEP = 8.0
"""Factor of a price as long as it was only too low or only too high."""
CALM = 0.5
"""Where the price of rerouting all requests begins, in widths of the front: local search that
continues one epoch in the next needs no more as a rule."""
CALMED = reroute.name, ramp.name
"""What a price on each rerouted request brings down: the largest share rerouted, too."""


class Steered(NamedTuple):
    """For W weight vectors: all recombinations tried (W * ROUNDS, T), which of each is the best,
    (W,), what to search with, and the prices (W, L) in it."""

    tried: Longs
    best: Longs
    priced: Priced
    prices: Floats


def counts_reroutes(measured: Sequence[Objective]) -> bool:
    """Whether rerouting is among what is measured."""
    return any(objective.name in CALMED for objective in measured)


class Multipliers:
    """Knows which limits can be steered by: those on sums over epochs, and on rerouting."""

    def __init__(self, task: Task, pool: EpochPool) -> None:
        problem, names = task.problem, [objective.name for objective in task.measured]
        self.relaxed: RelaxedStarts | None = None
        self._pool = pool
        self._measures = len(names)
        compared = float(problem.group_requests[problem.compared].sum())
        self._compared = compared or 1.0  # requests that can be rerouted
        terms = task.measured_terms
        sums = [isinstance(o.measure, Linear) and not o.measure.largest for o in task.measured]
        placed = [names.index(limit.objective.name) for limit in task.limits]
        self._limits = np.array([k for k, column in enumerate(placed) if sums[column]], np.int64)
        steered = [task.limits[k] for k in self._limits]
        self._columns = np.array([names.index(limit.objective.name) for limit in steered], np.int64)
        self._reroute = np.array([o.name in CALMED for o in task.measured], np.bool_)
        self._constant = terms.constant[self._columns]
        self._most = np.array([limit.most for limit in steered]) - self._constant
        self._scale = np.array([limit.scale for limit in steered])
        rerouting = self._reroute[self._columns]
        self._learned = LearnedPrices(
            most=self._most, rerouting=rerouting, objectives=len(task.objectives)
        )

    @property
    def calming(self) -> bool:
        """Whether rerouting is limited, so that epochs should continue each other."""
        return bool(self._reroute[self._columns].any())

    def learn(self, weights: Floats, prices: Floats, limited: Floats) -> None:
        """Weights (W, M) of the unit box that were searched, with the prices (W, L) of exceeding
        limits by all of them, and the limited values (W, K) of the plans found."""
        if self.calming:
            self._learned.learn(weights, prices, limited[:, self._limits] - self._constant)

    @property
    def limited(self) -> bool:
        """Whether there is any limit to steer by."""
        return bool(len(self._columns))

    def vectors(self, count: int) -> int:
        """Weight vectors whose recombinations, and plans on the paths between where there are any,
        are `count` and as many again."""
        if not self.limited:
            return count
        return max(2, (2 * count if self.calming else count) // ROUNDS)

    def state(self) -> State:
        """For a checkpoint."""
        return self._learned.state()

    def restore(self, state: State) -> None:
        """Back from `state`."""
        self._learned.restore(state)

    def _extended(self, weights: Floats) -> Floats:
        """Weights (W, M) of the objectives as weights (W, E) of all measures."""
        more = np.zeros((len(weights), self._measures - weights.shape[1]))
        return np.concatenate([weights, more], axis=1)

    def steer(self, weights: Floats, span: Floats) -> Steered:
        """Recombinations of the pool for weights (W, M) of the unit box, whose sides are `span`,
        within the limits as far as it goes.

        Prices begin with those of the relaxation where it has any. The local search for one of its
        own weight vectors keeps them: they are those of the optimum, not of the pool.
        """
        pool, count, rounds = self._pool, len(weights), ROUNDS if self.limited else 1
        near = None if self.relaxed is None else self.relaxed.near(weights)
        plain = self._extended(weights / span)
        price = np.full((count, len(self._columns)), FIRST_PRICE)
        calm = self._reroute[self._columns]
        price[:, calm] = CALM * self._scale[calm]
        first = price.copy()
        if near is not None:
            relaxed = near.prices[:, self._limits] * self._scale
            price = np.where(relaxed > 0, np.clip(relaxed, LOWEST, HIGHEST), price)
            first = np.where(calm, price, relaxed)
        sides = np.concatenate([span, np.full(self._measures - len(span), np.inf)])
        learned = self._learned.near(weights, np.minimum(sides[self._columns], self._scale))
        if learned is not None:
            known = calm if near is None else calm | ~near.same[:, None]
            price = first = np.where(known, learned, first)
        low, high = np.full_like(price, LOWEST), np.full_like(price, HIGHEST)
        found = np.empty((rounds, count, pool.parts.shape[1]), np.int64)
        best = np.zeros(count, np.int64)
        least = np.full((count, 2), np.inf)
        kept = Priced(plain.copy(), np.zeros(count))
        for n in range(rounds):
            priced = self._priced(plain, price)
            chains = pool.chains(*priced)
            found[n] = chains.choice
            excess = self._excess(chains.choice, chains.rerouted)
            values = (pool.values(chains.choice) * np.where(self._reroute, 0.0, plain)).sum(axis=1)
            key = np.stack([np.maximum(excess, 0.0).sum(axis=1), values], axis=1)
            better = _less(key, least)
            best[better], least[better] = n, key[better]
            for mine, theirs in zip(kept, priced, strict=True):
                mine[better] = theirs[better]
            over = excess > 0
            low, high = np.where(over, price, low), np.where(over, high, price)
            bounded = (low > LOWEST) & (high < HIGHEST)
            far = np.where(over, price * STEP, price / STEP)
            price = np.where(bounded, np.sqrt(low * high), np.clip(far, LOWEST, HIGHEST))
        same = np.full(count, learned is not None)
        if near is not None:
            same |= near.same
        begun = self._priced(plain, first)
        kept.weights[same] = begun.weights[same]
        if calm.any():
            kept.prices[:] = begun.prices
        tried = found.reshape(rounds * count, -1)
        return Steered(tried, best * count + np.arange(count), kept, first)

    def _priced(self, plain: Floats, price: Floats) -> Priced:
        """Weights with the prices (W, L) added; rerouting is priced apart, request by request."""
        weights = plain.copy()
        for k, column in enumerate(self._columns):
            weights[:, column] += price[:, k] / self._scale[k]
        per_request = weights[:, self._reroute].sum(axis=1) / self._compared
        weights[:, self._reroute] = 0.0
        return Priced(weights, per_request)

    def _excess(self, choice: Longs, rerouted: Floats) -> Floats:
        """(W, L): by what share of itself each limit is exceeded; negative where there is room."""
        values = self._pool.values(choice)
        values[:, self._reroute] = (rerouted / self._compared)[:, None]
        return np.asarray((values[:, self._columns] - self._most) / self._scale)


def _less(key: Floats, least: Floats) -> Bools:
    """Which rows (W, 2) come before those of `least`, by their first number, then the second."""
    first = key[:, 0] < least[:, 0]
    return np.asarray(first | ((key[:, 0] == least[:, 0]) & (key[:, 1] < least[:, 1])))
