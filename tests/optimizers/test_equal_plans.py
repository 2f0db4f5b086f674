"""Plans with the same objectives are one plan of a front, whoever found them."""

from pathlib import Path

import numpy as np
import pytest

import slit
from operators.types import Genes
from slit.evaluator import Evaluation
from slit.optimizers.protocol import AskTellGuard, Optimizer, Plans, Setup
from slit.optimizers.registry import OptimizerKind, available
from slit.record import read_run, reevaluate
from slit.scenario.records import Residency
from slit.scenario.scenario import Scenario
from tests.hand import hand_scenario

SEARCHES = [entry.name for entry in available(OptimizerKind.SEARCH)]
REFERENCES = [
    entry.name
    for entry in available(OptimizerKind.REFERENCE, OptimizerKind.BASELINE, OptimizerKind.RIVAL)
]


def at_one_place() -> Scenario:
    """Everything has to be served here: one plan is possible."""
    return hand_scenario(residency=(Residency(datacenters=("here",)),))


def test_where_one_plan_is_possible_the_front_has_one(tmp_path: Path) -> None:
    result = slit.optimize(at_one_place(), output=tmp_path / "run")
    assert sorted(result.front.methods) == sorted(["slit", *REFERENCES])
    assert (np.ptp(result.front.F, axis=0) == 0).all()
    assert result.front.on_front.tolist() == [True] + [False] * len(REFERENCES)
    assert result.front.undominated.all()
    run = read_run(tmp_path / "run")
    assert run.manifest.plans == 1
    assert reevaluate(run).equal


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_keeps_equal_plans_once(name: str) -> None:
    # One chunk in the first hour and two in the second, here or there: six plans.
    result = slit.optimize(hand_scenario(), optimizer=name, evaluations=100, seed=1)
    front = result.front
    everything = slit.evaluate(
        hand_scenario(), np.array([[a, b, c] for a in (0, 1) for b, c in ((0, 0), (0, 1), (1, 1))])
    )
    marked = front.F[front.on_front]
    assert len(np.unique(marked, axis=0)) == len(marked)
    assert set(map(tuple, marked)) == set(map(tuple, everything.F[everything.on_front]))
    own = front.F[[method == name for method in front.methods]]
    assert len(np.unique(own, axis=0)) == len(own)


class Repeating:
    """Finds the same plan three times, and keeps all three."""

    name = "repeating"
    moves = 0

    def __init__(self, setup: Setup) -> None:
        self.guard = AskTellGuard(objectives=len(setup.task.objectives))
        self.kept = Plans(np.empty((0, 3), np.int16), np.empty((0, 4)), np.empty(0))

    def ask(self) -> Genes:
        self.guard.check_ask()
        return self.guard.record(np.zeros((0 if len(self.kept.X) else 3, 3), np.int16))

    def tell(self, evaluation: Evaluation) -> None:
        self.kept = self.guard.match(evaluation)

    def front(self) -> Plans:
        return self.kept


def test_an_optimizer_that_repeats_itself_has_one_plan() -> None:
    def make(setup: Setup) -> Optimizer:
        return Repeating(setup)

    assert len(slit.optimize(hand_scenario(), optimizer=make, baselines=False).front) == 1


def test_runs_of_earlier_versions_marked_every_equal_plan(tmp_path: Path) -> None:
    slit.optimize(at_one_place(), output=tmp_path / "run")
    table = tmp_path / "run" / "front.csv"
    table.write_text(table.read_text().replace(",0\n", ",1\n"))
    run = read_run(tmp_path / "run")
    assert run.on_front.all()
    assert run.front.on_front.sum() == 1
    assert reevaluate(run).equal
    table.write_text(table.read_text().replace(",1\n", ",0\n"))
    assert not reevaluate(read_run(tmp_path / "run")).equal
