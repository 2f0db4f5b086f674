"""routing.csv: what an operator would load into a gateway."""

from datetime import UTC, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from slit.ledger import Ledger
from slit.problem.placements import placements_of
from slit.record.tables import write_csv

ROUTING = "routing.csv"


class Route(NamedTuple):
    """Part of a request group at one placement.

    `hour` is the start of the epoch (UTC), `share` the part of the group's requests, `nodes` the
    active nodes of this pool and variant in the epoch, which all routes to it share; `batch` is
    None unless the variant has several operating points there, and the nodes are those of this one.
    """

    hour: str
    origin: str
    request_class: str
    datacenter: str
    pool: str
    variant: str
    share: float
    requests: float
    nodes: int
    batch: int | None


def routes_of(ledger: Ledger) -> list[Route]:
    """All routes of a plan, by epoch, origin, class and placement."""
    problem, scenario = ledger.problem, ledger.scenario
    pairs = [placement.pair for placement in placements_of(scenario)]
    batches = [pair.service.batch if pair.points > 1 else None for pair in pairs]
    length = timedelta(seconds=problem.epoch_seconds)
    start = scenario.horizon.start.astimezone(UTC)
    requests = ledger.group_requests
    routes = []
    for j, p in np.argwhere(ledger.counts > 0):
        epoch = int(problem.group_epoch[j])
        routes.append(
            Route(
                hour=(start + epoch * length).strftime("%Y-%m-%dT%H:%M:%SZ"),
                origin=scenario.origins[problem.group_origin[j]].name,
                request_class=scenario.classes[problem.group_class[j]].name,
                datacenter=scenario.datacenters[problem.placement_datacenter[p]].name,
                pool=scenario.pools[problem.placement_pool[p]].name,
                variant=scenario.variants[problem.placement_variant[p]].name,
                share=float(ledger.counts[j, p] / problem.group_chunks[j]),
                requests=float(requests[j, p]),
                nodes=int(ledger.nodes[epoch, p]),
                batch=batches[p],
            )
        )
    return routes


def write_routing(ledger: Ledger, folder: Path) -> Path:
    """Write the routes of a plan into a run folder, batches where there are any.

    Raises SlitError if that cannot be done.
    """
    file, routes = folder / ROUTING, routes_of(ledger)
    header = ["class" if name == "request_class" else name for name in Route._fields]
    columns = len(header) - all(route.batch is None for route in routes)
    write_csv(file, header[:columns], [list(route[:columns]) for route in routes])
    return file
