"""Weighted lists of one epoch with the names of a mapping: what a format is written from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from operators.types import Bools
from slit.errors import SlitError
from slit.export.mapping import Backend, ClassName, Mapping, OriginName, Place, label
from slit.export.rounding import Backends, Lists
from slit.export.routes import Epoch, Provenance
from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Entry:
    """A backend of a list and its weight."""

    backend: Backend
    place: Place
    weight: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A list of backends for some requests; `origin` and the others are None where it is for
    all."""

    origin: OriginName | None
    request_class: ClassName | None
    place: Place | None
    variant: str | None
    entries: tuple[Entry, ...]

    @property
    def named(self) -> tuple[OriginName, ClassName]:
        """Origin and class of a list that has both."""
        if self.origin is None or self.request_class is None:
            raise ValueError("rule: no origin or no class, expected a list of routes")
        return self.origin, self.request_class

    @property
    def name(self) -> str:
        """Of a list of routes: a name that no other has."""
        origin, request_class = self.named
        return f"{label(origin.origin)}_{label(request_class.request_class)}"


@dataclass(frozen=True, slots=True)
class EpochRules:
    """All lists of an epoch."""

    epoch: Epoch
    rules: tuple[Rule, ...]
    mapping: Mapping
    provenance: Provenance
    steps: int

    @property
    def comments(self) -> tuple[str, ...]:
        """The head of the file."""
        return self.provenance.lines(self.epoch)

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Every backend of a list, once."""
        entries = (entry.backend for rule in self.rules for entry in rule.entries)
        return tuple(dict.fromkeys(entries))

    def metadata(self, name: str) -> dict[str, object]:
        """Of a Kubernetes object: what cannot stand in comments once it is applied."""
        start, end = self.epoch.stamps
        annotations = {
            "slit/scenario": f"{self.provenance.scenario} {self.provenance.scenario_hash[:12]}",
            "slit/plan": f"{self.provenance.plan} {self.provenance.plan_hash[:12]}",
            "slit/from": start,
            "slit/to": end,
        }
        found: dict[str, object] = {"name": name, "namespace": self.mapping.gateway.namespace}
        return found | {"annotations": annotations}


def check_models(rules: EpochRules, called: str) -> None:
    """Raise SlitError where clients of two classes of an origin ask for the same model."""
    asked: set[tuple[str, str]] = set()
    for rule in rules.rules:
        origin, request_class = rule.named
        key = origin.header, request_class.model
        if key in asked:
            raise SlitError(
                f"{called}: model {request_class.model} of two classes, expected one each "
                "(mapping: classes: it tells them apart by the model alone)"
            )
        asked.add(key)


Writer = Callable[[EpochRules], str]


def rules_of(
    scenario: Scenario,
    mapping: Mapping,
    lists: Lists,
    backends: Backends,
    *,
    epoch: Epoch,
    kept: Bools,
) -> Iterator[Rule]:
    """The lists of an epoch. `kept` (R, B): the backends that stand in them, some with weight 0, so
    that weights can be changed in a gateway that runs.

    Raises SlitError for what the mapping does not name.
    """
    centers, variants = scenario.datacenters, scenario.variants
    known: dict[int, tuple[Backend, Place]] = {}
    keys = lists.keys
    for r in np.flatnonzero(lists.epoch == epoch.number):
        o, c, d, v = keys[r].tolist()
        entries = []
        for b in np.flatnonzero(kept[r]).tolist():
            if b not in known:
                center = centers[backends.datacenter[b]].name
                variant = variants[backends.variant[b]].name
                known[b] = mapping.backend(center, variant), mapping.place(center)
            entries.append(Entry(*known[b], int(lists.weights[r, b])))
        yield Rule(
            origin=None if o < 0 else mapping.origin(scenario.origins[o].name),
            request_class=None if c < 0 else mapping.request_class(scenario.classes[c].name),
            place=None if d < 0 else mapping.place(centers[d].name),
            variant=None if v < 0 else variants[v].name,
            entries=tuple(entries),
        )
