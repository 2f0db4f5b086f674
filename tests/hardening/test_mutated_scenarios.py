"""Whatever a file holds: a scenario of finite numbers, or messages of one line.

`--hypothesis-show-statistics` says how many were refused.
"""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.scenario.builtin import builtin_path
from slit.scenario.diagnostics import Severity
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.scenario.starter import FOLDER, write_starter
from tests.hardening.mutations import mutated, mutated_table, toml
from tests.scenario.files import DEMAND, GRID, check_scenario

TINY = tomllib.loads(builtin_path("tiny").read_text(encoding="utf-8"))
STARTER = tomllib.loads((FOLDER / "scenario.toml").read_text(encoding="utf-8"))
WORLD = tomllib.loads(builtin_path("world-day").read_text(encoding="utf-8"))
TABLES = {name: (FOLDER / name).read_text(encoding="utf-8") for name in (DEMAND, GRID)}

PYTHON = re.compile(
    r"datetime\.|<class|object at 0x|Decimal\(|Timestamp\(|array\(|np\.\w|\{'\w+':|NoneType|"
    "Traceback"
)

SHORT = settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
LONG = settings(SHORT, max_examples=4000, derandomize=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mutated") / "scenario"
    write_starter(made)
    return made


def meet(path: Path) -> None:
    """Load and check a file; every message is plain, and both agree on whether it is refused."""
    messages = []
    refused = True
    try:
        scenario = load_scenario(path)
    except SlitError as error:
        messages.append(str(error))
    else:
        refused = False
        assert_finite(scenario)
    findings = check_scenario(path)
    messages += [str(finding) for finding in findings]
    for message in messages:
        assert len(message.splitlines()) == 1, message
        assert not PYTHON.search(message), message
        assert message.count(str(path)) <= 1, message
    if refused:
        assert any(finding.severity is Severity.ERROR for finding in findings), messages
    event("refused" if refused else "loaded")


def assert_finite(scenario: Scenario) -> None:
    for holder in (scenario.signals, scenario.demand):
        for field in fields(holder):
            assert np.isfinite(getattr(holder, field.name)).all(), field.name
    assert np.isfinite(scenario.round_trip_s).all()


def check_keys(folder: Path, data: object) -> None:
    assert isinstance(data, dict)
    path = folder / "mutated.toml"
    path.write_text(toml(data), encoding="utf-8")
    meet(path)


def check_table(folder: Path, name: str, text: str) -> None:
    path = folder / "scenario.toml"
    (folder / name).write_text(text, encoding="utf-8")
    try:
        meet(path)
    finally:
        (folder / name).write_text(TABLES[name], encoding="utf-8")


KEYS = st.one_of(mutated(TINY), mutated(STARTER))
ROWS = st.sampled_from(list(TABLES)).flatmap(
    lambda name: st.tuples(st.just(name), mutated_table(TABLES[name]))
)


def test_the_files_themselves_load(folder: Path) -> None:
    for data in (TINY, STARTER, WORLD):
        path = folder / "whole.toml"
        path.write_text(toml(data), encoding="utf-8")
        load_scenario(path)


@SHORT
@given(KEYS)
def test_mutated_keys(folder: Path, data: object) -> None:
    check_keys(folder, data)


@SHORT
@given(ROWS)
def test_mutated_tables(folder: Path, change: tuple[str, str]) -> None:
    check_table(folder, *change)


@pytest.mark.attack
@LONG
@given(st.one_of(KEYS, KEYS, mutated(WORLD)))
def test_many_mutated_keys(folder: Path, data: object) -> None:
    check_keys(folder, data)


@pytest.mark.attack
@LONG
@given(ROWS)
def test_many_mutated_tables(folder: Path, change: tuple[str, str]) -> None:
    check_table(folder, *change)
