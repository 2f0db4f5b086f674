"""A scenario as an instance of the letter: what maps to what, what is filled in, what is lost.

Areas are origins, query types are request classes, hours are epochs (energies and capacities are
those of an epoch), and datacenters are node pools: speed and energy of a query are the same
everywhere in the letter but for PUE, so that unlike nodes at one site need places of their own.
Each resource is a node type, its capacity node-seconds at target utilization; a pool has plenty of
the types that it is not made of. The energy of a token is that of the pool that needs the least;
the others enter by a factor on PUE and WUE, the mean over classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

import numpy as np

from operators.types import Floats, Longs
from slit.papers.green_llm.generator import RANGES
from slit.papers.green_llm.instance import Instance, parameters
from slit.papers.green_llm.models import JOULES_PER_KWH, Fleet, fleet_of, mean_tokens
from slit.papers.green_llm.outcome import delay_measure, facility_energy, water_factor
from slit.scenario.scenario import Scenario

FORBIDDEN = 1e7
"""How many times a pool's capacity a query takes that its nodes cannot serve."""
ROOM = 100.0
"""How many times what any allocation can reach a limit is that a scenario has not."""
SAME = 1e-9
"""Relative spread below which a mean is no loss."""


class Provenance(StrEnum):
    """Where a parameter of the letter comes from."""

    TAKEN = "taken"
    CHANGED = "changed"
    FILLED = "filled"


@dataclass(frozen=True, slots=True)
class Mapped:
    """One parameter: its symbol in the letter, where it comes from, and how, in words."""

    symbol: str
    source: Provenance
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """An instance and what was done for it.

    mapped: every parameter of the letter in the order of its file. lost: what the scenario has and
    the letter has not. models: the variant that serves each class.
    """

    instance: Instance
    mapped: tuple[Mapped, ...]
    lost: tuple[str, ...]
    models: dict[str, str]


Part = tuple[Floats | float, Provenance, str]
"""A parameter's values, where they come from, and how."""


def convert(scenario: Scenario, *, variants: Mapping[str, str] | None = None) -> Conversion:
    """The instance of a scenario.

    `variants` names the model variant of some classes; the others get the most accurate one that
    most nodes can serve and for which there are nodes enough. Raises SlitError for unknown names
    or variants that no pool can serve.
    """
    fleet = fleet_of(scenario, variants=variants)
    parts = _demand(scenario) | _energy(scenario, fleet) | _sites(scenario, fleet)
    parts |= _capacity(scenario, fleet) | _network(scenario, fleet)
    # Limits that the scenario has not: first none, then as much as any allocation can ask for.
    none: Part = (0.0, Provenance.FILLED, "no such limit in a scenario: never binds")
    areas, types, _ = np.shape(parts["demand"][0])
    parts["grid_limit"] = (np.zeros(np.shape(parts["price"][0])), *none[1:])
    parts["delay_limit"] = (np.zeros((areas, types)), *none[1:])
    parts["water_cap"] = none
    values = {name: part[0] for name, part in parts.items()}
    instance = _with_room(Instance(**values, names=_names(scenario, fleet)))  # type: ignore[arg-type]
    return Conversion(
        instance=instance,
        mapped=tuple(Mapped(kind.symbol, *parts[name][1:]) for name, kind in parameters().items()),
        lost=_lost(scenario, fleet),
        models={
            request_class.name: scenario.variants[v].name
            for request_class, v in zip(scenario.classes, fleet.variants, strict=True)
        },
    )


def describe_conversion(conversion: Conversion) -> list[str]:
    """Lines of what was changed, filled in and left out."""
    said = {Provenance.CHANGED: "changed", Provenance.FILLED: "filled in"}
    return [
        "The letter describes something else than a scenario. In these figures are",
        *(
            f"  {word} {each.symbol}: {each.note}"
            for source, word in said.items()
            for each in conversion.mapped
            if each.source is source
        ),
        *(f"  left out: {each}" for each in conversion.lost),
    ]


def _demand(scenario: Scenario) -> dict[str, Part]:
    demand = scenario.demand
    hours = scenario.horizon.epoch_seconds / 3600
    note = "requests by origin and class"
    if hours != 1:
        note += f"; an hour of the letter is an epoch of {hours:g} h"
    found: dict[str, Part] = {
        "demand": (demand.requests.transpose(1, 2, 0), Provenance.TAKEN, note)
    }
    means = mean_tokens(scenario)
    for name, mean, each in zip(
        ("tokens_in", "tokens_out"), means, (demand.prompt, demand.output), strict=True
    ):
        spread = np.where(demand.requests > 0, np.abs(each - mean), 0.0).max()
        same = spread <= SAME * max(1.0, float(mean.max()))
        note = "" if same else "; they vary by origin and hour"
        source = Provenance.TAKEN if same else Provenance.CHANGED
        found[name] = (mean, source, f"request-weighted mean of the class{note}")
    return found


