"""Ctrl-C ends a command in whatever phase it comes, and what was found is written."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.record import read_run

ENTRY = "from slit.commands import main; main()"


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Ctrl-C is heard, though a shell starts what runs in the background without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("phase", "written", "said"),
    [
        ("slit.api.arguments.load_scenario", False, "interrupted"),
        ("slit.optimizers.single.SinglePlan.tell", False, "interrupted"),
        ("slit.optimizers.metaheuristic.search.Metaheuristic.tell", True, "found so far"),
        ("slit.api.bounds.certified_front", True, "found so far"),
        ("slit.api.recording.write_report", True, "is complete"),
    ],
)
def test_in_every_phase(
    phase: str, written: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, name = phase.rpartition(".")
    try:
        holder: Any = import_module(module)
    except ModuleNotFoundError:
        module, _, kind = module.rpartition(".")
        holder = getattr(import_module(module), kind)
    usual = getattr(holder, name)

    def interrupted(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(holder, name, usual)
        signal.raise_signal(signal.SIGINT)
        return usual(*given, **more)

    monkeypatch.setattr(holder, name, interrupted)
    run = tmp_path / "run"
    started = time.monotonic()
    budget = ["--evaluations", str(10**9), "--seconds", "60"]
    if written and "metaheuristic" not in phase:
        budget = ["--evaluations", "200"]
    done = CliRunner().invoke(app, ["optimize", "tiny", *budget, "--output", str(run)])
    assert done.exit_code == 130, done.output
    assert said in done.stderr
    assert time.monotonic() - started < 50  # the budget did not run on
    assert run.exists() == written
    if written:
        assert len(read_run(run).front)
    assert sorted(path.name for path in tmp_path.iterdir()) == (["run"] if written else [])


IN_A_CALLBACK = """
import signal, sys, time, weakref
def waits():
    class Held: pass
    held = Held()
    kept = weakref.ref(held, lambda _: signal.raise_signal(signal.SIGINT))
    del held  # what is raised in its callback is lost
    time.sleep(50)
import slit.commands.app as commands
commands.app.command("waits")(waits)
sys.argv[1:] = ["waits"]
"""


def test_in_a_callback_that_cannot_raise(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_A_CALLBACK + ENTRY],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "slit: interrupted\n")


@pytest.mark.parametrize("module", ["typer", "numba", "highspy"])
def test_while_a_library_is_imported(repository: Path, tmp_path: Path, module: str) -> None:
    before = f"""
import signal, sys
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder)
sys.argv[1:] = ["optimize", "tiny", "--evaluations", "100", "--output", {str(tmp_path / "run")!r}]
"""
    done = subprocess.run(
        [sys.executable, "-c", before + ENTRY],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "slit: interrupted\n")
    assert not list(tmp_path.iterdir())
