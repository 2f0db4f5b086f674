"""`nearest`: every request goes to the closest datacenter that has room.

Knows: round trips, capacity and residency; the most accurate variant is served wherever it fits.
Blind to: carbon, water, prices, energy, waits, and the hour of the day.
"""

from operators.types import Genes
from slit.optimizers.capacity import build_plan, by_preference, orders
from slit.optimizers.protocol import Optimizer, Setup, Task
from slit.optimizers.single import NoSettings, SinglePlan

Settings = NoSettings


def build(setup: Setup) -> Optimizer:
    """The scheduler as an optimizer, which makes one plan of the task of `setup`."""
    return SinglePlan(setup, make=lambda: nearest_plan(setup.task))


def nearest_plan(task: Task) -> Genes:
    """The plan (G,)."""
    problem = task.problem
    trip = task.scenario.round_trip_s[:, problem.placement_datacenter][problem.group_origin]
    loss = 1.0 - problem.accuracy[problem.group_class]
    wanted = orders(problem, trip, loss, problem.node_seconds)
    thrifty = orders(problem, trip, problem.node_seconds)
    return build_plan(problem, by_preference(wanted, thrifty))
