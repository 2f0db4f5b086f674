"""A fleet that has next to nothing to do: usually a unit or a scale of the demand."""

from collections.abc import Iterator

import numpy as np

from operators.types import Floats
from slit.data.timestamps import stamp_text
from slit.display import number, share
from slit.scenario.diagnostics import Finding, Severity
from slit.scenario.fit import allowed_pairs
from slit.scenario.lint_scenario import nodes_by_placement
from slit.scenario.resampling import clock_of
from slit.scenario.scenario import Scenario

MOSTLY_IDLE = 0.05
"""A peak below this share of the nodes is suspicious: fleets are built for two to five times the
peak, and a plan has nothing to decide but where its few nodes stand."""


def lint_idle(scenario: Scenario) -> Iterator[Finding]:
    """Each group at its slowest placement: where even that leaves the fleet idle."""
    needed = most_nodes(scenario)
    capacity = sum(pool.nodes for pool in scenario.pools)
    peak = int(np.argmax(needed))
    if not 0 < needed[peak] < MOSTLY_IDLE * capacity:
        return
    when = stamp_text(int(clock_of(scenario.horizon).begins[peak]))
    yield Finding(
        Severity.WARNING, "demand",
        f"the busiest epoch ({when}) fills {number(float(needed[peak]))} of {capacity:,} nodes "
        f"({share(float(needed[peak]) / capacity)}) even at the slowest placements",
        f"at least {share(MOSTLY_IDLE)}: is the unit of the requests right? Nodes count whole, so "
        "plans and bounds of an idle fleet differ by rounding",
    )  # fmt: skip


def most_nodes(scenario: Scenario) -> Floats:
    """(T,): nodes that the demand of each epoch takes at most, shares of nodes allowed."""
    most = np.zeros(scenario.demand.requests.shape)
    for here, nodes in nodes_by_placement(scenario, allowed_pairs(scenario)):
        most = np.where(here, np.maximum(most, nodes), most)
    return np.asarray(most.sum(axis=(1, 2)))
