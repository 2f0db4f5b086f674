"""The command in processes of its own: signals, exit codes, what a terminal gets."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ENTRY = "from slit.commands import main; main()"
OFTEN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # ignored in jobs
    "from slit.record.checkpoint import Keeper; Keeper.SECONDS = 0.2; Keeper.SHARE = 0.5; "
)
"""Checkpoints more often than by default: when they are written changes no result."""
LONG = ("optimize", "tiny", "--optimizer", "deap-nsga2", "--population", "12")


def process(repository: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OFTEN + ENTRY, *(str(word) for word in arguments)],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path, running: subprocess.Popen[str], seconds: float = 120.0) -> None:
    """Until a file appears, or the process ends."""
    limit = time.monotonic() + seconds
    while not path.exists() and running.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)


def test_the_command_runs(repository: Path, tmp_path: Path) -> None:
    running = process(
        repository, "optimize", "tiny", "--optimizer", "nearest", "--output", tmp_path / "run",
        "--json",
    )  # fmt: skip
    output, errors = running.communicate(timeout=300)
    assert (running.returncode, errors) == (0, "")
    assert json.loads(output)["stop"] == "finished"


def test_a_mistake_has_no_traceback(repository: Path) -> None:
    running = process(repository, "optimize", "no-such-scenario")
    output, errors = running.communicate(timeout=300)
    assert (running.returncode, output) == (2, "")
    assert errors.count("\n") == 1


def test_ctrl_c_writes_the_front_found_so_far(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    running = process(repository, *LONG, "--evaluations", 10**9, "--output", folder, "--json")
    wait_for(folder.with_name("run.partial") / "checkpoint.npz", running)
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=300)
    assert running.returncode == 130, errors
    assert "interrupted" in errors
    assert json.loads(output)["stop"] == "interrupted"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["stop"] == "interrupted"
    assert any("interrupted" in note for note in manifest["notes"])
    assert len((folder / "front.csv").read_text().splitlines()) > 1
    assert not folder.with_name("run.partial").exists()


def test_a_killed_run_is_resumed_with_the_same_bits(repository: Path, tmp_path: Path) -> None:
    budget = ("--evaluations", 20_400, "--json", "--no-baselines")
    folder = tmp_path / "killed"
    running = process(repository, *LONG, *budget, "--output", folder)
    partial = folder.with_name("killed.partial")
    wait_for(partial / "checkpoint.npz", running)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=300)
    assert partial.exists(), "the search ended before it could be killed"
    assert not folder.exists()
    again = process(repository, *LONG, *budget, "--output", folder)
    _, errors = again.communicate(timeout=300)
    assert again.returncode == 2
    assert "unfinished run" in errors
    assert (partial / "checkpoint.npz").exists()
    rest = process(repository, "optimize", "--resume", folder, "--json")
    output, errors = rest.communicate(timeout=300)
    assert rest.returncode == 0, errors
    assert json.loads(output)["evaluations"] == 20_400
    whole = process(repository, *LONG, *budget, "--output", tmp_path / "whole")
    whole.communicate(timeout=300)
    for file in ("front.csv", "certificate.json"):
        first, second = (tmp_path / name / file for name in ("killed", "whole"))
        assert first.read_bytes() == second.read_bytes()


def test_a_closed_pipe_is_no_traceback(repository: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", ENTRY, "schema"],
        cwd=repository,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert "Traceback" not in done.stderr
