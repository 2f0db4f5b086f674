"""Today's routing of a scenario as shares of request groups, and as a plan."""

import numpy as np

from operators.types import Floats, Genes, Integers
from slit.errors import SlitError
from slit.problem.arrays import Problem
from slit.problem.placements import Placement, placements_of
from slit.problem.shares import round_shares
from slit.scenario.routing import Routing, place_of
from slit.scenario.scenario import Scenario


def today_plan(problem: Problem, scenario: Scenario) -> Genes:
    """Today's routing as a plan (G,) in canonical form, shares in whole chunks.

    Raises SlitError where it does not fit the scenario.
    """
    if not scenario.today:
        raise SlitError("today: no routing, expected one (--today FILE, today of [operation])")
    routing = Routing(scenario)
    routing.check()
    groups = np.stack([problem.group_epoch, problem.group_origin, problem.group_class], axis=1)
    return round_shares(problem, today_shares(routing, groups, placements_of(scenario)))


def today_shares(routing: Routing, groups: Integers, placements: list[Placement]) -> Floats:
    """(J, P): the share of each group at each placement; 0 throughout where the table has none.

    groups: epoch, origin and class of each, (J, 3).
    """
    number = {place_of(placement.pair): p for p, placement in enumerate(placements)}
    shares = np.zeros((len(groups), len(placements)))
    for j, (epoch, origin, request_class) in enumerate(groups.tolist()):
        for place, share in routing.shares(epoch, origin, request_class).items():
            shares[j, number[place]] = share
    return shares
