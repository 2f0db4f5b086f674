"""Budgets over a stretch of time: a price of what is spent that rises while it is spent too fast.

Dual descent (Balseiro, Lu and Mirrokni 2023, The Best of Many Worlds): after every epoch the price
of an objective rises by STEP times how much more was spent than what is left of the budget allows
for an epoch, as a share of that, and falls where less was; it is never below 0. One unit of the
price is what makes the budget's pace weigh as much as all of the weighted sum in an epoch of the
first decision.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.errors import SlitError, did_you_mean
from slit.operate.decide import is_mean

STEP = 0.05
_SPANS = {"h": 3600.0, "d": 86_400.0}
_FORM = re.compile(r"\s*(\w+)\s*<=\s*([\d.eE+]+)\s*/\s*(\d+(?:\.\d+)?)\s*([hd])\s*")


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `most` of an objective in `seconds`, counted from the first decision; then anew."""

    name: str
    most: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.name}<={self.most:g}/{self.seconds / 3600:g}h"


def read_budget(text: str, objectives: Sequence[str]) -> Budget:
    """The budget that a text states, such as "carbon<=5000/30d". Raises SlitError."""
    found = _FORM.fullmatch(text)
    expected = "OBJECTIVE<=NUMBER/TIME such as carbon<=5000/30d (kg CO2e in 30 days)"
    if found is None:
        raise SlitError(f"budget: {text!r}, expected {expected}")
    name, figure, time, unit = found.groups()
    if name not in objectives:
        known = ", ".join(objectives) + did_you_mean(name, objectives)
        raise SlitError(f"budget {text!r}: {name!r}, expected one of {known}")
    if is_mean(name):
        raise SlitError(
            f"budget {text!r}: {name} is a mean over requests, expected an objective that adds up "
            "(--limit keeps means)"
        )
    try:
        budget = Budget(name, float(figure), float(time) * _SPANS[unit])
    except ValueError:
        raise SlitError(f"budget: {text!r}, expected {expected}") from None
    if not (budget.most > 0 and budget.seconds > 0):
        raise SlitError(f"budget: {text!r}, expected more than 0")
    return budget


@dataclass(frozen=True, slots=True, eq=False)
class Purse:
    """What was spent of each of B budgets in its current stretch (B,), over so many epochs (B,),
    and the prices (B,) in their units."""

    spent: Floats
    epochs: Floats
    prices: Floats

    @classmethod
    def full(cls, budgets: Sequence[Budget]) -> "Purse":
        """Nothing spent."""
        none = np.zeros(len(budgets))
        return cls(none, none, none)

    def after(self, budgets: Sequence[Budget], spent: Floats, epoch_seconds: float) -> "Purse":
        """After an epoch that took `spent` (B,)."""
        length = np.array([budget.seconds for budget in budgets]) / epoch_seconds
        most = np.array([budget.most for budget in budgets])
        left = np.maximum(most - self.spent, 0.0)
        pace = left / np.maximum(length - self.epochs, 1.0)
        usual = most / length
        # What is left sets the pace; a budget that is nearly burnt does not make it vanish.
        pace = np.maximum(pace, 0.1 * usual)
        prices = np.maximum(self.prices + STEP * (spent - pace) / pace, 0.0)
        total, epochs = self.spent + spent, self.epochs + 1
        over = epochs >= length
        return Purse(np.where(over, 0.0, total), np.where(over, 0.0, epochs), prices)


def duals(
    budgets: Sequence[Budget],
    purse: Purse,
    names: Sequence[str],
    size: float,
    epoch_seconds: float,
) -> Floats:
    """(M,): what budgets add to the price of each objective; `size` is the weighted sum of an epoch
    in the first decision."""
    found = np.zeros(len(names))
    for budget, price in zip(budgets, purse.prices, strict=True):
        pace = budget.most * epoch_seconds / budget.seconds
        found[list(names).index(budget.name)] += price * size / pace
    return found
