"""Scenario -> Problem."""

from dataclasses import fields
from typing import Any

import numpy as np

from operators.types import Bools, Floats, Ints, Longs
from slit.arrays import frozen
from slit.errors import SlitError
from slit.problem.arrays import (
    LARGEST_SUM,
    MICROTICKS,
    Loading,
    Problem,
    Start,
    finest_scale,
)
from slit.problem.first_token import service_table
from slit.problem.groups import (
    Groups,
    allowed_placements,
    chunk_counts,
    groups_of,
    node_seconds,
)
from slit.problem.last_nodes import last_node_joules
from slit.problem.placements import (
    Placement,
    at_placements,
    initial_nodes,
    least_epochs,
    load_seconds,
    placements_of,
    start_costs,
    warm_nodes,
)
from slit.problem.today import follow_today
from slit.scenario.fit import batches, residency
from slit.scenario.records import HorizonStart, LoadingMode
from slit.scenario.scenario import Scenario, Signals


def compile_problem(scenario: Scenario, *, chunks: Longs | None = None) -> Problem:
    """Turn a scenario into the arrays that kernels read (model.md sections 1 and 2).

    chunks: (T, O, K) of each request group, such as those of a plan that is served with other
    requests; 0, or none given: by its demand.

    Raises SlitError where a variant fits no pool, a group has no allowed placement, loading takes
    an epoch or longer, or the numbers leave the range of exact integer sums.
    """
    placements = placements_of(scenario)
    if len(placements) > np.iinfo(np.int16).max:
        raise SlitError(f"placements: {len(placements)}, expected at most 32767")
    groups = groups_of(scenario)
    batch = batches(scenario, [placement.pair for placement in placements])
    by_rules = at_placements(residency(scenario), placements)
    allowed = allowed_placements(scenario, groups, placements, batch, by_rules)
    prefill, decode = node_seconds(groups, placements, batch)
    counts = chunk_counts(groups, prefill + decode, allowed, genes=scenario.resolution.genes)
    if chunks is not None:
        stated = chunks[groups.epoch, groups.origin, groups.request_class]
        counts = np.where(stated > 0, stated, counts).astype(np.int32)
    prefill, decode = np.where(allowed, prefill, 0.0), np.where(allowed, decode, 0.0)
    loading = load_seconds(scenario, placements)
    warm = warm_nodes(scenario, placements)
    per_chunk = groups.requests / counts
    base = _base_ttft(scenario, placements, groups)
    slo = np.array([request_class.slo_ttft_s for request_class in scenario.classes])
    request_scale = finest_scale(groups.requests.sum())
    prompt_scale = finest_scale((groups.requests * groups.prompt).sum())
    size = [
        np.maximum(np.rint(per_chunk * request_scale), 1.0),  # a cell divides by its requests
        np.rint(per_chunk * groups.prompt * prompt_scale),
    ]
    accounting, horizon = scenario.accounting, scenario.horizon
    cyclic = HorizonStart(horizon.begins) is HorizonStart.CYCLIC
    problem = Problem(
        epoch_seconds=horizon.epoch_seconds,
        epoch_ticks=int(horizon.epoch_seconds * MICROTICKS),
        node_ticks=int(accounting.utilization * horizon.epoch_seconds * MICROTICKS),
        loading=int(Loading.PREWARM if accounting.loading == LoadingMode.PREWARM else 0),
        start=int(Start[HorizonStart(horizon.begins).name]),
        variability=(accounting.arrival_scv + accounting.service_scv) / 2,
        **gene_arrays(groups, counts, allowed, horizon.epochs, cyclic=cyclic),
        **_placement_arrays(scenario, placements, loading, warm),
        **_work_and_energy(scenario, placements, groups, counts, prefill, decode, loading, warm),
        pool_datacenter=frozen(_pool_datacenter(scenario), np.int32),
        pool_nodes=frozen([pool.nodes for pool in scenario.pools], np.int64),
        powered_nodes=frozen([pool.nodes - pool.off_nodes for pool in scenario.pools], np.int64),
        committed_nodes=frozen([pool.committed_nodes for pool in scenario.pools], np.int64),
        chunk_size=frozen(np.stack(size, axis=-1), np.int64),
        chunk_requests=frozen(per_chunk, np.float64),
        base_ttft=frozen(base, np.float64),
        service=frozen(service_table(base, slo[groups.request_class], loading), np.float64),
        accuracy=frozen(_accuracy(scenario, placements), np.float64),
        slo=frozen(slo, np.float64),
        **{field.name: getattr(scenario.signals, field.name) for field in fields(Signals)},
        water_stress=frozen([d.water_stress for d in scenario.datacenters], np.float64),
        request_scale=request_scale,
        prompt_scale=prompt_scale,
        total_requests=float(groups.requests.sum()),
        today_chunks=frozen(np.zeros((0, len(placements))), np.int64),
    )
    return follow_today(problem, scenario) if scenario.today else problem


