"""`slit accounts` and `slit optimize --account`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import slit
from slit.app.server import Site
from slit.commands.app import app
from slit.errors import SlitError
from slit.record import read_run, reevaluate
from slit.scenario.accounts import under

ACCOUNTS = """
schema = 1
name = "accounts"
extends = "tiny"

[accounts.flat]
description = "a world of gas"
carbon = { value = 400, unit = "g/kWh", estimated = true }
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    path.write_text(ACCOUNTS)
    return path


@pytest.fixture(scope="module")
def runs(file: Path) -> Path:
    """A folder of a run under each account."""
    slit.accounts(file, evaluations=60, output=file.parent / "runs")
    return file.parent / "runs"


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    return result.stderr


def test_runs_are_kept_by_account_and_evaluate_again(runs: Path) -> None:
    for name in ("base", "flat"):
        run = read_run(runs / name)
        assert run.scenario.accounting.account == name
        assert reevaluate(run).equal
        assert 'id="accounts"' in (runs / name / "report.html").read_text()


def test_the_diagonal_is_what_each_run_says(runs: Path) -> None:
    """A plan judged under the account it was searched under has the carbon of its run; under the
    other one, what evaluating it there gives."""
    found = slit.accounts((runs / "base", runs / "flat"))
    front = {name: read_run(runs / name).front for name in found.names}
    scenario = read_run(runs / "base").scenario
    for row in found.rows:
        searched = front[row.searched]
        at = searched.plans.tolist().index(row.plan)
        assert row.carbon[found.names.index(row.searched)] == searched.F[at, 0]
        for name, kg in zip(found.names, row.carbon, strict=True):
            again = slit.evaluate(under(scenario, name), searched.X[at], objectives=["carbon"])
            assert kg == pytest.approx(float(again.F[0, 0]), rel=1e-12)


def test_the_table_names_accounts_and_what_is_estimated(runs: Path) -> None:
    printed = call("accounts", runs / "base", runs / "flat")
    assert "a world of gas" in printed
    assert "100 %" in printed
    assert "slit-carbon" in printed
    assert "splitwise" not in printed
    assert "splitwise" in call("accounts", runs / "base", "--all")


def test_a_scenario_gives_what_its_runs_give(file: Path, runs: Path) -> None:
    one = json.loads(call("accounts", file, "--evaluations", 60, "--json"))
    other = json.loads(call("accounts", runs / "base", runs / "flat", "--json"))
    assert one == other
    assert one["accounts"][1]["estimated"] == 1.0


def test_an_account_is_optimized_by_name(file: Path, runs: Path, tmp_path: Path) -> None:
    line = ("optimize", file, "--evaluations", 60, "--account", "flat", "--quiet", "--no-bound")
    call(*line, "--output", tmp_path / "run")
    found, kept = (read_run(place) for place in (tmp_path / "run", runs / "flat"))
    assert found.manifest.scenario_hash == kept.manifest.scenario_hash
    assert (found.front.F == kept.front.F).all()


def test_each_account_has_a_page(runs: Path) -> None:
    """Runs judged under the same account share a page."""
    site = Site([runs / "base", runs / "flat"])
    assert [place.account for place in site.places] == ["base", "flat"]
    for place in site.places:
        assert [run.folder.name for run in place.runs] in (["base", "flat"], ["flat", "base"])
    assert [run.judged for run in site.places[0].runs] == [False, True]


def test_mistakes_are_one_message(file: Path, runs: Path, tmp_path: Path) -> None:
    slit.optimize("tiny", optimizer="nearest", output=tmp_path / "plain")
    assert "account: 'falt', expected one of base, flat" in refused(
        "optimize", file, "--account", "falt"
    )
    assert "tiny states none" in refused("accounts", "tiny")
    assert "tiny states none" in refused("accounts", tmp_path / "plain")
    assert "1 run folders of 2 given" in refused("accounts", runs / "base", file)
    assert "moves: given for runs" in refused("accounts", runs / "base", "--moves", 3)
    assert "expected runs of one scenario" in refused("accounts", runs / "base", tmp_path / "plain")
    with pytest.raises(SlitError, match="nothing to judge"):
        slit.accounts(())
