"""Optimizers that make one plan and are done."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from operators.types import Genes
from slit.evaluator import Evaluation
from slit.optimizers.protocol import AskTellGuard, Plans, Setup


@dataclass(frozen=True, slots=True)
class NoSettings:
    """Nothing to set."""


class SinglePlan:
    """Asks for the one plan that `make` returns, (G,), and then for no more."""

    def __init__(self, setup: Setup, *, make: Callable[[], Genes]) -> None:
        self.name = setup.name
        self.moves = 0
        self._make = make
        self._guard = AskTellGuard(objectives=len(setup.task.objectives))
        self._none = np.empty((0, setup.task.problem.genes), np.int16)
        self._kept: Plans | None = None

    def ask(self) -> Genes:
        """The plan (1, G), or nothing (0, G) once it is evaluated."""
        self._guard.check_ask()
        if self._kept is not None:
            return self._none
        return self._guard.record(self._make()[None, :])

    def tell(self, evaluation: Evaluation) -> None:
        """The values of the plan."""
        self._kept = self._guard.match(evaluation)

    def front(self) -> Plans:
        """The plan, once it is evaluated."""
        if self._kept is not None:
            return self._kept
        return Plans(self._none, np.empty((0, self._guard.objectives)), np.empty(0))