def _energy(scenario: Scenario, fleet: Fleet) -> dict[str, Part]:
    """Energy of a token at the pool that needs the least, PUE and WUE with the others' factor."""
    signals = scenario.signals
    site = _sites_of(scenario, fleet)
    factor, least, error = _factors(scenario, fleet)
    classes = np.arange(len(least))
    tau = "at the pool that needs the least, idle power of working nodes included"
    pue, wue = signals.pue.mean(axis=0)[site], signals.wue[:, site].T
    unlike = bool((np.abs(factor - 1) > SAME).any() or error > SAME)
    said = ""
    if unlike:
        said = (
            f" times the pool's energy of a query over the least one's (up to {factor.max():.3g}; "
            f"a class may be off by {100 * error:.2g} %)"
        )
    moving = bool((np.ptp(signals.pue, axis=0) > SAME).any())
    mean = "mean over time" if moving else "of the datacenter"
    changed = Provenance.CHANGED if unlike else Provenance.TAKEN
    return {
        "energy_in": (fleet.joules_in[classes, least] / JOULES_PER_KWH, Provenance.TAKEN, tau),
        "energy_out": (fleet.joules_out[classes, least] / JOULES_PER_KWH, Provenance.TAKEN, tau),
        "pue": (factor * pue, Provenance.CHANGED if moving else changed, mean + said),
        "wue": (factor[:, None] * wue, changed, "of the datacenter" + said),
    }


def _factors(scenario: Scenario, fleet: Fleet) -> tuple[Floats, Longs, float]:
    """(Q,): each pool's energy of a query over the least, mean over classes; (K,): the pool with
    the least; and by how much the product is wrong at most, a share."""
    prompt, output = mean_tokens(scenario)
    joules = fleet.joules_in * prompt[:, None] + fleet.joules_out * output[:, None]
    joules = np.where(fleet.serves, joules, np.nan)
    least = np.nanargmin(joules, axis=1)
    base = np.nanmin(joules, axis=1)
    weight = scenario.demand.requests.sum(axis=(0, 1))[:, None] * fleet.serves
    weight = np.where(weight.sum(axis=0) > 0, weight, fleet.serves)
    factor = np.nansum(weight * joules, axis=0) / (weight * base[:, None]).sum(axis=0)
    error = np.abs(factor * base[:, None] / joules - 1)
    return np.maximum(factor, 1.0), least, float(np.nanmax(error))


def _sites(scenario: Scenario, fleet: Fleet) -> dict[str, Part]:
    signals = scenario.signals
    site = _sites_of(scenario, fleet)
    negative = int((signals.price < 0).sum())
    price = "of the datacenter"
    if negative:
        price += f"; {negative} negative ones are 0 here (the letter would buy power to waste it)"
    total = np.bincount(site, fleet.nodes, minlength=len(scenario.datacenters))
    share = fleet.nodes / total[site]
    split = bool((share < 1).any() and signals.renewable.any())
    tax = float(np.mean(RANGES["carbon_tax"]))
    return {
        "price": (
            np.maximum(signals.price, 0.0)[:, site].T,
            Provenance.CHANGED if negative else Provenance.TAKEN,
            price,
        ),
        "carbon_tax": (
            np.full(len(site), tax),
            Provenance.FILLED,
            f"no such tax in a scenario: {tax:g} USD/kg everywhere (middle of the published range)",
        ),
        "carbon_intensity": (signals.carbon[:, site].T, Provenance.TAKEN, "of the datacenter"),
        "renewable": (
            signals.renewable[:, site].T * share[:, None],
            Provenance.CHANGED if split else Provenance.TAKEN,
            "of the datacenter" + (", split over its pools by their nodes" if split else ""),
        ),
        "ewif": (
            signals.ewif[:, site].T,
            Provenance.CHANGED if signals.renewable.any() else Provenance.TAKEN,
            "of the datacenter; the letter counts it on all facility energy, slit on that of the "
            "grid",
        ),
    }


def _capacity(scenario: Scenario, fleet: Fleet) -> dict[str, Part]:
    """Node types as resources: a query takes node-seconds of each, and a pool lacks only its own
    type's."""
    names = [kind.name for kind in scenario.node_types]
    used = sorted({names.index(kind.name) for kind in fleet.types})
    resource = np.array([used.index(names.index(kind.name)) for kind in fleet.types])
    classes, pools = fleet.serves.shape
    tokens = np.maximum(mean_tokens(scenario).sum(axis=0), 1e-300)
    own = fleet.nodes * scenario.accounting.utilization * scenario.horizon.epoch_seconds
    busy = scenario.demand.requests.sum(axis=1)  # (T, K)
    some = np.where(scenario.demand.requests > 0, scenario.demand.requests, np.inf).min(axis=(0, 1))
    seconds = np.zeros((classes, len(used)))
    for r in range(len(used)):
        mine = np.flatnonzero(resource == r)
        forbidden = FORBIDDEN * own[mine].max() / np.where(np.isfinite(some), some, 1.0)
        served = fleet.serves[:, mine[0]]
        seconds[:, r] = np.where(served, fleet.seconds[:, mine[0]], forbidden)
    plenty = np.ceil((busy @ seconds).max(axis=0)) + 1.0  # (R,)
    capacity = np.repeat(plenty[:, None], pools, axis=1)
    capacity[resource, np.arange(pools)] = own
    return {
        "capacity": (
            capacity,
            Provenance.TAKEN,
            "node-seconds of the pool's node type at target utilization",
        ),
        "resource_use": (seconds / tokens[:, None], Provenance.TAKEN, "node-seconds, by node type"),
    }


