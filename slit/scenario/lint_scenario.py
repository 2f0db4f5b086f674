"""What is wrong, or worth knowing, in a scenario that loads."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from operators.types import Bools, Floats
from slit.data.timestamps import stamp_text
from slit.scenario.diagnostics import Finding, Severity
from slit.scenario.fit import (
    allowed_pairs,
    batches,
    obstacles,
    pairs,
    service_model,
    why_nowhere,
)
from slit.scenario.resampling import clock_of
from slit.scenario.scenario import Scenario

MOSTLY = 0.5
"""Share of estimated figures from which a note becomes a warning."""


def lint_scenario(scenario: Scenario) -> Iterator[Finding]:
    """Methods, negative prices, estimates, and demand that surely cannot be served."""
    yield from _methods(scenario)
    yield from _borrowed(scenario)
    yield from _predicted(scenario)
    yield from _negative_prices(scenario)
    yield from _estimates(scenario)
    allowed = allowed_pairs(scenario)
    yield from _variants_without_a_place(scenario)
    yield from _groups_without_a_place(scenario, allowed)
    yield from _demand_beyond_capacity(scenario, allowed)


def doubts(scenario: Scenario) -> tuple[Finding, ...]:
    """What a person has to know of the data before believing a plan; estimates are told apart."""
    found = (*scenario.findings, *_methods(scenario), *_borrowed(scenario), *_predicted(scenario))
    return tuple(finding for finding in found if finding.severity is not Severity.NOTE)


def _methods(scenario: Scenario) -> Iterator[Finding]:
    for name in ("water_method", "pue_method"):
        sites: dict[str, list[str]] = {}
        for site in scenario.datacenters:
            sites.setdefault(str(getattr(site, name)), []).append(site.name)
        if len(sites) > 1:
            found = "; ".join(f"{method} at {', '.join(who)}" for method, who in sites.items())
            yield Finding(
                Severity.WARNING, f"datacenters.{name}", found,
                "one method for all sites (mixed methods rank methods, not sites)",
            )  # fmt: skip


def _borrowed(scenario: Scenario) -> Iterator[Finding]:
    """That the account which counts has figures of its own for some sites only."""
    for account in scenario.accounts:
        if account.name == scenario.accounting.account and account.borrowed:
            yield Finding(
                Severity.WARNING, f"accounts.{account.name}",
                f"no figures for {', '.join(account.borrowed)}, which count as in the base",
                "one kind of figures for all sites (mixed kinds rank kinds, not sites)",
            )  # fmt: skip


def _predicted(scenario: Scenario) -> Iterator[Finding]:
    """One finding for all predicted services: how many, on what they stand, how wide."""
    known = [each.predicted for each in scenario.services if each.predicted is not None]
    if not known:
        return
    bases = Counter(each.basis for each in known)
    listed = ", ".join(f"{often} {name}" for name, often in sorted(bases.items()))
    step = max((each.step_high_s / each.step_low_s) ** 0.5 for each in known)
    watts = max((each.decode_high_w / each.decode_low_w) ** 0.5 for each in known)
    yield Finding(
        Severity.WARNING, "services",
        f"{len(known)} of {len(scenario.services)} predicted (basis: {listed}; 90 % within a "
        f"factor of {step:.2f} of a step and {watts:.2f} of power, at worst)",
        "measured ones where a decision hangs on them",
    )  # fmt: skip


def _negative_prices(scenario: Scenario) -> Iterator[Finding]:
    price = scenario.signals.price
    for d, site in enumerate(scenario.datacenters):
        below = int((price[:, d] < 0).sum())
        if below:
            yield Finding(
                Severity.NOTE, f"datacenters.{site.name}.price",
                f"below 0 in {below} of {len(price)} epochs, least {price[:, d].min():g} USD/kWh",
                "that they are meant: negative prices are kept",
            )  # fmt: skip


def _estimates(scenario: Scenario) -> Iterator[Finding]:
    unstated = [entry.name for entry in scenario.inputs if entry.estimated_share is None]
    if unstated:
        yield Finding(
            Severity.NOTE, "inputs",
            f"not stated whether figures are estimated: {', '.join(unstated)}",
            "estimated, estimated_column or an entry of [[inputs]] with estimated_share",
        )  # fmt: skip
    for entry in scenario.inputs:
        share = entry.estimated_share
        if share is not None and share > 0:
            yield Finding(
                Severity.WARNING if share >= MOSTLY else Severity.NOTE, f"inputs.{entry.name}",
                f"{share:.0%} of the figures are estimated" if share > 0.005
                else "some figures are estimated (less than 1 %)",
                "measured figures where there are any",
            )  # fmt: skip
        if entry.source == "not stated":
            yield Finding(
                Severity.NOTE, f"inputs.{entry.name}", "no source stated",
                "an entry of [[inputs]] with its source and license",
            )  # fmt: skip


def _variants_without_a_place(scenario: Scenario) -> Iterator[Finding]:
    for variant in scenario.variants:
        reason = why_nowhere(scenario, variant)
        if reason is not None:
            yield Finding(
                Severity.ERROR, f"variants.{variant.name}", f"fits no pool ({reason})",
                "a service on a node type whose memory holds its weights",
            )  # fmt: skip


def _groups_without_a_place(scenario: Scenario, allowed: Bools) -> Iterator[Finding]:
    asked = scenario.demand.requests.sum(axis=0) > 0
    exists = (batches(scenario, list(pairs(scenario))) > 0).any(axis=1)
    if all(why_nowhere(scenario, variant) for variant in scenario.variants):
        return  # the findings on the variants say why
    for k in np.flatnonzero(asked.any(axis=0) & ~exists):
        yield Finding(
            Severity.ERROR, f"classes.{scenario.classes[k].name}",
            f"no pool can serve it ({_obstacles(scenario, int(k))})",
            "at least one pool and variant for every class with requests",
        )  # fmt: skip
    for o, k in np.argwhere(asked & exists & ~allowed.any(axis=2)):
        yield Finding(
            Severity.ERROR, "residency",
            f"no allowed placement for {scenario.classes[k].name} from {scenario.origins[o].name}",
            "at least one pool and variant for every group with requests",
        )  # fmt: skip


def _obstacles(scenario: Scenario, k: int) -> str:
    types = {node.name: node for node in scenario.node_types}
    used = {pool.node_type for pool in scenario.pools if pool.nodes > 0}
    services = [each for each in scenario.services if each.node_type in used]
    served = ((types[each.node_type], each) for each in services)
    return obstacles(scenario, k, served) or "no service on its node types"


def _demand_beyond_capacity(scenario: Scenario, allowed: Bools) -> Iterator[Finding]:
    """Each group at its cheapest placement, all nodes pooled: more is surely too much."""
    capacity = sum(pool.nodes for pool in scenario.pools)
    needed = least_nodes(scenario, allowed)
    short = np.flatnonzero(needed > capacity * (1 + 1e-9))
    if len(short):
        worst = int(np.argmax(needed))
        hours = scenario.horizon.epoch_seconds / 3600
        when = stamp_text(int(clock_of(scenario.horizon).begins[worst]))
        yield Finding(
            Severity.ERROR, "demand",
            f"epoch {worst} ({when}) needs {needed[worst] * hours:.6g} node-hours at the fastest "
            f"placements ({(needed[worst] - capacity) * hours:.4g} node-hours short; {len(short)} "
            "epochs are)",
            f"at most {capacity * hours:.6g} (all nodes)",
        )  # fmt: skip


def least_nodes(scenario: Scenario, allowed: Bools) -> Floats:
    """(T,): nodes that the demand of each epoch needs at least, whatever the plan."""
    least = np.full(scenario.demand.requests.shape, np.inf)
    for here, nodes in nodes_by_placement(scenario, allowed):
        least = np.where(here, np.minimum(least, nodes), least)
    return np.asarray(np.where(np.isfinite(least), least, 0.0).sum(axis=(1, 2)))


def nodes_by_placement(scenario: Scenario, allowed: Bools) -> Iterator[tuple[Bools, Floats]]:
    """For each of the `pairs` that serves any group: which groups, (O, K), and the nodes that all
    of a group's requests would take there, (T, O, K), at the target utilization."""
    demand = scenario.demand
    busy = scenario.accounting.utilization * scenario.horizon.epoch_seconds
    for n, pair in enumerate(pairs(scenario)):
        here = allowed[:, :, n]
        if here.any():
            model = service_model(pair.node_type, pair.service)
            # At the full batch: the fastest that any class is served.
            batch, output = pair.service.batch, demand.output
            reading, writing = model.node_seconds(scenario.read_tokens, output, batch)
            yield here, demand.requests * (reading + writing) / busy
