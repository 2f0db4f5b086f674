"""`slit optimize --limit` and what `slit show` prints of limits."""

from pathlib import Path

import pytest

from slit.record import read_run
from tests.commands.test_commands import call, said

WORDS = ("tiny", "--optimizer", "nsga2", "--population", "24", "--evaluations", "480")
LIMITS = ("--limit", "quality<=helix", "--limit", "starts<=14")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("limits") / "run"
    result = call("optimize", *WORDS, *LIMITS, "--no-bound", "--output", place)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    front = read_run(place).front
    others = [n for n, method in enumerate(front.methods) if method != "nsga2"]
    meet = sum(front.G[n] == 0 for n in others)
    assert 0 < meet < len(others)
    assert lines[0] == "limits: quality<=helix (0.3329 share), starts<=14"
    assert lines[1] == f"{meet} of {len(others)} reference plans meet them"
    return place


def test_the_result_as_json_holds_the_limits(tmp_path: Path) -> None:
    content = said("optimize", *WORDS, *LIMITS, "--no-baselines", "--output", tmp_path / "run")
    quality, starts = content["limits"]
    assert (quality["text"], quality["plan"]) == ("quality<=helix", "helix")
    assert quality["most"] == quality["value"] == pytest.approx(0.332874, abs=1e-6)
    assert (starts["most"], starts["plan"], starts["unit"]) == (14.0, None, "nodes")


def test_picks_are_shown_with_the_room_they_leave(folder: Path) -> None:
    shown = call("show", folder).stdout
    table = shown[shown.index("Limits, and the room") :].splitlines()
    rows = {line.split()[0]: line for line in table[2:] if line}
    assert "0.3329 share" in rows["at"]
    assert "0.3329 (0 %)" in rows["helix"]
    assert "0.3601 (−8.2 %)" in rows["nearest"]
    [picked] = [line for line in shown.splitlines() if line.startswith("nearest ")][:1]
    assert picked.endswith("beyond a limit")


def test_a_plan_is_shown_with_limits_and_what_changes(folder: Path) -> None:
    text = call("show", folder, "--plan", "nearest").stdout
    assert text.startswith("plan ")
    assert "by nearest, beyond a limit\n" in text
    assert "from one epoch to the next: 100 % of requests rerouted, 5 node starts, " in text
    assert "quality<=helix  0.3601   0.3329  −0.02719  share" in text
    content = said("show", folder, "--plan", "nearest")["plan"]
    assert content["changes"]["reroute"] == 1.0
    quality = content["limits"][0]
    assert quality["room"] == quality["most"] - quality["value"] < 0


def test_without_limits_none_are_shown(tmp_path: Path) -> None:
    call("optimize", *WORDS, "--no-bound", "--output", tmp_path / "run")
    assert "Limits" not in call("show", tmp_path / "run").stdout
    assert said("show", tmp_path / "run", "--plan", "nearest")["plan"]["limits"] == []
