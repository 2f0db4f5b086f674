"""What served requests add up to: sums, and histograms of times."""

from typing import NamedTuple

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Longs
from slit.replay.arrays import Served

LEAST_S, BINS_PER_E, BINS = 1e-4, 200, 4_000
"""Bins are 0.5 % wide, from 0.1 ms to half a day; a quantile is at most so much off."""
SUMS = ("requests", "ttft_s", "late", "quality", "token_s", "tokens", "latency_s", "preemptions")
"""Columns of sums over requests; token_s: time between first and last token, tokens: those after
the first."""
TIMES = ("ttft_s", "token_s", "latency_s")
"""Rows of histograms: to the first token, between two tokens, to the last."""


class Scales(NamedTuple):
    """What requests are judged by. T epochs, O origins, K classes."""

    epoch_s: float
    weight: Floats  # (T,) requests that each one stands for, by the epoch of its arrival
    network_s: Floats  # (T, O) to the placement and back, last mile included
    slo_s: Floats  # (K,)
    accuracy: Floats  # (K,) of the variant


class Tally(NamedTuple):
    """Weighted sums over served requests."""

    sums: Floats  # (T, O, K, 8), columns as SUMS
    histograms: Floats  # (3, K, BINS), rows as TIMES
    hours: Floats  # (T, BINS) of the time to the first token


def empty_tally(scales: Scales) -> Tally:
    """A tally of nothing."""
    epochs, origins, classes = len(scales.weight), scales.network_s.shape[1], len(scales.slo_s)
    return Tally(
        np.zeros((epochs, origins, classes, len(SUMS))),
        np.zeros((len(TIMES), classes, BINS)),
        np.zeros((epochs, BINS)),
    )


def add_served(tally: Tally, served: Served, scales: Scales) -> None:
    """Add served requests in place."""
    _add(
        served.arrival_s, served.first_token_s, served.last_token_s, served.output, served.group,
        served.preemptions, scales, tally.sums, tally.histograms, tally.hours,
    )  # fmt: skip


@kernel
def _add(
    arrival: Floats,
    first: Floats,
    last: Floats,
    output: Longs,
    group: Longs,
    preemptions: Longs,
    scales: Scales,
    sums: Floats,
    histograms: Floats,
    hours: Floats,
) -> None:
    classes = scales.slo_s.shape[0]
    epochs = scales.weight.shape[0]
    for n in range(arrival.shape[0]):
        o, k = group[n] // classes, group[n] % classes
        t = min(int(arrival[n] / scales.epoch_s), epochs - 1)
        weight = scales.weight[t]
        ttft = first[n] - arrival[n] + scales.network_s[t, o]
        beyond = ttft - scales.slo_s[k]
        sigma = np.exp(-beyond / scales.slo_s[k]) if beyond > 0.0 else 1.0
        cell = sums[t, o, k]
        cell[0] += weight
        cell[1] += weight * ttft
        cell[2] += weight if beyond > 0.0 else 0.0
        cell[3] += weight * sigma * scales.accuracy[k]
        cell[4] += weight * (last[n] - first[n])
        cell[5] += weight * (output[n] - 1)
        cell[6] += weight * (last[n] - arrival[n] + scales.network_s[t, o])
        cell[7] += weight * preemptions[n]
        b = _bin(ttft)
        histograms[0, k, b] += weight
        hours[t, b] += weight
        if output[n] > 1:
            histograms[1, k, _bin((last[n] - first[n]) / (output[n] - 1))] += weight
        histograms[2, k, _bin(last[n] - arrival[n] + scales.network_s[t, o])] += weight


@kernel
def _bin(seconds: float) -> int:
    if seconds <= LEAST_S:
        return 0
    return min(int(np.log(seconds / LEAST_S) * BINS_PER_E) + 1, BINS - 1)


def quantile(histogram: Floats, share: float) -> float:
    """The time (s) within which `share` of a histogram (BINS,) lies: the middle of its bin; NaN of
    an empty one."""
    below = histogram.cumsum()
    if below[-1] <= 0:
        return float("nan")
    b = int(np.searchsorted(below, share * below[-1], "left"))
    return 0.0 if b == 0 else float(LEAST_S * np.exp((b - 0.5) / BINS_PER_E))
