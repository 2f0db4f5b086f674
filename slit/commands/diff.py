"""`slit diff`: what changes from one plan to another, as text for a change request."""

from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slit.commands.terminal import AsJson, Threads, print_json
from slit.display import NOTHING, called, number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slit.api.diffing import Change, EpochChange, PlanDifference

Named = Annotated[str, typer.Argument(metavar="RUN:PLAN", help="Run folder, plan number or name.")]


def diff(
    before: Named,
    after: Named,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only the epoch of this moment (UTC).")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Lines of each kind, the largest first.")] = 5,
    shadow: Annotated[
        bool,
        typer.Option("--shadow-prices", help="Also when traffic would move again (takes longer)."),
    ] = False,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Say what changes from one plan to another, and why, for a change request.

    Without --at: the whole horizon, and the epoch in which most changes.
    """
    from slit.api.diffing import diff as api_diff

    found = api_diff(before, after, at=at, shadow=shadow, threads=threads)
    if as_json:
        print_json(_content(found))
        return
    _print_whole(found)
    most = max(found.epochs, key=lambda each: each.moved)
    if at is None and len(found.epochs) > 1:
        print("\nRequests served elsewhere or by another variant, by the start of the epoch (UTC):")
        for each in found.epochs:
            print(f"  {each.epoch.start:%Y-%m-%d %H:%M}  {_share(each.moved)}")
        print("\nThe epoch in which most changes (--at TIME for another):")
    print()
    _print_epoch(most, top, same=found.same_scenario, shifted=found.shifted)
    if not shadow:
        print("  shadow prices: not asked for (--shadow-prices)")


def _print_whole(found: "PlanDifference") -> None:
    print(f"Change of plan from {found.before} to {found.after}")
    if found.shifted:
        print("  of other days: their epochs are compared one after the other")
    for each in found.objectives:
        name, unit = each.names
        change = None if each.before <= 0 else 100 * (each.after / each.before - 1)
        said = "" if change is None else f" ({percent(change)})"
        print(f"  {called(name)}: {number(each.before)} -> {number(each.after)} {unit}{said}")
    print(f"  served elsewhere or by another variant: {_share(found.moved)} of the requests")
    for which, limit in found.binding:
        print(f"  limit that binds {which}: {limit}")
    if not found.binding:
        print("  no limit binds, before or after")


def _print_epoch(change: "EpochChange", top: int, *, same: bool, shifted: bool) -> None:
    epoch = change.epoch
    requests = " -> ".join(dict.fromkeys(f"{each:,.0f}" for each in change.requests))
    print(f"{epoch.start:%Y-%m-%d %H:%M} to {epoch.end:%H:%M} UTC, {requests} requests:")
    print(f"  served elsewhere or by another variant: {_share(change.moved)}")
    _print_changes("share of all requests", change.backends, top, _share, between=" / ")
    _print_changes("routes", change.routes, top, _share, between=" / ")
    _print_changes("nodes", change.nodes, top, number, between=" / ")
    if change.signals:
        _print_changes("signals that differ", change.signals, top, number, between=" at ")
    elif same or not shifted:
        print("  signals: the same in both, so the change is one of choice, not of inputs")
    for each in change.hours[: 2 * top]:
        if not isnan(each.carbon):
            leaves = "" if each.leaves is None else f"; half of its traffic leaves {each.leaves}"
            print(
                f"  {each.datacenter} in this epoch: {number(each.carbon)} g CO2e/kWh, "
                f"{number(each.price)} USD/MWh, {number(each.water)} L/kWh{leaves}"
            )
    if change.full:
        print(f"  pools with all nodes in use: {', '.join(change.full)}")


def _print_changes(
    title: str, changes: "Sequence[Change]", top: int, shown: Any, *, between: str
) -> None:
    if not changes:
        print(f"  {title}: no change")
        return
    print(f"  {title}:")
    for each in changes[:top]:
        print(f"    {between.join(each.names)}: {shown(each.before)} -> {shown(each.after)}")
    if len(changes) > top:
        print(f"    and {len(changes) - top} smaller (--top)")


def _share(value: float) -> str:
    return NOTHING if isnan(value) else f"{100 * value:.1f} %"


def _content(found: "PlanDifference") -> dict[str, Any]:
    content = asdict(found)
    for each, change in zip(content["epochs"], found.epochs, strict=True):
        del each["epoch"]
        each["start"], each["end"] = change.epoch.stamps
        for hour in each["hours"]:
            for name in ("carbon", "price", "water"):
                hour[name] = None if isnan(hour[name]) else hour[name]
    return content
