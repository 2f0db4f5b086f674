"""What changes from epoch to epoch in a scenario, as one table of series: history to learn from,
and forecasts put in the place of what is not known yet."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from operators.types import Bools, Floats
from slit.arrays import frozen
from slit.errors import SlitError
from slit.scenario.scenario import Demand, Scenario, Signals


class Cause(StrEnum):
    """What a forecast may miss."""

    DEMAND = "demand"
    CARBON = "carbon"
    PRICE = "price"
    WEATHER = "weather"


CAUSES = {
    "carbon": Cause.CARBON,
    "ewif": Cause.CARBON,
    "price": Cause.PRICE,
    "pue": Cause.WEATHER,
    "wue": Cause.WEATHER,
    "blowdown": Cause.WEATHER,
    "renewable": Cause.WEATHER,
}
"""Of each signal: water per kWh follows the mix of fuels, as carbon does; cooling and what the sun
and the wind give follow the weather. The rest is demand."""

ROUNDING = 1e-12
"""What sums and means in another order may differ by, as a share."""
MINIMUM_TIMES = ("min_up_hours", "min_down_hours")
"""Of a pool, by variant."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series: `signal` as the field is called, `place` a datacenter, or origin and class.
    No value is below `lowest`."""

    signal: str
    place: str
    cause: Cause
    lowest: float


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Series of one scenario by epoch: `values` (S, T), NaN where there is none (tokens of no
    requests)."""

    series: tuple[Series, ...]
    values: Floats
    start: datetime
    epoch: timedelta

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float64))

    @property
    def varying(self) -> Bools:
        """(S,): which series change by more than rounding."""
        least = np.where(np.isnan(self.values), np.inf, self.values).min(axis=1)
        most = np.where(np.isnan(self.values), -np.inf, self.values).max(axis=1)
        return np.asarray(most - least > ROUNDING * np.maximum(np.abs(least), np.abs(most)))

    def of_cause(self, cause: Cause) -> Bools:
        """(S,): which series belong to it."""
        return np.array([each.cause == cause for each in self.series])


def panel_of(scenario: Scenario) -> Panel:
    """All series of a scenario: signals by datacenter, then demand by origin and class."""
    series, values = [], []
    for field in fields(Signals):
        lowest = {"price": -np.inf, "pue": 1.0}.get(field.name, 0.0)
        for d, center in enumerate(scenario.datacenters):
            series.append(Series(field.name, center.name, CAUSES[field.name], lowest))
            values.append(getattr(scenario.signals, field.name)[:, d])
    none = scenario.demand.requests == 0
    for field in fields(Demand):
        figures = getattr(scenario.demand, field.name)
        if field.name != "requests":
            figures = np.where(none, np.nan, figures)
        for o, origin in enumerate(scenario.origins):
            for k, request_class in enumerate(scenario.classes):
                place = f"{origin.name}, {request_class.name}"
                series.append(Series(field.name, place, Cause.DEMAND, 0.0))
                values.append(figures[:, o, k])
    horizon = scenario.horizon
    return Panel(
        tuple(series), np.array(values), horizon.start, timedelta(seconds=horizon.epoch_seconds)
    )


def window_of(scenario: Scenario, first: int, epochs: int, *, genes: int) -> Scenario:
    """`epochs` of a scenario from its `first`, with so many genes; nodes need not stay active or
    off for longer than that.

    Raises SlitError where the scenario does not have them.
    """
    horizon, last = scenario.horizon, first + epochs
    if not 0 <= first < last <= horizon.epochs:
        raise SlitError(
            f"epochs: {first} to {last - 1}, expected some of 0 to {horizon.epochs - 1} (of the "
            "scenario)"
        )
    part = slice(first, last)
    hours = epochs * horizon.epoch_seconds / 3600
    return replace(
        scenario,
        horizon=horizon.model_copy(
            update={
                "start": horizon.start + first * timedelta(seconds=horizon.epoch_seconds),
                "epochs": epochs,
            }
        ),
        resolution=scenario.resolution.model_copy(update={"genes": genes}),
        pools=tuple(
            pool.model_copy(
                update={
                    field: {name: min(time, hours) for name, time in getattr(pool, field).items()}
                    for field in MINIMUM_TIMES
                }
            )
            for pool in scenario.pools
        ),
        origins=tuple(
            origin.model_copy(update={"last_mile_ms": origin.last_mile_ms[part]})
            if isinstance(origin.last_mile_ms, tuple)
            else origin
            for origin in scenario.origins
        ),
        account_carbon=scenario.account_carbon[:, part],
        signals=Signals(
            **{field.name: getattr(scenario.signals, field.name)[part] for field in fields(Signals)}
        ),
        demand=Demand(
            **{field.name: getattr(scenario.demand, field.name)[part] for field in fields(Demand)}
        ),
    )


def with_values(scenario: Scenario, values: Floats) -> Scenario:
    """The scenario with other figures (S, T) in the series of its panel; tokens of no requests may
    be NaN."""
    sites, epochs = len(scenario.datacenters), scenario.horizon.epochs
    signals, row = {}, 0
    for field in fields(Signals):
        signals[field.name] = values[row : row + sites].T
        row += sites
    shape = len(scenario.origins), len(scenario.classes)
    demand = {}
    for field in fields(Demand):
        part = values[row : row + shape[0] * shape[1]].reshape(*shape, epochs)
        demand[field.name] = np.moveaxis(part, -1, 0)
        row += shape[0] * shape[1]
    none = demand["requests"] == 0
    for name in ("prompt", "output"):
        demand[name] = np.where(none, 0.0, demand[name])
    return replace(scenario, signals=Signals(**signals), demand=Demand(**demand))
