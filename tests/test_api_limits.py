"""Limits of a search: what is asked for, what they come to, what the front keeps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slit
from slit.api.bounds import unused_limits
from slit.api.references import Reference
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.limits import Limit
from slit.problem import compile_problem
from slit.record import read_run
from slit.relaxation import Relaxation
from tests.commands.test_commands import refused, said

QUICK: dict[str, Any] = {"optimizer": "nsga2", "population": 24, "evaluations": 480}


def values(front: slit.Front, name: str) -> Any:
    """What each row of a front of `tiny` has of a measure."""
    scenario = slit.load_scenario("tiny")
    judge = Evaluator(compile_problem(scenario), scenario, objectives=find([name]))
    return judge.evaluate(front.X).F[:, 0]


def test_a_number_limits_the_front(tmp_path: Path) -> None:
    front = slit.optimize("tiny", limits=["quality<=0.33"], **QUICK).front
    assert front.on_front.any()
    assert (front.F[front.on_front, 3] <= 0.33).all()
    beyond = front.F[:, 3] > 0.33
    assert beyond.any()  # reference plans, which stay beside it
    assert ((front.G > 0) == beyond).all()
    assert (front.G < 1).all()


def test_what_is_limited_need_not_be_minimized() -> None:
    options = {**QUICK, "objectives": ["carbon", "cost"]}
    free = slit.optimize("tiny", **options).front
    front = slit.optimize("tiny", limits=["reroute<=25%"], **options).front
    assert front.names == ("carbon", "cost")
    assert front.on_front.any()
    assert (values(front, "reroute")[front.on_front] <= 0.25).all()
    assert (values(free, "reroute")[free.on_front] > 0.25).any()


def test_a_limit_relative_to_a_plan_is_what_that_plan_reaches() -> None:
    result = slit.optimize("tiny", limits=["carbon<=helix", "cost<=helix+5%"], **QUICK)
    front = result.front
    helix = front.methods.index("helix")
    carbon, cost = result.limits
    assert (carbon.most, carbon.value) == (front.F[helix, 0], front.F[helix, 0])
    assert cost.value == front.F[helix, 2]
    assert cost.most == pytest.approx(1.05 * front.F[helix, 2], rel=1e-12)
    assert front.G[helix] == 0
    assert (front.F[front.on_front, 0] <= carbon.most).all()
    assert (front.F[front.on_front, 2] <= cost.most).all()


def test_without_baselines_only_the_plans_that_limits_name_are_made() -> None:
    told = []
    front = slit.optimize(
        "tiny", limits=["carbon<=helix"], baselines=False, **QUICK,
        prepared=lambda name, _: told.append(name),
    ).front  # fmt: skip
    assert told == ["helix"]
    assert set(front.methods) == {"nsga2", "helix"}


def test_a_plan_can_be_measured_against_itself() -> None:
    front = slit.optimize("tiny", optimizer="nearest", limits=["carbon<=nearest"]).front
    assert front.methods.count("nearest") == 1
    assert front.G[front.methods.index("nearest")] == 0


def test_limits_are_kept_with_the_run_and_judge_it_again(tmp_path: Path) -> None:
    result = slit.optimize(
        "tiny", limits=["quality <= 0.335", "carbon<=helix+100%"], output=tmp_path / "run", **QUICK
    )
    run = read_run(tmp_path / "run")
    assert run.manifest.limits == ("quality<=0.335", "carbon<=helix+100%")
    assert run.manifest.resolved_limits == result.limits
    assert [limit.unit for limit in result.limits] == ["share", "kg CO2e"]
    assert slit.reevaluate(run).equal


def test_a_limit_as_an_object_is_the_same_as_its_text() -> None:
    [quality] = find(["quality"])
    given = slit.optimize("tiny", limits=[Limit(quality, 0.33)], **QUICK)
    text = slit.optimize("tiny", limits=["quality<=0.33"], **QUICK)
    assert given.limits == text.limits
    assert (given.front.F == text.front.F).all()


def test_plans_are_evaluated_under_limits() -> None:
    front = slit.optimize("tiny", **QUICK).front
    judged = slit.evaluate("tiny", front.X, limits=["quality<=helix"])
    helix = front.methods.index("helix")
    assert ((judged.G > 0) == (front.F[:, 3] > front.F[helix, 3])).all()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            ["carbon<=neerest"],
            r"limit 'carbon<=neerest': 'neerest', expected a number or one of the reference plans "
            r"lexicographic, nearest.* \(did you mean 'nearest'\?\)",
        ),
        (["carbon<=nsga2"], "'nsga2', expected a number or one of the reference plans"),
        ("carbon<=5", "expected a list"),
        ([5], "int, expected text or a Limit"),
    ],
)
def test_limits_that_are_refused(limits: Any, message: str) -> None:
    with pytest.raises(SlitError, match=message):
        slit.optimize("tiny", limits=limits, **QUICK)


def test_a_plan_may_set_several_limits_and_miss_those_of_its_own() -> None:
    limits = ["quality<=helix-1%", "carbon<=helix+5%"]
    result = slit.optimize("tiny", limits=limits, **QUICK)
    assert result.front.G[result.front.methods.index("helix")] > 0
    assert result.feasible


def test_the_command_takes_limits(tmp_path: Path) -> None:
    words = ("tiny", "--optimizer", "nsga2", "--evaluations", "480", "--output", tmp_path / "run")
    said("optimize", *words, "--limit", "quality<=0.335", "--limit", "carbon<=helix+90%")
    assert read_run(tmp_path / "run").manifest.limits == ("quality<=0.335", "carbon<=helix+90%")
    message = refused("optimize", "tiny", "--limit", "quality>=0.6")
    assert message.startswith("slit: limit 'quality>=0.6': >=")


def test_a_plan_beyond_another_limit_may_set_one() -> None:
    found = slit.optimize("tiny", limits=["quality<=nearest", "reroute<=20%"], moves=20_000, seed=1)
    assert found.front.feasible
    nearest = found.front.methods.index("nearest")
    assert 0 < found.front.G[nearest] < 1
    assert found.notes[0] == (
        "nearest, which limits refer to, is itself beyond reroute<=0.2: 1 share"
    )


def test_a_plan_beyond_capacity_sets_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    made = slit.evaluate("tiny", slit.optimize("tiny", optimizer="helix", baselines=False).front.X)
    beyond = slit.Front(made.X, made.F, np.array([3.0]), made.names, made.units, ("helix",))
    monkeypatch.setattr(
        "slit.api.limits.named_plans", lambda *_, **__: {"helix": Reference(beyond)}
    )
    with pytest.raises(
        SlitError,
        match=r"limit 'cost<=helix\+5%': helix is 3 nodes beyond capacity, expected a ",
    ):
        slit.optimize("tiny", limits=["cost<=helix+5%"], **QUICK)


@pytest.mark.parametrize("minimized", [["carbon", "quality"], ["carbon", "quality", "reroute"]])
def test_the_certificate_says_which_limit_it_leaves_out(minimized: list[str]) -> None:
    scenario = slit.load_scenario("tiny")
    limits = [Limit(find([name])[0], 0.4) for name in ("reroute", "quality")]
    evaluator = Evaluator(
        compile_problem(scenario), scenario, objectives=find(minimized), limits=limits
    )
    relaxation = Relaxation.of(evaluator)
    [note] = unused_limits(relaxation, evaluator)
    assert note.startswith("certificate: leaves out the limit on reroute: valid, but looser")
