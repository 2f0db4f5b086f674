"""Runs of several scenarios: each has a page of its own, as plans are ranked only within one."""

from collections.abc import Sequence
from dataclasses import dataclass

from slit.display import number
from slit.record import Run
from slit.report.marks import axes_of, marks_of
from slit.report.picks import default_reference


@dataclass(frozen=True, slots=True)
class Place:
    """The runs of one scenario with the same objectives, and where their page stands."""

    base: str
    runs: tuple[Run, ...]

    @property
    def title(self) -> str:
        """The scenario, the carbon account where it states several, and the folders of its runs."""
        folders = ", ".join(run.folder.resolve().name for run in self.runs)
        by = f", carbon by {self.account}" if self.account else ""
        return f"{self.runs[0].scenario.name}{by} ({folders})"

    @property
    def account(self) -> str:
        """The carbon account that counts here; empty where the scenario states none."""
        scenario = self.runs[0].scenario
        return scenario.accounting.account if scenario.accounts else ""


def by_scenario(runs: Sequence[Run]) -> tuple[Place, ...]:
    """The runs by scenario and objectives, in the order given; the first stands at /."""
    groups: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        key = run.manifest.scenario_hash, run.front.names, run.front.units
        groups.setdefault(key, []).append(run)
    return tuple(
        Place("/" if n == 1 else f"/{n}/", tuple(group))
        for n, group in enumerate(groups.values(), 1)
    )


def facts_of(run: Run) -> dict[str, str]:
    """What a scenario plans: its hours, its fleet, its demand."""
    scenario = run.scenario
    horizon = scenario.horizon
    hours = horizon.epochs * horizon.epoch_seconds / 3600
    nodes = sum(pool.nodes for pool in scenario.pools)
    return {
        "Time planned": f"{horizon.start:%Y-%m-%d %H:%M %Z}, {hours:g} h",
        "Fleet": f"{len(scenario.datacenters)} datacenters, {nodes:,} nodes",
        "Demand": f"{number(float(scenario.demand.requests.sum()))} requests",
        "Search": f"{run.manifest.optimizer}, {int(run.front.on_front.sum()):,} plans on the front",
    }


def side_by_side(places: Sequence[Place]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows that set scenarios beside each other: facts, then values of two plans.

    The plans are the balanced one and the reference of the first run of each; an objective that
    a run does not have is left out there.
    """
    firsts = [place.runs[0] for place in places]
    facts = [facts_of(run) for run in firsts]
    rows = [[name, *(each[name] for each in facts)] for name in facts[0]]
    values = [_values(run) for run in firsts]
    names = dict.fromkeys(name for each in values for name in each)
    rows += [[name, *(each.get(name, "–") for each in values)] for name in names]
    return ["", *(place.title for place in places)], rows


def _values(run: Run) -> dict[str, str]:
    """The values of the balanced plan and of the reference, by what they are."""
    marks = marks_of(run.front, search=run.manifest.optimizer)
    named = {mark.name: mark.row for mark in marks}
    reference = default_reference(marks)
    plans = {"balanced plan": run.front.compromise()}
    if reference is not None:
        plans[reference] = named[reference]
    return {
        f"{axis.full}: {plan}": number(float(run.front.F[row, m]))
        for m, axis in enumerate(axes_of(run.front))
        for plan, row in plans.items()
    }
