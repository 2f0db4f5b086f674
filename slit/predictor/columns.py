"""Facts of many inferences side by side, one array each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.predictor.configs import WEIGHT_BYTES, InferenceConfig


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Each field is an array (N,), of one inference each. Bytes, operation/s, W; weights of one
    layer. Two are never equal: what follows from one is kept by its identity."""

    batch: Floats
    prompt: Floats
    output: Floats
    gpus: Floats
    tensor_parallel: Floats
    data_parallel: Floats
    expert_parallel: Floats
    layer_bytes: Floats  # of one weight
    expert_bytes: Floats  # of one weight of an expert
    kv_bytes: Floats  # of one number
    flops: Floats  # of products with weights
    bf16_flops: Floats
    memory_bandwidth: Floats
    link_bandwidth: Floats
    peak_w: Floats
    idle_w: Floats
    hidden: Floats
    vocabulary: Floats
    attention_layers: Floats
    heads: Floats
    kv_heads: Floats
    head_dim: Floats
    window_layers: Floats
    window: Floats
    kv_rank: Floats
    query_weights: Floats
    key_value_weights: Floats
    output_weights: Floats
    kv_values: Floats
    dense_layers: Floats
    ffn: Floats
    dense_weights: Floats
    gated: Floats
    moe_layers: Floats
    experts: Floats
    experts_per_token: Floats
    expert_ffn: Floats
    expert_weights: Floats
    shared_ffn: Floats
    shared_weights: Floats
    mamba_layers: Floats
    mamba_inner: Floats
    mamba_state: Floats
    mamba_weights: Floats

    def __len__(self) -> int:
        return len(self.batch)


_OF_CONFIG = ("batch", "prompt", "output", "gpus", "tensor_parallel", "data_parallel",
              "expert_parallel", "layer_bytes", "kv_bytes", "flops")  # fmt: skip
_OF_GPU = ("bf16_flops", "memory_bandwidth", "link_bandwidth", "peak_w", "idle_w")


def as_columns(configs: Sequence[InferenceConfig]) -> Columns:
    """The facts of N inferences as arrays (N,)."""
    others = (*_OF_CONFIG, *_OF_GPU, "expert_bytes")
    of_model = tuple(name for name in Columns.__slots__ if name not in others)
    seen: dict[int, list[float]] = {}
    rows = []
    for config in configs:
        model = config.architecture
        if id(model) not in seen:
            seen[id(model)] = [float(getattr(model, name)) for name in of_model]
        rows.append(
            [float(getattr(config, name)) for name in _OF_CONFIG]
            + [getattr(config.gpu, name) for name in _OF_GPU]
            + [WEIGHT_BYTES[config.precision]]
            + seen[id(model)]
        )
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(Columns.__slots__)).T
    return Columns(**dict(zip((*others, *of_model), table, strict=True)))
