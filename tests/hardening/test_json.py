"""`--json` of every command: one JSON object on the descriptor of standard output, nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import slit
from slit.commands.app import app

CASES = {
    ("optimize",): "tiny --evaluations 200 --output NEW",
    ("evaluate",): "RUN",
    ("show",): "RUN --plan 0 --routing",
    ("bound",): "RUN --gap --weights 4 --refined 2",
    ("tradeoff",): "RUN --allow cost=+10%",
    ("check",): "tiny",
    ("scenarios",): "",
    ("optimizers",): "",
    ("green-llm",): "tiny --no-allocation",
    ("objectives",): "",
    ("objectives", "new"): "mine --output NEW",
    ("benchmark", "list"): "",
    ("benchmark", "run"): "smoke --seeds 1 --only nearest --output SUITE",
    ("benchmark", "report"): "SUITE",
}
"""Commands by their words, and the rest of the line: RUN is a run of `tiny`, NEW a new folder."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("places")
    slit.optimize("tiny", evaluations=200, output=folder / "run")
    return {"RUN": folder / "run", "NEW": folder / "new", "SUITE": folder / "suite"}


def commands_with_json(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if any("--json" in option.opts for option in command.params):
        yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands_with_json(inner, (*words, name))


def test_every_command_with_json_is_covered() -> None:
    assert set(commands_with_json(typer.main.get_command(app))) == set(CASES)


@pytest.mark.slow
@pytest.mark.parametrize("words", CASES, ids=" ".join)
def test_one_object_and_nothing_else(
    repository: Path, places: dict[str, Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    places = {**places, "NEW": tmp_path / "new"}
    rest = [str(places.get(word, word)) for word in CASES[words].split()]
    done = subprocess.run(
        [sys.executable, "-m", "slit", *words, *rest, "--json"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict)
