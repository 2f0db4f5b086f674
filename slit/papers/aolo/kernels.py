"""Compiled loops over requests: what a decision costs, and the best one, exactly.

A request is a row of coefficients C (S, 18), columns by the constants below; a decision is a number
of tokens and the output power of a transceiver. Time on air is tokens * BITS / (HERTZ * log2(1 +
SNR * power)); carbon FIXED_KG + UPLINK_KG + tokens * TOKEN_KG + air * (STATIC_KG + SLOPE_KG *
power).
"""

import math

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Longs

FIXED_S = 0  # s: prompt on the air and read
TOKEN_S = 1  # s: to write a token
FIXED_KG = 2  # kg CO2e: to read the prompt
TOKEN_KG = 3  # kg CO2e: to write a token
BITS = 4  # bit: a token on the air
HERTZ = 5  # Hz: bandwidth
SNR = 6  # 1/W: signal over noise for each W of a transceiver's output
STATIC_KG = 7  # kg CO2e/s: of the station while it sends, at no output
SLOPE_KG = 8  # kg CO2e/s: more for each W of a transceiver's output
LOW_W = 9  # W: least output
HIGH_W = 10  # W: most
DEADLINE_S = 11  # s
LEAST_QUALITY = 12
LENGTH_WEIGHT = 13
LENGTH_SCALE = 14  # tokens
WANTED = 15  # tokens
LONGEST = 16  # tokens
UPLINK_KG = 17  # kg CO2e: of the station while the prompt is on the air
COLUMNS = 18

CARBON_KG, LINK_KG, SECONDS, QUALITY, AIR_S = range(5)
"""Columns of what a decision comes to."""

TOLERANCE = 1e-9
"""Relative: a deadline or floor that is met up to here is met."""

SHORT_PENALTY, LATE_PENALTY = 5.0, 2.0
"""What a request beyond floor or deadline loses of its reward, in carbon of the wanted length: for
each unit of quality below the floor, for each deadline of delay (up to one)."""
EDGE_PENALTY, EDGE = 0.5, 0.02
"""And at most so much more, most of it within EDGE of the limits: steep enough that a decision that
is not quite sure stays inside."""


@kernel
def unconstrained_power(row: Floats) -> float:
    """The output with the least carbon on the air, W, whatever the deadline; no length changes it.

    (a + d P) / ln(1 + g P) is quasi-convex; its least value is where u = 1 + g P meets
    u (ln u - 1) = a g / d - 1, which Lambert's W solves; here by Newton's method on x = ln u.
    """
    static, slope, snr = row[STATIC_KG], row[SLOPE_KG], row[SNR]
    if static <= 0.0:
        return 0.0
    if slope <= 0.0:
        return math.inf
    goal = static * snr / slope - 1.0
    x = 1.0 + math.log1p(goal + 1.0)  # above the root: the function is convex, so Newton descends
    for _ in range(60):
        step = (math.exp(x) * (x - 1.0) - goal) / (x * math.exp(x))
        x -= step
        if abs(step) <= 1e-15 * x:
            break
    return float(math.expm1(x) / snr)


@kernel
def length_quality(row: Floats, tokens: float) -> float:
    """How much of the wanted length is felt, 0 to 1 (Weber-Fechner)."""
    wanted = math.log1p(row[WANTED] / row[LENGTH_SCALE])
    return min(1.0, math.log1p(tokens / row[LENGTH_SCALE]) / wanted)


@kernel
def latest_end(row: Floats, tokens: float) -> float:
    """The time by which an answer of a length has to be there, s: by deadline and floor."""
    weight = row[LENGTH_WEIGHT]
    spare = row[LEAST_QUALITY] - weight * length_quality(row, tokens)
    if weight < 1.0:
        return float(row[DEADLINE_S] * min(1.0, 1.0 - spare / (1.0 - weight)))
    return float(row[DEADLINE_S]) if spare <= TOLERANCE else -1.0


@kernel
def power_until(row: Floats, tokens: float, end: float) -> float:
    """The output that brings a length by a time, W; infinite where none does."""
    left = end - row[FIXED_S] - tokens * row[TOKEN_S]
    if left <= 0.0:
        return math.inf
    bits_per_hertz = tokens * row[BITS] / (left * row[HERTZ])
    if bits_per_hertz > 1000.0:
        return math.inf
    return float(math.expm1(bits_per_hertz * math.log(2.0)) / row[SNR])


@kernel
def least_power(row: Floats, tokens: float) -> float:
    """The output that a length needs to keep to deadline and floor, W; infinite where none does."""
    return power_until(row, tokens, latest_end(row, tokens))


@kernel
def air_seconds(row: Floats, tokens: float, power: float) -> float:
    """Time on air of an answer, s."""
    return float(tokens * row[BITS] / (row[HERTZ] * math.log1p(row[SNR] * power) / math.log(2.0)))


@kernel
def chain_carbon(row: Floats, tokens: float, power: float) -> float:
    """Carbon of a request, kg CO2e."""
    link = air_seconds(row, tokens, power) * (row[STATIC_KG] + row[SLOPE_KG] * power)
    return float(row[FIXED_KG] + row[UPLINK_KG] + tokens * row[TOKEN_KG] + link)