def _network(scenario: Scenario, fleet: Fleet) -> dict[str, Part]:
    site = _sites_of(scenario, fleet)
    epochs, areas, classes = scenario.demand.requests.shape
    size = scenario.accounting.egress_kb_per_token or float(np.mean(RANGES["token_size"]))
    stated = scenario.accounting.egress_kb_per_token > 0
    bandwidth = float(np.mean(RANGES["bandwidth"]))
    price = float(np.mean(RANGES["delay_price"]))
    middle = "(middle of the published range)"
    return {
        "token_size": (
            np.full((areas, classes, epochs), size),
            Provenance.TAKEN if stated else Provenance.FILLED,
            "egress of a token" if stated else f"not stated: {size:g} kB {middle}",
        ),
        "bandwidth": (
            np.full((areas, len(site)), bandwidth),
            Provenance.FILLED,
            f"not in a scenario: {bandwidth:g} Mbit/s everywhere {middle}",
        ),
        "propagation": (
            scenario.network_s.mean(axis=0)[:, site],
            Provenance.TAKEN,
            "round trip and last mile, mean over the epochs",
        ),
        "processing": (
            np.nan_to_num(fleet.token_seconds.T),
            Provenance.TAKEN,
            "one request's time from prompt to last token, for each of its tokens",
        ),
        "delay_price": (
            np.full(classes, price),
            Provenance.FILLED,
            f"no such penalty in a scenario: {price:g} USD/s for all {middle}",
        ),
    }


def _with_room(draft: Instance) -> Instance:
    """Limits that no allocation can reach, nor one of many times the demand."""
    energy = facility_energy(draft)  # (I, J, K, T)
    water = (water_factor(draft)[:, None] * energy).max(axis=1)
    return replace(
        draft,
        grid_limit=ROOM * np.ceil(energy.sum(axis=(0, 2)) + 1.0),
        delay_limit=ROOM * np.ceil(delay_measure(draft).max(axis=(1, 3)) + 1.0),
        water_cap=ROOM * float(np.ceil(water.sum() + 1.0)),
    )


def _lost(scenario: Scenario, fleet: Fleet) -> tuple[str, ...]:
    """What the letter has no place for."""
    accounting = scenario.accounting
    chosen = [
        f"{each.name} {scenario.variants[v].name} ({scenario.variants[v].quality[each.name]:.3g})"
        for each, v in zip(scenario.classes, fleet.variants, strict=True)
    ]
    found = [
        f"the choice of a model variant: one for each class (accuracy): {', '.join(chosen)}",
        "waits in queues, promises on the time to first token, quality of service",
        "loading of weights, whole nodes",
    ]
    standby = _standby_kwh(scenario, fleet)
    if standby > 0:
        found.append(
            f"standby power: {standby:.4g} kWh of the sites, whatever is sent (working nodes count "
            "what they add to it)"
        )
    if scenario.residency:
        found.append(f"residency rules ({len(scenario.residency)}): any area may send anywhere")
    switches = {
        "embodied carbon": accounting.embodied,
        "rental": accounting.rental,
        "nodes that are off where not needed": any(pool.off_nodes for pool in scenario.pools),
        "egress cost": accounting.egress_kb_per_token > 0
        and any(center.egress_usd_per_gb > 0 for center in scenario.datacenters),
        "carbon of the energy for water": accounting.water_energy_carbon,
    }
    return (*found, *(name for name, counts in switches.items() if counts))


def _standby_kwh(scenario: Scenario, fleet: Fleet) -> float:
    """Facility energy of standby power if no node worked; working nodes count what they add."""
    watts = np.array([kind.standby_w for kind in fleet.types]) * fleet.nodes
    hours = scenario.horizon.epoch_seconds / 3600
    pue = scenario.signals.pue[:, _sites_of(scenario, fleet)]
    return float((pue * watts).sum() * hours / 1000)


def _sites_of(scenario: Scenario, fleet: Fleet) -> Longs:
    """The datacenter of each pool, (Q,)."""
    names = [center.name for center in scenario.datacenters]
    return np.array([names.index(scenario.pools[q].datacenter) for q in fleet.pools])


def _names(scenario: Scenario, fleet: Fleet) -> dict[str, tuple[str, ...]]:
    horizon = scenario.horizon
    starts = [
        horizon.start + timedelta(seconds=t * horizon.epoch_seconds) for t in range(horizon.epochs)
    ]
    types = {kind.name for kind in fleet.types}
    return {
        "I": tuple(origin.name for origin in scenario.origins),
        "J": tuple(scenario.pools[q].name for q in fleet.pools),
        "K": tuple(each.name for each in scenario.classes),
        "T": tuple(f"{start:%Y-%m-%d %H:%M %Z}" for start in starts),
        "R": tuple(kind.name for kind in scenario.node_types if kind.name in types),
    }