def _placement_arrays(
    scenario: Scenario, placements: list[Placement], loading: Floats, warm: Longs
) -> dict[str, Any]:
    on_demand = scenario.accounting.loading == LoadingMode.ON_DEMAND
    share = loading / scenario.horizon.epoch_seconds * on_demand
    return {
        "placement_pool": frozen([p.pool for p in placements], np.int32),
        "placement_variant": frozen([p.variant for p in placements], np.int32),
        "placement_datacenter": frozen([p.datacenter for p in placements], np.int32),
        "replicas": frozen([p.model.replicas for p in placements], np.float64),
        "prefill_fixed": frozen([p.service.prefill_fixed_s for p in placements], np.float64),
        "prefill_slope": frozen([p.service.prefill_slope_s for p in placements], np.float64),
        "load_seconds": frozen(loading, np.float64),
        "load_share": frozen(share, np.float64),
        "start_usd": frozen(start_costs(scenario, placements)[1], np.float64),
        "min_up": frozen(least_epochs(scenario, placements, "min_up_hours"), np.int64),
        "min_down": frozen(least_epochs(scenario, placements, "min_down_hours"), np.int64),
        "initial_nodes": frozen(initial_nodes(scenario, placements), np.int64),
        "warm_nodes": frozen(warm, np.int64),
    }


def _work_and_energy(
    scenario: Scenario,
    placements: list[Placement],
    groups: Groups,
    chunks: Ints,
    prefill: Floats,
    decode: Floats,
    loading: Floats,
    warm: Longs,
) -> dict[str, Any]:
    """Integer work and energy of a chunk at each placement, and the energies of a node."""
    above_idle = np.empty(prefill.shape)  # J
    for p, placement in enumerate(placements):
        above_idle[:, p] = placement.model.joules_above_idle(prefill[:, p], decode[:, p])
    per_chunk = (groups.requests / chunks)[:, None]
    ticks = _work_ticks(prefill + decode, per_chunk, chunks)
    seconds = prefill + decode
    energy = _EnergyTicks(scenario, placements, groups, above_idle, seconds, loading, warm)
    joules = np.rint(per_chunk * above_idle * energy.scale)
    return {
        "chunk": frozen(np.stack([ticks, joules], axis=-1), np.int64),
        "node_seconds": frozen(prefill + decode, np.float64),
        "idle_energy": frozen(energy.idle, np.int64),
        "last_node": frozen(energy.last_node, np.float64),
        "start_energy": frozen(energy.start, np.int64),
        "standby_energy": frozen(energy.standby, np.int64),
        "off_energy": frozen(energy.off, np.int64),
        "boot_energy": frozen(energy.boot, np.int64),
        "energy_scale": energy.scale,
    }


def _base_ttft(scenario: Scenario, placements: list[Placement], groups: Groups) -> Floats:
    """Round trip, last mile, one-prompt prefill and calibrated waits, (J, P) s."""
    center = [p.datacenter for p in placements]
    network = scenario.network_s[:, :, center]
    prefill = np.stack([p.model.prefill_seconds(groups.prompt) for p in placements], axis=1)
    waits = np.array([p.model.wait_s for p in placements])
    network = network[groups.epoch, groups.origin]
    return np.asarray(network + prefill + waits, dtype=np.float64)


def _work_ticks(seconds: Floats, per_chunk: Floats, chunks: Ints) -> Floats:
    ticks: Floats = np.ceil(per_chunk * seconds * MICROTICKS)
    most = float((ticks.max(axis=1) * chunks).sum())
    if most > LARGEST_SUM:
        raise SlitError(
            f"demand: {most / MICROTICKS:.3g} node-seconds, expected less than "
            f"{LARGEST_SUM / MICROTICKS:.3g} (range of exact integer sums)"
        )
    return ticks


