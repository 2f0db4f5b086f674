"""Checksums of what draws random numbers; `python -m tests.operators.bits` prints them."""

import json

import numpy as np

from operators import crossover, mutation, sampling
from operators.archive import Archive
from operators.repair import repair
from tests.operators.strategies import checksum, random_case
from tests.operators.test_nsga2 import evolve
from tests.operators.test_repair import random_loads


def checksums() -> dict[str, int]:
    """Operator -> a number that differs if a bit of its result does."""
    rng = np.random.default_rng(3)
    case = random_case(rng, size=6, genes=70)
    population, allowed = case.population, case.allowed
    others = population[::-1]
    blocks = np.arange(0, 71, 10)
    loaded = random_loads(case, rng, tightness=0.6)
    sampled = sampling.uniform(20, **allowed, rng=rng)
    archive = Archive(genes=70, objectives=3, capacity=8)
    archive.add(sampled, np.sin(np.arange(60.0)).reshape(20, 3))
    fixed = repair(population, **allowed, **loaded.loads, rng=rng)
    choice = rng.integers(0, 6, (6, 7))
    results = {
        "uniform sampling": (sampled,),
        "extremes": (sampling.extremes(**allowed, values=[0, 5], rng=rng),),
        "uniform": (crossover.uniform(population, others, probability=0.8, rng=rng),),
        "by_block": (crossover.by_block(population, others, block_first=blocks, rng=rng),),
        "reset": (mutation.reset(population, **allowed, rate=0.2, rng=rng),),
        "recombine": (crossover.recombine(population, choice, block_first=blocks),),
        "repair": (fixed.population, fixed.excess),
        "archive": (archive.population, archive.objectives),
        "nsga2": evolve(4, 5),
        "rng": (np.array([rng.random()]),),
    }
    return {name: checksum(*arrays) for name, arrays in results.items()}


if __name__ == "__main__":
    print(json.dumps(checksums()))  # noqa: T201
