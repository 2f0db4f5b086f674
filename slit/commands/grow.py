"""`slit grow`: where one more node is worth most, and which nodes to add."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from slit.commands.progress import shown_work
from slit.commands.terminal import (
    AsJson,
    Threads,
    listed_measures,
    named_numbers,
    numbers,
    print_json,
    print_table,
)
from slit.display import called, number, percent
from slit.errors import SlitError

if TYPE_CHECKING:
    from slit.growth.days import Days
    from slit.growth.plan import Growth, Point


def grow(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Name of a scenario or its file.")
    ],
    nodes: Annotated[
        int | None, typer.Option(metavar="N", help="Add at most so many nodes.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(metavar="USD", help="Spend at most so much; needs --catalog.")
    ] = None,
    catalog: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What can be bought (TOML or CSV): node_type, datacenter, like, price_usd, "
            "embodied_kg, lead_days, most. Default: more of every pool, at no price.",
        ),
    ] = None,
    retire: Annotated[bool, typer.Option("--retire", help="Nodes may also go.")] = False,
    move: Annotated[
        float | None,
        typer.Option(metavar="USD", help="Nodes may move to another pool of their type, for this."),
    ] = None,
    within: Annotated[
        float | None, typer.Option(metavar="DAYS", help="Leave out what takes longer to come.")
    ] = None,
    objectives: Annotated[
        str | None, typer.Option(metavar="A,B", help="See slit objectives.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=USD",
            help="What a unit of an objective costs in the sum; may be repeated. Default: "
            "balanced, 1 of cost.",
        ),
    ] = None,
    carbon_price: Annotated[
        str | None,
        typer.Option(
            metavar="USD[,USD]",
            help="USD per t CO2e in the place of carbon's weight, embodied too; the plan is "
            "for the first, the others are beside it.",
        ),
    ] = None,
    lifetime: Annotated[
        float, typer.Option(metavar="YEARS", help="Over which prices are spread.")
    ] = 5.0,
    days: Annotated[
        int | None,
        typer.Option(metavar="N", help="Days that stand for the year from the scenario's start."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Write the grown scenario.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Draw worth and front.")
    ] = None,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Which nodes to add to a fleet, and what one more of each pool is worth.

    Operation is the linear relaxation: no plan of the grown fleet has a lower weighted sum.
    """
    from slit.api.growing import GrowthSettings
    from slit.api.growing import grow as find_growth

    prices = [] if carbon_price is None else numbers(carbon_price, "--carbon-price")
    if output is not None and output.exists():
        raise SlitError(f"--output: {output} exists, expected a new file")
    settings = GrowthSettings(
        nodes=nodes, budget=budget, move=move, retire=retire, within=within, lifetime=lifetime,
        carbon_price=prices[0] if prices else None, carbon_prices=prices[1:],
    )  # fmt: skip
    wanted = named_numbers(weight or (), "--weight", expected="NAME=USD, as carbon=0.1")
    with shown_work("solving linear programs"):
        growth, chosen = find_growth(
            scenario, settings, catalog=catalog, weights=wanted, days=days, threads=threads,
            objectives=None if objectives is None else listed_measures(objectives),
        )  # fmt: skip
    written = _write(scenario, growth, output, figure)
    if as_json:
        print_json(_content(growth, chosen) | written)
        return
    _print_growth(growth, chosen)
    for what, file in written.items():
        print(f"{what}: {file}")


def _write(
    scenario: str, growth: "Growth", output: Path | None, figure: Path | None
) -> dict[str, str]:
    written = {}
    if output is not None:
        from slit.growth.fleet import change_of
        from slit.growth.scenario_file import write_grown

        choice = growth.best.choice
        change = change_of(growth.fleet, choice.bought + choice.moved, choice.retired)
        note = f"{scenario}, grown (slit grow)"
        grown = growth.fleet.grown(change)
        written["scenario"] = str(write_grown(scenario, growth.fleet, grown, output, note))
    if figure is not None:
        from slit.files import write_named
        from slit.report.growth import draw_growth, growth_data

        page = draw_growth(growth_data(growth)).to_html(include_plotlyjs=True)
        write_named(figure, page.encode())
        written["figure"] = str(figure)
    return written


