"""Carbon accounts: another intensity for the same energy, by hand and by what must not matter."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from slit.errors import SlitError
from slit.scenario.accounts import account_names, under
from slit.scenario.lint_scenario import doubts
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.scenario.store import read_scenario, save_scenario, scenario_hash
from tests.scenario.files import Files

TINY = 'schema = 1\nname = "accounts"\nextends = "tiny"\n'
SERIES = '{ values = [500, 300], unit = "g/kWh", estimated = true }'


def written(folder: Path, accounts: str, head: str = "") -> Scenario:
    """`tiny` with accounts: sunny emits 380 and 340 g/kWh, windy 150 and 60."""
    path = folder / "accounts.toml"
    path.write_text(f"{TINY}{head}\n{accounts}")
    return load_scenario(path)


def carbon(scenario: Scenario, account: str) -> np.ndarray:
    """g/kWh (T, D)."""
    return 1000 * under(scenario, account).signals.carbon


def test_without_accounts_nothing_is_new(tmp_path: Path) -> None:
    plain = written(tmp_path, "")
    assert account_names(plain) == ("base",)
    assert under(plain, "base") is plain
    assert scenario_hash(plain) == scenario_hash(load_scenario("tiny"))


def test_yearly_contracts_by_hand(tmp_path: Path) -> None:
    """0.6 at 20 g/kWh: 0.4 * 380 + 0.6 * 20 = 164."""
    scenario = written(
        tmp_path,
        "[[accounts.market.contracts]]\n"
        'datacenter = "sunny"\nshare = 0.6\ncarbon_g_per_kwh = 20\nestimated = true\n',
    )
    assert_allclose(carbon(scenario, "market"), [[164, 150], [148, 60]], rtol=1e-12)
    sunny, windy = scenario.accounts[1].sites
    # `tiny` says that its carbon is estimated.
    assert (sunny.covered, sunny.estimated) == (0.6, 1.0)
    assert (windy.covered, windy.estimated) == (0.0, 1.0)
    assert scenario.accounts[1].covered == ("sunny",)


def test_hourly_contracts_by_hand(tmp_path: Path) -> None:
    """Half of the energy, generated 1 to 3: 0.25 and 0.75 of what the hours draw. Of a contract for
    0.8, 0.4 and 1.2, what is beyond the hour is lost."""
    profile = 'matching = "hourly"\nprofile = { values = [1, 3], unit = "kW" }\n'
    scenario = written(
        tmp_path,
        f'[[accounts.half.contracts]]\ndatacenter = "sunny"\nshare = 0.5\n{profile}'
        f'[[accounts.most.contracts]]\ndatacenter = "sunny"\nshare = 0.8\n{profile}',
    )
    assert_allclose(carbon(scenario, "half"), [[285, 150], [85, 60]], rtol=1e-12)
    assert_allclose(carbon(scenario, "most"), [[228, 150], [0, 60]], rtol=1e-12, atol=1e-12)
    assert scenario.accounts[2].sites[0].covered == pytest.approx(0.7)


def test_contracts_beyond_an_hour_share_it(tmp_path: Path) -> None:
    """1.2 of the second hour by two contracts alike, one of them at 100 g/kWh: half of it each."""
    profile = 'matching = "hourly"\nprofile = { values = [1, 3], unit = "kW" }\n'
    one = f'[[accounts.m.contracts]]\ndatacenter = "sunny"\nshare = 0.4\n{profile}'
    scenario = written(tmp_path, f"{one}{one}carbon_g_per_kwh = 100\n")
    assert_allclose(carbon(scenario, "m")[:, 0], [380 * 0.6 + 0.2 * 100, 50], rtol=1e-12)


def test_contracts_cover_what_the_residual_mix_does_not(tmp_path: Path) -> None:
    """The account's own series is the residual mix: 0.75 * 500 and 0.75 * 300."""
    scenario = written(
        tmp_path,
        f"[accounts.market]\ncarbon = {SERIES}\n"
        '[[accounts.market.contracts]]\ndatacenter = "windy"\nshare = 0.25\n',
    )
    assert_allclose(carbon(scenario, "market"), [[500, 375], [300, 225]], rtol=1e-12)
    assert scenario.accounts[1].sites[1].estimated == pytest.approx(0.75)


def test_market_without_contracts_is_location(tmp_path: Path) -> None:
    scenario = written(tmp_path, "[accounts.market]\n")
    assert_array_equal(*scenario.account_carbon)


def test_a_contract_for_nothing_changes_nothing(tmp_path: Path) -> None:
    scenario = written(tmp_path, '[[accounts.market.contracts]]\ndatacenter = "sunny"\nshare = 0\n')
    assert_array_equal(*scenario.account_carbon)


def test_some_sites_alone_are_said_to_be_borrowed(tmp_path: Path) -> None:
    stated = f"[accounts.marginal]\nsites = {{ windy = {SERIES} }}\n"
    scenario = written(tmp_path, f'{stated}missing = "base"\n')
    assert_allclose(carbon(scenario, "marginal"), [[380, 500], [340, 300]], rtol=1e-12)
    assert scenario.accounts[1].borrowed == ("sunny",)
    assert scenario.accounts[1].sites[1].estimated == 1.0
    counted = under(scenario, "marginal")
    (finding,) = (each for each in doubts(counted) if each not in doubts(scenario))
    assert str(finding).startswith("accounts.marginal: no figures for sunny, which count as in")
    with pytest.raises(SlitError, match=r"accounts.marginal: no series for sunny, expected one in"):
        written(tmp_path, stated)


