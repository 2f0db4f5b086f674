"""Weighted sums of objectives, for tests of local search: by tables and in full."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from operators.types import Floats, Genes
from slit.evaluator import Evaluator
from slit.kernels.epoch import Epoch
from slit.kernels.local_search import epoch_of_plan, improve_plan
from slit.kernels.scalarization import Scalarization, scalarize
from slit.objectives import Objective, cell_objective, find
from slit.problem import Problem
from slit.scenario.scenario import Scenario
from tests.cases import Case
from tests.restricted import restricted_names

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
STABILITY = "reroute", "starts", "switches"
"""Built-in objectives of what changes between epochs."""
MANY = 1 << 60
"""Moves: no limit."""


def water_figures(problem: Problem, scenario: Scenario) -> Floats:
    return np.stack([problem.wue, problem.ewif], axis=-1)


@cell_objective(name="squares", unit="1", title="Of squares", data=water_figures)
def squares(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return data[0] * grid**2 + data[1] * it + nodes**2  # type: ignore[no-any-return]


@cell_objective(name="steps", unit="1", title="With steps, which rounding must not pass")
def steps(it: float, facility: float, grid: float, nodes: float, data: Floats) -> float:
    return 3.0 * facility if facility > 2.0 * nodes or grid > 40.0 else facility


PLUGGED = squares, steps
"""Cell-wise objectives that no linear one comes near."""


@dataclass(frozen=True)
class Weighed:
    """A case with weights (M,) on its objectives and a penalty per node beyond capacity."""

    case: Case
    objectives: tuple[Objective, ...]
    weights: Floats
    penalty: float

    @property
    def problem(self) -> Problem:
        return self.case.problem

    @cached_property
    def evaluator(self) -> Evaluator:
        return Evaluator(self.problem, self.case.scenario, objectives=self.objectives)

    @cached_property
    def scalarization(self) -> Scalarization:
        evaluator = self.evaluator
        return scalarize(
            self.weights, self.problem, evaluator.terms, cell_objectives=evaluator.cell_objectives
        )

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
        return epoch_of_plan(plan, t, self.problem, self.scalarization, before, self.penalty)

    def improved(
        self, plan: Genes, *, swaps: bool = True, most_moves: int = MANY
    ) -> tuple[Genes, int, float]:
        """The plan after one pass over its epochs, the moves evaluated and the change reported."""
        better = plan.copy()
        moves, change = improve_plan(
            better,
            self.problem,
            self.scalarization,
            0,
            self.problem.epochs,
            self.penalty,
            swaps,
            most_moves,
        )
        return better, moves, change


def weighed(
    case: Case,
    *,
    seed: int,
    penalty: float,
    plugged: bool = False,
    stable: bool = False,
    parts: bool = False,
) -> Weighed:
    """The case with random weights, some of them 0, scaled to what its first plan costs.

    On the objectives SUMS; with `plugged`, on cell-wise ones too; with `stable`, on those of
    STABILITY; with `parts`, on those of a class, an origin, a place and another lateness.
    """
    rng = np.random.default_rng(seed)
    names = [*SUMS, *(restricted_names(case.scenario, rng) if parts else ())]
    objectives = (*find(names), *(PLUGGED if plugged else ()), *(find(STABILITY) if stable else ()))
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    size = np.abs(evaluator.evaluate(case.plans[:1]).F[0])
    counted = len(size) - len(STABILITY) * stable
    size[:counted] = np.maximum(size[:counted], 1e-3 * size[:counted].max())
    size[counted:] = np.maximum(size[counted:], 1.0)
    share = rng.dirichlet(np.full(len(size), 0.5)) * (rng.random(len(size)) < 0.8)
    return Weighed(case, objectives, share / size, penalty)
