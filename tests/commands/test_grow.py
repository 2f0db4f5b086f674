"""`slit grow` from the command line, and its figure."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import slit
from slit.api.growing import GrowthSettings, grow
from slit.commands.app import app
from slit.report.growth import draw_growth, growth_data

CATALOG = '[[nodes]]\nnode_type = "h100x4"\ndatacenter = "far"\nlike = "windy"\n'
PRICE = "price_usd = 1000.0\nembodied_kg = 500.0\nlead_days = 30.0\n"


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["grow", *map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["grow", *map(str, arguments)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    file = tmp_path / "catalog.toml"
    file.write_text(CATALOG + PRICE)
    return file


def test_the_whole_way(catalog: Path, tmp_path: Path) -> None:
    output, figure = tmp_path / "grown.toml", tmp_path / "growth.html"
    options = ["--catalog", catalog, "--budget", 2500, "--weight", "quality=1000"]
    written = ["--output", output, "--figure", figure, "--json"]
    content: dict[str, Any] = json.loads(call("tiny", *options, *written))
    best = content["front"][-1]
    assert [each["nodes"] for each in best["changes"]] == [2]
    assert (best["price_usd"], best["embodied_kg"]) == (2000.0, 1000.0)
    totals = [point["operation"] for point in content["front"]]
    assert totals[-1] < totals[0]
    # What is said to be the least of the grown fleet bounds the plans of the file that was written.
    names, weights = zip(*content["weights"].items(), strict=True)
    front = slit.optimize(output, objectives=names, optimizer="nsga2", evaluations=400).front
    assert (front.F @ np.array(weights) >= best["operation"] * (1 - 1e-9)).all()
    assert "heatmap" in figure.read_text()
    text = call("tiny", *options)
    assert "far" in text
    assert "spread evenly" in text


def test_a_dear_carbon_buys_less_of_what_embodies_it(catalog: Path) -> None:
    options = ["--catalog", catalog, "--budget", 2500, "--weight", "quality=1000"]
    content = json.loads(call("tiny", *options, "--carbon-price", "0,1e7", "--json"))
    dear = content["carbon_prices"][0]
    assert dear["carbon_price"] == 1e7
    assert dear["embodied_kg"] == 0.0
    assert content["front"][-1]["embodied_kg"] > 0


def test_mistakes_are_one_message(catalog: Path, tmp_path: Path) -> None:
    assert "expected nodes or money" in refused("tiny")
    assert "money without a catalog" in refused("tiny", "--budget", 100)
    assert "buys nothing" in refused("tiny", "--catalog", catalog, "--budget", 100)
    assert "shortest lead" in refused("tiny", "--catalog", catalog, "--nodes", 1, "--within", 3)
    assert "expected at least 1" in refused("tiny", "--nodes", 0)
    assert "--weight" in refused("tiny", "--nodes", 1, "--weight", "carbon")
    assert "expected some of" in refused("tiny", "--nodes", 1, "--weight", "carbn=1")
    assert "carbon_equity" in refused("tiny", "--nodes", 1, "--objectives", "carbon_equity,cost")
    assert "lifetime" in refused("tiny", "--nodes", 1, "--lifetime", 0)
    assert "exists" in refused("tiny", "--nodes", 1, "--output", catalog)
    assert "hours: 8760" in refused("tiny", "--nodes", 1, "--days", 2)
    assert "expected 1 to 365" in refused("tiny", "--nodes", 1, "--days", 0)
    assert "expected a catalog" in refused("tiny", "--catalog", tmp_path / "no.csv", "--nodes", 1)
    catalog.write_text(CATALOG)
    assert "price_usd" in refused("tiny", "--catalog", catalog, "--nodes", 1)


def test_the_figure_holds_the_figures_of_the_growth() -> None:
    growth, _ = grow("tiny", GrowthSettings(nodes=2))
    data = growth_data(growth)
    pools = [pool.name for pool in growth.fleet.scenario.pools]
    for m, table in enumerate(data.worth):
        for name, line in zip(data.pools, table, strict=True):
            assert list(line) == growth.worth[m, :, pools.index(name)].tolist()
    assert data.nodes[-1] == growth.best.choice.bought.sum()
    assert data.operation[0] == growth.today.bound
    drawn = draw_growth(data)
    assert len(drawn.data) == len(data.names) + 2


@pytest.mark.slow
def test_days_stand_for_the_year_of_a_scenario() -> None:
    settings = GrowthSettings(nodes=5)
    growth, days = grow("world-day", settings, objectives=("carbon", "quality"), days=2)
    assert days is not None
    assert days.count.sum() == 365
    assert days.error["demand"] == pytest.approx(0.0, abs=1e-12)  # the same on every day
    assert 0 < days.error["carbon"] < 0.2
    parts = [each.bound for each in growth.best.choice.operated]
    assert growth.best.bound == pytest.approx(float(days.shares @ parts))
    assert growth.exact
    assert growth.best.choice.gap < 1e-4
    assert growth.best.bound < growth.even.bound
