"""Another time of a loaded scenario: as loading gives it, without reading a file again."""

import copy
from dataclasses import replace
from typing import Any

import pytest

import slit
from slit.errors import SlitError
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.scenario.store import read_scenario, save_scenario, scenario_hash
from tests.scenario.files import Files
from tests.scenario.test_traces import SERVEGEN, rates, streams

WINDOWS: tuple[dict[str, Any], ...] = (
    {"start": "2024-03-20T06:00Z", "hours": 6},
    {"hours": 3},
    {"start": "2024-03-20", "hours": 24},
)


def take_files_away(files: Files) -> None:
    for path in files.folder.iterdir():
        path.unlink()


def assert_same(found: Scenario, expected: Scenario) -> None:
    assert scenario_hash(found) == scenario_hash(expected)
    for name in ("inputs", "findings", "name", "horizon"):
        assert getattr(found, name) == getattr(expected, name)


def test_windows_are_those_of_the_file(files: Files) -> None:
    expected = [files.load(**window) for window in WINDOWS]
    whole = files.load()
    take_files_away(files)
    for window, same in zip(WINDOWS, expected, strict=True):
        assert_same(whole.window(**window), same)
    assert_same(whole.window(), whole)


def test_what_is_not_given_is_that_of_the_scenario(files: Files) -> None:
    expected = files.load(start="2024-03-20T06:00Z", hours=3)
    part = files.load(start="2024-03-20T06:00Z", hours=6)
    take_files_away(files)
    assert_same(part.window(hours=3), expected)
    longer = part.window(start="2024-03-20", hours=24)
    assert_same(longer.window(start="2024-03-20T06:00Z", hours=3), expected)


def test_traces_are_read_once(files: Files) -> None:
    streams(files, SERVEGEN).write("rates.csv", rates())
    expected = files.load(hours=5)
    whole = files.load()
    take_files_away(files)
    assert_same(whole.window(hours=5), expected)


def test_outside_of_what_was_loaded(files: Files) -> None:
    whole = files.load()
    for window in ({"start": "2024-03-20T06:00Z"}, {"hours": 30}, {"hours": 1.5}):
        with pytest.raises(SlitError) as loaded:
            files.load(**window)
        with pytest.raises(SlitError) as moved:
            whole.window(**window)
        assert str(moved.value) == str(loaded.value)
    with pytest.raises(SlitError, match=r"the series spans 2024-03-20T00:00Z to 2024-03-21T00:00Z"):
        whole.window(hours=30)


def test_a_scenario_without_its_tables_has_no_other_time(files: Files) -> None:
    whole = files.load()
    save_scenario(whole, files.folder)
    for changed in (
        replace(whole, name="other"),
        read_scenario(files.folder),
        copy.deepcopy(whole),
    ):
        with pytest.raises(SlitError, match="expected the name or file of a scenario, or one as"):
            changed.window(hours=6)


def test_optimize_takes_a_loaded_scenario_at_another_time() -> None:
    options: dict[str, Any] = {"optimizer": "nsga2", "population": 8, "evaluations": 40}
    named = slit.optimize("world-day", hours=3, **options)
    loaded = slit.optimize(load_scenario("world-day"), hours=3, **options)
    assert loaded.front.F.tobytes() == named.front.F.tobytes()
    assert loaded.front.X.tobytes() == named.front.X.tobytes()
