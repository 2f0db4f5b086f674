"""`slit operate` and `slit backtest` from the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from slit.api.exporting import write_mapping
from slit.commands.app import app
from slit.scenario.load import load_scenario

SHORT = ("--history", "10", "--horizon", "6", "--forecast", "naive")
HOURS = ("--from", "2024-03-04", "--to", "2024-03-04T03:00Z")


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_decision_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "operation"
    said = call("operate", "ten-weeks", "--folder", folder, *HOURS, *SHORT)
    lines = said.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("2024-03-04 00:00  horizon: carbon ")
    assert "; epoch: carbon " in lines[0]
    again = call("operate", "ten-weeks", "--folder", folder, *HOURS, *SHORT)
    assert "nothing left to decide" in again


def test_once_by_a_stated_time(tmp_path: Path) -> None:
    said = call(
        "operate", "ten-weeks", "--folder", tmp_path / "once", "--once", "--at",
        "2024-03-04T05:10Z", *SHORT, "--json",
    )  # fmt: skip
    [decision] = json.loads(said)["decisions"]
    assert decision["time"] == "2024-03-04T05:00:00+00:00"
    assert decision["served"] == []
    assert decision["violation"] == 0.0


def test_decisions_as_files_of_gateways(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    write_mapping(load_scenario("ten-weeks"), mapping)
    folder = tmp_path / "operation"
    call(
        "operate", "ten-weeks", "--folder", folder, "--once", "--at", "2024-03-04T05:00Z", *SHORT,
        "--export", "envoy,haproxy", "--mapping", mapping,
    )  # fmt: skip
    written = sorted(file.name for file in (folder / "gateways").iterdir())
    assert [name.split(".")[0] for name in written] == ["envoy", "haproxy"]
    assert "2024-03-04T05:00" in (folder / "gateways" / written[0]).read_text()


def test_a_mapping_without_backends_leaves_the_plan_in_force(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    write_mapping(load_scenario("tiny"), mapping)
    folder = tmp_path / "operation"
    given = ("operate", "ten-weeks", "--folder", folder, "--once", *SHORT)
    call(*given, "--at", "2024-03-04T05:00Z")
    plan = (folder / "plan.json").read_bytes()
    said = refused(*given, "--at", "2024-03-04T06:00Z", "--export", "envoy", "--mapping", mapping)
    assert "mapping" in said
    assert (folder / "plan.json").read_bytes() == plan
    assert json.loads((folder / "alarm.json").read_text())["time"] == "2024-03-04T0600Z"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--from, --to: missing, expected both, or --once or --live"),
        (("--once", "--live"), "--once: given with --live"),
        (("--once", "--from", "2024-03-04"), "--from"),
        (("--at", "2024-03-04"), "--at"),
        ((*HOURS, "--policy", "balnce"), "did you mean 'balance'?"),
        ((*HOURS, "--budget", "carbon<=5"), "expected OBJECTIVE<=NUMBER/TIME"),
        ((*HOURS, "--forecast", "sute"), "did you mean 'suite'?"),
        ((*HOURS, "--limit", "quality<=nearst"), "nearst"),
        ((*HOURS, "--export", "envoy"), "--mapping: none"),
        ((*HOURS, "--push", "http://127.0.0.1:1"), "--export: none"),
        (("--from", "2023-03-04", "--to", "2023-03-05"), "2023"),
    ],
)
def test_what_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    message = refused("operate", "ten-weeks", "--folder", tmp_path / "new", *arguments)
    assert said in message


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    said = refused("operate", "ten-weeks", "--folder", tmp_path, *HOURS, *SHORT)
    assert "not empty, expected a new folder or one that was begun" in said
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_backtest_with_its_page(tmp_path: Path) -> None:
    folder = tmp_path / "backtest"
    said = call(
        "backtest", "ten-weeks", *HOURS, *SHORT, "--no-causes", "--rival", "nearest",
        "--output", folder,
    )  # fmt: skip
    for part in ("oracle", "yesterday", "nearest", "Regret to perfect foresight", "quality lost"):
        assert part in said
    assert str(folder / "backtest.html") in said.replace("\n", "")
    content = json.loads((folder / "backtest.json").read_text())
    assert content["runs"]["oracle"]["requests"] == content["runs"]["nearest"]["requests"]
    assert (folder / "backtest.html").read_text().startswith("<!doctype html>")


def test_a_backtest_needs_weeks(tmp_path: Path) -> None:
    said = refused("backtest", "tiny", *HOURS)
    assert "tiny" in said or "start" in said
