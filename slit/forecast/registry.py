"""Forecasters by name: slit's own, and those of other packages (entry points slit.forecasters)."""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

import numpy as np

from operators.types import Floats
from slit.errors import SlitError, did_you_mean
from slit.forecast.given import WithGiven
from slit.forecast.protocol import Clock, Forecaster
from slit.forecast.sources import Source

GROUP = "slit.forecasters"
DEFAULT = "suite"

Make = Callable[..., Forecaster]
"""make(clock, history, lowest=, horizon=): a forecaster that has seen the history (S, T), for S
series none of which falls below `lowest` (S,), and as many leads as `horizon`."""


def _suite() -> Make:
    from slit.forecast.regression_suite import RegressionSuite

    return RegressionSuite


def _naive() -> Make:
    from slit.forecast.seasonal_naive import SeasonalNaive

    return SeasonalNaive


def _smoothing() -> Make:
    from slit.forecast.exponential_smoothing import ExponentialSmoothing

    return ExponentialSmoothing


def _boosting() -> Make:
    from slit.forecast.gradient_boosting import GradientBoosting

    return GradientBoosting


OWN: dict[str, tuple[str, Callable[[], Make]]] = {
    "suite": ("linear regressions, trained every epoch; the best of late forecasts", _suite),
    "naive": ("as the day or the week before", _naive),
    "smoothing": ("exponential smoothing with a daily season", _smoothing),
    "boosting": ("gradient-boosted trees, fitted every week", _boosting),
}
"""What each is in words, and where it is."""


def available() -> tuple[str, ...]:
    """The names of all forecasters."""
    plugins = [point.name for point in entry_points(group=GROUP)]
    return (*OWN, *(name for name in plugins if name not in OWN))


def described() -> dict[str, str]:
    """What each forecaster is, by name; of those of other packages where they are."""
    plugins = {point.name: f"from {point.value}" for point in entry_points(group=GROUP)}
    return plugins | {name: said for name, (said, _) in OWN.items()}


def make_forecaster(
    name: str,
    clock: Clock,
    history: Floats,
    *,
    lowest: Floats | None = None,
    horizon: int,
    sources: Sequence[Source] = (),
) -> Forecaster:
    """A forecaster that has learned from a history (S, T), NaN where nothing is known.

    lowest: (S,) that no series falls below; by default nothing bounds them. horizon: the most
    epochs it will be asked for. sources: given forecasts of the S series, which win.

    Raises SlitError for an unknown name, and for a history that is too short.
    """
    if name in OWN:
        make = OWN[name][1]()
    else:
        found = [point for point in entry_points(group=GROUP) if point.name == name]
        if not found:
            names = ", ".join(available()) + did_you_mean(name, available())
            raise SlitError(f"forecaster: {name!r}, expected one of {names}")
        make = found[0].load()
    floor = np.full(len(history), -np.inf) if lowest is None else lowest
    forecaster = make(clock, history, lowest=floor, horizon=horizon)
    if not sources:
        return forecaster
    return WithGiven(forecaster, sources, clock, history=history, lowest=floor, horizon=horizon)
