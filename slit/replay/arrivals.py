"""Requests of a plan, generated: any part alone, the same whoever asks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from operators.types import Floats, Longs
from slit.ledger import Ledger
from slit.replay.arrays import Requests
from slit.replay.routing import Routing

PART_REQUESTS = 400_000
"""Mean requests of a placement that are held at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """Requests of one placement in one part of an epoch; `until_s` ends it."""

    until_s: float
    requests: Requests


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GeneratedRequests:
    """The demand of a ledger's scenario as single requests.

    Arrivals of a group are a renewal process of constant rate in its epoch: Poisson where the
    squared coefficient of variation is 1, else with gaps of a Gamma distribution. Tokens are
    lognormal with the group's means; a coefficient of 0 makes them constant.

    `keep` (T, P) thins: so much of the requests of a cell is generated. What is left of a renewal
    process after thinning is nearly Poisson, and is generated so.
    """

    ledger: Ledger
    seed: int
    routing: Routing
    shares: Floats  # (J, P) of a group's requests, by placement
    cached: Floats  # (K,) share of prompt tokens that a prefix cache holds
    arrival_scv: float
    token_scv: float
    keep: Floats

    def parts(self, t: int, p: int) -> Iterator[Part]:
        """The requests of placement p in epoch t, in parts by time; one where there are none."""
        problem = self.ledger.problem
        start, length = t * problem.epoch_seconds, problem.epoch_seconds
        groups = np.arange(problem.epoch_group[t], problem.epoch_group[t + 1])
        groups = groups[self.shares[groups, p] > 0]
        mean = self.shares[groups, p] @ problem.group_requests[groups]
        expected = float(mean * self.keep[t, p])
        count = max(1, int(np.ceil(expected / PART_REQUESTS)))
        for n in range(count):
            low, high = start + n * length / count, start + (n + 1) * length / count
            if n == count - 1:
                high = start + length
            found = [self._group(int(j), p, n, low, high) for j in groups]
            yield Part(high, _merged(found))

    def _group(self, j: int, p: int, part: int, low: float, high: float) -> Requests:
        problem, ledger = self.ledger.problem, self.ledger
        t = int(problem.group_epoch[j])
        share = high - low
        own = np.random.default_rng([self.seed, j, p, part])
        poisson = self.arrival_scv == 1.0 and self.routing is not Routing.WRR
        if poisson or self.keep[t, p] < 1.0:
            mean = problem.group_requests[j] * self.shares[j, p] * self.keep[t, p]
            mean *= share / problem.epoch_seconds
            arrivals = np.sort(own.uniform(low, high, own.poisson(mean)))
        else:
            common = np.random.default_rng([self.seed, j, problem.placements, part])
            rate = problem.group_requests[j] / problem.epoch_seconds
            arrivals = renewal(low, high, rate=rate, scv=self.arrival_scv, rng=common)
            arrivals = arrivals[self._places(j, len(arrivals), common) == p]
        count = len(arrivals)
        demand, o, k = ledger.scenario.demand, int(problem.group_origin[j]), problem.group_class[j]
        prompt = tokens(float(demand.prompt[t, o, k]), count, scv=self.token_scv, rng=own)
        return Requests(
            arrivals,
            prompt,
            tokens(float(problem.group_output[j]), count, scv=self.token_scv, rng=own),
            np.full(count, o * len(ledger.scenario.classes) + k, np.int64),
            cached_tokens(prompt, self.cached[k]),
        )

    def _places(self, j: int, count: int, rng: Generator) -> Longs:
        """(count,) the placement of each request of a group, in the order of arrival."""
        used = np.flatnonzero(self.shares[j])
        share = self.shares[j, used]
        if self.routing is not Routing.WRR:
            return np.asarray(
                used[np.searchsorted(share.cumsum()[:-1], rng.random(count), "right")]
            )
        return np.asarray(used[interleaved(share, count)])


def renewal(low: float, high: float, *, rate: float, scv: float, rng: Generator) -> Floats:
    """Arrivals in [low, high) of a process with Gamma gaps of mean 1/rate; scv 0: at even gaps.

    The process has run for long before: the first gap is one that a moment falls into, of which
    what is left counts.
    """
    if rate <= 0:
        return np.empty(0)
    if scv == 0:
        return np.arange(low + rng.random() / rate, high, 1 / rate)
    shape, scale = 1 / scv, scv / rate
    found: list[Floats] = []
    last = low
    first = rng.gamma(shape + 1, scale) * rng.random()  # gaps are met in proportion to length
    while last < high:
        size = int((high - last) * rate * 1.05) + 64
        gaps = rng.gamma(shape, scale, size)
        if not found:
            gaps[0] = first
        times = last + gaps.cumsum()
        found.append(times)
        last = float(times[-1])
    times = np.concatenate(found)
    return np.asarray(times[times < high])


def interleaved(share: Floats, count: int) -> Longs:
    """(count,) indices of shares (S,), as evenly mixed as can be: the n-th request of a share s is
    wanted at (n + 1/2) / s."""
    if len(share) == 1:
        return np.zeros(count, np.int64)
    each = np.ceil(share * (count + 1)).astype(np.int64) + 1
    index = np.repeat(np.arange(len(share)), each)
    turn = np.concatenate([np.arange(n) for n in each])
    wanted = (turn + 0.5) / share[index]
    order = np.lexsort((index, wanted))
    return np.asarray(index[order][:count])


def tokens(mean: float, count: int, *, scv: float, rng: Generator) -> Longs:
    """(count,) whole tokens, at least 1, lognormal with this mean and squared coefficient of
    variation; rounded up or down at random, so that the mean stays."""
    sizes = np.full(count, mean)
    if scv > 0:
        variance = np.log1p(scv)
        sizes = np.exp(rng.normal(np.log(mean) - variance / 2, np.sqrt(variance), count))
    return np.maximum(1, np.floor(sizes + rng.random(count))).astype(np.int64)


def cached_tokens(prompt: Longs, share: Floats | float) -> Longs:
    """(N,) tokens of prompts (N,) that a prefix cache holds: a share of each, (N,) or one for all,
    so that at least one token is left to read."""
    return np.asarray(np.minimum(np.rint(prompt * share), prompt - 1).astype(np.int64))


def _merged(found: list[Requests]) -> Requests:
    if not found:
        return Requests(np.empty(0), *np.empty((4, 0), np.int64))
    joined = [np.concatenate(column) for column in zip(*found, strict=True)]
    order = np.argsort(joined[0], kind="stable")
    return Requests(*(column[order] for column in joined))
