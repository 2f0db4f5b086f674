"""Measured times of single kernels: Vidur's profiles of layers on A100 and H100."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.measuring.shared_data import shared_folder
from operators.types import Floats
from slit.predictor.catalog import find_architecture
from slit.predictor.columns import as_columns
from slit.predictor.configs import InferenceConfig
from slit.predictor.gpus import find_gpu
from slit.predictor.roofline import Work, kernels

FOLDER = "llm_energy/microsoft__vidur"
MODELS = {
    "meta-llama__Llama-2-7b-hf": "Llama-2-7B",
    "meta-llama__Llama-2-70b-hf": "Llama-2-70B",
    "meta-llama__Meta-Llama-3-8B": "Llama-3-8B",
    "meta-llama__Meta-Llama-3-70B": "Llama-3-70B",
}
"""Of the profiled models those that the predictor has facts of."""
OPERATORS = {
    "attn_pre_proj": ("query", "key", "value"),
    "attn_post_proj": ("output",),
    "mlp_up_proj": ("gate", "up"),
    "mlp_down_proj": ("down",),
    "attn_rope": ("rope",),
    "mlp_act": ("activation",),
    "input_layernorm": ("attention_norm",),
    "post_attention_layernorm": ("network_norm",),
    "add": ("attention_add",),
}
"""Kernels of the roofline that an operator of the profiles is."""


@dataclass(frozen=True, slots=True)
class OperatorTimes:
    """One GPU and model: times of one layer, arrays (N,) by operator."""

    gpu: str
    model: str
    tokens: Floats  # (N,) that are passed through at once
    measured_s: dict[str, Floats]  # medians
    roofline_s: dict[str, Floats]  # least times


def read_operator_times(gpu: str, model: str) -> OperatorTimes | None:
    """The profile of a model (Vidur's name) on a GPU, median times; None if there is none."""
    file = shared_folder() / FOLDER / f"{gpu.casefold()}__{model}__mlp.csv.gz"
    if not file.is_file():
        return None
    table = pd.read_csv(file)
    architecture, card = find_architecture(MODELS[model]), find_gpu(gpu)
    tokens = table["num_tokens"].to_numpy(np.float64)
    columns = as_columns(
        [
            InferenceConfig(
                architecture=architecture, gpu=card, batch=1.0, prompt=count, output=1.0,
                gpus=int(split),
            )
            for count, split in zip(tokens, table["num_tensor_parallel_workers"], strict=True)
        ]
    )  # fmt: skip
    one = np.ones(len(tokens))
    work = Work(tokens=tokens, sequences=one, context=one, cached=one, written=one)
    least = {kernel.name: kernel.seconds(columns) for kernel in kernels(columns, work)}
    return OperatorTimes(
        gpu=gpu,
        model=MODELS[model],
        tokens=tokens,
        measured_s={
            name: table[f"time_stats.{name}.median"].to_numpy(np.float64) / 1e3
            for name in OPERATORS
        },
        roofline_s={
            name: np.asarray(np.sum([least[kernel] for kernel in parts], axis=0))
            for name, parts in OPERATORS.items()
        },
    )
