"""`slit replay`: plans served request by request, beside what they promised."""

from pathlib import Path
from typing import Annotated, Any

import typer

from slit.commands.replay_engine import replay_engine
from slit.commands.terminal import AsJson, Threads, print_json, print_table, without
from slit.display import NOTHING, number, percent, share
from slit.errors import SlitError
from slit.replay.routing import Routing

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
    "seed",
)
"""Parameters that mean nothing for a measured run."""
ROWS = (
    ("ttft", "mean time to first token (s)"),
    ("ttft_p50_s", "p50 (s)"),
    ("ttft_p95_s", "p95 (s)"),
    ("ttft_p99_s", "p99 (s)"),
    ("late_share", "later than the SLO"),
    ("quality", "quality of service lost"),
    ("energy", "energy (kWh)"),
    ("carbon", "carbon (kg CO2e)"),
    ("water", "water (L)"),
    ("cost", "cost (USD)"),
    ("nodes", "node-hours"),
)


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
    from slit.api.replaying import open_trace, replay_run
    from slit.record import read_run
    from slit.replay.plan import ReplaySettings

    if engine is not None:
        without("--engine", ctx, *OF_A_RUN)
        replay_engine(engine, as_json=as_json)
        return
    if folder is None:
        raise SlitError("RUN: none, expected a folder that slit optimize wrote, or --engine DIR")
    settings = ReplaySettings(
        seed=seed, routing=routing, share=part, token_scv=token_scv, drain_s=drain_s
    )
    if (trace is None) != (trace_format is None):
        raise SlitError("--trace and --format: one alone, expected both or neither")
    if table is not None and plan == PICKS:
        raise SlitError("--log: with --plan picks, expected one plan")
    of_trace = {"zone": zone, "model": model, "lengths": lengths}
    for option, value in of_trace.items():
        if value is not None and trace is None:
            raise SlitError(f"--{option}: no --trace, expected one")
    run = read_run(folder)
    search = run.manifest.optimizer
    if plan == PICKS:
        names = [pick.name for pick in run.front.picks(prefix=search)]
    elif plan is None:
        raise SlitError(f"--plan: none, expected the number or name of a plan, or {PICKS}")
    else:
        names = [plan]
    if not names:
        raise SlitError(f"{folder}: no plan, expected a run that holds one")
    for name in names:
        run.front.row_of(name, prefix=search)
    found = []
    for name in names:
        log = None
        if trace is not None and trace_format is not None:
            log = open_trace(  # it is read once
                trace, trace_format=trace_format, zone=zone, model=model, lengths=lengths
            )
        one = replay_run(run, name, settings=settings, threads=threads, requests=log, table=table)
        found.append(one)
        if not as_json:
            _print(one)
    if as_json:
        print_json(found[0] if plan != PICKS else {"plans": found})


def _print(found: dict[str, Any]) -> None:
    promised, served = found["promised"], found["served"]
    print(f"\n{found['plan']}: {_served(found)}\n")
    rows = []
    for name, title in ROWS:
        before, after = promised[name], served[name]
        shown = share if name == "late_share" else number
        change = percent(100 * (after / before - 1)) if before and after is not None else NOTHING
        rows.append([title, shown(before), NOTHING if after is None else shown(after), change])
    print_table(["", "promised", "served", "change"], rows)
    print()
    rows = []
    for each in found["classes"]:
        times = [f"{time}_p{q}_s" for time in ("ttft", "token", "latency") for q in (50, 95)]
        served = each["served"]
        late = NOTHING if served["late_share"] is None else share(served["late_share"])
        rows.append([each["name"], *(_seconds(served[name]) for name in times), late])
    header = ["class", "first token p50 (s)", "p95", "per token p50 (s)", "p95"]
    print_table([*header, "last token p50 (s)", "p95", "late"], rows)
    verdicts = ", ".join(f"{count} {name}" for name, count in found["verdicts"].items())
    print(f"\nPlacements and epochs: {verdicts}.")


def _served(found: dict[str, Any]) -> str:
    said = f"{found['requests']:,.0f} requests"
    if found["events"] < 0.999 * found["requests"]:
        said += f" (as {found['events']:,} on a part of the replicas)"
    left = [
        f"{found[what]:,.0f} {words}"
        for what, words in (
            ("unserved", "not finished"),
            ("refused", "longer than the memory of a replica"),
        )
        if found[what]
    ]
    if found["trace"] is not None:
        left.append(f"of {found['trace']}, where the plan expects {found['planned']:,.0f}")
    if found["left_out"]:
        left.append(f"{found['left_out']:,} of its entries left out (failed, without output)")
    if found["preemptions"]:
        left.append(f"{found['preemptions']:,} preemptions")
    return f"{', '.join([said, *left])}; {found['seconds']:.1f} s"


def _seconds(value: float | None) -> str:
    return NOTHING if value is None else number(value)
