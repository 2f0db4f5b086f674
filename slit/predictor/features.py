"""What the residual of the calibrated roofline is learned from."""

import numpy as np

from operators.types import Floats
from slit.predictor.calibration import PARTS, Calibration, Estimate, parts, power_terms
from slit.predictor.columns import Columns
from slit.predictor.roofline import decode_pass


def features(columns: Columns, calibration: Calibration) -> tuple[Floats, Estimate]:
    """(N, F) features and the estimate of the calibrated roofline, whose residual they explain:
    shares of a step by part, utilization, the request, the replica and the architecture."""
    found, estimate = named_features(columns, calibration)
    return np.stack(list(found.values()), axis=1), estimate


def named_features(
    columns: Columns, calibration: Calibration
) -> tuple[dict[str, Floats], Estimate]:
    """`features`, each an array (N,), by name."""
    weighed = parts(columns) * calibration.step
    step = weighed.sum(axis=1)
    estimate = calibration.estimate(columns)
    decode = decode_pass(columns)
    terms = power_terms(columns, weighed)
    logarithms = {
        "step": step,
        "least_share": decode.seconds / step,
        "power_share": estimate.gpu_w / columns.peak_w,
        "batch": columns.batch,
        "batch_per_gpu": columns.batch / columns.gpus,
        "output": columns.output,
        "prompt": columns.prompt,
        "prompts_per_step": columns.prompt * columns.batch / columns.output,
        "hidden": columns.hidden,
        "experts_per_token": columns.experts_per_token + 1.0,
        "weight_bytes": decode.weight_s * columns.memory_bandwidth,
        "kv_values": columns.kv_values,
    }
    plain = {
        "busy": terms[:, 1],
        "computing": terms[:, 2],
        "weight_share": decode.weight_s / step,
        "kv_share": decode.kv_s / step,
        "gpus": columns.gpus,
        "data_parallel": columns.data_parallel,
        "expert_parallel": columns.expert_parallel,
        "experts": columns.experts > 0,
        "mamba": columns.mamba_layers > 0,
        "layer_bytes": columns.layer_bytes,
        "layers": columns.attention_layers + columns.mamba_layers,
        "peak_w": columns.peak_w,
    }
    shares = dict(zip(PARTS, (weighed / step[:, None]).T, strict=True))
    found = {f"{name}_share": share for name, share in shares.items()}
    found |= {name: np.log(amount) for name, amount in logarithms.items()}
    return found | plain, estimate
