"""The loop of a measured search: CPU seconds, and snapshots that cost it nothing.

`slit.run.run` stops by wall time and keeps a short history; here fronts are kept on the way.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.measuring.trajectory import Clock, Found, Trajectory, TrajectoryPoint, Work
from operators.types import Floats
from slit.evaluator import Evaluator
from slit.optimizers.protocol import Optimizer, Plans
from slit.stop import Stop, StopReason


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """How a search went. `kept` is its own front, `found` (K, M) the best of all it evaluated."""

    kept: Plans
    found: Floats
    snapshots: tuple[TrajectoryPoint, ...]
    work: Work
    stop: StopReason


def search(optimizer: Optimizer, evaluator: Evaluator, *, stop: Stop, threads: int = 1) -> Searched:
    """Let `optimizer` search until `stop`, whose seconds are those of `Clock`."""
    trajectory, found = Trajectory(stop), Found(len(evaluator.objectives))
    evaluations, reason = 0, None
    clock = Clock(threads=threads)
    while reason is None:
        plans = optimizer.ask()
        if not len(plans):
            reason = StopReason.FINISHED
            break
        evaluation = evaluator.evaluate(plans)
        optimizer.tell(evaluation)
        evaluations += len(plans)
        work = Work(evaluations, optimizer.moves, clock.seconds)
        clock.pause()
        found.add(evaluation.F, evaluation.G)
        reason = work.over(stop)
        if reason is None and trajectory.due(work):
            trajectory.seen.append(TrajectoryPoint(work, feasible(optimizer.front())))
        clock.go_on()
    work = Work(evaluations, optimizer.moves, clock.seconds)
    kept = optimizer.front()
    return Searched(
        kept=kept,
        found=found.front(),
        snapshots=(*trajectory.seen, TrajectoryPoint(work, feasible(kept))),
        work=work,
        stop=reason,
    )


def feasible(plans: Plans) -> Floats:
    """Objectives of the feasible plans."""
    return np.asarray(plans.F[plans.G <= 0])
