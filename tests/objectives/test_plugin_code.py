"""Code of plug-ins runs when it is named with --plugin, and at no other time."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from slit.app.run_store import RunStore
from slit.commands.app import app
from slit.objectives import registry
from slit.objectives.builtin import BUILT_IN

PLUGIN = """
from pathlib import Path

from slit.objectives import Coefficients, linear_objective

Path(__file__).with_name("it_ran").touch()


@linear_objective(name="bought", unit="kWh", title="Energy bought")
def bought(problem, scenario):
    return Coefficients(grid=problem.pue * 0 + 1)
"""


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in arguments], catch_exceptions=False)


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(PLUGIN)
    with registry.set_apart():
        forgotten()
        yield


def forgotten() -> bool:
    """Whether the plug-in ran since the last time; then as in a new process."""
    mark = Path("it_ran")
    ran = mark.exists()
    mark.unlink(missing_ok=True)
    registry._registered = {objective.name: objective for objective in BUILT_IN}
    registry._installed_loaded = True
    for name in [name for name in sys.modules if name.startswith("slit_plugin_")]:
        del sys.modules[name]
    return ran


def test_a_plugin_runs_only_when_it_is_named() -> None:
    small = ("tiny", "--optimizer", "nsga2", "--evaluations", 60, "--quiet")
    named = ("--plugin", "mine.py")
    assert call("optimize", *small, *named, "--output", "run").exit_code == 0
    assert forgotten()

    # It lies where the command runs, and the manifest of the run names it.
    assert '"mine.py"' in Path("run", "manifest.json").read_text()
    unnamed = [
        ("optimize", *small, "--output", "other"),
        ("objectives",),
        ("show", "run"),
        ("show", "run", "--plan", "0", "--routing"),
        ("report", "run"),
        ("check", "tiny"),
    ]
    for words in unnamed:
        result = call(*words)
        assert result.exit_code == 0, (words, result.stderr)
        assert not forgotten(), words
    assert RunStore([Path("run")]).points.names[-1] == "bought"
    assert not forgotten()
    refused = call("evaluate", "run")
    assert refused.exit_code == 2
    assert "plug-in: none given, expected --plugin FILE" in refused.stderr
    assert not forgotten()

    assert call("evaluate", "run", *named).exit_code == 0
    assert forgotten()


def test_a_plugin_that_changed_does_not_run() -> None:
    small = ("tiny", "--optimizer", "nsga2", "--evaluations", 60, "--quiet")
    call("optimize", *small, "--plugin", "mine.py", "--output", "run")
    forgotten()
    Path("mine.py").write_text(PLUGIN + "# changed\n")
    for command in ("evaluate", "show", "report"):
        result = call(command, "run", "--plugin", "mine.py")
        assert result.exit_code == 2
        assert "SHA-256" in result.stderr
        assert not forgotten()
