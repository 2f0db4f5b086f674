"""`slit objectives new`: what it writes works, and passes its own test."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from slit.commands.app import app
from slit.objectives.registry import set_apart

KINDS = ("linear", "cell", "placement", "ledger")


@pytest.fixture(autouse=True)
def _apart() -> Iterator[None]:
    with set_apart():
        yield


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in arguments], catch_exceptions=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_objective_is_listed_and_searched(kind: str, tmp_path: Path) -> None:
    made = call("objectives", "new", f"own_{kind}", "--kind", kind, "--output", tmp_path, "--json")
    files = json.loads(made.stdout)
    assert files == {
        "objective": str(tmp_path / f"own_{kind}.py"),
        "test": str(tmp_path / f"test_own_{kind}.py"),
    }
    plugin = ("--plugin", files["objective"])
    listed = json.loads(call("objectives", *plugin, "--json").stdout)["objectives"]
    assert listed[-1] == {
        "name": f"own_{kind}",
        "unit": "kWh",
        "title": f"Own {kind}",
        "default": False,
    }
    small = ("--optimizer", "nsga2", "--evaluations", 60, "--output", tmp_path / "run")
    found = call("optimize", "tiny", *plugin, *small, "--json")
    assert found.exit_code == 0, found.stderr
    header = (tmp_path / "run" / "front.csv").read_text().splitlines()[0]
    assert f",quality,own_{kind},violation," in header
    assert call("evaluate", tmp_path / "run", *plugin).exit_code == 0


@pytest.mark.slow
def test_the_tests_that_are_written_pass(repository: Path, tmp_path: Path) -> None:
    for kind in KINDS:
        call("objectives", "new", f"own_{kind}", "--kind", kind, "--output", tmp_path)
    words = ("-q", "-W", "error", "-p", "no:dash", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "32 passed" in done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("carbon", "objective: name 'carbon' is taken, expected one of its own"),
        ("two words", "objective: 'two words', expected a name of letters"),
        ("class", "objective: 'class', expected a name"),
        ("_", "objective: '_', expected a name"),
        ("violation", "objective: 'violation', expected a name"),
        ("../up", "objective: '../up', expected a name"),
    ],
)
def test_names_that_cannot_be_used(name: str, message: str, tmp_path: Path) -> None:
    result = call("objectives", "new", name, "--output", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"slit: {message}")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("mine")
    result = call("objectives", "new", "own", "--output", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == f"slit: {tmp_path / 'test_own.py'}: exists, expected a new file\n"
    assert [file.read_text() for file in tmp_path.iterdir()] == ["mine"]
    unwritable = call("objectives", "new", "own", "--output", tmp_path / "test_own.py" / "x")
    assert "expected a folder to write into" in unwritable.stderr
    unknown = call("objectives", "new", "own", "--kind", "fast", "--output", tmp_path / "new")
    assert unknown.stderr == "slit: kind: 'fast', expected one of linear, cell, placement, ledger\n"
