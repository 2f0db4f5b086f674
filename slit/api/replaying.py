"""Plans served request by request."""

import time
from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Integers
from slit.data.request_log import RequestStream
from slit.data.request_times import LogOptions
from slit.errors import SlitError, did_you_mean
from slit.problem import compile_problem
from slit.record import Run, read_run
from slit.record.replays import keep_replay
from slit.replay.chrome_trace import WatchedNode
from slit.replay.days import MOST_MISSED, days_summary
from slit.replay.plan import Replay, ReplaySettings, serve_plan
from slit.replay.rates import Rates
from slit.replay.summary import summary
from slit.scenario.scenario import Scenario
from slit.sources.mooncake import BAILIAN, MOONCAKE, cached_share
from slit.sources.trace_formats import FORMATS


def replay_plan(
    source: Scenario | Run | str | PathLike[str],
    plan: Integers | str,
    *,
    settings: ReplaySettings | None = None,
    requests: RequestStream | Rates | None = None,
    table: str | PathLike[str] | None = None,
    watched: WatchedNode | None = None,
    threads: int = 1,
) -> Replay:
    """Serve demand request by request as a plan routes it: what it promised beside what came out.

    Args:
        source: a scenario, or a run (or run folder) with its plans.
        plan: a plan (G,) of the scenario, or the number or name of one of the run.
        settings: seed, routing, share of the requests.
        requests: of a log (`open_trace`), in the place of generated ones.
        table: a Parquet file to write, with a row a request.
        watched: a node (`slit.replay.chrome_trace.watched_node`) that is looked at.
        threads: that run over placements; the result does not depend on them.

    Raises:
        SlitError: an unknown plan, or one of another scenario.
    """
    if isinstance(source, Scenario):
        if isinstance(plan, str):
            raise SlitError(f"plan: {plan!r}, expected genes (G,) where a scenario is given")
        problem, scenario, genes = compile_problem(source), source, np.asarray(plan)
    else:
        run = source if isinstance(source, Run) else read_run(Path(source))
        problem, scenario = run.problem, run.scenario
        if isinstance(plan, str):
            plan = run.front.X[run.front.row_of(plan, prefix=run.manifest.optimizer)]
        genes = np.asarray(plan)
    return serve_plan(
        genes,
        problem,
        scenario,
        settings=settings,
        requests=requests,
        table=None if table is None else Path(table),
        watched=watched,
        threads=threads,
    )


def open_trace(
    path: str | PathLike[str],
    *,
    trace_format: str,
    zone: str | None = None,
    model: str | None = None,
    lengths: str | PathLike[str] | None = None,
) -> RequestStream | Rates:
    """The single requests of a log, which can be read once, or the rates of ServeGen.

    Args:
        path: the file.
        trace_format: a name of docs/how-to/my-trace.md.
        zone: of its time stamps, where they have no offset.
        model: only requests of this model; of ServeGen its column.
        lengths: of ServeGen: the file of token lengths.

    Raises:
        SlitError: an unknown format, lengths of another than ServeGen; unreadable.
    """
    if trace_format not in FORMATS or trace_format == "log":
        known = [name for name in FORMATS if name != "log"]
        near = did_you_mean(trace_format, known)
        raise SlitError(f"format: {trace_format}, expected one of {', '.join(known)}{near}")
    found = FORMATS[trace_format]
    stated = {"zone": zone, "model": model, "lengths": lengths}
    takes = found.takes | ({"lengths"} if found.requests is None else set())
    for name, value in stated.items():
        if value is not None and name not in takes:
            raise SlitError(f"{name}: {value}, expected none ({trace_format} does not use it)")
    options = LogOptions(seconds=600.0, zone=zone, model=model)
    if found.requests is not None:
        return found.requests(Path(path), options)
    at = None if lengths is None else Path(lengths)
    return Rates(Path(path), found.read(Path(path), options, at))


def replay_run(
    run: Run,
    plan: str,
    *,
    settings: ReplaySettings,
    threads: int,
    requests: RequestStream | Rates | None = None,
    table: Path | None = None,
    watched: WatchedNode | None = None,
    keep: bool = True,
) -> dict[str, Any]:
    """`replay_plan` of a plan of a run as plain numbers, with `plan` and `seconds`; the run folder
    keeps them for its report and page unless told otherwise."""
    begun = time.perf_counter()
    replayed = replay_plan(
        run, plan, settings=settings, requests=requests, table=table, watched=watched,
        threads=threads,
    )  # fmt: skip
    log = None if requests is None else str(requests.path)
    found = {
        "plan": plan,
        "trace": log,
        **summary(replayed),
        "seconds": time.perf_counter() - begun,
    }
    if keep:
        keep_replay(run.folder, plan, found)
    return found


def replay_days(
    run: Run,
    plan: str,
    *,
    settings: ReplaySettings,
    days: int,
    threads: int,
    open_log: Callable[[], RequestStream | Rates] | None = None,
    most_missed: float = MOST_MISSED,
) -> dict[str, Any]:
    """`replay_run` on several days: of generated requests one seed after the other, of a log one
    part as long as the horizon after the other (`open_log` opens it anew for each). The first day,
    with `days`: the spread of what was served, and the classes that miss their SLO at p95 on more
    than `most_missed` of the days. The run folder keeps it.

    Raises:
        SlitError: settings that make no sense; a log of fewer days.
    """
    if days < 1:
        raise SlitError(f"days: {days}, expected at least 1")
    if not 0 <= most_missed <= 1:
        raise SlitError(f"missed: {most_missed:g}, expected 0 to 1 (share of days)")
    found = []
    for day in range(days):
        of_day = replace(settings, seed=settings.seed + day)
        log = None
        if open_log is not None:
            log, of_day = open_log(), replace(settings, day=day)
        found.append(
            replay_run(run, plan, settings=of_day, threads=threads, requests=log, keep=False)
        )
    seconds = sum(each["seconds"] for each in found)
    spread = days_summary(found, most_missed=most_missed)
    content = {**found[0], "days": spread, "seconds": seconds}
    keep_replay(run.folder, plan, content)
    return content


def cached_share_of(path: str | PathLike[str], *, trace_format: str) -> float:
    """Share of prompt tokens that a prefix cache which forgets nothing would hold, by the blocks
    of a log of Mooncake or Qwen-Bailian.

    Raises:
        SlitError: another format; a log without blocks.
    """
    layouts = {"mooncake": MOONCAKE, "bailian": BAILIAN}
    if trace_format not in layouts:
        raise SlitError(f"cached: blocks of {trace_format}, expected mooncake or bailian")
    return cached_share(Path(path), layouts[trace_format])
