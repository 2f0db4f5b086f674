"""How one plan is chosen of all that could be: a policy as text, and as records."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from slit.errors import SlitError, did_you_mean

BALANCE, PRICES, PICK, ORDER = "balance", "prices", "pick", "order"
PICKS = ("balance", "knee")
"""Picks of a front besides its extremes, which are called like the objectives."""
MOVES = 2_000_000
"""Of a search for a front, where none are stated."""
FORMS = (
    "balance, balance:OBJECTIVE=WEIGHT,.., prices:OBJECTIVE=USD,.., pick:OBJECTIVE|balance|knee, "
    "order:OBJECTIVE,.. (order:OBJECTIVE,..@TOLERANCE)"
)


@dataclass(frozen=True, slots=True)
class Weighted:
    """One weighted sum of objectives for all decisions.

    weights: by objective. priced: they are USD for one unit of an objective, where a unit of a mean
    over requests is one request; otherwise what one per cent weighs of what the nearest datacenters
    took in the day before the first decision: the prices hold from then on.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    priced: bool = False


@dataclass(frozen=True, slots=True)
class Picked:
    """A search for a front in each decision, and the plan of it called `pick`."""

    pick: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """One objective after the other, each within `tolerance` of its relaxed optimum."""

    order: tuple[str, ...]
    tolerance: float = 0.01


Policy = Weighted | Picked | Ordered


def read_policy(text: str, objectives: tuple[str, ...]) -> Policy:
    """The policy that a text states. Raises SlitError that says what can be stated."""
    kind, _, said = text.strip().partition(":")
    if kind == BALANCE:
        weights = _figures(text, said, objectives) if said else {}
        return _weighted(text, dict.fromkeys(objectives, 1.0) | weights, priced=False)
    if kind == PRICES:
        prices = _figures(text, said, objectives)
        return _weighted(text, dict.fromkeys(objectives, 0.0) | prices, priced=True)
    if kind == PICK:
        _known(text, said, (*PICKS, *objectives))
        return Picked(said)
    if kind == ORDER:
        names, at, tolerance = said.partition("@")
        order = tuple(name.strip() for name in names.split(","))
        for name in order:
            _known(text, name, objectives)
        return Ordered(order, _tolerance(text, tolerance)) if at else Ordered(order)
    near = did_you_mean(kind, (BALANCE, PRICES, PICK, ORDER))
    raise SlitError(f"policy: {text!r}, expected one of {FORMS}{near}")


def _figures(text: str, said: str, objectives: tuple[str, ...]) -> dict[str, float]:
    figures = {}
    for part in said.split(","):
        name, equals, figure = (each.strip() for each in part.partition("="))
        _known(text, name, objectives)
        try:
            figures[name] = float(figure)
        except ValueError:
            figures[name] = -1.0
        if not equals or not 0 <= figures[name] < float("inf"):
            raise SlitError(f"policy {text!r}: {part!r}, expected OBJECTIVE=NUMBER (0 or more)")
    return figures


def _weighted(text: str, weights: dict[str, float], *, priced: bool) -> Weighted:
    if not any(weights.values()):
        raise SlitError(f"policy {text!r}: all 0, expected a weight that is not")
    return Weighted(weights, priced)


def _known(text: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        expected = ", ".join(dict.fromkeys(names)) + did_you_mean(name, names)
        raise SlitError(f"policy {text!r}: {name!r}, expected one of {expected}")


def _tolerance(text: str, said: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?%", said.strip()):
        raise SlitError(f"policy {text!r}: tolerance {said!r}, expected a percentage such as 1%")
    return float(said.strip()[:-1]) / 100
