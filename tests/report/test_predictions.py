"""Figures of the predictor."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.errors import SlitError
from slit.predictor.evaluation import Split
from slit.predictor.measurements import Measurements
from slit.predictor.models import Basis, Method, Target, shipped_model
from slit.predictor.prediction import predict
from slit.report.predictions import (
    AccuracyData,
    accuracy_data,
    describe_accuracy,
    draw_accuracy,
    draw_energy,
    energy_data,
)
from tests.predictor.made import made_configs


@pytest.fixture(scope="module")
def accuracy() -> AccuracyData:
    configs = made_configs()[:6]
    return AccuracyData(
        target=Target.TOKEN_J,
        measured=np.array([1.0, 1.0, 2.0, 4.0, 4.0, 5.0]),
        predicted=np.array([1.0, 1.09, 1.0, 4.0, 6.0, 5.0]),
        models=("a", "a", "b", "b", "<c>", "<c>"),
        configs=tuple(configs),
        method=Method.TREES,
        split=Split.MODEL,
    )


def test_errors_of_a_figure_by_hand(accuracy: AccuracyData) -> None:
    """Off by 0, 9, 50, 0, 50, 0 %: 18.2 % on average, 4 of 6 within 10 %."""
    assert accuracy.mape == pytest.approx(109 / 6)
    assert "6 rows, 18.2 % MAPE, 67 % within 10 %" in describe_accuracy(accuracy)


def test_a_row_is_a_point_of_its_model(accuracy: AccuracyData) -> None:
    drawn = draw_accuracy(accuracy)
    points = {each["name"]: each for each in drawn["data"] if each["mode"] == "markers"}
    assert set(points) == {"a", "b", "&lt;c&gt;"}
    np.testing.assert_array_equal(points["b"]["x"], [2.0, 4.0])
    np.testing.assert_array_equal(points["b"]["y"], [1.0, 4.0])
    assert drawn["layout"]["xaxis"]["type"] == drawn["layout"]["yaxis"]["type"] == "log"
    go.Figure(drawn)  # plotly takes it


def test_the_figure_shows_held_out_predictions() -> None:
    """A model whose rows are left out is not predicted as one that was trained with."""
    configs = made_configs()
    model = shipped_model(Method.ROOFLINE)
    columns, estimate = model.estimate(configs)
    slow = np.array([config.architecture.name == "gpt-oss-20b" for config in configs])
    measured = replace(estimate, step_s=estimate.step_s * np.where(slow, 3.0, 1.0))
    made = Measurements(
        configs=configs,
        models=[config.architecture.name for config in configs],
        measured=measured,
        token_j=measured.gpu_w * columns.gpus * measured.step_s / columns.batch,
        digest="made",
    )
    found = accuracy_data(made, method=Method.ROOFLINE, split=Split.MODEL)
    assert (found.predicted[slow] < 0.6 * found.measured[slow]).all()


def test_joules_over_the_batch_are_those_of_the_prediction() -> None:
    configs = [each for each in made_configs() if each.architecture.name == "Qwen3-32B"]
    by_gpu = {
        name: [each for each in configs if each.gpu.name == name] for name in ("H100", "A100")
    }
    model = shipped_model(Method.ROOFLINE)
    data = energy_data(model, by_gpu)
    energy = predict(model, by_gpu["A100"]).energy_j
    np.testing.assert_allclose(data.joules["A100"].low, energy.low / 400.0)
    assert data.bases == {"H100": Basis.MEASURED, "A100": Basis.EXTRAPOLATED}
    area, line = draw_energy(data)["data"][2:]
    np.testing.assert_array_equal(area["x"], [1, 8, 64, 128, 128, 64, 8, 1])
    np.testing.assert_allclose(area["y"][:4], energy.high / 400.0)
    assert line["line"]["dash"] == "dot"
    go.Figure(draw_energy(data))
    with pytest.raises(SlitError, match="no batch"):
        energy_data(model, {"none": []})


def test_figures_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "energy.html"
    line = f"predict --model phi-4 --gpu L40S --batch 1,8 --figure {file}"
    done = CliRunner().invoke(app, line.split())
    assert done.exit_code == 0, done.output
    assert "phi-4 on 1 x L40S (extrapolated)" in file.read_text()
    for bad, message in (("--split week", "--split: 'week'"), ("--target J", "--target: 'J'")):
        done = CliRunner().invoke(app, ["predictor", "figure", "none.csv", *bad.split()])
        assert done.exit_code == 2
        assert message in done.stderr


def test_measured_rows_as_a_figure(shared_data: Path, tmp_path: Path) -> None:
    table = shared_data / "llm_perf" / "mlenergy_v3_llm_energy.csv"
    file = tmp_path / "predicted.html"
    line = ["predictor", "figure", str(table), "--method", "roofline", "--output", str(file)]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    assert "roofline, left out: random: 415 rows" in done.stdout
    assert "Qwen3-8B" in file.read_text()
