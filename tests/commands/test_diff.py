"""`slit diff`: what changes from one plan to another, by hand on a small scenario."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import slit
from slit.api.diffing import diff
from slit.commands.app import app
from slit.ledger import write_ledger
from slit.record import read_run
from slit.scenario.load import load_scenario
from slit.scenario.records import Horizon


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("diff") / "run"
    slit.optimize(
        "tiny", optimizer="nsga2", evaluations=200, limits=["quality<=nearest"], output=place
    )
    return place


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with dirtier power at windy."""
    place = tmp_path_factory.mktemp("diff") / "other"
    scenario = load_scenario("tiny")
    carbon = scenario.signals.carbon.copy()
    carbon[1, 1] += 0.1
    signals = replace(scenario.signals, carbon=carbon)
    slit.optimize(replace(scenario, signals=signals), optimizer="nsga2", evaluations=200,
                  output=place)  # fmt: skip
    return place


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["diff", *map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_moved_requests_by_a_slow_twin(folder: Path) -> None:
    """Of each group the chunks that lie elsewhere, weighed by its requests."""
    run = read_run(folder)
    rows = [run.front.row_of(name, prefix="nsga2") for name in ("nearest", "greedy_carbon")]
    first, second = (write_ledger(run.front.X[row], run.problem, run.scenario) for row in rows)
    found = diff(f"{folder}:nearest", f"{folder}:greedy_carbon")
    for each in found.epochs:
        moved = total = 0.0
        for j in np.flatnonzero(run.problem.group_epoch == each.epoch.number):
            chunks = np.minimum(first.counts[j], second.counts[j]).sum()
            requests = run.problem.group_requests[j]
            moved += requests * (1 - chunks / run.problem.group_chunks[j])
            total += requests
        assert each.moved == pytest.approx(moved / total)
        assert list(each.requests) == pytest.approx([total, total])
        assert sum(c.after for c in each.backends) == pytest.approx(
            sum(c.before for c in each.backends)
        )
        assert each.signals == ()
    nodes = {c.names: (c.before, c.after) for c in found.epochs[0].nodes}
    assert sum(after - before for before, after in nodes.values()) == (
        second.nodes[0].sum() - first.nodes[0].sum()
    )
    names = run.front.names
    assert [each.names[0] for each in found.objectives] == list(names)
    assert [each.after for each in found.objectives] == run.front.F[rows[1]].tolist()
    assert ("before", "quality<=nearest") in found.binding


def test_nothing_changes_from_a_plan_to_itself(folder: Path) -> None:
    found = diff(f"{folder}:nearest", f"{folder}:nearest")
    assert found.moved == 0
    assert all(each.routes == each.nodes == each.backends == () for each in found.epochs)
    assert "no change" in call(f"{folder}:nearest", f"{folder}:nearest")


def test_a_signal_that_differs_is_named(folder: Path, other: Path) -> None:
    found = diff(f"{folder}:nearest", f"{other}:nearest")
    assert not found.same_scenario
    assert found.epochs[0].signals == ()
    [signal] = found.epochs[1].signals
    assert signal.names == ("carbon (g CO2e/kWh)", "windy")
    assert [signal.before, signal.after] == pytest.approx([60, 160])


def test_text_for_a_change_request(folder: Path) -> None:
    said = call(f"{folder}:nearest", f"{folder}:greedy_carbon", "--at", "2023-06-21T12:15:00Z")
    assert "2023-06-21 12:15 to 12:30 UTC" in said
    assert "limit that binds before: quality<=nearest" in said
    assert "signals: the same in both" in said
    assert "g CO2e/kWh" in said
    first = "--at", "2023-06-21T12:00:00Z"
    priced = call(f"{folder}:nearest", f"{folder}:greedy_carbon", "--shadow-prices", *first)
    assert re.search("windy in this epoch: .* leaves when .* rises by .*, most to sunny", priced)
    assert "The epoch in which most changes" in call(f"{folder}:nearest", f"{folder}:helix")
    content = json.loads(call(f"{folder}:nearest", f"{folder}:greedy_carbon", "--json"))
    assert [each["start"] for each in content["epochs"]] == [
        "2023-06-21T12:00:00Z",
        "2023-06-21T12:15:00Z",
    ]


def test_other_days_one_after_the_other(folder: Path, tmp_path: Path) -> None:
    scenario = load_scenario("tiny")
    start = scenario.horizon.start.replace(day=22)
    later = replace(scenario, horizon=Horizon(**(dict(scenario.horizon) | {"start": start})))
    slit.optimize(later, optimizer="nsga2", evaluations=60, output=tmp_path / "later")
    found = diff(f"{folder}:nearest", f"{tmp_path}/later:nearest")
    assert found.shifted
    assert [each.moved for each in found.epochs] == [0, 0]


def test_bad_input(folder: Path) -> None:
    for arguments, said in (
        ((f"{folder}", f"{folder}:nearest"), "expected RUN:PLAN"),
        ((f"{folder}:nearst", f"{folder}:nearest"), "did you mean 'nearest'"),
        ((f"{folder}:nearest", f"{folder}:nearest", "--at", "2024-01-01"), "expected a time from"),
    ):
        result = CliRunner().invoke(app, ["diff", *arguments])
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr
