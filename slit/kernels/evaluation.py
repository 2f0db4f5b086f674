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
    violation: Floats,
    sites: Floats,
) -> None:
    """Evaluate chromosomes (N, G) into `values` (N, M) and `violation` (N,).

    `sites` (N, T, D, 4) receives what each datacenter-hour used, or is empty (0, 0, 0, 0).
    """
    n_epochs = problem.epoch_gene.shape[0] - 1
    n_placements = problem.placement_pool.shape[0]
    n_objectives = terms.constant.shape[0]
    before = np.zeros(n_placements, np.int64)
    nodes = np.zeros(n_placements, np.int64)
    partial = np.zeros(n_objectives, np.float64)
    by_center = np.zeros((problem.water_stress.shape[0], n_objectives), np.float64)
    site = np.zeros((problem.water_stress.shape[0], SITE_FIELDS), np.float64)
    for n in range(population.shape[0]):
        start_nodes(population[n], problem, before)
        by_center[:] = 0.0
        values[n] = terms.constant
        violation[n] = 0.0
        for t in range(n_epochs):
            violation[n] += evaluate_epoch(
                t, population[n], problem, terms, before, nodes, site, partial, by_center
            )
            before, nodes = nodes, before
            for m in range(n_objectives):
                values[n, m] += partial[m]
            if sites.shape[0] > 0:
                sites[n, t] = site
        for m in range(n_objectives):
            if terms.largest[m]:
                values[n, m] += by_center[:, m].max()


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
def evaluate_epoch(
    t: int,
    plan: Genes,
    problem: Problem,
    terms: Terms,
    before: Longs,
    nodes: Longs,
    site: Floats,
    partial: Floats,
    by_center: Floats,
) -> int:
    """One epoch of a plan; returns the nodes in excess of the pools.

    Reads `before` (P,), the nodes of the epoch before; writes `nodes` (P,), `site` (D, 4) and
    `partial` (M,), the epoch's share of the objectives that are sums; adds to `by_center` (D, M)
    that of the others.
    """
    first_group, last_group = problem.epoch_group[t], problem.epoch_group[t + 1]
    n_placements = nodes.shape[0]
    cells = np.zeros((n_placements, 4), np.int64)
    pools = np.empty(problem.pool_nodes.shape[0], np.int64)
    energy = np.empty(site.shape[0], np.int64)
    fill_cells(
        plan,
        first_group,
        last_group,
        problem.group_first,
        problem.chunk,
        problem.chunk_size,
        cells,
    )
    count_nodes(cells, problem.node_ticks, problem.placement_pool, nodes, pools)
    excess = add_energy(
        cells,
        nodes,
        before,
        pools,
        problem.idle_energy,
        problem.prewarm_energy,
        problem.standby_energy,
        problem.pool_nodes,
        problem.placement_datacenter,
        problem.pool_datacenter,
        energy,
    )
    partial[:] = 0.0
    counts_late, counts_good = np.any(terms.service[1] != 0.0), np.any(terms.service[2] != 0.0)
    if counts_late or counts_good or np.any(terms.service[0] != 0.0):
        waits = np.empty((n_placements, 3), np.float64)
        served = np.zeros((n_placements, 2), np.float64)
        find_waits(
            cells,
            nodes,
            before,
            problem.replicas,
            problem.prefill_fixed,
            problem.prefill_slope,
            problem.load_share,
            problem.epoch_ticks,
            problem.request_scale / problem.prompt_scale,
            problem.variability,
            waits,
        )
        if counts_late or counts_good:
            serve_groups(
                plan,
                first_group,
                last_group,
                problem.group_first,
                problem.group_class,
                problem.chunk_requests,
                problem.service,
                problem.accuracy,
                problem.slo,
                waits,
                NEGLIGIBLE_LATE if counts_late else NEGLIGIBLE_QUEUE,
                served,
                np.zeros(n_placements, np.int64),
                np.empty(n_placements, np.int64),
            )
        add_service(
            cells, nodes, waits, served, problem.load_seconds, problem.request_scale, terms.service,
            partial,
        )
    for index in range(terms.requests.shape[0]):
        partial[terms.request_objective[index]] += (
            sum_requests(plan, first_group, last_group, problem.group_first, terms.requests[index])
            * terms.request_unit[index]
        )
    kwh = 1.0 / (problem.energy_scale * 3.6e6)
    for d in range(energy.shape[0]):
        site[d, 0] = energy[d] * kwh
        site[d, 1] = problem.pue[t, d] * site[d, 0]
        site[d, 2] = max(0.0, site[d, 1] - problem.renewable[t, d])
        site[d, 3] = 0.0
    for p in range(n_placements):
        site[problem.placement_datacenter[p], 3] += nodes[p]
    add_sites(terms.site[t], terms.largest, site, partial, by_center)
    if terms.nodes.shape[0] > 0:
        add_nodes(
            terms.nodes[t], terms.largest, nodes, problem.placement_datacenter, partial, by_center
        )
    return excess


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
