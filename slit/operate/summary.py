"""What a backtest found, in plain numbers: for tables, pages and JSON."""

from typing import Any

import numpy as np

from slit.operate.backtest import (
    FORECAST,
    ORACLE,
    Backtest,
    Record,
    by_region,
    daily,
    regret,
    saving_interval,
)
from slit.operate.decide import PROMISED
from slit.operate.panel import Cause
from slit.operate.serve import REALIZED

STAMP = "%Y-%m-%dT%H:%MZ"


def backtest_content(found: Backtest) -> dict[str, Any]:
    """Everything: `runs` by name, `regret` of each to the oracle in per cent, `causes`, `regions`,
    `hours` of the forecast run beside what it promised, `savings` with intervals."""
    stretch = found.stretch
    units = {"carbon": "kg CO2e", "water": "L", "cost": "USD", "energy": "kWh"}
    runs = {name: _run(record, found) for name, record in found.records.items()}
    alone = [cause.value for cause in Cause if cause.value in found.records]
    regions = [
        {"datacenter": name, **dict(zip(PROMISED, (float(v) for v in values), strict=True))}
        for name, values in by_region(found, FORECAST)
    ]
    return {
        "from": stretch.moment(stretch.first).strftime(STAMP),
        "to": stretch.moment(stretch.last).strftime(STAMP),
        "epoch_seconds": stretch.panel.epoch.total_seconds(),
        "scenario": stretch.scenario.name,
        "objectives": list(found.settings.names),
        "units": units,
        "prices": None if found.prices is None else [float(p) for p in found.prices],
        "bound": found.bound,
        "runs": runs,
        "causes": {name: runs[name]["regret"] for name in alone},
        "regions": regions,
        "hours": _hours(found),
        "savings": _savings(found),
    }


def _run(record: Record, found: Backtest) -> dict[str, Any]:
    weighted = found.weighted(record.name)
    best = found.weighted(ORACLE)
    values = {name: record.value(name) for name in REALIZED}
    against = {name: _finite(regret(found, record.name, name)) for name in REALIZED}
    against["weighted"] = None if not weighted or not best else 100 * (weighted / best - 1)
    requests = float(record.count("requests").sum())
    return {
        **values,
        "requests": requests,
        "rerouted": record.rerouted,
        "spilled": float(record.count("spilled").sum()) / requests,
        "starts": int(record.count("starts").sum()),
        "unplanned": int(record.count("unplanned").sum()),
        "overload": int(record.count("overload").sum()),
        "node_epochs": int(record.count("nodes").sum()),
        "weighted": weighted,
        "above_bound": 100 * (weighted / found.bound - 1) if weighted and found.bound else None,
        "regret": against,
    }


def _hours(found: Backtest) -> dict[str, Any]:
    """Carbon, water and cost by epoch: promised and realized by the run with forecasts, and what
    the oracle's came to."""
    stretch, mine = found.stretch, found.records[FORECAST]
    best = found.records[ORACLE]
    times = [stretch.moment(t).strftime(STAMP) for t in range(stretch.first, stretch.last)]
    parts: dict[str, Any] = {"times": times}
    for n, name in enumerate(PROMISED):
        parts[name] = {
            "promised": mine.promised[:, n].tolist(),
            "realized": mine.by_site[:, n].sum(axis=1).tolist(),
            "oracle": best.by_site[:, n].sum(axis=1).tolist(),
        }
    return parts


def _savings(found: Backtest) -> list[dict[str, Any]]:
    """What the run with forecasts came to beside each scheduler of a day, with 95 % intervals of
    days."""
    day, mine = found.stretch.clock.day, found.records[FORECAST]
    rows = []
    for name, record in found.records.items():
        if not np.isnan(record.promised).all():
            continue
        row: dict[str, Any] = {"against": name}
        for n, objective in enumerate(PROMISED):
            plan = mine.by_site[:, n].sum(axis=1)
            base = record.by_site[:, n].sum(axis=1)
            low, high = saving_interval(daily(plan, day), daily(base, day))
            change = 100 * (plan.sum() / base.sum() - 1) if base.sum() else float("nan")
            row[objective] = _finite(float(change))
            row[f"{objective}_95"] = None if np.isnan(low) else [low, high]
        row["quality"] = mine.value("quality") - record.value("quality")
        rows.append(row)
    return rows


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
