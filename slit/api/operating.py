"""Decisions that follow each other: in a folder, or as a backtest."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from os import PathLike
from pathlib import Path
from typing import Any

from slit.api.arguments import scenario_of
from slit.api.given_forecasts import GivenForecasts
from slit.api.limits import Limits, Resolving, stated_limits
from slit.errors import SlitError
from slit.forecast import Source
from slit.objectives import DEFAULT, find
from slit.operate.backtest import (
    FORECAST,
    ORACLE,
    RIVALS,
    YESTERDAY,
    Backtest,
    Record,
    names_of_runs,
    run_record,
    weighted_bound,
)
from slit.operate.budgets import read_budget
from slit.operate.due import Settings
from slit.operate.gateways import Gateways
from slit.operate.history import HISTORY_DAYS, Stretch, genes_of, stretch_of, stretch_until
from slit.operate.loop import begin
from slit.operate.operation import Decided, Operation, write_alarm
from slit.operate.policy import MOVES, read_policy
from slit.operate.provision import Provision
from slit.operate.risk import Risk
from slit.operate.serve import REALIZED
from slit.operate.settlement import Settlement
from slit.operate.settlement import settle as settled
from slit.operate.store import begin_folder, read_state, stated_settings, sweep
from slit.optimizers.registry import OptimizerKind
from slit.optimizers.registry import find as find_optimizer
from slit.record.lock import held
from slit.scenario.load import parse_start
from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class OperatingOptions:
    """How decisions are made, as a person states it.

    policy: text of `slit.operate.policy`. forecast: a forecaster, or `yesterday`. horizon_h: hours
    that a decision looks ahead. history_days: before the first decision, to learn from. limits,
    budgets: texts ("quality<=nearest", "carbon<=5000/30d"). provision: nodes planned, or exactly
    those that requests need. stability: what rerouting all requests weighs, as a share of the
    weighted sum. moves: of a search for a front (policy pick:). stale_h: how old the newest figures
    may be.
    """

    policy: str = "balance"
    forecast: str = "suite"
    objectives: tuple[str, ...] = DEFAULT
    horizon_h: float = 24.0
    history_days: float = HISTORY_DAYS
    limits: Limits = ()
    budgets: tuple[str, ...] = ()
    provision: Provision = Provision.PLANNED
    stability: float = 0.1
    moves: int = MOVES
    stale_h: float = 3.0
    seed: int = 1
    risk: Risk | None = None
    gateways: Gateways | None = None
    given: GivenForecasts = field(default_factory=GivenForecasts)

    def settings(self, scenario: Scenario) -> Settings:
        """For the epochs of a scenario. Raises SlitError for what does not fit."""
        epochs = self.horizon_h * 3600 / scenario.horizon.epoch_seconds
        if epochs < 1 or epochs % 1:
            raise SlitError(
                f"horizon: {self.horizon_h:g} h, expected a whole number of epochs "
                f"({scenario.horizon.epoch_seconds:g} s each)"
            )
        if self.stability < 0:
            raise SlitError(f"stability: {self.stability:g}, expected 0 or more (share)")
        find(self.objectives)
        unknown = [name for name in self.objectives if name not in REALIZED]
        if unknown:
            raise SlitError(
                f"objectives: {unknown[0]}, expected some of {', '.join(REALIZED)} (those that "
                "can be added up epoch by epoch)"
            )
        return Settings(
            read_policy(self.policy, self.objectives),
            self.objectives,
            horizon=int(epochs),
            genes=genes_of(scenario),
            provision=self.provision,
            stability=self.stability,
            moves=self.moves,
            seed=self.seed,
            risk=self.risk,
            budgets=tuple(read_budget(text, self.objectives) for text in self.budgets),
        )

    def stretch(
        self, scenario: Scenario, settings: Settings, *, start: datetime, end: datetime
    ) -> Stretch:
        """The time of decisions, with the history before it. Raises SlitError where tables do not
        reach that far."""
        return stretch_of(
            scenario,
            start=start,
            end=end,
            history_days=self.history_days,
            horizon=settings.horizon,
        )

    def operation(
        self, folder: Path, stretch: Stretch, settings: Settings, scenario: Scenario
    ) -> Operation:
        """One in a folder. Raises SlitError for a state that is damaged or of another time."""
        return Operation(
            folder,
            stretch,
            settings,
            method=self.forecast,
            limits=self.limiter(scenario),
            gateways=self.gateways,
            sources=self.given.sources(stretch.panel),
        )

    def limiter(self, scenario: Scenario) -> Resolving | None:
        """The limits of a scenario and those given; None where there are none."""
        stated = stated_limits(self.limits, scenario)
        return Resolving(stated, self.seed) if stated else None


def operate(
    scenario: Scenario | str | PathLike[str],
    folder: str | PathLike[str],
    *,
    start: str | date,
    end: str | date,
    options: OperatingOptions | None = None,
) -> Iterator[Decided]:
    """Decide for every epoch from `start` to `end` by a simulated clock, in a folder: each decision
    is yielded once its plan is written. A folder that was begun goes on where it stopped.

    Raises SlitError for what the caller can mend.
    """
    asked = options or OperatingOptions()
    loaded = scenario_of(scenario, None, None)
    settings = asked.settings(loaded)
    begun = parse_start(start)
    stretch = asked.stretch(loaded, settings, start=begun, end=parse_start(end))
    place = Path(folder)
    begin_folder(place, _stated(asked, settings, loaded, begun))
    with held(place):
        sweep(place)
        operation = asked.operation(place, stretch, settings, loaded)
        yield from operation.decisions()


def operate_once(
    scenario: str | PathLike[str],
    folder: str | PathLike[str],
    *,
    at: datetime | None = None,
    options: OperatingOptions | None = None,
) -> Decided:
    """The decision for the epoch that `at` (now) lies in, from the figures before it; the files are
    read anew. Epochs since the last decision are served by its plan first.

    Raises SlitError for what the caller can mend: the plan in the folder stays, with an alarm.
    """
    asked = options or OperatingOptions()
    loaded = scenario_of(scenario, None, None)
    settings = asked.settings(loaded)
    epoch = timedelta(seconds=loaded.horizon.epoch_seconds)
    now = datetime.now(UTC) if at is None else at
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    now = midnight + (now - midnight) // epoch * epoch
    place = Path(folder)
    begin_folder(place, _stated(asked, settings, loaded, None))
    with held(place):
        sweep(place)
        kept = read_state(place)
        if kept is not None and kept.moment > now:
            raise SlitError(
                f"time: {now:%Y-%m-%d %H:%M}, expected none before that of the last decision, "
                f"{kept.moment:%Y-%m-%d %H:%M}"
            )
        try:
            stretch = stretch_until(
                loaded,
                now=now,
                history_days=asked.history_days,
                stale=round(timedelta(hours=asked.stale_h) / epoch),
            )
            operation = asked.operation(place, stretch, settings, loaded)
            return operation.decide_at(stretch.first)
        except SlitError as error:
            write_alarm(place, now, str(error))
            raise


def operate_live(
    scenario: str | PathLike[str],
    folder: str | PathLike[str],
    *,
    options: OperatingOptions | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Decided | SlitError]:
    """A decision at the begin of every epoch by the clock, for ever; where one fails, the error:
    the plan in force stays."""
    length = scenario_of(scenario, None, None).horizon.epoch_seconds
    while True:
        try:
            yield operate_once(scenario, folder, at=clock(), options=options)
        except SlitError as error:
            yield error
        sleep(length - clock().timestamp() % length + 1.0)


def backtest(
    scenario: Scenario | str | PathLike[str],
    *,
    start: str | date,
    end: str | date,
    options: OperatingOptions | None = None,
    causes: bool = True,
    rivals: Sequence[str] = RIVALS,
    jobs: int = 1,
    output: str | PathLike[str] | None = None,
) -> Backtest:
    """The same policy over real hours with forecasts, with perfect foresight and with yesterday's
    figures; with `causes` also with one cause forecast and the rest known; beside rival schedulers
    that know the day.

    jobs: runs at once, as processes; what is found does not depend on them. output: a folder that
    keeps each run as soon as it is done; one that was begun is not run again.

    Raises SlitError for what the caller can mend.
    """
    asked = options or OperatingOptions()
    loaded = scenario_of(scenario, None, None)
    settings = asked.settings(loaded)
    for rival in rivals:
        _check_rival(rival)
    begun = parse_start(start)
    stretch = asked.stretch(loaded, settings, start=begun, end=parse_start(end))
    place = None if output is None else Path(output)
    if place is not None:
        stated = _stated(asked, settings, loaded, begun)
        begin_folder(place, {**stated, "to": parse_start(end).isoformat()})
    limits = asked.limiter(loaded)
    names = names_of_runs(causes=causes, rivals=rivals)
    task = partial(
        _record,
        stretch=stretch,
        settings=settings,
        method=asked.forecast,
        limits=limits,
        sources=asked.given.sources(stretch.panel),
        folder=place,
    )
    with nullcontext() if place is None else held(place):
        if place is not None:
            sweep(place)
        if jobs > 1:
            with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
                records = list(pool.map(task, names))
        else:
            records = [task(name) for name in names]
    prices = begin(stretch.scenario, settings, first=stretch.first).prices
    bound = None if prices is None else weighted_bound(stretch, settings, prices)
    found = {record.name: record for record in records}
    return Backtest(stretch, settings, found, prices, bound)


def settle(
    scenario: Scenario | str | PathLike[str],
    folder: str | PathLike[str],
    *,
    against: Sequence[str] = ("nearest",),
) -> Settlement:
    """What the decisions in a folder of `operate` came to by the figures that a scenario has now,
    beside what was promised, counted when it had passed, and what schedulers would have come to.

    Raises SlitError for what the caller can mend.
    """
    for rival in against:
        _check_rival(rival)
    return settled(Path(folder), scenario_of(scenario, None, None), against=against)


def _check_rival(name: str) -> None:
    if find_optimizer(name).kind is OptimizerKind.SEARCH:
        raise SlitError(f"rival: {name}, expected a scheduler that makes one plan")


def _record(
    name: str,
    *,
    stretch: Stretch,
    settings: Settings,
    method: str,
    limits: Resolving | None,
    sources: Sequence[Source],
    folder: Path | None,
) -> Record:
    file = None if folder is None else folder / f"{name}.npz"
    return run_record(
        name, stretch, settings, method=method, limits=limits, sources=sources, file=file
    )


def _stated(
    asked: OperatingOptions, settings: Settings, scenario: Scenario, start: datetime | None
) -> dict[str, Any]:
    return stated_settings(
        settings,
        scenario=scenario.name,
        policy=asked.policy,
        forecast=asked.forecast,
        limits=[str(limit) for limit in stated_limits(asked.limits, scenario)],
        history_days=asked.history_days,
        given=None if asked.given.file is None else str(asked.given.file),
        day_ahead=asked.given.day_ahead,
        **({} if start is None else {"from": start.isoformat()}),
    )


__all__ = [
    "FORECAST",
    "ORACLE",
    "YESTERDAY",
    "OperatingOptions",
    "backtest",
    "operate",
    "operate_live",
    "operate_once",
    "settle",
]
