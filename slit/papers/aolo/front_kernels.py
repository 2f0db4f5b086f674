"""Compiled loops over whole plans of a day: what they come to, and the best one for a weighted sum.

A plan has two integers a request: tokens above the shortest answer that can be kept, and a level of
power, LEVELS of them evenly spaced by ratio from the least to the most output. A level that a
length cannot keep deadline and floor with is raised to the first that does, so every plan keeps
both. C (S, 18) as in `kernels`.
"""

import math

from operators.compiling import kernel
from operators.types import Floats, Genes, Longs
from slit.papers.aolo.kernels import (
    DEADLINE_S,
    FIXED_KG,
    FIXED_S,
    HIGH_W,
    LENGTH_WEIGHT,
    LOW_W,
    SLOPE_KG,
    STATIC_KG,
    TOKEN_KG,
    TOKEN_S,
    TOLERANCE,
    UPLINK_KG,
    air_seconds,
    least_power,
    length_quality,
    unconstrained_power,
)

LEVELS = 64
"""Of power."""
OBJECTIVES = 4
"""Carbon of inference, of the link (kg CO2e), quality lost, delay (s): sums over requests."""


@kernel
def level_power(row: Floats, level: int) -> float:
    """Output of a level, W; the last is exactly the most."""
    if level >= LEVELS - 1:
        return float(row[HIGH_W])
    return float(row[LOW_W] * (row[HIGH_W] / row[LOW_W]) ** (level / (LEVELS - 1)))


@kernel
def first_level(row: Floats, power: float) -> int:
    """The first level of at least some output, the last where none is."""
    if power <= row[LOW_W] or row[HIGH_W] <= row[LOW_W]:
        return 0
    ratio = math.log(power / row[LOW_W]) / math.log(row[HIGH_W] / row[LOW_W])
    level = int(min(ratio, 1.0) * (LEVELS - 1))
    while level < LEVELS - 1 and level_power(row, level) < power:
        level += 1
    return level


@kernel
def kept_lengths(C: Floats, wanted: Longs, shortest: Longs, longest: Longs) -> None:
    """Into shortest and longest (S,): the answers that the most power brings within deadline and
    floor, up to the length that is wanted; 0 where there is none.

    They are consecutive: the latest end is concave in the length, the end linear. What is longer
    than wanted is worse in everything, so it is left out where a shorter one can be kept.
    """
    for s in range(len(C)):
        row = C[s]
        most = row[HIGH_W] * (1.0 + TOLERANCE)
        shortest[s], longest[s] = 0, 0
        for n in range(1, wanted[s] + 1):
            if least_power(row, n) <= most:
                if shortest[s] == 0:
                    shortest[s] = n
                longest[s] = n
            elif shortest[s] > 0:
                break


@kernel
def add_request(row: Floats, tokens: float, power: float, found: Floats) -> None:
    """Add to found (4,) what one decision comes to."""
    air = air_seconds(row, tokens, power)
    seconds = row[FIXED_S] + tokens * row[TOKEN_S] + air
    weight = row[LENGTH_WEIGHT]
    found[0] += row[FIXED_KG] + tokens * row[TOKEN_KG]
    found[1] += row[UPLINK_KG] + air * (row[STATIC_KG] + row[SLOPE_KG] * power)
    found[2] += 1.0 - weight * length_quality(row, tokens)
    found[2] -= (1.0 - weight) * (1.0 - seconds / row[DEADLINE_S])
    found[3] += seconds


@kernel
def decided(row: Floats, tokens: int, level: int) -> float:
    """The output that a plan's level stands for at a length, W."""
    return level_power(row, max(level, first_level(row, least_power(row, tokens))))


@kernel
def evaluate_plans(C: Floats, shortest: Longs, plans: Genes, F: Floats) -> None:
    """Into F (N, 4): sums over requests of plans (N, 2 S)."""
    for i in range(len(plans)):
        F[i] = 0.0
        for s in range(len(C)):
            n = shortest[s] + plans[i, 2 * s]
            add_request(C[s], n, decided(C[s], n, plans[i, 2 * s + 1]), F[i])


@kernel
def weighted_plan(C: Floats, shortest: Longs, longest: Longs, weights: Floats, plan: Genes) -> None:
    """Into plan (2 S,): the plan with the least sum of the objectives times weights (4,).

    Requests add up, so each is decided for itself. At a length only time on air depends on the
    power, and the sum is (a + d P) air: the same law as carbon on the air, so the best level is
    beside `unconstrained_power` of a and d, or the least that is allowed. With that power the sum
    is convex in the length: the loop ends where it rises above the best.
    """
    term = weights.copy()
    for s in range(len(C)):
        row, priced = C[s], C[s].copy()
        second = weights[3] + weights[2] * (1.0 - row[LENGTH_WEIGHT]) / row[DEADLINE_S]
        priced[STATIC_KG] = weights[1] * row[STATIC_KG] + second
        priced[SLOPE_KG] = weights[1] * row[SLOPE_KG]
        above = first_level(row, unconstrained_power(priced))
        below = max(above - 1, 0)
        best, before = math.inf, math.inf
        for n in range(shortest[s], longest[s] + 1):
            allowed = first_level(row, least_power(row, n))
            free = math.inf
            for candidate in (below, above):
                for level in (candidate, max(candidate, allowed)):
                    term[:] = 0.0
                    add_request(row, n, level_power(row, level), term)
                    value = 0.0
                    for m in range(len(weights)):
                        value += weights[m] * term[m]
                    free = min(free, value)
                    if level >= allowed and value < best:
                        best = value
                        plan[2 * s], plan[2 * s + 1] = n - shortest[s], level
            if free > best and free > before:
                break
            before = free
