"""`slit tradeoff`: from the command line, and its curves in the report."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.errors import SlitError
from slit.record import read_run
from slit.record.folder import CURVES
from slit.report import report_html
from slit.report.tradeoff import describe_tradeoff, draw_tradeoff, kept_curves


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tradeoff") / "run"
    options = ["--optimizer", "nsga2", "--evaluations", "2000", "--quiet"]
    result = CliRunner().invoke(app, ["optimize", "tiny", *options, "--output", str(place)])
    assert result.exit_code == 0, result.stderr
    return place


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["tradeoff", *map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def said(*arguments: object) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(call(*arguments, "--json"))
    return content


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["tradeoff", *map(str, arguments)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_what_an_allowance_buys(folder: Path) -> None:
    run = read_run(folder)
    content = said(folder, "--allow", "cost=+0.02")
    row = run.front.compromise()
    assert content["plan"] == run.front.plans[row]
    assert content["pick"] == "nsga2-balance"
    assert list(content["values"].values()) == run.front.F[row].tolist()
    assert [each["name"] for each in content["buys"]] == ["carbon", "water", "quality"]
    for each in content["buys"]:
        before = each["relaxed_before"]
        assert before == pytest.approx(content["edge"][each["name"]], rel=1e-4)
        assert each["relaxed_gain"] >= -1e-6 * before
        assert each["relaxed_gain_percent"] == pytest.approx(100 * each["relaxed_gain"] / before)
        # What the front attains is a plan of it that keeps to the rest.
        column = run.front.names.index(each["name"])
        (by,) = np.flatnonzero(run.front.plans == each["attained_by"])
        assert run.front.F[by, column] == each["attained"] <= each["plan"]
        room = run.front.F[row] + [0, 0, 0.02, 0]
        room[column] = np.inf
        assert (run.front.F[by] <= room * (1 + 1e-9)).all()
        assert each["attained_gain"] == pytest.approx(each["plan"] - each["attained"])
    printed = call(folder, "--allow", "cost=+0.02")
    assert "Allowing cost +0.02 USD" in printed
    assert f"plan {content['plan']} (nsga2-balance)" in printed


def test_a_share_of_the_plan_and_an_objective_that_the_run_lacks(folder: Path) -> None:
    content = said(folder, "--plan", "nearest", "--allow", "cost=10%", "--allow", "ttft=0.1")
    assert content["pick"] == "nearest"
    assert content["allow"]["cost"] == pytest.approx(0.1 * content["values"]["cost"])
    assert content["allow"]["ttft"] == 0.1
    assert [each["name"] for each in content["buys"]] == ["carbon", "water", "quality"]
    printed = call(folder, "--allow", "ttft=0.1")
    assert "ttft is no objective of this run" in printed
    assert "ttft (s)" in printed


def test_rates_and_what_is_worth_most(folder: Path) -> None:
    content = said(folder, "--top", "2")
    names = ["carbon", "water", "cost", "quality"]
    assert list(content["rates"]) == list(content["rates"]["carbon"]) == names
    assert all(content["rates"][name][name] == 0 for name in names)
    assert any(value > 0 for row in content["rates"].values() for value in row.values())
    assert 0 < content["edge_share"] < 1
    for each in content["renewable"]:
        assert each["datacenter"] in ("sunny", "windy")
        assert each["starts"] in ("2023-06-21 12:00 UTC", "2023-06-21 12:15 UTC")
        assert each["worth"] > 0
    worth = [each["worth"] for each in content["renewable"] if each["objective"] == "carbon"]
    assert worth == sorted(worth, reverse=True)
    assert len(worth) <= 2
    printed = call(folder, "--top", "2")
    assert "What avoiding one more unit costs" in printed
    assert "0.01 share of quality" in printed
    assert "One more renewable kWh would lower" in printed
    shadow = content["shadow_prices"]
    assert [each["name"] for each in shadow["returns"]] == ["energy", "carbon", "cost", "water"]
    front = read_run(folder).front
    nearest, row = front.methods.index("nearest"), front.compromise()
    assert shadow["reference"] == "nearest"
    assert shadow["saved"]["carbon"] == pytest.approx(front.F[nearest, 0] - front.F[row, 0])
    shares = [each["share"] for each in shadow["relocations"] if each["epoch"] == 0]
    assert sum(shares) == pytest.approx(1.0)
    assert "more latency returns" in printed or "ms more would save" in printed
    assert "the energy of an hour would have to get before half" in printed
    alone = call(folder, "--top", "0")
    assert "One more renewable kWh" not in alone
    assert "before half" not in alone


def test_the_figure_and_the_report(folder: Path, tmp_path: Path) -> None:
    assert "What an allowance buys" not in report_html(read_run(folder))
    content = said(folder, "--allow", "cost=+0.02", "--figure", tmp_path / "curve.html")
    assert Path(content["curves"]) == folder / CURVES
    assert "What allowing cost +0.02 USD" in (tmp_path / "curve.html").read_text()
    data = kept_curves(folder)
    assert data is not None
    assert data.plan == content["plan"]
    assert data.curves.names == ("carbon", "water", "quality")
    np.testing.assert_allclose(data.curves.shares, np.linspace(0, 2, 9))
    assert (np.diff(data.curves.relaxed, axis=0) <= 1e-7).all()
    buys = {each["name"]: each for each in content["buys"]}
    for column, name in enumerate(data.curves.names):
        assert data.curves.relaxed[4, column] == pytest.approx(
            buys[name]["relaxed_after"], rel=1e-6
        )
        assert data.curves.attained[4, column] == buys[name]["attained"]
    drawn = draw_tradeoff(data)
    assert len(drawn.data) == 6
    np.testing.assert_allclose(drawn.data[0].x, 0.02 * data.curves.shares)
    relaxed, attained = data.curves.relaxed[:, 0], data.curves.attained[:, 0]
    np.testing.assert_allclose(drawn.data[0].y, relaxed[0] - relaxed)
    np.testing.assert_allclose(drawn.data[1].y, data.curves.plan[0] - attained)
    assert describe_tradeoff(data).startswith(f"From plan {data.plan} (nsga2-balance): carbon from")
    page = report_html(read_run(folder))
    assert "What an allowance buys" in page
    assert "if cost +0.02 USD" in page
    (folder / CURVES).unlink()


def test_a_damaged_curve_is_one_message(tmp_path: Path) -> None:
    for content in ("{", "[]", "{}", '{"plan": 1, "pick": "a", "allowance": "b", "curves": 3}'):
        (tmp_path / CURVES).write_text(content)
        with pytest.raises(SlitError, match=f"{CURVES}:.*expected what slit tradeoff"):
            kept_curves(tmp_path)


def test_mistakes_are_one_message(folder: Path, tmp_path: Path) -> None:
    for options, message in (
        (["--plan", "99999"], "plan: '99999', expected a number from 0"),
        (["--allow", "cost"], "--allow: 'cost', expected NAME=AMOUNT"),
        (["--allow", "cost=x"], "allow: 'cost=x', expected a number or a share"),
        (["--allow", "cost=nan"], "allow: 'cost=nan', expected a number or a share"),
        (["--allow", "cost=1", "--allow", "cost=2"], "--allow: 'cost' twice"),
        (["--allow", "foo=1"], "objective: 'foo', expected one of carbon"),
        (["--figure", "x.html"], "--figure: no --allow"),
        (
            [f"--allow={name}=1" for name in ("carbon", "water", "cost", "quality")],
            "expected to leave an objective to buy",
        ),
    ):
        assert message in refused(folder, *options)
    assert "no folder" in refused(tmp_path / "absent")


def test_a_demand_that_nothing_meets(folder: Path) -> None:
    result = CliRunner().invoke(app, ["tradeoff", str(folder), "--allow", "cost=-9"])
    assert result.exit_code == 2
    assert "no plan is that good" in result.stderr


def test_an_infeasible_plan_is_no_start(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    file = copy / "front.csv"
    rows = list(csv.DictReader(file.read_text().splitlines()))
    (nearest,) = [row for row in rows if row["method"] == "nearest"]
    nearest["violation"], nearest["on_front"] = "2.0", "0"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    beyond = "is infeasible (2 nodes beyond capacity), expected a feasible plan"
    message = f"plan: {nearest['plan']} {beyond}"
    assert message in refused(copy, "--plan", "nearest")


def test_limits_are_kept_and_what_binds_is_named(folder: Path) -> None:
    front = read_run(folder).front
    limits = ("--limit", "quality<=helix", "--limit", "answer_loss<=nearest+50%")
    content = said(folder, *limits, "--allow", "quality=50%")
    assert [each["text"] for each in content["limits"]] == [
        "quality<=helix", "answer_loss<=nearest+50%",
    ]  # fmt: skip
    most = content["limits"][0]["most"]
    assert most == pytest.approx(front.F[front.methods.index("helix"), 3])
    assert content["values"]["quality"] <= most
    assert [each["name"] for each in content["buys"]] == ["carbon", "water", "cost"]
    plans = front.plans.tolist()
    for each in content["buys"]:
        assert front.F[plans.index(each["attained_by"]), 3] <= most
    printed = call(folder, *limits, "--allow", "quality=50%")
    assert "limits: quality<=helix (0.3329 share), answer_loss<=nearest+50%" in printed
    assert "the limit quality<=helix leaves" in printed
    assert "answer_loss" not in printed.split("limits:")[0]
    # An allowance of a third objective that nothing takes up says what is in the way.
    for each in said(folder, "--allow", "ttft=1e-9")["buys"]:
        assert each["relaxed_gain"] == pytest.approx(0.0, abs=1e-5 * each["relaxed_before"])
        assert each["binding"]
    printed = call(folder, "--allow", "ttft=1e-9")
    assert "the relaxation buys nothing, held by " in printed
    assert "the front holds nothing better, held by " in printed


def test_an_objective_that_the_relaxation_does_not_see(folder: Path) -> None:
    printed = call(folder, "--allow", "reroute=10%")
    assert "reroute is nothing to the relaxation: only the front says what it buys" in printed
    assert said(folder, "--allow", "reroute=10%")["unseen"] == ["reroute"]


def test_limits_that_no_plan_or_not_this_one_meets(folder: Path) -> None:
    assert "no plan meets 'carbon<=0', expected one" in refused(folder, "--limit", "carbon<=0")
    at = ("--plan", "nearest", "--limit", "quality<=helix")
    assert "does not meet 'quality<=helix', expected one that does" in refused(folder, *at)
    assert "limit 'qual<=1': 'qual', expected one of" in refused(folder, "--limit", "qual<=1")
