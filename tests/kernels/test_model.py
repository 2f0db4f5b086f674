"""The formulas by hand; `tests/kernels/test_evaluation.py` holds them against the slow twin."""

import math
from typing import Any

import numpy as np
import pytest

from slit.kernels import model


def close(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-14, abs=0.0)


@pytest.mark.parametrize(("work", "nodes"), [(0, 0), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_nodes_are_whole(work: int, nodes: int) -> None:
    assert model.active_nodes(work, 10) == nodes


def test_nodes_beyond_those_before_load() -> None:
    assert [model.loading_nodes(active, 3) for active in (5, 4, 3, 2, 0)] == [2, 1, 0, 0, 0]
    assert model.loading_share(3, 4, 0.5) == close(0.375)


def test_energy_of_a_cell_and_of_a_site() -> None:
    assert model.cell_energy(100, 3, 2, 10, 7) == 144
    assert [model.grid_energy(facility, 3.0) for facility in (5.0, 3.0, 1.0)] == [2.0, 0.0, 0.0]
    assert model.utilization(30, 2, 20.0) == 0.75


@pytest.mark.parametrize(
    ("given", "chance", "mean_wait"),
    [
        ((0.5, 1.0, 2.0, 1.0), 0.5, 4.0),
        ((0.25, 7.0, 1.5, 2.0), 1 / 64, 4 / 7),
        ((0.7, 50.0, 1.0, 1.0), 0.7 ** (math.sqrt(102) - 1), 1 / 15),
        ((0.5, 1.0, 0.0, 1.0), 0.0, 1.0),
        ((0.5, 1.0, 2.0, 0.0), 0.0, 1.0),
    ],
)
def test_sakasegawa(given: tuple[float, ...], chance: float, mean_wait: float) -> None:
    assert model.queue(*given) == close((chance, mean_wait))


def test_queue_of_a_cell() -> None:
    # 7 servers at a quarter of their time; prompts of 5 tokens take 0.5 + 5 / 4 s
    found = model.cell_queue(30, 4, 10, 2, np.array([3.5, 0.5, 0.25, 9.0]), 60.0, 2.0, 2.0)
    assert found == close((1 / 64, 2 / 3))


def test_who_is_late() -> None:
    half = math.exp(-0.5)
    assert [model.longer_than(slack, 4.0) for slack in (2.0, 0.0, -1.0)] == [half, 1.0, 1.0]
    assert [model.longer_than(slack, 4.0) for slack in (0.5, -0.5)] == [math.exp(-0.125), 1.0]
    late = [model.late_in_queue(slack, 0.2, 4.0) for slack in (2.0, 0.0, -0.1)]
    assert late == close([0.2 * half, 0.2, 1.0])


def test_what_waits_take_of_sigma() -> None:
    assert model.lost_beyond(0.6, 2.0, 4.0) == close(0.4)
    late = 0.6 * math.exp(-0.5)
    outcomes = [model.queue_outcome(slack, 0.5, 2.0, 0.6, 4.0) for slack in (2.0, 0.0, -1.0)]
    assert outcomes[0] == close((late, 1 - late * 2 / 3))
    assert outcomes[1] == close((0.6, 0.6))
    assert outcomes[2] == close((1.0, 0.3))


def test_mean_sigma_is_that_of_an_exponential_wait() -> None:
    wait = np.linspace(0.0, 400.0, 400_001)
    density = np.exp(-wait / 4.0) / 4.0
    for slack in (3.0, -1.0):
        sigma = np.exp(-np.maximum(wait - slack, 0.0) / 2.0)
        mean = 0.4 * sigma[0] + 0.6 * float(np.trapezoid(sigma * density, wait))
        at_once = float(np.exp(min(slack, 0.0) / 2.0))
        assert model.queue_outcome(slack, at_once, 2.0, 0.6, 4.0)[1] == pytest.approx(
            mean, rel=1e-6
        )


def test_those_who_meet_a_loading_node() -> None:
    assert model.with_loading(0.25, 0.8, 0.4) == close(0.7)
    assert model.mean_delay(0.25, 0.5, 4.0, 6.0) == close(3.0)
