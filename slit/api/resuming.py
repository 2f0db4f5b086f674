"""Searches that were killed, continued."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from slit.api.arguments import (
    Objectives,
    check_budget,
    names_of,
    routed_today,
    scenario_of,
)
from slit.api.limits import Limits, stated_limits
from slit.api.recording import put_in_place, search_into_folder
from slit.api.search import prepare
from slit.errors import SlitError
from slit.optimizers.registry import default_settings
from slit.optimizers.registry import find as find_optimizer
from slit.record import Run, read_certificate, read_run
from slit.record.checkpoint import Unfinished, forget, read_unfinished, write_request
from slit.record.folder import check_free, recover, unfinished_folder
from slit.record.history import read_history
from slit.record.lock import held
from slit.record.manifest import Pending, Request
from slit.record.runs import check_plugin
from slit.run import Result, Watch
from slit.scenario.accounts import account_names, under
from slit.scenario.load import parse_start
from slit.scenario.operation import keep_warm_at_least
from slit.scenario.pools import of_every
from slit.scenario.scenario import Scenario
from slit.scenario.store import scenario_hash
from slit.stop import Stop

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Again:
    """What is asked for again when a run is resumed; None where nothing is. It must be what the
    run was begun with: a search goes on, it does not become another."""

    scenario: Scenario | str | PathLike[str] | None
    start: str | date | None
    hours: float | None
    optimizer: str | None
    objectives: Sequence[str] | None
    seed: int | None
    population: int | None
    settings: Mapping[str, Any] | None
    baselines: bool | None
    start_plan: str | None
    limits: Limits | None
    warm_nodes: int | Mapping[str, int] | None
    today: str | PathLike[str] | None
    account: str | None

    def check(self, left: Unfinished) -> None:
        """Raise SlitError, with both values, for the first thing that is not what it was."""
        asked = left.pending
        if self.today is not None:
            self._check_today(self.today, left.scenario)
        if self.account is not None:
            _same("account", self.account, left.scenario.accounting.account)
        self._check_scenario(left.scenario, asked.warm_nodes)
        if self.warm_nodes is not None:
            _same("warm nodes", of_every(self.warm_nodes), asked.warm_nodes or None)
        if self.optimizer is not None:
            _same("optimizer", find_optimizer(self.optimizer).name, asked.optimizer)
        if self.objectives is not None:
            _same("objectives", ",".join(self.objectives), ",".join(asked.objectives))
        for name in ("seed", "baselines", "start_plan"):
            given = getattr(self, name)
            if given is not None:
                _same(name.replace("_", " "), given, getattr(asked, name))
        settings = {"population": self.population, **(self.settings or {})}
        given = {name: value for name, value in settings.items() if value is not None}
        if given:
            asked_again = _plain(default_settings(asked.optimizer, **given))
            for name in given:
                _same(name, asked_again[name], _plain(_settings(asked))[name])

    def check_limits(self, left: Unfinished) -> None:
        """As `check`, once a plug-in whose objectives they may name is loaded."""
        if self.limits is not None:
            again = ", ".join(map(str, stated_limits(self.limits, left.scenario)))
            _same("limits", again or None, ", ".join(left.pending.limits) or None)

    def _check_today(self, today: str | PathLike[str], begun: Scenario) -> None:
        if routed_today(begun, today).today != begun.today:
            routing = "another routing" if begun.today else None
            _same("today", today, routing)

    def _check_scenario(self, begun: Scenario, warm_nodes: Mapping[str, int]) -> None:
        horizon = begun.horizon
        hours = horizon.epochs * horizon.epoch_seconds / HOUR
        if self.start is not None:
            _same("start", parse_start(self.start).isoformat(), horizon.start.isoformat())
        if self.hours is not None:
            _same("hours", f"{self.hours:g}", f"{hours:g}")
        if self.scenario is None:
            return
        scenario = scenario_of(self.scenario, self.start, self.hours)
        _same("scenario", scenario.name, begun.name)
        same_epochs = scenario.horizon.epoch_seconds == horizon.epoch_seconds
        if scenario.horizon != horizon and scenario.timeline is not None and same_epochs:
            # A start or length that is not given again is that of the run.
            scenario = scenario_of(self.scenario, self.start or horizon.start, self.hours or hours)
        if begun.accounting.account in account_names(scenario):  # the run's, where not given again
            scenario = under(scenario, begun.accounting.account)
        if warm_nodes:
            scenario = keep_warm_at_least(scenario, warm_nodes)
        if self.today is not None or not scenario.today:  # given apart, here or when it was begun
            scenario = replace(scenario, today=begun.today)
        if scenario_hash(scenario) != scenario_hash(begun):
            new, old = scenario_hash(scenario)[:12], scenario_hash(begun)[:12]
            _same(f"scenario {begun.name}: hash", new, f"{old}, which it had")


def resume(
    output: str | Path,
    *,
    scenario: Scenario | str | PathLike[str] | None = None,
    objectives: Objectives | None = None,
    optimizer: str | None = None,
    evaluations: int | None = None,
    moves: int | None = None,
    seconds: float | None = None,
    stagnation: int | None = None,
    seed: int | None = None,
    population: int | None = None,
    settings: Mapping[str, Any] | None = None,
    threads: int = 1,
    start: str | date | None = None,
    hours: float | None = None,
    start_plan: str | None = None,
    limits: Limits | None = None,
    warm_nodes: int | Mapping[str, int] | None = None,
    today: str | PathLike[str] | None = None,
    account: str | None = None,
    baselines: bool | None = None,
    steady: bool | None = None,
    bound: bool | None = None,
    plugin: str | Path | None = None,
    overwrite: bool = False,
    watch: Watch | None = None,
) -> Result:
    """Continue a search that was killed before its run folder `output` was in its place.

    With a counted budget the result has the same bits as if it had never been killed. evaluations,
    moves, seconds, stagnation: another budget in place of the old one as a whole, which counts from
    the beginning: a larger one continues to the new limit, one that is used up already ends.
    steady, bound: whether picks are made steady and the front is certified, by default as asked for
    at first. overwrite: that the run may replace `output`. Everything else (as in `slit.optimize`)
    may be repeated but not changed.

    Raises SlitError if there is nothing to continue, if something else is asked for than at first,
    and while another process continues the run.
    """
    place = Path(output)
    folder = unfinished_folder(place)
    again = Again(
        scenario, start, hours, optimizer, names_of(objectives), seed, population, settings,
        baselines, start_plan, limits, warm_nodes, today, account,
    )  # fmt: skip
    with held(folder):
        left = read_unfinished(folder)
        again.check(left)
        asked = Stop(evaluations, moves, seconds, stagnation)
        if asked.limited:
            check_budget(left.pending.optimizer, asked)
        changes = {
            "budget": asked if asked.limited else left.pending.budget,
            "steady": left.pending.steady if steady is None else steady,
            "bound": left.pending.bound if bound is None else bound,
            "overwrite": left.pending.overwrite or overwrite,
        }
        pending = left.pending.model_copy(update={**changes, "complete": False})
        if left.pending.complete and _asked(pending) == _asked(left.pending):
            return _finish(folder, place, pending)
        if folder == place:
            raise SlitError(f"resume: {place} is complete, expected an unfinished run")
        check_free(place, overwrite=pending.overwrite)
        if pending.plugin is None:
            _same("plug-in", plugin, None)
        check_plugin(pending.plugin, plugin)
        again.check_limits(left)
        search = prepare(
            left.scenario,
            _asked(pending),
            settings=_settings(pending),
            threads=threads,
            start=left.start,
        )
        write_request(pending, folder)
        return search_into_folder(
            search,
            folder,
            place,
            overwrite=pending.overwrite,
            watch=watch,
            checkpoint=left.checkpoint,
        )


def _finish(folder: Path, place: Path, pending: Pending) -> Result:
    """Put a run in its place that was complete when its process was killed."""
    if folder != place:
        read_run(folder)
        put_in_place(folder, place, pending)
    forget(place)
    recover(place)
    return _result_of(read_run(place))


def _result_of(run: Run) -> Result:
    manifest = run.manifest
    return Result(
        front=run.front,
        stop=manifest.stop,
        evaluations=manifest.evaluations,
        moves=manifest.moves,
        seconds=manifest.seconds,
        history=read_history(run.folder, names=run.front.names),
        phases=manifest.phases,
        notes=manifest.notes,
        certified=read_certificate(run),
        limits=manifest.resolved_limits,
    )


def _asked(pending: Pending) -> Request:
    return Request(**pending.model_dump(include=set(Request.model_fields)))


def _settings(pending: Pending) -> Any:
    """The settings of an unfinished run, of the types that they have."""
    try:
        settings = default_settings(pending.optimizer, **pending.settings)
        return TypeAdapter(type(settings)).validate_python(asdict(settings))
    except (TypeError, ValueError, ValidationError) as error:
        why = str(error).splitlines()[-1].strip()
        raise SlitError(
            f"request.json: settings: {why}, expected those of {pending.optimizer}"
        ) from error


def _plain(settings: Any) -> dict[str, Any]:
    """Settings as they are in a file."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return plain


def _word(value: Any) -> str:
    return {"True": "yes", "False": "no", "None": "none"}.get(str(value), str(value))


def _same(name: str, new: Any, old: Any) -> None:
    if new != old:
        raise SlitError(
            f"resume: {name} {_word(new)}, expected {_word(old)} (what the run was "
            "begun with; a budget, steady, bound and overwrite can be changed)"
        )
