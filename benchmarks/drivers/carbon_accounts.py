"""Plans optimized under one carbon account and judged under others, on real series.

Usage: python -m benchmarks.drivers.carbon_accounts [--cases world us] [--moves 3000000] [--seed 1]
    [--output runs/carbon-accounts]

Reads the shared data (SLIT_SHARED_DATA, else ../shared/data beside the checkout); what is derived
of it is written to OUTPUT only.

- world: world-2023, 14 zones. Life-cycle (base) and direct factors as published; `contracts`:
  energy that Google's carbon-free share of 2023 has beyond the grid's, spread over all hours;
  `hourly`: the same volumes, as if all of them were solar, matched hour by hour; `mixed`: marginal
  figures where they can be estimated (three zones), the average elsewhere: what not to do.
- us: the three zones of the United States alone, on 18 October 2022, with marginal figures for all.

Marginal: change of emissions from hour to hour over the change of the generation that follows load
(all but wind and sun), least squares through 0 for each season and hour of the day of 2022 (after
Hawkes 2010; Siler-Evans et al. 2012), from EIA-930 generation by fuel and the life-cycle medians of
IPCC AR5 (annex III). Imports, storage and curtailment are not seen. All of it is estimated.
"""

import argparse
import gzip
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from operators.types import Floats
from slit.api.accounting import accounts
from slit.display import number, percent, share
from slit.evaluator import Evaluator
from slit.front import change_percent
from slit.objectives import find
from slit.problem import compile_problem
from slit.record import read_run
from slit.report.accounts import AccountsData, account_rows, choice_rows
from slit.report.same_variants import with_variants_of
from slit.scenario.accounts import under

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "benchmarks" / "scenarios"
SHARED = "SLIT_SHARED_DATA"
ZONES = {
    "california": ("US-CAL-CISO", "CISO"),
    "texas": ("US-TEX-ERCO", "ERCO"),
    "virginia": ("US-MIDA-PJM", "PJM"),
}
GRAMS = {
    "COL": 820.0, "NG": 490.0, "OIL": 650.0, "NUC": 12.0, "WAT": 24.0, "OTH": 230.0,
    "WND": 11.0, "SUN": 48.0,
}  # fmt: skip
"""g CO2e/kWh; oil as WaterWise has it, other as biomass."""
FREE = ("WND", "SUN")
"""Fuels that do not follow load."""
STEP = pd.Timedelta(hours=1)
REGIONS = {
    "california": "us-west2", "texas": "us-south1", "virginia": "us-east4",
    "sao-paulo": "southamerica-east1", "santiago": "southamerica-west1",
    "frankfurt": "europe-west3", "london": "europe-west2", "johannesburg": "africa-south1",
    "mumbai": "asia-south1", "singapore": "asia-southeast1", "tokyo": "asia-northeast1",
    "seoul": "asia-northeast3", "sydney": "australia-southeast1",
    "melbourne": "australia-southeast2",
}  # fmt: skip
"""Regions of Google Cloud by datacenter."""
SOLAR = (
    '{ kind = "typical", file = "slit:tables/typical_day.csv", column = "solar_capacity_factor", '
    'unit = "kW", where = { region = "{zone}" }, zone = "UTC" }'
)


PICKS, RIVAL = ("slit-carbon", "slit-balance"), "nearest"


def marginal(generation: pd.DataFrame) -> Floats:
    """g CO2e/kWh by season (December to February first) and hour of the day in UTC, (4, 24).

    generation: MWh by hour (index, UTC, the end of the hour) and fuel.
    """
    fuels = generation[list(GRAMS)]
    emitted = (fuels * pd.Series(GRAMS)).sum(axis=1, skipna=False).to_numpy()  # kg
    follows = fuels.drop(columns=list(FREE)).sum(axis=1, skipna=False).to_numpy()
    change = np.diff(emitted), np.diff(follows)
    index = pd.DatetimeIndex(generation.index)
    consecutive = np.diff(index.to_numpy()) == STEP
    valid = consecutive & np.isfinite(change[0]) & np.isfinite(change[1])
    begins = index[1:] - STEP
    season, hour = begins.month.to_numpy() % 12 // 3, begins.hour.to_numpy()
    found = np.empty((4, 24))
    for s, h in np.ndindex(found.shape):
        part = valid & (season == s) & (hour == h)
        x, y = change[1][part], change[0][part]
        found[s, h] = (x @ y) / (x @ x)
    return np.clip(found, 0.0, max(GRAMS.values()))


