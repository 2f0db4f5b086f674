"""`slit optimize --optimizer lexicographic` with its own options."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import slit
from slit.commands.app import app
from slit.errors import InfeasibleError, SlitError
from slit.optimizers.lexicographic import Settings
from slit.record import read_run

QUICK = ("optimize", "tiny", "--optimizer", "lexicographic", "--no-baselines")


def ranked(folder: Path, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*QUICK, "--output", str(folder), "--json", *options])
    assert result.exit_code == 0, result.stderr
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def refused(*options: str) -> str:
    result = CliRunner().invoke(app, ["optimize", "tiny", *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_order_tolerance_and_caps(tmp_path: Path) -> None:
    options = ("--order", "carbon,ttft", "--tolerance", "0.01,0.2", "--cap", "water=20")
    content = ranked(tmp_path / "run", *options)
    carbon, ttft = content["phases"]
    assert (carbon["name"], ttft["name"]) == ("carbon", "ttft")
    for phase, tolerance in ((carbon, 0.01), (ttft, 0.2)):
        assert phase["limit"] == pytest.approx(phase["relaxed"] * (1 + tolerance))
        assert phase["relaxed"] <= phase["final"] * (1 + 1e-9)
        assert phase["final"] <= phase["limit"] * (1 + 1e-7)
        assert phase["real"] >= phase["relaxed"]
    assert content["moves"] > 100
    # No plan of nine chunks in whole nodes comes near the relaxed optima; the cap holds.
    assert [note.split(":")[0] for note in content["notes"]] == ["phase 1", "phase 2"]
    for note, phase in zip(content["notes"], content["phases"], strict=True):
        assert f"{phase['name']} <= {phase['limit']:.6g}: the relaxed optimum meets it" in note
        assert phase["real"] > phase["limit"]
    run = read_run(tmp_path / "run")
    # What the order names is measured beside the usual objectives.
    assert run.front.names == ("carbon", "water", "cost", "quality", "ttft")
    assert run.front.F[0, 1] <= 20
    assert run.manifest.settings == {
        "order": ["carbon", "ttft"],
        "tolerance": [0.01, 0.2],
        "absolute": False,
        "caps": {"water": 20.0},
    }
    assert [phase._asdict() for phase in run.manifest.phases] == content["phases"]
    assert run.front.row_of("lexicographic", prefix="lexicographic") == 0


def test_a_tolerance_in_units_and_a_cap_that_whole_nodes_exceed(tmp_path: Path) -> None:
    content = ranked(
        tmp_path / "run", "--order", "water", "--tolerance", "0.5", "--absolute", "--cap", "water=3"
    )
    (water,) = content["phases"]
    assert water["limit"] == pytest.approx(3.0)  # the cap is below optimum + 0.5 L
    (note,) = content["notes"]
    assert note.startswith("cap water <= 3: the relaxed optimum meets it")
    printed = CliRunner().invoke(app, ["show", str(tmp_path / "run")]).stdout
    assert note in printed
    assert "relaxed at the end" in printed


def test_in_python_by_name_or_as_settings() -> None:
    named = slit.optimize(
        "tiny",
        optimizer="lexicographic",
        settings={"order": ["cost", "water"], "caps": {"water": 20.0}},
        baselines=False,
    )
    made = slit.optimize(
        "tiny",
        optimizer="lexicographic",
        settings=Settings(order=("cost", "water"), caps={"water": 20.0}),
        baselines=False,
    )
    assert [phase.name for phase in named.phases] == ["cost", "water"]
    assert named.phases == made.phases
    assert named.front.F.tolist() == made.front.F.tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--order", "carbon,foo"], "objective: 'foo', expected one of carbon, water"),
        (["--order", "carbon,carbon"], "order: 'carbon' twice"),
        (["--order", ","], "--order: none"),
        (["--order", "carbon", "--objectives", "cost,water"], "expected one of cost, water"),
        (["--tolerance", "-1"], "tolerance: -1, expected 0 or more (share of the optimum)"),
        (["--tolerance", "much"], "--tolerance: 'much', expected numbers by commas"),
        (["--tolerance", "0.1,0.2", "--order", "cost"], "tolerance: 2 numbers, expected 1 or 1"),
        (["--absolute"], "--absolute: no --tolerance"),
        (["--cap", "water"], "--cap: 'water', expected NAME=MOST, as water=1200"),
        (["--cap", "=3"], "--cap: '=3', expected NAME=MOST"),
        (["--cap", "water=3", "--cap", "water=4"], "--cap: 'water' twice"),
        (["--cap", "water=nan"], "cap water: nan, expected a finite number"),
        (["--cap", "foo=3"], "objective: 'foo'"),
        (["--cap", "water=1"], "phase 1 (carbon): cap water <= 1 L, expected at least 2.90519 L"),
        (["--population", "4"], "lexicographic: setting 'population'"),
    ],
)
def test_mistakes_are_one_message(options: list[str], message: str) -> None:
    assert message in refused(*QUICK[2:], *options)


def test_the_options_belong_to_lexicographic() -> None:
    assert "--order: no --optimizer, expected --optimizer lexicographic" in refused(
        "--order", "cost"
    )
    said = refused("--cap", "water=3", "--tolerance", "0", "--optimizer", "nsga2")
    assert "--tolerance, --cap: --optimizer nsga2, expected --optimizer lexicographic" in said


def test_the_minimum_said_is_one_that_works() -> None:
    call = {"optimizer": "lexicographic", "baselines": False}
    with pytest.raises(InfeasibleError, match=r"2\.90519 L \(attainable minimum\)"):
        slit.optimize("tiny", settings={"caps": {"water": 2.90518}}, **call)  # type: ignore[arg-type]
    found = slit.optimize("tiny", settings={"caps": {"water": 2.90519}}, **call)  # type: ignore[arg-type]
    assert found.phases[1].final == pytest.approx(2.90519)
    with pytest.raises(SlitError, match="setting 'ordre'"):
        slit.optimize("tiny", settings={"ordre": ["cost"]}, **call)  # type: ignore[arg-type]


def test_limits_on_what_is_ranked_are_caps() -> None:
    options: dict[str, Any] = {"optimizer": "lexicographic", "baselines": False}
    order = {"order": ["quality", "cost"]}
    capped = slit.optimize("tiny", settings={**order, "caps": {"water": 8.0}}, **options)
    limited = slit.optimize("tiny", settings=order, limits=["water<=8", "water<=30"], **options)
    free = slit.optimize("tiny", settings=order, **options)
    assert (limited.front.X == capped.front.X).all()
    assert limited.phases == capped.phases
    assert limited.front.F[0, 1] <= 8.0 < free.front.F[0, 1]
    assert limited.feasible
