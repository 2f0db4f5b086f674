from typing import Any

import numpy as np
import pytest

from slit.scenario.fit import service_model
from slit.service import ServiceModel
from tests.hand import hand_scenario

MODEL = ServiceModel(
    replicas=2,
    prefill_rate=1000.0,
    prefill_fixed_s=0.1,
    prefill_slope_s=0.002,
    step_fixed_s=0.02,
    step_slope_s=0.001,
    idle_w=1000.0,
    prefill_w=2000.0,
    decode_w=1500.0,
)


def close(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-14, abs=0.0)


def test_times_of_one_request_on_a_replica() -> None:
    assert float(MODEL.prefill_seconds(200.0)) == close(0.5)
    assert float(MODEL.step_seconds(30)) == close(0.05)
    assert float(MODEL.alone_seconds(200.0, 100.0, 30)) == close(5.5)


def test_rates_and_node_seconds() -> None:
    assert float(MODEL.decode_rate(30)) == close(1200.0)
    reading, writing = MODEL.node_seconds(200.0, 600.0, 30)
    assert float(reading) == close(0.2)
    assert float(writing) == close(0.5)


def test_a_batch_of_none_takes_for_ever() -> None:
    reading, writing = MODEL.node_seconds(np.array([200.0, 200.0]), np.array([600.0, 0.0]), 0)
    np.testing.assert_array_equal(writing, [np.inf, np.inf])
    assert reading.tolist() == [0.2, 0.2]


def test_energy_above_idle() -> None:
    assert float(MODEL.joules_above_idle(0.2, 0.5)) == close(450.0)
    reading, writing = MODEL.token_joules(30)
    assert reading == close(1.0)
    assert float(writing) == close(500 / 1200)
    reading, writing = MODEL.token_joules(30, active_w=200.0)
    assert reading == close(1.2)
    assert float(writing) == close(700 / 1200)


def test_tokens_and_batches_broadcast() -> None:
    reading, writing = MODEL.node_seconds(
        np.array([200.0, 400.0]), np.array([600.0, 1200.0]), np.array([30, 80])
    )
    np.testing.assert_allclose(reading, [0.2, 0.4], rtol=1e-14)
    np.testing.assert_allclose(writing, [0.5, 0.75], rtol=1e-14)


def test_the_model_of_a_service_of_a_scenario() -> None:
    scenario = hand_scenario()
    [node], [service] = scenario.node_types, scenario.services
    model = service_model(node, service)
    reading, writing = model.node_seconds(200.0, 800.0, service.batch)
    assert float(reading + writing) == pytest.approx(1.0, rel=1e-12)
    assert float(model.joules_above_idle(reading, writing)) == pytest.approx(600.0, rel=1e-12)
