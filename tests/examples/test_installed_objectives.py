"""The example package, installed: its objectives work everywhere without a change to slit.

Installed means here what it means to Python: a folder on the path holds the package and the entry
points that its setup.cfg states. `.ci/run` installs it with pip and runs its own tests.
"""

import configparser
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result
from werkzeug.test import Client

import slit
from slit.app.plan_selection import best_plan, remaining
from slit.app.run_store import RunStore
from slit.app.server import Site
from slit.commands.app import app
from slit.evaluator import Evaluator
from slit.objectives import find, registry
from slit.problem import compile_problem
from slit.relaxation import Relaxation

NAMES = ("carbon", "quality", "sovereignty", "air_health")
JOB = ("world-day", "--hours", 2, "--objectives", ",".join(NAMES))


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def _installed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    source = repository / "examples" / "slit-example-objectives"
    setup = configparser.ConfigParser()
    setup.read(source / "setup.cfg")
    metadata = tmp_path_factory.mktemp("site") / "slit_example_objectives-0.1.0.dist-info"
    metadata.mkdir()
    metadata.joinpath("METADATA").write_text(
        "Metadata-Version: 2.1\nName: slit-example-objectives\nVersion: 0.1.0\n"
    )
    stated = setup["options.entry_points"]["slit.objectives"].strip()
    metadata.joinpath("entry_points.txt").write_text(f"[slit.objectives]\n{stated}\n")
    with pytest.MonkeyPatch.context() as patch, registry.set_apart():
        patch.syspath_prepend(metadata.parent)
        patch.syspath_prepend(source)
        patch.setattr(registry, "_installed_loaded", False)
        yield


@pytest.fixture(scope="module")
def run(_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    done = call("optimize", *JOB, "--optimizer", "slit", "--moves", 200_000, "--output", folder)
    assert done.exit_code == 0, done.stderr
    return folder


@pytest.mark.usefixtures("_installed")
def test_the_command_lists_them() -> None:
    listed = json.loads(call("objectives", "--json").stdout)["objectives"]
    assert [(each["name"], each["unit"]) for each in listed[-2:]] == [
        ("air_health", "USD"),
        ("sovereignty", "share"),
    ]


def test_the_search_improves_them(run: Path) -> None:
    with (run / "front.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["plan", "method", *NAMES, "violation", "on_front"]
    by_method = {row["method"]: row for row in rows}
    for name in ("sovereignty", "air_health"):
        found = min(float(row[name]) for row in rows if row["method"] == "slit")
        assert 0 <= found < float(by_method["round_robin"][name])
    assert json.loads(call("evaluate", run, "--json").stdout)["equal"] is True


def test_linear_programs_bound_them(run: Path) -> None:
    read = slit.read_run(run)
    problem = compile_problem(read.scenario)
    relaxation = Relaxation(problem, read.scenario, find(NAMES))
    assert relaxation.names == NAMES
    assert relaxation.left_out == {}
    front = read.front.best
    for m in range(len(NAMES)):
        bound = relaxation.minimize(np.eye(len(NAMES))[m]).bound
        assert bound <= front.F[:, m].min() + 1e-9 * np.abs(front.F[:, m]).max()


@pytest.mark.usefixtures("_installed")
def test_the_lexicographic_plan_takes_them(tmp_path: Path) -> None:
    order = ("sovereignty", "air_health", "carbon", "quality")
    done = call(
        "optimize",
        *JOB[:-1],
        ",".join(order),
        "--optimizer",
        "lexicographic",
        "--output",
        tmp_path / "x",
    )
    assert done.exit_code == 0, done.stderr
    front = slit.read_run(tmp_path / "x").front
    assert front.F[front.methods.index("lexicographic"), 0] == pytest.approx(0, abs=1e-6)


def test_report_and_table_show_them(run: Path) -> None:
    report = (run / "report.html").read_text()
    assert "Health cost of air pollution" in report
    assert "Tokens served outside their jurisdiction" in report
    picks = {pick["name"]: pick for pick in json.loads(call("show", run, "--json").stdout)["picks"]}
    assert set(picks["slit-sovereignty"]["values"]) == set(NAMES)
    assert picks["slit-sovereignty"]["saving_percent"]["sovereignty"] is not None


def test_the_page_shows_and_limits_them(run: Path) -> None:
    store = RunStore([run])
    points = store.points
    assert points.names == NAMES
    assert [axis.title for axis in points.axes][2:] == [
        "Tokens served outside their jurisdiction",
        "Health cost of air pollution",
    ]
    column = points.column("sovereignty")
    limit = float(np.median(points.F[points.best, column]))
    mask = remaining(points, {"sovereignty": (None, limit)})
    best = best_plan(points, mask, {"air_health": 1.0})
    assert best is not None
    assert points.F[best, column] <= limit
    assert store.plan(points.keys[best]).carbon.sum() > 0
    page = Client(Site([run])).get("/_dash-layout").get_data(as_text=True)
    for axis in points.axes:
        assert axis.title in page


def test_every_optimizer_takes_them(run: Path) -> None:
    read = slit.read_run(run)
    judge = Evaluator(compile_problem(read.scenario), read.scenario, objectives=find(NAMES))
    for optimizer in ("nsga2", "pymoo-nsga2", "deap-nsga2", "slit-paper"):
        found = slit.optimize(
            read.scenario, objectives=NAMES, optimizer=optimizer, evaluations=60, baselines=False
        )
        assert found.front.names == NAMES
        assert (judge.evaluate(found.front.X).F == found.front.F).all()
