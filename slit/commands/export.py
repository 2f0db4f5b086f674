"""`slit export`: a plan as files that gateways load."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slit.commands.terminal import (
    AsJson,
    ExitCode,
    Plugin,
    complain,
    only_with,
    print_json,
    print_table,
    without,
)
from slit.display import NOTHING
from slit.errors import SlitError

if TYPE_CHECKING:
    from slit.api.exporting import Pushed
    from slit.record import Run


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What is to be exported, and how."""

    run: "Run"
    plan: str
    to: list[str]
    mapping: Path | None
    at: str | None
    tolerance: float


def export(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="Folder that slit optimize wrote.")
    ] = None,
    plan: Annotated[str | None, typer.Option(metavar="ID", help="A plan's number or name.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="FORMAT,...", help="Formats by commas (--list), or all.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A new folder for the files.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What gateways call backends (TOML).")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only the epoch of this moment (UTC).")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All epochs (the default).")] = False,
    tolerance: Annotated[
        float,
        typer.Option(min=0, metavar="PERCENT", help="What rounding may add to an objective."),
    ] = 1.0,
    push: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Write weights into a gateway that runs: http://HOST:PORT of Envoy's admin port, "
            "HAProxy's runtime socket.",
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="With --push: at every epoch, until Ctrl-C.")
    ] = False,
    new_mapping: Annotated[
        Path | None,
        typer.Option("--write-mapping", metavar="FILE", help="Write a mapping to edit."),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Print what every gateway can express.")
    ] = False,
    plugin: Plugin = None,
    as_json: AsJson = False,
) -> None:
    """Write a plan as files that gateways load, rounded to what they hold, and what that changes.

    Rounding is refused where it makes an objective worse by more than --tolerance. With --push the
    weights of an epoch are written into a gateway that runs, and read back.
    """
    if listed:
        _print_targets(as_json=as_json)
        return
    if folder is None:
        raise SlitError("RUN: none, expected a folder that slit optimize wrote (or --list)")
    from slit.api.exporting import write_mapping
    from slit.record import read_run
    from slit.record.runs import check_plugin

    run = read_run(folder)
    if new_mapping is not None:
        without("--write-mapping", ctx, "plan", "to", "output", "mapping", "at", "push", "watch")
        file = write_mapping(run, new_mapping)
        _say({"mapping": str(file)}, [str(file)], as_json=as_json)
        return
    if plan is None or to is None:
        raise SlitError("export: no --plan or no --to, expected both (formats: slit export --list)")
    if every and at is not None:
        raise SlitError("--all: given with --at, expected one of them")
    check_plugin(run.manifest.plugin, plugin)
    asked = _Asked(run, plan, [name.strip() for name in to.split(",")], mapping, at, tolerance)
    if push is not None:
        without("--push", ctx, "output", "every")
        if watch:
            without("--watch", ctx, "at")
        _push(asked, push, watch=watch, as_json=as_json)
        return
    only_with("--push", ctx, "watch")
    if output is None:
        raise SlitError("output: none, expected a new folder for the files (or --push)")
    _write(asked, output, as_json=as_json)


def _write(asked: _Asked, output: Path, *, as_json: bool) -> None:
    from slit.api.exporting import export as api_export

    done = api_export(
        asked.run,
        asked.plan,
        to=asked.to,
        output=output,
        mapping=asked.mapping,
        at=asked.at,
        tolerance=asked.tolerance,
    )
    if as_json:
        content = {"folder": str(done.folder), "files": [str(file) for file in done.files]}
        print_json({**content, "rounding": done.rounding, "refused": done.refused})
        return
    if done.rounding:
        print("What rounding adds to each objective (minus is less, so better):")
        names = list(next(iter(done.rounding.values()))["change_percent"])
        header = ["format", "steps", *names, "nodes beyond pools", "backends dropped", "lost"]
        rows = [
            [
                name,
                f"{each['steps']:,}",
                *(_change(change) for change in each["change_percent"].values()),
                _change(each["nodes_beyond_percent"]),
                str(each["dropped"]),
                str(each["lost"]),
            ]
            for name, each in done.rounding.items()
        ]
        print_table(header, rows)
    for reason in done.refused.values():
        complain(f"left out: {reason}")
    print(f"{len(done.files)} files in {done.folder}")


def _push(asked: _Asked, place: str, *, watch: bool, as_json: bool) -> None:
    from datetime import UTC, datetime

    from slit.api.exporting import Live, pushed_content
    from slit.export.routes import epoch_at

    if len(asked.to) != 1:
        raise SlitError(f"--push: {', '.join(asked.to)}, expected one format (--to)")
    if asked.mapping is None:
        raise SlitError("--push: no --mapping, expected the file that the configuration names")
    live = Live(
        asked.run,
        asked.plan,
        target=asked.to[0],
        place=place,
        mapping=asked.mapping,
        tolerance=asked.tolerance,
    )
    if watch:
        for pushed in live.watch():
            _print_pushed(pushed)
    epoch = live.at(datetime.now(UTC)) if asked.at is None else epoch_at(live.epochs, asked.at)
    pushed = live.push(epoch)
    if as_json:
        print_json(pushed_content(pushed))
    else:
        _print_pushed(pushed)
    if pushed.unequal:
        raise typer.Exit(ExitCode.DIFFERS)


def _print_pushed(pushed: "Pushed") -> None:
    start, end = pushed.epoch.stamps
    for each in pushed.drifted:
        found = NOTHING if each.found is None else str(each.found)
        print(f"drift: {each.name}: {found}, expected {each.expected}")
    for each in pushed.unequal:
        found = NOTHING if each.found is None else str(each.found)
        print(f"not taken: {each.name}: {found}, expected {each.expected}")
    equal = "not equal" if pushed.unequal else "equal"
    print(f"{start} to {end}: {len(pushed.weights)} weights, read back {equal}", flush=True)


def _print_targets(*, as_json: bool) -> None:
    from slit.export.targets import KEDA, NEUTRAL, TARGETS, UNABLE

    if as_json:
        names = ("origin", "class", "region", "variant")
        found: dict[str, Any] = {
            each.name: {
                **dict(zip(names, each.expresses, strict=True)),
                "steps": each.grid.steps,
                "most_backends": each.grid.most,
                "live": bool(each.live),
                "checked": each.checked,
                "note": each.note,
            }
            for each in TARGETS
        }
        whole = [NEUTRAL, KEDA]
        cannot = {each.name: each.reason for each in UNABLE}
        print_json({"formats": found, "whole_horizon": whole, "cannot_express": cannot})
        return
    header = ["format", "gateway", "origin", "class", "region", "variant", "steps", "live"]
    marks = {True: "yes", False: NOTHING}
    rows = [
        [
            each.name,
            each.title,
            *(marks[able] for able in each.expresses),
            f"{each.grid.steps:,}",
            marks[bool(each.live)],
        ]
        for each in TARGETS
    ]
    print_table(header, rows, left=2)
    print(f"{NEUTRAL}: routes and replicas as CSV and JSON; {KEDA}: replicas as cron triggers")
    for no in UNABLE:
        print(f"{no.name}: cannot express a plan: {no.reason} (--to {no.instead} before it)")


def _change(change: float | None) -> str:
    return NOTHING if change is None else f"{change:+.2g} %"


def _say(content: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json(content)
    else:
        print("\n".join(lines))
