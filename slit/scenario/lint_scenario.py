"""What is wrong, or worth knowing, in a scenario that loads."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from slit.scenario.findings import Finding, Severity
from slit.scenario.records import Service
from slit.scenario.resampling import clock_of
from slit.scenario.scenario import Scenario
from slit.sources.stamps import stamp_text

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

MOSTLY = 0.5
"""Share of estimated figures from which a note becomes a warning."""


def lint_scenario(scenario: Scenario) -> Iterator[Finding]:
    """Methods, negative prices, estimates, and demand that surely cannot be served."""
    yield from _methods(scenario)
    yield from _negative_prices(scenario)
    yield from _estimates(scenario)
    allowed = allowed_pairs(scenario)
    yield from _variants_without_a_place(scenario)
    yield from _groups_without_a_place(scenario, allowed)
    yield from _demand_beyond_capacity(scenario, allowed)


def _methods(scenario: Scenario) -> Iterator[Finding]:
    for name in ("water_method", "pue_method"):
        sites: dict[str, list[str]] = {}
        for site in scenario.datacenters:
            sites.setdefault(str(getattr(site, name)), []).append(site.name)
        if len(sites) > 1:
            found = "; ".join(f"{method} at {', '.join(who)}" for method, who in sites.items())
            yield Finding(
                Severity.WARNING, f"datacenters.{name}", found,
                "one method for all sites (mixed methods rank methods, not sites)",
            )  # fmt: skip


def _negative_prices(scenario: Scenario) -> Iterator[Finding]:
    price = scenario.signals.price
    for d, site in enumerate(scenario.datacenters):
        below = int((price[:, d] < 0).sum())
        if below:
            yield Finding(
                Severity.NOTE, f"datacenters.{site.name}.price",
                f"below 0 in {below} of {len(price)} epochs, least {price[:, d].min():g} USD/kWh",
                "that they are meant: negative prices are kept",
            )  # fmt: skip


def _estimates(scenario: Scenario) -> Iterator[Finding]:
    for entry in scenario.inputs:
        share = entry.estimated_share
        if share is None:
            yield Finding(
                Severity.NOTE, f"inputs.{entry.name}", "not stated whether figures are estimated",
                "estimated, estimated_column or an entry of [[inputs]] with estimated_share",
            )  # fmt: skip
        elif share > 0:
            yield Finding(
                Severity.WARNING if share >= MOSTLY else Severity.NOTE, f"inputs.{entry.name}",
                f"{share:.0%} of the figures are estimated" if share > 0.005
                else "some figures are estimated (less than 1 %)",
                "measured figures where there are any",
            )  # fmt: skip
        if entry.source == "not stated":
            yield Finding(
                Severity.NOTE, f"inputs.{entry.name}", "no source stated",
                "an entry of [[inputs]] with its source and license",
            )  # fmt: skip


def fitting(scenario: Scenario, service: Service) -> bool:
    """Whether the weights fit the memory of a replica at all."""
    node = next(n for n in scenario.node_types if n.name == service.node_type)
    variant = next(v for v in scenario.variants if v.name == service.variant)
    memory = service.gpus_per_replica * node.gpu_memory_gb * scenario.accounting.memory_share
    return service.gpus_per_replica <= node.gpus and variant.weight_gb < memory


def allowed_pairs(scenario: Scenario) -> Bools:
    """(O, K, Q, V): whether rules, services and memory let a pool serve a variant to a group.

    Necessary only: the KV cache and `itl_limit_s` may still forbid it.
    """
    services = {(s.node_type, s.variant) for s in scenario.services if fitting(scenario, s)}
    exists = np.array(
        [
            [pool.nodes > 0 and (pool.node_type, v.name) in services for v in scenario.variants]
            for pool in scenario.pools
        ]
    )
    sites = {site.name: site for site in scenario.datacenters}
    shape = (len(scenario.origins), len(scenario.classes), *exists.shape)
    allowed = np.broadcast_to(exists, shape).copy()
    for rule in scenario.residency:
        places = [sites[pool.datacenter] for pool in scenario.pools]
        free = not (rule.datacenters or rule.jurisdictions)
        here = np.array(
            [free or s.name in rule.datacenters or s.jurisdiction in rule.jurisdictions
             for s in places]
        )  # fmt: skip
        variants = np.array(
            [not rule.variants or v.name in rule.variants for v in scenario.variants]
        )
        origins = [not rule.origins or o.name in rule.origins for o in scenario.origins]
        classes = [not rule.classes or k.name in rule.classes for k in scenario.classes]
        allowed[np.ix_(origins, classes)] &= here[:, None] & variants[None, :]
    return allowed


def _variants_without_a_place(scenario: Scenario) -> Iterator[Finding]:
    types = {pool.node_type for pool in scenario.pools if pool.nodes > 0}
    for variant in scenario.variants:
        mine = [s for s in scenario.services if s.variant == variant.name and s.node_type in types]
        if not any(fitting(scenario, service) for service in mine):
            why = "its weights fit no replica" if mine else "no service on the node types in use"
            yield Finding(
                Severity.ERROR, f"variants.{variant.name}",
                f"fits no pool ({why}, {variant.weight_gb:g} GB)",
                "a service on a node type whose memory holds its weights",
            )  # fmt: skip


def _groups_without_a_place(scenario: Scenario, allowed: Bools) -> Iterator[Finding]:
    asked = scenario.demand.requests.sum(axis=0) > 0
    for o, k in np.argwhere(asked & ~allowed.any(axis=(2, 3))):
        yield Finding(
            Severity.ERROR, "residency",
            f"no allowed placement for {scenario.classes[k].name} from {scenario.origins[o].name}",
            "at least one pool and variant for every group with requests",
        )  # fmt: skip


def _demand_beyond_capacity(scenario: Scenario, allowed: Bools) -> Iterator[Finding]:
    """Each group at its cheapest placement, all nodes pooled: more is surely too much."""
    capacity = sum(pool.nodes for pool in scenario.pools)
    needed = least_nodes(scenario, allowed)
    short = np.flatnonzero(needed > capacity * (1 + 1e-9))
    if len(short):
        worst = int(np.argmax(needed))
        hours = scenario.horizon.epoch_seconds / 3600
        when = stamp_text(int(clock_of(scenario.horizon).begins[worst]))
        yield Finding(
            Severity.ERROR, "demand",
            f"epoch {worst} ({when}) needs {needed[worst] * hours:.6g} node-hours at the fastest "
            f"placements ({(needed[worst] - capacity) * hours:.4g} node-hours short; {len(short)} "
            "epochs are)",
            f"at most {capacity * hours:.6g} (all nodes)",
        )  # fmt: skip


def least_nodes(scenario: Scenario, allowed: Bools) -> Floats:
    """(T,): nodes that the demand of each epoch needs at least, whatever the plan."""
    demand = scenario.demand
    services = {(s.node_type, s.variant): s for s in scenario.services}
    types = {node.name: node for node in scenario.node_types}
    least = np.full(demand.requests.shape, np.inf)
    for q, pool in enumerate(scenario.pools):
        for v, variant in enumerate(scenario.variants):
            service = services.get((pool.node_type, variant.name))
            if service is None or not allowed[:, :, q, v].any():
                continue
            replicas = types[pool.node_type].gpus // service.gpus_per_replica
            step = service.step_fixed_s + service.step_slope_s * service.batch
            rate = replicas * service.batch / step
            seconds = demand.prompt / service.prefill_tokens_per_s + demand.output / rate
            least = np.where(allowed[None, :, :, q, v], np.minimum(least, seconds), least)
    least = np.where(np.isfinite(least), least, 0.0)
    work = (demand.requests * least).sum(axis=(1, 2))
    share = scenario.accounting.utilization * scenario.horizon.epoch_seconds
    return np.asarray(work / share)
