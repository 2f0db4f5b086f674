"""What one plan does, hour by hour, by the formulas of full evaluation (`slit.kernels.model`).

The sums of a ledger equal the objectives of the evaluator (tested); reports and objectives that
are plain Python read it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from operators.types import Floats, Genes, Integers, Longs
from slit.kernels.accounting import account_plan, serve_groups
from slit.kernels.local_search import followed
from slit.plans import check_plans
from slit.problem import Problem, Start
from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Quantities of one plan. Shapes: T epochs, D datacenters, P placements, Q pools, J groups."""

    problem: Problem  # what was planned, as arrays
    scenario: Scenario  # what it was made from
    counts: Longs  # (J, P) chunks
    nodes: Longs  # (T, P) active nodes
    loading_nodes: Longs  # (T, P) nodes that load weights in this epoch
    refused_starts: Longs  # (T, P) nodes that start before their minimum time down is over
    requests: Floats  # (T, P) requests served
    utilization: Floats  # (T, P) of the active nodes
    wait_chance: Floats  # (T, P) probability of waiting in queue
    mean_wait: Floats  # (T, P) s, mean wait of those who wait
    loading_share: Floats  # (T, P) share of requests that meet a loading node
    pool_nodes: Longs  # (T, Q) active nodes
    idle_nodes: Longs  # (T, Q) powered, but not active
    off_nodes: Longs  # (T, Q) nodes that are off
    boots: Longs  # (T, Q) nodes that boot
    it_kwh: Floats  # (T, D) kWh of the servers
    facility_kwh: Floats  # (T, D) kWh: servers times PUE
    grid_kwh: Floats  # (T, D) kWh bought
    carbon_kg: Floats  # (T, D) kg CO2e, all that the scenario counts
    water_on_site_l: Floats  # (T, D) L, evaporated and drained by cooling
    water_off_site_l: Floats  # (T, D) L, at power plants
    cost_usd: Floats  # (T, D) USD, all that the scenario counts
    committed_usd: Floats  # (T, D) USD of it for committed nodes, whatever the plan
    ttft_s: Floats  # (J, P) s, mean time to first token
    sigma: Floats  # (J, P) mean quality factor of the time to first token
    late: Floats  # (J, P) probability of being later than the SLO

    @property
    def group_requests(self) -> Floats:
        """Requests of each group at each placement, (J, P)."""
        return self.counts * self.problem.chunk_requests[:, None]

    @property
    def excess_nodes(self) -> Longs:
        """Nodes beyond each pool's capacity, (T, Q)."""
        excess: Longs = np.maximum(self.pool_nodes - self.problem.pool_nodes[None, :], 0)
        return excess

    @property
    def rerouted(self) -> Floats:
        """Requests of each group that are served elsewhere than in the epoch before, or than in
        today's routing, (J,)."""
        problem = self.problem
        share = self.counts / problem.group_chunks[:, None]
        previous = problem.group_previous
        moved = 0.5 * np.abs(share - share[previous]).sum(axis=1)
        first = slice(len(problem.today_chunks))
        chunks = problem.group_chunks[first, None]
        difference = np.abs(self.counts[first] - problem.today_chunks)
        moved[first] = 0.5 * (difference / chunks).sum(axis=1)
        return np.where(problem.compared, moved * problem.group_requests, 0.0)

    @property
    def switched(self) -> Longs:
        """Variants of pools turned on or off from the epoch before, (T,)."""
        points = np.unique(self.problem.first_point)  # operating points count together
        on = np.add.reduceat(self.nodes, points, axis=1) > 0
        before = np.roll(on, 1, axis=0)
        if self.problem.start == Start.GIVEN:
            before[0] = np.add.reduceat(self.problem.initial_nodes, points) > 0
        elif self.problem.start == Start.FREE:
            before[0] = on[0]
        else:  # nodes that only a minimum time kept up have stopped at the seam
            last = (self.requests[-1] > 0) | (self.problem.warm_nodes > 0)
            before[0] = np.logical_or.reduceat(last, points)
        return np.asarray((on != before).sum(axis=1))

    def totals(self) -> dict[str, float]:
        """The built-in objectives by name, summed from the ledger."""
        problem = self.problem
        requests = self.group_requests
        total = problem.total_requests
        accuracy = problem.accuracy[problem.group_class]
        water = self.water_on_site_l + self.water_off_site_l
        compared = float(problem.group_requests[problem.compared].sum())
        return {
            "carbon": float(self.carbon_kg.sum()),
            "water": float(water.sum()),
            "cost": float(self.cost_usd.sum()),
            "quality": 1.0 - float((requests * accuracy * self.sigma).sum()) / total,
            "ttft": float((requests * self.ttft_s).sum()) / total,
            "slo_violation": float((requests * self.late).sum()) / total,
            "answer_loss": float((requests * (1.0 - accuracy)).sum()) / total,
            "energy": float(self.facility_kwh.sum()),
            "scarcity_water": float((water * problem.water_stress[None, :]).sum()),
            "carbon_equity": float(self.carbon_kg.sum(axis=0).max()),
            "water_equity": float(water.sum(axis=0).max()),
            "reroute": float(self.rerouted.sum()) / compared if compared > 0 else 0.0,
            "starts": float(self.loading_nodes.sum()),
            "switches": float(self.switched.sum()),
            "ramp": float((self.rerouted / problem.group_requests).max()),
        }


