"""`greedy_carbon`, `greedy_cost`, `greedy_water`: what is cheapest by one metric, hour by hour.

Knows: the hour's grid signals, PUE and WUE, the energy of every variant on every node type,
capacity and residency; it serves whatever placement costs least by its metric per request.
Blind to: the other metrics, accuracy, distance, waits, loading of weights, and on-site renewables.
"""

import numpy as np

from operators.types import Floats, Genes
from slit.objectives import Coefficients, find
from slit.optimizers.capacity import build_plan, by_preference, chunk_kwh, orders
from slit.optimizers.protocol import Optimizer, Setup, Task
from slit.optimizers.single import NoSettings, SinglePlan
from slit.problem import Problem

Settings = NoSettings


def build(setup: Setup) -> Optimizer:
    """The scheduler for a task; its name ends in the objective it minimizes."""
    metric = setup.name.removeprefix("greedy_")
    return SinglePlan(setup, make=lambda: greedy_plan(setup.task, metric=metric))


def greedy_plan(task: Task, *, metric: str) -> Genes:
    """The plan (G,) that takes for each request the placement of the least `metric`."""
    problem = task.problem
    coefficients = find([metric])[0].linear_part(problem, task.scenario)
    assert coefficients is not None, "the greedy schedulers exist for linear objectives only"
    price = chunk_prices(problem, coefficients)
    wanted = orders(problem, price, problem.node_seconds)
    thrifty = orders(problem, problem.node_seconds, price)
    return build_plan(problem, by_preference(wanted, thrifty))


def chunk_prices(problem: Problem, coefficients: Coefficients) -> Floats:
    """(J, P): what a chunk adds to a linear objective if its node is full and all is bought."""
    per_kwh = np.zeros(problem.pue.shape)
    if coefficients.it is not None:
        per_kwh = per_kwh + coefficients.it
    for part in (coefficients.facility, coefficients.grid):
        if part is not None:
            per_kwh = per_kwh + problem.pue * part
    epoch = problem.group_epoch
    price = per_kwh[epoch][:, problem.placement_datacenter] * chunk_kwh(problem)
    if coefficients.nodes is not None:
        price = price + coefficients.nodes[epoch] * problem.chunk[:, :, 0] / problem.node_ticks
    if coefficients.requests is not None:
        price = price + coefficients.requests * problem.chunk_requests[:, None]
    return np.asarray(price)
