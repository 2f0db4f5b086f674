"""Choosing a plan: limits, preferences, and what relaxing a limit would buy. Numbers only."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats
from slit.app.points import FrontPoints
from slit.front import distance_to_best

Range = tuple[float | None, float | None]
"""Least and most that is accepted of an objective; None: no limit."""

AUGMENTATION = 1e-3
"""Share of the sum beside the maximum: without it a plan that is only weakly best may win."""
RELAXED_BY = 0.1


@dataclass(frozen=True, slots=True)
class LoosenedLimit:
    """What it buys to raise one limit from `limit` to `relaxed`.

    `best` is the plan chosen then (None if none remains even so), `changes` (M,) are its values
    against those of the plan chosen now, in per cent, None where that means nothing; `more` plans
    remain in addition.
    """

    objective: str
    limit: float
    relaxed: float
    best: int | None
    changes: tuple[float | None, ...]
    more: int


def remaining(points: FrontPoints, ranges: Mapping[str, Range]) -> Bools:
    """Which plans (N,) may be chosen and lie within all ranges."""
    mask = points.best.copy()
    for name, (low, high) in ranges.items():
        values = points.F[:, points.column(name)]
        if low is not None:
            mask &= values >= low
        if high is not None:
            mask &= values <= high
    return mask


def achievement(points: FrontPoints, preferences: Mapping[str, float]) -> Floats:
    """The achievement scalarization of each plan (N,): smaller is better (Wierzbicki 1980).

    Objectives are scaled to [0, 1] over the plans that may be chosen and weighted by preference
    (1 where none is stated; if all are 0, all are 1); the aspiration is the best of each.
    """
    chosen = points.F[points.best]
    low = chosen.min(axis=0)
    span = chosen.max(axis=0) - low
    weights = np.array([preferences.get(name, 1.0) for name in points.names])
    if not weights.any():
        weights = np.ones_like(weights)
    scaled = weights * (points.F - low) / np.where(span > 0, span, 1.0)
    return np.asarray(scaled.max(axis=1) + AUGMENTATION * scaled.sum(axis=1))


def is_stated(points: FrontPoints, preferences: Mapping[str, float]) -> bool:
    """Whether the preferences prefer anything: not if all objectives matter alike."""
    return len({preferences.get(name, 1.0) for name in points.names}) > 1


def distance(points: FrontPoints) -> Floats:
    """How far each plan (N,) is from the best of every objective at once (`distance_to_best`): of
    the front, or of the plans that may be chosen where none is on it."""
    front = points.on_front if points.on_front.any() else points.best
    return distance_to_best(points.F, points.F[front])


def merit(points: FrontPoints, preferences: Mapping[str, float]) -> Floats:
    """What plans (N,) are ranked by, smaller is better: `achievement` of stated preferences,
    without any `distance`, by which the best is the balanced plan."""
    stated = is_stated(points, preferences)
    return achievement(points, preferences) if stated else distance(points)


def best_plan(points: FrontPoints, mask: Bools, preferences: Mapping[str, float]) -> int | None:
    """The plan among `mask` of most merit; the first of equal ones; None if none is left.

    Without stated preferences, where that is the balanced plan of its run, the steady one that
    stands for it (`slit.steady`).
    """
    if not mask.any():
        return None
    score = merit(points, preferences)
    best = int(np.argmin(np.where(mask, score, np.inf)))
    if not is_stated(points, preferences):
        for mark in points.marks:
            if not mark.steady_balance or not mask[mark.row]:
                continue
            own = points.best & (points.run == points.run[mark.row])
            if best == int(np.argmin(np.where(own, score, np.inf))):
                return mark.row
    return best


def relaxations(
    points: FrontPoints, ranges: Mapping[str, Range], preferences: Mapping[str, float]
) -> dict[str, LoosenedLimit]:
    """For each objective with a limit above: what 10 % more of it would buy."""
    mask = remaining(points, ranges)
    now = best_plan(points, mask, preferences)
    by_objective = {}
    for name, (low, most) in ranges.items():
        if most is None:
            continue
        column = points.F[points.best, points.column(name)]
        size = abs(most) if most else float(column.max() - column.min())
        relaxed = most + RELAXED_BY * size
        wider = remaining(points, {**ranges, name: (low, relaxed)})
        best = best_plan(points, wider, preferences)
        by_objective[name] = LoosenedLimit(
            objective=name,
            limit=most,
            relaxed=relaxed,
            best=best,
            changes=_changes(points, now, best),
            more=int(wider.sum() - mask.sum()),
        )
    return by_objective


def nearest_miss(points: FrontPoints, ranges: Mapping[str, Range]) -> int:
    """The plan that misses the ranges least, relative to the spans of the objectives."""
    chosen = points.F[points.best]
    span = np.where(np.ptp(chosen, axis=0) > 0, np.ptp(chosen, axis=0), 1.0)
    miss = np.where(points.best, 0.0, np.inf)
    for name, (low, high) in ranges.items():
        m = points.column(name)
        above = 0.0 if high is None else np.maximum(points.F[:, m] - high, 0.0)
        below = 0.0 if low is None else np.maximum(low - points.F[:, m], 0.0)
        miss = miss + (above + below) / span[m]
    return int(np.argmin(miss))


def _changes(points: FrontPoints, now: int | None, then: int | None) -> tuple[float | None, ...]:
    if now is None or then is None:
        return (None,) * len(points.axes)
    return tuple(
        float(100 * (after / before - 1)) if before > 0 else None
        for before, after in zip(points.F[now], points.F[then], strict=True)
    )
