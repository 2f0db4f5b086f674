"""Marginal intensities by hand, and the scenarios that are judged by them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from benchmarks.drivers.carbon_accounts import CASES, GRAMS, SHARED, ZONES, marginal, write_marginal
from slit.scenario.load import load_scenario


def generation(**fuels: object) -> pd.DataFrame:
    """A year of hours, MWh by fuel; those not named give nothing."""
    hours = pd.date_range("2022-01-01T01:00", periods=8760, freq="h", name="utc")
    return pd.DataFrame({fuel: fuels.get(fuel, 0.0) for fuel in GRAMS}, index=hours)


def test_the_fuel_that_follows_load_sets_the_margin() -> None:
    """Gas follows, nuclear runs through, wind comes and goes as it likes."""
    rng = np.random.default_rng(1)
    load = 1000 * rng.random(8760)
    found = marginal(generation(NG=load, NUC=2000.0, WND=500 * rng.random(8760)))
    # Wind emits 11 g/kWh itself: what it adds is noise around the slope of gas.
    assert_allclose(found, 490, atol=5)
    alone = marginal(generation(NG=load, NUC=2000.0))
    assert_allclose(alone, 490, rtol=1e-9)


def test_coal_at_night_and_gas_by_day_by_hand() -> None:
    """Hours 0 to 11 (UTC) change by coal alone, 12 to 23 by gas and coal alike: (490 + 820) / 2."""
    rng = np.random.default_rng(2)
    begins = pd.date_range("2022-01-01", periods=8760, freq="h")
    night = begins.hour.to_numpy() < 12
    step = rng.normal(size=8760)
    coal = 1e4 + np.cumsum(np.where(night, step, 0.5 * step))
    gas = 1e4 + np.cumsum(np.where(night, 0.0, 0.5 * step))
    found = marginal(generation(NG=gas, COL=coal))
    assert_allclose(found[:, :12], 820, rtol=1e-9)
    assert_allclose(found[:, 12:], 655, rtol=1e-9)


def test_gaps_are_left_out() -> None:
    load = 1000 * np.random.default_rng(3).random(8760)
    load[100:130] = np.nan
    assert_allclose(marginal(generation(NG=load)), 490, rtol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_scenarios_state_what_is_estimated(
    case: str, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SHARED, str(shared_data))
    write_marginal(shared_data, tmp_path)
    file = tmp_path / "case.toml"
    file.write_text(CASES[case](shared_data))
    scenario = load_scenario(file)
    account = next(each for each in scenario.accounts if each.name in ("marginal", "mixed"))
    by_site = {site.datacenter: site for site in account.sites}
    assert [by_site[name].estimated for name in ZONES] == [1.0, 1.0, 1.0]
    assert set(account.borrowed) == set(by_site) - set(ZONES)
    hourly, yearly = (
        next(each for each in scenario.accounts if each.name == name)
        for name in ("hourly", "contracts")
    )
    assert yearly.covered == hourly.covered
    direct = [each.name for each in scenario.accounts].index("direct")
    assert (scenario.account_carbon[direct] <= scenario.account_carbon[0]).all()
