"""Services that cannot be as they are stated: what a token and a request take beside what is
published, and what no class may use."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from slit.display import number
from slit.scenario.diagnostics import Finding, Severity
from slit.scenario.fit import (
    ServedPair,
    batch_of,
    contexts,
    free_memory,
    misfit,
    obstacle,
    pairs,
)
from slit.scenario.sanity import JOULES_PER_TOKEN, WITHIN, pair_name, token_joules
from slit.scenario.scenario import Scenario

BYTES_PER_PARAMETER = (0.25, 8.0)
"""Weights of any precision: beyond, a unit is wrong."""
CACHE_BYTES = (1e3, 1e7)
"""Keys and values of one token: from latent attention to a large model with all its heads."""


def lint_services(scenario: Scenario) -> Iterator[Finding]:
    """Implausible figures of services and variants, once for each node type and variant."""
    yield from _variants(scenario)
    listed = {(p.node_type.name, p.variant, p.service.batch): p for p in pairs(scenario)}
    for pair in listed.values():
        variant = scenario.variants[pair.variant]
        if misfit(pair.service, pair.node_type, variant, scenario.accounting.memory_share) is None:
            yield from _energy(scenario, pair)
    by_pair = groupby(listed.values(), key=lambda pair: (pair.node_type.name, pair.variant))
    for _, points in by_pair:
        yield from _unused(scenario, list(points))


def _variants(scenario: Scenario) -> Iterator[Finding]:
    for variant in scenario.variants:
        stated = (
            ("weight_gb", variant.weight_gb / variant.parameters_b, BYTES_PER_PARAMETER,
             "bytes of weights per parameter"),
            ("kv_bytes_per_token", variant.kv_bytes_per_token, CACHE_BYTES,
             "B/token, 2 x layers x KV heads x head size x bytes of a value"),
        )  # fmt: skip
        for name, figure, (least, most), meaning in stated:
            if figure and not least <= figure <= most:
                yield Finding(
                    Severity.WARNING, f"variants.{variant.name}.{name}", number(figure),
                    f"{number(least)} to {number(most)} ({meaning})",
                )  # fmt: skip


def _energy(scenario: Scenario, pair: ServedPair) -> Iterator[Finding]:
    size = scenario.variants[pair.variant].parameters_b
    reading, writing = token_joules(pair)
    for what, joules, field in (
        ("read", reading, "prefill_tokens_per_s"),
        ("written", writing, "step_fixed_s, step_slope_s, batch"),
    ):
        least, most = (bound * size for bound in JOULES_PER_TOKEN[what])
        if not least / WITHIN <= joules <= most * WITHIN:
            yield Finding(
                Severity.WARNING, f"services.{pair_name(scenario, pair)}",
                f"{number(joules)} J per token {what}",
                f"{number(least / WITHIN)} to {number(most * WITHIN)}, {WITHIN:g} times around "
                f"what is published for {number(size)} billion parameters: is the unit of "
                f"{field} or of the power right?",
            )  # fmt: skip


def _unused(scenario: Scenario, points: list[ServedPair]) -> Iterator[Finding]:
    """Operating points that no class with requests may use."""
    asked = scenario.demand.requests.sum(axis=(0, 1)) > 0
    tokens, share = contexts(scenario), scenario.accounting.memory_share
    for pair in points:
        variant, service = scenario.variants[pair.variant], pair.service
        if misfit(service, pair.node_type, variant, share) is not None:
            continue  # said elsewhere
        reasons = []
        for k in np.flatnonzero(asked):
            kind, context = scenario.classes[k], float(tokens[k])
            why = obstacle(scenario, service, pair.node_type, variant, kind, context)
            free = free_memory(service, pair.node_type, variant, share)
            if why is None and not pair.smallest:
                most = batch_of(service, variant, free, context)
                if most < service.batch:
                    why = f"room for {most} contexts of {kind.name}, batch {service.batch}"
            reasons.append(why)
        if all(reasons):
            yield Finding(
                Severity.WARNING, f"services.{pair_name(scenario, pair)}",
                f"serves no class ({'; '.join(dict.fromkeys(str(why) for why in reasons))})",
                "a step within the itl_limit_s of a class, and a batch whose KV cache fits",
            )  # fmt: skip
