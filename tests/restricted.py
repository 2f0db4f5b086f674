"""Measures of a part, for tests: names of some that a scenario has, and their slow twin.

The twin loops over records and numbers, beside `tests.reference` and like it without any code of
the package.
"""

from collections.abc import Callable, Iterator

import numpy as np

from slit.scenario.scenario import Scenario
from tests.reference import Cell, Outcome, Twin, last_mile_s, late_share, mean_sigma

Rng = np.random.Generator


def restricted_names(scenario: Scenario, rng: Rng, *, linear: bool = False) -> list[str]:
    """One name of each kind, of a random class, origin and place; `linear`: none that waits."""
    demand = scenario.demand.requests.sum(axis=0)
    o, k = (int(side) for side in np.argwhere(demand > 0)[rng.integers((demand > 0).sum())])
    origin, request_class = scenario.origins[o].name, scenario.classes[k].name
    center = scenario.datacenters[int(rng.integers(len(scenario.datacenters)))]
    variant = scenario.variants[int(rng.integers(len(scenario.variants)))].name
    after = float(rng.choice([0.0, 0.05, 0.3, 1.0, 4.0]))
    names = [
        f"answer_loss[class={request_class}]",
        f"requests[jurisdiction={center.jurisdiction}]",
        f"requests[class={request_class},datacenter={center.name},variant={variant}]",
        f"energy[datacenter={center.name}]",
        f"water[jurisdiction={center.jurisdiction}]",
        f"energy[datacenter={center.name},share=0.3]",
    ]
    waits = [
        f"quality[class={request_class}]",
        f"ttft[origin={origin}]",
        f"slo_violation[class={request_class},origin={origin}]",
        f"late[after={after}]",
        f"late[after={after / 2},class={request_class}]",
    ]
    return names if linear else [*waits, *names]


class Served:
    """Requests of one group at one placement."""

    def __init__(self, twin: Twin, out: Outcome, j: int, p: int, chunks: int) -> None:
        self.twin, self.group, self.p = twin, twin.groups[j], p
        scenario = twin.scenario
        self.cell: Cell = out.cells[self.group.epoch, p]
        self.load = twin._load_time(p)
        self.size = chunks * self.group.requests / twin.chunks[j]
        origin, center = scenario.origins[self.group.origin], twin.center[p]
        network = float(scenario.round_trip_s[self.group.origin, center])
        self.base = network + last_mile_s(origin, self.group.epoch) + twin._prefill(j, p)
        kind = scenario.classes[self.group.request_class]
        self.slo, variant = kind.slo_ttft_s, scenario.variants[twin.placements[p][1]]
        self.accuracy = variant.quality[kind.name]
        center_record = scenario.datacenters[center]
        self.names = {
            "class": kind.name,
            "origin": origin.name,
            "datacenter": center_record.name,
            "jurisdiction": center_record.jurisdiction,
            "variant": variant.name,
        }

    @property
    def ttft(self) -> float:
        cell = self.cell
        queued = (1 - cell.share) * cell.chance * cell.mean_wait
        return self.base + queued + cell.share * self.load / 2

    @property
    def good(self) -> float:
        return self.accuracy * mean_sigma(self.slo - self.base, self.slo, self.cell, self.load)

    def late(self, after: float) -> float:
        return late_share(after - self.base, self.cell, self.load)


def twin_value(twin: Twin, plan: list[int], name: str) -> float:
    """The value of a measure of a part, by its name."""
    measure, _, inside = name.removesuffix("]").partition("[")
    keys = dict(part.split("=") for part in inside.split(","))
    after, share = keys.pop("after", None), keys.pop("share", None)
    out = twin.evaluate(plan)
    if measure in ("energy", "water"):
        return _site_sum(twin, out, measure, keys, share)
    served = list(_served(twin, out, plan))
    places = {"datacenter", "jurisdiction", "variant"}
    of_group = {key: value for key, value in keys.items() if key not in places}
    mine = [one for one in served if all(one.names[k] == v for k, v in of_group.items())]
    total = sum(one.size for one in mine)
    values: dict[str, Callable[[Served], float]] = {
        "quality": lambda one: 1 - one.good,
        "ttft": lambda one: one.ttft,
        "slo_violation": lambda one: one.late(one.slo),
        "late": lambda one: one.late(float(after or 0)),
        "answer_loss": lambda one: 1 - one.accuracy,
        "requests": lambda one: float(all(one.names[k] == v for k, v in keys.items())),
    }
    return sum(one.size * values[measure](one) for one in mine) / total


def _served(twin: Twin, out: Outcome, plan: list[int]) -> Iterator[Served]:
    for j, places in enumerate(twin._counts(plan)):
        for p, chunks in places.items():
            yield Served(twin, out, j, p, chunks)


def _site_sum(
    twin: Twin, out: Outcome, measure: str, keys: dict[str, str], share: str | None
) -> float:
    """A sum over the sites of a place; with `share`, what it has beyond that share of the total."""
    part = total = 0.0
    for (_, d), site in out.sites.items():
        value = site.facility if measure == "energy" else site.on_site + site.off_site
        center = twin.scenario.datacenters[d]
        here = {"datacenter": center.name, "jurisdiction": center.jurisdiction}
        total += value
        part += value * all(here[key] == name for key, name in keys.items())
    return part if share is None else part - float(share) * total
