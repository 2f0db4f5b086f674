"""How long requests of a plan wait for their first token, with the whole distribution."""

from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats, Ints
from slit.kernels.accounting import queue_beyond
from slit.ledger import Ledger
from slit.problem.first_token import late_while_loading

SHARES = (0.5, 0.95, 0.99)
"""Quantiles that tables show."""
_GRID = 160
_BISECTIONS = 45


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """Time to first token (TTFT) by request class. Shapes: K classes, X times, Q quantiles.

    A class without requests has NaN throughout.
    """

    classes: tuple[str, ...]
    requests: Floats  # (K,)
    slo: Floats  # (K,) s
    mean: Floats  # (K,) s
    late: Floats  # (K,) share of requests later than the SLO
    quantiles: Floats  # (K, Q) s, at SHARES
    times: Floats  # (X,) s
    beyond: Floats  # (K, X) share of requests later than each time


@dataclass(frozen=True, slots=True, eq=False)
class _Streams:
    """Requests that share one distribution of TTFT: one group at one placement. All (S,)."""

    requests: Floats
    base: Floats  # s, without any wait
    chance: Floats  # of waiting in queue
    mean_wait: Floats  # s, of those who wait
    loading: Floats  # share that meets a loading node
    load_seconds: Floats  # s, longest wait for loading

    def rows(self, chosen: Bools) -> "_Streams":
        """Some of the streams."""
        return _Streams(
            self.requests[chosen],
            self.base[chosen],
            self.chance[chosen],
            self.mean_wait[chosen],
            self.loading[chosen],
            self.load_seconds[chosen],
        )

    def later_than(self, times: Floats) -> Floats:
        """Share of requests whose TTFT is beyond each time (X,): model.md section 2, Waiting."""
        slack = np.asarray(times)[:, None] - self.base[None, :]
        queued = np.empty(slack.shape)
        queue_beyond(slack, self.chance, self.mean_wait, queued)
        loading = late_while_loading(slack, self.load_seconds)
        each = (1.0 - self.loading) * queued + self.loading * loading
        return np.asarray(each @ self.requests / self.requests.sum())


def waits_data(ledger: Ledger) -> Waits:
    """The distribution of TTFT by class."""
    problem, scenario = ledger.problem, ledger.scenario
    streams, group_class = _streams(ledger)
    count = len(scenario.classes)
    by_class = [streams.rows(group_class == k) for k in range(count)]
    requests = np.array([part.requests.sum() for part in by_class])
    mean, late = np.full((2, count), np.nan)
    quantiles = np.full((count, len(SHARES)), np.nan)
    weighted = ledger.group_requests
    for k, part in enumerate(by_class):
        if requests[k] <= 0:
            continue
        groups = problem.group_class == k
        mean[k] = (weighted[groups] * ledger.ttft_s[groups]).sum() / requests[k]
        late[k] = (weighted[groups] * ledger.late[groups]).sum() / requests[k]
        quantiles[k] = _quantiles(part)
    known = quantiles[np.isfinite(quantiles)]
    last = max(float(known.max(initial=0.1)) * 1.25, float(problem.slo.max()) * 1.1)
    first = min(float(streams.base.min(initial=last)), float(problem.slo.min())) * 0.9
    times = np.geomspace(max(first, last / 1e5), last, _GRID)
    beyond = np.full((count, _GRID), np.nan)
    for k, part in enumerate(by_class):
        if requests[k] > 0:
            beyond[k] = part.later_than(times)
    return Waits(
        classes=tuple(each.name for each in scenario.classes),
        requests=requests,
        slo=np.array([each.slo_ttft_s for each in scenario.classes]),
        mean=mean,
        late=late,
        quantiles=quantiles,
        times=times,
        beyond=beyond,
    )


def first_token_quantiles(ledger: Ledger) -> Floats:
    """(Q,) s within which SHARES of all requests of a plan have their first token."""
    return _quantiles(_streams(ledger)[0])


def _streams(ledger: Ledger) -> tuple[_Streams, Ints]:
    problem = ledger.problem
    groups, placements = np.nonzero(ledger.counts)
    epochs = problem.group_epoch[groups]
    streams = _Streams(
        requests=ledger.group_requests[groups, placements],
        base=problem.base_ttft[groups, placements],
        chance=ledger.wait_chance[epochs, placements],
        mean_wait=ledger.mean_wait[epochs, placements],
        loading=ledger.loading_share[epochs, placements],
        load_seconds=problem.load_seconds[placements],
    )
    return streams, problem.group_class[groups]


def _quantiles(streams: _Streams) -> Floats:
    """The times within which SHARES of the requests have their first token, by bisection."""
    beyond = 1.0 - np.array(SHARES)
    low, high = np.zeros(len(SHARES)), np.full(len(SHARES), float(streams.base.max()) + 1.0)
    while (late := streams.later_than(high) > beyond).any():
        high[late] *= 2.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        later = streams.later_than(middle) > beyond
        low, high = np.where(later, middle, low), np.where(later, high, middle)
    return high
