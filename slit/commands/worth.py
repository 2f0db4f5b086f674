"""What `slit tradeoff` says without an allowance: rates, worth of capacity and renewables."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from operators.types import Floats
from slit.commands.terminal import print_table
from slit.display import NOTHING, called, number, share

if TYPE_CHECKING:
    from slit.certificates.tradeoff import Rates
    from slit.record import Run
    from slit.relaxation import Relaxation


_STEPS = {"share": 0.01}
"""How much of a unit is worth talking about, where not 1."""
NEGLIGIBLE = 1e-9
"""Worth below this share of an objective is rounding."""


def worth_of(
    run: "Run", relaxation: "Relaxation", point: Floats, *, top: int, as_json: bool
) -> dict[str, Any]:
    """Print the marginal rates at a relaxed point (M,), and the `top` most valuable capacities and
    renewables for each objective; and give them as JSON."""
    from slit.certificates.tradeoff import marginal_rates

    found = marginal_rates(relaxation, point)
    capacity = _most_valuable(run, found, found.capacity, top, by_pool=True)
    renewable = _most_valuable(run, found, found.renewable, top, by_pool=False)
    if not as_json:
        _print_rates(found)
        for rows, place, what in (
            (capacity, "pool", "One more node-hour"),
            (renewable, "datacenter", "One more renewable kWh"),
        ):
            if top:
                _print_worth(rows, place, what)
    return {
        "least": dict(zip(found.names, found.least.tolist(), strict=True)),
        "rates": {
            name: dict(zip(found.names, row.tolist(), strict=True))
            for name, row in zip(found.names, found.rate, strict=True)
        },
        "capacity": capacity,
        "renewable": renewable,
    }


def _print_rates(found: "Rates") -> None:
    """What avoiding one more unit costs in each other objective, in units and in per cent."""
    values = np.abs(found.least)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = found.rate * values[None, :] / values[:, None]
    steps = np.array([_STEPS.get(unit, 1.0) for unit in found.units])
    tables = (
        (
            "What avoiding one more unit costs, in units of the row:",
            [
                f"{step:g} {unit} of {called(name)}"
                for step, unit, name in zip(steps, found.units, found.names, strict=True)
            ],
            [[number(value) for value in row] for row in found.rate * steps],
        ),
        (
            "The same in per cent:",
            [f"1 % of {called(name)}" for name in found.names],
            [[share(v / 100) if isfinite(v) else NOTHING for v in row] for row in shares],
        ),
    )
    for title, header, cells in tables:
        print(f"\n{title}")
        rows = []
        for a, row in enumerate(cells):
            row[a] = NOTHING
            rows.append([f"{called(found.names[a])} ({found.units[a]})", *row])
        print_table(["in", *header], rows)
    print(
        "\nRates at the margin, on the relaxation: while the other objectives stay at the edge.\n"
        "0: it can be had for nothing there."
    )


def _most_valuable(
    run: "Run", found: "Rates", worth: Floats, top: int, *, by_pool: bool
) -> list[dict[str, Any]]:
    """The largest of worth (M, T, Q or D) for each objective."""
    scenario = run.scenario
    rows = []
    for m, name in enumerate(found.names):
        order = np.argsort(-worth[m], axis=None, kind="stable")[:top]
        for t, at in np.argwhere(np.ones_like(worth[m]))[order]:
            if worth[m, t, at] <= NEGLIGIBLE * abs(found.least[m]):
                break
            hour = scenario.horizon.start + timedelta(
                seconds=int(t) * scenario.horizon.epoch_seconds
            )
            if by_pool:
                pool = scenario.pools[at]
                place = {"pool": pool.name, "datacenter": pool.datacenter}
            else:
                place = {"datacenter": scenario.datacenters[at].name}
            rows.append(
                {"objective": name, "unit": found.units[m], **place, "epoch": int(t),
                 "starts": f"{hour:%Y-%m-%d %H:%M %Z}", "worth": float(worth[m, t, at])}
            )  # fmt: skip
    return rows


def _print_worth(rows: Sequence[Mapping[str, Any]], place: str, what: str) -> None:
    if not rows:
        print(f"\n{what} would lower nothing, wherever and whenever.")
        return
    print(f"\n{what} would lower, where it is worth most:")
    print_table(
        ["objective", place, "epoch from", "by", ""],
        [
            [called(row["objective"]), row[place], row["starts"], number(row["worth"]), row["unit"]]
            for row in rows
        ],
        left=3,
    )
