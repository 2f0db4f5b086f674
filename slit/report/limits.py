"""The limits of a run, and what its plans have of what they limit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.display import NOTHING, number, percent
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.limit_text import ResolvedLimit
from slit.record import Run

LIMIT_COLUMNS = ("Limit", "Number", "Unit", "Relative to")


@dataclass(frozen=True, slots=True, eq=False)
class LimitsData:
    """The L limits of a run, and what R of its plans have of the measures: NaN where the objective
    of a plug-in is not known here. `values` are those of the objectives."""

    limits: tuple[ResolvedLimit, ...]
    values: Floats  # (R, L)

    @property
    def most(self) -> Floats:
        """What is allowed, (L,)."""
        return np.array([limit.most for limit in self.limits])

    @property
    def stated(self) -> Floats:
        """The values of what was limited (R, L): of a floor those of 1 - objective."""
        floor = np.array([limit.at_least for limit in self.limits], np.bool_)
        return np.where(floor, 1.0 - self.values, self.values)

    @property
    def room(self) -> Floats:
        """How far plans are inside the limits (R, L), in per cent of these; minus is beyond."""
        size = np.abs([limit.as_stated(limit.most) for limit in self.limits])
        return np.asarray(100.0 * (self.most - self.values) / np.where(size == 0, 1.0, size))

    def exceeded(self, row: int) -> list[str]:
        """The limits that a plan is beyond, as they were asked for."""
        beyond = np.flatnonzero(self.values[row] > self.most)
        return [self.limits[n].text for n in beyond]


def limits_data(run: Run, rows: Sequence[int]) -> LimitsData:
    """The limits of a run for some rows of its front."""
    limits, front = run.manifest.resolved_limits, run.front
    values = np.full((len(rows), len(limits)), np.nan)
    for n, limit in enumerate(limits):
        if limit.measure in front.names:
            values[:, n] = front.F[list(rows), front.names.index(limit.measure)]
            continue
        try:
            measured = find([limit.measure])
        except SlitError:  # of a plug-in that was not loaded
            continue
        judge = Evaluator(run.problem, run.scenario, objectives=measured)
        values[:, n] = judge.evaluate(front.X[list(rows)]).F[:, 0]
    return LimitsData(limits, values)


def limit_rows(limits: Sequence[ResolvedLimit]) -> list[list[str]]:
    """A row a limit: as asked for, the number, its unit, and what it is relative to."""
    return [
        [
            limit.text,
            number(limit.as_stated(limit.most)),
            limit.unit,
            NOTHING
            if limit.plan is None or limit.value is None
            else f"{limit.plan}: {number(limit.as_stated(limit.value))}",
        ]
        for limit in limits
    ]


def room_text(value: float, room: float) -> str:
    """A value and how far it is below its limit: "0.3509 (+2.5 %)"."""
    return NOTHING if np.isnan(value) else f"{number(value)} ({percent(room)})"


def describe_room(data: LimitsData, row: int) -> str:
    """What a plan has of each limit and the room that it leaves, in one sentence."""
    said = ", ".join(
        f"{limit.text}: {room_text(value, room)}"
        for limit, value, room in zip(
            data.limits, data.stated[row].tolist(), data.room[row].tolist(), strict=True
        )
    )
    return f"Limits, with the room to them (minus is beyond): {said}."


def describe_limits(limits: Sequence[ResolvedLimit]) -> str:
    """The limits in one line, with the numbers of those that are relative."""
    return ", ".join(
        limit.text
        if limit.plan is None
        else f"{limit.text} ({number(limit.as_stated(limit.most))} {limit.unit})"
        for limit in limits
    )
