"""`slit explore` and `slit optimize --watch` as processes."""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from slit.commands.watch import need_dash
from slit.errors import SlitError
from tests.commands.test_processes import process
from tests.stored import stored_run


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
    found = re.search(r"http://\S+", line)
    assert found
    with urllib.request.urlopen(found.group(), timeout=20) as answer:
        return answer.geturl(), answer.read().decode()


def press_stop(line: str) -> None:
    """What the browser sends when the stop button of the page in a line is pressed."""
    found = re.search(r"http://\S+", line)
    assert found
    place = f"{found.group()}live/_dash-"
    with urllib.request.urlopen(f"{place}dependencies", timeout=20) as answer:
        (asked,) = (each for each in json.load(answer) if "growing.figure" in each["output"])
    values = {"stop": 1, "poll": 1, "x": "carbon", "y": "water", "theme": "light"}
    outputs = [part.rsplit(".", 1) for part in asked["output"].strip(".").split("...")]
    pressed = {
        "output": asked["output"],
        "outputs": [{"id": name, "property": prop} for name, prop in outputs],
        "inputs": [{**each, "value": values[each["id"]]} for each in asked["inputs"]],
        "changedPropIds": ["stop.n_clicks"],
    }
    request = urllib.request.Request(
        f"{place}update-component",
        data=json.dumps(pressed).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert "Stopping" in answer.read().decode()


def ended(running: subprocess.Popen[str]) -> int:
    """The exit code after Ctrl-C."""
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert "Traceback" not in errors
    return running.returncode


def test_a_run_is_explored_until_ctrl_c(repository: Path, tmp_path: Path) -> None:
    stored_run(tmp_path / "run")
    options = ("--port", 0, "--no-browser")
    running = process(repository, "explore", tmp_path / "missing", tmp_path / "run", *options)
    assert "missing" in line_with(running, "expected")
    _, page = fetched(line_with(running, "http"))
    assert "slit explore" in page
    assert ended(running) == 0


def test_without_a_readable_run_it_ends(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    folders = tmp_path / "missing", tmp_path / "empty"
    running = process(repository, "explore", *folders, "--port", 0, "--no-browser")
    output, errors = running.communicate(timeout=120)
    assert (running.returncode, output) == (2, "")
    (line,) = errors.splitlines()
    assert str(folders[0]) in line
    assert f"{folders[1]} has no manifest.json" in line


def test_other_machines_need_the_token(repository: Path, tmp_path: Path) -> None:
    stored_run(tmp_path / "run")
    options = "--host", "0.0.0.0", "--port", 0, "--no-browser"
    running = process(repository, "explore", tmp_path / "run", *options)
    assert "no password and no encryption" in line_with(running, "--host 0.0.0.0")
    line = line_with(running, "http")
    found = re.search(r"http://127\.0\.0\.1:\d+/\?token=(\S{32,})", line)
    assert found
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(found.group().partition("?")[0], timeout=20)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    for where in (found.group(), found.group().partition("?")[0]):
        with opener.open(where, timeout=20) as answer:
            assert "token" not in answer.geturl()
            assert "slit explore" in answer.read().decode()
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


def test_the_stop_button_ends_a_search_well(repository: Path, tmp_path: Path) -> None:
    running = process(
        repository, "optimize", "tiny", "--watch", "--no-browser", "--output", tmp_path / "run",
        "--optimizer", "nsga2", "--evaluations", 10**9, "--quiet",
    )  # fmt: skip
    try:
        press_stop(line_with(running, "watch:"))
        line_with(running, "explore:")
    except BaseException:
        running.kill()
        running.communicate()
        raise
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["stop"] == "request"
    assert "stopped on request" in manifest["notes"][0]
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
