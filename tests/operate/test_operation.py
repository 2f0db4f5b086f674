"""An operation in a folder: killed at any instant it makes the same decisions."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slit.api.operating import OperatingOptions, operate, operate_live, operate_once, settle
from slit.errors import SlitError
from slit.operate.history import Stretch, stretch_of
from slit.operate.operation import Decided
from slit.operate.settlement import settlement_content
from slit.operate.store import read_state
from slit.scenario.scenario import Scenario

OPTIONS = OperatingOptions(forecast="suite", history_days=12, horizon_h=6.0)
START, HOURS = datetime(2024, 3, 4, tzinfo=UTC), 8
COMMAND = [
    sys.executable, "-m", "slit", "operate", "ten-weeks", "--from", "2024-03-04T00:00Z",
    "--to", "2024-03-04T08:00Z", "--history", "12", "--horizon", "6", "--budget", "carbon<=100/1d",
]  # fmt: skip


def decided(folder: Path) -> list[dict[str, Any]]:
    """What became of every epoch, with the names of what served it."""
    return [
        {"time": file.stem, **json.loads(file.read_bytes())}
        for file in sorted((folder / "epochs").glob("*.json"))
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An operation that nobody disturbed."""
    folder = tmp_path_factory.mktemp("operation") / "whole"
    subprocess.run([*COMMAND, "--folder", str(folder)], check=True, capture_output=True)
    return folder


def killed_on_and_on(folder: Path, *, kills: int, seed: int) -> int:
    """Run it again and again, killed after random times, then to its end; how often it was."""
    rng, done = random.Random(seed), 0
    for _ in range(kills):
        process = subprocess.Popen(
            [*COMMAND, "--folder", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        # The first line says that a decision stands: start-up is not what is tried here.
        process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.4))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            done += 1
        process.wait()
        process.stdout.close()
    subprocess.run([*COMMAND, "--folder", str(folder)], check=True, capture_output=True)
    return done


