"""Times, rates, energies and watts of requests: (node type, variant, prompt, output, batch) in."""

from dataclasses import dataclass

import numpy as np

from operators.types import Floats, Longs

Numbers = Floats | Longs | float
"""One of them, or an array."""


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """A node type that serves a variant, in a few constants, measured or estimated.

    Tokens, batches and seconds may be numbers or arrays; they broadcast. Where the batch is 0, no
    request fits. Times of one prompt are those of a replica, rates and powers those of a node
    (model.md section 2).
    """

    replicas: int  # copies of the weights on a node
    prefill_rate: float  # token/s: prompt tokens that a node reads
    prefill_fixed_s: float  # s: one prompt on one replica, fixed part
    prefill_slope_s: float  # s/token
    step_fixed_s: float  # s: one decode step of a replica, fixed part
    step_slope_s: float  # s: per request of its batch
    idle_w: float  # W: an active node without work
    prefill_w: float  # W: while it reads prompts
    decode_w: float  # W: while it writes tokens
    wait_s: float = 0.0  # s: mean wait of a request beyond the formulas for queues, as replayed
    energy_ratio: float = 1.0  # energy above idle over that of full batches, as replayed

    def prefill_seconds(self, prompt: Numbers) -> Floats:
        """Time to read one prompt on an idle replica, s."""
        return np.asarray(self.prefill_fixed_s + self.prefill_slope_s * prompt)

    def step_seconds(self, batch: Numbers) -> Floats:
        """Time per output token while a replica decodes a batch, s."""
        return np.asarray(self.step_fixed_s + self.step_slope_s * batch)

    def alone_seconds(self, prompt: Numbers, output: Numbers, batch: Numbers) -> Floats:
        """Time of one request that waits for nothing, from its prompt to its last token, s."""
        return self.prefill_seconds(prompt) + self.step_seconds(batch) * output

    def decode_rate(self, batch: Numbers) -> Floats:
        """Output tokens that a node writes at a batch, token/s."""
        return np.asarray(self.replicas * batch / self.step_seconds(batch))

    def node_seconds(
        self, prompt: Numbers, output: Numbers, batch: Numbers
    ) -> tuple[Floats, Floats]:
        """What one request takes of a node to be read and to be answered, s each; the answer takes
        for ever where the batch is 0."""
        rate = self.decode_rate(batch)
        with np.errstate(divide="ignore", invalid="ignore"):
            decode = np.where(rate > 0, output / rate, np.inf)
        return np.asarray(prompt / self.prefill_rate), decode

    def joules_above_idle(self, prefill_s: Numbers, decode_s: Numbers) -> Floats:
        """Energy above idle of so many node-seconds of reading and of writing, J."""
        reading, writing = self.prefill_w - self.idle_w, self.decode_w - self.idle_w
        return np.asarray((prefill_s * reading + decode_s * writing) * self.energy_ratio)

    def token_joules(self, batch: Numbers, *, active_w: float = 0.0) -> tuple[float, Floats]:
        """Energy above idle of one prompt token and of one output token, J.

        active_w: power that is added for as long as the token takes its node.
        """
        reading = (self.prefill_w - self.idle_w + active_w) / self.prefill_rate
        return reading, (self.decode_w - self.idle_w + active_w) / self.decode_rate(batch)
