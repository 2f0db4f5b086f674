"""Learning agents: what each comes to over seeds, and one against the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.report.tables import Record
from benchmarks.store import JobResult
from operators.types import Floats

FIRST, SECOND = "sac", "sdrl"
RESAMPLES = 9999


def is_learning(result: JobResult) -> bool:
    """Whether an agent learned."""
    return result.job.phase == "learn"


def interval(values: Floats) -> tuple[float, float, float]:
    """The mean of values (N,) and its 95 % interval (percentile bootstrap)."""
    if len(values) < 2 or np.ptp(values) == 0:
        return float(values.mean()), float(values.mean()), float(values.mean())
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return float(values.mean()), float(found.low), float(found.high)


def agent_records(results: Sequence[JobResult]) -> list[Record]:
    """One row an agent: means over seeds, the gap with its interval."""
    found: list[Record] = []
    for agent in dict.fromkeys(r.job.options["method"] for r in results if is_learning(r)):
        own = [r for r in results if is_learning(r) and r.job.options["method"] == agent]
        values = [r.outcome.values for r in own]
        gap, low, high = interval(np.array([v["figures"].get("gap", np.nan) for v in values]))
        figures = (
            "kept_share",
            "carbon_g",
            "link_share",
            "quality",
            "seconds",
            "tokens",
            "power_w",
        )
        rates = [v["effort"]["spike_rate"] for v in values]
        found.append(
            {"agent": agent, "seeds": len(own), "gap": gap, "gap_low": low, "gap_high": high}
            | {name: _mean([v["figures"].get(name, np.nan) for v in values]) for name in figures}
            | {
                "optimum_kept_share": _mean([v["optimum"]["kept_share"] for v in values]),
                "gradient_steps": values[0]["curve"][-1]["gradient_steps"],
                "cpu_seconds": _mean([r.outcome.timing["seconds"] for r in own]),
                "spike_rate": None if rates[0] is None else _mean(rates),
                "joules": _mean([v["effort"]["joules"] for v in values]),
            }
        )
    return found


def agent_curves(results: Sequence[JobResult]) -> list[Record]:
    """One row an agent, seed and measured moment."""
    return [
        {"agent": r.job.options["method"], "seed": r.job.seed, "cpu_seconds": seconds, **point}
        for r in results
        if is_learning(r)
        for point, seconds in zip(
            r.outcome.values["curve"], r.outcome.timing["curve_seconds"], strict=True
        )
    ]


@dataclass(frozen=True, slots=True)
class Duel:
    """Carbon of the second agent over that of the first less 1 (both over the optimum).

    The mean over seeds, its interval, p of Wilcoxon's signed-rank test over pairs.
    """

    at: str
    change: float
    low: float
    high: float
    p: float
    pairs: int


def duels(results: Sequence[JobResult]) -> list[Duel]:
    """At equal steps, and at the CPU time that the first took in all; of seeds that both have."""
    by_agent = {
        agent: {
            r.job.seed: r for r in results if is_learning(r) and r.job.options["method"] == agent
        }
        for agent in (FIRST, SECOND)
    }
    seeds = [seed for seed in by_agent[FIRST] if seed in by_agent[SECOND]]
    pairs = [(by_agent[FIRST][seed], by_agent[SECOND][seed]) for seed in seeds]
    if not pairs:
        return []
    first = np.array([_gap(one.outcome.values["curve"][-1]) for one, _ in pairs])
    steps = np.array([_gap(two.outcome.values["curve"][-1]) for _, two in pairs])
    time = np.array([gap_at(two, one.outcome.timing["seconds"]) for one, two in pairs])
    return [
        _duel("equal steps", (1 + steps) / (1 + first) - 1),
        _duel("equal time", (1 + time) / (1 + first) - 1),
    ]


def gap_at(result: JobResult, seconds: float) -> float:
    """The gap of an agent after so many CPU seconds, between measured moments by a straight line.

    NaN where nothing is known.
    """
    points = zip(
        result.outcome.timing["curve_seconds"], result.outcome.values["curve"], strict=True
    )
    known = [(at, _gap(point)) for at, point in points if point["gap"] is not None]
    if not known:
        return float("nan")
    at, gaps = zip(*known, strict=True)
    return float(np.interp(seconds, at, gaps))


def duel_records(found: Sequence[Duel]) -> list[Record]:
    """One row a comparison."""
    return [
        {
            "carbon of": f"{SECOND} against {FIRST}",
            "at": duel.at,
            "change_percent": 100 * duel.change,
            "low_percent": 100 * duel.low,
            "high_percent": 100 * duel.high,
            "wilcoxon_p": duel.p,
            "seeds": duel.pairs,
        }
        for duel in found
    ]


def _duel(at: str, change: Floats) -> Duel:
    mean, low, high = interval(change)
    p = float(stats.wilcoxon(change).pvalue) if len(change) > 1 and change.any() else float("nan")
    return Duel(at, mean, low, high, p, len(change))


def _gap(point: dict[str, Any]) -> float:
    return float("nan") if point["gap"] is None else float(point["gap"])


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
