"""Learning agents and how they learn; this module needs nothing of the extra `rl`."""

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec

from slit.errors import SlitError, did_you_mean

NEEDED = "torch", "gymnasium", "stable_baselines3", "safetensors"


class Agent(StrEnum):
    """What learns: a soft actor-critic with a plain, or with a spiking actor."""

    SAC = "sac"
    SDRL = "sdrl"


@dataclass(frozen=True)
class Learning:
    """How long and how an agent learns; the same for both."""

    steps: int = 40_000  # decisions
    random_steps: int = 5_000  # of them at random, before anything is learned
    every: int = 32  # decisions that are made at once,
    gradient_steps: int = 10  # after which there are so many of these
    batch: int = 256
    actor_rate: float = 1e-3
    critic_rate: float = 3e-3
    last_rate: float = 0.002  # share of both rates at the end, to which they fall evenly
    first_alpha: float = 0.02  # what entropy is worth at first; adapted to the target
    target_entropy: float = -6.0
    hidden: tuple[int, ...] = (256, 256)
    chunks: int = 10  # after each the agent is measured and kept

    def __post_init__(self) -> None:
        least = 2 * self.every * self.chunks
        if self.steps < least or not 0 < self.random_steps < self.steps:
            raise SlitError(f"steps: {self.steps:,}, expected at least {least:,} decisions")


def learning_of(steps: int) -> Learning:
    """The settings for so many decisions; of few, a quarter is at random."""
    return Learning(steps=steps, random_steps=min(Learning.random_steps, steps // 4))


def find_agent(name: str) -> Agent:
    """The agent called `name`; SlitError if there is none."""
    names = [str(each) for each in Agent]
    if name not in names:
        near = did_you_mean(name, names)
        raise SlitError(f"agent: {name!r}, expected one of {', '.join(names)}{near}")
    return Agent(name)


def check_extra() -> None:
    """Raise SlitError if what training needs is not installed."""
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        raise SlitError(
            f"{', '.join(absent)}: not installed, expected the extra rl (pip install "
            "'slit-llm[rl]'), which learning agents need"
        )