@kernel
def optimum(C: Floats, tokens: Longs, power: Floats) -> None:
    """Into tokens (S,) and power (S,): the decision with the least carbon; 0 tokens where none
    keeps to deadline, floor and limit of power.

    For each length the best power is the unconstrained one, brought between what the length needs
    and the limit. Carbon without the deadline grows with the length: the loop ends where that alone
    is above the best.
    """
    for s in range(len(C)):
        row = C[s]
        high, free = row[HIGH_W], unconstrained_power(row)
        relaxed = min(max(free, row[LOW_W]), high)
        best = math.inf
        tokens[s], power[s] = 0, math.nan
        for n in range(1, int(row[LONGEST]) + 1):
            if chain_carbon(row, n, relaxed) >= best:
                break
            least = least_power(row, n)
            if least > high * (1.0 + TOLERANCE):
                continue
            chosen = min(max(relaxed, least), high)
            carbon = chain_carbon(row, n, chosen)
            if carbon < best:
                best, tokens[s], power[s] = carbon, n, chosen


@kernel
def outcome(C: Floats, tokens: Longs, power: Floats, found: Floats) -> None:
    """Into found (S, 5): carbon, its part of the link (kg CO2e), time from asking to the end (s),
    quality of experience, time on air (s)."""
    for s in range(len(C)):
        row, n = C[s], float(tokens[s])
        air = air_seconds(row, n, power[s])
        seconds = row[FIXED_S] + n * row[TOKEN_S] + air
        weight = row[LENGTH_WEIGHT]
        found[s, CARBON_KG] = chain_carbon(row, n, power[s])
        found[s, LINK_KG] = row[UPLINK_KG] + air * (row[STATIC_KG] + row[SLOPE_KG] * power[s])
        found[s, SECONDS] = seconds
        found[s, QUALITY] = weight * length_quality(row, n) + (1.0 - weight) * (
            1.0 - seconds / row[DEADLINE_S]
        )
        found[s, AIR_S] = air


@kernel
def best_length(C: Floats, power: Floats, tokens: Longs) -> None:
    """Into tokens (S,): the shortest length that keeps to deadline and floor at a given power; 0
    where none does."""
    for s in range(len(C)):
        row = C[s]
        tokens[s] = 0
        for n in range(1, int(row[LONGEST]) + 1):
            if least_power(row, n) <= power[s] * (1.0 + TOLERANCE):
                tokens[s] = n
                break


@kernel
def longest_in_time(C: Floats, power: Floats, tokens: Longs) -> None:
    """Into tokens (S,): the longest answer that a power brings within the deadline, at least 1."""
    for s in range(len(C)):
        row = C[s]
        each = row[TOKEN_S] + air_seconds(row, 1.0, power[s])
        most = math.floor((row[DEADLINE_S] - row[FIXED_S]) / each)
        tokens[s] = int(min(max(most, 1.0), row[LONGEST]))


@kernel
def power_of_length(C: Floats, tokens: Longs, power: Floats) -> None:
    """Into power (S,): the output with the least carbon that keeps a length within deadline and
    floor; the most where none does."""
    for s in range(len(C)):
        row = C[s]
        relaxed = max(unconstrained_power(row), row[LOW_W])
        power[s] = min(max(relaxed, least_power(row, float(tokens[s]))), row[HIGH_W])


@kernel
def least_power_in_time(C: Floats, tokens: Longs, power: Floats) -> None:
    """Into power (S,): the least output that keeps a length within the deadline; the most where
    none does."""
    for s in range(len(C)):
        row, n = C[s], float(tokens[s])
        least = power_until(row, n, row[DEADLINE_S])
        power[s] = min(max(least, row[LOW_W]), row[HIGH_W])


@kernel
def from_actions(C: Floats, rows: Longs, actions: Floats, tokens: Longs, power: Floats) -> None:
    """Into tokens (N,) and power (N,): what actions (N, 2) in [-1, 1] mean for rows (N,) of C.

    The first is how much of the wanted length is felt, from one token to all of it (equal steps are
    felt equally); the second the output by its logarithm.
    """
    for n in range(len(rows)):
        row = C[rows[n]]
        felt = (min(max(actions[n, 0], -1.0), 1.0) + 1.0) / 2.0
        share = (min(max(actions[n, 1], -1.0), 1.0) + 1.0) / 2.0
        scale, whole = row[LENGTH_SCALE], math.log1p(row[WANTED] / row[LENGTH_SCALE])
        length = math.ceil(scale * math.expm1(felt * whole) - 1e-6)
        tokens[n] = int(min(max(length, 1.0), row[LONGEST]))
        power[n] = row[LOW_W] * (row[HIGH_W] / row[LOW_W]) ** share


@kernel
def rewards_of(C: Floats, rows: Longs, actions: Floats, reference: Floats, rewards: Floats) -> None:
    """Into rewards (N,) of actions (N, 2) for rows (N,) of C: less carbon is better, beyond a limit
    worse.

    Carbon is over reference (S,), that of the wanted length at full power. Requests do not depend
    on each other, so the scale of one does not change what is best for it.
    """
    tokens, power = np.zeros(len(rows), np.int64), np.zeros(len(rows))
    from_actions(C, rows, actions, tokens, power)
    found = np.zeros((len(rows), 5))
    outcome(C[rows], tokens, power, found)
    for n in range(len(rows)):
        row = C[rows[n]]
        late = min(max(0.0, found[n, SECONDS] / row[DEADLINE_S] - 1.0), 1.0)
        short = max(0.0, row[LEAST_QUALITY] - found[n, QUALITY])
        edge = EDGE_PENALTY * (1.0 - math.exp(-(late + short) / EDGE))
        penalty = LATE_PENALTY * late + SHORT_PENALTY * short + edge
        rewards[n] = -found[n, CARBON_KG] / reference[rows[n]] - penalty
