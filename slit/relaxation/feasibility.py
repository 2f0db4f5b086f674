"""Demand that not even the relaxation can serve."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from scipy import sparse

from operators.types import Positions
from slit.errors import InfeasibleError
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
    """The least number of nodes that an epoch lacks, shares of groups being divisible; or None."""
    first, last = problem.epoch_group[epoch], problem.epoch_group[epoch + 1]
    if first == last:
        return None
    group, placement = np.nonzero(problem.allowed[first:last])
    work = problem.group_chunks[first:last, None] * problem.chunk[first:last, :, 0]
    nodes = work[group, placement] / problem.node_ticks
    groups, pools, shares = last - first, len(problem.pool_nodes), len(group)
    columns = np.concatenate([np.arange(shares), np.arange(shares), shares + np.arange(pools)])
    rows = np.concatenate(
        [group, groups + problem.placement_pool[placement], groups + np.arange(pools)]
    )
    values = np.concatenate([np.ones(shares), nodes, -np.ones(pools)])
    shape = (groups + pools, shares + pools)
    matrix = sparse.csc_array((values, (rows, columns)), shape=shape)
    capacity = problem.pool_nodes.astype(np.float64)
    solver = Solver(
        LinearModel(
            cost=np.concatenate([np.zeros(shares), np.ones(pools)]),
            lower=np.zeros(shares + pools),
            upper=np.full(shares + pools, np.inf),
            matrix=matrix,
            row_lower=np.concatenate([np.ones(groups), np.full(pools, -np.inf)]),
            row_upper=np.concatenate([np.ones(groups), capacity]),
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
        pools=np.flatnonzero(duals[groups:] < -1e-9),
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
        f"{_listed(pools)} for {_listed(groups)}; node-hours at target utilization{others})"
    )


def _listed(names: list[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
