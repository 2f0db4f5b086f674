"""Suites run, continue after a kill, and give the same results in one process or several."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import execute as executing
from benchmarks.code import code_digest
from benchmarks.execute import Tally, execute
from benchmarks.job import Job
from benchmarks.registry import cases, find_phase, find_suite, phases, suites
from benchmarks.store import JobOutcome, Store, SuitePlan
from slit.errors import SlitError

AS_NOW = """
from benchmarks import planning
from benchmarks.__main__ import main
planning.code_digest = lambda: {code!r}
main({words!r})
"""
"""The command, with the digest of this process: somebody may be editing the source."""


def assert_equal(first: Store, second: Store, plan: SuitePlan) -> None:
    """All results of two folders are equal to the bit, apart from times."""
    for job in plan.jobs:
        one, two = first.read(job.key).outcome, second.read(job.key).outcome
        assert one.values == two.values, job.label
        assert one.arrays.keys() == two.arrays.keys()
        for name, array in one.arrays.items():
            np.testing.assert_array_equal(array, two.arrays[name], err_msg=job.label)


@pytest.fixture
def one_seed() -> SuitePlan:
    """The first half of the suite: its jobs have the same keys."""
    return find_suite("smoke").plan(1)


def test_every_suite_names_known_cases_and_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.cases.world_2023.missing", str)
    for suite in suites().values():
        plan = suite.plan(1)
        assert plan.jobs or "not installed" in plan.notes[0], suite.name
        keys = {job.key for job in plan.jobs}
        for job in plan.jobs:
            known = cases()[job.case].phases
            assert job.phase in known or (job.phase == "scale" and "optimize" in known)
            assert job.phase in phases()
            assert set(job.needs) <= keys


def test_the_smoke_suite_is_done(smoke_run: tuple[Path, Tally], smoke_plan: SuitePlan) -> None:
    folder, tally = smoke_run
    assert (tally.jobs, tally.before, tally.done) == (len(smoke_plan.jobs), 0, len(smoke_plan.jobs))
    searched = [r for r in Store(folder).results(smoke_plan.jobs) if r.job.phase == "optimize"]
    assert searched
    for result in searched:
        assert 0 <= result.outcome.values["volume"] <= result.outcome.values["volume_found"]
        assert result.outcome.values["evaluations"] > 0


def test_what_is_done_is_not_done_again(smoke: Path, smoke_plan: SuitePlan) -> None:
    before = {file: file.stat().st_mtime_ns for file in (smoke / "jobs").iterdir()}
    tally = execute(smoke_plan, Store(smoke), workers=1, tell=lambda _: None)
    assert (tally.before, tally.done, tally.failed) == (len(smoke_plan.jobs), 0, 0)
    assert {file: file.stat().st_mtime_ns for file in (smoke / "jobs").iterdir()} == before


def test_several_processes_give_the_same_results(
    smoke: Path, one_seed: SuitePlan, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    tally = execute(one_seed, store, workers=2, tell=lambda _: None)
    assert (tally.done, tally.failed) == (len(one_seed.jobs), 0)
    assert_equal(Store(smoke), store, one_seed)


def test_a_killed_suite_continues(
    smoke: Path, one_seed: SuitePlan, tmp_path: Path, repository: Path
) -> None:
    folder = tmp_path / "killed"
    words = ["run", "smoke", "--seeds", str(one_seed.seeds), "--output", str(folder)]
    running = subprocess.Popen(
        [sys.executable, "-c", AS_NOW.format(code=code_digest(), words=words)],
        cwd=repository,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    enough = len(one_seed.jobs) // 3
    while running.poll() is None and len(list(folder.glob("jobs/*.json"))) < enough:
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    done = {file.stem: file.read_bytes() for file in folder.glob("jobs/*.json")}
    assert enough <= len(done) < len(one_seed.jobs)
    tally = execute(one_seed, Store(folder), workers=1, tell=lambda _: None)
    assert (tally.before, tally.failed) == (len(done), 0)
    for key, content in done.items():
        assert (folder / "jobs" / f"{key}.json").read_bytes() == content
    assert_equal(Store(smoke), Store(folder), one_seed)


def test_only_what_is_asked_for_and_needed(smoke_plan: SuitePlan, tmp_path: Path) -> None:
    tally = execute(smoke_plan, Store(tmp_path), workers=1, tell=lambda _: None, only="nearest")
    assert tally.jobs == 4  # two arenas, each with its reference
    assert tally.failed == 0


def test_a_filter_that_fits_no_job_is_said(smoke_plan: SuitePlan, tmp_path: Path) -> None:
    with pytest.raises(SlitError, match="--only: 'smok', expected part of a job's name, like"):
        execute(smoke_plan, Store(tmp_path), workers=1, tell=lambda _: None, only="smok")
    assert not list(tmp_path.iterdir())


def test_a_job_that_fails_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def perform(job: Job, store: Store) -> JobOutcome:
        if job.options["bad"]:
            raise ValueError("found nothing, expected something")
        return JobOutcome({"fine": True})

    phase = find_phase("compile")
    monkeypatch.setattr(executing, "find_phase", lambda _: type(phase)("compile", perform))
    bad, good = (Job("compile", "tiny", "x", options={"bad": bad}) for bad in (True, False))
    after = Job("compile", "tiny", "x", options={"bad": False}, needs=(bad.key,))
    lines: list[str] = []
    store = Store(tmp_path)
    tally = execute(SuitePlan("s", 1, (bad, good, after)), store, workers=1, tell=lines.append)
    assert (tally.done, tally.failed) == (1, 2)
    assert any("FAILED: ValueError: found nothing" in line for line in lines)
    assert len(store.failures()) == 1
    assert store.has(good.key)
    assert not store.has(after.key)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SlitError, match="phase: 'walk', expected one of bound"):
        find_phase("walk")
