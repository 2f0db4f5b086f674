"""What follows from changed cells of a state: nodes, energy, waits, and the epochs' parts.

The arrays are those of `slit.kernels.state.State`, one by one: to pass a whole state costs more
than most of the work here.
"""

import numpy as np

from operators.compiling import kernel
from operators.types import Bools, Floats, Ints, Longs
from slit.kernels.cells import active_nodes, find_waits, serve
from slit.kernels.evaluation import largest_of
from slit.kernels.plugs import Fill, call_fill
from slit.kernels.weighing import (
    fill_site_nodes,
    fill_sites,
    weigh_nodes,
    weigh_service,
    weigh_sites,
)

REQUEST_SCALE, KWH_OF_TICK, PROMPT_UNIT, VARIABILITY, NEGLIGIBLE = range(5)
NODE_TICKS, EPOCH_TICKS, CYCLIC, WAITS_COUNT, SERVICE_COUNTS, LARGEST_COUNTS = range(6)


@kernel
def make_stale(p: int, t: int, stale: Bools, queue: Longs) -> None:
    """Note that a cell is to be computed anew."""
    if not stale[t, p]:
        stale[t, p] = True
        queue[0, 0] += 1
        queue[queue[0, 0], 0] = t
        queue[queue[0, 0], 1] = p


@kernel
def make_waiting(t: int, waiting: Bools, epochs: Longs) -> None:
    """Note that an epoch is to be weighed anew."""
    if not waiting[t]:
        waiting[t] = True
        epochs[0] += 1
        epochs[epochs[0]] = t


@kernel
def settle_nodes(
    queue: Longs,
    stale: Bools,
    epochs: Longs,
    waiting: Bools,
    cells: Longs,
    nodes: Longs,
    used: Longs,
    n_used: Longs,
    occupied: Longs,
    energy: Longs,
    excess: Longs,
    places: Longs,
    pools: Longs,
    node_ticks: int,
    cyclic: bool,
) -> None:
    """Nodes of the stale cells, and what they mean for pools and for the epoch that follows."""
    n_epochs, k = nodes.shape[0], 1
    while k <= queue[0, 0]:
        t, p = queue[k, 0], queue[k, 1]
        old, needed = nodes[t, p], active_nodes(cells[t, p, 0], node_ticks)
        k += 1
        if needed == old:
            continue
        nodes[t, p] = needed
        if old == 0 or needed == 0:
            n_used[t] = list_cell(p, needed > 0, used[t], n_used[t])
        q = places[p, 0]
        room = pools[q, 1] - occupied[t, q]
        occupied[t, q] += needed - old
        left = pools[q, 1] - occupied[t, q]
        energy[t, pools[q, 0]] += (max(0, left) - max(0, room)) * pools[q, 2]
        excess[t] += max(0, -left) - max(0, -room)
        following = t + 1 if t + 1 < n_epochs else 0
        if following > 0 or cyclic:
            make_stale(p, following, stale, queue)
            make_waiting(following, waiting, epochs)


@kernel
def list_cell(p: int, inside: bool, used: Longs, n_used: int) -> int:
    """Put a cell on the ascending list of those in use, or take it off; returns its new length."""
    k = 0
    while k < n_used and used[k] < p:
        k += 1
    if inside:
        for i in range(n_used, k, -1):
            used[i] = used[i - 1]
        used[k] = p
        return n_used + 1
    for i in range(k, n_used - 1):
        used[i] = used[i + 1]
    return n_used - 1


@kernel
def settle_cells(
    queue: Longs,
    stale: Bools,
    one: Longs,
    start: Longs,
    cells: Longs,
    nodes: Longs,
    cell_energy: Longs,
    energy: Longs,
    waits: Floats,
    served: Floats,
    counts: Ints,
    places: Longs,
    speeds: Floats,
    epoch_group: Ints,
    group_class: Ints,
    chunk_requests: Floats,
    service: Floats,
    accuracy: Floats,
    slo: Floats,
    numbers: Floats,
    integers: Longs,
) -> None:
    """Energy, waits and service of the stale cells."""
    n_epochs = nodes.shape[0]
    for k in range(1, queue[0, 0] + 1):
        t, p = queue[k, 0], queue[k, 1]
        stale[t, p] = False
        before = start
        if t > 0:
            before = nodes[t - 1]
        elif integers[CYCLIC] == 1:
            before = nodes[n_epochs - 1]
        active, needed = nodes[t, p], 0
        if active > 0:
            loading = max(0, active - before[p])
            needed = cells[t, p, 1] + active * places[p, 2] + loading * places[p, 3]
        energy[t, places[p, 1]] += needed - cell_energy[t, p]
        cell_energy[t, p] = needed
        served[t, p] = 0.0
        if active > 0 and integers[WAITS_COUNT] == 1:
            one[0] = p
            find_waits(
                one, cells[t], nodes[t], before, speeds, integers[EPOCH_TICKS],
                numbers[PROMPT_UNIT], numbers[VARIABILITY], numbers[NEGLIGIBLE], waits[t],
            )  # fmt: skip
            if integers[SERVICE_COUNTS] == 1:
                serve_cell(
                    p, epoch_group[t], epoch_group[t + 1], counts, group_class, chunk_requests,
                    service, accuracy, slo, waits[t], served[t],
                )  # fmt: skip
    queue[0, 0] = 0


