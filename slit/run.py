"""The one loop: ask, evaluate, tell, until a budget is used up."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from operators.dominance import distinct_objectives
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front
from slit.ledger import refused_starts
from slit.objectives.limit_text import ResolvedLimit
from slit.optimizers.protocol import Optimizer, Phase, Plans
from slit.stop import Stagnation, Stop, StopReason, StopRequest

if TYPE_CHECKING:
    from slit.certificates.certified import Certified

IDLE_STEPS = 10
"""Steps without a move after which a search is taken to make none."""
LONGEST_HISTORY = 256
"""Entries of a history: when there are more, every second is dropped."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """How far a search had come: `best` (M,) are the least values of the plans kept so far, each
    objective for itself; `plans` is their number, 0 as long as none is feasible."""

    evaluations: int
    moves: int
    seconds: float
    plans: int
    best: tuple[float, ...]


@dataclass(slots=True)
class LoopState:
    """What the loop itself remembers between steps, in plain numbers (for checkpoints)."""

    step: int = 0
    evaluations: int = 0
    moves: int = 0
    seconds: float = 0.0
    stride: int = 1
    history: list[HistoryEntry] = field(default_factory=list)
    stagnation: Stagnation | None = None

    def to_json(self) -> dict[str, Any]:
        """As dicts, lists and numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "LoopState":
        """Back from `to_json`."""
        history = [
            HistoryEntry(**{**entry, "best": tuple(entry["best"])}) for entry in data["history"]
        ]
        watched = data["stagnation"]
        if watched is not None:
            boxed = {name: tuple(watched[name]) for name in ("low", "span")}
            watched = Stagnation(**{**watched, **boxed})
        return cls(**{**data, "history": history, "stagnation": watched})


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """What a watcher is shown after every step. `share` (0 to 1) is the used part of the budget."""

    loop: LoopState
    share: float
    optimizer: Optimizer


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Result:
    """What a run found, and why it stopped.

    `front` holds the plans that were kept and, from `slit.optimize`, the reference plans beside
    them. `evaluations` are full evaluations, `moves` incremental ones, `seconds` wall time.
    `phases` are those of the lexicographic plan; `notes` say what a reader should know. `certified`
    holds the certificate and the front's share of it, where `slit.optimize` was asked for one;
    `limits` are what no feasible plan exceeds.
    """

    front: Front
    stop: StopReason
    evaluations: int
    moves: int
    seconds: float
    history: tuple[HistoryEntry, ...]
    phases: tuple[Phase, ...] = ()
    notes: tuple[str, ...] = ()
    certified: "Certified | None" = None
    limits: tuple[ResolvedLimit, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether a feasible plan was found; if not, the front holds those of least violation."""
        return self.front.feasible

    def __repr__(self) -> str:
        return (
            f"<Result: {self.front!r}, {self.evaluations:,} evaluations, {self.moves:,} moves, "
            f"{self.seconds:.1f} s, stopped by {self.stop}>"
        )


Watch = Callable[[Progress], None]


def run(
    optimizer: Optimizer,
    evaluator: Evaluator,
    *,
    stop: Stop,
    watch: Watch | None = None,
    state: LoopState | None = None,
) -> Result:
    """Let `optimizer` search until `stop`; `watch` is called after every step.

    A watcher that raises `StopRequest` ends the search, with what was found so far.
    `state` continues a loop that was interrupted (the optimizer is restored beside it). Ctrl-C
    ends the search after the step under way, with what was found so far; a second one at once.
    Raises SlitError if `stop` sets no budget, or only one of moves and the optimizer makes none.
    """
    if not stop.limited:
        raise SlitError("budget: none, expected evaluations, moves, seconds or stagnation")
    loop = state or LoopState()
    if stop.stagnation is None:
        loop.stagnation = None
    elif loop.stagnation is None:
        loop.stagnation = Stagnation(stop.stagnation)
    else:
        loop.stagnation.patience = stop.stagnation
    start = perf_counter() - loop.seconds
    reason = stop.reached(evaluations=loop.evaluations, moves=loop.moves, seconds=loop.seconds)
    if reason is None and loop.stagnation is not None and loop.stagnation.ended:
        reason = StopReason.STAGNATION
    try:
        with deferred_interrupt() as interrupted:
            while reason is None:
                reason = _step(optimizer, evaluator, stop, loop, start)
                if watch is not None and reason is not StopReason.FINISHED:
                    watch(Progress(loop, _share(stop, loop), optimizer))
                if interrupted():
                    reason = StopReason.INTERRUPTED
        if interrupted():  # after the last look
            reason = StopReason.INTERRUPTED
    except KeyboardInterrupt:
        reason = StopReason.INTERRUPTED
    except StopRequest:
        reason = StopReason.REQUEST
    loop.seconds = perf_counter() - start
    kept = optimizer.front()
    if not loop.history or loop.history[-1].evaluations < loop.evaluations:
        loop.history.append(_entry(kept, loop))
    distinct = kept.rows(distinct_objectives(kept.F))
    return Result(
        front=front_of(distinct, evaluator, method=optimizer.name),
        stop=reason,
        evaluations=loop.evaluations,
        moves=loop.moves,
        seconds=loop.seconds,
        history=tuple(loop.history),
    )


def front_of(plans: Plans, evaluator: Evaluator, *, method: str) -> Front:
    """Evaluated plans as a front whose rows were all made by `method`."""
    return Front(
        X=plans.X,
        F=plans.F,
        G=plans.G,
        names=evaluator.names,
        units=tuple(objective.unit for objective in evaluator.objectives),
        methods=(method,) * len(plans.X),
        titles=tuple(each.title_in(evaluator.scenario) for each in evaluator.objectives),
        refused=refused_starts(evaluator.problem, plans.X, plans.G),
    )


def _step(
    optimizer: Optimizer, evaluator: Evaluator, stop: Stop, loop: LoopState, start: float
) -> StopReason | None:
    plans = optimizer.ask()
    if not len(plans):
        return StopReason.FINISHED
    optimizer.tell(evaluator.evaluate(plans))
    evaluator.count_moves(optimizer.moves - loop.moves)
    loop.step += 1
    loop.evaluations += len(plans)
    loop.moves = optimizer.moves
    loop.seconds = perf_counter() - start
    stagnant = False
    if loop.step % loop.stride == 0:
        loop.history.append(_entry(optimizer.front(), loop))
        if len(loop.history) > LONGEST_HISTORY:
            loop.history = loop.history[1::2]
            loop.stride *= 2
    if loop.stagnation is not None and loop.stagnation.due(loop.evaluations):
        kept = optimizer.front()
        stagnant = loop.stagnation.look(kept.F, kept.G, evaluations=loop.evaluations)
    over = stop.reached(evaluations=loop.evaluations, moves=loop.moves, seconds=loop.seconds)
    if stop.endless_without_moves and loop.step >= IDLE_STEPS and loop.moves == 0:
        why = f"{optimizer.name} makes no moves"
        raise SlitError(f"moves: {stop.moves}, expected evaluations or seconds ({why})")
    return StopReason.STAGNATION if stagnant and over is None else over


def _share(stop: Stop, loop: LoopState) -> float:
    return stop.share(evaluations=loop.evaluations, moves=loop.moves, seconds=loop.seconds)


def _entry(kept: Plans, loop: LoopState) -> HistoryEntry:
    feasible = kept.F[kept.G <= 0]
    known = feasible if len(feasible) else kept.F
    best = known.min(axis=0) if len(known) else np.full(kept.F.shape[1], np.nan)
    return HistoryEntry(
        loop.evaluations, loop.moves, loop.seconds, len(feasible), tuple(best.tolist())
    )


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C is only noted, so that nothing is left between two states; a second one acts
    at once. Yields a function that says whether there was one."""
    noted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield noted.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: Any) -> None:  # noqa: ARG001 - what signal handlers are given
        noted.set()
        signal.signal(signal.SIGINT, before)

    if before is not signal.default_int_handler:
        yield noted.is_set
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield noted.is_set
    finally:
        signal.signal(signal.SIGINT, before)
