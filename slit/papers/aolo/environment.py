"""The task for learning agents, one request an episode: alone and in batches (extra `rl`)."""

from typing import Any

import gymnasium
import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from operators.types import Floats, Longs
from slit.papers.aolo.decision_task import ACTIONS, FEATURES, REACH, DecisionTask


def spaces() -> tuple[gymnasium.spaces.Box, gymnasium.spaces.Box]:
    """Observations (F,) and actions (2,), new ones: each keeps a generator of its own."""
    seen = gymnasium.spaces.Box(-REACH, REACH, (FEATURES,), np.float32)
    return seen, gymnasium.spaces.Box(-1.0, 1.0, (ACTIONS,), np.float32)


class WirelessEnv(gymnasium.Env[Any, Any]):
    """A request of a task, drawn evenly, is decided by one step, which ends the episode."""

    def __init__(self, task: DecisionTask) -> None:
        self.observation_space, self.action_space = spaces()
        self._task = task
        self._row = np.zeros(1, np.int64)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw a request."""
        super().reset(seed=seed, options=options)
        self._row[0] = self.np_random.integers(len(self._task))
        return self._task.observations[self._row[0]].copy(), {}

    def step(self, action: Floats) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Decide the request."""
        (reward,) = self._task.rewards(self._row, np.asarray(action, np.float64)[None])
        return self._task.observations[self._row[0]].copy(), float(reward), True, False, {}


class WirelessBatch(VecEnv):
    """N such episodes at once, as stable-baselines3 has them; after each step the next N requests.

    Requests are drawn by one generator of the seed, anew at each reset.
    """

    render_mode = None

    def __init__(self, task: DecisionTask, *, count: int) -> None:
        self._task = task
        self._rows: Longs = np.zeros(count, np.int64)
        self._actions: Floats = np.zeros((count, ACTIONS))
        self._rng = np.random.default_rng()
        super().__init__(count, *spaces())

    def reset(self) -> Any:
        """The first requests (N, F) after `seed`."""
        self._rng = np.random.default_rng(self._seeds[0])
        self._reset_seeds()
        return self._next()

    def step_async(self, actions: Floats) -> None:
        """Take actions (N, 2)."""
        self._actions = np.asarray(actions, np.float64)

    def step_wait(self) -> tuple[Any, Any, Any, list[dict[str, Any]]]:
        """What they are worth, and the next requests (N, F)."""
        rewards = self._task.rewards(self._rows, self._actions).astype(np.float32)
        ended = [{"terminal_observation": seen} for seen in self._task.observations[self._rows]]
        return self._next(), rewards, np.ones(self.num_envs, np.bool_), ended

    def _next(self) -> Any:
        self._rows = np.asarray(self._rng.integers(len(self._task), size=self.num_envs))
        return self._task.observations[self._rows]

    def close(self) -> None:
        """Nothing to close."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute, which all share."""
        return [getattr(self, attr_name)] * len(self._get_indices(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:  # noqa: ARG002 - as VecEnv
        """Set an attribute of all."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *arguments: Any, indices: Any = None, **options: Any
    ) -> list[Any]:
        """Call a method once; all share what it returns."""
        found = getattr(self, method_name)(*arguments, **options)
        return [found] * len(self._get_indices(indices))

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:  # noqa: ARG002 - what VecEnv asks
        """No."""
        return [False] * len(self._get_indices(indices))
