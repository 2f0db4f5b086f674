"""Plans served request by request."""

import time
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Integers
from slit.errors import SlitError
from slit.problem import compile_problem
from slit.record import Run, read_run
from slit.record.replays import keep_replay
from slit.replay.plan import Replay, ReplaySettings, serve_plan
from slit.replay.summary import summary
from slit.scenario.scenario import Scenario


def replay_plan(
    source: Scenario | Run | str | PathLike[str],
    plan: Integers | str,
    *,
    settings: ReplaySettings | None = None,
    threads: int = 1,
) -> Replay:
    """Serve demand request by request as a plan routes it: what it promised beside what came out.

    Args:
        source: a scenario, or a run (or run folder) with its plans.
        plan: a plan (G,) of the scenario, or the number or name of one of the run.
        settings: seed, routing, share of the requests.
        threads: that run over placements; the result does not depend on them.

    Raises:
        SlitError: an unknown plan, or one of another scenario.
    """
    if isinstance(source, Scenario):
        if isinstance(plan, str):
            raise SlitError(f"plan: {plan!r}, expected genes (G,) where a scenario is given")
        problem = compile_problem(source)
        return serve_plan(plan, problem, source, settings=settings, threads=threads)
    run = source if isinstance(source, Run) else read_run(Path(source))
    if isinstance(plan, str):
        genes = run.front.X[run.front.row_of(plan, prefix=run.manifest.optimizer)]
    else:
        genes = np.asarray(plan)
    return serve_plan(genes, run.problem, run.scenario, settings=settings, threads=threads)


def replay_run(
    run: Run, plan: str, *, settings: ReplaySettings, threads: int, keep: bool = True
) -> dict[str, Any]:
    """`replay_plan` of a plan of a run as plain numbers, with `plan` and `seconds`; the run folder
    keeps them for its report and page unless told otherwise."""
    begun = time.perf_counter()
    found = summary(replay_plan(run, plan, settings=settings, threads=threads))
    found = {"plan": plan, **found, "seconds": time.perf_counter() - begun}
    if keep:
        keep_replay(run.folder, plan, found)
    return found
