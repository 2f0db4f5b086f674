"""`assignment`: tasks to agents, one task each, with several costs, and its exact front."""

from itertools import permutations

import numpy as np

from benchmarks.measuring.choices import Additive, Choices
from benchmarks.measuring.exact import enumerated, epsilon_constraint
from benchmarks.registry import Case

SEED = 5
LARGEST_ENUMERATED = 8
"""Tasks up to which all assignments are looked at; beyond, two costs and integer programs."""


def build(tasks: int = 7, costs: int = 3) -> Choices:
    """Costs of 1 to 20, uniform (Przybylski, Gandibleux and Ehrgott 2010); an agent that is given
    more than one task violates. Two costs for more than 8 tasks."""
    rng = np.random.default_rng([SEED, tasks, costs])
    cost = rng.integers(1, 21, (tasks, costs, tasks)).astype(np.float32)
    instance = Additive(
        cost=cost,
        paid=np.arange(costs, dtype=np.int32),
        load=np.ones((tasks, tasks), np.float32),
        resource=np.broadcast_to(np.arange(tasks, dtype=np.int16), (tasks, tasks)).copy(),
        capacity=np.ones(tasks),
        price=np.zeros((costs, tasks)),
        curvature=np.zeros((costs, tasks)),
    )
    if tasks <= LARGEST_ENUMERATED:
        every = np.array(list(permutations(range(tasks))), dtype=np.int16)
        exact = enumerated(instance, every)
    else:
        exact = epsilon_constraint(instance)
    names = tuple(f"cost {m + 1}" for m in range(costs))
    return instance.problem(f"assignment {tasks}x{costs}", names, exact)


ASSIGNMENT = Case(
    "assignment",
    "small multi-objective assignments with exact fronts (generated)",
    build,
    frozenset({"evolve"}),
)
