"""How good forecasts are: rolling-origin errors by series and lead."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.arrays import frozen
from slit.errors import SlitError
from slit.forecast.protocol import LEVELS, Clock
from slit.forecast.registry import make_forecaster
from slit.forecast.sources import Source

REPEATS = 1e-9
"""Errors of the day before that are rounding, as a share of the mean size of a series."""


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Of S series at L leads, over N origins: mean absolute error `mae`, symmetric mean absolute
    percentage error `smape` (%), `mase` (MAE over that of the day before, at the same epochs;
    Hyndman and Koehler 2006), `pinball` loss averaged over the levels, `coverage` (%) of the
    interval between the outer levels. NaN where nothing was known, or the day before had no error
    but rounding.
    """

    method: str
    leads: tuple[int, ...]
    origins: int
    mae: Floats
    smape: Floats
    mase: Floats
    pinball: Floats
    coverage: Floats


def evaluate_forecasts(
    method: str,
    clock: Clock,
    values: Floats,
    *,
    first: int,
    leads: Sequence[int],
    lowest: Floats | None = None,
    sources: Sequence[Source] = (),
) -> Errors:
    """Roll a forecaster over the epochs of `values` (S, T) from `first` on; it has learned from
    those before, and learns on.

    leads: epochs ahead, 1 is the next one. sources: given forecasts of the S series, which win.

    Raises SlitError for a history too short, and for leads beyond the values.
    """
    if not leads or min(leads) < 1 or len(set(leads)) < len(leads):
        said = ", ".join(map(str, leads)) or "none"
        raise SlitError(f"leads: {said}, expected distinct numbers of 1 or more (epochs ahead)")
    horizon, last = max(leads), values.shape[1]
    if not first + horizon < last:
        raise SlitError(
            f"values: {last - first} epochs from the first forecast on, expected more than "
            f"{horizon} (the longest lead)"
        )
    forecaster = make_forecaster(
        method, clock, values[:, :first], lowest=lowest, horizon=horizon, sources=sources
    )
    index = np.array(leads) - 1
    sums = _Sums(len(values), len(leads))
    for t in range(first, last - horizon + 1):
        forecast = forecaster.forecast(horizon)
        actual = values[:, t + index]
        naive = values[:, t + index - clock.day * (index // clock.day + 1)]
        sums.add(actual, forecast.mean[:, index], forecast.quantiles[:, :, index], naive)
        forecaster.update(values[:, t])
    return sums.errors(method, tuple(leads))


class _Sums:
    """What errors are means of."""

    def __init__(self, series: int, leads: int) -> None:
        self._parts = np.zeros((6, series, leads))
        self._counts = np.zeros((6, series, leads))
        self._origins = 0

    def add(self, actual: Floats, mean: Floats, quantiles: Floats, naive: Floats) -> None:
        levels = np.array(LEVELS)[:, None, None]
        error = np.abs(actual - mean)
        size = np.abs(actual) + np.abs(mean)
        relative = np.where(size > 0, 200 * error / np.where(size > 0, size, 1.0), 0.0)
        over = actual[None] - quantiles
        pinball = np.maximum(levels * over, (levels - 1) * over).mean(axis=0)
        inside = (actual >= quantiles[0]) & (actual <= quantiles[-1])
        inside = np.where(np.isnan(actual), np.nan, 100.0 * inside)
        before = np.abs(actual - naive)
        both = np.where(np.isnan(before), np.nan, error)
        relative = np.where(np.isnan(actual), np.nan, relative)
        for n, part in enumerate((both, relative, before, pinball, inside, np.abs(actual))):
            known = ~np.isnan(part)
            self._parts[n] += np.where(known, part, 0.0)
            self._counts[n] += known
        self._origins += 1

    def errors(self, method: str, leads: tuple[int, ...]) -> Errors:
        none = self._counts == 0
        means = np.where(none, np.nan, self._parts / np.where(none, 1.0, self._counts))
        mae, smape, naive, pinball, coverage, size = means
        # A series that repeats itself but for rounding has no error to compare with.
        flat = ~(naive > REPEATS * size)
        mase = np.where(flat, np.nan, mae / np.where(flat, 1.0, naive))
        parts = (mae, smape, mase, pinball, coverage)
        return Errors(method, leads, self._origins, *(frozen(p, np.float64) for p in parts))