def write_marginal(shared: Path, folder: Path) -> None:
    """marginal.csv: typical days of the zones, a row a month and hour."""
    rows = []
    for zone, authority in ZONES.values():
        path = shared / "fuel_mix" / f"eia_2022_{authority}.csv.gz"
        with gzip.open(path, "rt") as file:
            table = pd.read_csv(file, parse_dates=["utc"], index_col="utc")
        figures = marginal(table)
        print(f"{zone}: marginal {figures.mean():.0f} g/kWh on average, {figures.min():.0f} to "
              f"{figures.max():.0f}")  # fmt: skip
        rows += [
            (zone, month, hour, figures[month % 12 // 3, hour])
            for month in range(1, 13)
            for hour in range(24)
        ]
    columns = ["region", "month", "hour", "marginal_g_per_kwh"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "marginal.csv", index=False)


def marginal_sites(account: str) -> str:
    """The series of an account that has them where they can be estimated, as TOML."""
    return "\n".join(
        f'[accounts.{account}.sites.{site}]\nkind = "typical"\nfile = "marginal.csv"\n'
        f'column = "marginal_g_per_kwh"\nunit = "g/kWh"\nwhere = {{ region = "{zone}" }}\n'
        'zone = "UTC"\nestimated = true\n'
        for site, (zone, _) in ZONES.items()
    )


def contracts(shared: Path, account: str, *, hourly: bool, sites: Sequence[str]) -> str:
    """Contracts that explain Google's carbon-free share beyond that of the grid, as TOML."""
    published = pd.read_csv(shared / "regions" / "google_region_carbon_2023.csv")
    free = published.set_index("Google Cloud Region")["Google CFE"]
    zones = pd.read_csv(ROOT / "slit/scenario/builtin/world-datacenters.csv").set_index("name")
    parts = []
    for site in sites:
        grid = pd.read_csv(shared / "grid_hourly" / f"{zones.zone[site]}.csv.gz")
        of_grid = grid[grid.utc.str.startswith("2023")].lowcarbon_pct.mean() / 100
        covered = max(0.0, (float(free[REGIONS[site]]) - of_grid) / (1 - of_grid))
        matching = f'matching = "hourly"\nprofile = {SOLAR}\n' if hourly else ""
        parts.append(
            f'[[accounts.{account}.contracts]]\ndatacenter = "{site}"\nshare = {covered:.3f}\n'
            f"estimated = true\n{matching}"
        )
    return "\n".join(parts)


def world(shared: Path) -> str:
    """world-2023 with its accounts, as TOML."""
    stated = (SCENARIOS / "world-2023.toml").read_text()
    return "\n".join(
        [
            stated,
            '[accounts.direct]\nmethod = "direct"\ndescription = "direct emissions, average"\n',
            '[accounts.contracts]\ndescription = "market-based, yearly"\n',
            contracts(shared, "contracts", hourly=False, sites=list(REGIONS)),
            '[accounts.hourly]\ndescription = "market-based, solar, hour by hour"\n',
            contracts(shared, "hourly", hourly=True, sites=list(REGIONS)),
            '[accounts.mixed]\nmissing = "base"\ndescription = "marginal in three zones"\n',
            marginal_sites("mixed"),
        ]
    )


def united_states(shared: Path) -> str:
    """The zones of the United States of world-2023 on a day of 2022, as TOML."""
    stated = (SCENARIOS / "world-2023.toml").read_text()
    head, _, rest = stated.partition("[demand.origins]")
    shares, _, tail = rest.partition("[[demand.streams]]")
    origins = [line for line in shares.splitlines() if line.startswith("us-")]
    figures = [float(line.partition("=")[2]) for line in origins]
    scaled = "\n".join(
        f"{line.partition('=')[0]}= {figure / sum(figures):.12f}"
        for line, figure in zip(origins, figures, strict=True)
    )
    for volume in (132_000_000, 55_000_000, 33_000_000):
        tail = tail.replace(f"{volume:_}", f"{volume * sum(figures):.0f}")
    head = head.replace('"world-2023"', '"us-2022"').replace("2023-10-17", "2022-10-18")
    head = head.replace("anchor = 2023-01-02", "anchor = 2022-01-03")
    names = ", ".join(f'"{line.partition("=")[0].strip()}"' for line in origins)
    sites = ", ".join(f'"{site}"' for site in ZONES)
    tables = "".join(
        f'[{section}]\nfile = "slit:builtin/world-{section}.csv"\nwhere = {{ {column} = [{listed}] '
        "}\n\n"
        for section, column, listed in (
            ("origins", "name", names),
            ("datacenters", "name", sites),
            ("pools", "datacenter", sites),
        )
    )
    return "\n".join(
        [
            f"{head}[demand.origins]\n{scaled}\n\n[[demand.streams]]{tail}",
            tables,
            '[accounts.direct]\nmethod = "direct"\ndescription = "direct emissions, average"\n',
            '[accounts.marginal]\ndescription = "marginal, estimated of 2022"\n',
            marginal_sites("marginal"),
            '[accounts.contracts]\ndescription = "market-based, yearly"\n',
            contracts(shared, "contracts", hourly=False, sites=list(ZONES)),
            '[accounts.hourly]\ndescription = "market-based, solar, hour by hour"\n',
            contracts(shared, "hourly", hourly=True, sites=list(ZONES)),
        ]
    )


CASES = {"world": world, "us": united_states}


def markdown(found: AccountsData) -> str:
    """Accounts, the plans that matter under each, and choices."""
    lines = ["| account | what it counts | estimated | counted as base | contracts |"]
    lines += ["|---|---|---:|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in account_rows(found.accounts)]
    lines += ["", f"| searched under | plan | {' | '.join(found.names)} |"]
    lines += [f"|---|---|{'---:|' * len(found.names)}"]
    for row in found.rows:
        if row.name.endswith(("-carbon", "-balance", "nearest", "splitwise")):
            cells = [
                f"{number(float(kg))} ({percent(change)})"
                for kg, change in zip(row.carbon, row.change, strict=True)
            ]
            lines.append(f"| {row.searched} | `{row.name}` | {' | '.join(cells)} |")
    contradicting = [f"{row.name} ({row.searched})" for row in found.rows if row.contradicts]
    lines += [
        "",
        f"Saves under one, emits more under another: {', '.join(contradicting) or 'none'}",
    ]
    lines += ["", "| searched under | pick | chosen by | carbon | own pick | change | otherwise |"]
    lines += ["|---|---|---|---:|---:|---:|---:|"]
    lines += [f"| {' | '.join((*row[:3], *row[4:]))} |" for row in choice_rows(found)]
    mean = np.mean([each.moved for each in found.choices if each.kind == "balance"])
    lines += ["", f"Balanced picks differ in {share(float(mean))} of the requests on average."]
    return "\n".join(lines)


def same_variants(folder: Path, names: Sequence[str]) -> str:
    """What place and time alone change: named plans of each run against what nearest makes of their
    variants, under every account."""
    lines = [f"| searched under | plan | {' | '.join(names)} |"]
    lines += [f"|---|---|{'---:|' * len(names)}"]
    for searched in names:
        run = read_run(folder / searched)
        rows = {pick: run.front.row_of(pick, prefix="slit") for pick in PICKS}
        plans = []
        own = Evaluator(run.problem, run.scenario, objectives=find(["carbon"]))
        reference = run.front.X[run.front.row_of(RIVAL, prefix="slit")]
        for row in rows.values():
            plan = run.front.X[row]
            twin = with_variants_of(plan, reference, name=RIVAL, evaluator=own, seed=1)
            assert twin is not None
            plans += [plan, twin]
        changes = []
        for name in names:
            scenario = under(run.scenario, name)
            judge = Evaluator(compile_problem(scenario), scenario, objectives=find(["carbon"]))
            kg = judge.evaluate(np.array(plans)).F[:, 0]
            changes.append(change_percent(kg[::2], kg[1::2]))
        for n, pick in enumerate(rows):
            cells = " | ".join(percent(change[n]) for change in changes)
            lines.append(f"| {searched} | `{pick}` | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Plan each case under each account, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--moves", type=int, default=3_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("runs/carbon-accounts"))
    asked = parser.parse_args()
    shared = Path(os.environ.setdefault(SHARED, str(ROOT.parent / "shared" / "data")))
    asked.output.mkdir(parents=True, exist_ok=True)
    write_marginal(shared, asked.output)
    for case in asked.cases:
        file = asked.output / f"{case}.toml"
        file.write_text(CASES[case](shared))
        runs = asked.output / case
        found = accounts(file, moves=asked.moves, seed=asked.seed, output=runs, overwrite=True)
        twins = same_variants(runs, found.names)
        text = f"{markdown(found)}\n\nAgainst {RIVAL} with the same variants:\n\n{twins}"
        (asked.output / f"{case}.md").write_text(text + "\n")
        print(f"\n{case}\n\n{text}", flush=True)


if __name__ == "__main__":
    main()
