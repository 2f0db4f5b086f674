"""What is saved at equal quality over days of 2023, with 95 % intervals.

Usage: python -m benchmarks.drivers.equal_quality_days [--scenario FILE] [--days 30]
    [--moves 30000000] [--output runs/equal-quality-days]

Every so many days of 2023 a day is planned by a search; against each rival the balanced plan
of those that lose no more quality is compared with the rival's own plan and with what it makes of
the same variants. The change is that of the sums over days. Intervals come from a bootstrap over
circular blocks of 3 planned days after each other, which keeps what neighboring days
share. Days that were planned before are read. It needs the shared data.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measuring.equal_quality import (
    OWN,
    RIVALS,
    SAME,
    Saved,
    change_of_sums,
    saved_by_rival,
)
from operators.types import Floats
from slit.display import called, percent
from slit.errors import SlitError
from slit.scenario.load import load_scenario

SCENARIO = Path(__file__).resolve().parent.parent / "scenarios" / "world-2026-hours.toml"
DAYS_OF_YEAR = 364
BLOCK = 3
RESAMPLES = 10_000


def main() -> None:
    """Plan the days and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenario", type=Path, default=SCENARIO)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--moves", type=int, default=30_000_000)
    parser.add_argument("--output", type=Path, default=Path("runs/equal-quality-days"))
    said = parser.parse_args()
    said.output.mkdir(parents=True, exist_ok=True)
    names: tuple[str, ...] = ()
    found: dict[str, list[Saved]] = {name: [] for name in RIVALS}
    for day in days_of_2023(said.days):
        try:
            names, rivals = saved_by_rival(
                said.output / f"{day}.json",
                partial(load_scenario, said.scenario, start=day, hours=24),
                moves=said.moves,
            )
        except SlitError as error:
            print(f"{day} left out: {error}", file=sys.stderr)
            continue
        for name, each in rivals.items():
            found[name].append(each)
    print("\n".join(lines(found, names)))


def days_of_2023(count: int) -> list[str]:
    """So many days at equal distances."""
    offsets = (np.arange(count) * DAYS_OF_YEAR) // count
    return [(date(2023, 1, 1) + timedelta(days=int(n))).isoformat() for n in offsets]


def lines(found: dict[str, list[Saved]], names: Sequence[str]) -> list[str]:
    """The table as Markdown: a row a rival and mix."""
    heads = ["against", "variants", "days", *map(called, names)]
    rows = [f"| {' | '.join(heads)} |", f"|---|---|{'---:|' * (len(names) + 1)}"]
    for name, days in found.items():
        for mix in (OWN, SAME):
            if days:
                change, (low, high) = change_of_sums(days, mix), interval(days, mix)
                cells = [
                    f"{percent(c)} [{percent(a)}, {percent(b)}]"
                    for c, a, b in zip(change, low, high, strict=True)
                ]
                rows.append(f"| `{name}` | {mix} | {len(days)} | {' | '.join(cells)} |")
    return rows


def interval(days: Sequence[Saved], mix: str) -> tuple[Floats, Floats]:
    """Ends (M,) of the 95 % interval of `change_of_sums`: percentiles over circular blocks."""
    rng = np.random.default_rng(0)
    count = len(days)
    starts = rng.integers(count, size=(RESAMPLES, -(-count // BLOCK)))
    drawn = ((starts[:, :, None] + np.arange(BLOCK)) % count).reshape(RESAMPLES, -1)[:, :count]
    plan = np.array([each.plan for each in days])[drawn].sum(axis=1)
    base = np.array([each.base(mix) for each in days])[drawn].sum(axis=1)
    low, high = np.quantile(100 * (plan / base - 1), [0.025, 0.975], axis=0)
    return low, high


if __name__ == "__main__":
    main()
