"""A stretch of time with what came before it: what forecasters learn from, what decisions face."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from operators.types import Bools, Floats
from slit.errors import SlitError
from slit.forecast import Clock, Forecaster, Source, make_forecaster
from slit.forecast.past import past_epochs
from slit.forecast.protocol import LEVELS, Forecast
from slit.operate.outlook import Told
from slit.operate.panel import Panel, panel_of
from slit.scenario.scenario import Scenario

HISTORY_DAYS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A scenario over its history and the time of decisions: epochs `first` to `last` - 1 are
    decided. `genes` are those of an epoch."""

    scenario: Scenario
    panel: Panel
    first: int
    last: int
    genes: int

    @property
    def clock(self) -> Clock:
        """That of the panel."""
        return Clock(self.panel.start, self.panel.epoch)

    def moment(self, epoch: int) -> datetime:
        """The begin of an epoch."""
        return self.panel.start + epoch * self.panel.epoch


def stretch_of(
    scenario: Scenario, *, start: datetime, end: datetime, history_days: float, horizon: int
) -> Stretch:
    """The scenario from so many days before `start` to the horizon of the last decision, which is
    that before `end`; to `end` alone where its tables do not reach that far.

    Raises SlitError where they do not reach from the history to `end`, or for times between epochs.
    """
    epoch = timedelta(seconds=scenario.horizon.epoch_seconds)
    before = round(timedelta(days=history_days) / epoch)
    count, rest = divmod(end - start, epoch)
    if rest or count < 1:
        raise SlitError(
            f"time: {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, expected one epoch or more "
            f"({epoch.total_seconds():g} s each)"
        )
    for more in (horizon - 1, 0):
        try:
            found = _from(scenario, start - before * epoch, before + count + more)
        except SlitError:
            if not more:
                raise
            continue
        break
    return Stretch(found, panel_of(found), before, before + count, genes_of(scenario))


def stretch_until(scenario: Scenario, *, now: datetime, history_days: float, stale: int) -> Stretch:
    """The scenario over its history before `now`, an epoch's begin: figures may end up to `stale`
    epochs earlier, which are then not known (NaN in the panel).

    Raises SlitError where they end before that.
    """
    epoch = timedelta(seconds=scenario.horizon.epoch_seconds)
    before = round(timedelta(days=history_days) / epoch)
    first = now - before * epoch
    for missing in range(stale + 1):
        try:
            found = _from(scenario, first, before - missing)
        except SlitError as error:
            if missing == stale:
                hours = stale * epoch / timedelta(hours=1)
                raise SlitError(
                    f"signals: none for the {hours:g} h before {now:%Y-%m-%d %H:%M}, expected some "
                    f"that are no older (--stale): {error}"
                ) from None
            continue
        panel = panel_of(found)
        gap = np.full((len(panel.series), missing), np.nan)
        padded = replace(panel, values=np.concatenate([panel.values, gap], axis=1))
        return Stretch(found, padded, before, before + 1, genes_of(scenario))
    raise AssertionError("unreachable: the last turn returns or raises")


def genes_of(scenario: Scenario) -> int:
    """Genes of an epoch of a scenario."""
    return max(1, round(scenario.resolution.genes / scenario.horizon.epochs))


def _from(scenario: Scenario, start: datetime, epochs: int) -> Scenario:
    hours = epochs * scenario.horizon.epoch_seconds / 3600
    return scenario.window(start=start, hours=hours)


