"""Times, joules and grams of inferences, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats, Longs
from slit.predictor.calibration import PARTS, Estimate, parts, prompt_seconds
from slit.predictor.columns import Columns
from slit.predictor.configs import InferenceConfig
from slit.predictor.models import Basis, Model, Target

EMBODIED_KG_PER_GPU_HOUR = 4_000 / (8 * 5 * 365 * 24)
"""Assumed: 4 t for a server of 8 GPUs, in use for 5 years."""
JOULES_PER_KWH = 3.6e6
LEAST_SPREAD = 0.01


@dataclass(frozen=True, slots=True)
class Quantity:
    """Arrays (N,): the prediction, and the bounds that nine of ten measurements lie within."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """N inferences; joules and watts at the plug of the server, before PUE."""

    prefill_s: Quantity  # one prompt, read alone
    decode_s_per_token: Quantity  # time between two tokens of a request
    prefill_j: Quantity  # of one request
    decode_j_per_token: Quantity
    energy_j: Quantity  # of one request
    power_w: Quantity  # of the replica
    carbon_g: Quantity  # CO2e of one request, embodied share included
    basis: Longs  # (N,), a Basis


QUANTITIES = tuple(name for name in Prediction.__slots__ if name != "basis")


def token_joules(columns: Columns, estimate: Estimate) -> Floats:
    """(N,) J of all GPUs for one output token, prompts included."""
    return np.asarray(estimate.gpu_w * columns.gpus * estimate.step_s / columns.batch)


def predict(
    model: Model,
    configs: Sequence[InferenceConfig],
    *,
    pue: float = 1.0,
    intensity: float = 0.0,
) -> Prediction:
    """Times and energies of N inferences.

    Args:
        model: a trained method.
        configs: what is served on what.
        pue: power usage effectiveness of the site.
        intensity: carbon intensity of its grid, g CO2e/kWh.
    """
    columns, estimate = model.estimate(configs)
    basis = model.basis(configs)
    host_w = np.array([config.gpu.host_w for config in configs])
    power = columns.gpus * (estimate.gpu_w + host_w)
    seconds = estimate.step_s * columns.output / columns.batch  # that one request has for itself
    energy = power * seconds
    weighed = parts(columns) * model.calibration.step
    reading = weighed[:, [PARTS.index("prefill"), PARTS.index("prefill_tokens")]].sum(axis=1)
    reading = reading / weighed.sum(axis=1)
    embodied = EMBODIED_KG_PER_GPU_HOUR * 1e3 / 3600.0 * columns.gpus * seconds
    carbon = energy / JOULES_PER_KWH * pue * intensity + embodied

    def bounded(value: Floats, target: Target) -> Quantity:
        spread = np.maximum(model.spread[basis, target], LEAST_SPREAD)
        return Quantity(value, value * np.exp(-spread), value * np.exp(spread))

    return Prediction(
        prefill_s=bounded(prompt_seconds(columns), Target.ITL_S),
        decode_s_per_token=bounded(estimate.itl_s, Target.ITL_S),
        prefill_j=bounded(energy * reading, Target.TOKEN_J),
        decode_j_per_token=bounded(energy * (1.0 - reading) / columns.output, Target.TOKEN_J),
        energy_j=bounded(energy, Target.TOKEN_J),
        power_w=bounded(power, Target.GPU_W),
        carbon_g=bounded(carbon, Target.TOKEN_J),
        basis=basis,
    )


def as_objects(prediction: Prediction) -> list[dict[str, object]]:
    """One JSON object an inference: {quantity: {value, low, high}, ..., basis}."""
    found: list[dict[str, object]] = []
    for row, basis in enumerate(prediction.basis):
        entry: dict[str, object] = {}
        for name in QUANTITIES:
            quantity: Quantity = getattr(prediction, name)
            entry[name] = {
                "value": float(quantity.value[row]),
                "low": float(quantity.low[row]),
                "high": float(quantity.high[row]),
            }
        entry["basis"] = Basis(int(basis)).name.lower()
        found.append(entry)
    return found
