"""`slit optimize`: the main job."""

from dataclasses import asdict
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slit.commands.lexicographic import Absolute, Caps, Order, Tolerance, ranking_settings
from slit.commands.progress import shown_progress
from slit.commands.terminal import (
    AsJson,
    ExitCode,
    Plugin,
    Threads,
    WarmNodes,
    complain,
    given,
    listed_measures,
    only_with,
    print_json,
    warm_counts,
)
from slit.commands.watch import both, searched_objectives, show_result, watched_search
from slit.errors import SlitError

if TYPE_CHECKING:
    from slit.run import Result

RUNS = Path("runs")
REPEATED = (
    "scenario",
    "optimizer",
    "seed",
    "population",
    "start",
    "hours",
    "start_plan",
    "today",
    "account",
    "baselines",
    "steady",
    "bound",
)
"""Parameters that count with --resume only where they are given."""


def optimize(
    ctx: typer.Context,
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Name of a scenario, or its file.")
    ] = "world-day",
    optimizer: Annotated[
        str | None, typer.Option(metavar="NAME", help="See slit optimizers.")
    ] = None,
    objectives: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="See slit objectives."),
    ] = None,
    order: Order = None,
    tolerance: Tolerance = None,
    absolute: Absolute = False,
    cap: Caps = None,
    evaluations: Annotated[
        int | None, typer.Option(metavar="N", help="Budget: full evaluations.")
    ] = None,
    moves: Annotated[
        int | None, typer.Option(metavar="N", help="Budget: incremental evaluations.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(metavar="S", help="Budget: time (bits then vary).")
    ] = None,
    stagnation: Annotated[
        int | None,
        typer.Option(metavar="N", help="Budget: evaluations in a row that hardly help."),
    ] = None,
    population: Annotated[
        int | None, typer.Option(metavar="N", help="Plans of a generation.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bits.")] = 1,
    threads: Threads = 0,
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="Plan from another date (UTC).")
    ] = None,
    hours: Annotated[float | None, typer.Option(metavar="H", help="Plan so many hours.")] = None,
    start_plan: Annotated[
        str | None, typer.Option(metavar="RUN:PLAN", help="Begin with a plan of another run.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME<=MOST",
            help="What no plan may exceed, of any objective: quality<=0.36, carbon<=nearest+5%, "
            "ttft_p95[class=chat]<=1, requests[datacenter=*]<=40%; may be repeated.",
        ),
    ] = None,
    warm_nodes: WarmNodes = None,
    today: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Today's routing, a table as slit show --routing writes: a plan to compare with, "
            "and what limits may refer to.",
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Carbon account that counts: base, or one of [accounts]."
        ),
    ] = None,
    baselines: Annotated[
        bool, typer.Option(help="Make the reference plans too, and begin with them.")
    ] = True,
    steady: Annotated[
        bool,
        typer.Option(
            help="Make the extremes and the balanced plan steady: fewer requests rerouted between "
            "epochs, at most 1 % more of each objective."
        ),
    ] = True,
    bound: Annotated[
        bool, typer.Option(help="Certify how much of the best possible the front reaches.")
    ] = True,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run folder (default: a new one in runs/).")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing run folder.")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Continue a run that was killed. With another budget to that one; other options "
            "may be repeated, not changed.",
        ),
    ] = None,
    plugin: Plugin = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show the search in the browser while it goes on.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="With --watch: open no browser.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing but errors (and JSON).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Search for the best plans of a scenario and write a run folder."""
    if resume is not None and output is not None:
        raise SlitError("--output: given with --resume, expected one of them")
    if output is None and resume is None:
        only_with("--output", ctx, "overwrite")
    if not watch:
        only_with("--watch", ctx, "no_browser")
    names = None if objectives is None else listed_measures(objectives)
    settings = ranking_settings(
        optimizer, order=order, tolerance=tolerance, absolute=absolute, caps=cap
    )
    place = resume or output or default_output(scenario)
    shown: dict[str, Any] = {"objectives": names, "plugin": plugin, "resume": resume}
    with watched_search(watch, title=scenario, browser=not no_browser, **shown) as live:
        searched = cache(partial(searched_objectives, names, plugin, resume))
        with shown_progress(quiet=quiet, names=searched) as bar:
            from slit.api import optimize as search  # here: the bar stands while it is imported
            from slit.api import resume as go_on
            from slit.api.bounds import UNCERTIFIED
            from slit.optimizers.registry import DEFAULT_OPTIMIZER
            from slit.stop import StopReason

            common: dict[str, Any] = {
                "evaluations": evaluations,
                "moves": moves,
                "seconds": seconds,
                "stagnation": stagnation,
                "objectives": names,
                "threads": threads,
                "plugin": plugin,
                "overwrite": overwrite,
                "limits": limit,
                "warm_nodes": warm_counts(warm_nodes),
                "watch": both(bar.watch, None if live is None else live.feed.watch),
            }
            if resume is not None:
                stated = {name: value for name, value in (settings or {}).items() if value}
                result = go_on(resume, settings=stated, **given(ctx, *REPEATED), **common)
            else:
                result = search(
                    scenario,
                    optimizer=optimizer or DEFAULT_OPTIMIZER,
                    seed=seed,
                    population=population,
                    settings=settings,
                    start=start,
                    hours=hours,
                    start_plan=start_plan,
                    today=today,
                    account=account,
                    baselines=baselines,
                    steady=steady,
                    bound=bound,
                    prepared=bar.prepared,
                    output=place,
                    **common,
                )
        if as_json:
            print_json(summary(place, result))
        elif not quiet:
            print_result(place, result)
        if result.stop is StopReason.INTERRUPTED or UNCERTIFIED in result.notes:
            complain(f"interrupted: {place} holds the front found so far")
            raise typer.Exit(ExitCode.INTERRUPTED)
        if live is not None:
            show_result(live, place)


