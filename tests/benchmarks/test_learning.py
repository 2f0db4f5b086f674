"""Learning agents in a report: numbers by hand, then the page."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.job import Job
from benchmarks.report.learning import agent_curves, agent_records, duels, gap_at, interval
from benchmarks.report.write import write_report
from benchmarks.store import JobOutcome, JobResult, Store, SuitePlan
from benchmarks.suites.wireless import AGENTS, make_plan


def learned(agent: str, seed: int, gaps: tuple[float | None, ...], seconds: float) -> JobResult:
    job = Job("learn", "cell-day", "code", options={"method": agent}, seed=seed)
    figures = dict.fromkeys(
        ("kept_share", "carbon_g", "link_share", "quality", "seconds", "tokens", "power_w"), 0.5
    )
    last = gaps[-1]
    assert last is not None
    values = {
        "figures": figures | {"gap": last},
        "optimum": figures,
        "effort": {"spike_rate": 0.1 if agent == "sdrl" else None, "joules": 1e-7},
        "curve": [
            {"steps": 10 * n, "gradient_steps": n, "gap": gap, "kept_share": 0.5}
            for n, gap in enumerate(gaps)
        ],
    }
    moments = [seconds * (n + 1) for n in range(len(gaps))]
    timing = {"seconds": moments[-1], "curve_seconds": moments}
    return JobResult(job, JobOutcome(values, {}, timing), {"machine": "one"})


RESULTS = [
    result
    for seed in range(6)
    for result in (
        learned("sac", seed, (None, 0.5, 0.10 + seed / 100), 1.0),
        learned("sdrl", seed, (None, 0.6, 0.21), 2.0),
    )
]


def test_gaps_between_measured_moments() -> None:
    spiking = RESULTS[1]  # unknown at 2 s, 0.6 at 4 s, 0.21 at 6 s
    assert gap_at(spiking, 5.0) == pytest.approx(0.405)
    assert gap_at(spiking, 60.0) == pytest.approx(0.21)


def test_agents_are_compared_pair_by_pair() -> None:
    steps, time = duels(RESULTS)
    changes = [1.21 / (1.10 + seed / 100) - 1 for seed in range(6)]
    assert steps.change == pytest.approx(np.mean(changes))
    assert steps.low < steps.change < steps.high
    assert steps.p == pytest.approx(2 / 2**6)  # the same agent is ahead with every seed
    assert time.change == pytest.approx(
        np.mean([1.6 / (1.10 + seed / 100) - 1 for seed in range(6)])
    )
    assert duels(RESULTS[:1]) == []


def test_an_interval_holds_its_mean_and_shrinks_to_one_value() -> None:
    values = np.array([1.0, 2.0, 6.0])
    mean, low, high = interval(values)
    assert (mean, 1.0 <= low < 3.0 < high <= 6.0) == (3.0, True)
    assert interval(values[:1]) == (1.0, 1.0, 1.0)


def test_the_page_and_tables_hold_the_agents(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_plan(SuitePlan("wireless", 6, tuple(result.job for result in RESULTS)))
    for result in RESULTS:
        store.write(result.job, result.outcome, result.machine)
    written = {path.name for path in write_report(tmp_path)}
    assert {"agents.csv", "agent_curves.csv", "duels.csv"} <= written
    assert "Learning agents" in (tmp_path / "report.html").read_text()
    assert [record["agent"] for record in agent_records(RESULTS)] == ["sac", "sdrl"]
    assert len(agent_curves(RESULTS)) == 3 * len(RESULTS)


def test_the_suite_pairs_agents_by_seed() -> None:
    plan = make_plan(2)
    pairs = [(job.options["method"], job.seed) for job in plan.jobs]
    expected = [(agent, seed) for seed in range(2) for agent in AGENTS]
    assert pairs == expected or plan.notes
