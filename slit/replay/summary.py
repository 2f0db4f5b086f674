"""What a replay says, as plain numbers that a run folder keeps and pages show."""

from collections import Counter
from typing import Any

import numpy as np

from operators.types import Floats
from slit.replay.plan import Replay, promised_figures, served_figures
from slit.replay.tally import BINS, BINS_PER_E, LEAST_S, SUMS, TIMES, quantile
from slit.waits import SHARES, Waits, waits_data

QUANTILES = (0.5, 0.9, 0.95, 0.99)
CURVE_POINTS = 80


def summary(replay: Replay) -> dict[str, Any]:
    """A replay in JSON: `promised` and `served` figures by name, then by class, hour, datacenter
    and origin, the distribution of the time to the first token, verdicts, and how it was done."""
    ledger, settings = replay.promised, replay.settings
    scenario, sums = ledger.scenario, replay.tally.sums
    waits = waits_data(ledger)
    verdicts = Counter(str(each) for row in replay.verdicts for each in row if each is not None)
    return {
        "promised": promised_figures(ledger),
        "served": {name: _number(value) for name, value in served_figures(replay).items()},
        "requests": float(replay.generated.sum()),
        "events": replay.events,
        "unserved": replay.unserved,
        "refused": replay.refused,
        "left_out": replay.left_out,
        "planned": float(ledger.group_requests.sum()),
        "preemptions": replay.preemptions,
        "released_kwh": float(replay.released_kwh.sum()),
        "verdicts": dict(verdicts),
        "classes": _classes(replay, waits),
        "datacenters": _datacenters(replay),
        "origins": _parts([o.name for o in scenario.origins], sums.sum(axis=(0, 2))),
        "hours": _hours(replay),
        "curve": _curve(replay, waits),
        "settings": {
            "seed": settings.seed,
            "routing": settings.routing.value,
            "share": settings.share,
            "token_scv": settings.token_scv,
            "drain_s": settings.drain_s,
            "grid": settings.grid,
            "cached": dict(settings.cached),
            "day": settings.day,
        },
    }


def _means(sums: Floats) -> dict[str, float | None]:
    """Means of sums (8,) as `tally.SUMS`; None where there is nothing."""
    column = dict(zip(SUMS, sums.tolist(), strict=True))
    requests, tokens = column["requests"], column["tokens"]
    return {
        "requests": requests,
        "ttft_s": column["ttft_s"] / requests if requests else None,
        "late_share": column["late"] / requests if requests else None,
        "token_s": column["token_s"] / tokens if tokens else None,
        "latency_s": column["latency_s"] / requests if requests else None,
    }


def _parts(names: list[str], sums: Floats) -> list[dict[str, Any]]:
    return [{"name": name, **_means(row)} for name, row in zip(names, sums, strict=True)]


def _amounts(replay: Replay, axis: int) -> list[dict[str, float]]:
    """Promised and served energy, carbon, water and cost, summed over an axis of (T, D)."""
    rows: dict[str, Floats] = {}
    for prefix, ledger in (("promised_", replay.promised), ("", replay.served)):
        water = ledger.water_on_site_l + ledger.water_off_site_l
        for name, values in (
            ("energy", ledger.facility_kwh),
            ("carbon", ledger.carbon_kg),
            ("water", water),
            ("cost", ledger.cost_usd),
        ):
            rows[prefix + name] = values.sum(axis=axis)
    columns = zip(*(values.tolist() for values in rows.values()), strict=True)
    return [dict(zip(rows, row, strict=True)) for row in columns]


def _datacenters(replay: Replay) -> list[dict[str, Any]]:
    names = [each.name for each in replay.promised.scenario.datacenters]
    parts = _parts(names, replay.by_datacenter)
    return [part | row for part, row in zip(parts, _amounts(replay, 0), strict=True)]


def _classes(replay: Replay, waits: Waits) -> list[dict[str, Any]]:
    sums = replay.tally.sums.sum(axis=(0, 1))
    found = []
    for k, name in enumerate(waits.classes):
        served: dict[str, Any] = _means(sums[k])
        for row, time in enumerate(TIMES):
            for share in QUANTILES:
                value = quantile(replay.tally.histograms[row, k], share)
                served[f"{time.removesuffix('_s')}_p{100 * share:g}_s"] = _number(value)
        promised: dict[str, Any] = {
            "requests": float(waits.requests[k]),
            "ttft_s": _number(waits.mean[k]),
            "late_share": _number(waits.late[k]),
        }
        for share, value in zip(SHARES, waits.quantiles[k], strict=True):
            promised[f"ttft_p{100 * share:g}_s"] = _number(value)
        refused = {
            "requests": float(replay.refused_by_class[k]),
            "longest_tokens": int(replay.longest_refused[k]),
            "most_tokens": int(replay.most_tokens[k]),
        }
        found.append(
            {
                "name": name,
                "slo_s": float(waits.slo[k]),
                "promised": promised,
                "served": served,
                "refused": refused,
            }
        )
    return found


def _hours(replay: Replay) -> list[dict[str, Any]]:
    ledger = replay.promised
    problem, weights = ledger.problem, ledger.group_requests
    sums = replay.tally.sums.sum(axis=(1, 2))
    promised, late, requests = np.zeros((3, problem.epochs))
    for total, value in ((promised, ledger.ttft_s), (late, ledger.late), (requests, 1.0)):
        np.add.at(total, problem.group_epoch, (weights * value).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        promised, late = promised / requests, late / requests
    amounts = _amounts(replay, 1)
    return [
        {
            "promised_ttft_s": _number(promised[t]),
            "promised_late_share": _number(late[t]),
            **_means(sums[t]),
            "ttft_p95_s": _number(quantile(replay.tally.hours[t], 0.95)),
            "waiting": float(replay.waiting[t].sum()),
            **amounts[t],
        }
        for t in range(problem.epochs)
    ]


def _curve(replay: Replay, waits: Waits) -> dict[str, list[float]]:
    """Shares of requests whose first token comes later than each time, promised and served."""
    every = replay.tally.histograms[0].sum(axis=0)
    total = float(every.sum())
    known = waits.requests > 0
    weight = waits.requests[known] / waits.requests.sum()
    last = max(float(waits.times[-1]), quantile(every, 0.999) if total else 0.0)
    times = np.geomspace(float(waits.times[0]), last, CURVE_POINTS)
    promised = weight @ np.array([np.interp(times, waits.times, row, right=0.0)
                                  for row in waits.beyond[known]])  # fmt: skip
    edges = np.clip(np.log(times / LEAST_S) * BINS_PER_E + 1, 0, BINS - 1).astype(np.int64)
    served = 1.0 - every.cumsum()[edges] / total if total else np.zeros(len(times))
    return {
        "times_s": times.tolist(),
        "promised": promised.tolist(),
        "served": np.maximum(served, 0.0).tolist(),
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
