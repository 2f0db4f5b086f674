"""`round_robin`: requests go to the datacenters in turn, passing over those without room.

Knows: capacity and residency; the most accurate variant is served wherever it fits.
Blind to: distance, carbon, water, prices, energy, waits, and the hour of the day.
"""

from operators.types import Genes
from slit.optimizers.capacity import ResidualCapacity, build_plan, orders, portions, put_in_order
from slit.optimizers.protocol import Optimizer, Setup, Task
from slit.optimizers.single import NoSettings, SinglePlan

Settings = NoSettings


def build(setup: Setup) -> Optimizer:
    """The scheduler as an optimizer, which makes one plan of the task of `setup`."""
    return SinglePlan(setup, make=lambda: round_robin_plan(setup.task))


def round_robin_plan(task: Task) -> Genes:
    """The plan (G,)."""
    problem = task.problem
    centers = problem.datacenters
    loss = 1.0 - problem.accuracy[problem.group_class]
    wanted = orders(problem, loss, problem.node_seconds)
    thrifty = orders(problem, problem.node_seconds)

    def place(residual: ResidualCapacity, group: int, chunks: int, frugal: bool) -> int:
        order = (thrifty if frugal else wanted)[group]
        where = problem.placement_datacenter[order]
        here = [order[where == d] for d in range(centers)]
        for portion in portions(chunks):
            turn, left = residual.epoch + residual.turns, portion
            for k in range(centers):
                left = put_in_order(residual, group, left, here[(turn + k) % centers])
            chunks -= portion - left
            if left:
                break
        return chunks

    return build_plan(problem, place)
