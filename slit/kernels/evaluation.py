"""Full evaluation: chromosomes to objectives and violation (model.md sections 2 and 3).

Work, energy and requests of a cell are integer sums, so their order does not matter; everything
after them is computed in one fixed order, cell by cell and datacenter by datacenter.
"""

import numpy as np
from numpy.typing import NDArray

from operators.compiling import kernel
from slit.kernels.cells import (
    NEGLIGIBLE_LATE,
    NEGLIGIBLE_QUEUE,
    active_nodes,
    add_energy,
    count_nodes,
    fill_cells,
    find_waits,
    serve_groups,
)
from slit.kernels.terms import Terms
from slit.problem.arrays import Problem

Floats = NDArray[np.float64]
Genes = NDArray[np.int16]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

SITE_FIELDS = 4
"""IT, facility and grid energy (kWh) and active nodes of a datacenter-hour."""


@kernel
def evaluate_population(
    population: Genes,
    problem: Problem,
    terms: Terms,
    values: Floats,
    parts: Floats,
    excess: Longs,
    sites: Floats,
) -> None:
    """Evaluate chromosomes (N, G) into `values` (N, M).

    `parts` (N, T, M) receives what each epoch adds to the objectives that are sums, `excess`
    (N, T) its nodes beyond capacity, and `sites` (N, T, D, 4), unless it is empty (0, 0, 0, 0),
    what each datacenter-hour used.
    """
    n_objectives = terms.constant.shape[0]
    before = np.zeros(problem.placement_pool.shape[0], np.int64)
    by_center = np.zeros((problem.water_stress.shape[0], n_objectives), np.float64)
    for n in range(population.shape[0]):
        start_nodes(population[n], problem, before)
        by_center[:] = 0.0
        evaluate_epochs(
            population[n],
            0,
            problem,
            terms,
            before,
            parts[n],
            excess[n],
            by_center,
            sites[n : n + 1],
        )
        for m in range(n_objectives):
            value = terms.constant[m]
            for t in range(parts.shape[1]):
                value += parts[n, t, m]
            if terms.largest[m]:
                value += by_center[:, m].max()
            values[n, m] = value


@kernel
def start_nodes(plan: Genes, problem: Problem, nodes: Longs) -> None:
    """Nodes that hold each placement's variant before the first epoch, into `nodes` (P,).

    Free: as many as any epoch could want, so that none has to load.
    """
    if problem.start == 0:
        nodes[:] = np.iinfo(np.int64).max
    elif problem.start == 1:
        nodes[:] = problem.initial_nodes
    else:
        last = problem.epoch_gene.shape[0] - 2
        nodes[:] = 0
        for g in range(problem.epoch_gene[last], problem.epoch_gene[last + 1]):
            nodes[plan[g]] += problem.chunk[problem.gene_group[g], plan[g], 0]
        for p in range(nodes.shape[0]):
            nodes[p] = active_nodes(nodes[p], problem.node_ticks)


