"""What the loop of a search tells, kept for a page that asks now and then."""

import threading
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from operators.indicators import hypervolume
from operators.types import Floats
from slit.run import Progress
from slit.stop import StopRequest

EVERY_SECONDS = 1.0
LARGEST_SHARE = 0.05
"""Of the time of the search that may go into looking at it."""
MOST_POINTS = 1000
REACH = 2.0
"""The reference point of the hypervolume lies this many spans from the first front's best."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchSnapshot:
    """How far a search has come. Shapes: N feasible plans kept (a sample of `plans`), M objectives.

    `times` and `volumes` are the history of the hypervolume, in s and as a share of the box.
    """

    evaluations: int = 0
    moves: int = 0
    seconds: float = 0.0
    share: float = 0.0
    plans: int = 0
    F: Floats | None = None  # (N, M)
    times: tuple[float, ...] = ()
    volumes: tuple[float, ...] = ()
    stopping: bool = False
    ended: bool = False
    message: str = ""
    explorable: bool = False  # the page of the result stands at the same address

    @property
    def rate(self) -> float:
        """Evaluations and moves a second."""
        return (self.evaluations + self.moves) / max(self.seconds, 1e-9)


class ProgressFeed:
    """Stands between the loop of a search and the page that shows it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot = SearchSnapshot()
        self._next = 0.0
        self._low: Floats | None = None
        self._span: Floats | None = None

    @property
    def snapshot(self) -> SearchSnapshot:
        """The last that is known."""
        with self._lock:
            return self._snapshot

    @property
    def stopped(self) -> bool:
        """Whether the page asked the search to end."""
        return self.snapshot.stopping

    def stop(self) -> None:
        """Ask the search to end after the step under way."""
        with self._lock:
            self._snapshot = replace(self._snapshot, stopping=True)

    def end(self, message: str, *, explorable: bool) -> None:
        """Say that the search is over, how, and whether its result can be explored here."""
        with self._lock:
            self._snapshot = replace(
                self._snapshot, ended=True, message=message, explorable=explorable
            )

    def watch(self, progress: Progress) -> None:
        """To be called after every step; raises StopRequest if the page asked for the end."""
        if self.stopped:
            raise StopRequest
        now = monotonic()
        if now < self._next:
            return
        loop = progress.loop
        kept = progress.optimizer.front()
        F = kept.F[kept.G <= 0]
        rows = np.linspace(0, len(F) - 1, min(len(F), MOST_POINTS)).round().astype(int)
        sample = F[np.lexsort(F.T[::-1])][rows] if len(F) else F
        volume = self._volume(sample)
        with self._lock:
            snapshot = self._snapshot
            self._snapshot = replace(
                snapshot,
                evaluations=loop.evaluations,
                moves=loop.moves,
                seconds=loop.seconds,
                share=progress.share,
                plans=len(F),
                F=sample,
                times=(*snapshot.times, loop.seconds),
                volumes=(*snapshot.volumes, volume),
            )
        self._next = monotonic() + max(EVERY_SECONDS, (monotonic() - now) / LARGEST_SHARE)

    def _volume(self, F: Floats) -> float:
        """The share that the plans (N, M) dominate of a box fixed by the first ones seen."""
        if not len(F):
            return 0.0
        if self._low is None or self._span is None:
            self._low = F.min(axis=0)
            span = np.ptp(F, axis=0)
            self._span = np.where(span > 0, span, np.maximum(np.abs(F.max(axis=0)), 1e-9))
        scaled = (F - self._low) / self._span
        corner = np.full(F.shape[1], REACH)
        return float(hypervolume(scaled, reference=corner) / REACH ** F.shape[1])
