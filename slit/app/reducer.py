"""What the page answers when a knob moves or a plan is pressed: state in, state out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from operators.types import Bools, Longs
from slit.app.plan_selection import (
    LoosenedLimit,
    Range,
    best_plan,
    is_stated,
    merit,
    nearest_miss,
    relaxations,
    remaining,
)
from slit.app.points import FrontPoints
from slit.app.state import PageState
from slit.display import number, percent
from slit.errors import SlitError
from slit.front import BALANCED
from slit.optimizers.registry import find as find_optimizer
from slit.report.marks import Role
from slit.scenario.routing import TODAY

PAGE = 12
"""Rows of the table at a time."""


class Event(StrEnum):
    """What happened."""

    KNOBS = "knobs"  # a limit, a preference, a brush: the best remaining plan is chosen
    PLAN = "plan"  # a plan was pressed: it stays
    LOOK = "look"  # axes, colors, theme


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The new state and what it amounts to. Shapes: N plans."""

    state: PageState
    mask: Bools  # (N,) remaining plans
    best: int | None  # the plan that achieves most, if any remains
    selected: int  # the plan that is shown
    relaxed: Mapping[str, LoosenedLimit]
    table: Longs  # remaining plans in the order of the table


def answer(points: FrontPoints, state: PageState, event: Event) -> Answer:
    """Filter, choose and sort."""
    mask = remaining(points, state.ranges)
    best = best_plan(points, mask, state.preferences)
    selected = points.index.get(state.plan) if state.plan is not None else None
    if selected is None or event is Event.KNOBS:
        selected = best if best is not None else nearest_miss(points, state.ranges)
    other = state.other if state.other in points.index else compared_first(points, selected)
    return Answer(
        state=replace(state, plan=points.keys[selected], other=other),
        mask=mask,
        best=best,
        selected=selected,
        relaxed=relaxations(points, state.ranges, state.preferences),
        table=ordered(points, mask, state),
    )


def compared_first(points: FrontPoints, plan: int) -> str:
    """What a plan is compared with where nothing is stated: the reference of its run, or, for
    that, the balanced plan."""
    reference = points.references[int(points.run[plan])]
    row = None if reference is None else reference[1]
    if row is None or row == plan:
        row = best_plan(points, points.best, {})
    return points.keys[plan if row is None else row]


def ordered(points: FrontPoints, mask: Bools, state: PageState) -> Longs:
    """The remaining plans by an objective, or by merit."""
    rows = np.flatnonzero(mask)
    if state.sort:
        key = points.F[rows, points.column(state.sort)]
    else:
        key = merit(points, state.preferences)[rows]
    return np.asarray(rows[np.argsort(key, kind="stable")])


def with_limits(
    points: FrontPoints, state: PageState, limits: Mapping[str, float | None]
) -> PageState:
    """The state with other upper limits; one at or above the largest value limits nothing."""
    ranges = dict(state.ranges)
    for name, most in limits.items():
        column = points.F[points.best, points.column(name)]
        top = None if most is None or most >= column.max() else most
        ranges[name] = ranges.get(name, (None, None))[0], top
    return replace(state, ranges=_said(ranges))


def with_ranges(points: FrontPoints, state: PageState, ranges: Mapping[str, Range]) -> PageState:
    """The state with these ranges and no others; what is unknown is left out."""
    return replace(state, ranges=_said({n: r for n, r in ranges.items() if n in points.names}))


def _said(ranges: Mapping[str, Range]) -> dict[str, Range]:
    return {name: ends for name, ends in ranges.items() if ends != (None, None)}


def is_recommended(points: FrontPoints, shown: Answer) -> bool:
    """Whether the plan that is shown is the one that the page opens with."""
    state = shown.state
    stated = is_stated(points, state.preferences)
    return shown.selected == shown.best and state.ranges == points.preset and not stated


def describe_choice(points: FrontPoints, shown: Answer) -> str:
    """Why the plan that is shown is shown, in one sentence."""
    count, state = int(shown.mask.sum()), shown.state
    if shown.best is None:
        return "No plan meets all limits: this one misses them least."
    if shown.selected == shown.best:
        within = f" of the {count:,} plans within your limits" if state.ranges else ""
        if points.limits and is_recommended(points, shown):
            within = f" of {count:,} plans that meet the limits"
        if is_stated(points, state.preferences):
            return f"The plan{within} that comes closest to the best of what you say matters."
        of = within or f" of all {count:,} plans"
        steady = any(mark.steady_balance and mark.row == shown.best for mark in points.marks)
        made = ", made steady so that fewer requests are rerouted" if steady else ""
        return f"The balanced plan:{of}, the {BALANCED}{made}."
    mark = next((mark for mark in points.marks if mark.row == shown.selected), None)
    if mark is None:
        return "Chosen by hand."
    if mark.role is Role.EXTREME:
        extremes = [
            axis.title.lower()
            for axis, values in zip(points.axes, points.F.T, strict=True)
            if values[mark.row] <= values[points.best].min()
        ]
        return f"The least of all plans: {', '.join(extremes)}."
    if mark.role is Role.BALANCE:
        return f"The balanced plan of its run: {BALANCED}."
    if mark.method == TODAY:
        return "A plan to compare with: today's routing."
    try:
        return f"A plan to compare with ({mark.role}): {find_optimizer(mark.method).line}."
    except SlitError:
        return f"A plan to compare with ({mark.role})."


def describe_remaining(points: FrontPoints, shown: Answer) -> str:
    """How many plans remain, or that none does."""
    count, total = int(shown.mask.sum()), int(points.best.sum())
    if not count:
        return "No plan meets all limits: shown is the one that misses them least."
    if count == total:
        return f"All {total:,} plans remain."
    return f"{count:,} of {total:,} plans remain."


def describe_relaxation(points: FrontPoints, relaxation: LoosenedLimit) -> str:
    """What 10 % more of a limit would buy, in words."""
    m = points.column(relaxation.objective)
    head = f"10 % more ({number(relaxation.relaxed)} {points.axes[m].unit})"
    if relaxation.best is None:
        return f"{head}: still no plan."
    gains = [
        f"{axis.title.lower()} {percent(change)}"
        for n, (axis, change) in enumerate(zip(points.axes, relaxation.changes, strict=True))
        if change is not None and abs(change) >= 0.05 and n != m
    ]
    if not gains:
        plans = f", {relaxation.more:,} more plans" if relaxation.more else ""
        return f"{head}: no better plan{plans}."
    return f"{head}: {', '.join(gains)}."
