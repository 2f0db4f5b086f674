"""`slit optimize --limit` and what `slit show` prints of limits."""

from pathlib import Path

import pytest

from slit.record import read_run
from tests.commands.test_commands import call, refused, said

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
    picks = shown[shown.index("\npick ") :].splitlines()
    [picked] = [line for line in picks if line.startswith("nearest ")][:1]
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


def test_one_command_asks_for_limits_and_warm_nodes(tmp_path: Path) -> None:
    place = tmp_path / "run"
    limits = ("--limit", "quality<=nearest", "--limit", "reroute<=60%")
    result = call("optimize", *WORDS, *limits, "--warm-nodes", "small=1", "--output", place)
    assert result.exit_code == 0, result.output
    assert "in every epoch, with or without requests: 2 of 5 nodes, in 2 of 2" in result.stdout
    run = read_run(place)
    assert [pool.warm_nodes for pool in run.scenario.pools] == [{"small": 1}] * 2
    assert said("bound", place)["certified_share"] > 0
    assert "is a run" in refused("bound", place, "--warm-nodes", "small=1")
    assert said("bound", "tiny", "--warm-nodes", "small=1")["ideal"] is not None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("2",), "pools.sunny-h100.warm_nodes: 4 (2 small, 2 large), expected at most 3"),
        (("smal=2",), "warm nodes: 'smal', expected one of small, large"),
        (("x",), "--warm-nodes: 'x', expected N of each variant, or VARIANT=N"),
        (("small=1.5",), "--warm-nodes: 'small=1.5', expected N of each variant"),
        (("1", "small=2"), "--warm-nodes: '1', expected N of each variant, or VARIANT=N"),
        (("small=1", "small=2"), "--warm-nodes: 'small' twice, expected each name once"),
    ],
)
def test_warm_nodes_that_cannot_be_are_refused(words: tuple[str, ...], message: str) -> None:
    options = [part for word in words for part in ("--warm-nodes", word)]
    assert message in refused("optimize", "tiny", *options)
