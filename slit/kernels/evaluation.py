"""Full evaluation: chromosomes to objectives and violation (model.md sections 2 and 3).

Work, energy and requests of a cell are integer sums, so their order does not matter; everything
after them is computed in one fixed order, cell by cell and datacenter by datacenter.
"""

import math

import numpy as np
from numpy.typing import NDArray

from operators.compiling import kernel
from slit.kernels.terms import Terms
from slit.problem.arrays import Problem

Floats = NDArray[np.float64]
Genes = NDArray[np.int16]
Longs = NDArray[np.int64]

NEGLIGIBLE_QUEUE = 37.0
"""exp(-37) vanishes beside 1 in double precision."""
NEGLIGIBLE_LATE = 700.0
"""exp(-700) is the last before underflow."""
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
    n_centers = problem.water_stress.shape[0]
    n_objectives = terms.constant.shape[0]
    cells = np.zeros((n_placements, 4), np.int64)
    waits = np.zeros((n_placements, 4), np.float64)
    served = np.zeros((n_placements, 2), np.float64)
    before = np.zeros(n_placements, np.int64)
    nodes = np.zeros(n_placements, np.int64)
    tally = np.zeros(n_placements, np.int64)
    distinct = np.zeros(n_placements, np.int64)
    pool_nodes = np.zeros(problem.pool_nodes.shape[0], np.int64)
    site = np.zeros((n_centers, SITE_FIELDS), np.float64)
    energy = np.zeros(n_centers, np.int64)
    partial = np.zeros(n_objectives, np.float64)
    by_center = np.zeros((n_centers, n_objectives), np.float64)
    for n in range(population.shape[0]):
        plan = population[n]
        start_nodes(plan, problem, before)
        excess = 0
        for m in range(n_objectives):
            values[n, m] = terms.constant[m]
        by_center[:] = 0.0
        for t in range(n_epochs):
            excess += evaluate_epoch(
                t,
                plan,
                problem,
                terms,
                before,
                nodes,
                cells,
                waits,
                served,
                tally,
                distinct,
                pool_nodes,
                energy,
                site,
                partial,
                by_center,
            )
            before, nodes = nodes, before
            for m in range(n_objectives):
                values[n, m] += partial[m]
            if sites.shape[0] > 0:
                sites[n, t] = site
        for m in range(n_objectives):
            if terms.largest[m]:
                values[n, m] += by_center[:, m].max()
        violation[n] = excess


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
            nodes[p] = (nodes[p] + problem.node_ticks - 1) // problem.node_ticks


@kernel
def evaluate_epoch(
    t: int,
    plan: Genes,
    problem: Problem,
    terms: Terms,
    before: Longs,
    nodes: Longs,
    cells: Longs,
    waits: Floats,
    served: Floats,
    tally: Longs,
    distinct: Longs,
    pool_nodes: Longs,
    energy: Longs,
    site: Floats,
    partial: Floats,
    by_center: Floats,
) -> int:
    """One epoch of a plan; returns the nodes in excess of the pools.

    Reads `before` (P,), the nodes of the epoch before; writes `nodes` (P,), `site` (D, 4) and
    `partial` (M,), the epoch's share of the objectives that are sums; adds to `by_center` (D, M)
    that of the others. The other arrays are scratch.
    """
    gather_cells(
        plan,
        problem.epoch_group[t],
        problem.epoch_group[t + 1],
        problem.group_first,
        problem.chunk,
        problem.chunk_size,
        cells,
    )
    pool_nodes[:] = 0
    energy[:] = 0
    partial[:] = 0.0
    waiting = size_cells(problem, before, nodes, cells, waits, pool_nodes, energy)
    if np.any(terms.service[1:] != 0.0):
        serve_groups(
            plan,
            problem.epoch_group[t],
            problem.epoch_group[t + 1],
            problem.group_first,
            problem.group_class,
            problem.chunk_requests,
            problem.service,
            problem.accuracy,
            problem.slo,
            waits,
            NEGLIGIBLE_LATE if np.any(terms.service[1] != 0.0) else NEGLIGIBLE_QUEUE,
            served,
            tally,
            distinct,
        )
    late, good = 0.0, 0.0
    for p in range(nodes.shape[0]):
        if nodes[p] > 0:
            late += served[p, 0]
            good += served[p, 1]
            served[p, 0] = 0.0
            served[p, 1] = 0.0
    for m in range(partial.shape[0]):
        partial[m] = (
            terms.service[0, m] * waiting + terms.service[1, m] * late + terms.service[2, m] * good
        )
    add_requests(plan, problem, terms, t, partial)
    excess = 0
    for q in range(pool_nodes.shape[0]):
        spare = problem.pool_nodes[q] - pool_nodes[q]
        if spare >= 0:
            energy[problem.pool_datacenter[q]] += spare * problem.standby_energy[q]
        else:
            excess -= spare
    kwh = 1.0 / (problem.energy_scale * 3.6e6)
    site[:, 3] = 0.0
    for p in range(nodes.shape[0]):
        site[problem.placement_datacenter[p], 3] += nodes[p]
    for d in range(energy.shape[0]):
        it = energy[d] * kwh
        facility = problem.pue[t, d] * it
        site[d, 0] = it
        site[d, 1] = facility
        site[d, 2] = max(0.0, facility - problem.renewable[t, d])
    add_sites(t, problem.placement_datacenter, terms, nodes, site, partial, by_center)
    cells[:] = 0
    return excess


