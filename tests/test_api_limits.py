"""Limits of a search: what is asked for, what they come to, what the front keeps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slit
from slit.api.bounds import unused_limits
from slit.api.references import ReferencePlan
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.limit_text import ResolvedLimit
from slit.objectives.limits import Limit
from slit.problem import compile_problem
from slit.record import read_run
from slit.relaxation import Relaxation
from slit.report.limits import describe_limits, limits_data
from tests.commands.test_commands import call, refused, said

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


def test_limits_on_parts_are_kept_as_they_were_asked_for(tmp_path: Path) -> None:
    asked = [
        "accuracy[class=code]>=best-10%",
        "ttft_p95[origin=east] <= 2 s",
        "requests[datacenter=*]<=80%",
        "energy[datacenter=windy]<=70%",
        "accuracy>=nearest",
    ]
    result = slit.optimize("tiny", limits=asked, bound=True, output=tmp_path / "run", **QUICK)
    run = read_run(tmp_path / "run")
    texts = (
        "accuracy[class=code]>=best-10%",
        "ttft_p95[origin=east]<=2",
        "requests[datacenter=sunny]<=0.8",
        "requests[datacenter=windy]<=0.8",
        "energy[datacenter=windy]<=70%",
        "accuracy>=nearest",
    )
    assert run.manifest.limits == texts
    assert tuple(limit.text for limit in result.limits) == texts
    assert run.manifest.resolved_limits == result.limits
    assert slit.reevaluate(run).equal
    floor, late, *_, nearest = result.limits
    # Of code the large variant is right in 75 of 100.
    assert floor.measure == "answer_loss[class=code]"
    assert floor.value == pytest.approx(0.25)
    assert floor.most == pytest.approx(1 - 0.9 * 0.75)
    assert (late.measure, late.most) == ("late[after=2,origin=east]", 0.05)
    front = result.front
    for limit in result.limits:
        assert (values(front, limit.measure)[front.on_front] <= limit.most).all()
    at = front.methods.index("nearest")
    assert values(front, "answer_loss")[at] == nearest.most == nearest.value
    energy, here = values(front, "energy"), values(front, "energy[datacenter=windy]")
    beyond = values(front, "energy[datacenter=windy,share=0.7]") > 0.7
    assert (beyond == (here / energy > 0.7)).all()
    data = limits_data(run, [at])
    assert data.stated[0, 0] == pytest.approx(1 - data.values[0, 0])
    assert f"accuracy>=nearest ({1 - nearest.most:.4g} share)" in describe_limits(result.limits)
    shown = call("show", tmp_path / "run").stdout
    assert "accuracy[class=code]>=best-10%" in shown
    assert "at least 0.675 share" in shown
    assert "certificate: leaves out ttft_p95[origin=east]<=2: valid" in str(result.notes)


def test_measures_of_parts_are_objectives(tmp_path: Path) -> None:
    parts = "late[after=0.5,class=chat]"
    said(
        "optimize", "tiny", "--objectives", f"carbon,{parts}", "--optimizer", "nsga2",
        "--evaluations", 200, "--output", tmp_path / "run",
    )  # fmt: skip
    run = read_run(tmp_path / "run")
    assert run.front.names == ("carbon", parts)
    assert slit.reevaluate(run).equal
    assert parts in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (
            "quality[class=caht]<=0.3",
            "limit 'quality[class=caht]<=0.3': class 'caht', expected",
        ),
        ("requests[jurisdiction=*]<=0.3", "jurisdiction '*', expected one of none, as no"),
        ("carbon<=best", "limit 'carbon<=best': 'best', expected a number or one of"),
    ],
)
def test_parts_that_a_scenario_does_not_have_are_said(limit: str, message: str) -> None:
    with pytest.raises(SlitError) as caught:
        slit.optimize("tiny", limits=[limit], **QUICK)
    assert message in str(caught.value)


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
        "slit.api.limits.named_plans", lambda *_, **__: {"helix": ReferencePlan(beyond)}
    )
    with pytest.raises(
        SlitError,
        match=r"limit 'cost<=helix\+5%': helix is infeasible \(3 nodes beyond capacity\), expect",
    ):
        slit.optimize("tiny", limits=["cost<=helix+5%"], **QUICK)


@pytest.mark.parametrize("minimized", [["carbon", "quality"], ["carbon", "quality", "reroute"]])
def test_the_certificate_says_which_limit_it_leaves_out(minimized: list[str]) -> None:
    scenario = slit.load_scenario("tiny")
    limits = [ResolvedLimit(f"{name}<=0.4", name, "share", 0.4) for name in ("reroute", "quality")]
    relaxation = Relaxation(compile_problem(scenario), scenario, find(minimized))
    [note] = unused_limits(relaxation, limits)
    assert note.startswith("certificate: leaves out reroute<=0.4: valid, but looser")
