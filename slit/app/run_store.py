"""The given runs and what is computed of their plans, once."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slit.app.points import points_of, read_shown
from slit.app.scenarios import by_scenario
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.ledger import Ledger
from slit.objectives import find
from slit.problem import Problem
from slit.record import Run
from slit.report.plan import PlanData, plan_data
from slit.report.saving import Saving, saving_parts

KEPT_PLANS = 24
"""Plans whose numbers are kept, the last ones asked for."""


class RunStore:
    """Runs of one scenario; keys name their plans (see `Points`). Reads no other folder.

    Raises SlitError for a folder that cannot be read, and for runs of different scenarios.
    """

    def __init__(self, runs: Sequence[Run | Path]) -> None:
        self.runs = [run if isinstance(run, Run) else read_shown(run) for run in runs]
        if len(places := by_scenario(self.runs)) != 1:
            raise SlitError(f"runs: of {len(places)} scenarios, expected one")
        self.points = points_of(self.runs)
        self._lock = threading.Lock()
        self._judges: dict[int, Evaluator] = {}
        self._ledgers: OrderedDict[str, tuple[Ledger, PlanData]] = OrderedDict()

    @property
    def epochs(self) -> int:
        """Epochs of the scenario."""
        return self.runs[0].scenario.horizon.epochs

    def run_of(self, key: str) -> Run:
        """The run that a plan belongs to."""
        return self.runs[int(self.points.run[self.points.index[key]])]

    def problem(self, run: int) -> Problem:
        """The compiled problem of a run."""
        return self._judge(run).problem

    def ledger(self, key: str) -> Ledger:
        """The ledger of a plan. Raises SlitError if the plan does not fit its scenario."""
        return self._numbers(key)[0]

    def plan(self, key: str) -> PlanData:
        """The numbers of a plan's figures."""
        return self._numbers(key)[1]

    def saving(self, reference: str, plan: str) -> Saving:
        """Where the change from a reference plan to a plan comes from. Raises SlitError where a
        plan does not fit its scenario, or an objective is of a plug-in that is not loaded."""
        points = self.points
        shown = self.run_of(plan)
        evaluator = Evaluator(shown.problem, shown.scenario, objectives=find(points.names))
        chosen = [
            self.run_of(key).front.X[points.row[points.index[key]]] for key in (reference, plan)
        ]
        return saving_parts(evaluator, *evaluator.check(np.array(chosen)))

    def _judge(self, run: int) -> Evaluator:
        with self._lock:
            if run not in self._judges:
                shown = self.runs[run]
                self._judges[run] = Evaluator(
                    shown.problem, shown.scenario, objectives=find(["energy"])
                )
            return self._judges[run]

    def _numbers(self, key: str) -> tuple[Ledger, PlanData]:
        points = self.points
        index = points.index[key]
        run = int(points.run[index])
        judge = self._judge(run)
        with self._lock:
            if key not in self._ledgers:
                ledger = judge.ledger(self.runs[run].front.X[points.row[index]])
                self._ledgers[key] = ledger, plan_data(ledger)
            self._ledgers.move_to_end(key)
            while len(self._ledgers) > KEPT_PLANS:
                self._ledgers.popitem(last=False)
            return self._ledgers[key]
