"""What a decision takes, whether many of them take more, and what a budget costs.

    python -m benchmarks.drivers.operation decision [--parts 4] [--decisions 4]
    python -m benchmarks.drivers.operation memory [--days 30]
    python -m benchmarks.drivers.operation budget [--days 14] [--share 0.5]
    python -m benchmarks.drivers.operation pool FOLDER...

decision: CPU seconds of each decision of world-2023 (balance, forecasts by the suite, 24 hours
ahead), by the hour or each hour cut into parts, and peak memory. memory: peak memory after every
day of an operation of ten-weeks. budget: what a budget of carbon leaves of the weighted sum of
ten-weeks, at that share between the least carbon and what is taken without one, against the best
fixed price. pool: backtests (folders of `slit backtest --output`) as one, with 95 % intervals of
days.
"""

import argparse
import json
import resource
import tempfile
import time
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.cases.scaled_world import between_hours
from slit.api.operating import OperatingOptions
from slit.api.operating import operate as simulate
from slit.files import read_arrays
from slit.operate.backtest import (
    FORECAST,
    ORACLE,
    RIVALS,
    Record,
    daily,
    run_record,
    saving_interval,
)
from slit.operate.budgets import Budget
from slit.operate.due import Settings
from slit.operate.history import Learned, Stretch, stretch_of
from slit.operate.loop import begin, operate
from slit.operate.panel import panel_of
from slit.operate.policy import Weighted
from slit.operate.serve import REALIZED
from slit.scenario.load import load_scenario

WORLD = Path(__file__).parents[1] / "scenarios" / "world-2023.toml"
START = datetime(2023, 10, 17, tzinfo=UTC)
WEEKS = datetime(2024, 2, 12, tzinfo=UTC)


def peak_gb() -> float:
    """Most memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def decision(parts: int, count: int) -> None:
    """A line a decision."""
    options, world = OperatingOptions(), load_scenario(str(WORLD))
    hours = stretch_of(
        world, start=START, end=START + timedelta(hours=count), history_days=20, horizon=24
    )
    scenario = between_hours(hours.scenario, parts=parts) if parts > 1 else hours.scenario
    stretch = Stretch(
        scenario,
        panel_of(scenario),
        hours.first * parts,
        hours.first * parts + count,
        max(1, hours.genes // parts),
    )
    settings = replace(options.settings(world), horizon=24 * parts, genes=stretch.genes)
    begun = time.process_time()
    outlook = Learned(stretch.panel, "suite", first=stretch.first, horizon=settings.horizon)
    state = begin(scenario, settings, first=stretch.first)
    print(f"learned in {time.process_time() - begun:.1f} CPU s, {peak_gb():.2f} GB")
    begun = time.process_time()
    for step, _ in operate(scenario, outlook, settings, state=state, last=stretch.last):
        took = time.process_time() - begun
        print(f"{stretch.moment(step.epoch)}: {took:.2f} CPU s, {peak_gb():.2f} GB", flush=True)
        begun = time.process_time()


def memory(days: int) -> None:
    """A line a day."""
    end = WEEKS + timedelta(days=days)
    options = OperatingOptions(history_days=14)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "operation"
        decided = simulate("ten-weeks", place, start=WEEKS.date(), end=end.date(), options=options)
        for n, found in enumerate(decided, 1):
            if n % 24 == 0:
                print(f"{found.moment}: {peak_gb():.3f} GB", flush=True)


def budget(days: int, share: float) -> None:
    """Without a budget, with one (foresight and forecasts), and by fixed prices around it."""
    options, scenario = OperatingOptions(), load_scenario("ten-weeks")
    settings = options.settings(scenario)
    stretch = stretch_of(
        scenario, start=WEEKS, end=WEEKS + timedelta(days=days), history_days=20, horizon=24
    )
    prices = begin(stretch.scenario, settings, first=stretch.first).prices
    assert prices is not None

    def run(name: str, given: Settings) -> Record:
        record = run_record(name, stretch, given, method="suite")
        sums = record.totals.sum(axis=0)
        weighted = float(prices @ [sums[REALIZED.index(each)] for each in settings.names])
        print(f"  carbon {record.value('carbon'):.1f} kg, weighted {weighted:.5f}", flush=True)
        return record

    print("no budget, foresight")
    free = run(ORACLE, settings).value("carbon")
    print("least carbon, foresight")
    only = Weighted(dict.fromkeys(settings.names, 0.0) | {"carbon": 1.0})
    least = run(ORACLE, replace(settings, policy=only)).value("carbon")
    most = share * free + (1 - share) * least
    burning = replace(settings, budgets=(Budget("carbon", most, days * 86_400.0),))
    for name in (ORACLE, FORECAST):
        print(f"budget of {most:.1f} kg, {name}")
        run(name, burning)
    for weight in np.geomspace(1.5, 24.0, 5):
        print(f"fixed weight of carbon: {weight:.2f}")
        fixed = Weighted(dict.fromkeys(settings.names, 1.0) | {"carbon": float(weight)})
        run(ORACLE, replace(settings, policy=fixed))


def pool(folders: list[Path]) -> None:
    """A line a run over all folders, then what the forecast run saves against each scheduler."""
    contents = [json.loads((folder / "backtest.json").read_bytes()) for folder in folders]
    day = round(86_400 / contents[0]["epoch_seconds"])
    rows = {}
    for name in contents[0]["runs"]:
        parts = [read_arrays(folder / f"{name}.npz", holding="a run") for folder in folders]
        rows[name] = Record(
            name,
            **{
                field.name: np.concatenate([part[field.name] for part in parts])
                for field in fields(Record)
                if field.name != "name"
            },
        )
    best = rows[ORACLE]
    for name, record in rows.items():
        told = [
            f"{each} {record.value(each):.6g} ({_change(record, best, each):+.1f} %)"
            for each in ("carbon", "water", "cost", "quality")
        ]
        requests = record.count("requests").sum()
        told.append(f"late {record.value('slo_violation'):.2%}")
        told.append(f"spilled {record.count('spilled').sum() / requests:.2%}")
        told.append(f"rerouted {record.rerouted:.1%}")
        told.append(f"starts {record.count('starts').sum():,.0f}")
        sums = [content["runs"][name]["regret"]["weighted"] for content in contents]
        told.append("weighted " + ", ".join(f"{each:+.2f}" for each in sums))
        print(name, "; ".join(told))
    mine = rows[FORECAST].by_site.sum(axis=2)
    for name in rows.keys() & set(RIVALS):
        base = rows[name].by_site.sum(axis=2)
        for n, each in enumerate(("carbon", "water", "cost")):
            low, high = saving_interval(daily(mine[:, n], day), daily(base[:, n], day))
            change = 100 * (mine[:, n].sum() / base[:, n].sum() - 1)
            print(f"against {name}: {each} {change:+.1f} % [{low:+.1f}, {high:+.1f}]")


def _change(record: Record, best: Record, name: str) -> float:
    return 100 * (record.value(name) / best.value(name) - 1)


def main() -> None:
    """Run the measurement that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("decision", "memory", "budget", "pool"))
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--decisions", type=int, default=4)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--share", type=float, default=0.5)
    given = parser.parse_args()
    match given.what:
        case "decision":
            decision(given.parts, given.decisions)
        case "memory":
            memory(given.days)
        case "budget":
            budget(given.days, given.share)
        case "pool":
            pool(given.folders)


if __name__ == "__main__":
    main()
