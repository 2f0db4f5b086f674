"""The roofline, calibrated: what parts of a step take of their least times, and the watts.

Coefficients minimize the mean absolute relative error under the constraint that none is negative.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from operators.types import Floats
from slit.predictor.columns import Columns
from slit.predictor.roofline import (
    Kernel,
    decode_kernels,
    decode_pass,
    prefill_kernels,
    prefill_pass,
)

PARTS = (
    "products",
    "experts",
    "attention",
    "mamba",
    "pointwise",
    "all_reduce",
    "all_reduce_launches",
    "layers",
    "expert_layers",
    "step",
    "requests",
    "prefill",
    "prefill_tokens",
)
"""What the time of a step is made of: least times of kernels, and what does not shrink with them
(launches by layer, the host's work by request and by step), s."""
FIXED = np.array([name in ("all_reduce_launches", "layers", "expert_layers", "step", "requests")
                  for name in PARTS])  # fmt: skip
"""Parts in which the GPU waits for launches or for the host."""
READING = {"attention": 3.79, "all_reduce": 4.43}
READING_ELSE, READING_LAYER_S = 1.51, 148.9e-6
"""What kernels take of their least times where a prompt is read alone, and s a layer to launch:
fitted to prompt times of Splitwise (`python -m benchmarks.drivers.prompt_times`)."""
_GROUPS = {"attention": "attention", "mamba_projections": "mamba", "mamba_scan": "mamba"}
_MICROSECOND = 1e-6
_ROUNDS, _SMALLEST = 30, 0.03


@dataclass(frozen=True, slots=True)
class Estimate:
    """Arrays (N,) of a replica in a steady state."""

    step_s: Floats  # mean time per output token of a request, prompts of others included
    itl_s: Floats  # median time between two tokens of a request
    gpu_w: Floats  # power of one GPU


@dataclass(frozen=True, slots=True)
class Calibration:
    """Coefficients of `parts`, and of the power model."""

    step: Floats  # (len(PARTS),)
    itl: Floats  # (len(PARTS),)
    power: Floats  # (3,)

    def estimate(self, columns: Columns) -> Estimate:
        """Times and watts of N inferences."""
        found = parts(columns)
        step = found @ self.step
        share = power_terms(columns, found * self.step) @ self.power
        return Estimate(step, found @ self.itl, columns.peak_w * np.minimum(share, 1.0))


def prompt_seconds(columns: Columns) -> Floats:
    """(N,) time to read one prompt on an idle replica, s."""
    terms = prompt_terms(columns, prefill_kernels(columns))
    return np.asarray(terms @ np.array([READING_ELSE, *READING.values(), READING_LAYER_S]))


def prompt_terms(columns: Columns, found: Iterable[Kernel]) -> Floats:
    """(N, 4): least times of all other kernels, attention and all-reduce, s; layers."""
    times = dict.fromkeys(("", *READING), np.zeros(len(columns)))
    for kernel in found:
        part = _part(kernel.name)
        part = part if part in READING else ""
        times[part] = times[part] + kernel.count * kernel.seconds(columns)
    layers = columns.attention_layers + columns.mamba_layers
    return np.stack([*times.values(), layers], axis=1)


@lru_cache(maxsize=2)
def parts(columns: Columns) -> Floats:
    """(N, len(PARTS)): parts of a step, s, before they are weighed."""
    found = _parts_of(columns)
    prompts = columns.batch / columns.output  # that are read in the time of a step
    least = prefill_pass(columns).seconds
    found["prefill"] = prompts * least
    found["prefill_tokens"] = prompts * columns.prompt * _MICROSECOND
    table = np.stack([found[name] for name in PARTS], axis=1)
    table.flags.writeable = False  # it is kept
    return table


def _parts_of(columns: Columns) -> dict[str, Floats]:
    zero, one = np.zeros(len(columns)), np.full(len(columns), _MICROSECOND)
    found = dict.fromkeys(PARTS, zero)
    for kernel in decode_kernels(columns):
        seconds = kernel.count * kernel.seconds(columns)
        found[_part(kernel.name)] = found[_part(kernel.name)] + seconds
        if kernel.name.endswith("all_reduce"):
            launches = kernel.count * _MICROSECOND
            found["all_reduce_launches"] = found["all_reduce_launches"] + launches
    found["layers"] = (columns.attention_layers + columns.mamba_layers) * _MICROSECOND
    found["expert_layers"] = columns.moe_layers * _MICROSECOND
    found["step"] = one
    found["requests"] = columns.batch * _MICROSECOND
    return found


def _part(name: str) -> str:
    if name in _GROUPS:
        return _GROUPS[name]
    if name.endswith("all_reduce"):
        return "all_reduce"
    if name.startswith("expert_"):
        return "experts"
    pointwise = name.endswith(("norm", "add", "activation")) or name in ("rope", "cache_write")
    return "pointwise" if pointwise else "products"


def power_terms(columns: Columns, weighed: Floats) -> Floats:
    """(N, 3): what the share of the power limit is linear in: 1, the root of the share of a step in
    which kernels run, the root of the share of peak operations.

    weighed: (N, len(PARTS)) parts of a step, s, weighed.
    """
    step = weighed.sum(axis=1)
    busy = weighed[:, ~FIXED].sum(axis=1) / step
    prompts = columns.batch / columns.output
    computing = decode_pass(columns).compute_s
    computing = computing + prompts * prefill_pass(columns).compute_s
    return np.stack([np.ones(len(columns)), np.sqrt(busy), np.sqrt(computing / step)], axis=1)


def fit_calibration(
    columns: Columns, measured: Estimate, *, without: Collection[str] = ()
) -> Calibration:
    """The coefficients that measured inferences are nearest to; those of parts `without` are 0."""
    found = parts(columns) * np.array([name not in without for name in PARTS])
    step = least_relative(found, measured.step_s)
    power = least_relative(power_terms(columns, found * step), measured.gpu_w / columns.peak_w)
    return Calibration(step, least_relative(found, measured.itl_s), power)


def least_relative(terms: Floats, target: Floats) -> Floats:
    """Coefficients >= 0 that minimize sum |terms @ x / target - 1|, by reweighted least squares."""
    from scipy.optimize import nnls  # needed for training alone

    relative = terms / target[:, None]
    weights = np.ones(len(target))
    found = np.zeros(terms.shape[1])
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)
        found, _residual = nnls(relative * root[:, None], root)
        weights = 1.0 / np.maximum(np.abs(relative @ found - 1.0), _SMALLEST)
    return np.asarray(found, dtype=np.float64)
