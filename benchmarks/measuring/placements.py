"""A placement with requests that are drawn window by window."""

from dataclasses import dataclass

import numpy as np

from slit.replay.arrays import Engine, Requests, StepTime

PROMPT, OUTPUT, SPREAD = 1000, 200, 1.0
"""Tokens in mean, and the spread of the logarithm of a prompt's."""
BATCH = 64


@dataclass(frozen=True, slots=True)
class Placement:
    """Replicas of one node each, and what keeps them at `load` of what they can do at BATCH."""

    engine: Engine
    replicas: int
    load: float
    output: int

    @property
    def rate(self) -> float:
        """Requests per second of all replicas."""
        step = self.engine.step
        decode_s = (step.fixed_s + step.sequence_s * BATCH) / BATCH * (self.output - 1)
        return self.load * self.replicas / (PROMPT * step.prompt_s + decode_s)

    def requests(self, count: int, start_s: float, *, rng: np.random.Generator) -> Requests:
        """The next `count`: Poisson, log-normal prompts, geometric outputs."""
        median = np.log(PROMPT) - SPREAD**2 / 2
        prompt = rng.lognormal(median, SPREAD, count).astype(np.int64)
        return Requests(
            arrival_s=start_s + np.cumsum(rng.exponential(1 / self.rate, count)),
            prompt=np.maximum(prompt, 1),
            output=rng.geometric(1 / self.output, count),
            group=np.zeros(count, dtype=np.int64),
            cached=np.zeros(count, dtype=np.int64),
        )


def chat(replicas: int, load: float, context_s: float = 0.0) -> Placement:
    """1,000 tokens in, 200 out: 10 ms and 0.2 ms a sequence, 25,000 prompt tokens a second."""
    step = StepTime(fixed_s=0.010, sequence_s=0.0002, context_s=context_s, prompt_s=4e-5)
    return Placement(Engine(step, most_sequences=BATCH, blocks=90 * BATCH), replicas, load, OUTPUT)


def prompts(replicas: int, load: float) -> Placement:
    """1,000 tokens in, 1 out: routing and queueing alone."""
    step = StepTime(fixed_s=0.0, sequence_s=0.0, prompt_s=4e-5)
    return Placement(Engine(step, most_sequences=BATCH), replicas, load, 1)