def test_a_method_reads_the_other_column(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    head = 'schema = 1\nname = "w"\nextends = "world-day"\n'
    path.write_text(f'{head}[accounts.direct]\nmethod = "direct"\n')
    scenario = load_scenario(path)
    other = tmp_path / "direct.toml"
    other.write_text(f'{head}[accounting]\ncarbon = "direct"\n')
    assert_array_equal(under(scenario, "direct").signals.carbon,
                       load_scenario(other).signals.carbon)  # fmt: skip
    assert (scenario.account_carbon[1] < scenario.account_carbon[0]).all()


def test_the_file_says_which_account_counts(tmp_path: Path) -> None:
    accounts = f"[accounts.marginal]\ncarbon = {SERIES}\n"
    counted = written(tmp_path, accounts, '[accounting]\naccount = "marginal"\n')
    plain = written(tmp_path, accounts)
    assert counted.accounting.account == "marginal"
    assert scenario_hash(counted) == scenario_hash(under(plain, "marginal"))
    assert scenario_hash(counted) != scenario_hash(plain)
    assert scenario_hash(under(counted, "base")) == scenario_hash(plain)


def test_accounts_are_kept_and_their_change_is_seen(tmp_path: Path) -> None:
    scenario = written(tmp_path, f"[accounts.marginal]\ncarbon = {SERIES}\n")
    save_scenario(scenario, tmp_path)
    again = read_scenario(tmp_path)
    assert again.accounts == scenario.accounts
    assert_array_equal(again.account_carbon, scenario.account_carbon)
    text = (tmp_path / "scenario.json").read_text()
    assert '"marginal"' in text
    (tmp_path / "scenario.json").write_text(text.replace('"marginal"', '"average"'))
    with pytest.raises(SlitError, match="hash"):
        read_scenario(tmp_path)


def test_inputs_say_what_is_estimated(tmp_path: Path) -> None:
    scenario = written(tmp_path, f"[accounts.marginal]\ncarbon = {SERIES}\n")
    found = {entry.name: entry.estimated_share for entry in scenario.inputs}
    assert found["carbon: marginal"] == 1.0


def test_another_time_reads_accounts_there(files: Files) -> None:
    """Series with time stamps follow; one figure an epoch is bound to its hours."""
    text = files.text
    stated = text[text.index("[signals.carbon]") :].split("\n\n")[0]
    files.path.write_text(f"{text}\n{stated.replace('signals.carbon', 'accounts.same.carbon')}\n")
    scenario = files.load(start="2024-03-20T06:00Z", hours=6)
    assert_array_equal(*scenario.account_carbon)
    values = ", ".join(["400"] * 24)
    files.path.write_text(
        f'{text}\n[accounts.bound]\ncarbon = {{ values = [{values}], unit = "g/kWh" }}\n'
    )
    files.load()
    with pytest.raises(SlitError, match=r"accounts.bound.carbon has one figure an epoch"):
        files.load(start="2024-03-20T06:00Z")


CONTRACT = "[[accounts.m.contracts]]\n"
MISTAKES = {
    "unknown account": (
        "[accounts.market]\n",
        '[accounting]\naccount = "markte"\n',
        "accounting.account: 'markte', expected one of base, market",
    ),
    "no accounts": (
        "",
        '[accounting]\naccount = "market"\n',
        "accounting.account: 'market', expected one of base; the scenario states none",
    ),
    "the name of the base": (
        "[accounts.base]\n", "", "accounts.base: the name of what [signals] states, expected",
    ),
    "a share above 1": (
        f'{CONTRACT}datacenter = "sunny"\nshare = 1.2\n', "",
        "accounts.m.contracts[0].share: 1.2, expected a number <= 1",
    ),
    "shares above 1 together": (
        f'{CONTRACT}datacenter = "sunny"\nshare = 0.7\n' * 2, "",
        "accounts.m.contracts: 1.4 of the energy of sunny, expected at most 1",
    ),
    "an unknown site": (
        f'{CONTRACT}datacenter = "suny"\nshare = 0.7\n', "",
        "accounts.m.contracts: 'suny', expected one of sunny, windy",
    ),
    "hours without a profile": (
        f'{CONTRACT}datacenter = "sunny"\nshare = 0.7\nmatching = "hourly"\n', "",
        "hourly matching without a profile, expected the generation over time",
    ),
    "a profile of nothing": (
        f'{CONTRACT}datacenter = "sunny"\nshare = 0.7\nmatching = "hourly"\n'
        'profile = { value = 0, unit = "kW" }\n', "",
        "accounts.m.contracts (sunny).profile: 0 on average, expected generation",
    ),
    "a method without columns": (
        '[accounts.direct]\nmethod = "direct"\n', "",
        "accounts.direct.method: direct, but the carbon signal of sunny is one series",
    ),
    "a missing series": (
        '[accounts.m.carbon]\nfile = "none.csv"\ncolumn = "g"\nunit = "g/kWh"\n', "",
        "accounts.m.carbon (sunny): ",
    ),
    "a strange unit": (
        '[accounts.m]\ncarbon = { value = 3, unit = "USD/kWh" }\n', "",
        "accounts.m.carbon (sunny): ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_message(tmp_path: Path, name: str) -> None:
    accounts, head, expected = MISTAKES[name]
    with pytest.raises(SlitError) as raised:
        written(tmp_path, accounts, head)
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)
