"""`slit explore` and `slit optimize --watch` as processes."""

import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from slit.commands.watch import need_dash
from slit.errors import SlitError
from tests.commands.test_processes import process


def line_with(running: subprocess.Popen[str], word: str, *, seconds: float = 120.0) -> str:
    """The next line on standard error that holds a word."""
    assert running.stderr is not None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        line = running.stderr.readline()
        if word in line:
            return line
        assert line, f"the process ended without {word!r}"
    raise AssertionError(f"no {word!r} in time")


def fetched(line: str) -> tuple[str, str]:
    """Where the address in a line leads to, and the page there."""
    found = re.search(r"http://[^ ]+", line)
    assert found
    with urllib.request.urlopen(found.group(), timeout=20) as answer:
        return answer.geturl(), answer.read().decode()


def ended(running: subprocess.Popen[str]) -> int:
    """The exit code after Ctrl-C."""
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert "Traceback" not in errors
    return running.returncode


def test_a_run_is_explored_until_ctrl_c(repository: Path, tmp_path: Path) -> None:
    options = ("--port", 0, "--no-browser")
    running = process(repository, "explore", tmp_path / "missing", *options)
    assert "missing" in line_with(running, "expected")
    _, page = fetched(line_with(running, "http"))
    assert "slit explore" in page
    assert ended(running) == 0


def test_a_search_is_watched_and_then_explored(repository: Path, tmp_path: Path) -> None:
    running = process(
        repository, "optimize", "tiny", "--watch", "--no-browser", "--output", tmp_path / "run",
        "--optimizer", "deap-nsga2", "--evaluations", 400,
    )  # fmt: skip
    watched = line_with(running, "watch:")
    assert fetched(watched)[0].endswith("/live/")
    url, page = fetched(line_with(running, "explore:"))
    assert not url.endswith("/live/")
    assert "slit explore" in page
    assert (tmp_path / "run" / "front.csv").exists()
    assert ended(running) == 0


def test_a_mistake_ends_the_page_too(repository: Path, tmp_path: Path) -> None:
    running = process(
        repository, "optimize", "nowhere", "--watch", "--no-browser", "--output", tmp_path / "run"
    )
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 2
    assert "nowhere" in errors
    assert not (tmp_path / "run").exists()


def test_without_dash_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slit.commands.watch.find_spec", lambda name: None)
    with pytest.raises(SlitError, match="expected pip install"):
        need_dash()


def test_the_command_line_does_not_load_dash(repository: Path) -> None:
    code = "import sys, slit.commands; print('dash' in sys.modules, 'plotly' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
