"""What is expected of the epochs that come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from operators.types import Bools, Floats
from slit.operate.panel import Cause, Panel


class Outlook(Protocol):
    """Expects; it knows a panel up to the epoch before the one it is asked for."""

    def expect(self, epoch: int, horizon: int) -> Floats:
        """Figures (S, H) of the epochs from `epoch` on. Asked for epochs in rising order."""


class Told(NamedTuple):
    """What is said of coming epochs: means (S, H), quantiles (Q, S, H) at `levels` (Q,), the rows
    of requests (S,), and what no series falls below (S,)."""

    mean: Floats
    levels: Floats
    quantiles: Floats
    requests: Bools
    lowest: Floats


@runtime_checkable
class Uncertain(Outlook, Protocol):
    """Also says how far off it may be."""

    def told(self, epoch: int, horizon: int) -> Told:
        """Of the epochs from `epoch` on."""


@dataclass(frozen=True, slots=True)
class Perfect:
    """Knows what comes: the oracle that regret is measured against."""

    panel: Panel

    def expect(self, epoch: int, horizon: int) -> Floats:
        """What the panel has."""
        return self.panel.values[:, epoch : epoch + horizon]


@dataclass(frozen=True, slots=True)
class Repeated:
    """The day before, again."""

    panel: Panel
    season: int

    def expect(self, epoch: int, horizon: int) -> Floats:
        """The last `season` epochs, as often as it takes."""
        last = self.panel.values[:, epoch - self.season : epoch]
        return np.tile(last, -(-horizon // self.season))[:, :horizon]


@dataclass(frozen=True, slots=True)
class Mixed:
    """Expects what belongs to some causes as `forecast` does, the rest as `known` does."""

    known: Outlook
    forecast: Outlook
    panel: Panel
    causes: Sequence[Cause]

    def expect(self, epoch: int, horizon: int) -> Floats:
        """Rows of one and rows of the other."""
        rows = np.any([self.panel.of_cause(cause) for cause in self.causes], axis=0)
        expected = self.forecast.expect(epoch, horizon)
        return np.where(rows[:, None], expected, self.known.expect(epoch, horizon))
