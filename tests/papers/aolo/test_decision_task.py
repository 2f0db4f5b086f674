"""What agents see, what their actions mean, what a decision is worth."""

import numpy as np
import pytest
from numpy.typing import NDArray

from slit.papers.aolo import kernels
from slit.papers.aolo.decision_task import ACTIONS, FEATURES, REACH, DecisionTask, acting, draw_task
from slit.papers.aolo.policies import decide, optimal
from slit.papers.aolo.requests import load_cell_day


@pytest.fixture(scope="module")
def task() -> DecisionTask:
    return draw_task(load_cell_day("cell-day"), np.random.default_rng(3), days=1)


def test_observations_are_standardized_and_bounded(task: DecisionTask) -> None:
    seen = task.observations
    assert seen.shape == (len(task), FEATURES)
    assert seen.dtype == np.float32
    assert np.abs(seen).max() <= REACH
    assert np.abs(seen.mean(axis=0)).max() < 0.1


def test_actions_reach_from_one_token_to_the_wanted_length_and_over_all_powers(
    task: DecisionTask,
) -> None:
    C, rows = task.C, np.arange(len(task))
    tokens, power = np.zeros(len(C), np.int64), np.zeros(len(C))
    kernels.from_actions(C, rows, np.full((len(C), ACTIONS), -1.0), tokens, power)
    assert (tokens == 1).all()
    np.testing.assert_allclose(power, C[:, kernels.LOW_W])
    kernels.from_actions(C, rows, np.full((len(C), ACTIONS), 1.0), tokens, power)
    wanted = np.minimum(np.ceil(C[:, kernels.WANTED] - 1e-5), C[:, kernels.LONGEST])
    assert np.abs(tokens - wanted).max() <= 1
    np.testing.assert_allclose(power, C[:, kernels.HIGH_W])


def test_the_middle_of_an_action_by_hand(task: DecisionTask) -> None:
    """s (sqrt(1 + wanted/s) - 1) tokens are felt half as much; power is a geometric mean."""
    row = task.C[:1].copy()
    row[0, kernels.WANTED], row[0, kernels.LENGTH_SCALE] = 240.0, 10.0
    row[0, [kernels.LONGEST, kernels.LOW_W, kernels.HIGH_W]] = 1000.0, 0.1, 10.0
    tokens, power = np.zeros(1, np.int64), np.zeros(1)
    kernels.from_actions(row, np.zeros(1, np.int64), np.zeros((1, ACTIONS)), tokens, power)
    assert tokens[0] == 40  # 10 (sqrt(25) - 1)
    assert power[0] == pytest.approx(1.0)


def test_rewards_against_the_text(task: DecisionTask) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(len(task), size=200)
    actions = rng.uniform(-1, 1, (200, ACTIONS))
    found = task.rewards(rows, actions)
    tokens, power = np.zeros(len(rows), np.int64), np.zeros(len(rows))
    kernels.from_actions(task.C, rows, actions, tokens, power)
    decided = decide(task.C[rows], lambda *_: (tokens, power), rng)
    late = np.clip(decided.seconds / task.C[rows, kernels.DEADLINE_S] - 1, 0, 1)
    short = np.maximum(0, task.C[rows, kernels.LEAST_QUALITY] - decided.quality)
    edge = 0.5 * (1 - np.exp(-(late + short) / 0.02))
    wanted = -decided.carbon_kg / task.reference[rows] - 2 * late - 5 * short - edge
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_no_action_beats_the_optimum(task: DecisionTask) -> None:
    """Where it keeps to the limits."""
    best = decide(task.C, optimal, np.random.default_rng(0))
    rng = np.random.default_rng(0)

    def act(seen: NDArray[np.float32]) -> NDArray[np.float32]:
        return rng.uniform(-1, 1, (len(seen), ACTIONS)).astype(np.float32)

    for _ in range(20):
        found = decide(task.C, acting(task.scale, act), rng)
        assert best.kept[found.kept].all()
        assert (found.carbon_kg >= best.carbon_kg * (1 - 1e-9))[found.kept].all()
