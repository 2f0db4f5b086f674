"""Architectures from a `config.json` of Hugging Face transformers; nothing is downloaded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slit.errors import SlitError
from slit.files import read_json
from slit.predictor.architectures import Architecture

_HOLDING = "a config.json of Hugging Face"
_TWO_MATRICES = {"relu", "relu2", "gelu_new"}
"""Activations of networks without a gate."""


def read_config(path: Path) -> Architecture:
    """The architecture that a file describes.

    Raises:
        SlitError: no such file, no JSON object, or a needed field is missing or no number.
    """
    content = read_json(path, holding=_HOLDING)
    if not isinstance(content, dict):
        raise SlitError(f"{path}: no object, expected {_HOLDING}")
    fields: Mapping[str, Any] = content.get("text_config", content)
    for key in ("hybrid_override_pattern", "linear_attention", "layers_block_type"):
        if fields.get(key):
            raise SlitError(f"{path}: {key}, expected a transformer (hybrids are not read)")

    def number(*names: str, default: int | None = None) -> int:
        for name in names:
            value = fields.get(name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise SlitError(f"{path}: {name} = {value!r}, expected a whole number")
            return value
        if default is None:
            raise SlitError(f"{path}: no {names[0]}, expected {_HOLDING} with it")
        return default

    layers = number("num_hidden_layers", "n_layer")
    hidden = number("hidden_size", "n_embd")
    heads = number("num_attention_heads", "n_head")
    if not (layers and hidden and heads):
        raise SlitError(f"{path}: no layers, width or heads, expected {_HOLDING}")
    latent = number("kv_lora_rank", default=0)
    moe = _experts(number, layers)
    window = number("sliding_window", default=0) if fields.get("use_sliding_window", True) else 0
    return Architecture(
        name=str(content.get("_name_or_path") or path.parent.name or path.stem),
        hidden=hidden,
        vocabulary=number("vocab_size"),
        attention_layers=layers,
        heads=heads,
        kv_heads=number("num_key_value_heads", default=heads),
        head_dim=number("v_head_dim" if latent else "head_dim", default=hidden // heads),
        window_layers=_windowed(fields, layers) if window else 0,
        window=window,
        kv_rank=latent,
        q_rank=number("q_lora_rank", default=0),
        ffn=number("intermediate_size", "n_inner", default=4 * hidden),
        gated=str(fields.get("hidden_act", "silu")) not in _TWO_MATRICES,
        tied=bool(fields.get("tie_word_embeddings", False)),
        **moe,
    )


def _experts(number: Any, layers: int) -> dict[str, int]:
    experts = number("num_experts", "n_routed_experts", "num_local_experts", default=0)
    if not experts:
        return {"dense_layers": layers}
    first = number("first_k_dense_replace", default=0)
    step = max(number("moe_layer_freq", "interleave_moe_layer_step", "decoder_sparse_step",
                      default=1), 1)  # fmt: skip
    moe_layers = min(max((layers - first) // step, 0), layers)
    width = number("moe_intermediate_size", "intermediate_size")
    shared = number("n_shared_experts", "num_shared_experts", default=0)
    return {
        "dense_layers": layers - moe_layers,
        "moe_layers": moe_layers,
        "experts": experts,
        "experts_per_token": number("num_experts_per_tok", "top_k_experts"),
        "expert_ffn": width,
        "shared_ffn": number("shared_expert_intermediate_size", default=shared * width),
    }


def _windowed(fields: Mapping[str, Any], layers: int) -> int:
    """How many layers look at a window: the list of their kinds, or the pattern, or all."""
    kinds = fields.get("layer_types")
    if isinstance(kinds, list):
        return sum("sliding" in str(kind) for kind in kinds)
    pattern = fields.get("sliding_window_pattern")
    if isinstance(pattern, int) and pattern > 0:
        return layers - layers // pattern
    return layers
