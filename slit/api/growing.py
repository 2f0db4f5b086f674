"""Where to add nodes: what `slit grow` calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from os import PathLike, fspath

import numpy as np

from slit.api.arguments import Objectives, objective_names, scenario_of
from slit.errors import SlitError
from slit.growth.catalog import CatalogRow, check_catalog, default_catalog, read_catalog
from slit.growth.days import Days, representative_days
from slit.growth.fleet import build_fleet
from slit.growth.master import Means, check_buys
from slit.growth.operation import Operation
from slit.growth.plan import YEAR_HOURS, Growth, balanced_weights, with_carbon_price
from slit.growth.plan import grow as grow_fleet
from slit.scenario.scenario import Scenario

YEAR_DAYS = 365
LIFETIME_YEARS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthSettings:
    """How a growth is paid for.

    nodes, budget: what may be bought, in nodes and USD; one of them at least. move: USD a node
    moved, None where none can be. retire: whether nodes can go. within: days that nodes may take to
    come. lifetime: years over which prices are spread; the horizon bears its part. carbon_price:
    USD per t in the place of the weight of carbon, embodied carbon included. carbon_prices: others,
    for the sensitivity.
    """

    nodes: int | None = None
    budget: float | None = None
    move: float | None = None
    retire: bool = False
    within: float | None = None
    lifetime: float = LIFETIME_YEARS
    carbon_price: float | None = None
    carbon_prices: Sequence[float] = ()

    def __post_init__(self) -> None:
        if not 0 < self.lifetime < np.inf:
            raise SlitError(f"lifetime: {self.lifetime:g}, expected more than 0 (years)")


def grow(
    scenario: Scenario | str | PathLike[str],
    settings: GrowthSettings,
    *,
    catalog: str | PathLike[str] | Sequence[CatalogRow] | None = None,
    objectives: Objectives | None = None,
    weights: Mapping[str, float] | None = None,
    days: int | None = None,
    threads: int = 1,
) -> tuple[Growth, Days | None]:
    """Which nodes to add to the fleet of a scenario, what each is worth, and what that buys.

    catalog: a file or rows of what can be bought; by default more of every pool, at no price.
    weights: USD per unit of objectives, in the place of balanced ones. days: how many days stand
    for the year from the scenario's start on; by default its own horizon is planned. Returns the
    growth, and the days where they were chosen.

    Raises SlitError for what the caller can mend, InfeasibleError for demand beyond capacity.
    """
    names = objective_names(objectives, None)
    planned = scenario_of(scenario, None, None)
    means = Means(settings.nodes, settings.budget, settings.move, settings.retire)
    rows = _rows(planned, settings, catalog)
    fleet = build_fleet(planned, rows)
    check_buys(fleet, means)
    hours = planned.horizon.epochs * planned.horizon.epoch_seconds / 3600
    chosen, shares, fleets = None, np.ones(1), [fleet]
    if days is not None:
        if not 1 <= days <= YEAR_DAYS:
            raise SlitError(f"days: {days}, expected 1 to {YEAR_DAYS} (days that stand for a year)")
        year = planned.window(hours=24.0 * YEAR_DAYS)
        chosen = representative_days(year, days)
        shares, hours = chosen.shares, 24.0
        starts = [planned.horizon.start + timedelta(days=int(day)) for day in chosen.day]
        fleets = [
            build_fleet(planned.window(start=start.isoformat(), hours=24.0), rows)
            for start in starts
        ]
    operations = [Operation(each, names, threads=threads) for each in fleets]
    means = Means(
        settings.nodes, settings.budget, settings.move, settings.retire,
        charge=hours / (settings.lifetime * YEAR_HOURS),
    )  # fmt: skip
    found = balanced_weights(operations[0], dict(weights or {}))
    if settings.carbon_price is not None:
        found, means = with_carbon_price(
            operations[0].today.names, found, means, settings.carbon_price
        )
    growth = grow_fleet(
        fleet,
        operations,
        shares,
        weights=found,
        means=means,
        carbon_prices=settings.carbon_prices,
    )
    return growth, chosen


def _rows(
    scenario: Scenario,
    settings: GrowthSettings,
    catalog: str | PathLike[str] | Sequence[CatalogRow] | None,
) -> tuple[CatalogRow, ...]:
    if catalog is None:
        if settings.nodes is None:
            raise SlitError("budget: money without a catalog, expected one (prices), or nodes")
        return default_catalog(scenario)
    if isinstance(catalog, str | PathLike):
        rows = read_catalog(fspath(catalog), scenario)
    else:
        rows = tuple(catalog)
        check_catalog(rows, [f"catalog: row {n}" for n in range(len(rows))], scenario)
    if settings.within is None:
        return rows
    soon = tuple(row for row in rows if row.lead_days <= settings.within)
    if not soon:
        least = min(row.lead_days for row in rows)
        raise SlitError(
            f"within: {settings.within:g}, expected at least {least:g} (days, the shortest lead "
            "time of the catalog)"
        )
    return soon
