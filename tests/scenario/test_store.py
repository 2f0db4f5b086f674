import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from slit.errors import SlitError
from slit.scenario.records import Resolution
from slit.scenario.scenario import Input, Scenario, Signals
from slit.scenario.store import read_scenario, save_scenario, scenario_hash
from tests.builders import random_scenario
from tests.scenario.files import GRID, Files


@pytest.mark.parametrize("seed", range(8))
def test_what_is_saved_is_read_again(tmp_path: Path, seed: int) -> None:
    scenario = random_scenario(np.random.default_rng(seed), begins="given", loading="prewarm")
    save_scenario(scenario, tmp_path)
    again = read_scenario(tmp_path)
    for field in fields(Scenario):
        if field.name not in ("signals", "demand", "round_trip_s", "account_carbon"):
            assert getattr(again, field.name) == getattr(scenario, field.name)
    for field in fields(Signals):
        old = getattr(scenario.signals, field.name)
        assert np.array_equal(getattr(again.signals, field.name), old)
    assert np.array_equal(again.demand.requests, scenario.demand.requests)
    assert scenario_hash(again) == scenario_hash(scenario)


def test_names_and_sources_do_not_change_the_hash() -> None:
    scenario = random_scenario(np.random.default_rng(1))
    other = replace(scenario, name="x", description="y", inputs=(Input("carbon", "z"),))
    assert scenario_hash(other) == scenario_hash(scenario)


def test_whatever_changes_an_evaluation_changes_the_hash() -> None:
    scenario = random_scenario(np.random.default_rng(1))
    pue = scenario.signals.pue.copy()
    pue[0, 0] = np.nextafter(pue[0, 0], 9)
    variants = [
        replace(scenario, signals=replace(scenario.signals, pue=pue)),
        replace(scenario, resolution=Resolution(genes=31)),
        replace(scenario, round_trip_s=scenario.round_trip_s + 1),
        replace(scenario, residency=()),
        replace(scenario, pools=scenario.pools[::-1]),
    ]
    hashes = {scenario_hash(one) for one in [scenario, *variants]}
    assert len(hashes) == 6


def test_the_hash_does_not_know_where_files_lie(files: Files) -> None:
    before = scenario_hash(files.load())
    (files.folder / GRID).rename(files.folder / "other.csv")
    for _ in range(2):
        files.replace('"grid.csv"', '"other.csv"')
    assert scenario_hash(files.load()) == before


def saved(folder: Path) -> Path:
    save_scenario(random_scenario(np.random.default_rng(2)), folder)
    return folder


def test_changed_figures_are_noticed(tmp_path: Path) -> None:
    path = saved(tmp_path) / "scenario.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    said["records"]["resolution"]["genes"] += 1
    path.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(SlitError, match=r"scenario.json: hash .*, expected .* \(records or arrays"):
        read_scenario(tmp_path)


def test_invalid_records_are_named(tmp_path: Path) -> None:
    path = saved(tmp_path) / "scenario.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    said["records"]["origins"][1]["latitude"] = 99
    path.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(SlitError, match=r"scenario.json: records.origins\[1\].latitude: .*, expec"):
        read_scenario(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "scenario.json:1: .*, expected the scenario of a run"),
        ("[]", "scenario.json: unknown format, expected format 1"),
        ('{"format": 2}', "scenario.json: unknown format, expected format 1"),
        ('{"format": 1}', "scenario.json: no records.horizon, expected a saved scenario"),
    ],
)
def test_damaged_records(tmp_path: Path, text: str, expected: str) -> None:
    (saved(tmp_path) / "scenario.json").write_text(text, encoding="utf-8")
    with pytest.raises(SlitError, match=expected):
        read_scenario(tmp_path)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(SlitError, match=r"scenario.json: No such file .*, expected the scenario"):
        read_scenario(tmp_path)
    (saved(tmp_path) / "scenario.npz").unlink()
    with pytest.raises(SlitError, match=r"scenario.npz: No such file"):
        read_scenario(tmp_path)


def test_damaged_and_pickled_arrays(tmp_path: Path) -> None:
    path = saved(tmp_path) / "scenario.npz"
    content = bytearray(path.read_bytes())
    for broken in (
        b"",
        b"nothing",
        bytes(content[:200]),
        bytes(content[:400] + b"xyz" + content[403:]),
    ):
        path.write_bytes(broken)
        with pytest.raises(
            SlitError, match=r"scenario.npz: damaged .*, expected the arrays of a scenario"
        ):
            read_scenario(tmp_path)
    np.savez(path, round_trip_s=np.array([{}], dtype=object))
    with pytest.raises(
        SlitError, match=r"scenario.npz: damaged .*, expected the arrays of a scenario"
    ):
        read_scenario(tmp_path)
    np.savez(path, round_trip_s=np.zeros(1))
    with pytest.raises(SlitError, match=r"'signals.carbon' missing or wrong, expected a saved"):
        read_scenario(tmp_path)
