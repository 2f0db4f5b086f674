"""Full evaluation: chromosomes to objectives and violation (model.md sections 2 and 3).

Work, energy and requests of a cell are integer sums, so their order does not matter; everything
after them is computed in one fixed order, cell by cell and datacenter by datacenter.
"""

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Genes, Ints, Longs
from slit.kernels.cells import (
    NEGLIGIBLE_LATE,
    NEGLIGIBLE_QUEUE,
    empty_cells,
    fill_cells,
    find_waits,
    list_cells,
    run_nodes,
    serve_entries,
)
from slit.kernels.model import running_nodes
from slit.kernels.node_times import follow_times, times_matter
from slit.kernels.objective_sums import (
    add_by_group,
    add_energy,
    add_nodes,
    add_service,
    fill_sites,
    keep_sites,
    sum_requests,
)
from slit.kernels.objective_terms import ObjectiveTerms
from slit.kernels.pools import add_on_demand, pool_table
from slit.kernels.transitions import (
    UNKNOWN,
    add_node_changes,
    add_reroutes,
    largest_reroute,
    share_weights,
    shared_points,
)
from slit.problem.arrays import Problem

BLOCK = 128
"""Plans that are evaluated side by side, epoch by epoch, so that an epoch's tables stay at hand."""
MOST_HELD = 4_000_000
"""Nodes of plans, epochs and placements that are held at a time where minimum times matter."""
SITE_FIELDS = 4
"""IT, facility and grid energy (kWh) and active nodes of a datacenter-hour."""


