"""What the residual of the calibrated roofline is learned from."""

import numpy as np

from operators.types import Floats
from slit.predictor.calibration import PARTS, Calibration, Estimate, parts, power_terms
from slit.predictor.columns import Columns
from slit.predictor.roofline import decode_pass


def features(columns: Columns, calibration: Calibration) -> tuple[Floats, Estimate]:
    """(N, F) features and the estimate of the calibrated roofline, whose residual they explain:
    shares of a step by part, utilization, the request, the replica and the architecture."""
    weighed = parts(columns) * calibration.step
    step = weighed.sum(axis=1)
    estimate = calibration.estimate(columns)
    decode = decode_pass(columns)
    terms = power_terms(columns, weighed)
    logarithms = [
        step,
        decode.seconds / step,
        estimate.gpu_w / columns.peak_w,
        columns.batch,
        columns.batch / columns.gpus,
        columns.output,
        columns.prompt,
        columns.prompt * columns.batch / columns.output,
        columns.hidden,
        columns.experts_per_token + 1.0,
        decode.weight_s * columns.memory_bandwidth,
        columns.kv_values,
    ]
    plain = [
        terms[:, 1],
        terms[:, 2],
        decode.weight_s / step,
        decode.kv_s / step,
        columns.gpus,
        columns.data_parallel,
        columns.expert_parallel,
        columns.experts > 0,
        columns.mamba_layers > 0,
        columns.layer_bytes,
        columns.attention_layers + columns.mamba_layers,
        columns.peak_w,
    ]
    found = [weighed / step[:, None], np.log(np.stack(logarithms, axis=1)), np.stack(plain, axis=1)]
    return np.concatenate(found, axis=1), estimate


FEATURES = len(PARTS) + 24
