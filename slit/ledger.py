"""What one plan does, hour by hour: written out in numpy, apart from the kernels that search.

The sums of a ledger equal the objectives of the evaluator (tested); reports and objectives that
are plain Python read it.
"""

from dataclasses import dataclass

import numpy as np

from operators.types import Floats, Integers, Longs
from slit.problem import Loading, Problem, Start
from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Quantities of one plan. Shapes: T epochs, D datacenters, P placements, Q pools, J groups."""

    problem: Problem  # what was planned, as arrays
    scenario: Scenario  # what it was made from
    counts: Longs  # (J, P) chunks
    nodes: Longs  # (T, P) active nodes
    loading_nodes: Longs  # (T, P) nodes that load weights in this epoch
    requests: Floats  # (T, P) requests served
    utilization: Floats  # (T, P) of the active nodes
    wait_chance: Floats  # (T, P) probability of waiting in queue
    mean_wait: Floats  # (T, P) s, mean wait of those who wait
    loading_share: Floats  # (T, P) share of requests that meet a loading node
    pool_nodes: Longs  # (T, Q) active nodes
    it_kwh: Floats  # (T, D) kWh of the servers
    facility_kwh: Floats  # (T, D) kWh: servers times PUE
    grid_kwh: Floats  # (T, D) kWh bought
    carbon_kg: Floats  # (T, D) kg CO2e, all that the scenario counts
    water_on_site_l: Floats  # (T, D) L, evaporated and drained by cooling
    water_off_site_l: Floats  # (T, D) L, at power plants
    cost_usd: Floats  # (T, D) USD, all that the scenario counts
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

    def totals(self) -> dict[str, float]:
        """The built-in objectives by name, summed from the ledger."""
        problem = self.problem
        requests = self.group_requests
        total = problem.total_requests
        accuracy = problem.accuracy[problem.group_class]
        water = self.water_on_site_l + self.water_off_site_l
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
        }


def write_ledger(plan: Integers, problem: Problem, scenario: Scenario) -> Ledger:
    """The ledger of one plan (G,)."""
    counts = np.zeros((problem.groups, problem.placements), dtype=np.int64)
    np.add.at(counts, (problem.gene_group, plan), 1)
    shape = (problem.epochs, problem.placements)
    work, energy, size, prompts = (np.zeros(shape, dtype=np.int64) for _ in range(4))
    np.add.at(work, problem.group_epoch, counts * problem.chunk[:, :, 0])
    np.add.at(energy, problem.group_epoch, counts * problem.chunk[:, :, 1])
    np.add.at(size, problem.group_epoch, counts * problem.chunk_size[:, :1])
    np.add.at(prompts, problem.group_epoch, counts * problem.chunk_size[:, 1:])
    nodes = -(-work // problem.node_ticks)
    loading = np.maximum(nodes - _nodes_before(problem, nodes), 0)
    used = nodes > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        utilization = np.where(used, work / (nodes * problem.epoch_ticks), 0.0)
        prompt = prompts / problem.prompt_scale / (size / problem.request_scale)
        servers = nodes * problem.replicas
        chance = utilization ** (np.sqrt(2.0 * (servers + 1.0)) - 1.0)
        prefill = problem.prefill_fixed + problem.prefill_slope * prompt
        mean_wait = prefill * problem.variability / (servers * (1.0 - utilization))
        share = loading / nodes * problem.load_seconds / problem.epoch_seconds
    waits = used & (mean_wait > 0)
    chance, mean_wait = np.where(waits, chance, 0.0), np.where(waits, mean_wait, 0.0)
    share = np.where(used & (problem.loading == Loading.ON_DEMAND), share, 0.0)
    ttft, sigma, late = _waiting(problem, chance, mean_wait, share)
    pool_nodes = np.zeros((problem.epochs, len(problem.pool_nodes)), dtype=np.int64)
    np.add.at(pool_nodes.T, problem.placement_pool, nodes.T)
    it_ticks = np.zeros((problem.epochs, problem.datacenters), dtype=np.int64)
    cell = energy + nodes * problem.idle_energy + loading * problem.prewarm_energy
    np.add.at(it_ticks.T, problem.placement_datacenter, cell.T)
    standby = np.maximum(problem.pool_nodes - pool_nodes, 0) * problem.standby_energy
    np.add.at(it_ticks.T, problem.pool_datacenter, standby.T)
    it = np.asarray(it_ticks * problem.kwh_per_energy_tick, dtype=np.float64)
    facility = it * problem.pue
    grid = np.maximum(0.0, facility - problem.renewable)
    carbon, cost = _carbon_and_cost(problem, scenario, counts, nodes, it, grid)
    return Ledger(
        problem=problem,
        scenario=scenario,
        counts=counts,
        nodes=nodes,
        loading_nodes=loading,
        requests=size / problem.request_scale,
        utilization=utilization,
        wait_chance=chance,
        mean_wait=mean_wait,
        loading_share=share,
        pool_nodes=pool_nodes,
        it_kwh=it,
        facility_kwh=facility,
        grid_kwh=grid,
        carbon_kg=carbon,
        water_on_site_l=it * problem.wue,
        water_off_site_l=grid * problem.ewif,
        cost_usd=cost,
        ttft_s=ttft,
        sigma=sigma,
        late=late,
    )


def _nodes_before(problem: Problem, nodes: Longs) -> Longs:
    before = np.roll(nodes, 1, axis=0)
    if problem.start == Start.FREE:
        before[0] = nodes[0]
    elif problem.start == Start.GIVEN:
        before[0] = problem.initial_nodes
    return before


def _waiting(
    problem: Problem, chance: Floats, mean_wait: Floats, share: Floats
) -> tuple[Floats, Floats, Floats]:
    """Mean TTFT, mean sigma and probability of being late, (J, P) each."""
    epoch = problem.group_epoch
    chance, mean_wait, share = chance[epoch], mean_wait[epoch], share[epoch]
    ttft = (
        problem.base_ttft
        + (1.0 - share) * chance * mean_wait
        + share * problem.load_seconds[None, :] / 2.0
    )
    slack, beyond, loaded_sigma, loaded_late = np.moveaxis(problem.service, -1, 0)
    promise = problem.slo[problem.group_class][:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = np.where(mean_wait > 0, chance * np.exp(-np.maximum(slack, 0.0) / mean_wait), 0.0)
    queued = np.where(
        slack >= 0,
        1.0 - tail * mean_wait / (promise + mean_wait),
        beyond * (1.0 - chance + chance * promise / (promise + mean_wait)),
    )
    queued_late = np.where(slack >= 0, tail, 1.0)
    sigma = (1.0 - share) * queued + share * loaded_sigma
    late = (1.0 - share) * queued_late + share * loaded_late
    return ttft, sigma, late


def _carbon_and_cost(
    problem: Problem, scenario: Scenario, counts: Longs, nodes: Longs, it: Floats, grid: Floats
) -> tuple[Floats, Floats]:
    accounting = scenario.accounting
    carbon, cost = problem.carbon * grid, problem.price * grid
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
        np.add.at(carbon.T, problem.placement_datacenter, (nodes * each).T)
    if accounting.rental:
        each = np.array([kind.rental_usd_per_hour for kind in kinds]) * hours
        np.add.at(cost.T, problem.placement_datacenter, (nodes * each).T)
    if accounting.egress_kb_per_token > 0:
        gigabytes = problem.group_output * accounting.egress_kb_per_token / 1e6
        sent = counts * (problem.chunk_requests * gigabytes)[:, None]
        price = np.array([d.egress_usd_per_gb for d in scenario.datacenters])
        per_placement = sent * price[problem.placement_datacenter]
        by_epoch = np.zeros((problem.epochs, problem.placements))
        np.add.at(by_epoch, problem.group_epoch, per_placement)
        np.add.at(cost.T, problem.placement_datacenter, by_epoch.T)
    return carbon, cost
