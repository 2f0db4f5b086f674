"""The table of picks: plans with a name, their values, and their change against a reference."""

from dataclasses import dataclass

from operators.types import Bools, Floats
from slit.front import Front, broken_by, change_percent
from slit.report.marks import Axis, Mark, Role, axes_of, marks_of
from slit.scenario.routing import TODAY

FIRST_REFERENCES = (TODAY, "nearest", "round_robin")
"""What changes refer to if the user names nothing: the first that the run holds."""


@dataclass(frozen=True, slots=True, eq=False)
class PicksData:
    """Shapes: R picks, M objectives (`axes`). `reference` is the pick changes refer to, or None."""

    axes: tuple[Axis, ...]
    marks: tuple[Mark, ...]  # (R,)
    values: Floats  # (R, M)
    violation: Floats  # (R,)
    beyond: tuple[str, ...]  # (R,) what that is, in words; empty where there is none
    undominated: Bools  # (R,); also where another plan has the same values
    reference: str | None
    changes: tuple[tuple[float | None, ...], ...]  # (R, M) per cent; None where it means nothing

    @property
    def references(self) -> tuple[str, ...]:
        """Picks that changes may refer to: those that the search did not make."""
        return tuple(
            mark.name
            for mark in self.marks
            if mark.role in (Role.REFERENCE, Role.BASELINE, Role.RIVAL)
        )

    def row(self, name: str) -> int:
        """The row of the pick called `name`."""
        return [mark.name for mark in self.marks].index(name)


def picks_data(front: Front, *, search: str, reference: str | None = None) -> PicksData:
    """The picks of a front whose search is called `search`.

    Changes refer to the pick called `reference`; without it to the first of FIRST_REFERENCES, else
    to another baseline.
    """
    marks = marks_of(front, search=search)
    rows = [mark.row for mark in marks]
    chosen = reference if reference is not None else default_reference(marks)
    base = next((front.F[mark.row] for mark in marks if mark.name == chosen), None)
    changes = tuple(
        tuple(change_percent(front.F[row], base))
        if base is not None
        else (None,) * len(front.names)
        for row in rows
    )
    return PicksData(
        axes=axes_of(front),
        marks=marks,
        values=front.F[rows],
        violation=front.G[rows],
        beyond=tuple(broken_by(front, row) for row in rows),
        undominated=front.undominated[rows],
        reference=chosen if base is not None else None,
        changes=changes,
    )


def default_reference(marks: tuple[Mark, ...]) -> str | None:
    """What changes refer to if nothing is named."""
    names = [mark.name for mark in marks]
    candidates = [name for name in FIRST_REFERENCES if name in names]
    candidates += [mark.name for mark in marks if mark.role is Role.BASELINE]
    return candidates[0] if candidates else None
