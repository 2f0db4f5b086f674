"""What exceeding limits is to weigh in a search, from what searches near it came to."""

import numpy as np

from operators.types import Bools, Floats
from slit.optimizers.protocol import State

FASTEST = 4.0
"""Factor by which the price of rerouting changes at most from a search to its neighbor."""
EAGER, LARGEST_STEP = 1.0, 0.5
"""By how much the logarithm of another price follows what its limit is exceeded by, in widths of
the front, and the most it changes at once."""
ROOM = 0.5
"""Share of a limit on rerouting that local searches aim at: the seams of recombinations take the
rest."""
LOWEST, HIGHEST = 1e-6, 1e3
"""Prices beyond these are as good as none, or as a wall."""


class LearnedPrices:
    """Searches for N weight vectors (N, M) of the unit box: the prices (N, L) of exceeding limits
    by all of them, and what the plans found reach (N, L).

    most (L,): the limits. rerouting (L,): which of them are on that.
    """

    def __init__(self, *, most: Floats, rerouting: Bools, objectives: int) -> None:
        self._most, self._rerouting = most, rerouting
        self._weights = np.zeros((0, objectives))
        self._prices, self._reached = np.zeros((2, 0, len(most)))

    def learn(self, weights: Floats, prices: Floats, reached: Floats) -> None:
        """Take in searches."""
        self._weights = np.concatenate([self._weights, weights])
        self._prices = np.concatenate([self._prices, prices])
        self._reached = np.concatenate([self._reached, reached])

    def near(self, weights: Floats, widths: Floats) -> Floats | None:
        """(W, L): the prices near weights (W, M): more than where the nearest search exceeded a
        limit, in `widths` (L,), less than where it had room. None before there was any."""
        if not len(self._weights):
            return None
        distance = np.abs(weights[:, None, :] - self._weights[None, :, :]).sum(axis=2)
        newest = len(self._weights) - 1 - distance[:, ::-1].argmin(axis=1)
        reached = self._reached[newest]
        # Of several limits on rerouting the one that is filled most.
        most = ROOM * np.maximum(self._most[self._rerouting], LOWEST)
        filled = (reached[:, self._rerouting] / most).max(axis=1, keepdims=True, initial=0.0)
        calmer = np.clip(filled**1.5, 1 / FASTEST, FASTEST)
        over = EAGER * (reached - self._most) / widths
        stricter = np.exp(np.clip(over, -LARGEST_STEP, LARGEST_STEP))
        price = self._prices[newest] * np.where(self._rerouting, calmer, stricter)
        return np.asarray(np.clip(price, LOWEST, HIGHEST))

    def state(self) -> State:
        """For a checkpoint."""
        return {
            "priced_weights": self._weights,
            "priced_prices": self._prices,
            "priced_reached": self._reached,
        }

    def restore(self, state: State) -> None:
        """Back from `state`."""
        self._weights = state["priced_weights"]
        self._prices, self._reached = state["priced_prices"], state["priced_reached"]
