"""Why a node type cannot serve a variant, or not to a class (model.md section 2)."""

from collections.abc import Iterable

import numpy as np

from operators.types import Floats
from slit.scenario.records import ModelVariant, NodeType, RequestClass, Service
from slit.scenario.scenario import Scenario


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
    step = service.step_fixed_s + service.step_slope_s * batch
    limit = request_class.itl_limit_s
    if limit is not None and step > limit:
        return f"{who}: {step:.4g} s per output token at batch {batch}, itl_limit_s {limit:g}"
    return None


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
