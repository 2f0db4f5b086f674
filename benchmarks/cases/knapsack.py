"""`knapsack`: 0/1 knapsack with two or three profits and one weight, and its exact front."""

import numpy as np

from benchmarks.measuring.choices import Additive, Choices
from benchmarks.measuring.exact import enumerated
from benchmarks.registry import Case

SEED = 3
LARGEST_ENUMERATED = 20
"""Items up to which all selections are looked at."""


def build(items: int = 16, profits: int = 2) -> Choices:
    """Items with profits and weights of 10 to 100; half of the weight fits (Zitzler and Thiele
    1999). Minimized is what is left out."""
    if items > LARGEST_ENUMERATED:
        raise ValueError(f"items: {items}, expected at most {LARGEST_ENUMERATED} (enumeration)")
    rng = np.random.default_rng([SEED, items, profits])
    profit = rng.integers(10, 101, (items, profits)).astype(np.float32)
    weight = rng.integers(10, 101, items).astype(np.float32)
    cost = np.zeros((items, profits, 2), np.float32)
    cost[:, :, 0] = profit
    instance = Additive(
        cost=cost,
        paid=np.arange(profits, dtype=np.int32),
        load=np.stack([np.zeros(items, np.float32), weight], axis=1),
        resource=np.zeros((items, 2), np.int16),
        capacity=np.array([np.floor(weight.sum() / 2)], dtype=np.float64),
        price=np.zeros((profits, 1)),
        curvature=np.zeros((profits, 1)),
    )
    names = tuple(f"profit {m + 1} left out" for m in range(profits))
    every = ((np.arange(2**items)[:, None] >> np.arange(items)) & 1).astype(np.int16)
    return instance.problem(f"knapsack {items}x{profits}", names, enumerated(instance, every))


KNAPSACK = Case(
    "knapsack",
    "small multi-objective knapsacks with exact fronts by enumeration (generated)",
    build,
    frozenset({"evolve"}),
)