def check_same(whole: Path, folder: Path) -> None:
    assert decided(folder) == decided(whole)
    assert len(decided(folder)) == HOURS
    for name in ("plan.json", "routing.csv"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
    one, other = read_state(whole), read_state(folder)
    assert one is not None
    assert other is not None
    assert one.forecaster.keys() == other.forecaster.keys()
    for name, values in one.forecaster.items():
        assert np.array_equal(values, other.forecaster[name])
    assert not [file for file in folder.rglob(".*") if file.name.endswith(".new")]


def test_killed_it_makes_the_same_decisions(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    assert killed_on_and_on(folder, kills=4, seed=1) > 0
    check_same(whole, folder)


@pytest.mark.attack
def test_killed_fifty_times_it_makes_the_same_decisions(whole: Path, tmp_path: Path) -> None:
    done = 0
    for n in range(10):
        folder = tmp_path / f"killed{n}"
        done += killed_on_and_on(folder, kills=6, seed=100 + n)
        check_same(whole, folder)
    assert done >= 50


def test_killed_between_two_files_it_makes_the_same_decisions(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before every single file that it writes, in turn."""
    real = os.fsync
    folder = tmp_path / "stopped"

    class Killed(BaseException):
        """Nothing catches it."""

    writes = 0
    for stop in (1, 2, 3, 4, 5, 7, 9, 12):
        left = stop

        def fsync(handle: int) -> None:
            nonlocal left, writes
            left -= 1
            writes += 1
            if left == 0:
                raise Killed
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)
        with suppress(Killed):
            list(simulated(folder))
    monkeypatch.setattr(os, "fsync", real)
    list(simulated(folder))
    assert writes > 20
    check_same(whole, folder)


def simulated(folder: Path) -> Any:
    options = OperatingOptions(
        forecast="suite", history_days=12, horizon_h=6.0, budgets=("carbon<=100/1d",)
    )
    end = (START + timedelta(hours=HOURS)).strftime("%Y-%m-%dT%H:%MZ")
    return operate("ten-weeks", folder, start="2024-03-04T00:00Z", end=end, options=options)


def test_the_folder_says_what_is_in_force(whole: Path) -> None:
    plan = json.loads((whole / "plan.json").read_text())
    assert (plan["from"], plan["to"]) == ("2024-03-04T0700Z", "2024-03-04T1300Z")
    assert plan["violation"] == 0.0
    last = decided(whole)[-1]
    assert last["time"] == "2024-03-04T0700Z"
    assert last["carbon"] > 0
    assert last["requests"] > 0
    rows = (whole / "routing.csv").read_text().splitlines()
    assert rows[0].startswith("hour,origin,class,datacenter,pool,variant,share")
    assert rows[1].startswith("2024-03-04T07:00:00Z,")
    assert not (whole / "alarm.json").exists()


def test_another_question_needs_another_folder(whole: Path) -> None:
    with pytest.raises(SlitError, match="policy: 'balance:carbon=2', expected 'balance'"):
        list(
            operate(
                "ten-weeks",
                whole,
                start="2024-03-04T00:00Z",
                end="2024-03-04T08:00Z",
                options=OperatingOptions("balance:carbon=2", history_days=12, horizon_h=6.0),
            )
        )


def test_a_damaged_state_is_named(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for name in ("operation.json", "state.npz"):
        (folder / name).write_bytes((whole / name).read_bytes())
    (folder / "state.npz").write_bytes((whole / "state.npz").read_bytes()[:900])
    with pytest.raises(SlitError, match=r"state\.npz: .*expected the state of slit operate"):
        list(simulated(folder))


def test_once_serves_what_passed_since_and_decides(tmp_path: Path) -> None:
    folder = tmp_path / "once"
    first = operate_once("ten-weeks", folder, at=START, options=OPTIONS)
    assert first.served == ()
    again = START + timedelta(hours=3, minutes=20)
    second = operate_once("ten-weeks", folder, at=again, options=OPTIONS)
    assert second.moment == START + timedelta(hours=3)
    assert [when for when, _ in second.served] == [START + timedelta(hours=n) for n in range(3)]
    assert all(served.requests > 0 for _, served in second.served)
    with pytest.raises(SlitError, match="expected none before that of the last decision"):
        operate_once("ten-weeks", folder, at=START, options=OPTIONS)


def test_stale_signals_raise_an_alarm_and_the_plan_stays(tmp_path: Path) -> None:
    folder = tmp_path / "stale"
    end = datetime(2024, 3, 11, tzinfo=UTC)
    operate_once("ten-weeks", folder, at=end - timedelta(hours=1), options=OPTIONS)
    plan = (folder / "plan.json").read_bytes()
    with pytest.raises(SlitError, match="signals: none for the 3 h before"):
        operate_once("ten-weeks", folder, at=end + timedelta(hours=5), options=OPTIONS)
    assert (folder / "plan.json").read_bytes() == plan
    alarm = json.loads((folder / "alarm.json").read_text())
    assert alarm["time"] == "2024-03-11T0500Z"
    assert "signals: none" in alarm["alarm"]
    operate_once("ten-weeks", folder, at=end + timedelta(hours=2), options=OPTIONS)
    assert not (folder / "alarm.json").exists()


def test_settled_by_the_same_figures_it_is_what_was_counted(whole: Path) -> None:
    found = settle("ten-weeks", whole, against=("nearest",))
    assert np.array_equal(found.settled, found.counted)
    assert found.missing == 0
    rows = decided(whole)
    assert found.counted[:, 0].tolist() == [row["carbon"] for row in rows]
    assert found.promised.sum(axis=0) == pytest.approx(found.counted.sum(axis=0), rel=0.2)
    assert not np.array_equal(found.promised, found.counted)
    assert (found.rivals["nearest"].sum(axis=0) > found.settled.sum(axis=0)).all()
    content = settlement_content(found)
    [row] = content["savings"]
    assert row["carbon"] < 0
    assert row["carbon_95"] is None  # eight hours are no six days


def test_settled_by_revised_figures(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the carbon of every grid is twice the carbon, and nothing else."""
    before = settle("ten-weeks", whole, against=())

    def revised(scenario: Scenario, **times: Any) -> Stretch:
        found = stretch_of(scenario, **times)
        signals = replace(found.scenario.signals, carbon=2 * found.scenario.signals.carbon)
        return replace(found, scenario=replace(found.scenario, signals=signals))

    monkeypatch.setattr("slit.operate.settlement.stretch_of", revised)
    after = settle("ten-weeks", whole, against=())
    assert after.settled[:, 0] == pytest.approx(2 * before.settled[:, 0])
    assert np.array_equal(after.settled[:, 1:], before.settled[:, 1:])
    assert np.array_equal(after.counted, before.counted)


def test_what_cannot_be_settled(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(SlitError, match="of 'ten-weeks', expected 'world-day'"):
        settle("world-day", whole)
    with pytest.raises(SlitError, match=r"operation\.json: .*expected what was asked for"):
        settle("ten-weeks", tmp_path)
    with pytest.raises(SlitError, match="rival: nsga2"):
        settle("ten-weeks", whole, against=("nsga2",))
    (tmp_path / "epochs").mkdir()
    for file in (whole / "operation.json", *(whole / "epochs").iterdir()):
        (tmp_path / file.relative_to(whole)).write_bytes(file.read_bytes())
    damaged = tmp_path / "epochs" / "2024-03-04T0300Z.json"
    damaged.write_text("{}")
    with pytest.raises(SlitError, match=r"T0300Z\.json: damaged"):
        settle("ten-weeks", tmp_path)


def test_live_by_a_clock(tmp_path: Path) -> None:
    """A decision when it begins and at every epoch after that; where figures end, the errors."""
    now = datetime(2024, 3, 10, 22, 30, tzinfo=UTC)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += timedelta(seconds=seconds)

    folder = tmp_path / "live"
    options = replace(OPTIONS, stale_h=2.0)
    decisions = operate_live("ten-weeks", folder, options=options, clock=lambda: now, sleep=sleep)
    found = list(islice(decisions, 6))
    decided_at = [each.moment.hour for each in found if isinstance(each, Decided)]
    assert decided_at == [22, 23, 0, 1, 2]
    assert isinstance(found[-1], SlitError)
    assert "signals: none for the 2 h before 2024-03-11 03:00" in str(found[-1])
    assert slept == [1801.0, 3600.0, 3600.0, 3600.0, 3600.0]
    served = [each["time"] for each in decided(folder)]
    assert served == ["2024-03-10T2200Z", "2024-03-10T2300Z"]  # later ones have no figures yet


def test_a_burnt_budget_is_said(tmp_path: Path) -> None:
    """The decision is made all the same."""
    folder = tmp_path / "burnt"
    options = replace(OPTIONS, budgets=("carbon<=1/1d",))
    found = list(
        operate("ten-weeks", folder, start="2024-03-04", end="2024-03-04T02:00Z", options=options)
    )
    assert found[0].wrong == ""
    assert found[1].wrong.startswith("budget carbon<=1/24h: burnt, ")
    alarm = json.loads((folder / "alarm.json").read_text())
    assert alarm == {"time": "2024-03-04T0100Z", "alarm": found[1].wrong}


def test_limits_that_no_plan_keeps_are_said(tmp_path: Path) -> None:
    """From the first decision on: the plan of least violation is in force."""
    options = replace(OPTIONS, limits=("quality<=0.01",))
    folder = tmp_path / "limits"
    found = operate_once("ten-weeks", folder, at=START, options=options)
    assert found.decision.violation > 0
    assert "no plan keeps to everything: the least violation is" in found.wrong
    assert json.loads((folder / "alarm.json").read_text())["alarm"] == found.wrong
    assert (folder / "plan.json").exists()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    from slit.record.lock import held

    folder = tmp_path / "held"
    operate_once("ten-weeks", folder, at=START, options=OPTIONS)
    later = START + timedelta(hours=1)
    with held(folder), pytest.raises(SlitError, match="process"):
        operate_once("ten-weeks", folder, at=later, options=OPTIONS)
