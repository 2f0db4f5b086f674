"""A decision as files that gateways load, and as weights of one that runs."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slit.errors import SlitError
from slit.export.files import TOLERANCE, epoch_rules, round_plan
from slit.export.live import live_weights, push
from slit.export.mapping import Mapping
from slit.export.routes import Provenance, plan_routes
from slit.export.targets import KEDA, NEUTRAL, TARGETS
from slit.files import write_file
from slit.ledger import Ledger
from slit.objectives import find
from slit.scenario.store import scenario_hash

FOLDER = "gateways"


@dataclass(frozen=True, slots=True)
class Gateways:
    """Formats in which the coming epoch of each decision is written, with the names of a mapping;
    `tolerance`: per cent by which rounding may make an objective worse. place: of a gateway that
    runs, into which the weights of the one format are written.

    Raises SlitError for formats that hold no single epoch, and for a place that does not fit.
    """

    formats: tuple[str, ...]
    mapping: Mapping
    tolerance: float = TOLERANCE
    place: str | None = None

    def __post_init__(self) -> None:
        known = [target.name for target in TARGETS if target.name not in (NEUTRAL, KEDA)]
        for name in self.formats:
            if name not in known:
                raise SlitError(
                    f"--export: {name}, expected some of {', '.join(known)} (an epoch of a gateway)"
                )
        if self.place is not None:
            able = [target.name for target in TARGETS if target.live]
            if len(self.formats) != 1 or self.formats[0] not in able:
                raise SlitError(
                    f"--push: {', '.join(self.formats)}, expected one of {', '.join(able)} "
                    "(--export; weights that change while it runs)"
                )

    def write(self, ledger: Ledger, names: tuple[str, ...], folder: Path) -> None:
        """Replace the file of each format by that of the first epoch of a plan, and its weights in
        the gateway that runs.

        Raises SlitError where rounding is refused, the mapping lacks a backend, or the gateway does
        not take its weights: files are as they were before, unless it is the gateway.
        """
        texts = {}
        routes = plan_routes(ledger, _provenance(ledger))
        epoch = routes.epochs[0]
        rounding = round_plan(ledger, self.formats, find(names), tolerance=self.tolerance)
        weights = None
        for each in rounding.found:
            rules = epoch_rules(
                ledger, routes, each, rounding.backends, self.mapping, epoch, lasting=True
            )
            texts[f"{each.target.name}{each.target.suffix}"] = each.target.write(rules)
            if self.place is not None:
                weights = live_weights(rules, each.target.name)
        place = folder / FOLDER
        place.mkdir(exist_ok=True)
        for name, text in texts.items():
            write_file(place / name, text.encode())
        if self.place is not None and weights is not None:
            unequal = push(self.formats[0], self.place, weights)
            if unequal:
                first = unequal[0]
                raise SlitError(
                    f"{self.place}: {first.name}: {first.found}, expected {first.expected} (read "
                    f"back; {len(unequal)} weights not taken)"
                )


def _provenance(ledger: Ledger) -> Provenance:
    counts = np.ascontiguousarray(ledger.counts)
    return Provenance(
        scenario=ledger.scenario.name,
        scenario_hash=scenario_hash(ledger.scenario),
        plan=0,
        method="slit operate",
        plan_hash=hashlib.sha256(counts.tobytes()).hexdigest(),
    )
