"""Catalogs: read from both kinds of file, and refused with the row."""

from pathlib import Path

import pytest

import slit
from slit.errors import SlitError
from slit.growth.catalog import read_catalog
from slit.growth.fleet import build_fleet
from slit.growth.master import Means, check_buys

ROW = '[[nodes]]\nnode_type = "h100x4"\ndatacenter = "sunny"\nprice_usd = 250000.0\n'
WRONG = {
    ROW.replace("h100x4", "h100x"): r"node_type: 'h100x', expected one of h100x4 \(did you mean",
    ROW.replace("price_usd = 250000.0\n", ""): "price_usd",
    ROW.replace("250000.0", "-1.0"): "price_usd",
    ROW.replace("sunny", "suny"): r"expected one of sunny, windy \(did you mean 'sunny'\?\), or",
    ROW.replace("sunny", "far") + 'like = "wind"\n': "like: 'wind', expected one of sunny, windy",
    ROW + 'like = "windy"\n': "like: given for 'sunny'",
    ROW + ROW: "h100x4 at sunny twice",
    ROW + "most = 0\n": "most",
    "nodes = 3\n": r"no \[\[nodes\]\]",
    "nodes = []\n": "no rows",
}


@pytest.mark.parametrize("content", WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text(content)
    with pytest.raises(SlitError, match=WRONG[content]):
        read_catalog(file, slit.load_scenario("tiny"))


def test_a_table_is_the_same_as_a_toml_file(tmp_path: Path) -> None:
    scenario = slit.load_scenario("tiny")
    (tmp_path / "a.toml").write_text(ROW + "embodied_kg = 1200.5\nmost = 4\n")
    (tmp_path / "a.csv").write_text(
        "node_type,datacenter,like,price_usd,embodied_kg,most\nh100x4,sunny,,250000,1200.5,4\n"
    )
    rows = read_catalog(tmp_path / "a.csv", scenario)
    assert rows == read_catalog(tmp_path / "a.toml", scenario)
    assert rows[0].most == 4


def test_a_row_of_a_table_without_price_is_named_by_line(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("node_type,datacenter,price_usd\nh100x4,sunny,1\nh100x4,windy,\n")
    with pytest.raises(SlitError, match=r"a\.csv.*3.*price_usd"):
        read_catalog(file, slit.load_scenario("tiny"))


def test_a_budget_that_buys_nothing_says_what_would_do(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(ROW)
    scenario = slit.load_scenario("tiny")
    fleet = build_fleet(scenario, read_catalog(file, scenario))
    with pytest.raises(SlitError, match=r"buys nothing, expected at least 250000 \(one h100x4 at"):
        check_buys(fleet, Means(budget_usd=1000.0))
    check_buys(fleet, Means(budget_usd=250_000.0))
