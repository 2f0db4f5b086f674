"""Slow twins: what kernels compute, in plain Python, from the equations of the model alone.

They share no code with the package: loops over records and numbers, no arrays of numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import ceil, exp, sqrt

from slit.scenario.records import HorizonStart, LoadingMode, NodeType, Origin, Service
from slit.scenario.scenario import Scenario

TICKS = 2**20
"""Ticks of a node-second."""
JOULES = 3.6e6
"""Joules of a kWh."""


@dataclass(frozen=True, slots=True)
class Group:
    """Requests of one epoch, origin and class."""

    epoch: int
    origin: int
    request_class: int
    requests: float
    prompt: float
    output: float


@dataclass(slots=True)
class Cell:
    """What happens at one placement in one epoch."""

    nodes: int
    loading: int
    utilization: float
    requests: float
    chance: float
    mean_wait: float
    share: float


@dataclass(slots=True)
class Site:
    """What one datacenter uses in one epoch."""

    it: float = 0.0
    facility: float = 0.0
    grid: float = 0.0
    on_site: float = 0.0
    off_site: float = 0.0
    carbon: float = 0.0
    cost: float = 0.0
    nodes: int = 0


@dataclass(slots=True)
class Outcome:
    """Objectives and violation of a plan.

    `sizes` are the sums of the terms' magnitudes before anything is subtracted: rounding errors are
    relative to them where terms cancel (renewables, negative prices, shares near 1).
    """

    violation: int = 0
    objectives: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    sites: dict[tuple[int, int], Site] = field(default_factory=dict)


def groups(scenario: Scenario) -> list[Group]:
    """The groups that have requests, by epoch, origin and class."""
    demand = scenario.demand
    return [
        Group(
            t,
            o,
            k,
            float(demand.requests[t, o, k]),
            float(demand.prompt[t, o, k]),
            float(demand.output[t, o, k]),
        )
        for t in range(scenario.horizon.epochs)
        for o in range(len(scenario.origins))
        for k in range(len(scenario.classes))
        if demand.requests[t, o, k] > 0
    ]


def node_type(scenario: Scenario, q: int) -> NodeType:
    return next(n for n in scenario.node_types if n.name == scenario.pools[q].node_type)


def service(scenario: Scenario, q: int, v: int) -> Service | None:
    for s in scenario.services:
        if (s.node_type, s.variant) == (scenario.pools[q].node_type, scenario.variants[v].name):
            return s
    return None


def replicas(scenario: Scenario, q: int, v: int) -> int:
    found = service(scenario, q, v)
    return 0 if found is None else node_type(scenario, q).gpus // found.gpus_per_replica


def free_bytes(scenario: Scenario, q: int, v: int) -> float:
    """Memory of one replica beside its weights."""
    found = service(scenario, q, v)
    assert found is not None
    memory = found.gpus_per_replica * node_type(scenario, q).gpu_memory_gb
    return (scenario.accounting.memory_share * memory - scenario.variants[v].weight_gb) * 1e9


def placements(scenario: Scenario) -> list[tuple[int, int]]:
    """(pool, variant) where the weights fit, by pool and variant."""
    return [
        (q, v)
        for q, pool in enumerate(scenario.pools)
        for v in range(len(scenario.variants))
        if pool.nodes > 0 and replicas(scenario, q, v) > 0 and free_bytes(scenario, q, v) > 0
    ]


def decode_rate(scenario: Scenario, q: int, v: int, k: int) -> float:
    """Output tokens a second of a node; 0 where the class cannot be served."""
    found = service(scenario, q, v)
    assert found is not None
    contexts = [g.prompt + g.output for g in groups(scenario) if g.request_class == k]
    each = max(contexts, default=0.0) * scenario.variants[v].kv_bytes_per_token
    batch = found.batch
    while batch and batch * each > free_bytes(scenario, q, v):
        batch -= 1
    step = found.step_fixed_s + found.step_slope_s * batch
    limit = scenario.classes[k].itl_limit_s
    if batch == 0 or (limit is not None and step > limit):
        return 0.0
    return replicas(scenario, q, v) * batch / step


def may_go(scenario: Scenario, o: int, k: int, q: int, v: int) -> bool:
    """Whether the residency rules allow an origin and class at a placement."""
    center = next(d for d in scenario.datacenters if d.name == scenario.pools[q].datacenter)
    for rule in scenario.residency:
        if rule.origins and scenario.origins[o].name not in rule.origins:
            continue
        if rule.classes and scenario.classes[k].name not in rule.classes:
            continue
        if rule.variants and scenario.variants[v].name not in rule.variants:
            return False
        places = center.name in rule.datacenters or center.jurisdiction in rule.jurisdictions
        if (rule.datacenters or rule.jurisdictions) and not places:
            return False
    return True


def last_mile_s(origin: Origin, t: int) -> float:
    """From a user to the edge and back in epoch t."""
    stated = origin.last_mile_ms
    return (stated[t] if isinstance(stated, tuple) else stated) / 1000


def sigma(ttft: float, slo: float) -> float:
    """Quality factor of a time to first token."""
    return 1.0 if ttft <= slo else exp(-(ttft - slo) / slo)


def mean_sigma(slack: float, slo: float, cell: Cell, load: float) -> float:
    """E sigma over queue and loading."""
    pw, theta = cell.chance, cell.mean_wait
    if pw == 0.0:
        queued = sigma(slo - slack, slo)
    elif slack >= 0:
        queued = 1 - pw * exp(-slack / theta) * theta / (slo + theta)
    else:
        queued = exp(slack / slo) * (1 - pw + pw * slo / (slo + theta))
    if slack >= load:
        loaded = 1.0
    elif slack >= 0:
        loaded = (slack + slo * (1 - exp(-(load - slack) / slo))) / load
    else:
        loaded = exp(slack / slo) * slo * (1 - exp(-load / slo)) / load
    return (1 - cell.share) * queued + cell.share * loaded


def late_share(slack: float, cell: Cell, load: float) -> float:
    """Probability that the first token comes after the SLO."""
    if slack < 0:
        return 1.0
    queued = cell.chance * exp(-slack / cell.mean_wait) if cell.chance else 0.0
    return (1 - cell.share) * queued + cell.share * min(1.0, max(0.0, 1 - slack / load))


class Twin:
    """Evaluates plans of a scenario, given the placements and the chunks of each group."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        placements: Sequence[tuple[int, int]],
        chunks: Sequence[int],
    ) -> None:
        self.scenario = scenario
        self.placements = list(placements)
        self.groups = groups(scenario)
        self.chunks = list(chunks)
        assert len(self.chunks) == len(self.groups)
        names = [d.name for d in scenario.datacenters]
        self.center = [names.index(scenario.pools[q].datacenter) for q, _ in self.placements]
        self._decode: dict[tuple[int, int], float] = {}

    def evaluate(self, plan: Sequence[int]) -> Outcome:
        """Objectives and violation of a plan: one placement a chunk, in order of the groups."""
        counts = self._counts(plan)
        needed = [self._nodes(counts, t) for t in range(self.scenario.horizon.epochs)]
        self._last = needed[-1]
        nodes: list[dict[int, int]] = []
        for need in needed:
            nodes.append(self._kept_up(need, nodes))
        out = Outcome()
        out.violation += self._refused(nodes)
        for t, active in enumerate(nodes):
            self._fill_cells(out, counts, t, active, self._before(nodes, t))
            self._fill_sites(out, counts, t, active, self._before(nodes, t))
        self._sum(out, counts)
        self._sum_changes(out, counts, nodes)
        return out

    def _counts(self, plan: Sequence[int]) -> list[dict[int, int]]:
        """Chunks of each group by placement."""
        counts, position = [], 0
        for number in self.chunks:
            found: dict[int, int] = {}
            for p in plan[position : position + number]:
                found[int(p)] = found.get(int(p), 0) + 1
            counts.append(found)
            position += number
        assert position == len(plan)
        return counts

    def _seconds(self, j: int, p: int) -> tuple[float, float]:
        """Prefill and decode node-seconds of one request."""
        group, (q, v) = self.groups[j], self.placements[p]
        found = service(self.scenario, q, v)
        assert found is not None
        key = (p, group.request_class)
        if key not in self._decode:
            self._decode[key] = decode_rate(self.scenario, q, v, group.request_class)
        return group.prompt / found.prefill_tokens_per_s, group.output / self._decode[key]

    def _prefill(self, j: int, p: int) -> float:
        found = service(self.scenario, *self.placements[p])
        assert found is not None
        return found.prefill_fixed_s + found.prefill_slope_s * self.groups[j].prompt

    def _load_time(self, p: int) -> float:
        q, v = self.placements[p]
        return self.scenario.variants[v].weight_gb / node_type(self.scenario, q).load_gb_per_s

    def _work(self, counts: list[dict[int, int]], t: int, p: int) -> int:
        """Ticks of work of a cell."""
        total = 0
        for j, group in enumerate(self.groups):
            if group.epoch == t and p in counts[j]:
                each = group.requests / self.chunks[j] * sum(self._seconds(j, p))
                total += counts[j][p] * ceil(each * TICKS)
        return total

    def _nodes(self, counts: list[dict[int, int]], t: int) -> dict[int, int]:
        accounting, epoch = self.scenario.accounting, self.scenario.horizon.epoch_seconds
        capacity = Fraction(accounting.utilization * epoch * TICKS)
        work = {p: self._work(counts, t, p) for p in range(len(self.placements))}
        nodes = {p: max(ceil(Fraction(w) / capacity), self._warm(p)) for p, w in work.items()}
        return {p: m for p, m in nodes.items() if m > 0}

    def _warm(self, p: int) -> int:
        """Nodes that are active with or without work."""
        q, v = self.placements[p]
        return self.scenario.pools[q].warm_nodes.get(self.scenario.variants[v].name, 0)

    def _epochs(self, p: int, field: str) -> int:
        """A minimum time in whole epochs."""
        q, v = self.placements[p]
        stated = getattr(self.scenario.pools[q], field)
        hours: float = stated.get(self.scenario.variants[v].name, stated.get("*", 0.0))
        return ceil(round(hours * 3600 / self.scenario.horizon.epoch_seconds, 6))

    def _changes(self, nodes: list[dict[int, int]], p: int, epochs: range) -> list[int]:
        """Nodes more than in the epoch before, of some epochs."""
        return [nodes[t].get(p, 0) - self._before(nodes, t).get(p, 0) for t in epochs]

    def _kept_up(self, need: dict[int, int], nodes: list[dict[int, int]]) -> dict[int, int]:
        """Active nodes of an epoch, after those of the epochs before it."""
        t, found = len(nodes), dict(need)
        for p in range(len(self.placements)):
            window = range(max(0, t - self._epochs(p, "min_up_hours") + 1), t)
            bound = sum(max(0, change) for change in self._changes(nodes, p, window))
            if bound > need.get(p, 0):
                found[p] = bound
        return found

    def _refused(self, nodes: list[dict[int, int]]) -> int:
        """Starts of nodes that stopped too short a time ago."""
        total = 0
        for p in range(len(self.placements)):
            for t in range(len(nodes)):
                window = range(max(0, t - self._epochs(p, "min_down_hours") + 1), t)
                stopped = sum(max(0, -change) for change in self._changes(nodes, p, window))
                [change] = self._changes(nodes, p, range(t, t + 1))
                total += min(stopped, max(0, change))
        return total

    def _move_cost(self, p: int) -> tuple[float, float]:
        """kWh and USD of a node start."""
        q, v = self.placements[p]
        stated = self.scenario.pools[q].move_cost
        for name in (self.scenario.variants[v].name, "*"):
            if name in stated:
                return stated[name].kwh, stated[name].usd
        return 0.0, 0.0

    def _before(self, nodes: list[dict[int, int]], t: int) -> dict[int, int]:
        """Nodes that hold weights when the epoch begins."""
        if t > 0:
            return nodes[t - 1]
        if self.scenario.today:
            return self._nodes([self._today(group) for group in self.groups], 0)
        match self.scenario.horizon.begins:
            case HorizonStart.FREE:
                return nodes[0]
            case HorizonStart.CYCLIC:
                return self._last
        pools, variants = self.scenario.pools, self.scenario.variants
        return {
            p: pools[q].initial_nodes.get(variants[v].name, 0)
            for p, (q, v) in enumerate(self.placements)
        }

    def _fill_cells(
        self,
        out: Outcome,
        counts: list[dict[int, int]],
        t: int,
        active: dict[int, int],
        before: dict[int, int],
    ) -> None:
        accounting, epoch = self.scenario.accounting, self.scenario.horizon.epoch_seconds
        for p, m in active.items():
            here = [j for j, g in enumerate(self.groups) if g.epoch == t and p in counts[j]]
            size = {j: counts[j][p] * self.groups[j].requests / self.chunks[j] for j in here}
            requests = sum(size.values())
            prefill = sum(size[j] * self._prefill(j, p) for j in here) / (requests or 1.0)
            rho = self._work(counts, t, p) / (m * epoch * TICKS)
            n = m * replicas(self.scenario, *self.placements[p])
            chance = rho ** (sqrt(2 * (n + 1)) - 1)
            factor = (accounting.arrival_scv + accounting.service_scv) / 2
            wait = prefill * factor / (n * (1 - rho))
            loading = max(0, m - before.get(p, 0))
            share = loading / m * self._load_time(p) / epoch
            if accounting.loading == LoadingMode.PREWARM:
                share = 0.0
            if wait == 0.0:
                chance = 0.0
            out.cells[t, p] = Cell(m, loading, rho, requests, chance, wait, share)

    def _fill_sites(
        self,
        out: Outcome,
        counts: list[dict[int, int]],
        t: int,
        active: dict[int, int],
        before: dict[int, int],
    ) -> None:
        scenario, epoch = self.scenario, self.scenario.horizon.epoch_seconds
        accounting, names = scenario.accounting, [d.name for d in scenario.datacenters]
        sites = [Site() for _ in names]
        for p, m in active.items():
            kind, site = node_type(scenario, self.placements[p][0]), sites[self.center[p]]
            joules = kind.idle_w * m * epoch + self._above_chord(self._work(counts, t, p), p)
            if accounting.loading == LoadingMode.PREWARM:
                joules += out.cells[t, p].loading * kind.idle_w * self._load_time(p)
            kwh, usd = self._move_cost(p)
            joules += out.cells[t, p].loading * kwh * JOULES
            site.cost += out.cells[t, p].loading * usd
            for j, group in enumerate(self.groups):
                if group.epoch == t and p in counts[j]:
                    size = counts[j][p] * group.requests / self.chunks[j]
                    reading, writing = self._seconds(j, p)
                    found = service(scenario, *self.placements[p])
                    assert found is not None
                    above = (kind.prefill_w - kind.idle_w) * reading
                    above += (kind.decode_w - kind.idle_w) * writing
                    joules += size * above * found.energy_ratio
                    gigabytes = size * group.output * accounting.egress_kb_per_token / 1e6
                    site.cost += gigabytes * scenario.datacenters[self.center[p]].egress_usd_per_gb
            site.it += joules / JOULES
            site.nodes += m
            hours = m * epoch / 3600
            site.carbon += kind.embodied_kg_per_hour * hours if accounting.embodied else 0.0
        for q, pool in enumerate(scenario.pools):
            used = self._used(active, q)
            out.violation += max(0, used - pool.nodes)
            site = sites[names.index(pool.datacenter)]
            site.it += self._unused_joules(q, used, self._used(before, q)) / JOULES
            if accounting.rental:
                kind = node_type(scenario, q)
                committed = kind.committed_usd_per_hour
                if committed is None:
                    committed = kind.rental_usd_per_hour
                beyond = max(0, used - pool.committed_nodes)
                dollars = pool.committed_nodes * committed + beyond * kind.rental_usd_per_hour
                site.cost += dollars * epoch / 3600
        for d, site in enumerate(sites):
            self._buy(site, t, d)
            out.sites[t, d] = site

    def _above_chord(self, work: int, p: int) -> float:
        """Energy of the last, partly filled node of a cell above the straight line between an idle
        and a full one, J."""
        kind, found = (
            node_type(self.scenario, self.placements[p][0]),
            service(self.scenario, *self.placements[p]),
        )
        assert found is not None
        busy = self.scenario.accounting.utilization * self.scenario.horizon.epoch_seconds
        load = (work % int(busy * TICKS)) / (busy * TICKS)
        points = [(0.0, kind.idle_w), *found.power_curve, (1.0, kind.decode_w)]
        if not found.power_curve or load == 0.0:
            return 0.0
        for (low, watts), (high, more) in pairwise(points):
            if low <= load < high:
                power = watts + (more - watts) * (load - low) / (high - low)
                return (power - kind.idle_w - load * (kind.decode_w - kind.idle_w)) * busy
        return 0.0

    def _used(self, active: dict[int, int], q: int) -> int:
        """Active nodes of a pool."""
        return sum(m for p, m in active.items() if self.placements[p][0] == q)

    def _unused_joules(self, q: int, used: int, before: int) -> float:
        """Energy of a pool's nodes that are not active, and of those that boot."""
        pool, kind = self.scenario.pools[q], node_type(self.scenario, q)
        epoch = self.scenario.horizon.epoch_seconds
        unused = max(0, pool.nodes - used)
        off = min(unused, pool.off_nodes)
        boots = max(0, min(pool.off_nodes, max(0, pool.nodes - before)) - off)
        each = kind.boot_kwh * JOULES + kind.standby_w * kind.boot_seconds
        return off * kind.off_w * epoch + (unused - off) * kind.standby_w * epoch + boots * each

    def _buy(self, site: Site, t: int, d: int) -> None:
        """Facility and grid energy of a site, and what they entail."""
        signals, accounting = self.scenario.signals, self.scenario.accounting
        site.facility = float(signals.pue[t, d]) * site.it
        site.grid = max(0.0, site.facility - float(signals.renewable[t, d]))
        site.on_site = float(signals.wue[t, d]) * site.it
        site.off_site = float(signals.ewif[t, d]) * site.grid
        site.carbon += float(signals.carbon[t, d]) * site.grid
        if accounting.water_energy_carbon:
            kwh = accounting.water_supply_kwh_per_m3 * site.on_site / 1000
            waste = float(signals.blowdown[t, d]) * site.it
            kwh += accounting.wastewater_kwh_per_m3 * waste / 1000
            site.carbon += float(signals.carbon[t, d]) * kwh
        site.cost += float(signals.price[t, d]) * site.grid

    def _sum(self, out: Outcome, counts: list[dict[int, int]]) -> None:
        signals, centers = self.scenario.signals, self.scenario.datacenters
        sums = dict.fromkeys(("carbon", "water", "cost", "energy", "scarcity_water"), 0.0)
        size = dict.fromkeys(("carbon", "water", "cost", "scarcity_water"), 0.0)
        by_center = {(name, d): 0.0 for name in ("carbon", "water") for d in range(len(centers))}
        for (t, d), site in out.sites.items():
            water, stress = site.on_site + site.off_site, centers[d].water_stress
            # Renewables are subtracted from the facility's energy: an error of the whole stays.
            gross = site.facility - site.grid
            sums["carbon"] += site.carbon
            sums["water"] += water
            sums["cost"] += site.cost
            sums["energy"] += site.facility
            sums["scarcity_water"] += water * stress
            by_center["carbon", d] += site.carbon
            by_center["water", d] += water
            price = abs(float(signals.price[t, d]))
            size["carbon"] += site.carbon + float(signals.carbon[t, d]) * gross
            size["water"] += water + float(signals.ewif[t, d]) * gross
            size["scarcity_water"] += (water + float(signals.ewif[t, d]) * gross) * stress
            size["cost"] += abs(site.cost) + 2 * price * site.facility
        for name in ("carbon", "water"):
            largest = max(by_center[name, d] for d in range(len(centers)))
            out.objectives[f"{name}_equity"] = largest
            out.sizes[f"{name}_equity"] = size[name]
        for name in ("carbon", "water", "cost", "energy", "scarcity_water"):
            out.objectives[name] = sums[name]
            out.sizes[name] = size.get(name, sums[name])
        self._sum_requests(out, counts)

    def _sum_changes(
        self, out: Outcome, counts: list[dict[int, int]], nodes: list[dict[int, int]]
    ) -> None:
        """Requests served elsewhere than before, nodes started, placements switched."""
        moved = compared = ramp = 0.0
        for j, group in enumerate(self.groups):
            served, chunks = self._today(group), self.chunks[j]
            earlier = self._earlier(group)
            if earlier is not None:
                served, chunks = counts[earlier], self.chunks[earlier]
            if served:
                places = set(counts[j]) | set(served)
                differences = (
                    Fraction(counts[j].get(p, 0), self.chunks[j])
                    - Fraction(served.get(p, 0), chunks)
                    for p in places
                )
                part = float(sum(map(abs, differences)) / 2)
                ramp = max(ramp, part)
                moved += group.requests * part
                compared += group.requests
        starts = switches = 0
        for t, active in enumerate(nodes):
            before = self._before(nodes, t)
            for p in range(len(self.placements)):
                now, then = active.get(p, 0), before.get(p, 0)
                starts += max(0, now - then)
                switches += (now == 0) != (then == 0)
        share = moved / compared if compared else 0.0
        changes = {"reroute": share, "starts": float(starts), "switches": float(switches)}
        changes["ramp"] = ramp
        out.objectives.update(changes)
        out.sizes.update(changes)

    def _today(self, group: Group) -> dict[int, int]:
        """Chunks of a group of the first epoch in today's routing, whole ones first, what is left
        by remainder; of rows without an hour that name origin and class."""
        if group.epoch > 0:
            return {}
        chunks, origin = self.chunks[self.groups.index(group)], self.scenario.origins[group.origin]
        kind, wanted = self.scenario.classes[group.request_class], dict[int, Fraction]()
        for entry in self.scenario.today:
            if (entry.origin, entry.request_class) != (origin.name, kind.name):
                continue
            for p, (q, v) in enumerate(self.placements):
                names = self.scenario.pools[q].name, self.scenario.variants[v].name
                if names == (entry.pool, entry.variant):
                    wanted[p] = wanted.get(p, Fraction(0)) + Fraction(entry.share) * chunks
        counts = {p: int(share) for p, share in wanted.items()}
        left = sorted(wanted, key=lambda p: (counts[p] - wanted[p], p))
        for p in left[: chunks - sum(counts.values())]:
            counts[p] += 1
        return {p: count for p, count in counts.items() if count}

    def _earlier(self, group: Group) -> int | None:
        """The group of the same origin and class in the epoch before."""
        epoch, epochs = group.epoch - 1, self.scenario.horizon.epochs
        if epoch < 0 and self.scenario.today:
            return None
        if epoch < 0 and epochs > 1 and self.scenario.horizon.begins == HorizonStart.CYCLIC:
            epoch = epochs - 1
        for j, other in enumerate(self.groups):
            same = (other.origin, other.request_class) == (group.origin, group.request_class)
            if same and other.epoch == epoch:
                return j
        return None

    def _sum_requests(self, out: Outcome, counts: list[dict[int, int]]) -> None:
        total = sum(group.requests for group in self.groups)
        good = right = late = seconds = 0.0
        for j, group in enumerate(self.groups):
            request_class = self.scenario.classes[group.request_class]
            origin, slo = self.scenario.origins[group.origin], request_class.slo_ttft_s
            for p, number in counts[j].items():
                cell, load = out.cells[group.epoch, p], self._load_time(p)
                size = number * group.requests / self.chunks[j]
                network = float(self.scenario.round_trip_s[group.origin, self.center[p]])
                served = service(self.scenario, *self.placements[p])
                assert served is not None
                base = (
                    network + last_mile_s(origin, group.epoch) + self._prefill(j, p) + served.wait_s
                )
                variant = self.scenario.variants[self.placements[p][1]]
                accuracy = variant.quality[request_class.name]
                seconds += size * (
                    base + (1 - cell.share) * cell.chance * cell.mean_wait + cell.share * load / 2
                )
                right += size * accuracy
                good += size * accuracy * mean_sigma(slo - base, slo, cell, load)
                late += size * late_share(slo - base, cell, load)
        shares = {"ttft": seconds, "slo_violation": late}
        out.objectives |= {name: value / total for name, value in shares.items()}
        out.objectives |= {"quality": 1 - good / total, "answer_loss": 1 - right / total}
        out.sizes |= {"ttft": seconds / total, "quality": 1.0, "answer_loss": 1.0}
        # Exponents far out on the tail of a wait amplify rounding; such a share is as good as zero.
        out.sizes["slo_violation"] = max(late / total, 1e-3)
