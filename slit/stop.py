"""When a search stops, and why it did."""

from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np

from operators.types import Floats
from slit.errors import SlitError


class StopReason(StrEnum):
    """Why a search ended."""

    EVALUATIONS = "evaluations"
    MOVES = "moves"
    SECONDS = "seconds"
    STAGNATION = "stagnation"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    REQUEST = "request"


class StopRequest(Exception):  # noqa: N818 - no error, as StopIteration is none
    """Raised by a watcher that wants the search to end after the step it was shown."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Budgets; the first that is used up ends the search. None: no limit of this kind.

    A step of an optimizer is never cut, so the last one may go beyond a budget.
    `stagnation`: evaluations in a row within which the hypervolume of the front grew by less than
    one part in ten thousand; moves do not count.
    """

    evaluations: int | None = None
    moves: int | None = None
    seconds: float | None = None
    stagnation: int | None = None

    def __post_init__(self) -> None:
        units = {"seconds": "s", "stagnation": "evaluations"}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not value > 0:
                unit = units.get(field.name, field.name)
                raise SlitError(f"{field.name}: {value}, expected more than 0 (budget, {unit})")

    @property
    def limited(self) -> bool:
        """Whether any budget is set."""
        return any(getattr(self, field.name) is not None for field in fields(self))

    @property
    def endless_without_moves(self) -> bool:
        """Whether only moves are counted, of which population searches make none."""
        return self == Stop(moves=self.moves) and self.moves is not None

    def reached(self, *, evaluations: int, moves: int, seconds: float) -> StopReason | None:
        """Which budget is used up, if any (stagnation apart)."""
        if self.evaluations is not None and evaluations >= self.evaluations:
            return StopReason.EVALUATIONS
        if self.moves is not None and moves >= self.moves:
            return StopReason.MOVES
        if self.seconds is not None and seconds >= self.seconds:
            return StopReason.SECONDS
        return None

    def share(self, *, evaluations: int, moves: int, seconds: float) -> float:
        """The largest share of a budget that is used up, 0 to 1; 0 without any."""
        used = (
            (evaluations, self.evaluations),
            (moves, self.moves),
            (seconds, self.seconds),
        )
        return min(1.0, max((spent / limit for spent, limit in used if limit), default=0.0))


@dataclass(slots=True)
class Stagnation:
    """Watches the hypervolume of a front: has it grown within the last `patience` evaluations?

    The box is fixed when the first feasible plans are seen: objectives are scaled by their ranges
    there and the reference point lies one range beyond the worst. Everything it remembers is plain
    numbers, so a checkpoint can hold it.
    """

    patience: int
    last_growth: int = 0
    volume: float = 0.0
    low: tuple[float, ...] = ()
    span: tuple[float, ...] = ()
    next_look: int = 0
    last_look: int = 0

    GROWTH = 1e-4
    LOOKS = 10
    """Looks within the patience: the volume is not computed at every step."""

    @property
    def ended(self) -> bool:
        """Whether growth had ended at the last look."""
        return self.last_look - self.last_growth >= self.patience

    def due(self, evaluations: int) -> bool:
        """Whether it is time to look again, after so many evaluations."""
        return evaluations >= self.next_look

    def look(self, F: Floats, G: Floats, *, evaluations: int) -> bool:
        """Whether growth has ended. F (N, M) and G (N,) are of the plans kept so far."""
        from operators.indicators import hypervolume

        self.next_look = evaluations + max(1, self.patience // self.LOOKS)
        self.last_look = evaluations
        values = F[G <= 0]
        if not len(values):
            self.last_growth = evaluations
            return False
        if not self.low:
            low, high = values.min(axis=0), values.max(axis=0)
            scale = np.where(high > low, high - low, np.maximum(np.abs(high), 1e-9))
            self.low, self.span = tuple(low.tolist()), tuple(scale.tolist())
        scaled = (values - np.array(self.low)) / np.array(self.span)
        volume = hypervolume(scaled, reference=np.full(F.shape[1], 2.0))
        if volume > self.volume * (1 + self.GROWTH):
            self.volume, self.last_growth = volume, evaluations
        return self.ended
