"""What a report says of limits: numbers, room, and which plans are beyond."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import slit
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.objectives.limit_text import ResolvedLimit
from slit.record import Run, read_run
from slit.report.limits import describe_limits, describe_room, limit_rows, limits_data, room_text
from slit.report.write import report_html


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("limits") / "run"
    slit.optimize(
        "tiny", optimizer="nsga2", population=24, evaluations=480, output=folder,
        limits=["quality<=helix", "starts<=14"],
    )  # fmt: skip
    return read_run(folder)


def test_values_are_those_of_the_front_or_measured_anew(run: Run) -> None:
    rows = range(len(run.front))
    data = limits_data(run, list(rows))
    judge = Evaluator(run.problem, run.scenario, objectives=find(["starts"]))
    starts = judge.evaluate(run.front.X).F[:, 0]
    assert (data.values == np.column_stack([run.front.F[:, 3], starts])).all()
    assert data.room[:, 1] == pytest.approx(100 * (14 - starts) / 14)
    for row in rows:
        assert (run.front.G[row] > 0) == bool(data.exceeded(row))
    nearest = run.front.methods.index("nearest")
    assert data.exceeded(nearest) == ["quality<=helix"]


def test_an_objective_that_is_not_known_here_has_no_value(run: Run) -> None:
    strange = ResolvedLimit("peak<=4", "peak", "nodes", 4.0)
    manifest = run.manifest.model_copy(update={"resolved_limits": (strange,)})
    data = limits_data(replace(run, manifest=manifest), [0])
    assert np.isnan(data.values).all()
    assert data.exceeded(0) == []
    assert room_text(float(data.values[0, 0]), float(data.room[0, 0])) == "–"


def test_limits_in_words() -> None:
    limits = (
        ResolvedLimit("cost<=nearest+5%", "cost", "USD", 210.0, "nearest", 200.0),
        ResolvedLimit("quality<=0.36", "quality", "share", 0.36),
        ResolvedLimit("accuracy>=best-10%", "answer_loss", "share", 0.325, "best", 0.25, True),
    )
    assert describe_limits(limits) == (
        "cost<=nearest+5% (210 USD), quality<=0.36, accuracy>=best-10% (0.675 share)"
    )
    assert limit_rows(limits) == [
        ["cost<=nearest+5%", "210", "USD", "nearest: 200"],
        ["quality<=0.36", "0.36", "share", "–"],
        ["accuracy>=best-10%", "0.675", "share", "best: 0.75"],
    ]
    assert room_text(0.27, 25.0) == "0.27 (+25.0 %)"


def test_the_report_states_limits_and_names_what_is_beyond(run: Run) -> None:
    html = report_html(run)
    assert "keeps to these limits" in html
    assert "infeasible: beyond a limit (quality&lt;=helix)" in html
    assert "nodes too many" not in html
    assert "of requests rerouted" in html
    nearest = run.front.methods.index("nearest")
    said = describe_room(limits_data(run, [nearest]), 0)
    assert said.startswith("Limits, with the room to them (minus is beyond): quality<=helix: 0.36")
    assert said.replace("<", "&lt;") in html


def test_a_report_without_limits_says_nothing_of_them(run: Run) -> None:
    manifest = run.manifest.model_copy(update={"resolved_limits": ()})
    assert "these limits" not in report_html(replace(run, manifest=manifest))


@pytest.mark.parametrize("limits", [["quality<=0.2"], ["carbon<=0.06", "starts<=0"]])
def test_what_nothing_meets_is_said_with_by_how_much(limits: list[str], tmp_path: Path) -> None:
    result = slit.optimize(
        "tiny", optimizer="nsga2", population=24, evaluations=240, limits=limits, baselines=False
    )
    assert not result.feasible
    nearest = int(np.argmin(result.front.G))
    value = result.front.F[nearest, 3 if "quality" in limits[0] else 0]
    first = result.limits[0]
    assert result.notes[0].startswith("no feasible plan was found")
    percent = 100 * (value - first.most) / first.most
    assert f"plan {nearest} is nearest: it misses {first.text} by " in result.notes[1]
    assert f"(+{percent:.1f} %)" in result.notes[1]
