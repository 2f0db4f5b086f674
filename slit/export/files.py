"""Files of a plan in the formats that are asked for, rounded and judged before any is written."""

from collections.abc import Mapping as Named
from collections.abc import Sequence
from dataclasses import dataclass

from slit.errors import SlitError
from slit.export.judge import Judged, at_placements, judge
from slit.export.keda import keda
from slit.export.mapping import Mapping
from slit.export.neutral import neutral
from slit.export.rounding import Backends, Lists, backends_of, lists_of
from slit.export.routes import Epoch, PlanRoutes, plan_shares
from slit.export.rules import EpochRules, rules_of
from slit.export.targets import KEDA, NEUTRAL, Target, target_of
from slit.ledger import Ledger
from slit.objectives import Objective

TOLERANCE = 1.0
"""Per cent by which rounding may make an objective worse, and nodes exceed their pools."""


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """A plan on the grid of a target, and what that changes.

    beyond: nodes beyond the capacity of pools that rounding adds, in per cent of the active ones.
    dropped: backends without a place in a list; lost: those whose share rounds to 0.
    """

    target: Target
    lists: Lists
    judged: Judged
    beyond: float
    dropped: int
    lost: int

    def refusal(self, tolerance: float) -> str | None:
        """Why this rounding is refused, None if it is within the tolerance (per cent)."""
        judged, said = self.judged, f"expected at most {tolerance:g} % (--tolerance)"
        dropped = f", {self.dropped} backends dropped" if self.dropped else ""
        for name, change in zip(judged.names, judged.change, strict=True):
            if change is not None and change > tolerance:
                return (
                    f"{self.target.name}: rounding adds {change:.3g} % to {name}{dropped}, {said}"
                )
        if self.beyond > tolerance:
            return (
                f"{self.target.name}: rounding takes {self.beyond:.3g} % of the nodes beyond their "
                f"pools{dropped}, {said}"
            )
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Rounding:
    """A plan rounded for several targets, and why some were refused, by name."""

    backends: Backends
    found: tuple[Rounded, ...]
    refused: Named[str, str]


def round_plan(
    ledger: Ledger,
    names: Sequence[str],
    objectives: Sequence[Objective],
    *,
    tolerance: float = TOLERANCE,
    lenient: bool = False,
) -> Rounding:
    """The plan of a ledger on the grids of these targets.

    Raises SlitError for one beyond the tolerance; `lenient` leaves it out.
    """
    problem, shares, backends = ledger.problem, plan_shares(ledger), backends_of(ledger.problem)
    by_backend = backends.sums(shares)
    kept, placed, refused = [], [], {}
    for name in names:
        target = target_of(name)
        lists = lists_of(problem, by_backend, backends, target.grid, target.expression)
        try:
            placed.append(at_placements(problem, shares, lists.effective, backends, called=name))
        except SlitError as error:
            if not lenient:
                raise
            refused[name] = str(error)
            continue
        kept.append((target, lists))
    found = []
    active = max(1, int(ledger.nodes.sum()))
    for (target, lists), judged in zip(
        kept, judge(ledger.scenario, objectives, shares, placed), strict=True
    ):
        before, after = judged.violation
        rounded = Rounded(
            target=target,
            lists=lists,
            judged=judged,
            beyond=100.0 * max(0.0, after - before) / active,
            dropped=int(lists.dropped.sum()),
            lost=int(lists.lost.sum()),
        )
        why = rounded.refusal(tolerance)
        if why is None:
            found.append(rounded)
        elif lenient:
            refused[target.name] = why
        else:
            raise SlitError(why)
    return Rounding(backends, tuple(found), refused)


def plan_files(
    ledger: Ledger,
    routes: PlanRoutes,
    names: Sequence[str],
    *,
    rounding: Rounding,
    mapping: Mapping | None,
    epochs: Sequence[Epoch],
) -> dict[str, str]:
    """The text of every file, by its path in the folder of the export: gateways have a file an
    epoch.

    Raises SlitError for what the mapping does not name.
    """
    found: dict[str, str] = {}
    if NEUTRAL in names:
        found |= {f"{NEUTRAL}/{name}": text for name, text in neutral(routes).items()}
    if mapping is None:
        return found
    if KEDA in names:
        found[f"{KEDA}/scaled-objects.yaml"] = keda(routes, mapping)
    for each in rounding.found:
        for epoch in epochs:
            rules = epoch_rules(ledger, routes, each, rounding.backends, mapping, epoch)
            if rules.rules:
                path = f"{each.target.name}/{epoch.file_name}{each.target.suffix}"
                found[path] = each.target.write(rules)
    return found


def epoch_rules(
    ledger: Ledger,
    routes: PlanRoutes,
    rounded: Rounded,
    backends: Backends,
    mapping: Mapping,
    epoch: Epoch,
    *,
    lasting: bool = False,
) -> EpochRules:
    """The lists of an epoch with the names of a mapping. Where weights can be changed in a gateway
    that runs, they hold the backends of all epochs; of all plans there may be if they are to be
    `lasting`."""
    lists = rounded.lists
    kept = lists.weights > 0
    if rounded.target.live:
        kept = lists.reachable(ledger.problem, backends) if lasting else lists.used()
    rules = rules_of(ledger.scenario, mapping, lists, backends, epoch=epoch, kept=kept)
    steps = rounded.target.grid.steps
    return EpochRules(epoch, tuple(rules), mapping, routes.provenance, steps)
