"""Steps of a source -> epochs of the plan. Explicit: what is not asked for is refused."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from operators.types import Floats, Longs
from slit.data.timestamps import MICROSECOND, microseconds_of, stamp_text
from slit.errors import SlitError
from slit.scenario.records import Horizon
from slit.scenario.references import Resample


@dataclass(frozen=True, slots=True)
class EpochClock:
    """The epochs of a horizon, in microseconds since 1970 in UTC."""

    start: int
    step: int
    epochs: int

    @property
    def begins(self) -> Longs:
        """First instant of each epoch, (T,)."""
        return self.start + self.step * np.arange(self.epochs, dtype=np.int64)

    @property
    def hours(self) -> float:
        """Length of an epoch in hours."""
        return self.step / MICROSECOND / 3600


def clock_of(horizon: Horizon) -> EpochClock:
    """The clock of a horizon."""
    step = round(horizon.epoch_seconds * MICROSECOND)
    return EpochClock(microseconds_of(horizon.start), step, horizon.epochs)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A series as its source gives it: sorted steps, gaps allowed; arrays (N,)."""

    begins: Longs
    step: int  # the usual one
    values: Floats
    estimated: Floats  # 0 to 1
    place: Callable[[int], str]  # file and line of a step
    lengths: Longs | None = None  # of each step, where they differ

    @property
    def ends(self) -> Longs:
        """The end of each step, (N,)."""
        return self.begins + (self.step if self.lengths is None else self.lengths)

    def mean(self, values: Floats) -> float:
        """Mean over time of figures of the steps, (N,), without gaps; NaN where there are none."""
        known = ~np.isnan(values)
        if self.lengths is None and known.any():
            return float(np.nanmean(values))
        if not known.any():
            return np.nan
        return float(np.average(values[known], weights=(self.ends - self.begins)[known]))


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Which step covers which epoch for how long; arrays of one entry a pair."""

    epoch: Longs
    step: Longs
    length: Longs  # microseconds


def overlaps(steps: Steps, begins: Longs, ends: Longs) -> Overlaps:
    """Pairs of targets (their begins and ends) and steps that share time, by target, then step."""
    first = np.searchsorted(steps.ends, begins, side="right")
    last = np.searchsorted(steps.begins, ends, side="left")
    counts = np.maximum(last - first, 0)
    target = np.repeat(np.arange(len(begins)), counts)
    offset = np.arange(len(target)) - np.repeat(np.cumsum(counts) - counts, counts)
    index = np.repeat(first, counts) + offset
    end = np.minimum(steps.ends[index], ends[target])
    return Overlaps(target, index, end - np.maximum(steps.begins[index], begins[target]))


def to_epochs(
    steps: Steps,
    clock: EpochClock,
    *,
    resample: Resample | None,
    adds_up: bool = False,
    weights: Steps | None = None,
) -> tuple[Floats, float]:
    """Values of steps laid on epochs.

    Args:
        steps: the source, N steps.
        clock: the T epochs.
        resample: what to do where steps are no epochs.
        adds_up: whether values are amounts of a step (kWh, requests) rather than levels.
        weights: requests in steps finer than an epoch, for demand-weighted means.

    Returns:
        One value an epoch, (T,), and the share of them that is estimated.

    Raises:
        SlitError: time is not covered, a value is NaN, or steps are no epochs and `resample` does
            not say (or says wrongly) what to do.
    """
    pairs = overlaps(steps, clock.begins, clock.begins + clock.step)
    _refuse_silence(steps, clock, pairs, resample, adds_up)
    _refuse_holes(steps, clock, pairs)
    values, length = steps.values[pairs.step], pairs.length.astype(np.float64)

    def total(amounts: Floats) -> Floats:
        return _sums(pairs.epoch, amounts, clock.epochs)

    estimated = float(np.mean(total(steps.estimated[pairs.step] * length) / clock.step))
    if len(pairs.step) == clock.epochs and not adds_up:
        return values, estimated
    if adds_up:
        whole = (steps.ends - steps.begins)[pairs.step]
        return total(values * (length / whole)), estimated
    if resample == Resample.DEMAND_WEIGHTED_MEAN:
        length = length * _weights(steps, weights, clock)[pairs.step]
        even = total(length) == 0
        length = np.where(even[pairs.epoch], pairs.length, length)
    return total(values * length) / total(length), estimated


def _weights(steps: Steps, weights: Steps | None, clock: EpochClock) -> Floats:
    """Requests that fall into each step."""
    if weights is None or weights.step >= clock.step:
        raise SlitError(
            "resample = demand_weighted_mean: demand is no finer than an epoch, expected resample "
            "= mean, or demand of shorter steps"
        )
    pairs = overlaps(weights, steps.begins, steps.ends)
    whole = (weights.ends - weights.begins)[pairs.step]
    amounts = weights.values[pairs.step] * pairs.length / whole
    return _sums(pairs.epoch, amounts, len(steps.begins))


def _sums(index: Longs, amounts: Floats, count: int) -> Floats:
    return np.bincount(index, weights=amounts, minlength=count).astype(np.float64)


def _refuse_silence(
    steps: Steps, clock: EpochClock, pairs: Overlaps, resample: Resample | None, adds_up: bool
) -> None:
    """Refuse a `resample` that does not say what has to happen."""
    used = (steps.ends - steps.begins)[pairs.step]
    if bool(np.all((pairs.length == clock.step) & (used == clock.step))):
        return
    levels = {Resample.MEAN, Resample.DEMAND_WEIGHTED_MEAN}
    inside = len(pairs.epoch) == len(np.unique(pairs.epoch))
    longer = bool(np.any(used > clock.step))
    if longer and inside:
        expected = {Resample.HOLD}
    elif adds_up:
        expected = {Resample.SUM}
    elif longer:
        expected = {Resample.MEAN}
    else:
        expected = levels
    if resample not in expected:
        said = "no resample" if resample is None else f"resample = {resample}"
        names = " or ".join(sorted(expected))
        lengths = sorted({int(length) for length in used})
        shown = " and ".join(f"{length / MICROSECOND:g}" for length in lengths[:3])
        raise SlitError(
            f"{said}, expected resample = {names} (steps of {shown} s"
            f"{'' if lengths != [clock.step] else ' that begin elsewhere'}, epochs of "
            f"{clock.step / MICROSECOND:g} s)"
        )


def _refuse_holes(steps: Steps, clock: EpochClock, pairs: Overlaps) -> None:
    covered = _sums(pairs.epoch, pairs.length.astype(np.float64), clock.epochs)
    bare = np.flatnonzero(covered < clock.step)
    if len(bare):
        missing = stamp_text(int(clock.begins[bare[0]]))
        span = f"{stamp_text(int(steps.begins[0]))} to " + stamp_text(int(steps.ends[-1]))
        raise SlitError(
            f"nothing for {missing}, expected a value for every epoch ({len(bare)} without; the "
            f"series spans {span})"
        )
    empty = np.flatnonzero(np.isnan(steps.values[pairs.step]))
    if len(empty):
        step = int(pairs.step[empty[0]])
        raise SlitError(
            f"{steps.place(step)}: no number for {stamp_text(int(steps.begins[step]))}, expected "
            f"one for every epoch ({len(empty)} missing)"
        )
