"""The file of a grown fleet is read as the fleet that was judged."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import slit
from slit.errors import SlitError
from slit.growth.catalog import CatalogRow
from slit.growth.fleet import build_fleet, change_of
from slit.growth.scenario_file import write_grown
from slit.scenario.builtin import builtin_path
from slit.scenario.scenario import Scenario, Signals


def same(one: Scenario, other: Scenario) -> None:
    assert one.pools == other.pools
    assert [c.name for c in one.datacenters] == [c.name for c in other.datacenters]
    for each in fields(Signals):
        assert (getattr(one.signals, each.name) == getattr(other.signals, each.name)).all()
    assert np.allclose(one.round_trip_s, other.round_trip_s, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("name", "kind", "like"), [
    ("tiny", "h100x4", "windy"), ("world-day", "h100x8", "mumbai"),
])  # fmt: skip
@pytest.mark.parametrize("copied", [False, True])
def test_read_again(tmp_path: Path, name: str, kind: str, like: str, copied: bool) -> None:
    source = name
    if copied:
        source = str(tmp_path / "mine.toml")
        Path(source).write_bytes(builtin_path(name).read_bytes())
    scenario = slit.load_scenario(source)
    first = scenario.datacenters[0].name
    rows = [
        CatalogRow(node_type=kind, datacenter=first, price_usd=1.0),
        CatalogRow(node_type=kind, datacenter="new-site", like=like, price_usd=1.0),
        CatalogRow(node_type=kind, datacenter="not-built", like=like, price_usd=1.0),
    ]
    fleet = build_fleet(scenario, rows)
    grown = fleet.grown(change_of(fleet, np.array([2, 3, 0])))
    assert "not-built" not in [center.name for center in grown.datacenters]
    file = write_grown(source, fleet, grown, tmp_path / "grown.toml", "grown")
    same(slit.load_scenario(file), grown)


def test_a_copy_stays_beside_its_source(tmp_path: Path) -> None:
    source = tmp_path / "mine.toml"
    source.write_bytes(builtin_path("tiny").read_bytes())
    scenario = slit.load_scenario(source)
    fleet = build_fleet(scenario, [CatalogRow(node_type="h100x4", datacenter="sunny", price_usd=0)])
    with pytest.raises(SlitError, match="beside the scenario"):
        write_grown(source, fleet, scenario, tmp_path / "other" / "grown.toml", "grown")
    with pytest.raises(SlitError, match="expected a new file"):
        write_grown(source, fleet, scenario, source, "grown")
