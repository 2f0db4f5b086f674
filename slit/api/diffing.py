"""What changes from one plan to another, hour by hour, and what it may come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from operators.types import Floats
from slit.api.tradeoffs import tradeoff
from slit.errors import SlitError
from slit.export.routes import Epoch, epoch_at, epochs_of, plan_shares
from slit.ledger import Ledger, write_ledger
from slit.record import Run, read_run
from slit.report.limits import limits_data

SAME = 1e-9
"""Signals whose relative difference is smaller are the same."""
BINDING = 0.5
"""Per cent of a limit that a plan leaves of it, up to which it binds."""
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Something before and after, by the names that it has."""

    names: Key
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Hour:
    """A datacenter in an epoch, as it stands in the second plan's scenario."""

    datacenter: str
    carbon: float  # g CO2e/kWh
    price: float  # USD/MWh
    water: float  # L/kWh of IT energy, on site and at power plants
    leaves: str | None = None  # when half of its traffic would leave, if that is known


@dataclass(frozen=True, slots=True)
class EpochChange:
    """What changes in an epoch.

    moved: share of its requests served elsewhere or by another variant. routes: the share of a
    group's requests by (origin, class, datacenter, variant); backends: of all requests, by
    (datacenter, variant); nodes by (pool, variant); signals by (name, datacenter). full: pools
    whose nodes are all in use, by name, in the second plan.
    """

    epoch: Epoch
    requests: tuple[float, float]
    moved: float
    routes: tuple[Change, ...]
    backends: tuple[Change, ...]
    nodes: tuple[Change, ...]
    signals: tuple[Change, ...]
    hours: tuple[Hour, ...]
    full: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """Two plans, before and after. objectives: by (name, unit), of those that both runs have.
    binding: limits of either run that its plan leaves less than BINDING per cent of, by (which,
    limit)."""

    before: str
    after: str
    same_scenario: bool
    shifted: bool
    objectives: tuple[Change, ...]
    moved: float
    binding: tuple[tuple[str, str], ...]
    epochs: tuple[EpochChange, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """A plan of a run with its account."""

    run: Run
    row: int
    ledger: Ledger
    epochs: tuple[Epoch, ...] = field(default=())

    def routes(self, epoch: int) -> dict[Key, tuple[float, float]]:
        """Share of its group and requests, by origin, class, datacenter and variant."""
        problem, scenario = self.ledger.problem, self.ledger.scenario
        found: dict[Key, tuple[float, float]] = {}
        groups = np.flatnonzero(problem.group_epoch == epoch)
        shares: Floats = plan_shares(self.ledger)
        for j in groups.tolist():
            for p in np.flatnonzero(shares[j]).tolist():
                key = (
                    scenario.origins[problem.group_origin[j]].name,
                    scenario.classes[problem.group_class[j]].name,
                    scenario.datacenters[problem.placement_datacenter[p]].name,
                    scenario.variants[problem.placement_variant[p]].name,
                )
                share, requests = found.get(key, (0.0, 0.0))
                part = float(shares[j, p])
                found[key] = share + part, requests + part * float(problem.group_requests[j])
        return found

    def nodes(self, epoch: int) -> dict[Key, float]:
        """Active nodes by pool and variant."""
        problem, scenario = self.ledger.problem, self.ledger.scenario
        found: dict[Key, float] = {}
        for p in np.flatnonzero(self.ledger.nodes[epoch]).tolist():
            pool = scenario.pools[problem.placement_pool[p]].name
            key = pool, scenario.variants[problem.placement_variant[p]].name
            found[key] = found.get(key, 0.0) + float(self.ledger.nodes[epoch, p])
        return found

    def signals(self, epoch: int) -> dict[Key, float]:
        """Signals by name with unit, and datacenter."""
        problem, scenario = self.ledger.problem, self.ledger.scenario
        values = {
            "carbon (g CO2e/kWh)": 1000 * problem.carbon[epoch],
            "price (USD/MWh)": 1000 * problem.price[epoch],
            "water at power plants (L/kWh)": problem.ewif[epoch],
            "water on site (L/kWh)": problem.wue[epoch],
            "PUE": problem.pue[epoch],
            "renewables on site (kWh)": problem.renewable[epoch],
        }
        names = [center.name for center in scenario.datacenters]
        return {
            (what, name): float(value)
            for what, each in values.items()
            for name, value in zip(names, each, strict=True)
        }


def diff(
    before: str, after: str, *, at: str | None = None, shadow: bool = False, threads: int = 1
) -> PlanDifference:
    """What changes from the plan of a run to that of the same or another one.

    Args:
        before: RUN:PLAN, a run folder and a plan's number or name.
        after: likewise.
        at: a moment, for its epoch alone.
        shadow: also when traffic would move again, which takes linear programs.
        threads: that solve them.

    Raises:
        SlitError: for an unknown run, plan or time, and epochs of another length.
    """
    first, second = _side(before), _side(after)
    lengths = [side.run.scenario.horizon.epoch_seconds for side in (first, second)]
    if lengths[0] != lengths[1]:
        raise SlitError(
            f"diff: epochs of {lengths[0]:g} and {lengths[1]:g} s, expected the same length"
        )
    starts = {each.start: each.number for each in first.epochs}
    pairs = [(starts[each.start], each) for each in second.epochs if each.start in starts]
    shifted = not pairs
    if shifted:
        pairs = [(n, each) for n, each in enumerate(second.epochs) if n < len(first.epochs)]
    if at is not None:
        chosen = epoch_at(second.epochs, at)
        pairs = [(n, each) for n, each in pairs if each is chosen]
        if not pairs:
            raise SlitError(f"at: {at}, expected a time in both horizons")
    leaves = _leaving(after, threads) if shadow else {}
    epochs = tuple(_changed(first, n, second, each, leaves) for n, each in pairs)
    requests = sum(each.requests[1] for each in epochs)
    hashes = [side.run.manifest.scenario_hash for side in (first, second)]
    return PlanDifference(
        before=before,
        after=after,
        same_scenario=hashes[0] == hashes[1],
        shifted=shifted,
        objectives=_objectives(first, second),
        moved=sum(each.moved * each.requests[1] for each in epochs) / requests,
        binding=(*_binding(first, "before"), *_binding(second, "after")),
        epochs=epochs,
    )


def _side(said: str) -> _Side:
    folder, _, plan = said.rpartition(":")
    if not folder or not plan:
        raise SlitError(
            f"diff: {said!r}, expected RUN:PLAN (a run folder, a plan's number or name)"
        )
    run = read_run(folder)
    row = run.front.row_of(plan, prefix=run.manifest.optimizer)
    ledger = write_ledger(run.front.X[row], run.problem, run.scenario)
    return _Side(run, row, ledger, epochs_of(run.scenario))


def _changed(
    first: _Side, number: int, second: _Side, epoch: Epoch, leaves: Mapping[tuple[str, int], str]
) -> EpochChange:
    old, new = first.routes(number), second.routes(epoch.number)
    total = [sum(requests for _, requests in each.values()) for each in (old, new)]
    groups: dict[Key, float] = {}
    moved = 0.0
    for key, (_, requests) in new.items():
        groups[key[:2]] = groups.get(key[:2], 0.0) + requests
    routes = _changes({k: v[0] for k, v in old.items()}, {k: v[0] for k, v in new.items()})
    for change in routes:
        moved += 0.5 * _requests(change, groups)
    backends = [_by_backend(each, size) for each, size in zip((old, new), total, strict=True)]
    changed = _changes(*backends)
    signals = [
        each
        for each in _changes(first.signals(number), second.signals(epoch.number))
        if abs(each.after - each.before) > SAME * max(abs(each.before), abs(each.after))
    ]
    problem, scenario = second.ledger.problem, second.ledger.scenario
    used = second.ledger.pool_nodes[epoch.number] >= problem.pool_nodes
    places = dict.fromkeys(each.names[0] for each in changed)
    return EpochChange(
        epoch=epoch,
        requests=(total[0], total[1]),
        moved=moved / total[1] if total[1] else 0.0,
        routes=tuple(sorted(routes, key=lambda each: -_requests(each, groups))),
        backends=changed,
        nodes=_changes(first.nodes(number), second.nodes(epoch.number)),
        signals=tuple(signals),
        hours=tuple(_hour(second, epoch.number, name, leaves) for name in places),
        full=tuple(scenario.pools[q].name for q in np.flatnonzero(used)),
    )


def _requests(change: Change, groups: Mapping[Key, float]) -> float:
    return abs(change.after - change.before) * groups.get(change.names[:2], 0.0)


def _hour(side: _Side, epoch: int, name: str, leaves: Mapping[tuple[str, int], str]) -> Hour:
    problem = side.ledger.problem
    names = [center.name for center in side.ledger.scenario.datacenters]
    if name not in names:  # of the first scenario alone
        return Hour(name, float("nan"), float("nan"), float("nan"))
    d = names.index(name)
    water = problem.wue[epoch, d] + problem.pue[epoch, d] * problem.ewif[epoch, d]
    carbon, price = 1000 * problem.carbon[epoch, d], 1000 * problem.price[epoch, d]
    return Hour(name, float(carbon), float(price), float(water), leaves.get((name, epoch)))


def _changes(old: Mapping[Key, float], new: Mapping[Key, float]) -> tuple[Change, ...]:
    """What differs, the largest first."""
    keys = dict.fromkeys((*old, *new))
    found = [Change(key, old.get(key, 0.0), new.get(key, 0.0)) for key in keys]
    differing = [each for each in found if abs(each.after - each.before) > SAME]
    return tuple(sorted(differing, key=lambda each: -abs(each.after - each.before)))


def _by_backend(routes: Mapping[Key, tuple[float, float]], total: float) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for key, (_, requests) in routes.items():
        found[key[2:]] = found.get(key[2:], 0.0) + requests / total
    return found


def _objectives(first: _Side, second: _Side) -> tuple[Change, ...]:
    fronts = first.run.front, second.run.front
    return tuple(
        Change(
            (name, fronts[0].units[fronts[0].names.index(name)]),
            float(fronts[0].F[first.row, fronts[0].names.index(name)]),
            float(fronts[1].F[second.row, fronts[1].names.index(name)]),
        )
        for name in fronts[0].names
        if name in fronts[1].names
    )


def _binding(side: _Side, which: str) -> Sequence[tuple[str, str]]:
    if not side.run.manifest.resolved_limits:
        return []
    data = limits_data(side.run, [side.row])
    rooms = data.room[0].tolist()
    return [
        (which, limit.text)
        for limit, room in zip(data.limits, rooms, strict=True)
        if room <= BINDING
    ]


def _leaving(said: str, threads: int) -> dict[tuple[str, int], str]:
    """When half of a datacenter's traffic would leave it, by name and epoch (shadow prices)."""
    folder, _, plan = said.rpartition(":")
    traded = tradeoff(folder, plan=plan, threads=threads)
    found = {}
    for each in () if traded.shadow is None else traded.shadow.relocations:
        rises = []
        if each.carbon_rise is not None:
            rises.append(f"carbon rises by {each.carbon_rise:.3g} g CO2e/kWh")
        if each.price_rise is not None:
            rises.append(f"price rises by {each.price_rise:.3g} USD/MWh")
        if rises:
            to = "" if each.target is None else f", most to {each.target}"
            found[each.datacenter, each.epoch] = f"when {' or '.join(rises)}{to}"
    return found
