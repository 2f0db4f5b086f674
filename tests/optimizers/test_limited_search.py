"""Every search keeps its front within limits."""

from typing import Any

import pytest

import slit
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.optimizers.registry import OptimizerKind, available
from slit.problem import compile_problem
from slit.scenario.load import load_scenario

SEARCHES = [entry.name for entry in available(OptimizerKind.SEARCH)]
LIMITS = {"quality": 0.34, "starts": 3.0}
"""One that is minimized, one that is not."""


@pytest.mark.parametrize(
    ("optimizer", "measure"),
    [
        *((name, "quality") for name in SEARCHES),
        *((name, "starts") for name in SEARCHES if name != "exact"),
    ],
)
def test_every_row_of_the_front_meets_the_limit(optimizer: str, measure: str) -> None:
    scenario, most = load_scenario("tiny"), LIMITS[measure]
    names = ["cost", "quality"] if measure == "quality" else ["carbon", "cost"]
    budget: dict[str, Any] = {} if optimizer == "exact" else {"evaluations": 600}
    result = slit.optimize(
        scenario, optimizer=optimizer, objectives=names, limits=[f"{measure}<={most}"],
        baselines=False, steady=False, **budget,
    )  # fmt: skip
    front = result.front.rows(result.front.on_front)
    assert len(front)
    judge = Evaluator(compile_problem(scenario), scenario, objectives=find([measure]))
    assert (most >= judge.evaluate(front.X).F).all()
    assert (front.G == 0).all()
    assert set(front.methods) == {optimizer}


def test_a_search_is_steered_to_a_ramp() -> None:
    """Without the limit not one of its plans moves so little at once."""
    scenario = load_scenario("tiny")
    judge = Evaluator(compile_problem(scenario), scenario, objectives=find(["ramp", "reroute"]))
    most = 0.4
    for limits in ([], [f"ramp<={most}"]):
        front = slit.optimize(
            scenario, objectives=["carbon", "cost"], moves=20_000, limits=limits, baselines=False
        ).front
        ramp, reroute = judge.evaluate(front.rows(front.on_front).X).F.T
        assert (ramp >= reroute).all()
        assert (ramp <= most).all() == bool(limits)
        assert len(ramp)


def test_the_limit_binds() -> None:
    """Without it the same search has plans beyond."""
    front = slit.optimize(
        "tiny", optimizer="nsga2", objectives=["cost", "quality"], evaluations=600, baselines=False
    ).front
    assert (front.F[front.on_front, 1] > LIMITS["quality"]).any()
