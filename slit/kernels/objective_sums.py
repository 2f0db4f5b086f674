"""What an epoch adds to the objectives: services, requests, energy and nodes times their weights.

Everything here is summed in one fixed order, cell by cell and datacenter by datacenter, so that
equal cells give equal bits.
"""

import numpy as np

from operators.compiling import kernel
from operators.types import Bools, Floats, Longs
from slit.kernels.model import (
    grid_energy,
    late_in_queue,
    late_while_loading,
    mean_delay,
    with_loading,
)
from slit.kernels.objective_terms import ObjectiveTerms
from slit.problem.arrays import Problem


@kernel
def add_service(
    used: Longs,
    cells: Longs,
    speeds: Floats,
    waits: Floats,
    served: Floats,
    request_scale: float,
    weights: Floats,
    partial: Floats,
) -> None:
    """Add what waits, late requests and requests of full quality weigh, (3, M)."""
    waiting, late, good = 0.0, 0.0, 0.0
    for p in used:
        waiting += (cells[p, 2] / request_scale) * mean_delay(
            waits[p, 2], waits[p, 0], waits[p, 1], speeds[p, 4]
        )
        late += served[p, 0]
        good += served[p, 1]
    for m in range(partial.shape[0]):
        partial[m] += weights[0, m] * waiting + weights[1, m] * late + weights[2, m] * good


@kernel
def add_by_group(
    entries: Longs,
    used: Longs,
    problem: Problem,
    terms: ObjectiveTerms,
    speeds: Floats,
    waits: Floats,
    outcomes: Floats,
    partial: Floats,
) -> None:
    """Add what service weighs by groups, cell by cell: outcomes (n, 2) as
    `slit.kernels.cells.serve_entries` leaves them."""
    weights, base_ttft, service = terms.group_service, problem.base_ttft, problem.service
    sums = np.zeros((weights.shape[0], waits.shape[0]))
    for e in range(entries.shape[0]):
        j, p = entries[e, 0], entries[e, 1]
        chance, mean_wait, share = waits[p, 0], waits[p, 1], waits[p, 2]
        delay = mean_delay(share, chance, mean_wait, speeds[p, 4])
        sigma = with_loading(share, outcomes[e, 1], service[j, p, 2])
        good = problem.accuracy[problem.group_class[j], p] * sigma
        requests = entries[e, 2] * problem.chunk_requests[j]
        for r in range(weights.shape[0]):
            value = weights[r, j, 0] * delay + weights[r, j, 2] * good
            if weights[r, j, 1] != 0.0:
                slack = weights[r, j, 3] - base_ttft[j, p]
                queued = late_in_queue(slack, chance, mean_wait)
                loaded = late_while_loading(slack, 2.0 * speeds[p, 4])
                value += weights[r, j, 1] * with_loading(share, queued, loaded)
            sums[r, p] += requests * value
    for r in range(weights.shape[0]):
        total = 0.0
        for p in used:
            total += sums[r, p]
        partial[terms.group_objective[r]] += total


@kernel
def sum_requests(entries: Longs, table: Longs) -> int:
    """The integer sum of a (J, P) table over an epoch's chunks."""
    total = 0
    for e in range(entries.shape[0]):
        total += entries[e, 2] * table[entries[e, 0], entries[e, 1]]
    return total


@kernel
def fill_sites(
    energy: Longs, kwh_of_tick: float, pue: Floats, renewable: Floats, site: Floats
) -> None:
    """IT, facility and grid energy (kWh) of each datacenter into `site` (D, 4)."""
    for d in range(energy.shape[0]):
        site[d, 0] = energy[d] * kwh_of_tick
        site[d, 1] = pue[d] * site[d, 0]
        site[d, 2] = grid_energy(site[d, 1], renewable[d])


@kernel
def keep_sites(used: Longs, nodes: Longs, places: Longs, site: Floats, kept: Floats) -> None:
    """Copy `site` (D, 4), with the active nodes of each datacenter, to `kept`."""
    site[:, 3] = 0.0
    for p in used:
        site[places[p, 1], 3] += nodes[p]
    for d in range(site.shape[0]):
        for field in range(site.shape[1]):
            kept[d, field] = site[d, field]


@kernel
def add_energy(
    weights: Floats, largest: Bools, site: Floats, partial: Floats, by_center: Floats
) -> None:
    """Add what the energy of the datacenters weighs: weights (D, 3, M), site (D, 4).

    Where the largest datacenter counts, it is added by datacenter (D, M).
    """
    for d in range(site.shape[0]):
        it, facility, grid = site[d, 0], site[d, 1], site[d, 2]
        for m in range(partial.shape[0]):
            value = weights[d, 0, m] * it + weights[d, 1, m] * facility + weights[d, 2, m] * grid
            if largest[m]:
                by_center[d, m] += value
            else:
                partial[m] += value


@kernel
def add_nodes(
    weights: Floats,
    largest: Bools,
    used: Longs,
    nodes: Longs,
    places: Longs,
    partial: Floats,
    by_center: Floats,
) -> None:
    """Add what active nodes weigh: weights (P, M)."""
    for p in used:
        for m in range(partial.shape[0]):
            if largest[m]:
                by_center[places[p, 1], m] += weights[p, m] * nodes[p]
            else:
                partial[m] += weights[p, m] * nodes[p]
