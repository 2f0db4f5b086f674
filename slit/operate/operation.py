"""An operation in a folder: decisions by a clock, each from the state that the last one left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.export.routing import write_routing
from slit.files import write_arrays, write_json
from slit.forecast import Source
from slit.operate.decide import PROMISED, Decision, Limiter, Spread, promised_of
from slit.operate.due import Settings, State
from slit.operate.gateways import Gateways
from slit.operate.history import Learned, Stretch
from slit.operate.loop import (
    after_decision,
    as_planned,
    begin,
    in_force,
    serve_next,
)
from slit.operate.panel import window_of
from slit.operate.serve import REALIZED, Served
from slit.operate.store import ALARM, EPOCHS, PLAN, Kept, digest, read_state, write_state
from slit.operate.uncertainty import decision_for

STAMP = "%Y-%m-%dT%H%MZ"


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """One decision in force from `moment` on: `digest` names its shares and nodes."""

    moment: datetime
    decision: Decision
    digest: str
    served: tuple[tuple[datetime, Served], ...]
    """What became of the epochs since the decision before."""
    wrong: str = ""
    """What is wrong with it though it is in force: limits that no plan keeps, burnt budgets."""


class Operation:
    """Decides for the epochs of a stretch in turn, and keeps everything in a folder.

    stretch: what is known at the time of the last decision at least: a decision looks at the epochs
    before its own, and serves those that have come to pass.
    """

    def __init__(
        self,
        folder: Path,
        stretch: Stretch,
        settings: Settings,
        *,
        method: str,
        limits: Limiter | None = None,
        gateways: Gateways | None = None,
        sources: Sequence[Source] = (),
    ) -> None:
        self.folder = folder
        self.stretch = stretch
        self.settings = settings
        self._limits = limits
        self._gateways = gateways
        (folder / EPOCHS).mkdir(exist_ok=True)
        kept = read_state(folder)
        first = stretch.first if kept is None else self._epoch(kept.moment)
        if kept is None:
            self.state: State = begin(stretch.scenario, settings, first=first)
        else:
            self.state = _moved(kept.state, first - kept.state.epoch)
        self._learned = Learned(
            stretch.panel,
            method,
            first=first,
            horizon=settings.horizon,
            state=None if kept is None else kept.forecaster,
            sources=sources,
        )

    def decisions(self) -> Iterator[Decided]:
        """Every decision from that of the state to the end of the stretch, as it is made."""
        while self.state.epoch < self.stretch.last:
            yield self.decide()

    def decide(self) -> Decided:
        """The next decision: its plan is in force once this returns, and its first epoch served."""
        return self._decided(self.state.epoch, until=self.state.epoch + 1)

    def decide_at(self, epoch: int) -> Decided:
        """The decision for an epoch that has not come to pass: those since the last decision are
        served first, by the plan in force; where figures are missing, as it says."""
        passed, known = [], self.stretch.scenario.horizon.epochs
        while self.state.epoch < epoch:
            if self.state.ahead is None:
                self.state = replace(self.state, epoch=epoch)
            elif self.state.epoch < known:
                passed.append(self._serve())
            else:
                self.state = as_planned(self.state)
        return self._decided(epoch, until=epoch, passed=passed)

    def _decided(
        self, epoch: int, *, until: int, passed: list[tuple[datetime, Served]] | None = None
    ) -> Decided:
        stretch, settings = self.stretch, self.settings
        horizon = settings.horizon
        decision = decision_for(
            self._carrier(epoch, horizon), self._learned, settings, self.state, self._limits
        )
        moment, wrong = stretch.moment(epoch), "; ".join(warnings(decision, settings, self.state))
        self.state = after_decision(decision, settings, self.state)
        name = digest(decision.shares, decision.nodes)
        self._write_plan(moment, decision, name)
        served = list(passed or ())
        while self.state.epoch < until:
            served.append(self._serve())
        if wrong:
            write_alarm(self.folder, moment, wrong)
        else:
            (self.folder / ALARM).unlink(missing_ok=True)
        write_state(
            self.folder,
            Kept(stretch.moment(self.state.epoch), self.state, self._learned.state()),
        )
        return Decided(moment, decision, name, tuple(served), wrong)

    def _serve(self) -> tuple[datetime, Served]:
        """The epoch of the state, as it was."""
        t, ahead = self.state.epoch, self.state.ahead
        assert ahead is not None
        moment, asked = self.stretch.moment(t), in_force(self.state)
        actual = window_of(self.stretch.scenario, t, 1, genes=self.stretch.genes)
        served, self.state = serve_next(actual, self.settings, self.state)
        n = min(t - ahead.first, len(ahead.promised) - 1)
        promised = dict(zip(PROMISED, ahead.promised[n].tolist(), strict=True))
        file = self.folder / EPOCHS / moment.strftime(STAMP)
        write_arrays(file.with_suffix(".npz"), asked._asdict())
        content = {**served_content(served), "epoch": t, "promised": promised}
        write_json(file.with_suffix(".json"), content)
        return moment, served

    def _carrier(self, epoch: int, horizon: int) -> Any:
        """A window with the right times; its series are of other ones and not looked at."""
        scenario = self.stretch.scenario
        first = min(epoch, scenario.horizon.epochs - horizon)
        if first < 0:
            raise SlitError(
                f"horizon: {horizon} epochs, expected at most {scenario.horizon.epochs} (known)"
            )
        window = window_of(scenario, first, horizon, genes=self.stretch.genes * horizon)
        start = self.stretch.moment(epoch)
        moved = window.horizon.model_copy(update={"start": start})
        return replace(window, horizon=moved)

    def _epoch(self, moment: datetime) -> int:
        found, rest = divmod(moment - self.stretch.panel.start, self.stretch.panel.epoch)
        if rest or found < 0:
            raise SlitError(
                f"{self.folder}: decided until {moment:%Y-%m-%d %H:%M}, expected a time of the "
                "scenario's tables"
            )
        return int(found)

    def _write_plan(self, moment: datetime, decision: Decision, name: str) -> None:
        if self._gateways is not None:
            self._gateways.write(decision.promised, self.settings.names, self.folder)
        write_routing(decision.promised, self.folder)
        epoch = timedelta(seconds=decision.promised.problem.epoch_seconds)
        content = {
            "from": moment.strftime(STAMP),
            "to": (moment + len(decision.shares) * epoch).strftime(STAMP),
            "digest": name,
            "violation": decision.violation,
            "promised": decision.promised.totals(),
            "first_epoch": dict(zip(PROMISED, promised_of(decision)[0].tolist(), strict=True)),
            **({} if decision.spread is None else {"paths": spread_content(decision.spread)}),
        }
        write_json(self.folder / PLAN, content, indent=1)


def warnings(decision: Decision, settings: Settings, state: State) -> Iterator[str]:
    """What is wrong with a decision that was made in a state."""
    if decision.violation > 0:
        yield (
            f"no plan keeps to everything: the least violation is {decision.violation:.3g} (nodes "
            "beyond capacity, then limits)"
        )
    if state.purse is not None:
        for budget, spent in zip(settings.budgets, state.purse.spent, strict=True):
            if spent >= budget.most:
                yield f"budget {budget}: burnt, {spent:.4g} are spent"


def write_alarm(folder: Path, moment: datetime, said: str) -> None:
    """Say in a folder what is wrong with the decision of a moment."""
    write_json(folder / ALARM, {"time": moment.strftime(STAMP), "alarm": said})


def spread_content(spread: Spread) -> dict[str, Any]:
    """A spread in plain numbers: mean, 5th and 95th percentile and largest of each objective."""
    low, high = np.quantile(spread.values, [0.05, 0.95], axis=0)
    figures = {
        name: {
            "mean": float(spread.values[:, m].mean()),
            "p05": float(low[m]),
            "p95": float(high[m]),
            "most": float(spread.values[:, m].max()),
        }
        for m, name in enumerate(spread.names)
    }
    return {
        "count": len(spread.values),
        "objectives": figures,
        "limits_broken": spread.broken,
        "marked": spread.marked,
        "candidate": spread.candidate,
    }


def served_content(served: Served) -> dict[str, Any]:
    """What became of an epoch, in plain numbers; objectives as sums, means times requests."""
    counts = ("requests", "rerouted", "spilled", "overload", "starts", "unplanned", "nodes")
    totals: Floats = served.totals
    return {
        **{name: float(value) for name, value in zip(REALIZED, totals, strict=True)},
        **{name: getattr(served, name) for name in counts},
        "digest": digest(served.running.shares, served.running.nodes),
    }


def _moved(state: State, epochs: int) -> State:
    """A state in a stretch that begins so many epochs earlier."""
    ahead = state.ahead
    return replace(
        state,
        epoch=state.epoch + epochs,
        ahead=None if ahead is None else ahead._replace(first=ahead.first + epochs),
    )
