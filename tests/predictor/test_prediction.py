"""What is predicted of an inference, and how `slit predict` says it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from slit.api.predicting import Inference, inference_configs, predict_inference
from slit.commands.app import app
from slit.errors import SlitError
from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig
from slit.predictor.gpus import find_gpu
from slit.predictor.models import Basis, Method, shipped_model
from slit.predictor.prediction import EMBODIED_KG_PER_GPU_HOUR, QUANTITIES, predict

ASKED = Inference(model="Llama-3.1-8B", gpu="H100", batches=(1.0, 8.0, 64.0))


def test_energy_is_power_times_the_share_of_time() -> None:
    """J = W x mean step x output / batch; prefill and decode add up; the host is counted."""
    configs = inference_configs(ASKED)
    model = shipped_model()
    found = predict(model, configs, pue=1.2, intensity=400.0)
    _, estimate = model.estimate(configs)
    watts = estimate.gpu_w + 225.0
    np.testing.assert_allclose(found.power_w.value, watts)
    seconds = estimate.step_s * 256 / np.array([1.0, 8.0, 64.0])
    np.testing.assert_allclose(found.energy_j.value, watts * seconds)
    np.testing.assert_allclose(
        found.prefill_j.value + 256 * found.decode_j_per_token.value, found.energy_j.value
    )
    embodied = EMBODIED_KG_PER_GPU_HOUR * 1000 * seconds / 3600
    grams = found.energy_j.value / 3.6e6 * 1.2 * 400 + embodied
    np.testing.assert_allclose(found.carbon_g.value, grams)
    for name in QUANTITIES:
        quantity = getattr(found, name)
        assert (quantity.low < quantity.value).all()
        assert (quantity.value < quantity.high).all()


def test_larger_batches_take_less_energy_a_token_and_longer_steps() -> None:
    found = predict_inference(ASKED)
    assert (np.diff(found.decode_j_per_token.value) < 0).all()
    assert (np.diff(found.decode_s_per_token.value) > 0).all()


def test_what_a_prediction_stands_on() -> None:
    rows = [("Llama-3.1-8B", "H100"), ("phi-4", "H100"), ("phi-4", "L40S")]
    configs = [
        InferenceConfig(
            architecture=find_architecture(model), gpu=find_gpu(gpu), batch=1, prompt=9, output=9
        )
        for model, gpu in rows
    ]
    found = predict(shipped_model(), configs)
    assert found.basis.tolist() == [Basis.MEASURED, Basis.PREDICTED, Basis.EXTRAPOLATED]
    widths = found.energy_j.high / found.energy_j.value
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.parametrize("method", Method)
def test_more_output_never_costs_less_and_rows_do_not_meet(method: Method) -> None:
    """With the roofline more output is more energy; any method treats each row alone."""
    model = shipped_model(method)
    base = inference_configs(replace(ASKED, batches=(4.0,)))[0]
    configs = [replace(base, output=output) for output in (64.0, 128.0, 512.0, 2048.0)]
    together = predict(model, configs)
    assert (np.diff(together.energy_j.value) > 0).all()
    for row, config in enumerate(configs):
        alone = predict(model, [config])
        assert alone.energy_j.value[0] == pytest.approx(together.energy_j.value[row], rel=1e-12)


def test_the_command_prints_every_key() -> None:
    line = "predict --model Qwen3-14B --gpu H100 --batch 8 --pue 1.1 --intensity 300 --json"
    done = CliRunner().invoke(app, line.split())
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert set(content) == {*QUANTITIES, "basis"}
    assert content["basis"] == "predicted"
    assert set(content["energy_j"]) == {"value", "low", "high"}


def test_a_table_over_batches() -> None:
    line = "predict --model gpt-oss-120b --gpu H100 --precision mxfp4 --batch 1,8,64"
    done = CliRunner().invoke(app, line.split())
    assert done.exit_code == 0, done.output
    assert "computed as bf16" in done.stderr
    lines = done.stdout.splitlines()
    assert [row.split()[0] for row in lines[1:4]] == ["1", "8", "64"]
    found = predict_inference(
        Inference(model="gpt-oss-120b", gpu="H100", precision="mxfp4", batches=(1.0,))
    )
    width = found.carbon_g.high[0] / found.carbon_g.value[0]
    assert lines[4].endswith(f"-{width:.2f}")
    assert "measured: this architecture was measured on H100" in done.stdout
    assert "embodied alone, --intensity is 0" in done.stdout


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--model Qwen3-15B --gpu H100", "did you mean 'Qwen3-14B'?"),
        ("--model Qwen3-14B --gpu H101", "did you mean 'H100'?"),
        ("--model Qwen3-14B --gpu H100 --batch 0", "batch: 0.0, expected above 0"),
        ("--model Qwen3-14B --gpu H100 --prompt -5", "prompt: -5.0, expected above 0 (tokens)"),
        ("--model Qwen3-14B --gpu H100 --batch x", "--batch: 'x', expected numbers"),
        ("--model Qwen3-14B --gpu H100 --precision fp7", "precision: 'fp7'"),
        ("--model Qwen3-14B --gpu H100 --method tree", "did you mean 'trees'?"),
        ("--model Qwen3-14B --gpu H100 --pue 0.5", "pue: 0.5, expected 1 or above"),
        ("--model Llama-3.1-405B --gpu H100", "GB of weights"),
        ("--model phi-4 --gpu H100 --gpus 3", "gpus: 3, expected to divide the 40 heads"),
        ("--model none.json --gpu H100", "none.json"),
    ],
)
def test_mistakes_are_one_message(line: str, message: str) -> None:
    done = CliRunner().invoke(app, ["predict", *line.split()])
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_table_of_methods_models_and_gpus() -> None:
    done = CliRunner().invoke(app, ["predictor", "list", "--json"])
    content = json.loads(done.stdout)
    assert [each["name"] for each in content["methods"]] == [*Method]
    assert "Llama-3.1-8B" in content["models"]
    assert "H100" in content["gpus"]


def test_errors_of_the_table_as_json(shared_data: Path) -> None:
    table = shared_data / "llm_perf" / "mlenergy_v3_llm_energy.csv"
    line = ["predictor", "evaluate", str(table), "--method", "roofline", "--json"]
    done = CliRunner().invoke(app, line)
    content = json.loads(done.stdout)
    assert set(content) == {"energy_per_token_joules", "median_itl_ms", "avg_power_watts"}
    found = content["energy_per_token_joules"]
    assert set(found) == {"mape", "median_ape", "eba10", "eba30", "coverage90", "n"}
    assert found["n"] == 415
    assert found["mape"] < 25
    bad = CliRunner().invoke(app, [*line, "--split", "week"])
    assert bad.exit_code == 2
    assert "--split: 'week'" in bad.stderr


def test_the_table_says_which_grid_its_grams_are_of() -> None:
    line = "predict --model phi-4 --gpu L40S --intensity 250"
    done = CliRunner().invoke(app, line.split())
    assert "g CO2e: 250 g/kWh and embodied." in done.stdout
    assert "extrapolated: nothing was measured on L40S" in done.stdout


def test_unknown_numbers_of_gpus_are_refused() -> None:
    with pytest.raises(SlitError, match="gpus: 0, expected above 0"):
        inference_configs(replace(ASKED, gpus=0))
