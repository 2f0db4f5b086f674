"""Moves made of others: empty a placement in an epoch, shed chunks until a node drops."""

import numpy as np

from operators.compiling import kernel
from operators.types import Floats, Longs
from slit.kernels.settling import NODE_TICKS
from slit.kernels.state import COUNT, GROUP, SOURCE, TARGET, State, make


@kernel
def shed(
    t: int, a: int, nodes: int, weights: Floats, node_penalty: float, state: State, made: Longs
) -> int:
    """Move chunks away from placement `a` in epoch t until it needs at most `nodes` nodes.

    One at a time, that one of all groups and targets next that costs the least per work it takes
    away: weights (M,) @ objectives + `node_penalty` per node beyond capacity. Writes the moves to
    `made` (K, 4), which holds a row for every chunk, and returns their number; the cell may need
    more nodes yet if the rest has nowhere else to go.
    """
    groups = state.epoch_group[t + 1] - state.epoch_group[t]
    trials = np.zeros((groups * state.options.shape[1], 4), np.int64)
    values = np.zeros((trials.shape[0], weights.shape[0]))
    excess = np.zeros(trials.shape[0], np.int64)
    found = 0
    while state.cells[t, a, 0] > nodes * state.integers[NODE_TICKS]:
        n_trials = list_moves(t, a, state, trials)
        make(trials[:n_trials], True, state, values, excess)
        before = weighted(state.values, state.excess.sum(), weights, node_penalty)
        best, least = -1, np.inf
        for k in range(n_trials):
            change = weighted(values[k], excess[k], weights, node_penalty) - before
            rate = change / state.chunk[trials[k, GROUP], a, 0]
            if rate < least:
                best, least = k, rate
        if best < 0:
            break
        made[found] = trials[best]
        make(made[found : found + 1], False, state, values, excess)
        found += 1
    return found


@kernel
def list_moves(t: int, a: int, state: State, moves: Longs) -> int:
    """All moves of one chunk from placement `a` in epoch t into `moves`; returns their number."""
    n = 0
    for j in range(state.epoch_group[t], state.epoch_group[t + 1]):
        if state.counts[a, j] == 0:
            continue
        row = state.group_row[j]
        for index in range(state.option_count[row]):
            b = int(state.options[row, index])
            if b != a:
                moves[n, GROUP], moves[n, COUNT] = j, 1
                moves[n, SOURCE], moves[n, TARGET] = a, b
                n += 1
    return n


@kernel
def weighted(values: Floats, excess: int, weights: Floats, node_penalty: float) -> float:
    """The weighted sum of objectives (M,), and the penalty of the violation."""
    total = node_penalty * excess
    for m in range(weights.shape[0]):
        total += weights[m] * values[m]
    return float(total)