class _EnergyTicks:
    """Energies as integers, at the finest scale whose largest sum still fits."""

    def __init__(
        self,
        scenario: Scenario,
        placements: list[Placement],
        groups: Groups,
        above_idle: Floats,
        seconds: Floats,
        loading: Floats,
        warm: Longs,
    ) -> None:
        epoch, epochs = scenario.horizon.epoch_seconds, scenario.horizon.epochs
        types = {node_type.name: node_type for node_type in scenario.node_types}
        idle = np.array([p.node_type.idle_w for p in placements])
        kinds = [types[pool.node_type] for pool in scenario.pools]
        standby = np.array([kind.standby_w for kind in kinds])
        off = np.array([kind.off_w for kind in kinds])
        nodes = np.array([pool.nodes for pool in scenario.pools])
        prewarm = scenario.accounting.loading == LoadingMode.PREWARM
        boot = np.array([kind.boot_kwh * 3.6e6 for kind in kinds])
        boot += [kind.standby_w * kind.boot_seconds for kind in kinds]
        boot *= [pool.off_nodes > 0 for pool in scenario.pools]
        move_joules, _ = start_costs(scenario, placements)
        last_node = last_node_joules(scenario, placements)
        # Active nodes are at most work / utilization + 1 in each cell, or the warm ones; loading at
        # most doubles their idle energy, and each may start.
        per_node = 2 * idle + move_joules / epoch
        active = groups.requests[:, None] * (
            above_idle + per_node * seconds / scenario.accounting.utilization
        )
        most = (
            active.max(axis=1).sum()
            + epochs * epoch * (per_node * np.maximum(warm, 1)).sum()
            + epochs * epoch * (standby * nodes).sum()
            + epochs * (boot * nodes).sum()
            + epochs * last_node[:, :, 1].max(axis=1, initial=0.0).sum()
        )
        self.scale = finest_scale(most)
        self.last_node = last_node * [1.0, self.scale, self.scale]
        self.idle = np.rint(idle * epoch * self.scale)
        self.start = np.rint((idle * loading * prewarm + move_joules) * self.scale)
        self.standby = np.rint(standby * epoch * self.scale)
        self.off = np.rint(off * epoch * self.scale)
        self.boot = np.rint(boot * self.scale)


def _accuracy(scenario: Scenario, placements: list[Placement]) -> Floats:
    return np.array(
        [
            [scenario.variants[p.variant].quality[k.name] for p in placements]
            for k in scenario.classes
        ]
    )


def _pool_datacenter(scenario: Scenario) -> list[int]:
    names = [center.name for center in scenario.datacenters]
    return [names.index(pool.datacenter) for pool in scenario.pools]


def _neighbors(groups: Groups, step: int, epochs: int, *, cyclic: bool) -> Longs:
    """(J,): the group of the same origin and class `step` epochs later, -1 if there is none."""
    shape = epochs, groups.origin.max() + 1, groups.request_class.max() + 1
    numbers = np.full(shape, -1)
    numbers[groups.epoch, groups.origin, groups.request_class] = np.arange(len(groups.epoch))
    there = groups.epoch + step
    found = numbers[there % epochs, groups.origin, groups.request_class]
    outside = (there < 0) | (there >= epochs)
    return np.where(outside & (not cyclic or epochs == 1), -1, found)


def gene_arrays(
    groups: Groups, chunks: Ints, allowed: Bools, epochs: int, *, cyclic: bool
) -> dict[str, Any]:
    """The arrays of groups and of their genes, with chunks (J,) and allowed placements (J, P)."""
    first = np.concatenate([[0], np.cumsum(chunks, dtype=np.int64)])
    edges = np.searchsorted(groups.epoch, np.arange(epochs + 1))
    gene_group = np.repeat(np.arange(len(chunks)), chunks)
    masks, row = np.unique(allowed, axis=0, return_inverse=True)
    counts = masks.sum(axis=1)
    options = np.full((len(masks), counts.max()), -1)
    for r, mask in enumerate(masks):
        options[r, : counts[r]] = np.flatnonzero(mask)
    return {
        "group_epoch": frozen(groups.epoch, np.int32),
        "group_origin": frozen(groups.origin, np.int32),
        "group_class": frozen(groups.request_class, np.int32),
        "group_requests": frozen(groups.requests, np.float64),
        "group_prompt": frozen(groups.prompt, np.float64),
        "group_output": frozen(groups.output, np.float64),
        "group_chunks": frozen(chunks, np.int32),
        "group_previous": frozen(_neighbors(groups, -1, epochs, cyclic=cyclic), np.int32),
        "group_next": frozen(_neighbors(groups, 1, epochs, cyclic=cyclic), np.int32),
        "group_first": frozen(first, np.int32),
        "epoch_group": frozen(edges, np.int32),
        "epoch_gene": frozen(first[edges], np.int32),
        "gene_group": frozen(gene_group, np.int32),
        "gene_row": frozen(row.reshape(-1)[gene_group], np.int32),
        "options": frozen(options, np.int16),
        "option_count": frozen(counts, np.int32),
        "allowed": frozen(allowed, np.bool_),
    }
