"""Scenario files of another shape, and files that are none: one message each."""

import os
import re
from pathlib import Path

import pytest

from slit.errors import SlitError
from slit.scenario.builtin import builtin_path
from slit.scenario.load import load_scenario


def test_a_score_for_a_class_that_does_not_exist(tmp_path: Path) -> None:
    path = tiny(tmp_path, "quality = { chat = 0.70, code", "quality = { chat = 0.70, cod = 1, code")
    with pytest.raises(SlitError, match=r"variants.small.quality: 'cod', .* \(did you mean 'code'"):
        load_scenario(path)


def test_a_group_of_demand_twice(tmp_path: Path) -> None:
    path = tiny(tmp_path, 'origin = "west"\nclass = "code"', 'origin = "east"\nclass = "chat"')
    with pytest.raises(
        SlitError, match=r"demand.groups\[2\]: chat from east twice, expected distin"
    ):
        load_scenario(path)


def test_figures_by_epoch_that_are_none(tmp_path: Path) -> None:
    path = tiny(tmp_path, "requests = [5600, 7400]", 'requests = [5600, "7400"]')
    with pytest.raises(
        SlitError, match=r"demand.groups\[0\].requests\[1\]: '7400', expected a numb"
    ):
        load_scenario(path)


def tiny(folder: Path, old: str, new: str) -> Path:
    text = builtin_path("tiny").read_text(encoding="utf-8")
    assert old in text
    path = folder / "scenario.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[demand]\n", "[[demand]]\n", "demand: a list, expected a section with kind = groups, ta"),
        ("epoch_seconds = 900", "epoch_seconds = 0", "horizon.epoch_seconds: 0, expected a number"),
        ("[[datacenters]]", "[[places]]", "places: unknown field, expected one of schema, name"),
    ],
)
def test_another_length_of_the_horizon_hides_no_mistake(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = tiny(tmp_path, old, new)
    for hours in (None, 0.5):
        with pytest.raises(SlitError, match=re.escape(expected)):
            load_scenario(path, hours=hours)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (
            "demand = 'x'",
            "demand: 'x', expected a section with kind = groups, table, typical or tr",
        ),
        ("demand = [1]", "demand: a list, expected a section with kind"),
        ("datacenters = []", "datacenters: none, expected at least one"),
        ("signals = 'x'", "signals: 'x', expected a section of fields"),
        ("classes = [{name = ['x'], slo_ttft_s = 1}]", "classes[0].name: a list, expected text"),
    ],
)
def test_sections_of_another_shape(tmp_path: Path, section: str, expected: str) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(f'schema = 1\nname = "mine"\nextends = "world-day"\n{section}\n')
    with pytest.raises(SlitError, match=re.escape(expected)):
        load_scenario(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = " + "[" * 5000 + "]" * 5000, "nested too deeply, expected the layout of a scenario"),
        ("x = " + "9" * 5000, "expected TOML"),
        ("x = 2024-02-30", "expected TOML"),
        ("x" + ".x" * 3000 + " = 1", "x: unknown field, expected one of schema"),
    ],
)
def test_toml_that_no_parser_holds(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    with pytest.raises(SlitError, match=expected):
        load_scenario(path)


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, expected in {
        str(tmp_path / "pipe"): "pipe: a pipe or device, expected a scenario file",
        "/dev/zero": "/dev/zero: a pipe or device, expected a scenario file",
        "x" * 5000: "x...: no such scenario, expected a path",
        "a\0b": r"a\\x00b: no such scenario, expected a path",
        "word-day": r"did you mean 'world-day'\?",
    }.items():
        with pytest.raises(SlitError, match=expected):
            load_scenario(name)
    monkeypatch.setattr("slit.scenario.toml_file.LARGEST_FILE", 100)
    path = tiny(tmp_path, "genes", "genes")
    with pytest.raises(SlitError, match="more than 0 MiB, expected a scenario file"):
        load_scenario(path)


def test_round_trips_of_replaced_places_are_not_inherited(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(
        'schema = 1\nname = "mine"\nextends = "tiny"\n'
        '[[origins]]\nname = "west"\nlatitude = 37\nlongitude = -122\n'
        '[demand]\nkind = "groups"\n[[demand.groups]]\norigin = "west"\nclass = "chat"\n'
        "requests = 7\nprompt = 9\noutput = 2\n"
    )
    assert load_scenario(path).round_trip_s.tolist() == [[0.02, 0.025]]
