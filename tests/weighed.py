"""Weighted sums of the linear objectives, for tests of local search: by tables and in full."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from slit.evaluator import Evaluator
from slit.kernels.epoch import Epoch
from slit.kernels.local_search import epoch_of_plan, improve_plan
from slit.kernels.scalar import Scalar, weigh
from slit.objectives import find
from slit.problem import Problem
from tests.cases import Case

Floats = NDArray[np.float64]
Genes = NDArray[np.int16]

SUMS = (
    "carbon",
    "water",
    "cost",
    "quality",
    "ttft",
    "slo_violation",
    "answer_loss",
    "energy",
    "scarcity_water",
)
"""Built-in objectives that are sums over epochs."""
MANY = 1 << 60
"""Moves: no limit."""


@dataclass(frozen=True)
class Weighed:
    """A case with weights (M,) on the objectives SUMS and a penalty per node beyond capacity."""

    case: Case
    weights: Floats
    penalty: float

    @property
    def problem(self) -> Problem:
        return self.case.problem

    @cached_property
    def evaluator(self) -> Evaluator:
        return Evaluator(self.problem, self.case.scenario, objectives=find(SUMS))

    @cached_property
    def scalar(self) -> Scalar:
        return weigh(self.weights, self.problem, self.evaluator.terms)

    def value(self, plan: Genes) -> float:
        """The weighted sum of a plan (G,), by full evaluation."""
        found = self.evaluator.evaluate(plan[None, :])
        return float(found.F[0] @ self.weights + self.penalty * found.G[0])

    def tolerance(self, *plans: Genes) -> float:
        """1e-9 of the terms' sizes before anything is subtracted."""
        found = self.evaluator.evaluate(np.stack(plans))
        size = np.abs(found.F) @ self.weights + self.penalty * found.G
        sites = np.abs(self.evaluator.terms.site) @ self.weights  # (T, D, 3)
        for n, plan in enumerate(plans):
            ledger = self.evaluator.ledger(plan)
            used = np.stack([ledger.it_kwh, ledger.facility_kwh, ledger.facility_kwh], axis=-1)
            size[n] += (sites * used).sum()
        return 1e-9 * float(size.max())

    def open(self, plan: Genes, t: int) -> Epoch:
        """Epoch t of a plan."""
        before = np.zeros(self.problem.placements, np.int64)
        return epoch_of_plan(plan, t, self.problem, self.scalar, before, self.penalty)

    def improved(
        self, plan: Genes, *, swaps: bool = True, most_moves: int = MANY
    ) -> tuple[Genes, int, float]:
        """The plan after one pass over its epochs, the moves evaluated and the change reported."""
        better = plan.copy()
        moves, change = improve_plan(
            better,
            self.problem,
            self.scalar,
            0,
            self.problem.epochs,
            self.penalty,
            swaps,
            most_moves,
        )
        return better, moves, change


def weighed(case: Case, *, seed: int, penalty: float) -> Weighed:
    """The case with random weights, some of them 0, scaled to what its first plan costs."""
    rng = np.random.default_rng(seed)
    evaluator = Evaluator(case.problem, case.scenario, objectives=find(SUMS))
    size = np.abs(evaluator.evaluate(case.plans[:1]).F[0])
    share = rng.dirichlet(np.full(len(SUMS), 0.5)) * (rng.random(len(SUMS)) < 0.8)
    return Weighed(case, share / np.maximum(size, 1e-3 * size.max()), penalty)
