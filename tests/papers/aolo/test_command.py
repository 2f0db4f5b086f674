"""`slit wireless` as a user calls it."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from slit.commands.app import app


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["wireless", "solve", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_table_leads_with_the_optimum() -> None:
    lines = run("cell-tiny").splitlines()
    assert lines[0] == "cell-tiny: 1 requests, seed 0"
    assert lines[3].split()[:4] == ["optimum", "1", "100.0", "+0.00"]


def test_json_and_the_file_of_decisions_agree(tmp_path: Path) -> None:
    file = tmp_path / "optimum.csv"
    found = json.loads(run("cell-tiny", "--json", "--output", str(file)))
    with file.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["users"] == "desk"
    assert int(row["tokens"]) == found["policies"]["optimum"]["tokens"] == 72
    assert float(row["carbon_kg"]) * 1000 == pytest.approx(
        found["groups"]["desk"]["carbon_g"], rel=1e-12
    )


def test_a_typo_is_one_message() -> None:
    assert "did you mean 'cell-day'" in run("cell-dya", code=2)
