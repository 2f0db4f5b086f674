"""A scenario whose services are predicted: what is written, what is flagged, what is refused."""

import csv
from pathlib import Path

import pytest

from slit.errors import SlitError
from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig
from slit.predictor.gpus import find_gpu
from slit.predictor.models import shipped_model
from slit.predictor.prediction import predict
from slit.scenario.load import load_scenario
from slit.scenario.predicted import write_predicted_starter

SCORES = """variant,class,metric,score
phi-4,chat,IFEval,0.63
phi-4,code,MATH,0.5
"""


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    (tmp_path / "scores.csv").write_text(SCORES)
    return tmp_path / "scores.csv"


def test_services_are_predictions_and_say_so(tmp_path: Path, scores: Path) -> None:
    path = write_predicted_starter(
        tmp_path / "fleet", models=["phi-4"], gpus=["L40S", "H100"], scores=scores
    )
    scenario = load_scenario(path)
    assert [pool.name for pool in scenario.pools] == [
        "north-l40s", "north-h100", "south-l40s", "south-h100",
    ]  # fmt: skip
    inputs = {each.name: each for each in scenario.inputs}
    assert inputs["services"].source.startswith("predicted by slit")
    assert inputs["services"].estimated_share == 1.0
    service = next(each for each in scenario.services if each.node_type == "h100x8")
    asked = InferenceConfig(
        architecture=find_architecture("phi-4"), gpu=find_gpu("H100"), batch=32, prompt=512,
        output=256,
    )  # fmt: skip
    found = predict(shipped_model(), [asked])
    step = service.step_fixed_s + 32 * service.step_slope_s
    assert (service.batch, service.gpus_per_replica, service.estimated) == (32, 1, True)
    assert step == pytest.approx(found.decode_s_per_token.value[0], rel=1e-4)
    assert service.decode_w == pytest.approx(8 * found.power_w.value[0], rel=1e-3)
    with (tmp_path / "fleet" / "services.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["basis"] for row in rows] == ["extrapolated", "predicted"]
    assert all(float(row["step_low_s"]) < float(row["step_high_s"]) for row in rows)


def test_quality_is_not_predicted(tmp_path: Path, scores: Path) -> None:
    for given in (None, scores):
        with pytest.raises(SlitError, match=r"none of qwen3-14b for chat.*--scores FILE"):
            write_predicted_starter(
                tmp_path / "fleet", models=["Qwen3-14B"], gpus=["H100"], scores=given
            )
    assert not (tmp_path / "fleet").exists()


def test_a_model_that_fits_nowhere_is_refused(tmp_path: Path) -> None:
    scores = tmp_path / "scores.csv"
    scores.write_text(SCORES.replace("phi-4", "Llama-3.1-405B"))
    with pytest.raises(SlitError, match=r"Llama-3\.1-405B: fits on no node of 8 x L4, H100"):
        write_predicted_starter(
            tmp_path / "fleet", models=["Llama-3.1-405B"], gpus=["L4", "H100"], scores=scores
        )
    scores.write_text("variant,class,score\n")
    with pytest.raises(SlitError, match="no column metric"):
        write_predicted_starter(tmp_path / "f", models=["phi-4"], gpus=["H100"], scores=scores)