@kernel
def serve_cell(
    p: int,
    first_group: int,
    last_group: int,
    counts: Ints,
    group_class: Ints,
    chunk_requests: Floats,
    service: Floats,
    accuracy: Floats,
    slo: Floats,
    waits: Floats,
    served: Floats,
) -> None:
    """Add one cell's late requests and requests of full quality to `served` (P, 2)."""
    for j in range(first_group, last_group):
        if counts[p, j] > 0:
            k = group_class[j]
            late, sigma = serve(
                service[j, p, 0], service[j, p, 1], service[j, p, 2], service[j, p, 3], slo[k],
                waits[p, 0], waits[p, 1], waits[p, 2], waits[p, 3],
            )  # fmt: skip
            requests = counts[p, j] * chunk_requests[j]
            served[p, 0] += requests * late
            served[p, 1] += requests * (accuracy[k, p] * sigma)


@kernel
def weigh_epochs(
    epochs: Longs,
    waiting: Bools,
    cells: Longs,
    nodes: Longs,
    used: Longs,
    n_used: Longs,
    waits: Floats,
    served: Floats,
    energy: Longs,
    sums: Longs,
    sites: Floats,
    plugged: Floats,
    parts: Floats,
    places: Longs,
    speeds: Floats,
    pue: Floats,
    renewable: Floats,
    service_weights: Floats,
    site_weights: Floats,
    node_weights: Floats,
    units: Floats,
    owners: Ints,
    largest: Bools,
    fill: Fill | int,
    plug_data: Floats,
    plug_owners: Ints,
    numbers: Floats,
    integers: Longs,
    site: Floats,
    by_center: Floats,
) -> None:
    """What the waiting epochs add to the objectives; `site` and `by_center` are scratch."""
    for k in range(1, epochs[0] + 1):
        t = epochs[k]
        waiting[t] = False
        part, listed = parts[t], used[t, : n_used[t]]
        part[:] = 0.0
        if integers[WAITS_COUNT] == 1:
            weigh_service(
                listed, cells[t], speeds, waits[t], served[t], numbers[REQUEST_SCALE],
                service_weights, part,
            )  # fmt: skip
        for index in range(sums.shape[0]):
            part[owners[index]] += sums[index, t] * units[index]
        fill_sites(energy[t], numbers[KWH_OF_TICK], pue[t], renewable[t], site)
        if plug_owners.shape[0] > 0:
            fill_site_nodes(listed, nodes[t], places, site)
            refresh_plugs(fill, sites[t], site, plug_data[t], plugged[t])
        for d in range(site.shape[0]):
            for field in range(site.shape[1]):
                sites[t, d, field] = site[d, field]
        weigh_sites(site_weights[t], largest, site, part, by_center)
        if node_weights.shape[0] > 0:
            weigh_nodes(node_weights[t], largest, listed, nodes[t], places, part, by_center)
        for c in range(plug_owners.shape[0]):
            total = 0.0
            for d in range(site.shape[0]):
                total += plugged[t, d, c]
            part[plug_owners[c]] = total
    epochs[0] = 0


@kernel
def refresh_plugs(
    fill: Fill | int, old: Floats, new: Floats, data: Floats, plugged: Floats
) -> None:
    """Plug-in objectives (D, C) of the datacenters whose energy or nodes changed, (D, 4)."""
    for d in range(new.shape[0]):
        same = old[d, 0] == new[d, 0] and old[d, 1] == new[d, 1]
        if not same or old[d, 2] != new[d, 2] or old[d, 3] != new[d, 3]:
            call_fill(fill, new[d, 0], new[d, 1], new[d, 2], new[d, 3], data[d], plugged[d])


@kernel
def add_up(parts: Floats, constant: Floats, values: Floats) -> None:
    """The objectives (M,) from the epochs' parts."""
    for m in range(values.shape[0]):
        value = constant[m]
        for t in range(parts.shape[0]):
            value += parts[t, m]
        values[m] = value


@kernel
def add_largest(
    sites: Floats,
    used: Longs,
    n_used: Longs,
    nodes: Longs,
    places: Longs,
    site_weights: Floats,
    node_weights: Floats,
    largest: Bools,
    by_center: Floats,
    values: Floats,
) -> None:
    """Add the largest of the datacenters' totals, added up anew over all epochs."""
    unused = np.zeros(values.shape[0])
    by_center[:] = 0.0
    for t in range(sites.shape[0]):
        weigh_sites(site_weights[t], largest, sites[t], unused, by_center)
        if node_weights.shape[0] > 0:
            listed = used[t, : n_used[t]]
            weigh_nodes(node_weights[t], largest, listed, nodes[t], places, unused, by_center)
    for m in range(values.shape[0]):
        if largest[m]:
            values[m] += largest_of(by_center, m)
