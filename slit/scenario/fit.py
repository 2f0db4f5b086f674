"""Which pools can serve which variants to whom, and why the others cannot (model.md section 2)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.scenario.records import ModelVariant, NodeType, RequestClass, Residency, Service
from slit.scenario.scenario import Scenario
from slit.service import ServiceModel


class ServedPair(NamedTuple):
    """A pool with nodes and a service of a variant at its node type.

    A pair of pool and variant occurs once for each operating point, in the order of batches.
    """

    pool: int
    variant: int
    node_type: NodeType
    service: Service
    points: int  # operating points of the same pool and variant
    smallest: bool  # whether no other has a smaller batch


def service_model(node: NodeType, service: Service) -> ServiceModel:
    """What requests take at a node type."""
    return ServiceModel(
        replicas=node.gpus // service.gpus_per_replica,
        prefill_rate=service.prefill_tokens_per_s,
        prefill_fixed_s=service.prefill_fixed_s,
        prefill_slope_s=service.prefill_slope_s,
        step_fixed_s=service.step_fixed_s,
        step_slope_s=service.step_slope_s,
        idle_w=node.idle_w,
        prefill_w=node.prefill_w if service.prefill_w is None else service.prefill_w,
        decode_w=node.decode_w if service.decode_w is None else service.decode_w,
        wait_s=service.wait_s,
        energy_ratio=service.energy_ratio,
    )


def pairs(scenario: Scenario) -> Iterator[ServedPair]:
    """All pairs, by pool, variant and batch, whether the variant fits or not."""
    services: dict[tuple[str, str], list[Service]] = {}
    for service in sorted(scenario.services, key=lambda service: service.batch):
        services.setdefault((service.node_type, service.variant), []).append(service)
    types = {node.name: node for node in scenario.node_types}
    for q, pool in enumerate(scenario.pools):
        for v, variant in enumerate(scenario.variants):
            points = services.get((pool.node_type, variant.name), []) if pool.nodes > 0 else []
            for n, service in enumerate(points):
                yield ServedPair(q, v, types[pool.node_type], service, len(points), n == 0)


def batches(scenario: Scenario, listed: Sequence[ServedPair]) -> Longs:
    """(K, L): requests that a replica of each listed pair decodes together; 0 where it cannot serve
    a class, for want of memory, room for the KV cache or speed (`itl_limit_s`).

    The KV cache is sized for the class's longest mean context over the horizon. Of several
    operating points only the smallest batch shrinks until it fits.
    """
    share, tokens = scenario.accounting.memory_share, contexts(scenario)
    found = np.zeros((len(tokens), len(listed)), np.int64)
    for n, pair in enumerate(listed):
        variant = scenario.variants[pair.variant]
        free = free_memory(pair.service, pair.node_type, variant, share)
        for k, kind in enumerate(scenario.classes):
            context = float(tokens[k])
            if obstacle(scenario, pair.service, pair.node_type, variant, kind, context) is None:
                batch = batch_of(pair.service, variant, free, context)
                found[k, n] = batch if pair.smallest or batch == pair.service.batch else 0
    return found


def unfit_points(scenario: Scenario, listed: Sequence[ServedPair]) -> Iterator[str]:
    """The operating points whose KV cache fits for no class, though a smaller batch might."""
    tokens, share = contexts(scenario), scenario.accounting.memory_share
    shortest = min((float(each) for each in tokens if each > 0), default=0.0)
    for pair in listed:
        variant, service = scenario.variants[pair.variant], pair.service
        free = free_memory(service, pair.node_type, variant, share)
        if not pair.smallest and free > 0:
            most = batch_of(service, variant, free, shortest)
            if most < service.batch:
                yield (
                    f"services.{variant.name} on {service.node_type}: batch {service.batch}, "
                    f"expected at most {most} (the KV cache of {shortest:g} tokens a request, "
                    f"{free / 1e9:.4g} GB free in a replica)"
                )


def residency(scenario: Scenario, *, rules: Sequence[Residency] | None = None) -> Bools:
    """(O, K, Q, V): whether rules, those of the scenario where none are given, let a pool serve a
    variant to an origin's class."""
    sites = {site.name: site for site in scenario.datacenters}
    places = [sites[pool.datacenter] for pool in scenario.pools]
    shape = tuple(map(len, (scenario.origins, scenario.classes, places, scenario.variants)))
    allowed = np.ones(shape, np.bool_)
    for rule in scenario.residency if rules is None else rules:
        free = not (rule.datacenters or rule.jurisdictions)
        here = [
            free or s.name in rule.datacenters or s.jurisdiction in rule.jurisdictions
            for s in places
        ]
        variants = [not rule.variants or v.name in rule.variants for v in scenario.variants]
        origins = [not rule.origins or o.name in rule.origins for o in scenario.origins]
        classes = [not rule.classes or k.name in rule.classes for k in scenario.classes]
        allowed[np.ix_(origins, classes)] &= np.logical_and.outer(here, variants)
    return allowed