def refused_starts(problem: Problem, plans: Genes, violation: Floats) -> Longs:
    """Of the violation (N,) of plans (N, G) the nodes that start before a minimum time down is
    over, (N,)."""
    found = np.zeros(len(plans), np.int64)
    if (problem.min_down > 1).any():
        for n in np.flatnonzero(violation >= 1):
            found[n] = followed(plans[n], problem).refused.sum()
    return found


def write_ledger(plan: Integers, problem: Problem, scenario: Scenario) -> Ledger:
    """The ledger of one plan (G,)."""
    shape = problem.epochs, problem.placements
    counts = np.zeros((problem.groups, problem.placements), np.int64)
    cells, nodes = np.zeros((*shape, 4), np.int64), np.zeros((2, *shape), np.int64)
    waits, outcomes = np.zeros((*shape, 4)), np.zeros((*counts.shape, 3))
    pool_nodes = np.zeros((problem.epochs, len(problem.pool_nodes)), np.int64)
    energy = np.zeros((problem.epochs, problem.datacenters), np.int64)
    [genes] = check_plans(problem, np.asarray(plan)[None, :])
    refused, boots = np.zeros(shape, np.int64), np.zeros_like(pool_nodes)
    account_plan(genes, problem, counts, cells, nodes, waits, pool_nodes, energy, refused, boots)
    serve_groups(waits, problem, outcomes)
    active, loading = nodes
    nobody = (active == 0) | (waits[:, :, 0] == 0.0)
    it: Floats = np.multiply(energy, problem.kwh_per_energy_tick)
    committed = committed_usd(problem, scenario)
    powered = np.clip(pool_nodes, problem.powered_nodes, problem.pool_nodes)
    return Ledger(
        problem=problem,
        scenario=scenario,
        counts=counts,
        nodes=active,
        loading_nodes=loading,
        refused_starts=refused,
        requests=cells[:, :, 2] / problem.request_scale,
        utilization=waits[:, :, 3],
        wait_chance=waits[:, :, 0],
        mean_wait=np.where(nobody, 0.0, waits[:, :, 1]),
        loading_share=waits[:, :, 2],
        pool_nodes=pool_nodes,
        idle_nodes=np.maximum(powered - pool_nodes, 0),
        off_nodes=problem.pool_nodes - powered,
        boots=boots,
        **_site_totals(problem, scenario, counts, nodes, it),
        committed_usd=committed,
        ttft_s=outcomes[:, :, 0],
        sigma=outcomes[:, :, 1],
        late=outcomes[:, :, 2],
    )


