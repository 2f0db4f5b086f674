import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from slit.errors import SlitError
from slit.units import UNITS, convert, known_units


@pytest.mark.parametrize(
    ("value", "found", "expected", "result"),
    [
        (50.0, "USD/MWh", "USD/kWh", 0.05),
        (420.0, "gCO2eq/kWh", "kg/kWh", 0.42),
        (1000.0, "lb/MWh", "kg/kWh", 0.45359237),
        (250.0, "ms", "s", 0.25),
        (68.0, "degF", "degC", 20.0),
        (20.0, "degC", "degF", 68.0),
        (-40.0, "degF", "degC", -40.0),
        (273.15, "K", "degC", 0.0),
        (300.0, "gal/MWh", "L/kWh", 1.1356235352),
        (2.5, "MWh", "kWh", 2500.0),
        (3.6e6, "J", "kWh", 1.0),
        (0.55, "kWh/1000 L", "kWh/L", 0.00055),
        (413887.0, "mW", "W", 413.887),
        (25.0, "%", "1", 0.25),
        (80.0, "GiB", "B", 85899345920.0),
    ],
)
def test_conversion_by_hand(value: float, found: str, expected: str, result: float) -> None:
    assert convert(value, found, expected) == pytest.approx(result, rel=1e-12, abs=1e-12)


def test_an_array_keeps_its_shape_and_is_not_changed() -> None:
    prices = np.array([[50.0, -35.0], [0.0, np.nan]])
    before = prices.copy()
    converted = convert(prices, "USD/MWh", "USD/kWh")
    assert_allclose(converted, before / 1000, rtol=1e-15)
    same = convert(prices, "USD/MWh", "USD/MWh")
    same[0, 0] = 1.0
    assert_allclose(prices, before)


@pytest.mark.parametrize("found", ["EUR/MWh", "ms", "usd/mwh", ""])
def test_an_unknown_or_other_unit_is_refused_with_the_known_ones(found: str) -> None:
    with pytest.raises(SlitError) as caught:
        convert(1.0, found, "USD/kWh", what="price")
    message = str(caught.value)
    assert message.startswith(f"price: unit {found!r}")
    assert "expected one of USD/kWh, USD/MWh, cent/kWh (energy price)" in message


def test_an_unknown_target_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="expected unit"):
        convert(1.0, "ms", "fortnight")


@given(st.sampled_from(sorted(UNITS)), st.data(), st.floats(-1e6, 1e6))
def test_there_and_back(found: str, data: st.DataObject, value: float) -> None:
    expected = data.draw(st.sampled_from(known_units(UNITS[found].kind)))
    back = convert(convert(value, found, expected), expected, found)
    assert back == pytest.approx(value, rel=1e-9, abs=1e-6)
