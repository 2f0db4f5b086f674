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
from slit.scenario.lint_scenario import doubts
from slit.scenario.load import load_scenario
from slit.scenario.predicted import write_predicted_starter
from slit.scenario.store import read_scenario, save_scenario

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
    assert [row["predicted.basis"] for row in rows] == ["extrapolated", "predicted"]
    assert service.predicted is not None
    assert service.predicted.step_low_s < step < service.predicted.step_high_s
    [doubt] = [each for each in doubts(scenario) if each.where == "services"]
    assert doubt.found.startswith("2 of 2 predicted (basis: 1 extrapolated, 1 predicted; 90 %")


@pytest.fixture
def fleet(tmp_path: Path, scores: Path) -> Path:
    """A scenario with phi-4 on L40S and H100."""
    return write_predicted_starter(
        tmp_path / "fleet", models=["phi-4"], gpus=["L40S", "H100"], scores=scores
    )


def _with(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_missing_services_are_predicted(fleet: Path) -> None:
    written = {each.node_type: each for each in load_scenario(fleet).services}
    path = _with(fleet, 'file = "services.csv"', "predict = true")
    services = load_scenario(path).services
    assert len(services) == 2
    for service in services:
        there = written[service.node_type]
        assert service.predicted is not None
        assert there.predicted is not None
        assert service.predicted.basis == there.predicted.basis
        assert service.step_slope_s == pytest.approx(there.step_slope_s, rel=1e-5)
    saved = fleet.parent / "run"
    saved.mkdir()
    save_scenario(load_scenario(path), saved)
    assert read_scenario(saved).services == services


def test_measured_services_stay_beside_predicted_ones(fleet: Path) -> None:
    table = fleet.parent / "services.csv"
    header, *rows = table.read_text().splitlines()
    cells = rows[0].split(",")[:10]  # without what makes it a prediction
    table.write_text(",".join(header.split(",")[:10]) + "\n" + ",".join(cells) + "\n")
    path = _with(fleet, 'file = "services.csv"', 'file = "services.csv"\npredict = true')
    found = {each.node_type: each for each in load_scenario(path).services}
    assert found["l40sx8"].predicted is None
    assert found["h100x8"].predicted is not None


def test_stated_batches_are_operating_points(fleet: Path) -> None:
    path = _with(fleet, 'file = "services.csv"', "predict = true")
    path.write_text(path.read_text() + "\n[predictor]\nbatches = [256, 16, 64]\n")
    services = [each for each in load_scenario(path).services if each.node_type == "h100x8"]
    assert [each.batch for each in services] == [16, 64, 256]
    model, steps = shipped_model(), []
    for each in services:
        assert each.gpus_per_replica == 2  # 256 requests do not fit on one GPU, 64 do
        asked = InferenceConfig(
            architecture=find_architecture("phi-4"), gpu=find_gpu("H100"), batch=each.batch,
            prompt=512, output=256, gpus=2,
        )  # fmt: skip
        steps.append(each.step_fixed_s + each.batch * each.step_slope_s)
        predicted = predict(model, [asked]).decode_s_per_token.value[0]
        assert steps[-1] == pytest.approx(predicted, rel=1e-4)
    assert steps == sorted(steps)


def test_only_named_pairs_are_predicted(fleet: Path) -> None:
    path = _with(fleet, 'file = "services.csv"', 'predict = ["h100x8/phi-4"]')
    [service] = load_scenario(path).services
    assert (service.node_type, service.variant) == ("h100x8", "phi-4")
    assert service.predicted is not None
    _with(fleet, "h100x8/phi-4", "h100x8/phi-5")
    with pytest.raises(SlitError, match=r"services\.predict: 'h100x8/phi-5', .*'h100x8/phi-4'"):
        load_scenario(fleet)


def test_a_named_pair_that_is_measured_stays(fleet: Path) -> None:
    written = load_scenario(fleet).services
    path = _with(
        fleet, 'file = "services.csv"', 'file = "services.csv"\npredict = ["h100x8/phi-4"]'
    )
    assert load_scenario(path).services == written


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('gpus.l40sx8 = "L400"', r"services\.predict: predictor\.gpus\.l40sx8: gpu: 'L400'"),
        ('models.phi-4 = "phi-44"', r"predictor\.models\.phi-4: model: 'phi-44'.*did you mean"),
        (
            'models.phi-4 = { model = "phi-4", precision = "fp8" }',
            r"variants\.phi-4\.weight_gb: 29\.\d+, expected about 1\d\.\d \(phi-4 in fp8",
        ),
        ('method = "guess"', r"services\.predict: method: 'guess'"),
        ('model = "phi-4"', r"predictor: model: unknown"),
        ("batches = [0]", r"predictor: batches\[0\]: 0, expected a number >= 1"),
    ],
)
def test_wrong_facts_are_named(fleet: Path, section: str, said: str) -> None:
    _with(fleet, 'file = "services.csv"', "predict = true\n\n[predictor]\n" + section)
    with pytest.raises(SlitError, match=said):
        load_scenario(fleet)


def test_a_section_of_services_states_a_file_or_predict(fleet: Path) -> None:
    _with(fleet, 'file = "services.csv"', "predict = false")
    with pytest.raises(SlitError, match="no file, expected a file, or predict = true"):
        load_scenario(fleet)


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
