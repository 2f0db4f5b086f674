"""`suite`: linear regressions trained after every epoch; what fitted best lately forecasts.

SLIT (arXiv 2505.23554) forecasts the requests of the next epoch by a suite of incrementally trained
linear regressions; which ones, it does not say: these are slit's. Each is trained by recursive
least squares with forgetting, for every series and lead apart, on what is known when a forecast is
made: the last value, the same time yesterday and a week ago, how far the last value was from those,
the mean of the last day, Fourier terms of the time of day, weekends.

Beside them stand the last value, as the day before, and as the week before; and a mean of all, each
weighed by how little it missed lately, which has less error where none is clearly best. Of all of
these the one that missed least lately is the forecast, for every series and lead apart: a series
that repeats itself to the bit is then repeated to the bit.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from operators.types import Bools, Floats, Integers
from slit.forecast.base import PanelForecaster
from slit.forecast.past import WEEK, Past

HARMONICS = 3
FORGETTING_DAYS = 60.0
"""After so many days an epoch counts for 1/e."""
RECENT_DAYS = 14.0
"""The same of errors by which the best is chosen; with `SHARPNESS` chosen on September to December
2022 of the scenario world-2023."""
SHARPNESS = 4.0
"""A method weighs in the mean by this power of how little it missed."""
PRIOR = 10.0
"""First variance of coefficients, of series scaled to a deviation of 1."""
LARGEST = 1e6
"""Of that variance, where nothing new is learned."""
ONE, LAST, YESTERDAY, WEEK_AGO, GAP_DAY, GAP_WEEK, DAY_MEAN, WEEKEND = range(8)
FIRST_WAVE = 8
WAVES = tuple(range(FIRST_WAVE, FIRST_WAVE + 2 * HARMONICS))
REGRESSIONS = (
    (ONE, LAST, YESTERDAY),
    (ONE, LAST, YESTERDAY, WEEK_AGO, GAP_DAY, GAP_WEEK),
    (ONE, LAST, DAY_MEAN, WEEKEND, *WAVES),
    (ONE, LAST, YESTERDAY, WEEK_AGO, GAP_DAY, GAP_WEEK, DAY_MEAN, WEEKEND, *WAVES),
)
"""Features of each."""
REPEATED = (LAST, YESTERDAY, WEEK_AGO)
"""Features that are forecasts as they stand."""


class RegressionSuite(PanelForecaster):
    """The suite: the values of `REPEATED`, K regressions, and the weighed mean of them."""

    def prepare(self) -> None:
        """Scale series, and start every regression from as the day before."""
        values = self.past.values
        self._center = values.mean(axis=1)
        deviation = values.std(axis=1)
        self._scale = np.where(deviation > 0, deviation, 1.0)
        shape = self.series, self.horizon
        self._coefficients = []
        self._variance = []
        for features in REGRESSIONS:
            first = np.zeros((*shape, len(features)))
            if YESTERDAY in features:
                first[:, :, features.index(YESTERDAY)] = 1.0
            self._coefficients.append(first)
            eye = PRIOR * np.eye(len(features))
            self._variance.append(np.broadcast_to(eye, (*shape, *eye.shape)).copy())
        self._missed = np.zeros((len(REPEATED) + len(REGRESSIONS) + 1, *shape))
        day = self.past.clock.day
        self._forget = float(np.exp(-1 / (FORGETTING_DAYS * day)))
        self._recent = float(np.exp(-1 / (RECENT_DAYS * day)))

    def learn(self, values: Floats, past: Past) -> None:
        """Train every regression for each lead, on what was known when it was forecast."""
        leads = np.arange(self.horizon)
        x = self._features(past, made=leads, leads=np.zeros_like(leads))
        known = ~np.isnan(values)
        target = np.where(known, (values - self._center) / self._scale, 0.0)[:, None]
        found = [x[:, :, own] for own in REPEATED]
        for k, names in enumerate(REGRESSIONS):
            found.append(self._train(k, x[:, :, list(names)], target, known))
        missed = np.abs(self._with_mean(found) - target)
        fresh = np.where(known[None, :, None], missed, self._missed)
        self._missed = self._recent * self._missed + (1 - self._recent) * fresh

    def _train(self, k: int, x: Floats, target: Floats, known: Bools) -> Floats:
        """One step of recursive least squares for the `known` series (S,) on features (S, L, F);
        returns what was forecast (S, L) before it."""
        variance, coefficients = self._variance[k], self._coefficients[k]
        forecast = np.einsum("slf,slf->sl", coefficients, x)
        error = target - forecast
        spread = np.einsum("slfg,slg->slf", variance, x)
        gain = spread / (self._forget + np.einsum("slf,slf->sl", x, spread))[:, :, None]
        coefficients += gain * np.where(known[:, None], error, 0.0)[:, :, None]
        learned = (variance - gain[..., None] * spread[:, :, None, :]) / self._forget
        kept = known[:, None] & (np.einsum("slff->sl", learned) < LARGEST)
        self._variance[k] = np.where(kept[:, :, None, None], learned, variance)
        return np.asarray(forecast)

    def _with_mean(self, found: Sequence[Floats]) -> Floats:
        """(M + 1, S, L): M forecasts (S, L), and their mean by how little they missed lately."""
        each, missed = np.array(found), self._missed[:-1]
        least = missed.min(axis=0)
        # Where nothing is known, or the best is exact, those that are as good share the weight.
        ratio = np.where(missed > least, least / np.where(missed > least, missed, 1.0), 1.0)
        weights = ratio**SHARPNESS
        mean = (weights * each).sum(axis=0) / weights.sum(axis=0)
        return np.concatenate([each, mean[None]])

    def means(self, past: Past) -> Floats:
        """(S, L): of each series and lead what missed least lately."""
        leads = np.arange(self.horizon)
        features = self._features(past, made=np.zeros_like(leads), leads=leads)
        found = [features[:, :, own] for own in REPEATED]
        found += [
            np.einsum("slf,slf->sl", self._coefficients[k], features[:, :, list(names)])
            for k, names in enumerate(REGRESSIONS)
        ]
        best = self._missed.argmin(axis=0)
        chosen = np.take_along_axis(self._with_mean(found), best[None], axis=0)[0]
        return np.asarray(chosen * self._scale[:, None] + self._center[:, None])

    def _features(self, past: Past, made: Integers, leads: Integers) -> Floats:
        """(S, L, F): what was known `made` (L,) epochs ago of what is `leads` (L,) epochs after the
        next one, scaled."""
        scaled = (past.values - self._center[:, None]) / self._scale[:, None]
        day, end = past.clock.day, scaled.shape[1] - made
        ahead = made + leads  # from when it was made
        found = np.empty((self.series, self.horizon, FIRST_WAVE + 2 * HARMONICS))
        found[:, :, ONE] = 1.0
        last = scaled[:, end - 1]
        found[:, :, LAST] = last
        found[:, :, YESTERDAY] = scaled[:, end + ahead % day - day]
        found[:, :, WEEK_AGO] = scaled[:, end + ahead % (WEEK * day) - WEEK * day]
        found[:, :, GAP_DAY] = last - scaled[:, end - 1 - day]
        found[:, :, GAP_WEEK] = last - scaled[:, end - 1 - WEEK * day]
        sums = np.cumsum(np.concatenate([np.zeros((self.series, 1)), scaled], axis=1), axis=1)
        found[:, :, DAY_MEAN] = (sums[:, end] - sums[:, end - day]) / day
        moments = past.count + leads
        found[:, :, WEEKEND] = past.clock.weekend(moments)
        angle = 2 * np.pi * past.clock.day_share(moments)
        for n in range(HARMONICS):
            found[:, :, FIRST_WAVE + 2 * n] = np.sin((n + 1) * angle)
            found[:, :, FIRST_WAVE + 2 * n + 1] = np.cos((n + 1) * angle)
        return found

    def learned(self) -> Mapping[str, Floats]:
        """Coefficients, their variances, errors and scales."""
        found = {"missed": self._missed, "center": self._center, "scale": self._scale}
        for k in range(len(REGRESSIONS)):
            found[f"coefficients_{k}"] = self._coefficients[k]
            found[f"variance_{k}"] = self._variance[k]
        return found

    def relearn(self, state: Mapping[str, Floats]) -> None:
        """Coefficients, their variances, errors and scales."""
        self._missed = state["missed"].copy()
        self._center, self._scale = state["center"].copy(), state["scale"].copy()
        numbers = range(len(REGRESSIONS))
        self._coefficients = [state[f"coefficients_{k}"].copy() for k in numbers]
        self._variance = [state[f"variance_{k}"].copy() for k in numbers]