class Learned:
    """Expects what a forecaster says of the series that change; the others stay as they are.

    It learns from an epoch once figures of it are there, however late they come.
    """

    def __init__(
        self,
        panel: Panel,
        method: str,
        *,
        first: int,
        horizon: int,
        state: Mapping[str, Floats] | None = None,
        sources: Sequence[Source] = (),
    ) -> None:
        """Learns from the epochs before `first`, or goes on from a state. `sources` give forecasts
        of the series of the panel, which win for those that change.

        Raises SlitError for a history that is too short, or begins after the state.
        """
        self.panel = panel
        self.known = first
        start, needed = panel.start, first
        if state is not None:
            start = datetime.fromtimestamp(float(state["clock"]), UTC)
            needed = past_epochs(Clock(start, panel.epoch), horizon)
            learned = datetime.fromtimestamp(float(state["known"]), UTC)
            self.known = round((learned - panel.start) / panel.epoch)
            if self.known < 0:
                raise SlitError(
                    f"history: from {panel.start:%Y-%m-%d %H:%M}, expected from before "
                    f"{learned:%Y-%m-%d %H:%M} (until when was learned)"
                )
        known = panel.values[:, max(0, first - needed) : first]
        whole = Panel(panel.series, known, start, panel.epoch)
        self.varying: Bools = whole.varying if state is None else state["varying"] > 0
        self._clock = Clock(start, panel.epoch)
        self.forecaster: Forecaster | None = None
        if self.varying.any():
            if state is None:
                self.known = min(first, self._known_until(first))
                known = panel.values[:, : self.known]
            self.forecaster = make_forecaster(
                method,
                self._clock,
                known[self.varying],
                lowest=np.array([each.lowest for each in panel.series])[self.varying],
                horizon=horizon,
                sources=[source.of(self.varying) for source in sources],
            )
            if state is not None:
                _check_same_kind(self.forecaster.state(), state)
                self.forecaster.restore(state)

    def state(self) -> dict[str, Floats]:
        """Everything that later forecasts depend on, besides the panel."""
        learned = {} if self.forecaster is None else dict(self.forecaster.state())
        until = self.panel.start + self.known * self.panel.epoch
        own = {
            "varying": self.varying,
            "clock": self._clock.start.timestamp(),
            "known": until.timestamp(),
        }
        return learned | {name: np.asarray(value, np.float64) for name, value in own.items()}

    def expect(self, epoch: int, horizon: int) -> Floats:
        """Means (S, H) of the epochs from `epoch` on, having learned from those before."""
        return self.forecast(epoch, horizon)[0]

    def told(self, epoch: int, horizon: int) -> Told:
        """Means and quantiles of the epochs from `epoch` on."""
        mean, quantiles = self.forecast(epoch, horizon)
        series = self.panel.series
        return Told(
            mean,
            np.array(LEVELS),
            quantiles,
            requests=np.array([each.signal == "requests" for each in series]),
            lowest=np.array([each.lowest for each in series]),
        )

    def forecast(self, epoch: int, horizon: int) -> tuple[Floats, Floats]:
        """Means (S, H) and quantiles (Q, S, H) of the epochs from `epoch` on."""
        last = _last_known(self.panel.values[:, :epoch])
        constant = np.repeat(last[:, None], horizon, axis=1)
        if self.forecaster is None:
            return constant, np.repeat(constant[None], len(LEVELS), axis=0)
        found = self._ahead(self.forecaster, epoch, horizon)
        mean = constant.copy()
        mean[self.varying] = found.mean
        quantiles = np.repeat(constant[None], len(found.levels), axis=0)
        quantiles[:, self.varying] = found.quantiles
        return mean, quantiles

    def _ahead(self, forecaster: Forecaster, epoch: int, horizon: int) -> Forecast:
        """The varying series; epochs of which nothing is there yet pass without being learned."""
        until = min(epoch, self._known_until(epoch))
        for t in range(self.known, until):
            forecaster.update(self.panel.values[self.varying, t])
        self.known = max(self.known, until)
        if self.known >= epoch:
            return forecaster.forecast(horizon)
        state = {name: np.array(values) for name, values in forecaster.state().items()}
        for _ in range(self.known, epoch):
            forecaster.update(np.full(int(self.varying.sum()), np.nan))
        found = forecaster.forecast(horizon)
        forecaster.restore(state)
        return found

    def _known_until(self, epoch: int) -> int:
        """The epoch after the last one before `epoch` of which there is a figure."""
        there = ~np.isnan(self.panel.values[self.varying, :epoch]).all(axis=0)
        return int(np.flatnonzero(there)[-1]) + 1 if there.any() else 0


def _check_same_kind(own: Mapping[str, Floats], found: Mapping[str, Floats]) -> None:
    """Raise SlitError for a state that this forecaster cannot have left."""
    for name, values in own.items():
        shape = None if name not in found else np.shape(found[name])
        if shape != np.shape(values):
            raise SlitError(
                f"state of the forecaster: {name} of shape {shape}, expected {np.shape(values)} "
                "(left by another version of slit or of the forecaster; begin a new folder)"
            )


def _last_known(values: Floats) -> Floats:
    """(S,): the last figure of each series, 0 where it has none."""
    known = ~np.isnan(values)
    last = values.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    found = values[np.arange(len(values)), last]
    return np.where(known.any(axis=1), found, 0.0)
