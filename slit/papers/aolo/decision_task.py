"""Requests as a task for learning agents: what they see, what an action means, what it is worth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operators.types import Floats, Longs
from slit.errors import SlitError
from slit.papers.aolo import kernels
from slit.papers.aolo.chain import coefficients, refuse_impossible
from slit.papers.aolo.policies import Policy, fixed_length
from slit.papers.aolo.requests import CellDay, draw_requests

FEATURES = 12
REACH = 3.0
"""Observations lie within so many standard deviations."""
ACTIONS = 2
TASK_DAYS = 8
"""Days of requests that an agent learns from."""


def features(C: Floats) -> Floats:
    """(S, 12): channel, link over inference, times over the deadline, a token's carbon, lengths,
    floor, weight; all but the last two by their logarithm."""
    bits_per_s = C[:, kernels.HERTZ] * np.log2(1 + C[:, kernels.SNR] * C[:, kernels.HIGH_W])
    air_s = C[:, kernels.BITS] / bits_per_s
    air_kg = air_s * (C[:, kernels.STATIC_KG] + C[:, kernels.SLOPE_KG] * C[:, kernels.HIGH_W])
    positive = (
        C[:, kernels.SNR] * C[:, kernels.HIGH_W],
        air_kg / C[:, kernels.TOKEN_KG],
        air_s / C[:, kernels.DEADLINE_S],
        C[:, kernels.FIXED_S] / C[:, kernels.DEADLINE_S],
        C[:, kernels.TOKEN_S] / C[:, kernels.DEADLINE_S],
        C[:, kernels.TOKEN_KG],
        C[:, kernels.WANTED],
        C[:, kernels.LONGEST],
        C[:, kernels.LENGTH_SCALE],
        (C[:, kernels.FIXED_S] + C[:, kernels.WANTED] * (C[:, kernels.TOKEN_S] + air_s))
        / C[:, kernels.DEADLINE_S],
    )
    plain = C[:, kernels.LEAST_QUALITY], C[:, kernels.LENGTH_WEIGHT]
    return np.stack([*(np.log(np.maximum(each, 1e-30)) for each in positive), *plain], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Mean and standard deviation of features (12,) over the requests that are learned from."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, C: Floats) -> "Scale":
        """The scale of requests C (S, 18); a feature that does not vary has deviation 1."""
        found = features(C)
        deviation = found.std(axis=0)
        return cls(found.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0))

    def observations(self, C: Floats) -> NDArray[np.float32]:
        """(S, 12) within [-3, 3]."""
        scaled = (features(C) - self.mean) / self.deviation
        return np.clip(scaled, -REACH, REACH).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class DecisionTask:
    """Requests with what an agent sees of them and what they are measured by."""

    C: Floats  # (S, 18)
    scale: Scale
    observations: NDArray[np.float32]  # (S, 12)
    reference: Floats  # (S,) kg CO2e: the wanted length at full power

    @classmethod
    def of(cls, C: Floats, scale: Scale) -> "DecisionTask":
        """The task of requests C (S, 18)."""
        rng = np.random.default_rng(0)  # the rule draws nothing
        tokens, _ = fixed_length(C, rng)
        found = np.zeros((len(C), 5))
        kernels.outcome(C, tokens, C[:, kernels.HIGH_W].copy(), found)
        return cls(C, scale, scale.observations(C), found[:, kernels.CARBON_KG].copy())

    def __len__(self) -> int:
        return len(self.C)

    def rewards(self, rows: Longs, actions: Floats) -> Floats:
        """(N,) of actions (N, 2) in [-1, 1] for requests `rows` (N,): minus carbon over the
        reference, minus penalties beyond deadline or floor."""
        rewards = np.zeros(len(rows))
        kernels.rewards_of(self.C, rows, actions, self.reference, rewards)
        return rewards


Act = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Observations (S, 12) -> actions (S, 2) in [-1, 1]."""


def draw_task(day: CellDay, rng: np.random.Generator, *, days: int = TASK_DAYS) -> DecisionTask:
    """So many days of requests to learn from.

    Raises:
        SlitError: a day without requests, or a group that nothing can serve.
    """
    refuse_impossible(day)
    C = np.concatenate([coefficients(day, draw_requests(day, own)) for own in rng.spawn(days)])
    if not len(C):
        raise SlitError(f"{day.file.name}: no requests, expected at least one (requests of users)")
    return DecisionTask.of(C, Scale.of(C))


def acting(scale: Scale, act: Act) -> Policy:
    """An agent as a policy."""

    def policy(C: Floats, _rng: np.random.Generator) -> tuple[Longs, Floats]:
        tokens, power = np.zeros(len(C), np.int64), np.zeros(len(C))
        actions = np.asarray(act(scale.observations(C)), np.float64)
        kernels.from_actions(C, np.arange(len(C)), actions, tokens, power)
        return tokens, power

    return policy
