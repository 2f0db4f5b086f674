"""`slit tradeoff`: what one objective costs in another, and what an allowance buys."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slit.commands.marginal_rates import print_rates, print_worth, rates_content, worth_content
from slit.commands.shadow_prices import print_shadow_prices, shadow_content
from slit.commands.terminal import (
    AsJson,
    Plugin,
    RunFolder,
    Threads,
    given,
    named_texts,
    print_json,
    print_table,
)
from slit.display import NOTHING, called, number, percent
from slit.errors import SlitError

if TYPE_CHECKING:
    from slit.api.tradeoffs import Tradeoff, TradeStart
    from slit.certificates.tradeoff import Purchase
    from slit.record import Run


NEGLIGIBLE = 1e-6
"""Gains below this share are within the tolerances of the relaxation."""


def tradeoff(
    ctx: typer.Context,
    folder: RunFolder,
    plan: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Where to start: number or name of a plan (default: the balanced pick).",
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=AMOUNT",
            help="How much more of an objective is allowed, in its unit (ttft=+0.2) or as a share "
            "of the plan's (cost=1%); may be repeated. Any objective, also one the run lacks.",
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Draw what growing shares of --allow buy; slit report RUN shows it too.",
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME<=MOST",
            help="What no plan may exceed beside the limits of the run, as in slit optimize; may "
            "be repeated.",
        ),
    ] = None,
    top: Annotated[
        int,
        typer.Option(
            min=0,
            help="Without --allow: how many capacities and hours to list; 0 prints rates alone.",
        ),
    ] = 3,
    plugin: Plugin = None,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """What an allowance buys in the other objectives; without --allow what each costs in another.

    Exact on the linear relaxation, from the values of a plan; beside it what the plans of the run
    attain.
    """
    from slit.api import tradeoff as trade
    from slit.record import read_run

    if figure is not None and not allow:
        raise SlitError("--figure: no --allow, expected one (what to draw)")
    if allow and given(ctx, "top"):
        raise SlitError("--top: given with --allow, expected one of them (what to list)")
    wanted = named_texts(allow or (), "--allow", expected="NAME=AMOUNT, as ttft=+0.2 or cost=1%")
    run = read_run(folder)
    traded = trade(
        run, plan=plan, allow=wanted, limits=limit, top=top, plugin=plugin, threads=threads
    )
    drawn = {} if figure is None else _draw(run, traded, figure)
    if as_json:
        print_json(_start_content(traded.start) | _trade_content(traded) | drawn)
        return
    _print_start(traded.start)
    if traded.rates is not None:
        print_rates(traded.rates)
        if traded.shadow is not None:
            print_worth(traded.capacity, "pool", "One more node-hour")
            print_worth(traded.renewable, "datacenter", "One more renewable kWh")
            print_shadow_prices(traded.shadow)
    else:
        _print_purchases(traded)
    if drawn:
        print(
            f"\nfigure: {drawn['figure']}\ncurves: {drawn['curves']} (slit report {folder} draws "
            "them too)"
        )


def _start_content(start: "TradeStart") -> dict[str, Any]:
    relaxation, edge = start.relaxation, start.edge

    def named(values: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(relaxation.names, values, strict=True))

    return {
        "plan": start.plan,
        "pick": start.pick,
        "units": named(relaxation.terms.units),
        "values": named(start.values.tolist()),
        "edge": named(edge.point.tolist()),
        "edge_share": edge.share,
        "ideal": named(edge.ideal.tolist()),
        "left_out": dict(relaxation.left_out),
        "unseen": list(relaxation.terms.unseen),
        "limits": [asdict(limit) for limit in start.limits],
    }


def _trade_content(traded: "Tradeoff") -> dict[str, Any]:
    if traded.rates is None:
        return {
            "allow": dict(traded.allow),
            "buys": [_purchase(traded.start, each) for each in traded.purchases],
        }
    return rates_content(traded.rates) | {
        "capacity": [worth_content(each) for each in traded.capacity],
        "renewable": [worth_content(each) for each in traded.renewable],
        "shadow_prices": None if traded.shadow is None else shadow_content(traded.shadow),
    }


def _print_start(start: "TradeStart") -> None:
    from slit.report.limits import describe_limits

    relaxation, edge = start.relaxation, start.edge
    pairs = zip(relaxation.names, start.kept, strict=True)
    only_limited = [name for name, kept in pairs if not kept]
    print(f"plan {start.plan} ({start.pick}), and the edge of the relaxation below it:")
    rows = [
        [f"{called(name)} ({unit})", *map(number, values)]
        for name, unit, *values in zip(
            relaxation.names,
            relaxation.terms.units,
            start.values,
            edge.point,
            edge.ideal,
            strict=True,
        )
        if name not in only_limited
    ]
    print_table(["objective", "plan", "edge", "least possible"], rows)
    for name, why in relaxation.left_out.items():
        print(f"{called(name)} is left out: it has {why}")
    for name in relaxation.terms.unseen:
        print(f"{called(name)} is nothing to the relaxation: only the front says what it buys")
    if start.limits:
        print(f"limits: {describe_limits(start.limits)}")
    print(
        f"\nedge: {100 * edge.share:.0f} % of the way from the least possible values to the plan. "
        "Relaxed figures start\nthere: at the plan's own values, which the relaxation undercuts, "
        "trades would seem free."
    )


def _print_purchases(traded: "Tradeoff") -> None:
    """What the allowance buys, and by which plan."""
    start = traded.start
    print(f"\nAllowing {_allowance(start, traded.allow)} buys:")
    rows = [
        [
            f"{called(purchase.name)} ({purchase.unit})",
            number(purchase.relaxed_before),
            number(purchase.relaxed_after),
            _change(purchase.relaxed_gain, purchase.relaxed_before),
            percent(_share(-purchase.relaxed_gain, purchase.relaxed_before)),
            number(purchase.plan),
            number(purchase.attained) if isfinite(purchase.attained) else NOTHING,
            _change(purchase.attained_gain, purchase.plan),
            percent(_share(-purchase.attained_gain, purchase.plan)),
            str(start.plans[purchase.row]) if purchase.row >= 0 else NOTHING,
        ]
        for purchase in traded.purchases
    ]
    header = ["objective", "edge", "then", "change", "in %"]
    print_table([*header, "plan", "front", "change", "in %", "by plan"], rows)
    print(
        "\nedge, then: relaxed minima while the other objectives stay at the edge, without and"
        "\nwith the allowance. plan, front: this plan, and the run's best that is no worse in "
        "the\nother objectives but for the allowance. change: minus is less, so better."
    )
    for line in _holds(traded):
        print(line)
    for name in traded.allow:
        if name not in start.own:
            print(
                f"{name} is no objective of this run: its plans were not searched for trading "
                f"it (slit optimize --objectives {','.join(start.own)},{name})."
            )


def _holds(traded: "Tradeoff") -> list[str]:
    """What stands in the way where the allowance buys nothing, and limits that cut it short."""
    start = traded.start
    names, limits = start.relaxation.names, {each.measure: each.text for each in start.limits}
    lines = []
    for name, amount in traded.allow.items():
        m = names.index(name)
        room = float(start.most[m] - start.values[m])
        if room < amount:
            lines.append(
                f"the limit {limits[name]} leaves {number(room)} {start.relaxation.terms.units[m]} "
                "of what is allowed: beyond it nothing was searched"
            )

    def listed(held: Sequence[str]) -> str:
        return ", ".join(
            f"{called(name)} (limit {limits[name]})" if name in limits else called(name)
            for name in held
        )

    for each in traded.purchases:
        relaxed = each.relaxed_gain > NEGLIGIBLE * abs(each.relaxed_before)
        attained = isfinite(each.attained) and each.attained_gain > NEGLIGIBLE * abs(each.plan)
        if not relaxed:
            why = f"held by {listed(each.binding)}" if each.binding else "the least there is"
            lines.append(f"{called(each.name)}: the relaxation buys nothing, {why}")
        if not attained:
            why = f"held by {listed(each.holding)}" if each.holding else "no plan has less"
            lines.append(f"{called(each.name)}: the front holds nothing better, {why}")
    return ["", "What binds where nothing is bought:", *lines] if lines else []


def _purchase(start: "TradeStart", purchase: "Purchase") -> dict[str, Any]:
    attained = isfinite(purchase.attained)
    content = asdict(purchase)
    del content["row"]
    return content | {
        "relaxed_gain": purchase.relaxed_gain,
        "relaxed_change_percent": _share(0.0 - purchase.relaxed_gain, purchase.relaxed_before),
        "relaxed_gain_percent": _share(purchase.relaxed_gain, purchase.relaxed_before),
        "attained": purchase.attained if attained else None,
        "attained_gain": purchase.attained_gain if attained else None,
        "attained_change_percent": _share(0.0 - purchase.attained_gain, purchase.plan)
        if attained
        else None,
        "attained_gain_percent": _share(purchase.attained_gain, purchase.plan)
        if attained
        else None,
        "attained_by": int(start.plans[purchase.row]) if attained else None,
    }


def _allowance(start: "TradeStart", amounts: Mapping[str, float]) -> str:
    """An allowance in words."""
    names, units = start.relaxation.names, start.relaxation.terms.units
    parts = []
    for name, amount in amounts.items():
        m = names.index(name)
        share = _share(amount, float(start.values[m]))
        part = "" if share is None else f" ({percent(share)})"
        parts.append(
            f"{called(name)} {'+' if amount >= 0 else ''}{number(amount)} {units[m]}{part}"
        )
    return ", ".join(parts)


def _change(gain: float, before: float) -> str:
    """What a gain changes; rounding is nothing."""
    if not isfinite(gain):
        return NOTHING
    return "0" if abs(gain) <= NEGLIGIBLE * abs(before) else number(-gain)


def _share(part: float, whole: float) -> float | None:
    """A share in per cent; None where that means nothing."""
    return 100 * part / whole if whole > 0 and isfinite(part) else None


def _draw(run: "Run", traded: "Tradeoff", file: Path) -> dict[str, Any]:
    """Draw the curves of an allowance, and keep them in the run folder for its report."""
    from slit.files import write_named
    from slit.report.tradeoff import draw_tradeoff, keep_curves, tradeoff_data

    start = traded.start
    allowance = _allowance(start, traded.allow)
    data = tradeoff_data(traded.curves(), plan=start.plan, pick=start.pick, allowance=allowance)
    drawn = draw_tradeoff(data)
    title = f"What allowing {allowance} buys, from plan {start.plan}"
    drawn.update_layout(title=title, margin={"t": 90})
    write_named(file, drawn.to_html(include_plotlyjs=True).encode())
    return {"figure": str(file), "curves": str(keep_curves(data, run.folder))}
