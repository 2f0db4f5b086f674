"""What a scenario file states and no plan depends on."""

from collections.abc import Callable, Iterator

import numpy as np

from slit.scenario.diagnostics import Finding, Severity
from slit.scenario.file_schema import DatacenterEntry, ScenarioFile
from slit.scenario.fit import allowed_pairs, misfit, why_nowhere
from slit.scenario.records import HorizonStart, PueMethod, WaterMethod
from slit.scenario.scenario import Scenario


def lint_ignored(scenario: Scenario, file: ScenarioFile) -> Iterator[Finding]:
    """Figures that a switch or a method leaves out, rules that bind nothing, names nobody uses."""
    yield from _switched_off(scenario)
    yield from _other_methods(file)
    yield from _initial_nodes(scenario)
    yield from _rules(scenario)
    yield from _services(scenario)
    yield from _unused(scenario)


def _switched_off(scenario: Scenario) -> Iterator[Finding]:
    accounting = scenario.accounting
    for switch, name, unit in (
        ("rental", "rental_usd_per_hour", "USD/h"),
        ("rental", "committed_usd_per_hour", "USD/h"),
        ("embodied", "embodied_kg_per_hour", "kg CO2e/h"),
    ):
        stated = [(node.name, getattr(node, name)) for node in scenario.node_types]
        left_out = [f"{figure:g} {unit} of {owner}" for owner, figure in stated if figure]
        if left_out and not getattr(accounting, switch):
            yield _ignored(
                f"node_types.{name}", f"{', '.join(left_out)} do not count",
                f"accounting.{switch} = true to count them",
            )  # fmt: skip
    committed = [pool.name for pool in scenario.pools if pool.committed_nodes]
    if committed and not accounting.rental:
        yield _ignored(
            "pools.committed_nodes", f"stated for {', '.join(committed)}, do not count",
            "accounting.rental = true to count what they cost",
        )  # fmt: skip
    off = {pool.node_type for pool in scenario.pools if pool.off_nodes}
    for kind in scenario.node_types:
        states = {"off_w", "boot_seconds", "boot_kwh"}
        stated_states = sorted(name for name in states if getattr(kind, name))
        if stated_states and kind.name not in off:
            yield _ignored(
                f"node_types.{kind.name}", f"{' and '.join(stated_states)} do not count (no node "
                "may be off)", "pools.off_nodes to let nodes be off",
            )  # fmt: skip
    prices = [site.egress_usd_per_gb for site in scenario.datacenters]
    if any(prices) and accounting.egress_kb_per_token == 0:
        yield _ignored(
            "datacenters.egress_usd_per_gb", f"up to {max(prices):g} USD/GB do not count",
            "accounting.egress_kb_per_token > 0 to count them",
        )  # fmt: skip
    if accounting.egress_kb_per_token > 0 and not any(prices):
        yield _ignored(
            "accounting.egress_kb_per_token", "no site has a price of outgoing data",
            "datacenters.egress_usd_per_gb",
        )  # fmt: skip
    energies = {"water_supply_kwh_per_m3", "wastewater_kwh_per_m3"} & accounting.model_fields_set
    if energies and not accounting.water_energy_carbon:
        yield _ignored(
            "accounting", f"{' and '.join(sorted(energies))} do not count",
            "water_energy_carbon = true to count them",
        )  # fmt: skip


def _other_methods(file: ScenarioFile) -> Iterator[Finding]:
    """Signals and constants of a site that its methods do not read."""
    sites = [site for site in file.datacenters if isinstance(site, DatacenterEntry)]
    for name, reads in _READS.items():
        stated = [site for site in sites if name in site.model_fields_set]
        idle = [site for site in stated if not reads(site)]
        if idle:
            method = "pue_method" if name in ("pue", "supply_temperature") else "water_method"
            found = f"not read at {', '.join(site.name for site in idle)}"
            methods = " and ".join(dict.fromkeys(str(getattr(site, method)) for site in idle))
            yield _ignored(
                f"datacenters.{name}", f"{found} ({method} {methods})", f"a {method} that reads it"
            )
        elif (
            file.extends is None  # which may bring more than is read
            and not stated
            and getattr(file.signals, name, None)
            and not any(map(reads, sites))
        ):
            yield _ignored(f"signals.{name}", "read at no site", "a method that reads it")


_READS: dict[str, Callable[[DatacenterEntry], bool]] = {
    "pue": lambda site: site.pue_method == PueMethod.PUBLISHED,
    "supply_temperature": lambda site: site.pue_method != PueMethod.PUBLISHED,
    "wue": lambda site: site.water_method != WaterMethod.TOWER,
    "wet_bulb": lambda site: site.water_method == WaterMethod.WET_BULB,
    "cycles": lambda site: site.water_method != WaterMethod.PUBLISHED,
}


def _initial_nodes(scenario: Scenario) -> Iterator[Finding]:
    holding = [pool.name for pool in scenario.pools if any(pool.initial_nodes.values())]
    begins = scenario.horizon.begins
    if holding and scenario.today:
        yield _ignored(
            "pools.initial_nodes", f"stated for {', '.join(holding)}, not read (a routing of today "
            "is)", "the nodes that today's routing needs",
        )  # fmt: skip
    elif holding and begins != HorizonStart.GIVEN:
        yield _ignored(
            "pools.initial_nodes", f"stated for {', '.join(holding)}, not read (begins {begins})",
            'horizon.begins = "given" to begin with them',
        )  # fmt: skip


def _rules(scenario: Scenario) -> Iterator[Finding]:
    """Rules without which every group with requests has the same placements."""
    asked = scenario.demand.requests.sum(axis=0) > 0
    free = allowed_pairs(scenario, rules=())
    for number, rule in enumerate(scenario.residency):
        if (allowed_pairs(scenario, rules=(rule,)) == free)[asked].all():
            yield Finding(
                Severity.NOTE, f"residency[{number}]", "forbids nothing to any group with requests",
                "a rule that binds",
            )  # fmt: skip


def _services(scenario: Scenario) -> Iterator[Finding]:
    """Services that serve nothing because no replica fits, though the variant fits elsewhere."""
    types = {node.name: node for node in scenario.node_types}
    variants = {variant.name: variant for variant in scenario.variants}
    share = scenario.accounting.memory_share
    for service in scenario.services:
        reason = misfit(service, types[service.node_type], variants[service.variant], share)
        if reason is not None and why_nowhere(scenario, variants[service.variant]) is None:
            where = f"services.{service.variant} on {service.node_type}"
            yield _ignored(where, f"serves nothing ({reason})", "a replica that fits a node")


def _unused(scenario: Scenario) -> Iterator[Finding]:
    asked = scenario.demand.requests.sum(axis=0) > 0
    used = {
        "datacenters": {pool.datacenter for pool in scenario.pools if pool.nodes > 0},
        "node_types": {pool.node_type for pool in scenario.pools if pool.nodes > 0},
        "origins": {scenario.origins[o].name for o in np.flatnonzero(asked.any(axis=1))},
        "classes": {scenario.classes[k].name for k in np.flatnonzero(asked.any(axis=0))},
    }
    for kind, names in used.items():
        idle = [one.name for one in getattr(scenario, kind) if one.name not in names]
        if idle:
            what = "requests" if kind in ("origins", "classes") else "nodes"
            yield Finding(
                Severity.NOTE, kind, f"no {what} for {', '.join(idle)}", "that they are meant"
            )


def _ignored(where: str, found: str, expected: str) -> Finding:
    return Finding(Severity.WARNING, where, found, expected)
