"""What the front offers against each reference plan without losing more quality than that plan."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats
from slit.display import NOTHING, percent
from slit.front import Front, change_percent, distance_to_best
from slit.objectives.builtin import quality
from slit.report.marks import Axis
from slit.report.markup import Html, table, tag
from slit.report.picks import PicksData

ALLOWANCES = (0.0, 0.01, 0.05)
"""How much more quality than the reference plan a plan may lose, as a share of what that loses."""
EQUAL_QUALITY = (
    "Of the plans that lose no more quality than a reference plan, or 1 % and 5 % more of what it "
    "loses, the one balanced in all else, as change against that plan (minus is less, so better). "
    "Quality is that of all requests together, not of each class."
)


@dataclass(frozen=True, slots=True, eq=False)
class EqualQualityRow:
    """The balanced one of the `plans` plans of the front that lose at most (1 + allowance) times
    the quality that the plan called `reference` loses.

    violation, beyond: of the reference plan, and in words. row, plan: of the balanced one in the
    front, its number in the run; None where no plan qualifies. values (M,): its objectives, change
    (M,): against the reference plan in per cent, None where that means nothing; both empty where no
    plan qualifies.
    """

    reference: str
    violation: float
    beyond: str
    allowance: float
    plans: int
    row: int | None
    plan: int | None
    values: Floats
    change: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EqualQuality:
    """For each reference plan and each of ALLOWANCES one row, in this order; M objectives `axes`.

    Quality is that of all requests together, not of each class.
    """

    axes: tuple[Axis, ...]
    rows: tuple[EqualQualityRow, ...]


def equal_quality_data(front: Front, picks: PicksData) -> EqualQuality | None:
    """The comparison at equal quality with each reference plan among the picks of a front; None
    without one, or where quality is not an objective. Plans compared are those on the front that
    are no reference plan."""
    if quality.name not in front.names or not picks.references:
        return None
    m = front.names.index(quality.name)
    references = [picks.marks[picks.row(name)] for name in picks.references]
    own = front.undominated.copy()
    own[[mark.row for mark in references]] = False
    rows = []
    for mark in references:
        base = front.F[mark.row]
        for allowance in ALLOWANCES:
            most = float(base[m] + allowance * abs(base[m]))
            row, count = balanced_within(front.F, own, objective=m, most=most)
            values = np.empty(0) if row is None else front.F[row]
            rows.append(
                EqualQualityRow(
                    reference=mark.name,
                    violation=float(front.G[mark.row]),
                    beyond=front.beyond(mark.row),
                    allowance=allowance,
                    plans=count,
                    row=row,
                    plan=None if row is None else int(front.plans[row]),
                    values=values,
                    change=() if row is None else tuple(change_percent(values, base)),
                )
            )
    return EqualQuality(picks.axes, tuple(rows))


def balanced_within(
    F: Floats, candidates: Bools, *, objective: int, most: float
) -> tuple[int | None, int]:
    """Of the `candidates` (N,) with at most `most` of an objective the row of the one balanced in
    all others (`distance_to_best` among them), and how many they are. F (N, M)."""
    found = np.flatnonzero(candidates & (F[:, objective] <= most))
    if not len(found):
        return None, 0
    others = np.delete(F[found], objective, axis=1)
    return int(found[np.argmin(distance_to_best(others, others))]), len(found)


def equal_quality_columns(axes: Sequence[Axis]) -> list[str]:
    """The header of a table with the rows of `equal_quality_rows`."""
    return ["Against", "May lose", "Plans", "Plan", *(axis.called for axis in axes)]


def equal_quality_rows(found: EqualQuality) -> list[list[str]]:
    """The rows of a table: reference plan, allowance, how many plans qualify, the balanced one and
    its changes."""
    return [
        [
            f"{each.reference} ({over})" if (over := each.beyond) else each.reference,
            f"+{each.allowance:.0%}".replace("%", " %") if each.allowance else "no more",
            f"{each.plans:,}",
            NOTHING if each.plan is None else str(each.plan),
            *(map(percent, each.change) if each.change else [NOTHING] * len(found.axes)),
        ]
        for each in found.rows
    ]


def equal_quality_section(found: EqualQuality) -> Html:
    """The comparison as a table."""
    columns = equal_quality_columns(found.axes)
    return tag(
        "section",
        tag("h2", "At equal quality"),
        tag("p", EQUAL_QUALITY),
        table(
            "The balanced plan of those that lose no more quality, against each reference plan",
            columns,
            equal_quality_rows(found),
            numeric=frozenset(range(2, len(columns))),
        ),
        id="equal-quality",
    )
