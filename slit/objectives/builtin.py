"""The built-in objectives (model.md section 3)."""

import numpy as np

from operators.types import Floats
from slit.ledger import committed_usd
from slit.objectives.define import Coefficients, Objective, linear_objective
from slit.problem import Problem
from slit.scenario.scenario import Scenario


@linear_objective(name="carbon", unit="kg CO2e", title="Carbon emitted")
def carbon(problem: Problem, scenario: Scenario) -> Coefficients:
    """Grid energy times intensity; water energy and embodied carbon where switched on."""
    accounting = scenario.accounting
    on_site = None
    if accounting.water_energy_carbon:
        water_kwh = (
            accounting.water_supply_kwh_per_m3 * problem.wue
            + accounting.wastewater_kwh_per_m3 * problem.blowdown
        ) / 1000
        on_site = problem.carbon * water_kwh
    nodes = None
    if accounting.embodied:
        nodes = per_node_hour(problem, scenario, "embodied_kg_per_hour")
    return Coefficients(grid=problem.carbon, it=on_site, nodes=nodes)


@linear_objective(name="water", unit="L", title="Fresh water consumed")
def water(problem: Problem, scenario: Scenario) -> Coefficients:
    """On-site water per kWh of IT energy plus off-site water per kWh of grid energy."""
    return Coefficients(it=problem.wue, grid=problem.ewif)


def cost_title(scenario: Scenario) -> str:
    """What cost holds in a scenario: energy alone, or more."""
    accounting = scenario.accounting
    starts = any(cost.usd > 0 for pool in scenario.pools for cost in pool.move_cost.values())
    more = accounting.rental or accounting.egress_kb_per_token > 0 or starts
    return "Cost" if more else "Energy cost"


@linear_objective(name="cost", unit="USD", title="Energy cost", retitled=cost_title)
def cost(problem: Problem, scenario: Scenario) -> Coefficients:
    """Grid energy times price; egress, rental and node starts where stated. Rental of committed
    nodes is a constant, that of the others counts while they are active."""
    accounting = scenario.accounting
    requests = None
    if accounting.egress_kb_per_token > 0:
        per_gb = np.array([d.egress_usd_per_gb for d in scenario.datacenters])
        gigabytes = problem.group_output * accounting.egress_kb_per_token / 1e6
        requests = gigabytes[:, None] * per_gb[problem.placement_datacenter][None, :]
    nodes, on_demand = None, None
    if accounting.rental:
        nodes = per_node_hour(problem, scenario, "rental_usd_per_hour")
        mixed = problem.committed_nodes > 0
        if mixed.any():  # elsewhere every active node is on demand
            nodes = np.where(mixed[problem.placement_pool], 0.0, nodes)
            on_demand = np.where(mixed, rates_of_pools(scenario, "rental_usd_per_hour"), 0.0)
            on_demand = on_demand * (problem.epoch_seconds / 3600)
    starts = problem.start_usd if problem.start_usd.any() else None
    return Coefficients(
        grid=problem.price,
        requests=requests,
        nodes=nodes,
        starts=starts,
        on_demand=on_demand,
        constant=float(committed_usd(problem, scenario).sum()),
    )


@linear_objective(name="quality", unit="share", title="Quality of service lost")
def quality(problem: Problem, scenario: Scenario) -> Coefficients:
    """1 - mean over requests of accuracy times the mean of sigma(TTFT)."""
    return Coefficients(quality=-1.0 / problem.total_requests, constant=1.0)


@linear_objective(name="ttft", unit="s", title="Mean time to first token")
def ttft(problem: Problem, scenario: Scenario) -> Coefficients:
    """Request-weighted mean TTFT (SLIT's quality of service)."""
    each = 1.0 / problem.total_requests
    return Coefficients(requests=problem.base_ttft * each, wait=each)


@linear_objective(name="slo_violation", unit="share", title="Late requests")
def slo_violation(problem: Problem, scenario: Scenario) -> Coefficients:
    """Share of requests whose first token comes after the class's SLO."""
    return Coefficients(late=1.0 / problem.total_requests)


