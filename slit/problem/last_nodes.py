"""What the last, partly filled node of a cell draws above its share of a full node's energy."""

import numpy as np

from operators.types import Floats
from slit.problem.arrays import MICROTICKS
from slit.problem.placements import Placement
from slit.scenario.power_curve import power_curve
from slit.scenario.scenario import Scenario


def last_node_joules(scenario: Scenario, placements: list[Placement]) -> Floats:
    """(P, S, 3): segments of the energy (J) that a node draws in an epoch above the straight line
    from idle to full: work ticks at which one begins, energy there, energy per tick.

    S is 0 where no service has a curve. Placements with fewer segments end with ones that begin
    at infinite work.
    """
    accounting, epoch = scenario.accounting, scenario.horizon.epoch_seconds
    busy = accounting.utilization * epoch  # s that a full node works
    curves = []
    for placement in placements:
        node, service = placement.node_type, placement.service
        pair = (service.node_type, service.variant)
        same = [s for s in scenario.services if (s.node_type, s.variant) == pair]
        load, watts = np.array(
            power_curve(node, service, same if accounting.power_by_batch else [])
        ).T
        chord = node.idle_w + load * (watts[-1] - node.idle_w)
        curves.append((load * busy * MICROTICKS, np.maximum(watts - chord, 0.0) * busy))
    most = max(len(work) - 1 for work, _ in curves)
    table = np.zeros((len(curves), most if most > 1 else 0, 3))
    table[:, :, 0] = np.inf
    for segments, (work, joules) in zip(table, curves, strict=True):
        if len(work) > 2 and len(segments):
            first = segments[: len(work) - 1]
            first[:, 0], first[:, 1] = work[:-1], joules[:-1]
            first[:, 2] = np.diff(joules) / np.diff(work)
    return table
