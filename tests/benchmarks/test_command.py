"""`slit benchmark` and `python -m benchmarks` as a user calls them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import slit.commands.benchmark as command
from benchmarks.__main__ import main
from slit.commands.app import app
from slit.errors import SlitError


def test_list_names_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = {suite["name"] for suite in found["suites"]}
    assert names == {"ablation", "continuous", "frameworks", "moap", "predictor", "scaling",
                     "slit", "smoke", "wireless"}  # fmt: skip
    assert main(["list"]) == 0
    assert "world-2023" in capsys.readouterr().out


def test_report_says_what_it_wrote(
    smoke: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(smoke, folder)
    assert main(["report", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["report"] == str(folder / "report.html")
    assert all(Path(table).is_file() for table in found["tables"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "no-such"], "suite: 'no-such', expected one of ablation"),
        (["run", "smoke", "--seeds", "0"], "--seeds: 0, expected at least 1"),
        (["run", "smoke", "--jobs", "-1"], "--jobs: -1, expected at least 1"),
        (["report", "no-such-folder"], "expected a folder that slit benchmark run wrote"),
    ],
)
def test_mistakes_are_one_message(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_the_command_starts_the_checkout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["benchmark", "run", "smoke", "--seeds", "1", "--only", "compile", "--json"]
    result = CliRunner().invoke(app, [*words, "--output", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert json.loads(capfd.readouterr().out)["done"] == 1
    assert CliRunner().invoke(app, ["benchmark", "report", str(tmp_path)]).exit_code == 2


def test_without_a_checkout_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PACKAGE", tmp_path / "site-packages" / "slit")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SlitError, match="expected a checkout of slit"):
        command.find_checkout()
    result = CliRunner().invoke(app, ["benchmark", "list"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "clone its repository" in result.stderr


def test_the_present_folder_may_be_the_checkout(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PACKAGE", tmp_path / "slit")
    monkeypatch.chdir(repository)
    assert command.find_checkout() == repository
