"""`additive`: many requests, a few dozen placements, costs that add up and crowding that hurts.

12 datacenters with 4 variants each over 24 epochs. Carbon, water and cost are paid for the energy
of a datacenter and hour; delay by distance and variant, and by how crowded a datacenter is.
"""

import numpy as np

from benchmarks.measuring.choices import Additive, Choices
from benchmarks.registry import Case

CENTERS, VARIANTS, EPOCHS = 12, 4, 24
SEED = 7
NAMES = ("carbon", "water", "cost", "delay")


def build(genes: int = 1000) -> Choices:
    """The problem with so many genes, a 24th of them in each epoch."""
    rng = np.random.default_rng([SEED, genes])
    values = CENTERS * VARIANTS
    epoch = np.arange(genes) * EPOCHS // genes
    center, variant = np.divmod(np.arange(values), VARIANTS)
    size = rng.lognormal(0.0, 0.5, genes)
    size /= size.sum() / EPOCHS
    energy = np.array([1.0, 0.55, 0.3, 0.15])[variant]
    loss = np.array([0.0, 0.2, 0.5, 1.0])[variant]
    distance = rng.uniform(0.0, 1.0, (genes, CENTERS))
    price = np.zeros((len(NAMES), EPOCHS * CENTERS))
    price[:3] = rng.lognormal(0.0, 0.5, (3, EPOCHS * CENTERS))
    curvature = np.zeros_like(price)
    curvature[3] = 2.0
    return Additive(
        cost=(size[:, None] * (loss + distance[:, center]))[:, None, :].astype(np.float32),
        paid=np.array([3], np.int32),
        load=(size[:, None] * energy).astype(np.float32),
        resource=(epoch[:, None] * CENTERS + center).astype(np.int16),
        capacity=np.full(EPOCHS * CENTERS, np.inf),
        price=price,
        curvature=curvature,
    ).problem(f"additive {genes}", NAMES)


ADDITIVE = Case(
    "additive",
    "12 datacenters x 4 variants x 24 epochs with costs that add up (generated)",
    build,
    frozenset({"evolve"}),
)
