import numpy as np
import pytest

from slit.errors import SlitError
from slit.scenario.environment import pue_of, water_of, wet_bulb_wue
from slit.scenario.records import PueMethod, WaterMethod


def test_cop_and_shield_at_20_degrees() -> None:
    # CoP(20) = 0.0068 * 400 + 0.0008 * 20 + 0.458 = 3.194
    supply = np.array([20.0])
    assert pue_of(PueMethod.COP, supply_c=supply)[0] == pytest.approx(1 + 1 / 3.194 + 0.13)
    assert pue_of(PueMethod.SHIELD, supply_c=supply)[0] == pytest.approx(1 + 3 / 3.194 + 0.13)


def test_shield_gives_what_it_says_between_16_and_30_degrees() -> None:
    found = pue_of(PueMethod.SHIELD, supply_c=np.array([16.0, 27.0]))
    assert 1.6 < found[1] < found[0] < 2.6


def test_published() -> None:
    values = np.array([1.1, 1.2])
    assert pue_of(PueMethod.PUBLISHED, published=values) is values
    water = water_of(WaterMethod.PUBLISHED, cycles=5, epochs=2, published=values)
    assert water.wue is values
    assert water.blowdown.tolist() == [0, 0]


def test_wet_bulb_at_68_fahrenheit() -> None:
    # 6e-5 * 68^3 - 0.01 * 68^2 + 0.61 * 68 - 10.4 = 3.70592; cycles 5: times 5/4
    assert wet_bulb_wue(np.array([20.0]), cycles=5)[0] == pytest.approx(1.25 * 3.70592)
    water = water_of(
        WaterMethod.WET_BULB, cycles=5, epochs=1, wet_bulb_c=np.array([20.0]), scale=0.1
    )
    assert water.wue[0] == pytest.approx(0.463240)
    assert water.blowdown[0] == pytest.approx(0.463240 / 5)


def test_wet_bulb_has_a_floor() -> None:
    assert wet_bulb_wue(np.array([-10.0]), cycles=3).tolist() == [0.05]


def test_tower() -> None:
    water = water_of(WaterMethod.TOWER, cycles=5, epochs=2)
    evaporation = 1 / 0.66
    assert water.blowdown == pytest.approx([evaporation / 4] * 2)
    assert water.wue == pytest.approx([evaporation * 5 / 4] * 2)


def test_a_method_says_what_it_lacks() -> None:
    with pytest.raises(SlitError, match="supply_temperature: missing"):
        pue_of(PueMethod.COP)
    with pytest.raises(SlitError, match="wet_bulb: missing"):
        water_of(WaterMethod.WET_BULB, cycles=5, epochs=1)
