"""The same plans under several accounts: by hand, and what must not matter."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import slit
from slit.errors import SlitError
from slit.front import Front
from slit.record import read_run
from slit.report.accounts import Searched, accounts_data, accounts_of, describe_contradictions
from slit.report.write import report_html
from slit.scenario.account import Account, SiteAccount
from slit.scenario.accounts import under
from slit.scenario.scenario import Scenario
from tests.hand import hand_scenario

BASE = [[0.5, 0.1], [0.5, 0.1]]
HERE, THERE = [0, 0, 0], [1, 1, 1]


def with_accounts(**others: Sequence[Sequence[float]]) -> Scenario:
    """The scenario by hand with other intensities (T, D), kg/kWh, by name."""
    sites = tuple(SiteAccount(datacenter=name, estimated=0.0) for name in ("here", "there"))
    stated = {"base": BASE, **others}
    return hand_scenario(
        accounts=tuple(Account(name=name, sites=sites) for name in stated),
        account_carbon=np.array(list(stated.values())),
    )


def searched(scenario: Scenario, *, reference: str = "nearest") -> Searched:
    """All here, as nearest has it, and all there, which a search found."""
    front = slit.evaluate(scenario, np.array([HERE, THERE]), objectives=["carbon", "cost"])
    return Searched(scenario, replace(front, methods=(reference, "slit")), "slit")


def test_two_zones_and_a_contract_by_hand() -> None:
    """Here the grid gives 5.9 kWh and there none; or 0.5 here, of nodes that stand by, and 2.6
    there. A contract for 0.6 of the energy here, at 0.1: 0.4 * 0.5 + 0.6 * 0.1 = 0.26."""
    found = accounts_data([searched(with_accounts(market=[[0.26, 0.1]] * 2))])
    rows = {row.name: row for row in found.rows}
    assert_allclose(rows["nearest"].carbon, [0.5 * 5.9, 0.26 * 5.9], rtol=1e-9)
    assert_allclose(rows["slit-carbon"].carbon, [0.5 * 0.5 + 0.26, 0.26 * 0.5 + 0.26], rtol=1e-9)
    assert rows["nearest"].change == (0.0, 0.0)
    assert rows["slit-carbon"].change[1] == pytest.approx(100 * (0.39 / 1.534 - 1))
    assert found.reference == "nearest"
    assert [choice.moved for choice in found.choices if choice.kind == "carbon"] == [0.0]


def test_a_saving_that_emits_more_under_another_account_by_hand() -> None:
    """0.1 here and 0.9 there at the margin: 0.59 kg here, 0.05 + 2.34 there."""
    found = accounts_data([searched(with_accounts(marginal=[[0.1, 0.9]] * 2))])
    rows = {row.name: row for row in found.rows}
    assert_allclose(rows["slit-carbon"].carbon, [0.51, 2.39], rtol=1e-9)
    assert rows["slit-carbon"].contradicts
    assert not rows["nearest"].contradicts
    assert "slit-carbon" in describe_contradictions(found)
    (choice,) = (each for each in found.choices if each.kind == "carbon")
    assert (choice.plan, choice.own_plan, choice.moved) == (0, 1, 1.0)
    assert (choice.carbon, choice.own_carbon) == pytest.approx((0.59, 2.39))


@settings(max_examples=20)
@given(factor=st.floats(0.1, 10))
def test_accounts_alike_but_for_a_factor_pick_alike(factor: float) -> None:
    """Identical accounts give identical columns; with a factor on all, the same picks."""
    scaled = (factor * np.array(BASE)).tolist()
    found = accounts_data([searched(with_accounts(same=BASE, scaled=scaled))])
    for row in found.rows:
        assert row.carbon[1] == row.carbon[0]
        assert row.change[1] == row.change[0]
        assert row.carbon[2] == pytest.approx(factor * row.carbon[0])
    for choice in found.choices:
        assert (choice.plan, choice.moved) == (choice.own_plan, 0.0)


def test_the_table_does_not_depend_on_which_account_was_searched() -> None:
    """The same plans searched under another account: the same carbon in every column."""
    scenario = with_accounts(marginal=[[0.1, 0.9]] * 2)
    found = accounts_data([searched(scenario), searched(under(scenario, "marginal"))])
    first, second = ([r for r in found.rows if r.searched == name] for name in found.names)
    by_name = {row.name: row for row in second}
    for row in first:
        if row.name in ("nearest", "slit-cost"):
            assert_allclose(by_name[row.name].carbon, row.carbon, rtol=1e-12)
    assert {each.searched for each in found.choices} == {"base", "marginal"}


def test_fronts_of_other_scenarios_are_refused() -> None:
    one, two = with_accounts(m=BASE), with_accounts(m=[[0.1, 0.9]] * 2)
    with pytest.raises(SlitError, match="expected runs of one scenario that differ in the account"):
        accounts_data([searched(one), searched(two)])
    with pytest.raises(SlitError, match="states none, expected"):
        accounts_data([searched(hand_scenario())])
    with pytest.raises(SlitError, match="against: 'nearst', expected one of"):
        accounts_data([searched(one)], reference="nearst")


def test_without_carbon_among_the_objectives_it_is_measured_beside_them() -> None:
    scenario = with_accounts(market=[[0.26, 0.1]] * 2)
    whole = searched(scenario).front
    front = Front(whole.X, whole.F[:, 1:], whole.G, whole.names[1:], whole.units[1:], whole.methods)
    found = accounts_data([Searched(scenario, front, "slit")])
    rows = {row.name: row for row in found.rows}
    assert_allclose(rows["nearest"].carbon, [2.95, 1.534], rtol=1e-9)
    assert {choice.kind for choice in found.choices} == {"balance"}


def test_accounts_left_behind_by_a_change_are_not_judged(tmp_path: Path) -> None:
    """A scenario of other hours keeps the accounts of those it had: they say nothing of it."""
    scenario = with_accounts(m=BASE)
    changed = replace(scenario, account_carbon=scenario.account_carbon[:, :1])
    slit.optimize(changed, optimizer="nearest", output=tmp_path / "run")
    assert accounts_of(read_run(tmp_path / "run")) is None
    with pytest.raises(SlitError, match=r"account: figures of shape \(1, 2\), expected \(2, 2\)"):
        under(changed, "m")


def test_the_report_shows_accounts_where_there_are_some(tmp_path: Path) -> None:
    sites = (
        SiteAccount(datacenter="here", estimated=1.0),
        SiteAccount(datacenter="there", borrowed=True, estimated=0.0),
    )
    scenario = with_accounts(marginal=[[0.1, 0.1]] * 2)
    stated = Account(name="marginal", description="of 2022", sites=sites)
    scenario = replace(scenario, accounts=(scenario.accounts[0], stated))
    slit.optimize(scenario, evaluations=50, output=tmp_path / "run")
    html = report_html(read_run(tmp_path / "run"))
    section = html[html.index('id="accounts"') :].split("</section>")[0]
    assert "of 2022" in section
    assert "50 %" in section  # estimated
    assert ">there<" in section  # counted as the base
    plain = hand_scenario()
    slit.optimize(plain, evaluations=50, output=tmp_path / "plain")
    assert 'id="accounts"' not in report_html(read_run(tmp_path / "plain"))
