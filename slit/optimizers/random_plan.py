"""`random`: every chunk goes to an allowed placement that has room, all equally likely.

Knows: capacity and residency. Blind to everything else.
"""

from numpy.random import Generator

from operators.types import Genes
from slit.optimizers.capacity import (
    ResidualCapacity,
    build_plan,
    portions,
    put_in_order,
    thrifty_order,
)
from slit.optimizers.protocol import Optimizer, Setup, Task
from slit.optimizers.single import NoSettings, SinglePlan

Settings = NoSettings


def build(setup: Setup) -> Optimizer:
    """The scheduler as an optimizer, which makes one plan of the task of `setup`."""
    return SinglePlan(setup, make=lambda: random_plan(setup.task, rng=setup.rng))


def random_plan(task: Task, *, rng: Generator) -> Genes:
    """The plan (G,)."""
    problem = task.problem
    thrifty, pool = thrifty_order(problem), problem.placement_pool.tolist()

    def place(residual: ResidualCapacity, group: int, chunks: int, frugal: bool) -> int:
        options = thrifty[group]
        if frugal:
            return put_in_order(residual, group, chunks, options)
        free = [int(p) for p in options if residual.most(group, int(p), 1)]
        for portion in portions(chunks):
            left = portion
            while left:
                if not free:
                    return chunks
                chosen = free[rng.integers(len(free))]
                count = residual.most(group, chosen, left)
                residual.put(group, chosen, count)
                left -= count
                chunks -= count
                # Only the pool that was filled has less room than before.
                free = [p for p in free if pool[p] != pool[chosen] or residual.most(group, p, 1)]
        return chunks

    return build_plan(problem, place)
