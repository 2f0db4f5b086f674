"""`slit show`: the plans of a run that have a name, or one plan in detail."""

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slit.commands.terminal import (
    AsJson,
    Plugin,
    RunFolder,
    print_json,
    print_table,
)
from slit.display import NOTHING, called, number, percent
from slit.errors import SlitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slit.optimizers.protocol import Phase
    from slit.record import Run
    from slit.report.picks import PicksData


def show(
    folder: RunFolder,
    plan: Annotated[
        str | None, typer.Option(metavar="ID", help="One plan: its number or the name of a pick.")
    ] = None,
    routing: Annotated[
        bool,
        typer.Option("--routing", help="Write routing.csv: what a gateway would load (--plan)."),
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Pick that changes refer to (default: nearest); with --plan, split into parts.",
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="At equal quality: against every plan to compare with."),
    ] = False,
    plugin: Plugin = None,
    as_json: AsJson = False,
) -> None:
    """Print the plan that a run recommends, what its front offers at equal quality, and its picks:
    extremes, balanced plan, baselines."""
    from slit.api import equal_quality, recommend, saving
    from slit.api import show as api_show
    from slit.commands.bound import certified_content, print_share
    from slit.commands.equal_quality import equal_quality_content, print_equal_quality
    from slit.commands.recommendation import print_recommendation, recommendation_content
    from slit.commands.saving import print_saving, saving_content
    from slit.record import read_certificate, read_run
    from slit.record.runs import check_plugin

    run = read_run(folder)
    if plugin is not None:
        check_plugin(run.manifest.plugin, plugin)
    if routing and plan is None:
        raise SlitError("--routing: no plan, expected --plan ID (see slit show RUN)")
    content: dict[str, Any] = {}
    if plan is not None:
        parts = None if against is None else saving(run, plan, against=against)
        content = _plan(run, plan, routing=routing, as_json=as_json)
        if parts is not None and as_json:
            content["saving"] = saving_content(parts, run.front.names, str(against))
        elif parts is not None:
            print_saving(parts, run.front.names, str(against))
    certified = read_certificate(run)
    picks = api_show(run, against=against)
    found = recommend(run, against=against) if plan is None or as_json else None
    equal = None
    if plan is None or as_json:
        equal = equal_quality(run, against=against, every=every)
    if as_json:
        phases = [phase._asdict() for phase in run.manifest.phases]
        listed: dict[str, Any] = {
            "recommended": None if found is None else recommendation_content(found),
            "equal_quality": None if equal is None else equal_quality_content(equal),
            "picks": picks_content(picks),
            "against": picks.reference,
            "phases": phases,
        }
        listed["certified_share"] = None if certified is None else certified.share
        listed["certified"] = None if certified is None else certified_content(certified)
        print_json(listed | content)
    elif plan is None:
        for note in run.manifest.notes:
            print(note)
        if found is not None:
            print_recommendation(found)
        if equal is not None:
            print_equal_quality(equal, every=every)
        print_picks(picks)
        print_limits(run, picks)
        print_phases(run.manifest.phases)
        if certified is not None:
            print()
            print_share(certified)


def print_phases(phases: "Sequence[Phase]") -> None:
    """What each phase of the lexicographic plan reached."""
    if phases:
        print("\nLexicographic phases:")
        rows = [
            [
                called(phase.name),
                number(phase.relaxed),
                NOTHING if phase.limit is None else number(phase.limit),
                NOTHING if phase.final is None else number(phase.final),
                number(phase.real),
                phase.unit,
            ]
            for phase in phases
        ]
        header = ["phase", "relaxed optimum", "limit", "relaxed at the end", "plan", "unit"]
        print_table(header, rows)


def picks_content(picks: "PicksData") -> list[dict[str, Any]]:
    """The picks as JSON. `saving_percent` is deprecated: `change_percent` with the other sign."""
    names = [axis.name for axis in picks.axes]
    return [
        {
            "name": mark.name,
            "plan": mark.plan,
            "method": mark.method,
            "values": dict(zip(names, values.tolist(), strict=True)),
            "change_percent": dict(zip(names, change, strict=True)),
            "saving_percent": {
                name: None if value is None else 0.0 - value
                for name, value in zip(names, change, strict=True)
            },
            "violation": float(violation),
        }
        for mark, values, change, violation in zip(
            picks.marks, picks.values, picks.changes, picks.violation, strict=True
        )
    ]


def print_picks(picks: "PicksData") -> None:
    """The picks as a table: values, and below them their change against the reference."""
    header = ["pick", "plan", *(f"{axis.called} ({axis.unit})" for axis in picks.axes)]
    infeasible = bool((picks.violation > 0).any())
    if infeasible:
        header.append("infeasible")
    rows = []
    for n, mark in enumerate(picks.marks):
        row = [mark.name, str(mark.plan), *(number(value) for value in picks.values[n])]
        rows.append([*row, picks.beyond[n]] if infeasible else row)
    print_table(header, rows)
    if picks.reference is not None:
        print(f"\nChange against {picks.reference} (minus is less, so better):")
        header = ["pick", "plan", *(axis.called for axis in picks.axes)]
        rows = [
            [mark.name, str(mark.plan), *(percent(value) for value in change)]
            for mark, change in zip(picks.marks, picks.changes, strict=True)
        ]
        print_table(header, rows)


