"""Calibration, the learned residual, held-out errors and the table that they are of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slit.errors import SlitError
from slit.predictor.calibration import PARTS, Calibration, Estimate, fit_calibration, parts
from slit.predictor.columns import as_columns
from slit.predictor.evaluation import (
    Split,
    evaluate,
    folds,
    forecast_by,
    half_width,
    held_out,
)
from slit.predictor.measurements import Measurements, read_measurements
from slit.predictor.models import Method, Target, read_model, save_model, shipped_model
from slit.predictor.residual import Trees, from_arrays
from slit.predictor.training import Fitted, as_trees, fit_trees, train
from tests.predictor.made import made_configs

HEAD = (
    "task,gpu_model,model_id,weight_precision,avg_batch_size,avg_output_len,avg_power_watts,"
    "data_parallel,energy_per_token_joules,expert_parallel,median_itl_ms,num_gpus,"
    "output_throughput_tokens_per_sec\n"
)
ROW = "lm-arena-chat,H100,Qwen/Qwen3-8B,bfloat16,8,600,430,1,0.44,1,8.2,1,970\n"


@pytest.fixture(scope="module")
def made() -> Measurements:
    """What a calibration says, off by up to 5 %."""
    configs = made_configs()
    columns = as_columns(configs)
    truth = Calibration(
        np.linspace(1.0, 2.2, len(PARTS)), np.linspace(1.0, 2.0, len(PARTS)),
        np.array([0.1, 0.4, 0.3]),
    ).estimate(columns)  # fmt: skip
    noise = np.exp(np.random.default_rng(4).uniform(-0.05, 0.05, (3, len(configs))))
    measured = Estimate(truth.step_s * noise[0], truth.itl_s * noise[1], truth.gpu_w * noise[2])
    return Measurements(
        configs=configs,
        models=[config.architecture.name for config in configs],
        measured=measured,
        token_j=measured.gpu_w * columns.gpus * measured.step_s / columns.batch,
        digest="made",
    )


def test_coefficients_that_made_the_times_are_found() -> None:
    columns = as_columns(made_configs())
    wanted = Calibration(
        np.linspace(1.0, 2.2, len(PARTS)), np.ones(len(PARTS)), np.array([0.1, 0.4, 0.3])
    )
    measured = wanted.estimate(columns)
    found = fit_calibration(columns, measured).estimate(columns)
    np.testing.assert_allclose(found.step_s, measured.step_s, rtol=1e-6)
    np.testing.assert_allclose(found.itl_s, parts(columns).sum(axis=1), rtol=1e-6)
    # Kinds of kernels that these models do not tell apart may trade coefficients.
    np.testing.assert_allclose(found.gpu_w, measured.gpu_w, rtol=0.02)


def test_trees_say_what_scikit_learn_says() -> None:
    """Bit for bit in float32, also where an input lies next to a threshold."""
    from sklearn.ensemble import ExtraTreesRegressor

    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(80, 5)).astype(np.float32).astype(np.float64)
    wanted = rng.normal(size=(80, 3))
    forest = ExtraTreesRegressor(7, random_state=0).fit(inputs, wanted)
    found = as_trees(
        [[Fitted(each.tree_, column, 2.0) for each in forest.estimators_] for column in range(3)]
    )
    thresholds = np.concatenate([each.tree_.threshold for each in forest.estimators_])[:80]
    probes = np.concatenate([inputs, rng.normal(size=(50, 5)), np.tile(thresholds[:, None], 5)])
    every = np.stack([each.predict(probes) for each in forest.estimators_]) * 2.0
    expected = every.mean(axis=0) - found.shrink * every.var(axis=0)
    np.testing.assert_allclose(found.predict(probes), expected, rtol=0, atol=1e-6)


def test_a_trained_method_is_read_as_it_was_written(made: Measurements, tmp_path: Path) -> None:
    rows = np.arange(len(made))
    for method in set(Method) - {Method.LLMCO2}:  # that: test_graph.py
        model = train(made, rows, method=method, seed=3, spread=np.full((3, 3), 0.1))
        save_model(model, tmp_path / "model.npz")
        again = read_model(tmp_path / "model.npz")
        assert (again.pairs, again.seed, again.digest) == (model.pairs, 3, "made")
        _, first = model.estimate(made.configs)
        _, second = again.estimate(made.configs)
        np.testing.assert_array_equal(first.step_s, second.step_s)
        np.testing.assert_array_equal(first.gpu_w, second.gpu_w)


def test_networks_say_what_scikit_learn_says(made: Measurements) -> None:
    """One network alone: the arrays are its weights."""
    model = train(made, np.arange(len(made)), method=Method.MLP, seed=0, spread=np.zeros((3, 3)))
    assert model.residual is not None
    network = from_arrays(model.residual.arrays())
    assert network is not None
    inputs = np.random.default_rng(0).normal(size=(4, len(network.arrays()["mean"])))
    arrays = network.arrays()
    scaled = np.clip((inputs - arrays["mean"]) / arrays["scale"], -4, 4)
    slow = np.zeros((4, 3))
    for k in range(len(arrays["first"])):
        for n in range(4):
            hidden = np.tanh(arrays["first"][k].T @ scaled[n] + arrays["first_bias"][k])
            slow[n] += arrays["second"][k].T @ hidden + arrays["second_bias"][k]
    np.testing.assert_allclose(network.predict(inputs), slow / len(arrays["first"]), rtol=1e-9)


def test_a_gpu_that_was_not_measured_gets_the_roofline_alone(made: Measurements) -> None:
    known = np.flatnonzero([config.gpu.name == "H100" for config in made.configs])
    spread = np.zeros((3, 3))
    model = train(made, known, method=Method.TREES, seed=0, spread=spread)
    alone = train(made, known, method=Method.ROOFLINE, seed=0, spread=spread)
    for gpu, same in (("A100", True), ("H100", False)):
        rows = [config for config in made.configs if config.gpu.name == gpu]
        equal = model.estimate(rows)[1].step_s == alone.estimate(rows)[1].step_s
        assert equal.all() == same


def test_folds_leave_out_what_they_say(made: Measurements) -> None:
    for split, count in ((Split.RANDOM, 5), (Split.MODEL, 4), (Split.GPU, 2)):
        found = list(folds(made, split, seed=0))
        assert len(found) == count
        assert np.sort(np.concatenate([left for _, left in found])).tolist() == list(range(32))
        for known, left in found:
            assert not set(known) & set(left)
            if split is Split.MODEL:
                assert not {made.models[k] for k in known} & {made.models[k] for k in left}
    one = replace(made, models=["same"] * len(made))
    with pytest.raises(SlitError, match="model: one in the table"):
        list(folds(one, Split.MODEL, seed=0))


def test_a_left_out_row_does_not_change_its_own_prediction(made: Measurements) -> None:
    step = made.measured.step_s.copy()
    forecast = forecast_by(made, method=Method.ROOFLINE, seed=0)
    found, labels = held_out(made, forecast, split=Split.RANDOM, seed=0)
    step[labels == 0] *= 9.0
    changed = replace(made, measured=replace(made.measured, step_s=step))
    forecast = forecast_by(changed, method=Method.ROOFLINE, seed=0)
    again, _ = held_out(changed, forecast, split=Split.RANDOM, seed=0)
    np.testing.assert_array_equal(found[labels == 0], again[labels == 0])
    assert (found[labels != 0] != again[labels != 0]).any()


def test_errors_of_made_measurements_are_their_noise(made: Measurements) -> None:
    forecast = forecast_by(made, method=Method.ROOFLINE, seed=0)
    found = evaluate(made, forecast, split=Split.RANDOM, seed=0)
    for errors in found.values():
        assert errors.mape < 8
        assert errors.eba30 == 100
        assert errors.n == 32
        assert errors.coverage90 >= 75


def test_half_a_width_holds_nine_of_ten() -> None:
    errors = np.linspace(-1.0, 1.0, 201)
    assert half_width(errors, np.zeros(201, dtype=np.int64)) == pytest.approx(0.9, abs=0.02)
    # A fold of few rows weighs as much as one of many.
    sizes = np.array([0.1] * 96 + [1.0] * 4)
    assert half_width(sizes, np.zeros(100, dtype=np.int64)) == 0.1
    assert half_width(sizes, np.array([0] * 96 + [1] * 4)) == 1.0


def test_same_seed_same_trees(made: Measurements) -> None:
    rng = np.random.default_rng(2)
    inputs, targets = rng.normal(size=(40, 4)), rng.normal(size=(40, 3))
    first, second, third = (fit_trees(inputs, targets, seed=seed) for seed in (0, 0, 1))
    assert isinstance(first, Trees)
    np.testing.assert_array_equal(first.threshold, second.threshold)
    assert first.threshold.tobytes() != third.threshold.tobytes()


def test_a_row_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(HEAD + ROW)
    found = read_measurements(tmp_path / "t.csv")
    assert found.configs[0].architecture.name == "Qwen3-8B"
    assert found.configs[0].batch == 8
    assert found.measured.step_s[0] == pytest.approx(8 / 970)
    assert found.measured.itl_s[0] == pytest.approx(0.0082)
    assert found.measured.gpu_w[0] == 430


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (HEAD, HEAD.replace("median_itl_ms", "itl"), "no column median_itl_ms"),
        (ROW, "", "no rows"),
        ("430", "-1", ":2: avg_power_watts: '-1', expected a number above 0"),
        ("430", "many", ":2: avg_power_watts: 'many'"),
        ("H100", "H10", ":2: gpu: 'H10'"),
        ("Qwen3-8B", "Qwen3-9B", ":2: model: .*Qwen3-8B"),
        ("lm-arena-chat", "essay", ":2: task 'essay'"),
        ("bfloat16", "fp5", ":2: weight_precision 'fp5'"),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "t.csv").write_text((HEAD + ROW).replace(old, new))
    with pytest.raises(SlitError, match=message):
        read_measurements(tmp_path / "t.csv")


def test_what_is_shipped_was_trained_on_the_table(shared_data: Path) -> None:
    """Its errors on its own rows are smaller than those of the roofline; the table is the same."""
    table = read_measurements(shared_data / "llm_perf" / "mlenergy_v3_llm_energy.csv")
    assert len(table) == 415
    errors = {}
    for method in Method:
        model = shipped_model(method)
        assert model.digest == table.digest
        _, estimate = model.estimate(table.configs)
        errors[method] = np.abs(estimate.itl_s / table.measured.itl_s - 1.0).mean()
        assert (model.spread[0, Target.TOKEN_J] <= model.spread[2]).any()
    assert errors[Method.TREES] < errors[Method.ROOFLINE] / 2
    again = train(
        table, np.arange(len(table)), method=Method.ROOFLINE, seed=0, spread=np.zeros((3, 3))
    )
    np.testing.assert_allclose(
        again.calibration.step, shipped_model(Method.ROOFLINE).calibration.step, rtol=1e-6
    )
