"""Requests drawn from a trace that holds only rates, as ServeGen's."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from slit.data.request_log import Requests
from slit.data.request_times import RequestClock
from slit.data.trace import Trace
from slit.errors import SlitError
from slit.replay.arrivals import renewal, tokens


class Rates(NamedTuple):
    """A trace in bins, and its file."""

    path: Path
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedRequests:
    """Requests at the rate of each bin of a trace, from its first bin to the end of the horizon.

    Gaps have the squared coefficient of variation `arrival_scv` (1: Poisson), token lengths
    `token_scv` around the means of their bin, or of the trace where it has none.
    """

    rates: Rates
    horizon_s: float
    seed: int
    arrival_scv: float
    token_scv: float
    clock: RequestClock | None = None  # no calendar: they begin with the horizon
    left_out: int = 0

    @property
    def path(self) -> Path:
        """The file of the rates."""
        return self.rates.path

    def batches(self) -> Iterator[Requests]:
        """The requests of one bin after the other.

        Raises:
            SlitError: no token lengths.
        """
        trace, done = self.rates.trace, 0
        for name, mean in zip(("prompt", "output"), trace.means, strict=True):
            if np.isnan(mean):
                raise SlitError(f"{self.path}: no {name} tokens, expected lengths (--lengths FILE)")
        for n, count in enumerate(trace.requests.tolist()):
            low, high = n * trace.seconds, (n + 1) * trace.seconds
            if low >= self.horizon_s:
                return
            rng = np.random.default_rng([self.seed, n])
            times = renewal(low, high, rate=count / trace.seconds, scv=self.arrival_scv, rng=rng)
            times = times[times < self.horizon_s]
            lengths = [
                tokens(own if own > 0 else mean, len(times), scv=self.token_scv, rng=rng).astype(
                    np.float64
                )
                for own, mean in zip(
                    (float(trace.prompt_tokens[n]), float(trace.output_tokens[n])),
                    trace.means,
                    strict=True,
                )
            ]
            if len(times):
                rows = done + np.arange(len(times))
                yield Requests(times, times, lengths[0], lengths[1], rows)
            done += len(times)
