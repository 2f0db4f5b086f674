"""What a person asks of the predictor: names in, predictions out."""

from collections.abc import Sequence
from dataclasses import dataclass

from slit.errors import SlitError, did_you_mean
from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig, Precision
from slit.predictor.gpus import find_gpu
from slit.predictor.models import Method, find_method, shipped_model
from slit.predictor.prediction import Prediction, predict


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """One inference in words: what `slit predict` is asked."""

    model: str  # a known model, or a config.json
    gpu: str
    gpus: int = 1
    precision: str = "bf16"
    batches: Sequence[float] = (1.0,)
    prompt: float = 512.0
    output: float = 256.0


def inference_configs(asked: Inference) -> list[InferenceConfig]:
    """The configurations, one a batch, each checked to fit.

    Raises:
        SlitError: an unknown model, GPU or precision (with the nearest name), no positive number,
            or a batch that does not fit (with the bytes).
    """
    if asked.precision not in list(Precision):
        raise SlitError(
            f"precision: {asked.precision!r}, expected one of {', '.join(Precision)}"
            f"{did_you_mean(asked.precision, [each.value for each in Precision])}"
        )
    architecture, gpu = find_architecture(asked.model), find_gpu(asked.gpu)
    configs = [
        InferenceConfig(
            architecture=architecture,
            gpu=gpu,
            batch=batch,
            prompt=asked.prompt,
            output=asked.output,
            gpus=asked.gpus,
            precision=Precision(asked.precision),
            expert_parallel=architecture.experts > 0 and asked.gpus > 1,
        )
        for batch in asked.batches
    ]
    for config in configs:
        config.check_fits()
    return configs


def predict_inference(
    asked: Inference, *, method: str = "default", pue: float = 1.0, intensity: float = 0.0
) -> Prediction:
    """Speed, energy and carbon of an inference, at each of its batches.

    Raises:
        SlitError: as `inference_configs`, or an unknown method, or a PUE below 1, or a negative
            intensity.
    """
    if not 1.0 <= pue < float("inf"):
        raise SlitError(f"pue: {pue}, expected 1 or above (power of the site over that of IT)")
    if not 0.0 <= intensity < float("inf"):
        raise SlitError(f"intensity: {intensity}, expected 0 or above (g CO2e/kWh)")
    found: Method = find_method(method)
    return predict(shipped_model(found), inference_configs(asked), pue=pue, intensity=intensity)
