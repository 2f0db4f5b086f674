"""What `slit tradeoff` prints without an allowance: rates, worth of capacity and renewables."""

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from slit.commands.terminal import print_table
from slit.display import NOTHING, called, number, share

if TYPE_CHECKING:
    from slit.api.tradeoffs import Worth
    from slit.certificates.tradeoff import Rates


_STEPS = {"share": 0.01}
"""How much of a unit is worth talking about, where not 1."""


def rates_content(rates: "Rates") -> dict[str, Any]:
    """Marginal rates as JSON."""
    return {
        "least": dict(zip(rates.names, rates.least.tolist(), strict=True)),
        "rates": {
            name: dict(zip(rates.names, row.tolist(), strict=True))
            for name, row in zip(rates.names, rates.rate, strict=True)
        },
    }


def worth_content(worth: "Worth") -> dict[str, Any]:
    """What one more of a capacity or of renewables is worth, as JSON."""
    content = asdict(worth)
    if worth.pool is None:
        del content["pool"]
    return content


def print_rates(rates: "Rates") -> None:
    """What avoiding one more unit costs in each other objective, in units and in per cent."""
    values = np.abs(rates.least)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = rates.rate * values[None, :] / values[:, None]
    steps = np.array([_STEPS.get(unit, 1.0) for unit in rates.units])
    tables = (
        (
            "What avoiding one more unit costs, in units of the row:",
            [
                f"{step:g} {unit} of {called(name)}"
                for step, unit, name in zip(steps, rates.units, rates.names, strict=True)
            ],
            [[number(value) for value in row] for row in rates.rate * steps],
        ),
        (
            "The same in per cent:",
            [f"1 % of {called(name)}" for name in rates.names],
            [[share(v / 100) if isfinite(v) else NOTHING for v in row] for row in shares],
        ),
    )
    for title, header, cells in tables:
        print(f"\n{title}")
        rows = []
        for a, row in enumerate(cells):
            row[a] = NOTHING
            rows.append([f"{called(rates.names[a])} ({rates.units[a]})", *row])
        print_table(["in", *header], rows)
    print(
        "\nRates at the margin, on the relaxation: while the other objectives stay at the edge.\n"
        "0: it can be had for nothing there."
    )


def print_worth(rows: "Sequence[Worth]", place: str, what: str) -> None:
    """Where one more of something is worth most; `place` is pool or datacenter."""
    if not rows:
        print(f"\n{what} would lower nothing, wherever and whenever.")
        return
    print(f"\n{what} would lower, where it is worth most:")
    print_table(
        ["objective", place, "epoch from", "by", ""],
        [
            [called(row.objective), getattr(row, place), row.starts, number(row.worth), row.unit]
            for row in rows
        ],
        left=3,
    )
