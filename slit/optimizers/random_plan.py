"""`random`: every chunk goes to an allowed placement that has room, all equally likely.

Knows: capacity and residency. Blind to everything else.
"""

from numpy.random import Generator

from operators.types import Genes
from slit.optimizers.capacity import Room, build_plan, portions, put_in_order, thrifty_order
from slit.optimizers.protocol import Optimizer, Setup, Task
from slit.optimizers.single import NoSettings, SinglePlan

Settings = NoSettings


def build(setup: Setup) -> Optimizer:
    """The scheduler for a task."""
    return SinglePlan(setup, make=lambda: random_plan(setup.task, rng=setup.rng))


def random_plan(task: Task, *, rng: Generator) -> Genes:
    """The plan (G,)."""
    problem = task.problem
    thrifty = thrifty_order(problem)

    def place(room: Room, group: int, chunks: int, frugal: bool) -> int:
        options = thrifty[group]
        if frugal:
            return put_in_order(room, group, chunks, options)
        for portion in portions(chunks):
            left = portion
            while left:
                free = [p for p in options if room.most(group, int(p), 1)]
                if not free:
                    return chunks
                chosen = int(free[rng.integers(len(free))])
                count = room.most(group, chosen, left)
                room.put(group, chosen, count)
                left -= count
                chunks -= count
        return chunks

    return build_plan(problem, place)
