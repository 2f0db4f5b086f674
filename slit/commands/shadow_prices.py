"""What `slit tradeoff` prints of shadow prices in units a person reads."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from slit.commands.terminal import print_table
from slit.display import NOTHING, number

if TYPE_CHECKING:
    from slit.api.shadow_prices import Relocation, ShadowPrices

NEGLIGIBLE = 1e-6
"""What saves less than this share of the least is within the tolerances of the relaxation."""
MOST_ROWS = 48
"""Epochs up to which a table has a row for each."""


def shadow_content(shadow: "ShadowPrices") -> dict[str, Any]:
    """Shadow prices as JSON."""
    return asdict(shadow)


def print_shadow_prices(shadow: "ShadowPrices") -> None:
    """What a later first token returns, and when traffic would move."""
    _print_latency(shadow)
    _print_relocations(shadow.relocations)


def _print_latency(shadow: "ShadowPrices") -> None:
    units = {each.name: each.unit for each in shadow.returns}
    if shadow.reference is not None and shadow.later > 0:
        later = 1000 * shadow.later
        print(
            f"\nWhat a later first token returns: against {shadow.reference} it comes "
            f"{number(later)} ms later on average, waits included, and saves"
        )
        rows = [
            [name, f"{number(saved)} {units[name]}", f"{number(saved / later)} {units[name]}"]
            for name, saved in shadow.saved.items()
        ]
        print_table(["", "in all", "for each ms"], rows)
    elif shadow.reference is not None:
        print(
            f"\nThe first token comes {number(-1000 * shadow.later)} ms earlier than that of "
            f"{shadow.reference} on average, waits included: latency pays for nothing."
        )
    at = f"a mean of {number(1000 * shadow.ttft)} ms to the first token without waits"
    saving = [each for each in shadow.returns if each.saved > NEGLIGIBLE * abs(each.least)]
    if not saving:
        print(
            f"At the margin more latency returns nothing: with answers as good, the least of each "
            f"needs no more than {at}."
        )
        return
    said = ", or ".join(f"{number(each.saved)} {each.unit} ({each.name})" for each in saving)
    print(
        f"At the margin, with answers as good and {at}, {saving[0].milliseconds:g} ms more would "
        f"save at most one of: {said}."
    )


def _print_relocations(rows: Sequence["Relocation"]) -> None:
    """A row an epoch, a column a datacenter: the rise of the signal at which traffic moves."""
    if not rows:
        return
    by_carbon = any(row.carbon_rise is not None for row in rows)
    what, unit = ("carbon", "g CO2e/kWh") if by_carbon else ("price", "USD/MWh")
    cells = {(row.epoch, row.datacenter): _rise(row, what) for row in rows}
    sites = list(dict.fromkeys(row.datacenter for row in rows))
    starts = {row.epoch: row.starts for row in rows}
    called = "carbon-intense" if by_carbon else "expensive"
    print(
        f"\nHow much more {called} ({unit}) the energy of an hour would have to get before half of "
        "what is served there moves:"
    )
    shown = list(starts)[:MOST_ROWS]
    print_table(
        ["epoch from", *sites],
        [[starts[t], *(cells.get((t, site), NOTHING) for site in sites)] for t in shown],
    )
    if len(starts) > len(shown):
        print(f"({len(starts) - len(shown)} more epochs: --json)")
    both = next((row for row in rows if row.carbon_rise and row.price_rise), None)
    rate = ""
    if both is not None and both.carbon_rise is not None and both.price_rise is not None:
        worth = both.price_rise / both.carbon_rise
        rate = f" 1 g CO2e/kWh more is as {number(worth)} USD/MWh more."
    print(
        f"{NOTHING}: serves nothing. >: stays, however high (up to five times the signal).{rate}\n"
        "At an optimum of the relaxation at this plan's edge, without waits, whole nodes and what "
        "limits hold\nbetween epochs; its traffic is not the plan's hour by hour."
    )


def _rise(row: "Relocation", what: str) -> str:
    rise = row.carbon_rise if what == "carbon" else row.price_rise
    return ">" if rise is None else f"+{rise:.3g}"
