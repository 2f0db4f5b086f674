"""What a replay says that the services of a scenario should promise."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from slit.problem.placements import placements_of
from slit.replay.plan import Replay, planned_kwh
from slit.scenario.records import Service
from slit.scenario.scenario import Scenario

LEAST_RATIO, LARGEST_RATIO = 1e-3, 1e3
"""Limits of `Service.energy_ratio`."""


class ServiceKey(NamedTuple):
    """A service among those of a scenario."""

    node_type: str
    variant: str
    batch: int


@dataclass(frozen=True, slots=True)
class Correction:
    """What one service promised and served."""

    key: ServiceKey
    requests: float
    promised_s: float  # mean time to first token
    served_s: float
    energy: float  # above idle, served over planned
    service: Service  # as it should be


def calibrated(replay: Replay) -> list[Correction]:
    """The services that a replayed plan uses, corrected so that the plan would have promised the
    mean time to the first token and the energy above idle that were served.

    `wait_s` takes up what requests wait beyond the formulas: for the end of an iteration, for the
    prompts before theirs, for a place in the batch. `energy_ratio` takes up that batches are not
    full. Both are of the load that the plan puts on a service.
    """
    ledger = replay.promised
    placements = placements_of(ledger.scenario)
    keys = [_key(each.service) for each in placements]
    planned, drawn = planned_kwh(ledger).sum(axis=0), replay.drawn_kwh.sum(axis=0)
    requests, served = replay.first_tokens  # (P,) each
    weights = ledger.group_requests
    promised = (weights * ledger.ttft_s).sum(axis=0)
    expected = weights.sum(axis=0)
    found = []
    for key in dict.fromkeys(keys):
        own = np.array([each == key for each in keys])
        if requests[own].sum() <= 0:
            continue
        service = next(each.service for each in placements if _key(each.service) == key)
        before = float(promised[own].sum() / expected[own].sum())
        after = float(served[own].sum() / requests[own].sum())
        # Requests are drawn at random: as many as expected would have drawn so much.
        scale = float(expected[own].sum() / requests[own].sum())
        base = float(planned[own].sum())
        energy = float(drawn[own].sum()) * scale / base if base > 0 else 1.0
        change = {
            "wait_s": max(0.0, service.wait_s + after - before),
            "energy_ratio": min(max(service.energy_ratio * energy, LEAST_RATIO), LARGEST_RATIO),
        }
        found.append(
            Correction(
                key=key,
                requests=float(requests[own].sum()),
                promised_s=before,
                served_s=after,
                energy=energy,
                service=service.model_copy(update=change),
            )
        )
    return found


def with_corrections(scenario: Scenario, corrections: list[Correction]) -> Scenario:
    """The scenario with corrected services; others stay as they are."""
    known = {each.key: each.service for each in corrections}
    services = tuple(known.get(_key(each), each) for each in scenario.services)
    return replace(scenario, services=services)


def _key(service: Service) -> ServiceKey:
    return ServiceKey(service.node_type, service.variant, service.batch)
