"""Which pools can serve which variants, and how fast (model.md section 2)."""

from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.arrays import frozen
from slit.errors import SlitError
from slit.scenario.fit import batch_of, contexts, free_memory, misfit, why_nowhere
from slit.scenario.records import NodePool, NodeType, Residency, Service
from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Placement:
    """A pool serving a variant."""

    pool: int
    variant: int
    datacenter: int
    node_type: NodeType
    service: Service
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class ServiceRates:
    """Rates of the placements by class, arrays (K, P); a rate of 0 means it cannot serve."""

    batch: Floats
    decode_rate: Floats  # token/s of a node
    prefill_rate: Floats  # (P,) token/s of a node
    replicas: Floats  # (P,)


def placements_of(scenario: Scenario) -> list[Placement]:
    """All (pool, variant) pairs whose weights fit, by pool and then variant.

    Raises SlitError for a variant that fits nowhere.
    """
    services = {(s.node_type, s.variant): s for s in scenario.services}
    types = {node_type.name: node_type for node_type in scenario.node_types}
    centers = [center.name for center in scenario.datacenters]
    found: list[Placement] = []
    for pool_index, pool in enumerate(scenario.pools):
        node_type = types[pool.node_type]
        for variant_index, variant in enumerate(scenario.variants):
            service = services.get((pool.node_type, variant.name))
            if (
                pool.nodes > 0
                and service is not None
                and misfit(service, node_type, variant, scenario.accounting.memory_share) is None
            ):
                center = centers.index(pool.datacenter)
                name = f"{pool.name}/{variant.name}"
                found.append(Placement(pool_index, variant_index, center, node_type, service, name))
    for variant in scenario.variants:
        reason = why_nowhere(scenario, variant)
        if reason is not None:
            raise SlitError(
                f"variants.{variant.name}: fits no pool ({reason}), expected a service on a node "
                "type whose memory holds its weights"
            )
    return found


def service_rates(scenario: Scenario, placements: list[Placement]) -> ServiceRates:
    """How fast each placement serves each class, at the batch that its memory allows.

    The KV cache is sized for the class's longest mean context over the horizon; a placement serves
    a class only if at least one request fits and its time per output token meets `itl_limit_s`.
    """
    context = contexts(scenario)
    shape = (len(scenario.classes), len(placements))
    batch, decode = np.zeros(shape), np.zeros(shape)
    prefill, replicas = np.zeros(shape[1]), np.zeros(shape[1])
    for p, placement in enumerate(placements):
        service, variant = placement.service, scenario.variants[placement.variant]
        share = scenario.accounting.memory_share
        free = free_memory(service, placement.node_type, variant, share)
        replicas[p] = placement.node_type.gpus // service.gpus_per_replica
        prefill[p] = service.prefill_tokens_per_s
        for k, request_class in enumerate(scenario.classes):
            fitting = batch_of(service, variant, free, float(context[k]))
            step = service.step_fixed_s + service.step_slope_s * fitting
            limit = request_class.itl_limit_s
            if fitting >= 1 and (limit is None or step <= limit):
                batch[k, p] = fitting
                decode[k, p] = replicas[p] * fitting / step
    return ServiceRates(
        frozen(batch, np.float64),
        frozen(decode, np.float64),
        frozen(prefill, np.float64),
        frozen(replicas, np.float64),
    )


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
    """Nodes that hold each placement's variant before the first epoch, (P,)."""
    pools: tuple[NodePool, ...] = scenario.pools
    names = [variant.name for variant in scenario.variants]
    return np.array(
        [pools[p.pool].initial_nodes.get(names[p.variant], 0) for p in placements], dtype=np.int64
    )


def residency_mask(scenario: Scenario, placements: list[Placement]) -> Bools:
    """(O, K, P): which placements the residency rules allow."""
    shape = (len(scenario.origins), len(scenario.classes), len(placements))
    mask = np.ones(shape, dtype=np.bool_)
    for rule in scenario.residency:
        allowed = np.array([_allows(scenario, rule, p) for p in placements], dtype=np.bool_)
        origins = [not rule.origins or o.name in rule.origins for o in scenario.origins]
        classes = [not rule.classes or k.name in rule.classes for k in scenario.classes]
        mask[np.ix_(origins, classes)] &= allowed
    return mask


def _allows(scenario: Scenario, rule: Residency, placement: Placement) -> bool:
    center = scenario.datacenters[placement.datacenter]
    somewhere = bool(rule.datacenters or rule.jurisdictions)
    here = center.name in rule.datacenters or center.jurisdiction in rule.jurisdictions
    variant = scenario.variants[placement.variant].name
    return (here or not somewhere) and (not rule.variants or variant in rule.variants)
