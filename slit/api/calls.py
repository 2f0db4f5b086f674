"""The functions of `slit` itself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial as partial_call
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Integers
from slit.api.arguments import Objectives, check_budget, names_of, objective_names, scenario_of
from slit.api.limits import Limits, resolved_limits, stated_limits
from slit.api.recording import search_into_folder
from slit.api.references import Prepared
from slit.api.search import prepare
from slit.errors import SlitError, did_you_mean
from slit.evaluator import Evaluator
from slit.front import Front
from slit.objectives import DEFAULT, find
from slit.objectives.registry import plugin_hash
from slit.optimizers.protocol import Make, Plans
from slit.optimizers.registry import DEFAULT_OPTIMIZER, MOVES_PER_PLACEMENT, default_settings
from slit.optimizers.registry import find as find_optimizer
from slit.problem import compile_problem
from slit.problem.placements import placements_of
from slit.record.checkpoint import begin, worth_keeping
from slit.record.folder import check_free, claim, recover, remove_run
from slit.record.lock import held
from slit.record.manifest import Pending, Plugin, Request
from slit.record.runs import read_run
from slit.run import Result, Watch, front_of
from slit.scenario.operation import keep_warm_at_least
from slit.scenario.pools import of_every
from slit.scenario.scenario import Scenario
from slit.stop import Stop

OWN_BUDGET = 10_000
"""Evaluations of an optimizer that is passed in, if no budget is given."""

SEED = 1
"""Of a search that names none."""


def optimize(
    scenario: Scenario | str | PathLike[str] = "world-day",
    *,
    objectives: Objectives | None = None,
    optimizer: Any = DEFAULT_OPTIMIZER,
    evaluations: int | None = None,
    moves: int | None = None,
    seconds: float | None = None,
    stagnation: int | None = None,
    seed: int = SEED,
    population: int | None = None,
    settings: Any = None,
    threads: int = 1,
    start: str | date | None = None,
    hours: float | None = None,
    start_plan: str | Integers | None = None,
    limits: Limits | None = None,
    warm_nodes: int | Mapping[str, int] | None = None,
    today: str | PathLike[str] | None = None,
    account: str | None = None,
    baselines: bool = True,
    steady: bool = True,
    bound: bool = False,
    plugin: str | Path | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    watch: Watch | None = None,
    prepared: Prepared | None = None,
) -> Result:
    """Search for plans of a scenario that no other plan beats in all objectives.

    Returns the front found, with the reference plans (lexicographic, baselines, rival schedulers)
    beside it as rows of their own, and why the search stopped. With `output` it also writes a run
    folder. The same seed gives the same bits, whatever the number of threads (not with `seconds`).

    scenario: a scenario, the name of a built-in one or a scenario file; `start` (UTC) and `hours`
    plan another time than the file says. objectives: names or Objectives; by default carbon, water,
    cost, quality and those of the plug-in. optimizer: a name (see `slit optimize --help`), an
    algorithm of pymoo, or a function that makes an optimizer of a `Setup`. evaluations, moves,
    seconds, stagnation: budgets (`slit.stop.Stop`); by default the optimizer's own. population,
    settings: of the optimizer; settings as the dataclass `Settings` of its module or by name (with
    "lexicographic": `{"order": ["carbon", "cost"], "tolerance": 0.01, "caps": {"water": 20.0}}`).
    start_plan: "RUN:PLAN", or plans (G,) or (N, G), to begin with. limits: what no plan may exceed,
    of any objective ("quality<=0.36", "carbon<=nearest+5%", or Limits), beside those of the
    scenario. warm_nodes: nodes that at least stay warm in every pool, of each variant that it can
    serve: a number, or numbers by variant ("*": of the others). today: a table of today's routing
    (columns origin, class, pool or datacenter, variant, share, and hour), which becomes the plan
    `today` to compare with. account: of those in [accounts] the one by which carbon counts, instead
    of the one that the scenario names. baselines: whether the reference plans are made; a search
    also begins with them. steady: whether the extremes and the balanced plan of a search that took
    long enough are replaced by steady ones (`slit.steady`). watch: called with the progress after
    every step; prepared: with the name and the front of each reference plan as soon as it is made.

    Raises SlitError for what the caller can mend, InfeasibleError for demand beyond capacity.
    """
    default = objective_names(None, plugin)
    name, make = _maker(optimizer)
    if make is None and (settings is None or isinstance(settings, Mapping)):
        settings = default_settings(name, population=population, **(settings or {}))
    names = _measured(names_of(objectives), default, settings)
    find(names)
    planned = scenario_of(scenario, start, hours, today, account=account)
    if warm_nodes is not None:
        planned = keep_warm_at_least(planned, warm_nodes)
    asked = Stop(evaluations, moves, seconds, stagnation)
    request = Request(
        optimizer=name,
        objectives=names,
        seed=seed,
        settings=asdict(settings) if settings is not None else {},
        budget=_stop(name, make, asked, planned),
        baselines=baselines,
        steady=steady,
        bound=bound,
        start_plan=start_plan if isinstance(start_plan, str) else None,
        plugin=_plugin(plugin),
        limits=tuple(map(str, stated_limits(limits, planned))),
        warm_nodes={} if warm_nodes is None else of_every(warm_nodes),
    )
    if output is not None:
        recover(Path(output))
        check_free(Path(output), overwrite=overwrite)
    search = prepare(
        planned,
        request,
        settings=settings,
        threads=threads,
        make=make,
        start=_plans(start_plan),
        prepared=prepared,
    )
    if output is None:
        return search.result(watch=watch)
    place = Path(output)
    partial = claim(place, overwrite=overwrite)
    try:
        with held(partial):
            pending = Pending(**request.model_dump(), overwrite=overwrite)
            begin(partial, pending=pending, scenario=search.scenario, start=search.start)
            return search_into_folder(search, partial, place, overwrite=overwrite, watch=watch)
    finally:
        if not worth_keeping(partial):
            remove_run(partial)


def evaluate(
    scenario: Scenario | str | PathLike[str],
    X: Integers,
    *,
    objectives: Objectives = DEFAULT,
    limits: Limits | None = None,
    threads: int = 1,
) -> Front:
    """Evaluate plans X (N, G) or (G,) of placement indices: a front whose rows are in their order.

    limits: as in `optimize`: plans beyond them, or those of the scenario, are infeasible.

    Raises SlitError for a wrong shape or a placement that is not allowed for its group.
    """
    loaded = scenario_of(scenario, None, None)
    evaluator = Evaluator(
        compile_problem(loaded), loaded, objectives=find(objectives), threads=threads
    )
    plans = evaluator.check(np.atleast_2d(np.asarray(X)))
    resolved, _ = resolved_limits(stated_limits(limits, loaded), evaluator, seed=SEED)
    if resolved:
        evaluator = evaluator.limited_by([each.limit for each in resolved])
    evaluation = evaluator.evaluate(plans)
    return front_of(Plans(plans, evaluation.F, evaluation.G), evaluator, method="given")


def _maker(optimizer: Any) -> tuple[str, Make | None]:
    """The name of an optimizer, and what makes it if the registry does not."""
    if isinstance(optimizer, str):
        return find_optimizer(optimizer).name, None
    if hasattr(optimizer, "infill") and hasattr(optimizer, "advance"):
        from slit.optimizers.pymoo_adapter import adapt

        return f"pymoo-{type(optimizer).__name__.lower()}", partial_call(adapt, optimizer)
    if callable(optimizer):
        return getattr(optimizer, "__name__", type(optimizer).__name__), optimizer
    raise SlitError(
        f"optimizer: {type(optimizer).__name__}, expected a name, an algorithm of pymoo or a "
        "function that makes an optimizer"
    )


def _measured(
    objectives: Sequence[str] | None, default: Sequence[str], settings: Any
) -> tuple[str, ...]:
    """The objectives asked for; by default the usual ones and those that the settings name."""
    named = getattr(settings, "named", ())
    if not objectives:
        return tuple(dict.fromkeys((*default, *named)))
    for name in named:
        if name not in objectives:
            expected = ", ".join(objectives) + did_you_mean(name, objectives)
            raise SlitError(f"{name!r} in an order or cap: expected one of {expected}")
    return tuple(objectives)


def _stop(name: str, make: Make | None, stop: Stop, scenario: Scenario) -> Stop:
    """The budget asked for, or the optimizer's own."""
    if stop.limited:
        if make is None:
            check_budget(name, stop)
        return stop
    if make is not None:
        return Stop(evaluations=OWN_BUDGET)
    entry = find_optimizer(name)
    stagnation = entry.stagnation or None
    if entry.moves:
        least = MOVES_PER_PLACEMENT * len(placements_of(scenario))
        moves = max(entry.moves, least) * scenario.resolution.genes
        return Stop(moves=moves, stagnation=stagnation)
    return Stop(evaluations=entry.evaluations, stagnation=stagnation)


def _plans(start_plan: str | Integers | None) -> Integers | None:
    """Plans (N, G) to begin with, from a run folder where "RUN:PLAN" is given."""
    if start_plan is None:
        return None
    if not isinstance(start_plan, str):
        return np.atleast_2d(np.asarray(start_plan))
    folder, colon, plan = start_plan.rpartition(":")
    if not colon or not folder or not plan:
        raise SlitError(f"start plan: {start_plan!r}, expected RUN:PLAN (run folder, plan)")
    run = read_run(folder)
    return run.front.X[[run.front.row_of(plan, prefix=run.manifest.optimizer)]]


def _plugin(path: str | Path | None) -> Plugin | None:
    return None if path is None else Plugin(path=str(path), sha256=plugin_hash(path))