def with_energy(ledger: Ledger, it_kwh: Floats) -> Ledger:
    """The ledger if servers had drawn it_kwh (T, D): energy, carbon, water and cost by the same
    formulas, all else as it is."""
    problem, scenario = ledger.problem, ledger.scenario
    nodes = np.stack([ledger.nodes, ledger.loading_nodes])
    changed: dict[str, Any] = _site_totals(problem, scenario, ledger.counts, nodes, it_kwh)
    return replace(ledger, **changed)


def _site_totals(
    problem: Problem, scenario: Scenario, counts: Longs, nodes: Longs, it: Floats
) -> dict[str, Floats]:
    """Columns (T, D) of a ledger that follow from the energy of servers."""
    facility = it * problem.pue
    grid = np.maximum(0.0, facility - problem.renewable)
    carbon, cost = _carbon_and_cost(problem, scenario, counts, nodes, it, grid)
    return {
        "it_kwh": it,
        "facility_kwh": facility,
        "grid_kwh": grid,
        "carbon_kg": carbon,
        "water_on_site_l": it * problem.wue,
        "water_off_site_l": grid * problem.ewif,
        "cost_usd": cost + committed_usd(problem, scenario),
    }


def _carbon_and_cost(
    problem: Problem, scenario: Scenario, counts: Longs, nodes: Longs, it: Floats, grid: Floats
) -> tuple[Floats, Floats]:
    accounting, (active, started) = scenario.accounting, nodes
    carbon, cost = problem.carbon * grid, problem.price * grid
    np.add.at(cost.T, problem.placement_datacenter, (started * problem.start_usd).T)
    if accounting.water_energy_carbon:
        supply, waste = accounting.water_supply_kwh_per_m3, accounting.wastewater_kwh_per_m3
        carbon = carbon + problem.carbon * it * (
            supply * problem.wue / 1000 + waste * problem.blowdown / 1000
        )
    types = {node_type.name: node_type for node_type in scenario.node_types}
    kinds = [types[scenario.pools[q].node_type] for q in problem.placement_pool]
    hours = problem.epoch_seconds / 3600
    if accounting.embodied:
        each = np.array([kind.embodied_kg_per_hour for kind in kinds]) * hours
        np.add.at(carbon.T, problem.placement_datacenter, (active * each).T)
    if accounting.rental:
        each = np.array([kind.rental_usd_per_hour for kind in kinds]) * hours
        pool = np.zeros((problem.epochs, len(problem.pool_nodes)))
        np.add.at(pool.T, problem.placement_pool, active.T)
        beyond = np.maximum(pool - problem.committed_nodes, 0)
        share = np.divide(beyond, pool, out=np.zeros_like(pool), where=pool > 0)
        rented = active * share[:, problem.placement_pool] * each
        np.add.at(cost.T, problem.placement_datacenter, rented.T)
    if accounting.egress_kb_per_token > 0:
        gigabytes = problem.group_output * accounting.egress_kb_per_token / 1e6
        sent = counts * (problem.chunk_requests * gigabytes)[:, None]
        price = np.array([d.egress_usd_per_gb for d in scenario.datacenters])
        per_placement = sent * price[problem.placement_datacenter]
        by_epoch = np.zeros((problem.epochs, problem.placements))
        np.add.at(by_epoch, problem.group_epoch, per_placement)
        np.add.at(cost.T, problem.placement_datacenter, by_epoch.T)
    return carbon, cost


def committed_usd(problem: Problem, scenario: Scenario) -> Floats:
    """(T, D): what committed nodes cost in USD, used or not; 0 where rental does not count."""
    cost = np.zeros(problem.pue.shape)
    if not scenario.accounting.rental:
        return cost
    types = {node_type.name: node_type for node_type in scenario.node_types}
    for q, pool in enumerate(scenario.pools):
        kind = types[pool.node_type]
        stated = kind.committed_usd_per_hour
        rate = kind.rental_usd_per_hour if stated is None else stated
        hours = problem.epoch_seconds / 3600
        cost[:, problem.pool_datacenter[q]] += pool.committed_nodes * rate * hours
    return cost