def print_limits(run: "Run", picks: "PicksData") -> None:
    """What the picks have of what is limited, and how far that is from the limits."""
    from slit.report.limits import limits_data, room_text

    if not run.manifest.resolved_limits:
        return
    data = limits_data(run, [mark.row for mark in picks.marks])
    print("\nLimits, and the room that picks leave (minus is beyond):")
    header = ["pick", "plan", *(limit.text for limit in data.limits)]
    allowed = [
        f"{'at least ' * each.at_least}{number(each.as_stated(each.most))} {each.unit}"
        for each in data.limits
    ]
    rows = [["at most", "", *allowed]]
    rows += [
        [mark.name, str(mark.plan), *map(room_text, values, room)]
        for mark, values, room in zip(
            picks.marks, data.stated.tolist(), data.room.tolist(), strict=True
        )
    ]
    print_table(header, rows, left=2)


def _limits_of(run: "Run", row: int) -> list[dict[str, Any]]:
    """Each limit of a run as JSON, with what a plan has and the room that it leaves."""
    from slit.report.limits import limits_data

    data = limits_data(run, [row])
    return [
        {
            "limit": limit.text,
            "measure": limit.stated_measure,
            "value": None if isnan(value) else limit.as_stated(value),
            "least" if limit.at_least else "most": limit.as_stated(limit.most),
            "room": None if isnan(value) else limit.most - value,
            "unit": limit.unit,
        }
        for limit, value in zip(data.limits, data.values[0].tolist(), strict=True)
    ]


def print_room(limits: "Sequence[dict[str, Any]]") -> None:
    """The limits of a run with what a plan has of each."""
    if limits:
        header = ["limit", "value", "allowed", "room", "unit"]
        rows = [
            [
                each["limit"],
                *(
                    NOTHING if value is None else number(value)
                    for value in (each["value"], each.get("most", each.get("least")), each["room"])
                ),
                each["unit"],
            ]
            for each in limits
        ]
        print_table(header, rows)


def _plan(run: "Run", plan: str, *, routing: bool, as_json: bool) -> dict[str, Any]:
    """Print one plan in detail, or give it as JSON."""
    from slit.export import write_routing
    from slit.report.notebook import plan as plan_of
    from slit.report.plan import (
        describe_changes,
        describe_refused,
        node_hours,
        nodes_lines,
        refused_content,
    )
    from slit.report.predicted import describe_predicted, predicted_share

    front = run.front
    row = front.row_of(plan, prefix=run.manifest.optimizer)
    ledger = plan_of(run, plan).ledger
    path: Path | None = write_routing(ledger, run.folder) if routing else None
    sums = {
        "facility_kwh": ledger.facility_kwh.sum(axis=0).tolist(),
        "carbon_kg": ledger.carbon_kg.sum(axis=0).tolist(),
        "water_l": (ledger.water_on_site_l + ledger.water_off_site_l).sum(axis=0).tolist(),
        "cost_usd": ledger.cost_usd.sum(axis=0).tolist(),
    }
    names = [center.name for center in run.scenario.datacenters]
    totals = ledger.totals()
    changes = {name: totals[name] for name in ("reroute", "starts", "switches")}
    limits, predicted = _limits_of(run, row), predicted_share(ledger)
    if not as_json:
        from slit.front import broken_by

        feasible = broken_by(front, row) or "feasible"
        print(f"plan {front.plans[row]} by {front.methods[row]}, {feasible}")
        for m, name in enumerate(front.names):
            print(f"  {called(name)}: {number(front.F[row, m])} {front.units[m]}")
        print(f"  from one epoch to the next: {describe_changes(*changes.values())}")
        for each in (*describe_refused(ledger), *nodes_lines(ledger)):
            print(f"  {each}")
        if predicted is not None:
            print(f"  {describe_predicted(predicted)}")
        print_room(limits)
        header = ["datacenter", "facility (kWh)", "carbon (kg CO2e)", "water (L)", "cost (USD)"]
        rows = [
            [name, *(number(values[d]) for values in sums.values())] for d, name in enumerate(names)
        ]
        print_table(header, rows)
        if path is not None:
            print(path)
    values = dict(zip(front.names, front.F[row].tolist(), strict=True))
    content: dict[str, Any] = {
        "plan": {
            "plan": int(front.plans[row]),
            "method": front.methods[row],
            "values": values,
            "violation": float(front.G[row]),
            "refused_starts": refused_content(ledger),
            "changes": changes,
            "predicted": predicted and predicted._asdict(),
            "committed_usd": float(ledger.committed_usd.sum()),
            "node_hours": node_hours(ledger),
            "limits": limits,
            "datacenters": [
                {"datacenter": name, **{key: column[d] for key, column in sums.items()}}
                for d, name in enumerate(names)
            ],
        }
    }
    return content | ({"routing": str(path)} if path is not None else {})