def default_output(scenario: str) -> Path:
    """A folder in runs/ that does not exist: scenario and time."""
    now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    first = RUNS / f"{Path(scenario).stem}-{now}"
    others = (first.with_name(f"{first.name}-{n}") for n in range(2, 1000))
    return next((path for path in (first, *others) if not path.exists()), first)


def summary(place: Path, result: "Result") -> dict[str, Any]:
    """A result as JSON."""
    from slit.commands.bound import gaps_content
    from slit.record.manifest import read_manifest

    return {
        "run": str(place),
        "plans": int(result.front.on_front.sum()),
        "feasible": result.feasible,
        "evaluations": result.evaluations,
        "moves": result.moves,
        "seconds": result.seconds,
        "stop": str(result.stop),
        "certified_share": None if result.certified is None else result.certified.share,
        "gaps": [] if result.certified is None else gaps_content(result.certified),
        "notes": list(result.notes),
        "findings": [asdict(finding) for finding in read_manifest(place).findings],
        "phases": [phase._asdict() for phase in result.phases],
        "limits": [asdict(limit) for limit in result.limits],
    }


def print_result(place: Path, result: "Result") -> None:
    """What was found, and where it is."""
    from slit.api.plans import picks_of
    from slit.commands.bound import print_share
    from slit.commands.show import print_phases, print_picks
    from slit.record.manifest import read_manifest

    manifest = read_manifest(place)
    for finding in manifest.findings:
        complain(f"{finding.severity}: {finding}")
    for note in manifest.notes:
        print(note)
    print_limits(result, search=manifest.optimizer)
    print_picks(picks_of(result.front, search=manifest.optimizer))
    print_phases(result.phases)
    moves = f" and {result.moves:,} moves" if result.moves else ""
    print(
        f"\n{int(result.front.on_front.sum())} plans on the front after {result.evaluations:,} "
        f"evaluations{moves} in {result.seconds:.1f} s (stopped by: {result.stop})"
    )
    if result.certified is not None:
        print_share(result.certified)
    report = place / "report.html"
    print(f"run folder: {place}{f' (open {report})' if report.exists() else ''}")


def print_limits(result: "Result", *, search: str) -> None:
    """What no plan may exceed, and how many of the reference plans keep to it."""
    from slit.report.limits import describe_limits

    if not result.limits:
        return
    front = result.front
    others = [n for n, method in enumerate(front.methods) if method != search]
    meet = int((front.G[others] == 0).sum())
    print(f"limits: {describe_limits(result.limits)}")
    if others:
        print(f"{meet} of {len(others)} reference plans meet them")
