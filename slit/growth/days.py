"""Representative days: a few days of a year that stand for all, and how wrong that is."""

from dataclasses import dataclass, fields

import numpy as np

from operators.types import Floats, Longs
from slit.errors import SlitError
from slit.scenario.scenario import Scenario, Signals

DAY = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """K days of N stand for all: day (K,) numbers in the year, count (K,) days that each stands
    for. error: by signal, what is lost: the sum of absolute differences between each day and the
    one that stands for it, over the sum of absolute values."""

    day: Longs
    count: Longs
    error: dict[str, float]

    @property
    def shares(self) -> Floats:
        """(K,): of the days that each stands for; they sum to 1."""
        return np.asarray(self.count / self.count.sum(), np.float64)


def representative_days(year: Scenario, count: int) -> Days:
    """K = `count` days by k-medoids, begun farthest first, on demand and signals in their ranges.

    Raises SlitError for a horizon that is no whole days, or more days than there are.
    """
    per_day = DAY / year.horizon.epoch_seconds
    days = year.horizon.epochs / per_day
    if per_day != int(per_day) or days != int(days):
        raise SlitError(
            f"days: {year.horizon.epochs} epochs of {year.horizon.epoch_seconds:g} s, expected "
            "whole days (to choose days of)"
        )
    if not 1 <= count <= days:
        raise SlitError(f"days: {count}, expected 1 to {days:.0f} (days of the horizon)")
    tables = {each.name: getattr(year.signals, each.name) for each in fields(Signals)}
    tables["demand"] = year.demand.requests.reshape(year.horizon.epochs, -1)
    shaped = {name: table.reshape(int(days), -1) for name, table in tables.items()}
    scaled = [t / s for t in shaped.values() if (s := float(np.abs(t).mean() * t.shape[1])) > 0]
    points = np.hstack(scaled)
    medoids, nearest = _medoids(points, count)
    error = {
        name: float(np.abs(t - t[medoids[nearest]]).sum() / np.abs(t).sum())
        for name, t in shaped.items()
        if np.abs(t).sum() > 0
    }
    return Days(medoids, np.bincount(nearest, minlength=len(medoids)).astype(np.int64), error)


def _medoids(points: Floats, count: int) -> tuple[Longs, Longs]:
    """The medoids (K,) in order of days, and of each day (N,) the number of its medoid."""
    distance = np.array([np.abs(points - point).sum(axis=1) for point in points])
    chosen = [int(np.argmin(distance.sum(axis=1)))]
    while len(chosen) < count:
        gap = distance[:, chosen].min(axis=1)
        gap[chosen] = -1.0  # days that are alike to the bit are told apart
        chosen.append(int(np.argmax(gap)))
    medoids = np.sort(np.array(chosen, np.int64))
    for _ in range(100):
        nearest = _nearest(distance, medoids)
        moved = medoids.copy()
        for k in range(count):
            mine = np.flatnonzero(nearest == k)
            moved[k] = mine[np.argmin(distance[np.ix_(mine, mine)].sum(axis=1))]
        if (moved == medoids).all():
            break
        medoids = moved
    order = np.argsort(medoids)
    medoids = medoids[order]
    return medoids, _nearest(distance, medoids)


def _nearest(distance: Floats, medoids: Longs) -> Longs:
    nearest = distance[:, medoids].argmin(axis=1).astype(np.int64)
    nearest[medoids] = np.arange(len(medoids))
    return np.asarray(nearest, np.int64)
