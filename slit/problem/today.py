"""Today's routing of a scenario as shares of request groups, and as a plan."""

import numpy as np

from operators.types import Floats, Genes, Integers
from slit.arrays import frozen
from slit.problem.arrays import Problem, Start
from slit.problem.placements import placements_of
from slit.problem.shares import round_shares, whole_chunks
from slit.scenario.routing import BEFORE, Routing, place_of
from slit.scenario.scenario import Scenario


def today_plan(problem: Problem, scenario: Scenario) -> Genes:
    """Today's routing as a plan (G,) in canonical form, shares in whole chunks.

    problem: of the scenario, which has such a routing.
    """
    groups = np.stack([problem.group_epoch, problem.group_origin, problem.group_class], axis=1)
    return round_shares(problem, today_shares(scenario, groups))


def follow_today(problem: Problem, scenario: Scenario) -> Problem:
    """The problem whose first epoch follows today's routing instead of what the horizon says: as
    many nodes hold their weights as it needs for the requests of the first epoch.

    Raises SlitError where the routing does not fit the scenario.
    """
    Routing(scenario).check()
    groups = np.stack([problem.group_epoch, problem.group_origin, problem.group_class], axis=1)
    first = groups[: problem.epoch_group[1]]
    return follow_shares(
        problem, today_shares(scenario, np.where([True, False, False], BEFORE, first))
    )


def follow_shares(problem: Problem, shares: Floats, nodes: Integers | None = None) -> Problem:
    """The problem whose first epoch follows an epoch that served its groups by `shares` (J', P); a
    row of 0: nothing is known of the group.

    nodes: (P,) that hold their weights before the first epoch; by default as many as the shares
    need for the requests of the first epoch.
    """
    first = int(problem.epoch_group[1])
    known = shares.any(axis=1)
    chunks = np.zeros(shares.shape, np.int64)
    chunks[known] = whole_chunks(shares[known], problem.group_chunks[:first][known])
    if nodes is None:
        work = (chunks * problem.chunk[:first, :, 0]).sum(axis=0)
        nodes = np.maximum(-(-work // problem.node_ticks), problem.warm_nodes)
    ends = problem.group_epoch == 0, problem.group_epoch == problem.epochs - 1
    return problem._replace(
        start=int(Start.GIVEN),
        initial_nodes=frozen(nodes, np.int64),
        today_chunks=frozen(chunks, np.int64),
        group_previous=frozen(np.where(ends[0], -1, problem.group_previous), np.int32),
        group_next=frozen(np.where(ends[1], -1, problem.group_next), np.int32),
    )


def today_shares(scenario: Scenario, groups: Integers) -> Floats:
    """(J, P): the share of each group at each placement; 0 throughout where the table has none.

    groups: epoch, origin and class of each, (J, 3).
    """
    routing, placements = Routing(scenario), placements_of(scenario)
    number = {place_of(placement.pair): p for p, placement in enumerate(placements)}
    shares = np.zeros((len(groups), len(placements)))
    for j, (epoch, origin, request_class) in enumerate(groups.tolist()):
        for place, share in routing.shares(epoch, origin, request_class).items():
            shares[j, number[place]] = share
    return shares
