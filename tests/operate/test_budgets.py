"""Budgets: their text, the price that rises while they burn, and what it does to decisions."""

import numpy as np
import pytest

from slit.errors import SlitError
from slit.operate.backtest import ORACLE, run_record
from slit.operate.budgets import STEP, Budget, Purse, duals, read_budget
from tests.operate.stretches import DAY, NAMES, settings, stretch


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("carbon<=5000/30d", Budget("carbon", 5000.0, 30 * 86_400.0)),
        (" cost <= 1.5e3 / 12h", Budget("cost", 1500.0, 12 * 3600.0)),
    ],
)
def test_what_can_be_stated(text: str, budget: Budget) -> None:
    assert read_budget(text, NAMES) == budget
    assert read_budget(str(budget), NAMES) == budget


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("carbon<=5000", "expected OBJECTIVE<=NUMBER/TIME"),
        ("carbon<=5000/month", "expected OBJECTIVE<=NUMBER/TIME"),
        ("carbon<=1e/30d", "expected OBJECTIVE<=NUMBER/TIME"),
        ("carbn<=5000/30d", "did you mean 'carbon'?"),
        ("quality<=0.3/30d", "is a mean over requests"),
        ("carbon<=0/30d", "expected more than 0"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(SlitError) as caught:
        read_budget(text, NAMES)
    assert said in str(caught.value)


def test_the_price_follows_the_pace() -> None:
    """100 kg in four hours are 25 an hour: 50 in the first is twice the pace, 10 of the 50 left
    after it is 6.67 below the pace of 16.67."""
    budget = Budget("carbon", 100.0, 4 * 3600.0)
    first = Purse.full([budget]).after([budget], np.array([50.0]), 3600.0)
    assert first.spent == [50.0]
    assert first.prices == pytest.approx([STEP * 1.0])
    second = first.after([budget], np.array([10.0]), 3600.0)
    assert second.prices == pytest.approx([STEP * (1.0 - 0.4)])
    last = second.after([budget], np.array([0.0]), 3600.0).after([budget], np.array([1.0]), 3600.0)
    assert last.spent == [0.0]
    assert last.epochs == [0.0]


def test_a_burnt_budget_keeps_a_tenth_of_its_pace() -> None:
    budget = Budget("carbon", 100.0, 4 * 3600.0)
    purse = Purse(np.array([150.0]), np.array([1.0]), np.array([0.0]))
    assert purse.after([budget], np.array([5.0]), 3600.0).prices == pytest.approx([STEP])


def test_one_unit_of_price_weighs_as_much_as_the_weighted_sum() -> None:
    budget = Budget("cost", 48.0, 86_400.0)
    purse = Purse(np.array([0.0]), np.array([0.0]), np.array([0.5]))
    found = duals([budget], purse, NAMES, 10.0, 3600.0)
    assert found == pytest.approx([0.0, 0.0, 0.5 * 10.0 / 2.0, 0.0])


def test_a_budget_is_kept_where_it_can_be() -> None:
    """Without one, the runs take more; with it, the price makes them take less."""
    found = stretch(5, days=6)
    free = run_record(ORACLE, found, settings("balance:carbon=0"), method="naive")
    least = run_record(ORACLE, found, settings("balance:cost=0,water=0,quality=0"), method="naive")
    taken, lowest = free.value("carbon"), least.value("carbon")
    assert lowest < 0.9 * taken
    most = 0.4 * taken + 0.6 * lowest
    budget = Budget("carbon", most, 6 * DAY * 21_600.0)
    kept = run_record(
        ORACLE, found, settings("balance:carbon=0", budgets=(budget,)), method="naive"
    )
    assert lowest <= kept.value("carbon") < taken
    assert kept.value("carbon") - most < 0.5 * (taken - most)
