"""Limits that no plan meets: what is named, and that none is named wrongly."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slit
from slit.api.attainable import check_attainable
from slit.api.limits import resolved_limits, stated_limits
from slit.errors import InfeasibleError
from slit.evaluator import Evaluator
from slit.objectives import find, ledger_objective, register
from slit.objectives.limit_text import ResolvedLimit
from slit.objectives.registry import set_apart
from slit.problem import compile_problem
from tests.cases import make_case
from tests.commands.test_commands import refused

MEASURES = ("carbon", "water", "cost", "quality", "ttft", "carbon_equity", "reroute", "starts")


def check(*limits: str, warm: int = 0) -> None:
    scenario = slit.load_scenario("tiny", warm_nodes=warm or None)
    evaluator = Evaluator(compile_problem(scenario), scenario, objectives=find(["cost"]))
    resolved, _ = resolved_limits(stated_limits(limits, scenario), evaluator, seed=1)
    check_attainable(resolved, evaluator)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (["carbon<=0.01"], "limits: 'carbon<=0.01' cannot be met, expected carbon at least "),
        (
            ["water<=1e6", "carbon<=0.06", "quality<=0.29", "quality<=0.4"],
            r"limits: 'carbon<=0.06' and 'quality<=0.29' cannot be met together, expected carbon "
            r"at least 0.0636\d+ kg CO2e or quality at least 0.2909\d+ share beside the other "
            r"\(alone attainable: carbon 0.05393, quality 0.1758\)",
        ),
        (["carbon<=nearest-97%"], r"limits: 'carbon<=nearest-97%' \(0.03968 kg CO2e\) cannot be"),
        (["carbon_equity<=0.01"], "limits: 'carbon_equity<=0.01' cannot be met"),
        (["reroute<=-1%"], r"limits: 'reroute<=-0.01' cannot be met, expected reroute at least 0 "),
        (
            ["accuracy[class=code]>=0.9", "accuracy[class=chat]>=0.1"],
            r"limits: 'accuracy\[class=code\]>=0.9' cannot be met, expected accuracy\[class=code\] "
            r"at most 0.7[45]\d* share \(the most attainable\)",
        ),
        (
            ["requests[datacenter=*]<=40%"],
            r"'requests\[datacenter=sunny\]<=0.4' and 'requests\[datacenter=windy\]<=0.4' cannot "
            r"be met together, expected requests\[datacenter=sunny\] at least 0.6\d* share or",
        ),
    ],
)
def test_a_smallest_set_is_named(limits: list[str], message: str) -> None:
    with pytest.raises(InfeasibleError, match=message):
        check(*limits)


@pytest.mark.parametrize(
    ("limits", "end"),
    [
        (["carbon<=0.06"], "it could be met"),
        (["carbon<=0.75", "quality<=0.235"], "they could be met"),
        (["carbon<=0.05"], "not either, but carbon at least 0.0539306 kg CO2e could be met"),
        (["requests[datacenter=*]<=40%"], "not either"),
    ],
)
def test_it_is_said_what_warm_nodes_have_to_do_with_it(limits: list[str], end: str) -> None:
    with pytest.raises(InfeasibleError, match=f"; without the 4 warm nodes {end}$"):
        check(*limits, warm=1)


def test_what_is_said_to_be_attainable_is() -> None:
    check("carbon<=0.0636909", "quality<=0.29")
    check("carbon<=0.06", "quality<=0.290962")


def test_measures_without_a_linear_part_are_left_to_the_search() -> None:
    with set_apart():
        register(ledger_objective(name="peak", unit="1", title="Peak")(lambda ledger: 1.0))
        check("peak<=0.5")
        check("peak<=0.5", "reroute<=0", "starts<=0")
        with pytest.raises(InfeasibleError, match=r"'carbon<=0\.01' cannot be met, "):
            check("peak<=0.5", "carbon<=0.01")


def test_the_command_says_it_before_it_searches(tmp_path: Any) -> None:
    output = tmp_path / "run"
    message = refused("optimize", "tiny", "--limit", "carbon<=0.01", "--output", output)
    assert "cannot be met, expected carbon at least 0.0539306 kg CO2e" in message
    assert not list(tmp_path.iterdir())


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    origins=st.integers(1, 2),
    pools=st.integers(1, 2),
    epochs=st.integers(1, 3),
)
def test_what_a_plan_reaches_is_never_refused(
    seed: int, origins: int, pools: int, epochs: int
) -> None:
    case = make_case(
        seed, plans=4, epochs=epochs, origins=origins, datacenters=pools, spare_nodes=30
    )
    objectives = find(MEASURES)
    evaluator = Evaluator(case.problem, case.scenario, objectives=objectives)
    found = evaluator.evaluate(case.plans)
    for values in found.F[found.G == 0]:
        limits = [
            ResolvedLimit(objective.name, objective.name, objective.unit, value)
            for objective, value in zip(objectives, values + 1e-9 * np.abs(values), strict=True)
        ]
        check_attainable(limits, evaluator)
