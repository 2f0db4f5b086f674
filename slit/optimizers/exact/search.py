"""`exact`: all efficient plans of a small scenario, up to a resolution, one after another.

Each plan is the optimum of a mixed-integer program (`slit.optimizers.exact.front`), proven by
HiGHS to its gap; the search ends by itself when none is missing. For scenarios like `tiny`: too
large ones and objectives that are no sums over what a plan uses are refused.
"""

from dataclasses import dataclass

import numpy as np

from operators.dominance import nondominated
from operators.types import Genes
from slit.errors import SlitError
from slit.evaluator import Evaluation
from slit.optimizers.exact.front import EfficientPlans, ExactProgram
from slit.optimizers.protocol import AskTellGuard, Optimizer, Plans, Setup, stacked


@dataclass(frozen=True, slots=True)
class Settings:
    """resolution: plans that are better by less than this share of the range of each objective
    (over its extremes) may be missing."""

    resolution: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.resolution <= 1:
            raise SlitError(
                f"resolution: {self.resolution}, expected above 0 to 1 (share of the range)"
            )


def build(setup: Setup) -> Optimizer:
    """The search on the task of `setup`, which must be small enough; a start plan is not used."""
    return ExactSearch(setup)


class ExactSearch:
    """Asks for one efficient plan after another, and for no more once all are known."""

    moves = 0

    def __init__(self, setup: Setup) -> None:
        self.name = setup.name
        self._guard = AskTellGuard(objectives=len(setup.task.objectives))
        self._resolution = setup.settings.resolution
        self._program = ExactProgram(setup.task.judge())
        self._plans: EfficientPlans | None = None
        self._none = np.empty((0, setup.task.problem.genes), np.int16)
        none = np.empty((0, len(setup.task.objectives)))
        self._found = Plans(self._none, none, np.empty(0))

    def ask(self) -> Genes:
        """The next plan (1, G), or nothing (0, G) if there is none left."""
        self._guard.check_ask()
        if self._plans is None:
            self._plans = EfficientPlans(self._program, resolution=self._resolution)
        found = next(self._plans, None)
        return self._none if found is None else self._guard.record(found.plan[None, :])

    def tell(self, evaluation: Evaluation) -> None:
        """The values of the plan."""
        self._found = stacked([self._found, self._guard.match(evaluation)])

    def front(self) -> Plans:
        """The plans found so far, less those that one found later is better than."""
        return self._found.rows(np.flatnonzero(nondominated(self._found.F)))
