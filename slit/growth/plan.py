"""The plan of a growth: what nodes are worth, what to add, and what that buys."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from operators.types import Floats, Longs
from slit.errors import SlitError
from slit.growth.fleet import Fleet, change_of, even_spread
from slit.growth.master import Choice, Means, choose
from slit.growth.operation import Operation

FRONT = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of the budget of which the front of investment against operation is made."""
YEAR_HOURS = 8766.0


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """What a share of the budget, or a carbon price, leads to: a choice with its objectives (M,),
    means over the days, and what was spent."""

    share: float
    carbon_price: float | None
    choice: Choice
    objectives: Floats
    bound: float
    price_usd: float
    embodied_kg: float


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """What `slit grow` finds: M objectives, H epochs of a day, Q pools.

    weights (M,): USD per unit in the sum that is minimized. worth (M, H, Q): by how much one more
    node of today's fleet would lower the least of each objective, in each epoch of the mean day.
    today, even: without growth, and with as many nodes as `front[-1]` spread evenly over the
    catalog. front: by shares of the budget; carbon: by carbon prices. exact: whether the cuts hold
    for any number of nodes, so that the gap of the best is proved.
    """

    fleet: Fleet
    names: tuple[str, ...]
    units: tuple[str, ...]
    weights: Floats
    worth: Floats
    today: Point
    even: Point
    front: tuple[Point, ...]
    carbon: tuple[Point, ...]
    exact: bool

    @property
    def best(self) -> Point:
        """What is recommended: with the whole budget."""
        return self.front[-1]


def balanced_weights(operation: Operation, given: dict[str, float]) -> Floats:
    """(M,): USD per unit: 1 of cost, of the others so that what they range over between the
    extremes of the relaxation counts as much as what cost does; those given as they are.

    Raises SlitError for names that are no objectives, or weights below 0.
    """
    relaxation = operation.today
    names = relaxation.names
    for name, value in given.items():
        if name not in names:
            raise SlitError(f"weights: {name!r}, expected some of {', '.join(names)}")
        if not 0 <= value < np.inf:
            raise SlitError(f"weights: {name}={value:g}, expected 0 or more (USD per unit)")
    found = np.zeros(len(names))
    if set(given) != set(names):
        corners = np.array([corner.objectives for corner in relaxation.corners])
        spans = np.ptp(corners, axis=0)
        base = spans[names.index("cost")] if "cost" in names else 1.0
        found = np.where(spans > 0, base / np.maximum(spans, 1e-300), 0.0)
    for name, value in given.items():
        found[names.index(name)] = value
    if not found.any():
        raise SlitError("weights: all 0, expected some above 0 (USD per unit)")
    return found


def grow(
    fleet: Fleet,
    days: Sequence[Operation],
    shares: Floats,
    *,
    weights: Floats,
    means: Means,
    carbon_prices: Sequence[float] = (),
) -> Growth:
    """The growth of a fleet over days (K,) of shares (K,), by weights (M,) and within the means.

    carbon_prices: USD per t for the sensitivity, each in the place of the weight of carbon.
    """
    names = days[0].today.names
    whole = _point(fleet, shares, choose(fleet, days, shares, weights, means), means)
    front = [_nothing(fleet, days, shares, weights, means)]
    for share in FRONT[1:-1]:
        part = _part(means, share)
        if part is not None:
            choice = choose(fleet, days, shares, weights, part)
            front.append(replace(_point(fleet, shares, choice, part), share=share))
    count = int(whole.choice.bought.sum())
    even = _bought(fleet, days, shares, weights, means, even_spread(fleet, count))
    prices = []
    for price in carbon_prices:
        other, dearer = with_carbon_price(names, weights, means, price)
        choice = choose(fleet, days, shares, other, dearer)
        point = _point(fleet, shares, choice, dearer)
        prices.append(replace(point, carbon_price=price))
    units = days[0].today.terms.units
    worth = np.array([
        sum(s * day.worth(each) for s, day in zip(shares, days, strict=True))
        for each in np.eye(len(names))
    ])  # fmt: skip
    exact = all(day.convex(weights) for day in days) and not whole.choice.guessed
    return Growth(fleet, names, units, weights, worth, front[0], even, (*front, whole),
                  tuple(prices), exact)  # fmt: skip


def with_carbon_price(
    names: tuple[str, ...], weights: Floats, means: Means, price: float
) -> tuple[Floats, Means]:
    """Weights and means at a price of carbon, USD per t. Raises SlitError."""
    if "carbon" not in names:
        raise SlitError(f"carbon price: no objective carbon, found {', '.join(names)}")
    if not 0 <= price < np.inf:
        raise SlitError(f"carbon price: {price:g}, expected 0 or more (USD per t CO2e)")
    found = weights.copy()
    found[names.index("carbon")] = price / 1000
    return found, replace(means, carbon_usd_per_kg=price / 1000)


def _part(means: Means, share: float) -> Means | None:
    """A share of the budgets, None where that is less than a node."""
    nodes = None if means.most_nodes is None else int(means.most_nodes * share)
    money = None if means.budget_usd is None else means.budget_usd * share
    return None if nodes == 0 else replace(means, most_nodes=nodes, budget_usd=money)


def _nothing(
    fleet: Fleet, days: Sequence[Operation], shares: Floats, weights: Floats, means: Means
) -> Point:
    none = np.zeros(len(fleet.rows), np.int64)
    return replace(_bought(fleet, days, shares, weights, means, none), share=0.0)


def _bought(
    fleet: Fleet,
    days: Sequence[Operation],
    shares: Floats,
    weights: Floats,
    means: Means,
    bought: Longs,
) -> Point:
    """Of nodes bought by row, whatever they cost."""
    nodes = fleet.nodes + change_of(fleet, bought)
    operated = tuple(day.at(nodes, weights) for day in days)
    none = np.zeros(len(fleet.rows), np.int64)
    gone = np.zeros(len(fleet.nodes), np.int64)
    choice = Choice(bought, none, gone, operated, np.nan, np.nan, 0)
    return _point(fleet, shares, choice, means)


def _point(fleet: Fleet, shares: Floats, choice: Choice, means: Means) -> Point:
    prices = np.array([row.price_usd for row in fleet.rows])
    embodied = np.array([row.embodied_kg for row in fleet.rows])
    objectives = sum(s * mean.objectives for s, mean in zip(shares, choice.operated, strict=True))
    return Point(
        share=1.0,
        carbon_price=None,
        choice=choice,
        objectives=np.asarray(objectives),
        bound=float(shares @ [each.bound for each in choice.operated]),
        price_usd=float(prices @ choice.bought + (means.move_usd or 0.0) * choice.moved.sum()),
        embodied_kg=float(embodied @ choice.bought),
    )
