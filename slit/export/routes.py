"""The one record that every format is written from: weighted routes, replicas and nodes once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.ledger import Ledger
from slit.problem.placements import placements_of
from slit.scenario.scenario import Scenario

STAMP = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch of the horizon: its number, and the moments (UTC) it lasts from and to."""

    number: int
    start: datetime
    end: datetime

    @property
    def stamps(self) -> tuple[str, str]:
        """Start and end as they stand in files."""
        return self.start.strftime(STAMP), self.end.strftime(STAMP)

    @property
    def file_name(self) -> str:
        """The start as a part of a file name, without colons."""
        return self.start.strftime("%Y-%m-%dT%H%M%SZ")


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a group's requests that one placement serves."""

    datacenter: str
    pool: str
    variant: str
    batch: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Group:
    """Requests of an epoch, origin and class, and who serves them; shares sum to 1."""

    epoch: Epoch
    origin: str
    request_class: str
    requests: float
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Replicas:
    """Active nodes of a placement in an epoch, and the servers that run on them; some may still
    load their weights."""

    epoch: Epoch
    datacenter: str
    pool: str
    variant: str
    batch: int | None
    nodes: int
    replicas: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a file was made from: scenario and plan with their hashes (SHA-256)."""

    scenario: str
    scenario_hash: str
    plan: int
    method: str
    plan_hash: str

    def lines(self, epoch: Epoch | None = None) -> tuple[str, ...]:
        """As comments say it, of one epoch or of all."""
        found = [
            f"scenario {self.scenario} ({self.scenario_hash[:12]})",
            f"plan {self.plan} by {self.method} ({self.plan_hash[:12]})",
        ]
        if epoch is not None:
            found.append("epoch {} to {}".format(*epoch.stamps))
        return ("written by slit export; edit the mapping, not this file", *found)


@dataclass(frozen=True, slots=True, eq=False)
class PlanRoutes:
    """A plan as weighted routes: groups by epoch, origin and class, replicas by epoch and
    placement."""

    provenance: Provenance
    epochs: tuple[Epoch, ...]
    groups: tuple[Group, ...]
    replicas: tuple[Replicas, ...]


def epochs_of(scenario: Scenario) -> tuple[Epoch, ...]:
    """All epochs of a scenario."""
    start = scenario.horizon.start.astimezone(UTC)
    length = timedelta(seconds=scenario.horizon.epoch_seconds)
    return tuple(
        Epoch(t, start + t * length, start + (t + 1) * length)
        for t in range(scenario.horizon.epochs)
    )


def epoch_at(epochs: tuple[Epoch, ...], when: str) -> Epoch:
    """The epoch that a moment lies in. Raises SlitError for none, and for what is no moment."""
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        raise SlitError(f"at: {when!r}, expected a time, as {epochs[0].stamps[0]}") from None
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    for epoch in epochs:
        if epoch.start <= moment < epoch.end:
            return epoch
    first, last = epochs[0].stamps[0], epochs[-1].stamps[1]
    raise SlitError(f"at: {when}, expected a time from {first} to before {last} (the horizon)")


def plan_shares(ledger: Ledger) -> Floats:
    """Shares (J, P) of each group at each placement."""
    return np.asarray(ledger.counts / ledger.problem.group_chunks[:, None], np.float64)


def plan_routes(ledger: Ledger, provenance: Provenance) -> PlanRoutes:
    """The neutral record of a plan."""
    problem, scenario = ledger.problem, ledger.scenario
    epochs, placements = epochs_of(scenario), placements_of(scenario)
    named = [
        (
            scenario.datacenters[each.datacenter].name,
            scenario.pools[each.pool].name,
            scenario.variants[each.variant].name,
            each.service.batch if each.pair.points > 1 else None,
        )
        for each in placements
    ]
    shares = plan_shares(ledger)
    groups = tuple(
        Group(
            epoch=epochs[problem.group_epoch[j]],
            origin=scenario.origins[problem.group_origin[j]].name,
            request_class=scenario.classes[problem.group_class[j]].name,
            requests=float(problem.group_requests[j]),
            shares=tuple(
                Share(*named[p], share=float(shares[j, p])) for p in np.flatnonzero(shares[j])
            ),
        )
        for j in range(problem.groups)
    )
    replicas = []
    for t, p in np.argwhere(ledger.nodes > 0):
        nodes = int(ledger.nodes[t, p])
        center, pool, variant, batch = named[p]
        servers = int(nodes * problem.replicas[p])
        replicas.append(Replicas(epochs[t], center, pool, variant, batch, nodes, servers))
    return PlanRoutes(provenance, epochs, groups, tuple(replicas))