@kernel
def evaluate_epochs(
    plan: Genes,
    first: int,
    problem: Problem,
    terms: Terms,
    before: Longs,
    partials: Floats,
    excess: Longs,
    by_center: Floats,
    sites: Floats,
) -> None:
    """Evaluate consecutive epochs of a plan, from `first`, as many as `partials` has rows.

    Reads `before` (P,), the nodes of the epoch before, and leaves there those of the last one.
    Writes `partials` (T', M), each epoch's share of the objectives that are sums, and `excess`
    (T',), nodes beyond capacity; adds to `by_center` (D, M) the objectives that are not sums.
    `sites` (1, T, D, 4) or empty is as in `evaluate_population`. Helpers get plain arrays: passing
    a whole Problem by value takes longer than their work.
    """
    n_placements, n_objectives = before.shape[0], partials.shape[1]
    cells = np.zeros((n_placements, 4), np.int64)
    nodes = np.zeros(n_placements, np.int64)
    pools = np.zeros(problem.pool_nodes.shape[0], np.int64)
    energy = np.zeros(problem.water_stress.shape[0], np.int64)
    waits = np.zeros((n_placements, 3), np.float64)
    served = np.zeros((n_placements, 2), np.float64)
    tally = np.zeros(n_placements, np.int64)
    distinct = np.zeros(n_placements, np.int64)
    site = np.zeros((problem.water_stress.shape[0], SITE_FIELDS), np.float64)
    partial = np.zeros(n_objectives, np.float64)
    kwh = 1.0 / (problem.energy_scale * 3.6e6)
    counts_late, counts_good = np.any(terms.service[1] != 0.0), np.any(terms.service[2] != 0.0)
    counts_waits = counts_late or counts_good or np.any(terms.service[0] != 0.0)
    negligible = NEGLIGIBLE_LATE if counts_late else NEGLIGIBLE_QUEUE
    # Locals, as each use of a field of a named tuple counts references.
    epoch_group = problem.epoch_group
    group_first = problem.group_first
    chunk = problem.chunk
    chunk_size = problem.chunk_size
    node_ticks = problem.node_ticks
    placement_pool = problem.placement_pool
    idle_energy = problem.idle_energy
    prewarm_energy = problem.prewarm_energy
    standby_energy = problem.standby_energy
    pool_nodes = problem.pool_nodes
    placement_datacenter = problem.placement_datacenter
    pool_datacenter = problem.pool_datacenter
    replicas = problem.replicas
    prefill_fixed = problem.prefill_fixed
    prefill_slope = problem.prefill_slope
    load_share = problem.load_share
    group_class = problem.group_class
    chunk_requests = problem.chunk_requests
    service = problem.service
    accuracy = problem.accuracy
    slo = problem.slo
    load_seconds = problem.load_seconds
    pue = problem.pue
    renewable = problem.renewable
    epoch_ticks = problem.epoch_ticks
    variability = problem.variability
    request_scale = problem.request_scale
    prompt_unit = request_scale / problem.prompt_scale
    service_weights = terms.service
    site_weights = terms.site
    node_weights = terms.nodes
    largest = terms.largest
    request_tables = terms.requests
    request_unit = terms.request_unit
    request_objective = terms.request_objective
    for row in range(partials.shape[0]):
        t = first + row
        first_group, last_group = epoch_group[t], epoch_group[t + 1]
        cells[:] = 0
        partial[:] = 0.0
        fill_cells(
            plan,
            first_group,
            last_group,
            group_first,
            chunk,
            chunk_size,
            cells,
        )
        count_nodes(cells, node_ticks, placement_pool, nodes, pools)
        excess[row] = add_energy(
            cells,
            nodes,
            before,
            pools,
            idle_energy,
            prewarm_energy,
            standby_energy,
            pool_nodes,
            placement_datacenter,
            pool_datacenter,
            energy,
        )
        if counts_waits:
            find_waits(
                cells,
                nodes,
                before,
                replicas,
                prefill_fixed,
                prefill_slope,
                load_share,
                epoch_ticks,
                prompt_unit,
                variability,
                waits,
            )
            if counts_late or counts_good:
                served[:] = 0.0
                serve_groups(
                    plan,
                    first_group,
                    last_group,
                    group_first,
                    group_class,
                    chunk_requests,
                    service,
                    accuracy,
                    slo,
                    waits,
                    negligible,
                    served,
                    tally,
                    distinct,
                )
            add_service(
                cells,
                nodes,
                waits,
                served,
                load_seconds,
                request_scale,
                service_weights,
                partial,
            )
        for index in range(request_tables.shape[0]):
            table = request_tables[index]
            total = sum_requests(plan, first_group, last_group, group_first, table)
            partial[request_objective[index]] += total * request_unit[index]
        for d in range(energy.shape[0]):
            site[d, 0] = energy[d] * kwh
            site[d, 1] = pue[t, d] * site[d, 0]
            site[d, 2] = max(0.0, site[d, 1] - renewable[t, d])
        add_sites(site_weights[t], largest, site, partial, by_center)
        if node_weights.shape[0] > 0:
            add_nodes(
                node_weights[t],
                largest,
                nodes,
                placement_datacenter,
                partial,
                by_center,
            )
        partials[row] = partial
        before[:] = nodes
        if sites.shape[0] > 0:
            site[:, 3] = 0.0
            for p in range(n_placements):
                site[placement_datacenter[p], 3] += nodes[p]
            sites[0, t] = site


@kernel
def add_service(
    cells: Longs,
    nodes: Longs,
    waits: Floats,
    served: Floats,
    load_seconds: Floats,
    request_scale: float,
    service: Floats,
    partial: Floats,
) -> None:
    """Add what waits, late requests and requests of full quality weigh, over the cells in use."""
    waiting, late, good = 0.0, 0.0, 0.0
    for p in range(nodes.shape[0]):
        if nodes[p] > 0:
            share = waits[p, 2]
            waiting += (cells[p, 2] / request_scale) * (
                (1.0 - share) * waits[p, 0] * waits[p, 1] + share * load_seconds[p] / 2.0
            )
            late += served[p, 0]
            good += served[p, 1]
    for m in range(partial.shape[0]):
        partial[m] += service[0, m] * waiting + service[1, m] * late + service[2, m] * good


@kernel
def sum_requests(
    plan: Genes, first_group: int, last_group: int, group_first: Ints, table: Longs
) -> int:
    """The integer sum of a (J, P) table over an epoch's chunks."""
    total = 0
    for j in range(first_group, last_group):
        for g in range(group_first[j], group_first[j + 1]):
            total += table[j, plan[g]]
    return total


@kernel
def add_sites(
    weights: Floats,
    largest: NDArray[np.bool_],
    site: Floats,
    partial: Floats,
    by_center: Floats,
) -> None:
    """Add what the energy of the datacenters weighs: weights (D, 3, M), site (D, 4)."""
    for d in range(site.shape[0]):
        for m in range(partial.shape[0]):
            value = (
                weights[d, 0, m] * site[d, 0]
                + weights[d, 1, m] * site[d, 1]
                + weights[d, 2, m] * site[d, 2]
            )
            if largest[m]:
                by_center[d, m] += value
            else:
                partial[m] += value


@kernel
def add_nodes(
    weights: Floats,
    largest: NDArray[np.bool_],
    nodes: Longs,
    placement_datacenter: Ints,
    partial: Floats,
    by_center: Floats,
) -> None:
    """Add what active nodes weigh: weights (P, M)."""
    for p in range(nodes.shape[0]):
        if nodes[p] > 0:
            for m in range(partial.shape[0]):
                if largest[m]:
                    by_center[placement_datacenter[p], m] += weights[p, m] * nodes[p]
                else:
                    partial[m] += weights[p, m] * nodes[p]
