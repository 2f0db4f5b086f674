"""`slit replay`: plans served request by request, beside what they promised."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slit.commands.replay_engine import replay_engine
from slit.commands.replay_tables import print_replay
from slit.commands.terminal import (
    AsJson,
    Threads,
    called,
    given,
    named_numbers,
    only_with,
    print_json,
    without,
)
from slit.errors import SlitError
from slit.replay.routing import Routing

if TYPE_CHECKING:
    from slit.data.request_log import RequestStream
    from slit.record import Run
    from slit.replay.rates import Rates

PICKS = "picks"
OF_A_RUN = (
    "folder",
    "plan",
    "trace",
    "trace_format",
    "zone",
    "table",
    "routing",
    "part",
    "token_scv",
    "drain_s",
    "grid",
    "cached",
    "days",
    "missed",
    "chrome_trace",
    "node",
    "window",
    "seed",
)
"""Parameters that mean nothing for a measured run."""


def replay(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="Folder that slit optimize wrote.")
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(metavar="ID|picks", help="A plan's number or name, or all picks of the run."),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Log of requests in the place of generated ones."),
    ] = None,
    trace_format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="F", help="Of the log: azure, burstgpt, mooncake, servegen, vidur."
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Of the log's time stamps, if they have no offset."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only the log's requests of this model."),
    ] = None,
    lengths: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Token lengths beside rates of ServeGen."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", help="Write a Parquet table with a row a request."),
    ] = None,
    routing: Annotated[
        Routing,
        typer.Option(
            help="To placements by the plan's shares at random, or in turn (wrr); there to any "
            "replica, in turn, or to the shortest queue (jsq)."
        ),
    ] = Routing.JSQ,
    part: Annotated[
        float,
        typer.Option(
            "--share",
            metavar="S",
            help="Share of the requests, on the same share of replicas (at least one).",
        ),
    ] = 1.0,
    token_scv: Annotated[
        float | None,
        typer.Option(
            metavar="C",
            help="Squared coefficient of variation of token lengths (default: the scenario's "
            "service_scv; 0: all alike).",
        ),
    ] = None,
    drain_s: Annotated[
        float, typer.Option("--drain", metavar="S", help="Seconds after the horizon to finish.")
    ] = 3600.0,
    grid: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Route as a gateway whose weights are whole parts of N (largest remainder).",
        ),
    ] = None,
    cached: Annotated[
        list[str] | None,
        typer.Option(
            metavar="S|CLASS=S|blocks",
            help="Share of prompt tokens that a prefix cache holds (default: the scenario's "
            "cached_prompt_share); blocks: what those of a log of mooncake or bailian show.",
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Replay N days, the next seeds or the next parts of the log, and mark plans "
            "that miss their SLO at p95 on too many.",
        ),
    ] = None,
    missed: Annotated[
        float,
        typer.Option(metavar="S", help="With --days: share of days that may miss the SLO."),
    ] = 0.1,
    chrome_trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what --node did as trace events (Perfetto)."),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(metavar="PLACEMENT:N", help="A placement's node, of those it runs from 0."),
    ] = None,
    window: Annotated[
        str,
        typer.Option(metavar="FROM:TO", help="Of --chrome-trace: s since the start."),
    ] = "0:60",
    engine: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Instead of a run: a measured run of vLLM with measured times of its layers.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bits.")] = 1,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Serve the demand of a run request by request as a plan routes it, through engines with
    continuous batching, and print what was promised beside what was served.

    Requests are generated from the scenario's demand, or those of a log, which get their origin and
    class by the demand's shares. What is found is kept in the run folder.
    """
    from slit.api.replaying import open_trace, replay_days, replay_run
    from slit.record import read_run
    from slit.replay.chrome_trace import watched_node, write_chrome_trace
    from slit.replay.plan import ReplaySettings

    if engine is not None:
        without("--engine", ctx, *OF_A_RUN)
        replay_engine(engine, as_json=as_json)
        return
    if folder is None:
        raise SlitError("RUN: none, expected a folder that slit optimize wrote, or --engine DIR")
    settings = ReplaySettings(
        seed=seed, routing=routing, share=part, token_scv=token_scv, drain_s=drain_s, grid=grid,
        cached=_cached(cached or [], trace, trace_format),
    )  # fmt: skip
    _check_together(ctx, several=plan == PICKS or days is not None)
    run = read_run(folder)
    names = _plans(run, plan)

    def log() -> "RequestStream | Rates":
        return open_trace(  # it is read once
            trace or "", trace_format=trace_format or "", zone=zone, model=model, lengths=lengths
        )

    open_log = None if trace is None else log
    watched = None if node is None else watched_node(run.scenario, node, window)
    found = []
    for name in names:
        if days is not None:
            one = replay_days(
                run, name, settings=settings, days=days, threads=threads, open_log=open_log,
                most_missed=missed,
            )  # fmt: skip
        else:
            one = replay_run(
                run, name, settings=settings, threads=threads, table=table, watched=watched,
                requests=None if open_log is None else open_log(),
            )  # fmt: skip
        found.append(one)
        if not as_json:
            print_replay(one)
    if chrome_trace is not None and watched is not None:
        write_chrome_trace(chrome_trace, watched, run.scenario)
    if as_json:
        print_json(found[0] if plan != PICKS else {"plans": found})


def _check_together(ctx: typer.Context, *, several: bool) -> None:
    """Raise SlitError for options that mean nothing without, or beside, others."""
    stated = ctx.params
    for one, other in (("trace", "trace_format"), ("chrome_trace", "node")):
        if (stated[one] is None) != (stated[other] is None):
            names = f"{called(ctx, one)} and {called(ctx, other)}"
            raise SlitError(f"{names}: one alone, expected both or neither")
    if several:
        for name in given(ctx, "table", "chrome_trace"):
            raise SlitError(
                f"{called(ctx, name)}: with --plan picks or --days, expected one plan and day"
            )
    for needed, others in (
        ("trace", ("zone", "model", "lengths")),
        ("days", ("missed",)),
        ("chrome_trace", ("window",)),
    ):
        if stated[needed] is None:
            only_with(called(ctx, needed), ctx, *others)


def _plans(run: "Run", plan: str | None) -> list[str]:
    """The names that --plan asks for, all of them known."""
    search = run.manifest.optimizer
    if plan == PICKS:
        names = [pick.name for pick in run.front.picks(prefix=search)]
    elif plan is None:
        raise SlitError(f"--plan: none, expected the number or name of a plan, or {PICKS}")
    else:
        names = [plan]
    if not names:
        raise SlitError(f"{run.folder}: no plan, expected a run that holds one")
    for name in names:
        run.front.row_of(name, prefix=search)
    return names


def _cached(stated: list[str], trace: Path | None, trace_format: str | None) -> dict[str, float]:
    """What --cached asks for."""
    from slit.api.replaying import cached_share_of
    from slit.replay.plan import ALL_CLASSES

    if stated == ["blocks"]:
        if trace is None or trace_format is None:
            raise SlitError("--cached: blocks without --trace, expected a log that has them")
        return {ALL_CLASSES: min(cached_share_of(trace, trace_format=trace_format), 0.99)}
    named = [each if "=" in each else f"{ALL_CLASSES}={each}" for each in stated]
    return named_numbers(named, "--cached", expected="a share, CLASS=SHARE, or blocks, as chat=0.4")
