"""The graph network of kernels, in numpy and in torch, and the formula of EcoLogits."""

import importlib.util
import os
from dataclasses import replace
from math import exp

import numpy as np
import pytest

from slit.predictor.calibration import Estimate
from slit.predictor.catalog import find_architecture
from slit.predictor.columns import as_columns
from slit.predictor.configs import InferenceConfig
from slit.predictor.ecologits import formula_estimate
from slit.predictor.gpus import find_gpu
from slit.predictor.graph import (
    NAMES,
    OUTPUTS,
    InferencePhase,
    adjacency,
    as_graphs,
    graphs_from_arrays,
)
from slit.predictor.graph_training import (
    as_tensors,
    fit_graphs,
    forward,
    graph_tensors,
    initial_network,
)
from slit.predictor.models import Method, shipped_model
from slit.predictor.prediction import predict, token_joules
from slit.predictor.roofline import decode_kernels
from tests.predictor.made import made_configs

COLUMNS = as_columns(made_configs())


@pytest.fixture(scope="module")
def _torch() -> None:
    if importlib.util.find_spec("torch") is None:
        if os.environ.get("CI"):
            pytest.fail("torch: not installed, expected the extra learn")
        pytest.skip("torch: not installed (extra learn)")


def test_all_kernels_are_in_a_graph_without_circles() -> None:
    assert set(NAMES) == {kernel.name for kernel in decode_kernels(COLUMNS)}
    power = np.eye(len(NAMES))
    for _ in NAMES:
        power = power @ adjacency()
    assert not power.any()


@pytest.mark.parametrize("phase", list(InferencePhase))
def test_networks_pass_on_what_comes_before(phase: InferencePhase) -> None:
    """A slow twin, kernel by kernel."""
    graphs = as_graphs(COLUMNS, phase)
    network = initial_network(graphs, phase, seed=1)
    nodes, whole = network.standard(graphs)
    before = {
        name: [m for m, start in enumerate(NAMES) if adjacency()[NAMES.index(name), m]]
        for name in NAMES
    }
    for n in (0, len(COLUMNS) - 1):
        state = {k: nodes[n, k] for k in range(len(NAMES)) if graphs.present[n, k]}
        layers = (
            (network.own_1, network.before_1, network.kind_1),
            (network.own_2, network.before_2, network.kind_2),
        )
        for own, passed, kind in layers:
            following = {}
            for k, value in state.items():
                came = [state[m] for m in before[NAMES[k]] if m in state]
                mean = np.mean(came, axis=0) if came else np.zeros_like(value)
                following[k] = np.maximum(value @ own + mean @ passed + kind[k], 0.0)
            state = following
        pooled = np.mean(list(state.values()), axis=0)
        inner = np.concatenate([pooled, whole[n]]) @ network.hidden + network.hidden_bias
        slow = np.maximum(inner, 0.0) @ network.last + network.last_bias
        np.testing.assert_allclose(network.predict(graphs)[n], slow, rtol=1e-9)
        assert slow.shape == (OUTPUTS[phase],)


@pytest.mark.usefixtures("_torch")
@pytest.mark.parametrize("phase", list(InferencePhase))
def test_numpy_says_what_torch_says(phase: InferencePhase) -> None:
    graphs = as_graphs(COLUMNS, phase)
    shipped = shipped_model(Method.LLMCO2).graphs
    assert shipped is not None
    for network in (initial_network(graphs, phase, seed=2), getattr(shipped, phase)):
        there = forward(as_tensors(network), graph_tensors(network, graphs)).detach().numpy()
        np.testing.assert_allclose(network.predict(graphs), there, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("_torch")
def test_training_comes_nearer_and_is_the_same_again() -> None:
    configs = made_configs()
    _, truth = shipped_model(Method.ROOFLINE).estimate(configs)
    first, again, longer = (
        fit_graphs(COLUMNS, truth, seed=0, rounds=rounds) for rounds in (2, 2, 80)
    )
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, again.arrays()[name])

    def error(found: Estimate) -> float:
        return float(np.abs(found.step_s / truth.step_s - 1.0).mean())

    assert error(longer.estimate(COLUMNS)) < 0.5 * error(first.estimate(COLUMNS))
    read = graphs_from_arrays(longer.arrays())
    assert read is not None
    np.testing.assert_array_equal(read.estimate(COLUMNS).gpu_w, longer.estimate(COLUMNS).gpu_w)


def test_longer_answers_take_more_energy_by_the_shipped_networks() -> None:
    """Not so for prompts: steps alone do not tell the network what a prompt takes."""
    config = made_configs()[2]
    asked = [replace(config, output=tokens) for tokens in (100.0, 200.0, 400.0, 800.0, 1600.0)]
    found = predict(shipped_model(Method.LLMCO2), asked)
    assert (np.diff(found.energy_j.value) > 0).all()
    assert (found.power_w.low < found.power_w.value).all()


def test_the_formula_of_ecologits_by_hand() -> None:
    config = InferenceConfig(
        architecture=find_architecture("Qwen3-8B"), gpu=find_gpu("H100"), batch=64, prompt=200,
        output=300,
    )  # fmt: skip
    active = config.architecture.active_parameters / 1e9
    found = formula_estimate([config])
    joules = 3600 * (1.1665273e-6 * exp(-0.011205921 * 64) * active + 4.0529281e-5)
    assert found.itl_s[0] == pytest.approx(6.785088e-4 * active + 3.1193103e-4 * 64 + 0.0194737176)
    assert token_joules(as_columns([config]), found)[0] == pytest.approx(joules, rel=1e-6)
    other = replace(config, gpu=find_gpu("A100"))
    np.testing.assert_array_equal(found.itl_s, formula_estimate([other]).itl_s)
