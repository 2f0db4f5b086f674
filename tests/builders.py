"""Random valid scenarios for tests, built directly from records."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from math import ceil

import numpy as np

from operators.types import Floats
from slit.scenario.fit import allowed_pairs, misfit, pairs
from slit.scenario.pools import EVERY, MoveCost, NodePool
from slit.scenario.records import (
    Accounting,
    Datacenter,
    Horizon,
    HorizonStart,
    LoadingMode,
    ModelVariant,
    NodeType,
    Origin,
    RequestClass,
    Residency,
    Resolution,
    Service,
)
from slit.scenario.routing_entry import RoutingEntry
from slit.scenario.scenario import Demand, Scenario, Signals

Rng = np.random.Generator


def random_scenario(
    rng: Rng,
    *,
    epochs: int = 3,
    epoch_seconds: float = 3600.0,
    origins: int = 2,
    classes: int = 2,
    datacenters: int = 3,
    pools_per_datacenter: int = 2,
    node_types: int = 2,
    variants: int = 3,
    genes: int = 30,
    loading: str = "on_demand",
    begins: str = "free",
    negative_prices: bool = True,
    renewables: bool = True,
    standby: bool = True,
    residency: bool = True,
    empty_groups: bool = True,
    extras: bool = True,
    spare_nodes: int = 2,
    nodes_per_group: float = 1.5,
    warm: bool = False,
    today: bool = False,
    move_cost: bool = False,
    times: bool = False,
    states: bool = False,
    curves: bool = False,
) -> Scenario:
    """A random scenario in which at least one plan is feasible.

    That plan serves each (origin, class) wholly at one placement; capacity is what it needs plus 0
    to `spare_nodes` nodes a pool, so most random plans are infeasible. Corner cases by switch:
    prices below zero, on-site renewables above the load, standby power, residency rules, groups
    without requests, `warm` nodes (on top of the others), a routing of `today` by eighths, a
    `move_cost` of node starts, minimum `times` up and down, `states` of unused nodes and committed
    ones, power `curves` of partly filled nodes, `extras` (water energy, embodied
    carbon, rental, egress, ITL limits, variants that fit nowhere or only with a smaller batch).
    `nodes_per_group` is the typical need of a group in nodes: below 1 many cells hold a single
    node. Same `rng` state, same scenario.
    """
    class_records = tuple(_random_class(rng, k, extras) for k in range(classes))
    type_records = tuple(_random_node_type(rng, n, standby, extras) for n in range(node_types))
    center_records = tuple(_random_datacenter(rng, d, extras) for d in range(datacenters))
    origin_records = tuple(_random_origin(rng, o) for o in range(origins))
    variant_records, services = _random_variants(
        rng, variants, class_records, type_records, epoch_seconds, extras
    )
    rules = _random_rules(rng, origins, classes, datacenters, variants) if residency else ()
    accounting = Accounting(
        reservoir_evaporation=False,
        loading=LoadingMode(loading),
        utilization=float(rng.choice([0.6, 0.8, 0.95])),
        arrival_scv=float(rng.uniform(0.5, 3)),
        service_scv=float(rng.uniform(0.2, 2)),
        water_energy_carbon=extras,
        embodied=extras,
        rental=extras,
        egress_kb_per_token=0.004 if extras else 0.0,
    )
    pool_types = [
        (d, 0 if d == 0 and q == 0 else int(rng.integers(node_types)))
        for d in range(datacenters)
        for q in range(pools_per_datacenter)
    ]
    shape = (epochs, origins, classes)
    prompt, output = rng.uniform(20, 1500, shape).round(), rng.uniform(1, 400, shape).round()
    need = nodes_per_group * rng.lognormal(0.0, 0.8, shape)
    if empty_groups:
        need[rng.random(shape) < 0.15] = 0.0
        if not need.any():
            need[0, 0, 0] = nodes_per_group
    homes = _homes(rng, shape, rules, pool_types, variant_records, class_records, services)
    seconds = _node_seconds(homes, pool_types, type_records, services, prompt, output)
    requests = (need * accounting.utilization * epoch_seconds / seconds).round(3)
    work = requests * seconds / (accounting.utilization * epoch_seconds)
    nodes = _nodes(rng, work, homes, len(pool_types), spare_nodes)
    pools = tuple(
        NodePool(
            name=f"pool{q}",
            datacenter=f"dc{d}",
            node_type=f"type{n}",
            nodes=nodes[q],
            initial_nodes=_initial(rng, nodes[q]) if begins == HorizonStart.GIVEN else {},
        )
        for q, (d, n) in enumerate(pool_types)
    )
    signals = _random_signals(
        rng, epochs, pools, center_records, epoch_seconds / 3600, negative_prices, renewables
    )
    scenario = Scenario(
        name="random",
        horizon=Horizon(
            start=datetime(2023, 7, 1, tzinfo=UTC),
            epochs=epochs,
            epoch_seconds=epoch_seconds,
            begins=HorizonStart(begins),
        ),
        accounting=accounting,
        resolution=Resolution(genes=genes),
        classes=class_records,
        origins=origin_records,
        datacenters=center_records,
        node_types=type_records,
        pools=pools,
        variants=variant_records,
        services=services,
        residency=rules,
        signals=signals,
        demand=Demand(requests=requests, prompt=prompt, output=output),
        round_trip_s=rng.uniform(0.0, 0.3, (origins, datacenters)),
    )
    scenario = _with_warm_nodes(rng, scenario) if warm else scenario
    scenario = _with_today(rng, scenario) if today else scenario
    scenario = _with_move_costs(rng, scenario) if move_cost else scenario
    scenario = _with_times(rng, scenario) if times else scenario
    scenario = _with_states(rng, scenario) if states else scenario
    return _with_curves(rng, scenario) if curves else scenario


def _with_curves(rng: Rng, scenario: Scenario) -> Scenario:
    """Power curves of none to three points above the chord, which may rise above full power."""
    types = {kind.name: kind for kind in scenario.node_types}
    services = []
    for service in scenario.services:
        kind, above = types[service.node_type], float(rng.choice([1.0, 3000.0]))
        loads = sorted(rng.choice(np.arange(1, 10), size=rng.integers(4), replace=False) / 10)
        curve = [
            (x, kind.idle_w + x * (kind.decode_w - kind.idle_w) + above * rng.random())
            for x in loads
        ]
        services.append(service.model_copy(update={"power_curve": tuple(curve)}))
    return replace(scenario, services=tuple(services))


def _with_states(rng: Rng, scenario: Scenario) -> Scenario:
    """Nodes that may be off and boot, and committed ones, in most pools."""
    kinds = [
        kind.model_copy(
            update={
                "off_w": kind.standby_w * float(rng.choice([0.0, 0.2, 1.0])),
                "boot_seconds": float(rng.choice([0.0, 60.0, 300.0])),
                "boot_kwh": float(rng.choice([0.0, 0.3, 5.0])),
                "committed_usd_per_hour": float(rng.uniform(0, 9)) if rng.random() < 0.7 else None,
            }
        )
        for kind in scenario.node_types
    ]
    pools = [
        pool.model_copy(
            update={
                "off_nodes": int(rng.integers(pool.nodes + 1)),
                "committed_nodes": int(rng.integers(pool.nodes + 1)),
            }
        )
        for pool in scenario.pools
    ]
    return replace(scenario, pools=tuple(pools), node_types=tuple(kinds))


def _with_times(rng: Rng, scenario: Scenario) -> Scenario:
    """Minimum times of up to three epochs, and no more than there are."""
    hours = scenario.horizon.epoch_seconds / 3600
    most = min(3, scenario.horizon.epochs)
    pools = [
        pool.model_copy(
            update={
                "min_up_hours": {EVERY: hours * int(rng.integers(most + 1))},
                "min_down_hours": {"variant0": hours * int(rng.integers(most + 1))},
            }
        )
        for pool in scenario.pools
    ]
    return replace(scenario, pools=tuple(pools))


def _with_move_costs(rng: Rng, scenario: Scenario) -> Scenario:
    """Energy and money of starts in most pools: of every variant, or of the first alone."""
    costs = [
        {
            str(rng.choice([EVERY, "variant0"])): MoveCost(
                kwh=float(rng.choice([0.0, 0.5, 6.0])), usd=float(rng.uniform(0, 2))
            )
        }
        for _ in scenario.pools
    ]
    pools = [
        pool.model_copy(update={"move_cost": cost if rng.random() < 0.8 else {}})
        for pool, cost in zip(scenario.pools, costs, strict=True)
    ]
    return replace(scenario, pools=tuple(pools))


def _with_today(rng: Rng, scenario: Scenario) -> Scenario:
    """A routing of today that gives up to three allowed placements eighths of each group."""
    listed, allowed = list(pairs(scenario)), allowed_pairs(scenario)
    entries = []
    for o, k in np.argwhere((scenario.demand.requests > 0).any(axis=0)).tolist():
        chosen = rng.choice(np.flatnonzero(allowed[o, k]), size=3).tolist()
        shares = np.diff([0, *np.sort(rng.integers(0, 9, size=2)), 8]) / 8
        entries += [(o, k, listed[n], share) for n, share in zip(chosen, shares, strict=True)]
    return replace(
        scenario,
        today=tuple(
            RoutingEntry(
                origin=scenario.origins[o].name,
                request_class=scenario.classes[k].name,
                pool=scenario.pools[pair.pool].name,
                variant=scenario.variants[pair.variant].name,
                share=float(share),
            )
            for o, k, pair, share in entries
        ),
    )


def _with_warm_nodes(rng: Rng, scenario: Scenario) -> Scenario:
    """Up to 2 warm nodes of about half the variants that fit a pool; as many more nodes."""
    pools = list(scenario.pools)
    for pair in pairs(scenario):
        variant = scenario.variants[pair.variant]
        unfit = misfit(pair.service, pair.node_type, variant, scenario.accounting.memory_share)
        if unfit is None and rng.random() < 0.5:
            pool, count = pools[pair.pool], int(rng.integers(1, 3))
            changed = {
                "nodes": pool.nodes + count,
                "warm_nodes": pool.warm_nodes | {variant.name: count},
            }
            pools[pair.pool] = pool.model_copy(update=changed)
    return replace(scenario, pools=tuple(pools))


def _random_class(rng: Rng, k: int, extras: bool) -> RequestClass:
    return RequestClass(
        name=f"class{k}",
        slo_ttft_s=float(rng.choice([0.15, 0.5, 2.0, 10.0])),
        itl_limit_s=0.2 if extras and rng.random() < 0.5 else None,
    )


def _random_node_type(rng: Rng, n: int, standby: bool, extras: bool) -> NodeType:
    idle = float(rng.uniform(500, 5000))
    return NodeType(
        name=f"type{n}",
        gpus=int(rng.choice([4, 8])),
        gpu_memory_gb=float(rng.choice([40, 80])),
        load_gb_per_s=float(rng.choice([2, 10, 40])),
        idle_w=idle,
        prefill_w=idle * float(rng.uniform(1, 3)),
        decode_w=idle * float(rng.uniform(1, 2)),
        standby_w=idle * float(rng.choice([0.0, 0.1, 1.0])) if standby else 0.0,
        embodied_kg_per_hour=0.05 * n if extras else 0.0,
        rental_usd_per_hour=10.0 + n if extras else 0.0,
    )


def _random_datacenter(rng: Rng, d: int, extras: bool) -> Datacenter:
    return Datacenter(
        name=f"dc{d}",
        zone=f"zone{d}",
        latitude=float(rng.uniform(-60, 70)),
        longitude=float(rng.uniform(-180, 180)),
        jurisdiction="home" if d == 0 else str(rng.choice(["home", "abroad"])),
        water_stress=float(rng.uniform(0, 3)),
        egress_usd_per_gb=float(rng.uniform(0, 0.1)) if extras else 0.0,
    )


def _random_origin(rng: Rng, o: int) -> Origin:
    return Origin(
        name=f"origin{o}",
        latitude=float(rng.uniform(-60, 70)),
        longitude=float(rng.uniform(-180, 180)),
        jurisdiction=str(rng.choice(["home", "abroad"])),
        last_mile_ms=float(rng.uniform(0, 30)),
    )


def _random_variants(
    rng: Rng,
    count: int,
    classes: tuple[RequestClass, ...],
    types: tuple[NodeType, ...],
    epoch_seconds: float,
    extras: bool,
) -> tuple[tuple[ModelVariant, ...], tuple[Service, ...]]:
    """Variants and their services; the first fits everywhere with its whole batch.

    The others fit at least the first node type. With `extras`, another node type may lack a
    service for them or put too large weights on one GPU, and from the third on a variant may be so
    hungry for KV cache that its batch must shrink.
    """
    records, services = [], []
    for v in range(count):
        parameters = float(rng.choice([1, 8, 30, 70])) if v else 4.0
        weight = 2.0 * parameters
        hungry = extras and v >= 2 and rng.random() < 0.3
        load = min(node.load_gb_per_s for node in types)
        weight = min(weight, 0.9 * load * epoch_seconds)
        records.append(
            ModelVariant(
                name=f"variant{v}",
                family=f"family{v % 2}",
                parameters_b=parameters,
                weight_gb=weight,
                kv_bytes_per_token=1e6 if hungry else 1e4,
                quality={k.name: float(rng.uniform(0.2, 1)) for k in classes},
            )
        )
        for n, node in enumerate(types):
            if extras and v >= 1 and n >= 1 and rng.random() < 0.2:
                continue
            gpus = 1 if v == 0 or (extras and n >= 1 and rng.random() < 0.2) else 4
            services.append(_random_service(rng, n, v, gpus, node.gpus // gpus, parameters))
    return tuple(records), tuple(services)


def _random_service(
    rng: Rng, n: int, v: int, gpus: int, replicas: int, parameters: float
) -> Service:
    speed = float(rng.uniform(0.5, 1.5)) * (1 + n)
    rate = 60_000 * speed / parameters * gpus
    return Service(
        node_type=f"type{n}",
        variant=f"variant{v}",
        gpus_per_replica=gpus,
        batch=int(rng.choice([1, 16, 64])) if v else 16,
        prefill_tokens_per_s=rate * replicas,
        prefill_fixed_s=float(rng.uniform(0.0, 0.05)),
        prefill_slope_s=1.0 / rate,
        step_fixed_s=0.002 * parameters / gpus / speed,
        step_slope_s=float(rng.uniform(1e-5, 5e-4)),
        estimated=bool(rng.random() < 0.5),
    )


def _random_rules(
    rng: Rng, origins: int, classes: int, datacenters: int, variants: int
) -> tuple[Residency, ...]:
    """Rules that all allow datacenter 0 and variant 0."""
    rules = [
        Residency(origins=(f"origin{int(rng.integers(origins))}",), jurisdictions=("home",)),
        Residency(
            classes=(f"class{int(rng.integers(classes))}",),
            variants=tuple(f"variant{v}" for v in range(variants) if v == 0 or rng.random() < 0.6),
        ),
    ]
    if rng.random() < 0.5:
        allowed = (f"dc{d}" for d in range(datacenters) if d == 0 or rng.random() < 0.7)
        rules.append(Residency(datacenters=tuple(allowed)))
    return tuple(rules)


def _homes(
    rng: Rng,
    shape: tuple[int, int, int],
    rules: tuple[Residency, ...],
    pool_types: list[tuple[int, int]],
    variants: tuple[ModelVariant, ...],
    classes: tuple[RequestClass, ...],
    services: tuple[Service, ...],
) -> dict[tuple[int, int], tuple[int, int]]:
    """For each (origin, class) a (pool, variant) that surely serves it, within the rules."""
    served = {(s.node_type, s.variant): s for s in services}
    homes = {}
    for o in range(shape[1]):
        for k in range(shape[2]):
            applying = [
                rule
                for rule in rules
                if (not rule.origins or f"origin{o}" in rule.origins)
                and (not rule.classes or f"class{k}" in rule.classes)
            ]
            first = {name for rule in applying for name in rule.jurisdictions}
            options = [(0, 0)]
            for q, (d, n) in enumerate(pool_types):
                for v, variant in enumerate(variants[:2]):
                    service = served.get((f"type{n}", variant.name))
                    if service is None or (first and d != 0):
                        continue
                    step = service.step_fixed_s + service.step_slope_s * service.batch
                    limit = classes[k].itl_limit_s
                    roomy = service.gpus_per_replica * 40 > 1.2 * variant.weight_gb + 5
                    if not roomy or (limit is not None and step > limit):
                        continue
                    if all(_allows(rule, f"dc{d}", variant.name) for rule in applying):
                        options.append((q, v))
            homes[o, k] = options[int(rng.integers(len(options)))]
    return homes


def _allows(rule: Residency, datacenter: str, variant: str) -> bool:
    return (not rule.datacenters or datacenter in rule.datacenters) and (
        not rule.variants or variant in rule.variants
    )


def _node_seconds(
    homes: dict[tuple[int, int], tuple[int, int]],
    pool_types: list[tuple[int, int]],
    types: tuple[NodeType, ...],
    services: tuple[Service, ...],
    prompt: Floats,
    output: Floats,
) -> Floats:
    """Node-seconds of one request of each group at its home."""
    served = {(s.node_type, s.variant): s for s in services}
    seconds = np.empty(prompt.shape)
    for (o, k), (q, v) in homes.items():
        node = types[pool_types[q][1]]
        service = served[node.name, f"variant{v}"]
        step = service.step_fixed_s + service.step_slope_s * service.batch
        replicas = node.gpus // service.gpus_per_replica
        decode = service.batch * replicas / step
        seconds[:, o, k] = prompt[:, o, k] / service.prefill_tokens_per_s + output[:, o, k] / decode
    return seconds


def _nodes(
    rng: Rng,
    work: Floats,
    homes: dict[tuple[int, int], tuple[int, int]],
    pools: int,
    spare: int,
) -> list[int]:
    """Nodes of each pool: what the home plan needs at its peak, plus 0 to `spare`."""
    cells: dict[tuple[int, int], Floats] = {}
    for (o, k), home in homes.items():
        cells[home] = cells.get(home, np.zeros(work.shape[0])) + work[:, o, k]
    nodes = []
    for q in range(pools):
        peak = sum(
            (np.ceil(needed * (1 + 1e-5)) for (pool, _), needed in cells.items() if pool == q),
            start=np.zeros(work.shape[0]),
        )
        nodes.append(max(int(peak.max()) + int(rng.integers(spare + 1)), int(q == 0)))
    return nodes


def _initial(rng: Rng, nodes: int) -> dict[str, int]:
    """Some nodes of the pool hold the first variant, which fits everywhere."""
    return {"variant0": int(rng.integers(nodes + 1))}


def _random_signals(
    rng: Rng,
    epochs: int,
    pools: tuple[NodePool, ...],
    centers: tuple[Datacenter, ...],
    hours: float,
    negative_prices: bool,
    renewables: bool,
) -> Signals:
    shape = (epochs, len(centers))
    price = rng.uniform(0.0, 0.3, shape)
    if negative_prices:
        price = np.where(rng.random(shape) < 0.25, -price / 2, price)
        price[0, 0] = -0.1
    renewable = np.zeros(shape)
    if renewables:
        counts = [sum(p.nodes for p in pools if p.datacenter == c.name) for c in centers]
        most = np.array([ceil(n) * 15.0 * hours for n in counts])
        renewable = np.where(rng.random(shape) < 0.5, rng.uniform(0, 1.5, shape) * most, 0.0)
    return Signals(
        carbon=rng.uniform(0.0, 1.0, shape),
        price=price,
        ewif=rng.uniform(0.0, 5.0, shape),
        pue=rng.uniform(1.0, 1.8, shape),
        wue=rng.uniform(0.0, 4.0, shape),
        blowdown=rng.uniform(0.0, 0.5, shape),
        renewable=renewable,
    )


def tiled(scenario: Scenario, times: int) -> Scenario:
    """The same hours again and again, as many genes for each."""

    def repeated(tables: Signals | Demand) -> dict[str, Floats]:
        return {
            field.name: np.concatenate([getattr(tables, field.name)] * times)
            for field in fields(tables)
        }

    resolution = scenario.resolution.model_copy(update={"genes": scenario.resolution.genes * times})
    horizon = scenario.horizon.model_copy(update={"epochs": scenario.horizon.epochs * times})
    return replace(
        scenario,
        horizon=horizon,
        resolution=resolution,
        signals=Signals(**repeated(scenario.signals)),
        demand=Demand(**repeated(scenario.demand)),
    )