@kernel
def gather_cells(
    plan: Genes,
    first_group: int,
    last_group: int,
    group_first: NDArray[np.int32],
    chunk: Longs,
    chunk_size: Longs,
    cells: Longs,
) -> None:
    """Add each chunk's work, energy, requests and weighted prompts to its cell, (P, 4)."""
    for j in range(first_group, last_group):
        requests, prompts = chunk_size[j, 0], chunk_size[j, 1]
        for g in range(group_first[j], group_first[j + 1]):
            p = plan[g]
            cells[p, 0] += chunk[j, p, 0]
            cells[p, 1] += chunk[j, p, 1]
            cells[p, 2] += requests
            cells[p, 3] += prompts


@kernel
def size_cells(
    problem: Problem,
    before: Longs,
    nodes: Longs,
    cells: Longs,
    waits: Floats,
    pool_nodes: Longs,
    energy: Longs,
) -> float:
    """Active nodes, energy and waits of the cells; returns the summed waits in request-seconds.

    `waits` (P, 4): probability of waiting, mean wait given one (s), share that meets a loading
    node, and unused.
    """
    waiting = 0.0
    for p in range(nodes.shape[0]):
        work = cells[p, 0]
        if work == 0:
            nodes[p] = 0
            continue
        active = (work + problem.node_ticks - 1) // problem.node_ticks
        nodes[p] = active
        pool_nodes[problem.placement_pool[p]] += active
        loading = max(0, active - before[p])
        energy[problem.placement_datacenter[p]] += (
            cells[p, 1] + active * problem.idle_energy[p] + loading * problem.prewarm_energy[p]
        )
        requests = cells[p, 2] / problem.request_scale
        prompt = cells[p, 3] / problem.prompt_scale / requests
        servers = active * problem.replicas[p]
        rho = work / (active * problem.epoch_ticks)
        mean_prefill = problem.prefill_fixed[p] + problem.prefill_slope[p] * prompt
        chance = math.exp(math.log(rho) * (math.sqrt(2.0 * (servers + 1.0)) - 1.0))
        mean_wait = mean_prefill * problem.variability / (servers * (1.0 - rho))
        if mean_wait <= 0.0:
            chance, mean_wait = 0.0, 1.0
        share = 0.0
        if problem.loading == 0 and loading > 0:
            share = loading / active * problem.load_seconds[p] / problem.epoch_seconds
        waits[p, 0] = chance
        waits[p, 1] = mean_wait
        waits[p, 2] = share
        waiting += requests * (
            (1.0 - share) * chance * mean_wait + share * problem.load_seconds[p] / 2.0
        )
    return waiting


@kernel
def serve_groups(
    plan: Genes,
    first_group: int,
    last_group: int,
    group_first: NDArray[np.int32],
    group_class: NDArray[np.int32],
    chunk_requests: Floats,
    service: Floats,
    accuracy: Floats,
    slo: Floats,
    waits: Floats,
    negligible: float,
    served: Floats,
    tally: Longs,
    distinct: Longs,
) -> None:
    """Add late requests and requests of full quality (accuracy * mean sigma) to `served` (P, 2).

    Chunks of one group at one placement are counted first, so that their order does not matter.
    """
    for j in range(first_group, last_group):
        found = 0
        for g in range(group_first[j], group_first[j + 1]):
            p = plan[g]
            if tally[p] == 0:
                distinct[found] = p
                found += 1
            tally[p] += 1
        k = group_class[j]
        promise = slo[k]
        for i in range(found):
            p = distinct[i]
            requests = tally[p] * chunk_requests[j]
            tally[p] = 0
            slack = service[j, p, 0]
            chance, mean_wait, share = waits[p, 0], waits[p, 1], waits[p, 2]
            if slack >= 0.0:
                late = 0.0
                if slack < negligible * mean_wait:
                    late = chance * math.exp(-slack / mean_wait)
                sigma = 1.0 - late * mean_wait / (promise + mean_wait)
            else:
                late = 1.0
                sigma = service[j, p, 1] * (
                    1.0 - chance + chance * promise / (promise + mean_wait)
                )
            if share > 0.0:
                late = (1.0 - share) * late + share * service[j, p, 3]
                sigma = (1.0 - share) * sigma + share * service[j, p, 2]
            served[p, 0] += requests * late
            served[p, 1] += requests * (accuracy[k, p] * sigma)


@kernel
def add_requests(plan: Genes, problem: Problem, terms: Terms, t: int, partial: Floats) -> None:
    """Add the objectives' terms per chunk."""
    for index in range(terms.requests.shape[0]):
        table = terms.requests[index]
        total = 0
        for j in range(problem.epoch_group[t], problem.epoch_group[t + 1]):
            for g in range(problem.group_first[j], problem.group_first[j + 1]):
                total += table[j, plan[g]]
        partial[terms.request_objective[index]] += total * terms.request_unit[index]


@kernel
def add_sites(
    t: int,
    placement_datacenter: NDArray[np.int32],
    terms: Terms,
    nodes: Longs,
    site: Floats,
    partial: Floats,
    by_center: Floats,
) -> None:
    """Add the objectives' terms per datacenter-hour and per placement-hour."""
    for d in range(site.shape[0]):
        weights = terms.site[t, d]
        for m in range(partial.shape[0]):
            value = (
                weights[0, m] * site[d, 0]
                + weights[1, m] * site[d, 1]
                + weights[2, m] * site[d, 2]
            )
            if terms.largest[m]:
                by_center[d, m] += value
            else:
                partial[m] += value
    if terms.nodes.shape[0] > 0:
        for p in range(nodes.shape[0]):
            if nodes[p] > 0:
                for m in range(partial.shape[0]):
                    value = terms.nodes[t, p, m] * nodes[p]
                    if terms.largest[m]:
                        by_center[placement_datacenter[p], m] += value
                    else:
                        partial[m] += value
