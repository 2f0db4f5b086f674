"""What rounding changes: the rounded plan judged by every objective of its run.

Chunks of a run are coarser than the grids of gateways, so that most rounding would vanish in them.
Therefore both the plan and the rounded plan are laid on a finer problem, of FINE_CHUNKS a group on
average, and evaluated there: the change is that of rounding alone. What is finer than these chunks
is not judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from operators.types import Bools, Floats
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.export.rounding import Backends
from slit.objectives import Objective
from slit.problem import Problem, compile_problem
from slit.problem.shares import round_shares
from slit.scenario.records import Resolution
from slit.scenario.scenario import Scenario

FINE_CHUNKS = 1000


@dataclass(frozen=True, slots=True)
class Judged:
    """Objectives of a rounded plan beside those of the plan, at the same chunks.

    change: in per cent of the plan's size, plus is worse; None where the plan has 0.
    violation: of the plan and of the rounded plan.
    """

    names: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    change: tuple[float | None, ...]
    violation: tuple[float, float]

    @property
    def worst(self) -> float:
        """The largest change for the worse in per cent, infinite where 0 became more."""
        found = [0.0]
        for before, after, change in zip(self.before, self.after, self.change, strict=True):
            if change is None:
                found.append(np.inf if after > before else 0.0)
            else:
                found.append(change)
        return max(found)


def at_placements(
    problem: Problem, shares: Floats, effective: Floats, backends: Backends, *, called: str
) -> Floats:
    """Shares (J, P) of placements where backends get `effective` (J, B): inside a backend as the
    plan's `shares` (J, P), and where it sends a group none, as all its groups of the epoch.

    Raises SlitError where a group would be served where it may not be.
    """
    epochs = problem.epochs
    of_epoch = np.zeros((epochs, shares.shape[1]))
    np.add.at(of_epoch, problem.group_epoch, shares * problem.group_requests[:, None])
    own = backends.sums(shares)[:, backends.of_placement]
    others = of_epoch[problem.group_epoch] * problem.allowed
    all_of = backends.sums(others)[:, backends.of_placement]
    split = np.where(own > 0, _over(shares, own), _over(others, all_of))
    found = np.asarray(split * effective[:, backends.of_placement], np.float64)
    lost: Bools = found.sum(axis=1) < effective.sum(axis=1) - 1e-6
    if lost.any():
        j = int(np.argmax(lost))
        raise SlitError(
            f"{called}: cannot express the plan: it would serve origin {problem.group_origin[j]}, "
            f"class {problem.group_class[j]} where they may not be served, as it has one list for "
            "several; expected a target with a list for each origin and class (slit export --list)"
        )
    return found


def judge(
    scenario: Scenario, objectives: Sequence[Objective], plan: Floats, rounded: Sequence[Floats]
) -> tuple[Judged, ...]:
    """Each of the rounded plans, shares (J, P), beside the plan, (J, P)."""
    genes = len(plan) * FINE_CHUNKS
    fine = replace(scenario, resolution=Resolution(genes=min(genes, 20_000_000)))
    problem = compile_problem(fine)
    evaluator = Evaluator(problem, fine, objectives=objectives)
    genes_of = [round_shares(problem, each) for each in (plan, *rounded)]
    found = evaluator.evaluate(np.stack(genes_of))
    before = found.F[0]
    return tuple(
        Judged(
            names=evaluator.names,
            before=tuple(before.tolist()),
            after=tuple(after.tolist()),
            change=tuple(map(_change, before.tolist(), after.tolist())),
            violation=(float(found.G[0]), float(violation)),
        )
        for after, violation in zip(found.F[1:], found.G[1:], strict=True)
    )


def _change(before: float, after: float) -> float | None:
    return 100.0 * (after - before) / abs(before) if before else None


def _over(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