@linear_objective(name="answer_loss", unit="share", title="Answers expected to be wrong")
def answer_loss(problem: Problem, scenario: Scenario) -> Coefficients:
    """1 - mean accuracy of the variants that serve the requests."""
    lost = (1.0 - problem.accuracy[problem.group_class]) / problem.total_requests
    return Coefficients(requests=lost)


@linear_objective(name="energy", unit="kWh", title="Facility energy")
def energy(problem: Problem, scenario: Scenario) -> Coefficients:
    """Energy of the facilities, whether bought or from their own renewables."""
    return Coefficients(facility=np.ones_like(problem.pue))


@linear_objective(name="scarcity_water", unit="L-eq", title="Water weighted by local stress")
def scarcity_water(problem: Problem, scenario: Scenario) -> Coefficients:
    """Water times the local ratio of withdrawals to renewable supply (FAO SDG 6.4.2)."""
    stress = problem.water_stress[None, :]
    return Coefficients(it=problem.wue * stress, grid=problem.ewif * stress)


@linear_objective(
    name="carbon_equity", unit="kg CO2e", title="Carbon of the largest datacenter", largest=True
)
def carbon_equity(problem: Problem, scenario: Scenario) -> Coefficients:
    """The largest datacenter's carbon over the horizon."""
    return _coefficients(carbon, problem, scenario)


@linear_objective(
    name="water_equity", unit="L", title="Water of the largest datacenter", largest=True
)
def water_equity(problem: Problem, scenario: Scenario) -> Coefficients:
    """The largest datacenter's water over the horizon."""
    return _coefficients(water, problem, scenario)


@linear_objective(name="reroute", unit="share", title="Requests rerouted between epochs")
def reroute(problem: Problem, scenario: Scenario) -> Coefficients:
    """Share of requests served at another placement than in the epoch before; in the first one,
    than in today's routing where that is known."""
    total = problem.group_requests[problem.compared].sum()
    return Coefficients(reroute=1.0 / total if total > 0 else 0.0)


@linear_objective(name="starts", unit="nodes", title="Node starts")
def starts(problem: Problem, scenario: Scenario) -> Coefficients:
    """Nodes that begin to serve a variant, summed over epochs."""
    return Coefficients(starts=np.ones(problem.placements))


@linear_objective(name="switches", unit="switches", title="Placements turned on or off")
def switches(problem: Problem, scenario: Scenario) -> Coefficients:
    """How often a pool begins or ceases to serve a variant."""
    return Coefficients(switches=1.0)


@linear_objective(name="ramp", unit="share", title="Largest share rerouted between epochs")
def ramp(problem: Problem, scenario: Scenario) -> Coefficients:
    """Of all origins, classes and epochs the share that changes placement most; at least `reroute`,
    which is their mean over requests."""
    return Coefficients(ramp=1.0)


BUILT_IN: tuple[Objective, ...] = (
    carbon,
    water,
    cost,
    quality,
    ttft,
    slo_violation,
    answer_loss,
    energy,
    scarcity_water,
    carbon_equity,
    water_equity,
    reroute,
    starts,
    switches,
    ramp,
)


def per_node_hour(problem: Problem, scenario: Scenario, field: str) -> Floats:
    """(T, P): a node type's hourly figure for one active node over one epoch."""
    hours = problem.epoch_seconds / 3600
    row = rates_of_pools(scenario, field)[problem.placement_pool] * hours
    return np.repeat(row[None, :], problem.epochs, axis=0)


def rates_of_pools(scenario: Scenario, field: str) -> Floats:
    """(Q,): a node type's figure."""
    types = {node_type.name: node_type for node_type in scenario.node_types}
    return np.array([getattr(types[pool.node_type], field) for pool in scenario.pools])


def _coefficients(objective: Objective, problem: Problem, scenario: Scenario) -> Coefficients:
    found = objective.linear_part(problem, scenario)
    assert found is not None
    return found
