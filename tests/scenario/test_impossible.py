"""Figures that cannot be true never enter a plan, not even its levels."""

import numpy as np
import pytest

from slit.errors import SlitError
from slit.scenario.diagnostics import Severity
from slit.scenario.limits import LIMITS
from slit.scenario.lint_scenario import doubts
from tests.scenario.files import Files, check_scenario

WET = """
water_method = "wetbulb"
cycles = 5
wet_bulb = { file = "wet.csv", column = "t", unit = "degC", zone = "UTC" }"""


def wet(files: Files, *, last: str = "20", first: str = "20") -> Files:
    """20 degC for two days from the horizon's first hour; a figure of each day may differ."""
    rows = [f"2024-03-{20 + h // 24}T{h % 24:02}:00,20" for h in range(48)]
    rows[0], rows[-1] = rows[0].replace(",20", f",{first}"), rows[-1].replace(",20", f",{last}")
    files.write("wet.csv", "utc,t\n" + "\n".join(rows) + "\n")
    if "wet.csv" not in files.text:
        files.replace('zone = "DE-LU"', f'zone = "DE-LU"{WET}')
    return files


@pytest.mark.parametrize("code", ["9999", "-999", "1e308", "99.9", "-99"])
def test_a_code_for_a_missing_figure_outside_the_horizon_changes_no_hour(
    files: Files, code: str
) -> None:
    plain = wet(files).load().signals.wue[:, 0]
    # One temperature all the time: the level of the source is that of each hour, 0.2 L/kWh.
    np.testing.assert_allclose(plain, 0.2)
    scenario = wet(files, last=code).load()
    np.testing.assert_array_equal(scenario.signals.wue[:, 0], plain)
    said = [str(one) for one in doubts(scenario)]
    assert any("wet.csv:49: t: " in one and "outside the horizon, left out" in one for one in said)
    assert any("left out" in str(one) for one in check_scenario(files.path))


def test_in_the_horizon_it_is_refused(files: Files) -> None:
    wet(files, first="9999")
    expected = r"wet.csv:2: t: 9999 degC \(1 such\), expected a number from -90 to 50 degC"
    with pytest.raises(SlitError, match=expected):
        files.load()
    errors = [one for one in check_scenario(files.path) if one.severity is Severity.ERROR]
    assert len(errors) == 1
    assert "9999 degC (1 such)" in errors[0].found


@pytest.mark.parametrize("name", LIMITS)
def test_written_out_it_is_refused(files: Files, name: str) -> None:
    limits = LIMITS[name]
    figure = f"{{ value = {limits.highest * 1.01}, unit = {limits.unit!r} }}"
    methods = {
        "wet_bulb": 'water_method = "wetbulb"\ncycles = 5\n',
        "supply_temperature": 'pue_method = "cop"\n',
    }
    text = files.text
    for old in ("pue", "wue", "ewif"):
        if old == name:
            start = text.index(f"\n{old} = {{")
            text = text[:start] + text[text.index("\n", start + 1) :]
    files.path.write_text(text, encoding="utf-8")
    files.replace('zone = "DE-LU"', f'zone = "DE-LU"\n{methods.get(name, "")}{name} = {figure}')
    with pytest.raises(SlitError, match=rf"north\.{name}: .* \(1 such\), expected a number from"):
        files.load()
