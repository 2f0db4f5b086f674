"""`ml-energy`: inferences that ML.ENERGY v3 measured; `twin`: inferences that a formula made."""

from dataclasses import replace

import numpy as np

from benchmarks.measuring.shared_data import shared_folder, without
from benchmarks.registry import Case
from operators.types import Floats
from slit.errors import SlitError
from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig
from slit.predictor.gpus import find_gpu
from slit.predictor.measurements import Measurements, read_measurements
from slit.predictor.models import Method, shipped_model
from slit.predictor.prediction import token_joules

TABLE = "llm_perf/mlenergy_v3_llm_energy.csv"
MODELS = ("Llama-3.1-8B", "Llama-3.1-70B", "Qwen3-8B", "Qwen3-32B", "Qwen3-30B-A3B", "gpt-oss-20b",
          "gpt-oss-120b", "Mixtral-8x7B", "gemma-3-27b", "Qwen3-235B-A22B")  # fmt: skip
GPUS = ("A100", "H100", "B200")
BATCHES = (1.0, 512.0)
PROMPT, OUTPUT = (1000.0, 1.2), (200.0, 1.0)
"""Requests: medians and spreads of logarithms, about those of the Azure traces of 2023."""
NOISE = 0.03
"""Spread of the logarithm of a measurement."""


def read_ml_energy() -> Measurements:
    """All rows."""
    return read_measurements(shared_folder() / TABLE)


def build_twin(rows: int, seed: int) -> Measurements:
    """The calibrated roofline with noise, of random models, GPUs and replicas at random batches;
    requests are drawn from a log-normal distribution."""
    rng = np.random.default_rng(seed)
    found: list[InferenceConfig] = []
    while len(found) < rows:
        try:
            config = InferenceConfig(
                architecture=find_architecture(str(rng.choice(MODELS))),
                gpu=find_gpu(str(rng.choice(GPUS))),
                batch=float(np.exp(rng.uniform(*np.log(BATCHES)))),
                prompt=_tokens(PROMPT, rng),
                output=_tokens(OUTPUT, rng),
                gpus=int(rng.choice([1, 2, 4, 8])),
            )
            config.check_fits()
        except SlitError:  # it does not fit
            continue
        found.append(config)
    columns, truth = shipped_model(Method.ROOFLINE).estimate(found)

    def noisy(values: Floats) -> Floats:
        return values * np.exp(rng.normal(0.0, NOISE, len(values)))

    measured = replace(
        truth, step_s=noisy(truth.step_s), itl_s=noisy(truth.itl_s), gpu_w=noisy(truth.gpu_w)
    )
    return Measurements(
        configs=found,
        models=[config.architecture.name for config in found],
        measured=measured,
        token_j=token_joules(columns, measured),
        digest=f"twin {rows} {seed}",
    )


def _tokens(median_and_spread: tuple[float, float], rng: np.random.Generator) -> float:
    median, spread = median_and_spread
    return float(np.ceil(median * np.exp(rng.normal(0.0, spread))))


ML_ENERGY = Case(
    "ml-energy",
    "measured speed and power of 415 inferences (needs the shared data)",
    read_ml_energy,
    frozenset({"predict", "sample"}),
    lambda: without(TABLE),
)
TWIN = Case(
    "twin",
    "inferences as the calibrated roofline has them, with noise",
    build_twin,
    frozenset({"sample"}),
)
