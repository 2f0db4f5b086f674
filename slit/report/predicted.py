"""Which share of a plan's carbon and cost rests on predicted services."""

from typing import NamedTuple

import numpy as np

from operators.types import Floats
from slit.display import share as as_share
from slit.ledger import Ledger
from slit.problem.placements import placements_of


class PredictedShare(NamedTuple):
    """Shares, 0 to 1."""

    carbon: float
    cost: float


def predicted_share(ledger: Ledger) -> PredictedShare | None:
    """The shares of one plan; None where no service is predicted.

    Carbon and cost of a site and epoch are shared out by the energy of placements: idle power of
    active nodes, and what requests take above it. What a site takes with no node active counts as
    not predicted.
    """
    problem, scenario = ledger.problem, ledger.scenario
    if all(service.predicted is None for service in scenario.services):
        return None
    placements = placements_of(scenario)
    predicted = np.array([each.service.predicted is not None for each in placements])
    idle_kw = np.array([each.node_type.idle_w for each in placements]) / 1e3
    energy: Floats = ledger.nodes * idle_kw * problem.epoch_seconds / 3600
    above = ledger.counts * problem.chunk[:, :, 1] * problem.kwh_per_energy_tick
    np.add.at(energy, problem.group_epoch, above)
    by_site = np.zeros((2, *ledger.carbon_kg.shape))
    for p, site in enumerate(problem.placement_datacenter):
        by_site[:, :, site] += energy[:, p] * np.array([[1.0], [float(predicted[p])]])
    whole, part = by_site
    share = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
    return PredictedShare(*(_weighed(share, by) for by in (ledger.carbon_kg, ledger.cost_usd)))


def describe_predicted(found: PredictedShare | None) -> str:
    """What of a plan rests on predictions, in words; nothing where no service is predicted."""
    if found is None:
        return ""
    carbon, cost = as_share(found.carbon), as_share(found.cost)
    return f"{carbon} of carbon and {cost} of cost rest on predicted services"


def _weighed(share: Floats, amounts: Floats) -> float:
    weights = np.abs(amounts)  # prices may be negative
    return float((share * weights).sum() / weights.sum()) if weights.sum() > 0 else 0.0
