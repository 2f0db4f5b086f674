"""`lexicographic`: one objective after the other, in the order they are given.

Staged linear programs on the relaxation, rounded and repaired to a plan
(`slit.exact.lexicographic`). Objectives without a linear part are left out. Choosing among the
roundings takes a few evaluations of its own: they are counted as `moves`.
"""

from dataclasses import dataclass

import numpy as np

from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.exact.lexicographic import lexicographic
from slit.exact.relaxation import Relaxation
from slit.optimizers.protocol import Genes, Optimizer, Phase, Setup
from slit.optimizers.single import SinglePlan


@dataclass(frozen=True, slots=True)
class Settings:
    """`tolerance`: share of an objective's optimum that the phases after it may give up."""

    tolerance: float = 0.01

    def __post_init__(self) -> None:
        if not self.tolerance >= 0:
            raise SlitError(f"tolerance: {self.tolerance}, expected 0 or more (share)")


def build(setup: Setup) -> Optimizer:
    """The scheduler for a task."""
    return LexicographicPlan(setup)


class LexicographicPlan(SinglePlan):
    """Makes the lexicographic plan; `phases` says afterwards what each phase reached."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup, make=self._plan)
        self._setup = setup
        self.phases: tuple[Phase, ...] = ()

    def _plan(self) -> Genes:
        task, settings = self._setup.task, self._setup.settings
        relaxation = Relaxation(task.problem, task.scenario, task.objectives)
        if not relaxation.names:
            said = "; ".join(f"{name} has {why}" for name, why in relaxation.left_out.items())
            raise SlitError(f"lexicographic: {said}, expected an objective with a linear part")
        evaluator = Evaluator(task.problem, task.scenario, objectives=task.objectives)
        found = lexicographic(
            relaxation,
            evaluator,
            relaxation.names,
            rng=self._setup.rng,
            tolerance=settings.tolerance,
        )
        self.moves = evaluator.evaluations
        self.phases = tuple(
            Phase(phase.name, phase.unit, phase.value, found.values[phase.name])
            for phase in found.phases
        )
        return np.asarray(found.plan)