def allowed_pairs(scenario: Scenario, *, rules: Sequence[Residency] | None = None) -> Bools:
    """(O, K, L): whether rules, services and memory let each of the `pairs` serve an origin's
    class; `rules` as in `residency`."""
    listed = list(pairs(scenario))
    here = [pair.pool for pair in listed], [pair.variant for pair in listed]
    by_rules = residency(scenario, rules=rules)[..., *here]
    return np.asarray(by_rules & (batches(scenario, listed) > 0))


def free_memory(
    service: Service, node: NodeType, variant: ModelVariant, memory_share: float
) -> float:
    """Bytes of one replica left for the KV cache; at most 0 where the weights do not fit."""
    memory = service.gpus_per_replica * node.gpu_memory_gb
    return (memory_share * memory - variant.weight_gb) * 1e9


def misfit(
    service: Service, node: NodeType, variant: ModelVariant, memory_share: float
) -> str | None:
    """Why no replica of a variant stands on a node type; None where one does."""
    if service.gpus_per_replica > node.gpus:
        return (
            f"a replica of {service.gpus_per_replica} GPUs on {node.name} with {node.gpus} GPUs a "
            "node (a replica cannot span nodes)"
        )
    if free_memory(service, node, variant, memory_share) <= 0:
        usable = memory_share * service.gpus_per_replica * node.gpu_memory_gb
        return (
            f"weights of {variant.weight_gb:g} GB in a replica of {service.gpus_per_replica} GPUs "
            f"of {node.name} with {usable:g} GB ({memory_share:.0%} of their memory)"
        )
    return None


def batch_of(service: Service, variant: ModelVariant, free: float, tokens: float) -> int:
    """Requests of a context of `tokens` that a replica decodes together; 0 where none fits."""
    size = tokens * variant.kv_bytes_per_token
    return service.batch if size == 0 else int(min(service.batch, free // size))


def obstacle(
    scenario: Scenario,
    service: Service,
    node: NodeType,
    variant: ModelVariant,
    request_class: RequestClass,
    tokens: float,
) -> str | None:
    """Why a replica cannot serve a class with contexts of up to `tokens`; None where it can."""
    share = scenario.accounting.memory_share
    reason = misfit(service, node, variant, share)
    if reason is not None:
        return reason
    free = free_memory(service, node, variant, share)
    batch = batch_of(service, variant, free, tokens)
    who = f"{variant.name} on {node.name}"
    if batch < 1:
        size = tokens * variant.kv_bytes_per_token / 1e9
        return (
            f"{who}: KV cache of {size:.4g} GB for a request of {tokens:.6g} tokens, "
            f"{free / 1e9:.4g} GB free"
        )
    step = float(service_model(node, service).step_seconds(batch))
    limit = request_class.itl_limit_s
    if limit is not None and step > limit:
        return f"{who}: {step:.4g} s per output token at batch {batch}, itl_limit_s {limit:g}"
    return None


def obstacles(scenario: Scenario, k: int, served: Iterable[tuple[NodeType, Service]]) -> str:
    """Why none of some services at node types can serve a class."""
    variants = {variant.name: variant for variant in scenario.variants}
    kind, tokens = scenario.classes[k], float(contexts(scenario)[k])
    reasons = (
        obstacle(scenario, service, node, variants[service.variant], kind, tokens)
        for node, service in served
    )
    return first_of(reason for reason in reasons if reason)


def contexts(scenario: Scenario) -> Floats:
    """(K,): longest mean context of each class over the horizon, tokens."""
    demand = scenario.demand
    tokens = np.where(demand.requests > 0, demand.prompt + demand.output, 0.0)
    return np.asarray(tokens.max(axis=(0, 1)))


def why_nowhere(scenario: Scenario, variant: ModelVariant) -> str | None:
    """Why no pool holds a variant; None where one does."""
    types = {node.name: node for node in scenario.node_types}
    used = {pool.node_type for pool in scenario.pools if pool.nodes > 0}
    services = [s for s in scenario.services if s.variant == variant.name]
    if not services:
        return "no service names it"
    mine = [service for service in services if service.node_type in used]
    if not mine:
        return f"no pool has nodes of {first_of(s.node_type for s in services)}"
    share = scenario.accounting.memory_share
    reasons = [misfit(s, types[s.node_type], variant, share) for s in mine]
    return None if None in reasons else first_of(str(reason) for reason in reasons)


def first_of(reasons: Iterable[str], *, most: int = 3) -> str:
    """The first distinct reasons, and how many more there are."""
    distinct = list(dict.fromkeys(reasons))
    rest = len(distinct) - most
    return "; ".join(distinct[:most]) + (f"; {rest} more" if rest > 0 else "")
