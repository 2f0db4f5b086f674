"""How a search got better: the clock, and what was there when it was looked at."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from operators.archive import Archive
from operators.types import Floats
from slit.stop import Stop, StopReason

FIRST_LOOK = 1 / 256
LOOKS_PER_DOUBLING = 2
KEPT = 2000
"""Points of the archive that every method is given of all it evaluated."""


class Clock:
    """Seconds of a search, without those of looking: CPU seconds of this process, which other
    work on the machine hardly changes, or, where several threads search, wall time."""

    def __init__(self, *, threads: int = 1) -> None:
        self._now = time.process_time if threads == 1 else time.perf_counter
        self._start = self._now()
        self._paused: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return (self._now() if self._paused is None else self._paused) - self._start

    def pause(self) -> None:
        """Stop: what follows is not the search's."""
        self._paused = self._now()

    def go_on(self) -> None:
        """Run again."""
        if self._paused is not None:
            self._start += self._now() - self._paused
            self._paused = None


class Work(NamedTuple):
    """What a search has done so far."""

    evaluations: int
    moves: int
    seconds: float

    def over(self, stop: Stop) -> StopReason | None:
        """Which budget is used up, if any."""
        return stop.reached(**self._asdict())


class TrajectoryPoint(NamedTuple):
    """What had been done, and the objectives (N, M) of the feasible plans kept by then."""

    work: Work
    F: Floats


@dataclass(slots=True)
class Trajectory:
    """Snapshots of a search, geometrically in the used share of its budget."""

    stop: Stop
    seen: list[TrajectoryPoint] = field(default_factory=list)
    number: int = 0

    def due(self, work: Work) -> bool:
        """Whether a snapshot is due."""
        share = self.stop.share(**work._asdict())
        before = self.number
        while share >= FIRST_LOOK * 2 ** (self.number / LOOKS_PER_DOUBLING):
            self.number += 1
        return self.number > before


class Found:
    """Everything a search evaluated that was worth keeping, whatever it keeps itself."""

    def __init__(self, objectives: int) -> None:
        self._objectives = objectives
        self._batches: list[tuple[Floats, Floats]] = []
        self.size = 0

    def add(self, F: Floats, G: Floats) -> None:
        """Values of a batch; nothing is worked out yet, so this costs a search nothing."""
        self._batches.append((F, G))
        self.size += len(F)

    def front(self) -> Floats:
        """The feasible non-dominated values (K, M), thinned to `KEPT` where there are more."""
        return self.fronts([self.size])[0]

    def fronts(self, sizes: Sequence[int]) -> list[Floats]:
        """The same of the first so many values, for each of the rising `sizes`."""
        archive = Archive(genes=0, objectives=self._objectives, capacity=KEPT)
        none = np.zeros((0, self._objectives))
        F = np.concatenate([none, *(batch[0] for batch in self._batches)])
        G = np.concatenate([np.zeros(0), *(batch[1] for batch in self._batches)])
        found = []
        for first, last in zip([0, *sizes[:-1]], sizes, strict=True):
            genes = np.zeros((last - first, 0), np.int16)
            archive.add(genes, F[first:last], violation=G[first:last])
            found.append(archive.objectives)
        return found
