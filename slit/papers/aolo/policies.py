"""Decisions for requests: the exact optimum, and rules that it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.papers.aolo import kernels
from slit.papers.aolo.kernels import DEADLINE_S, HIGH_W, LEAST_QUALITY, LONGEST, LOW_W, WANTED


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What is done with each request and what it comes to; arrays (S,). 0 tokens: not served."""

    tokens: Longs
    power: Floats  # W: output of a transceiver
    carbon_kg: Floats
    link_kg: Floats  # its part of the station
    seconds: Floats  # from asking to the end of the answer
    quality: Floats  # of experience
    air_s: Floats
    kept: Bools  # whether served within deadline and floor


Policy = Callable[[Floats, np.random.Generator], tuple[Longs, Floats]]
"""Coefficients C (S, 18) and a generator -> tokens (S,) and output power (S,), W."""


def optimal(C: Floats, _rng: np.random.Generator) -> tuple[Longs, Floats]:
    """The least carbon within deadline, floor and limit of power; 0 tokens where none is."""
    tokens, power = np.zeros(len(C), np.int64), np.zeros(len(C))
    kernels.optimum(C, tokens, power)
    return tokens, power


def full_power(C: Floats, _rng: np.random.Generator) -> tuple[Longs, Floats]:
    """Always the most power, and the shortest answer that is good enough."""
    tokens, power = np.zeros(len(C), np.int64), C[:, HIGH_W].copy()
    kernels.best_length(C, power, tokens)
    return tokens, power


def fixed_length(C: Floats, _rng: np.random.Generator) -> tuple[Longs, Floats]:
    """The length that is wanted, with the power that costs least carbon in time."""
    tokens = np.clip(np.ceil(C[:, WANTED]), 1, C[:, LONGEST]).astype(np.int64)
    power = np.zeros(len(C))
    kernels.power_of_length(C, tokens, power)
    return tokens, power


def greedy_deadline(C: Floats, _rng: np.random.Generator) -> tuple[Longs, Floats]:
    """The longest answer that full power brings within the deadline, never longer than wanted, with
    the least power that does."""
    tokens, power = np.zeros(len(C), np.int64), C[:, HIGH_W].copy()
    kernels.longest_in_time(C, power, tokens)
    tokens = np.minimum(tokens, np.ceil(C[:, WANTED]).astype(np.int64))
    kernels.least_power_in_time(C, tokens, power)
    return tokens, power


def at_random(C: Floats, rng: np.random.Generator) -> tuple[Longs, Floats]:
    """Lengths and powers evenly at random."""
    tokens = rng.integers(1, C[:, LONGEST].astype(np.int64), endpoint=True)
    return tokens, rng.uniform(C[:, LOW_W], C[:, HIGH_W])


POLICIES: dict[str, Policy] = {
    "optimum": optimal,
    "full-power": full_power,
    "fixed-length": fixed_length,
    "greedy-deadline": greedy_deadline,
    "random": at_random,
}


def decide(C: Floats, policy: Policy, rng: np.random.Generator) -> Decisions:
    """What a policy does with requests of coefficients C (S, 18)."""
    tokens, power = policy(C, rng)
    served = tokens > 0
    found, inside = np.zeros((len(C), 5)), np.zeros((served.sum(), 5))
    kernels.outcome(C[served], tokens[served], power[served], inside)
    found[served] = inside
    carbon, link, seconds, quality, air = found.T
    slack = kernels.TOLERANCE * 10
    in_time = seconds <= C[:, DEADLINE_S] * (1 + slack)
    kept = served & in_time & (quality >= C[:, LEAST_QUALITY] - slack)
    return Decisions(tokens, power, carbon, link, seconds, quality, air, kept)