def _nodes(growth: "Growth", point: "Point") -> list[dict[str, Any]]:
    """What a point changes, by row and pool."""
    choice, fleet = point.choice, growth.fleet
    found: list[dict[str, Any]] = []
    for what, counts in (("add", choice.bought), ("move in", choice.moved)):
        found += [
            {"change": what, "node_type": fleet.rows[i].node_type,
             "datacenter": fleet.rows[i].datacenter, "nodes": int(counts[i])}
            for i in np.flatnonzero(counts)
        ]  # fmt: skip
    for q in np.flatnonzero(choice.retired):
        pool = fleet.scenario.pools[q]
        found.append(
            {"change": "move out or retire", "node_type": pool.node_type,
             "datacenter": pool.datacenter, "nodes": int(choice.retired[q])}
        )  # fmt: skip
    return found


def _point(growth: "Growth", point: "Point") -> dict[str, Any]:
    proved = np.isfinite(point.choice.least)
    return {
        "share": point.share,
        "carbon_price": point.carbon_price,
        "changes": _nodes(growth, point),
        "price_usd": point.price_usd,
        "embodied_kg": point.embodied_kg,
        "operation": point.bound,
        "objectives": dict(zip(growth.names, point.objectives.tolist(), strict=True)),
        "gap": point.choice.gap if proved else None,
        "rounds": point.choice.rounds,
    }


def _content(growth: "Growth", chosen: "Days | None") -> dict[str, Any]:
    pools = [pool.name for pool in growth.fleet.scenario.pools]
    return {
        "units": dict(zip(growth.names, growth.units, strict=True)),
        "weights": dict(zip(growth.names, growth.weights.tolist(), strict=True)),
        "worth": {
            name: dict(zip(pools, table.T.tolist(), strict=True))
            for name, table in zip(growth.names, growth.worth, strict=True)
        },
        "exact": growth.exact,
        "today": _point(growth, growth.today),
        "even": _point(growth, growth.even),
        "front": [_point(growth, point) for point in growth.front],
        "carbon_prices": [_point(growth, point) for point in growth.carbon],
        "days": None
        if chosen is None
        else {"day": chosen.day.tolist(), "count": chosen.count.tolist(), "error": chosen.error},
    }


def _print_growth(growth: "Growth", chosen: "Days | None") -> None:
    total = growth.worth.sum(axis=1)
    pools = growth.fleet.scenario.pools
    order = sorted(range(len(pools)), key=lambda q: -float(growth.weights @ total[:, q]))
    print("What one more node saves at the least of each objective (minus: it costs):")
    header = [f"{called(n)} ({u})" for n, u in zip(growth.names, growth.units, strict=True)]
    rows = [[pools[q].name, *(_worth(x) for x in total[:, q])] for q in order]
    print_table(["pool", *header], rows)
    if chosen is not None:
        said = ", ".join(f"{name} {100 * e:.1f} %" for name, e in chosen.error.items())
        print(f"\n{len(chosen.day)} days stand for {chosen.count.sum()}; error by signal: {said}")
    print("\nRecommended:")
    changes = _nodes(growth, growth.best)
    if changes:
        print_table(
            ["change", "node type", "datacenter", "nodes"],
            [[e["change"], e["node_type"], e["datacenter"], str(e["nodes"])] for e in changes],
            left=3,
        )
    else:
        print("nothing: no node of the catalog is worth its price and what it draws unused")
    print("\nInvestment against operation (relaxed, so no plan of that fleet is below):")
    points = [(f"{100 * p.share:.0f} % of the budget", p) for p in growth.front]
    points.append(("as many, spread evenly", growth.even))
    points += [(f"carbon at {p.carbon_price:g} USD/t", p) for p in growth.carbon]
    rows = [
        [name, str(int(p.choice.bought.sum())), number(p.price_usd), number(p.embodied_kg),
         number(p.bound), percent(_change(p.bound, growth.today.bound))
         if p.carbon_price is None else "", *map(number, p.objectives)]
        for name, p in points
    ]  # fmt: skip
    print_table(
        ["", "nodes", "price (USD)", "embodied (kg)", "operation (USD)", "in %", *header], rows
    )
    if growth.exact:
        print(f"\nno choice is better by more than {100 * growth.best.choice.gap:.2g} % (proved)")
    elif growth.best.choice.guessed:
        print("\nsome choices leave too few nodes to serve the demand, so no gap is proved")
    else:
        print("\nenergy is paid for somewhere: cuts may mislead there, so no gap is proved")


def _worth(value: float) -> str:
    return "0" if abs(value) < 1e-12 else number(value)


def _change(after: float, before: float) -> float | None:
    return 100 * (after - before) / before if before > 0 else None