@kernel
def evaluate_population(
    population: Genes,
    problem: Problem,
    terms: ObjectiveTerms,
    values: Floats,
    parts: Floats,
    excess: Longs,
    sites: Floats,
) -> None:
    """Evaluate chromosomes (N, G) into `values` (N, M).

    `parts` (N, T, M) receives what each epoch adds to the objectives that are sums, `excess`
    (N, T) its nodes beyond capacity and refused starts, and `sites` (N, T, D, 4), unless it is
    empty (0, 0, 0, 0), what each datacenter-hour used.
    """
    n_plans, n_objectives = values.shape
    before = np.zeros((n_plans, problem.placement_pool.shape[0]), np.int64)
    by_center = np.zeros((n_plans, problem.water_stress.shape[0], n_objectives), np.float64)
    for n in range(n_plans):
        start_nodes(population[n], problem, before[n])
    n_epochs, places, timed, size = parts.shape[1], before.shape[1], times_matter(problem), BLOCK
    shape = (0, 0, 0)
    if timed:
        size = max(1, min(BLOCK, MOST_HELD // (n_epochs * places)))
        shape = (size, n_epochs, places)
    least, nodes = np.zeros(shape, np.int64), np.zeros(shape[1:], np.int64)
    refused = np.zeros((n_plans if timed else 0, n_epochs), np.int64)
    at_places = np.zeros(shape[1:], np.int64)
    for start in range(0, n_plans, size):
        block = slice(start, min(start + size, n_plans))
        for n in range(block.start, block.stop if timed else block.start):
            nodes[:], at_places[:] = 0, 0
            follow_times(population[n], problem, before[n], nodes, least[n - start], at_places)
            refused[n] = at_places.sum(axis=1)
        evaluate_epochs(
            population[block], 0, problem, terms, before[block], parts[block], excess[block],
            by_center[block], sites[block], least,
        )  # fmt: skip
    for n in range(refused.shape[0]):
        for t in range(n_epochs):
            excess[n, t] += refused[n, t]
    ramp_counts = np.any(terms.ramp != 0.0)
    for n in range(n_plans):
        ramp = 0.0
        if ramp_counts:
            ramp = largest_reroute(population[n], problem, np.zeros(places, np.int64))
        for m in range(n_objectives):
            value = terms.constant[m]
            for t in range(parts.shape[1]):
                value += parts[n, t, m]
            if terms.largest[m]:
                value += largest_of(by_center[n], m)
            if terms.ramp[m] != 0.0:
                value += terms.ramp[m] * ramp
            values[n, m] = value


@kernel
def start_nodes(plan: Genes, problem: Problem, nodes: Longs) -> None:
    """Nodes that hold each placement's variant before the first epoch, into `nodes` (P,).

    Free: as many as any epoch could want, so that none has to load.
    """
    if problem.start == 0:
        nodes[:] = UNKNOWN
    elif problem.start == 1:
        for p in range(nodes.shape[0]):
            nodes[p] = problem.initial_nodes[p]
    else:
        last = problem.epoch_gene.shape[0] - 2
        nodes[:] = 0
        for g in range(problem.epoch_gene[last], problem.epoch_gene[last + 1]):
            nodes[plan[g]] += problem.chunk[problem.gene_group[g], plan[g], 0]
        for p in range(nodes.shape[0]):
            nodes[p] = running_nodes(nodes[p], problem.node_ticks, problem.warm_nodes[p])


@kernel
def placement_tables(problem: Problem) -> tuple[Longs, Floats, Longs]:
    """Columns that are read together, side by side.

    places (P, 6): pool, datacenter, idle and prewarm energy, warm nodes, the first placement of the
    same pool and variant, whose weights it shares; speeds (P, 5): replicas, fixed time and slope of
    a prefill, load time over epoch, half the load time; pools (Q, 7) as in
    `slit.kernels.pools.pool_table`.
    """
    n_placements = problem.placement_pool.shape[0]
    places, speeds = np.zeros((n_placements, 6), np.int64), np.zeros((n_placements, 5))
    for p in range(n_placements):
        places[p, 0] = problem.placement_pool[p]
        places[p, 1] = problem.placement_datacenter[p]
        places[p, 2] = problem.idle_energy[p]
        places[p, 3] = problem.start_energy[p]
        places[p, 4] = problem.warm_nodes[p]
        places[p, 5] = p
        pool, variant = problem.placement_pool, problem.placement_variant
        if p > 0 and pool[p] == pool[p - 1] and variant[p] == variant[p - 1]:
            places[p, 5] = places[p - 1, 5]
        speeds[p, 0] = problem.replicas[p]
        speeds[p, 1] = problem.prefill_fixed[p]
        speeds[p, 2] = problem.prefill_slope[p]
        speeds[p, 3] = problem.load_share[p]
        speeds[p, 4] = problem.load_seconds[p] / 2.0
    return places, speeds, pool_table(problem)


@kernel
def evaluate_epochs(
    population: Genes,
    first: int,
    problem: Problem,
    terms: ObjectiveTerms,
    before: Longs,
    parts: Floats,
    excess: Longs,
    by_center: Floats,
    sites: Floats,
    least: Longs,
) -> None:
    """Evaluate consecutive epochs of plans (N, G), from `first`, as many as `parts` has.

    Reads `before` (N, P), the nodes of the epoch before, and leaves there those of the last one.
    Writes `parts` (N, T', M), each epoch's share of the objectives that are sums, and `excess`
    (N, T'), nodes beyond capacity; adds to `by_center` (N, D, M) the objectives that are not sums.
    `sites` (N, T, D, 4) or empty is as in `evaluate_population`; least (N, T, P): nodes that are
    active whatever the work, empty where these are the warm ones in every epoch.
    """
    # Plain arrays: fields of named tuples count references, and passing a Problem takes long.
    epoch_group, group_first = problem.epoch_group, problem.group_first
    group_class, chunk, chunk_size = problem.group_class, problem.chunk, problem.chunk_size
    service, accuracy, slo = problem.service, problem.accuracy, problem.slo
    pue, renewable, chunk_requests = problem.pue, problem.renewable, problem.chunk_requests
    node_ticks, epoch_ticks, timed = problem.node_ticks, problem.epoch_ticks, least.shape[0] > 0
    request_scale, kwh_of_tick = problem.request_scale, 1.0 / (problem.energy_scale * 3.6e6)
    variability, prompt_unit = problem.variability, request_scale / problem.prompt_scale
    service_weights, site_weights, node_weights = terms.service, terms.site, terms.nodes
    tables, units, owners = terms.requests, terms.request_unit, terms.request_objective
    largest, on_demand, by_group = terms.largest, terms.on_demand, terms.group_service.shape[0] > 0
    nodes_change = terms.starts.shape[0] > 0 or np.any(terms.switches != 0.0)
    late_counts, good_counts = np.any(service_weights[1] != 0.0), np.any(service_weights[2] != 0.0)
    outcomes_count = late_counts or good_counts or by_group
    waits_count = outcomes_count or np.any(service_weights[0] != 0.0)
    (places, speeds, pools), curves = placement_tables(problem), problem.last_node
    n_placements, n_centers, warm = places.shape[0], pue.shape[1], timed or np.any(places[:, 4] > 0)
    cells, nodes = np.zeros((n_placements, 4), np.int64), np.zeros(n_placements, np.int64)
    listed, occupied = np.zeros((2, n_placements), np.int64), np.zeros(pools.shape[0], np.int64)
    held = np.zeros((most_genes(problem.epoch_gene), 3), np.int64)
    waits, served = np.zeros((n_placements, 4)), np.zeros((n_placements, 2))
    points = shared_points(places)
    queued, outcomes = np.zeros(held.shape[0], np.int64), np.zeros((held.shape[0], 2))
    energy, site = np.zeros(n_centers, np.int64), np.zeros((n_centers, SITE_FIELDS))
    for row, t in enumerate(range(first, first + parts.shape[1])):
        for n in range(population.shape[0]):
            plan, earlier, part = population[n], before[n], parts[n, row]
            if timed:
                places[:, 4] = least[n, t]
            start, end = epoch_group[t], epoch_group[t + 1]
            filled = fill_cells(plan, start, end, group_first, chunk, chunk_size, cells, held)
            entries = held[:filled]
            used, powered = list_cells(cells, places, warm, listed)
            share_weights(powered, cells, node_ticks, places, points, nodes, earlier)
            excess[n, row] = run_nodes(
                powered, cells, node_ticks, earlier, places, curves, pools, nodes, occupied, energy
            )
            part[:] = 0.0
            if waits_count:
                find_waits(
                    used, cells, nodes, earlier, speeds, epoch_ticks, prompt_unit, variability,
                    NEGLIGIBLE_LATE if late_counts else NEGLIGIBLE_QUEUE, waits,
                )  # fmt: skip
                if outcomes_count:
                    serve_entries(
                        entries, group_class, chunk_requests, service, accuracy, slo, waits,
                        queued, outcomes, served,
                    )  # fmt: skip
                add_service(
                    used, cells, speeds, waits, served, request_scale, service_weights, part
                )
                if by_group:
                    add_by_group(entries, used, problem, terms, speeds, waits, outcomes, part)
            for index in range(tables.shape[0]):
                part[owners[index]] += sum_requests(entries, tables[index]) * units[index]
            fill_sites(energy, kwh_of_tick, pue[t], renewable[t], site)
            add_energy(site_weights[t], largest, site, part, by_center[n])
            if node_weights.shape[0] > 0:
                add_nodes(node_weights[t], largest, powered, nodes, places, part, by_center[n])
            add_on_demand(occupied, pools, on_demand, part)
            if nodes_change:
                add_node_changes(nodes, earlier, points, terms.starts, terms.switches, part)
            if sites.shape[0] > 0:
                keep_sites(powered, nodes, places, site, sites[n, t])
            earlier[:] = nodes
            empty_cells(powered, cells, nodes, served)
    add_reroutes(population, first, problem, terms.reroute, parts)


@kernel
def most_genes(epoch_gene: Ints) -> int:
    """Genes of the largest epoch."""
    most = 0
    for t in range(epoch_gene.shape[0] - 1):
        most = max(most, epoch_gene[t + 1] - epoch_gene[t])
    return most


@kernel
def largest_of(by_center: Floats, m: int) -> float:
    """The largest entry of column m of (D, M)."""
    largest = by_center[0, m]
    for d in range(1, by_center.shape[0]):
        largest = max(largest, by_center[d, m])
    return float(largest)
