"""Demand that not even the relaxation can serve."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from operators.types import Positions
from slit.errors import InfeasibleError
from slit.lp.rows import Rows
from slit.lp.solver import LinearModel, Solver
from slit.problem import Problem
from slit.scenario.scenario import Scenario

NEGLIGIBLE_NODES = 1e-6
"""A shortfall below this is the solver's tolerance."""


@dataclass(frozen=True, slots=True, eq=False)
class Shortfall:
    """What one epoch's capacity cannot serve."""

    epoch: int
    nodes: float  # active nodes at target utilization that are missing
    groups: Positions  # request groups that compete for the short pools, and have no other
    pools: Positions  # pools that are full


def find_shortfall(problem: Problem, epoch: int) -> Shortfall | None:
    """The least number of nodes that an epoch lacks, shares of groups being divisible; or None.

    Warm nodes take room in their pools, and work of their own placement.
    """
    first, last = problem.epoch_group[epoch], problem.epoch_group[epoch + 1]
    if first == last:
        return None
    group, placement = np.nonzero(problem.allowed[first:last])
    work = problem.group_chunks[first:last, None] * problem.chunk[first:last, :, 0]
    nodes = work[group, placement] / problem.node_ticks
    groups, pools, shares = last - first, len(problem.pool_nodes), len(group)
    warm = np.flatnonzero(problem.warm_nodes > 0)
    pool, idle = problem.placement_pool, shares + pools + np.arange(len(warm))
    position = np.full(problem.placements, -1)
    position[warm] = np.arange(len(warm))
    every, one = np.arange(shares), np.ones(shares)
    rows = Rows()
    rows.add((group, every, one), lower=np.ones(groups), upper=np.ones(groups))
    rows.add(
        (pool[placement], every, nodes),
        (np.arange(pools), shares + np.arange(pools), -np.ones(pools)),
        (pool[warm], idle, np.ones(len(warm))),
        lower=np.full(pools, -np.inf),
        upper=problem.pool_nodes.astype(np.float64),
    )
    rows.add(
        (position[placement], every, nodes),
        (np.arange(len(warm)), idle, np.ones(len(warm))),
        lower=problem.warm_nodes[warm].astype(np.float64),
        upper=np.full(len(warm), np.inf),
    )
    width = shares + pools + len(warm)
    matrix, lower, upper = rows.assembled(width)
    cost = np.zeros(width)
    cost[shares : shares + pools] = 1.0
    solver = Solver(
        LinearModel(
            cost=cost,
            lower=np.zeros(width),
            upper=np.full(width, np.inf),
            matrix=matrix,
            row_lower=lower,
            row_upper=upper,
        )
    )
    solution = solver.solve()
    if solution.value <= NEGLIGIBLE_NODES:
        return None
    duals = solution.row_duals
    return Shortfall(
        epoch=epoch,
        nodes=solution.value,
        groups=first + np.flatnonzero(duals[:groups] > 1e-9),
        pools=np.flatnonzero(duals[groups : groups + pools] < -1e-9),
    )


def check_capacity(problem: Problem, scenario: Scenario) -> None:
    """Raise InfeasibleError if some epoch's demand exceeds what its pools can serve.

    Names the epoch that lacks most, the node-hours it lacks, and the requests and pools concerned.
    Shares of groups count as divisible and nodes as fractions: a demand that passes may still have
    no plan in whole nodes.
    """
    found = [find_shortfall(problem, epoch) for epoch in range(problem.epochs)]
    short = [each for each in found if each is not None]
    if short:
        worst = max(short, key=lambda each: each.nodes)
        raise InfeasibleError(describe_shortfall(problem, scenario, worst, epochs=len(short)))


def describe_shortfall(
    problem: Problem, scenario: Scenario, short: Shortfall, *, epochs: int = 1
) -> str:
    """The message of a shortfall, in the scenario's words."""
    hours = problem.epoch_seconds / 3600
    start = scenario.horizon.start + timedelta(seconds=short.epoch * problem.epoch_seconds)
    pools = [scenario.pools[q].name for q in short.pools]
    capacity = float(problem.pool_nodes[short.pools].sum()) * hours
    groups = [
        f"{scenario.classes[problem.group_class[j]].name} from "
        f"{scenario.origins[problem.group_origin[j]].name}"
        for j in short.groups
    ]
    missing = short.nodes * hours
    others = f"; {epochs} epochs are short" if epochs > 1 else ""
    return (
        f"demand: epoch {short.epoch} ({start:%Y-%m-%d %H:%M %Z}): {capacity + missing:.6g} "
        f"node-hours needed, expected at most {capacity:.6g} ({missing:.4g} node-hours short at "
        f"{_listed(pools)} for {_listed(groups)}; node-hours at target utilization{others}"
        f"{_said_of_warm(problem, short)})"
    )


def _said_of_warm(problem: Problem, short: Shortfall) -> str:
    """What warm nodes have to do with a shortfall."""
    if not problem.warm_nodes.any():
        return ""
    without = problem._replace(warm_nodes=np.zeros_like(problem.warm_nodes))
    rest = find_shortfall(without, short.epoch)
    hours = problem.epoch_seconds / 3600
    left = 0.0 if rest is None else rest.nodes
    if left >= short.nodes - NEGLIGIBLE_NODES:
        return ""
    said = f"{left * hours:.4g} node-hours short" if left else "this epoch fits"
    return f"; {problem.warm_nodes.sum()} warm nodes take room: without them {said}"


def _listed(names: list[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
