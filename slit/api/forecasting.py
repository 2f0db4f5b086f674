"""How good forecasts of a scenario are: what `slit forecast evaluate` calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from os import PathLike
from typing import Any

import numpy as np

from slit.api.arguments import scenario_of
from slit.api.given_forecasts import GivenForecasts
from slit.errors import SlitError
from slit.forecast import Clock
from slit.forecast.evaluation import Errors, evaluate_forecasts
from slit.forecast.registry import OWN
from slit.operate.history import HISTORY_DAYS, stretch_of
from slit.operate.panel import Series
from slit.scenario.load import parse_start
from slit.scenario.scenario import Scenario

LEADS_H = (1.0, 6.0, 24.0)
LENGTH = timedelta(days=28)
UNITS = {
    "carbon": "kg CO2e/kWh",
    "price": "USD/kWh",
    "ewif": "L/kWh",
    "pue": "kWh/kWh",
    "wue": "L/kWh",
    "blowdown": "L/kWh",
    "renewable": "kWh",
    "requests": "requests",
    "prompt": "tokens",
    "output": "tokens",
}
"""In which the mean absolute error of a signal is; requests and renewable energy are those of an
epoch."""
FIGURES = ("mae", "smape", "mase", "pinball", "coverage")


@dataclass(frozen=True, slots=True, eq=False)
class ForecastEvaluation:
    """Errors of methods over the epochs from `start` to `end` of the series that change; leads in
    hours."""

    scenario: str
    start: datetime
    end: datetime
    history_days: float
    leads_h: tuple[float, ...]
    series: tuple[Series, ...]
    errors: tuple[Errors, ...]

    @property
    def signals(self) -> tuple[str, ...]:
        """Those with a series that changes."""
        return tuple(dict.fromkeys(each.signal for each in self.series))

    def rows(self, signal: str) -> list[int]:
        """The series of a signal."""
        return [n for n, each in enumerate(self.series) if each.signal == signal]

    def content(self) -> dict[str, Any]:
        """All figures by method, series and lead, as JSON can hold them; None: no such figure."""
        return {
            "scenario": self.scenario,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "history_days": self.history_days,
            "leads_h": list(self.leads_h),
            "methods": [
                {
                    "method": errors.method,
                    "origins": errors.origins,
                    "series": [
                        {
                            "signal": each.signal,
                            "place": each.place,
                            "unit": UNITS[each.signal],
                            **{name: _listed(getattr(errors, name)[n]) for name in FIGURES},
                        }
                        for n, each in enumerate(self.series)
                    ],
                }
                for errors in self.errors
            ],
        }


def evaluate_forecasters(
    scenario: Scenario | str | PathLike[str],
    methods: Sequence[str] = ("suite", "naive"),
    *,
    start: str | date | None = None,
    end: str | date | None = None,
    length: timedelta = LENGTH,
    leads_h: Sequence[float] = LEADS_H,
    history_days: float = HISTORY_DAYS,
    given: GivenForecasts | None = None,
) -> ForecastEvaluation:
    """Roll forecasters over a stretch of a scenario: at every epoch each forecasts, is told what
    happened, and learns on; at first it has learned from `history_days` before.

    methods: names, or `all` for those of slit. start: by default that of the scenario; end: by
    default `length` later. leads_h: hours ahead.

    Raises SlitError for what the caller can mend: tables that do not reach so far, a history too
    short, unknown methods, leads that are no epochs.
    """
    loaded = scenario_of(scenario, None, None)
    begin = loaded.horizon.start if start is None else parse_start(start)
    until = begin + length if end is None else parse_start(end)
    epoch = timedelta(seconds=loaded.horizon.epoch_seconds)
    leads = [_epochs(lead, epoch) for lead in leads_h]
    if history_days <= 0:
        raise SlitError(f"history: {history_days:g}, expected more than 0 (days)")
    stretch = stretch_of(loaded, start=begin, end=until, history_days=history_days, horizon=1)
    panel = stretch.panel
    varying = panel.varying
    if not varying.any():
        raise SlitError(f"{loaded.name}: no series changes, expected one (to forecast)")
    sources = [each.of(varying) for each in (given or GivenForecasts()).sources(panel)]
    series = tuple(s for s, own in zip(panel.series, varying, strict=True) if own)
    errors = tuple(
        evaluate_forecasts(
            method,
            Clock(panel.start, panel.epoch),
            panel.values[varying],
            first=stretch.first,
            leads=leads,
            lowest=np.array([each.lowest for each in series]),
            sources=sources,
        )
        for method in _named(methods)
    )
    return ForecastEvaluation(
        loaded.name,
        begin.astimezone(UTC),
        until.astimezone(UTC),
        history_days,
        tuple(leads_h),
        series,
        errors,
    )


def _named(methods: Sequence[str]) -> tuple[str, ...]:
    named = [name for each in methods for name in (OWN if each == "all" else (each,))]
    if not named:
        raise SlitError("method: none, expected one or more")
    return tuple(dict.fromkeys(named))


def _epochs(lead_h: float, epoch: timedelta) -> int:
    epochs = lead_h * timedelta(hours=1) / epoch
    if not np.isfinite(epochs) or epochs < 1 or epochs % 1:
        raise SlitError(
            f"leads: {lead_h:g} h, expected whole epochs of {epoch.total_seconds():g} s, one or "
            "more (hours ahead)"
        )
    return int(epochs)


def _listed(figures: Any) -> list[float | None]:
    return [float(f) if np.isfinite(f) else None for f in figures]
