"""Placements: pools that serve variants (model.md sections 1 and 2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operators.types import Floats, Longs
from slit.errors import SlitError
from slit.scenario.fit import ServedPair, misfit, pairs, service_model, unfit_points, why_nowhere
from slit.scenario.operation import check_warm_nodes
from slit.scenario.pools import EVERY, MoveCost
from slit.scenario.records import NodeType, Service
from slit.scenario.scenario import Scenario
from slit.service import ServiceModel


@dataclass(frozen=True, slots=True)
class Placement:
    """A pool serving a variant, at one operating point of those that its service has."""

    pair: ServedPair
    datacenter: int
    name: str

    @property
    def pool(self) -> int:
        """Its pool."""
        return self.pair.pool

    @property
    def variant(self) -> int:
        """The variant it serves."""
        return self.pair.variant

    @property
    def node_type(self) -> NodeType:
        """The kind of its nodes."""
        return self.pair.node_type

    @property
    def service(self) -> Service:
        """How fast they serve the variant."""
        return self.pair.service

    @property
    def model(self) -> ServiceModel:
        """What its requests take."""
        return service_model(self.node_type, self.service)


def placements_of(scenario: Scenario) -> list[Placement]:
    """All pairs whose weights fit, by pool, variant and batch.

    Raises SlitError for a variant that fits nowhere, and an operating point that fits no request.
    """
    share = scenario.accounting.memory_share
    centers = [center.name for center in scenario.datacenters]
    found: list[Placement] = []
    for pair in pairs(scenario):
        pool, variant = scenario.pools[pair.pool], scenario.variants[pair.variant]
        if misfit(pair.service, pair.node_type, variant, share) is None:
            center = centers.index(pool.datacenter)
            point = f"/{pair.service.batch}" if pair.points > 1 else ""
            found.append(Placement(pair, center, f"{pool.name}/{variant.name}{point}"))
    for variant in scenario.variants:
        reason = why_nowhere(scenario, variant)
        if reason is not None:
            raise SlitError(
                f"variants.{variant.name}: fits no pool ({reason}), expected a service on a node "
                "type whose memory holds its weights"
            )
    for reason in unfit_points(scenario, [placement.pair for placement in found]):
        raise SlitError(reason)
    return found


def load_seconds(scenario: Scenario, placements: list[Placement]) -> Floats:
    """Seconds to load the weights of each placement (SLIT eq. 2), (P,)."""
    seconds = np.empty(len(placements))
    for p, placement in enumerate(placements):
        weights = scenario.variants[placement.variant].weight_gb
        seconds[p] = weights / placement.node_type.load_gb_per_s
        if seconds[p] >= scenario.horizon.epoch_seconds:
            raise SlitError(
                f"{placement.name}: loading takes {seconds[p]:.0f} s, expected less than an epoch "
                f"({scenario.horizon.epoch_seconds:.0f} s; weights {weights} GB at "
                f"{placement.node_type.load_gb_per_s} GB/s)"
            )
    return seconds


def initial_nodes(scenario: Scenario, placements: list[Placement]) -> Longs:
    """Nodes that hold each placement's variant before the first epoch, (P,).

    Of several operating points the first has them.
    """
    return _stated([pool.initial_nodes for pool in scenario.pools], scenario, placements)


def warm_nodes(scenario: Scenario, placements: list[Placement]) -> Longs:
    """Nodes of each placement that are active with or without work, (P,).

    Of several operating points the first, of the smallest batch, keeps them. Raises SlitError for a
    variant that its pool cannot serve.
    """
    check_warm_nodes(scenario)
    return _stated([pool.warm_nodes for pool in scenario.pools], scenario, placements)


def start_costs(scenario: Scenario, placements: list[Placement]) -> tuple[Floats, Floats]:
    """What a node start costs at each placement besides loading weights: J and USD, (P,) each."""
    names = [variant.name for variant in scenario.variants]
    costs = [scenario.pools[p.pool].move_cost for p in placements]
    found = [
        each.get(names[p.variant], each.get(EVERY, MoveCost()))
        for each, p in zip(costs, placements, strict=True)
    ]
    return np.array([cost.kwh * 3.6e6 for cost in found]), np.array([cost.usd for cost in found])


def least_epochs(scenario: Scenario, placements: list[Placement], field: str) -> Longs:
    """A minimum time of each placement in whole epochs, rounded up, (P,).

    Raises SlitError where it is longer than the horizon.
    """
    names = [variant.name for variant in scenario.variants]
    hour, most = 3600.0 / scenario.horizon.epoch_seconds, scenario.horizon.epochs
    epochs = np.zeros(len(placements), dtype=np.int64)
    for n, p in enumerate(placements):
        pool = scenario.pools[p.pool]
        stated = getattr(pool, field)
        hours = stated.get(names[p.variant], stated.get(EVERY, 0.0))
        epochs[n] = np.ceil(hours * hour - 1e-9)
        if epochs[n] > most:
            raise SlitError(
                f"pools.{pool.name}.{field}: {hours:g} of {names[p.variant]}, expected at most "
                f"{most / hour:g} (hours of the horizon)"
            )
    return epochs


def _stated(
    by_pool: list[dict[str, int]], scenario: Scenario, placements: list[Placement]
) -> Longs:
    names = [variant.name for variant in scenario.variants]
    nodes, seen = np.zeros(len(placements), dtype=np.int64), set()
    for n, p in enumerate(placements):
        if (p.pool, p.variant) not in seen:
            nodes[n] = by_pool[p.pool].get(names[p.variant], 0)
        seen.add((p.pool, p.variant))
    return nodes


def at_placements(by_pair: NDArray[Any], placements: list[Placement]) -> NDArray[Any]:
    """The columns (..., P) of an array (..., Q, V) that belong to the placements."""
    pools, variants = [p.pool for p in placements], [p.variant for p in placements]
    return np.asarray(by_pair[..., pools, variants])
