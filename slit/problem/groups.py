"""Demand -> request groups -> equal chunks (model.md section 1)."""

from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats, Ints, Longs
from slit.errors import SlitError
from slit.problem.placements import Placement
from slit.scenario.fit import obstacles
from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups with requests, sorted by epoch, origin and class; (J,) arrays."""

    epoch: Longs
    origin: Longs
    request_class: Longs
    requests: Floats
    prompt: Floats  # tokens that are read: those in a prefix cache are not
    output: Floats


def groups_of(scenario: Scenario) -> Groups:
    """The groups of a scenario that have requests. Raises SlitError if there is none."""
    demand = scenario.demand
    epoch, origin, request_class = np.nonzero(demand.requests > 0)
    if len(epoch) == 0:
        raise SlitError("demand.requests: all 0, expected at least one group with requests")
    cells = (epoch, origin, request_class)
    tokens = demand.prompt[cells] + demand.output[cells]
    if (tokens <= 0).any():
        j = int(np.flatnonzero(tokens <= 0)[0])
        raise SlitError(
            f"demand: {_label(scenario, epoch[j], origin[j], request_class[j])}: 0 tokens, "
            "expected prompt + output > 0 (mean tokens of a request)"
        )
    read = scenario.read_tokens[cells]
    return Groups(*cells, demand.requests[cells], read, demand.output[cells])


def node_seconds(
    groups: Groups, placements: list[Placement], batches: Longs
) -> tuple[Floats, Floats]:
    """Prefill and decode node-seconds of one request, two arrays (J, P); batches (K, P).

    Infinite decode time where a placement cannot serve the class.
    """
    prefill, decode = (np.empty((len(groups.epoch), len(placements))) for _ in range(2))
    for p, placement in enumerate(placements):
        prefill[:, p], decode[:, p] = placement.model.node_seconds(
            groups.prompt, groups.output, batches[groups.request_class, p]
        )
    return prefill, decode


def allowed_placements(
    scenario: Scenario,
    groups: Groups,
    placements: list[Placement],
    batches: Longs,
    allowed_by_rules: Bools,
) -> Bools:
    """(J, P) mask of batches (K, P) and rules (O, K, P).

    Raises SlitError naming the first group without any placement.
    """
    serves = batches[groups.request_class] > 0
    allowed: Bools = serves & allowed_by_rules[groups.origin, groups.request_class]
    empty = np.flatnonzero(~allowed.any(axis=1))
    if len(empty):
        j = empty[0]
        where = _label(scenario, groups.epoch[j], groups.origin[j], groups.request_class[j])
        why = "residency rules"
        if not serves[j].any():
            served = ((p.node_type, p.service) for p in placements)
            why = obstacles(scenario, int(groups.request_class[j]), served)
        raise SlitError(
            f"demand: {where}: no allowed placement ({why}), expected at least one of "
            f"{len(placements)} ({len(empty)} groups are affected)"
        )
    return allowed


def chunk_counts(groups: Groups, seconds: Floats, allowed: Bools, *, genes: int) -> Ints:
    """Chunks of each group, (J,): proportional to its node-seconds at the median of its allowed
    placements, at least 1 and at most one a request."""
    typical = np.nanmedian(np.where(allowed, seconds, np.nan), axis=1)
    load = groups.requests * typical
    share = load / load.sum()
    most = np.maximum(1.0, np.ceil(groups.requests))
    counts = np.clip(np.rint(genes * share), 1.0, most)
    return np.asarray(counts, dtype=np.int32)


def _label(scenario: Scenario, epoch: int, origin: int, request_class: int) -> str:
    return (
        f"epoch {epoch}, origin {scenario.origins[origin].name}, "
        f"class {scenario.classes[request_class].name}"
    )
