"""The analytic twin: operations and bytes of each kernel of a pass, and the least time they take.

Formulas and their sources: docs/predictor.md. All amounts are those of one GPU.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from operators.types import Floats
from slit.predictor.columns import Columns

ACTIVATION_BYTES = 2.0
"""Activations are bf16."""
STATE_BYTES = 4.0
"""States of Mamba-2 layers are fp32 while they are updated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is passed through the layers at once; arrays (N,)."""

    tokens: Floats  # of the replica
    sequences: Floats  # requests that they belong to
    context: Floats  # tokens that the mean token attends to, all layers
    cached: Floats  # tokens of keys and values that are read, of one request
    written: Floats  # tokens whose logits are computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One launch of a kernel on one GPU; arrays (N,)."""

    name: str
    count: Floats  # launches in a pass: layers that have it
    operations: Floats
    weight_bytes: Floats
    activation_bytes: Floats
    kv_bytes: Floats
    network_bytes: Floats
    flops: Floats  # operation/s at most

    def seconds(self, columns: Columns) -> Floats:
        """Least time of one launch, s: the slowest of computing, reading and sending."""
        moved = self.weight_bytes + self.activation_bytes + self.kv_bytes
        local = np.maximum(self.operations / self.flops, moved / columns.memory_bandwidth)
        return np.maximum(local, self.network_bytes / columns.link_bandwidth)


def decode_work(columns: Columns) -> Work:
    """One decode step: a token of each request, which attends to its prompt and on average half of
    its answer."""
    context = columns.prompt + columns.output / 2
    return Work(
        tokens=columns.batch,
        sequences=columns.batch,
        context=context,
        cached=context,
        written=columns.batch,
    )


def prefill_work(columns: Columns) -> Work:
    """One prompt read alone: a token attends to half of the prompt (causal mask)."""
    one = np.ones(len(columns))
    return Work(
        tokens=columns.prompt,
        sequences=one,
        context=columns.prompt / 2,
        cached=columns.prompt,
        written=one,
    )


def touched_experts(experts: Floats, per_token: Floats, tokens: Floats) -> Floats:
    """Experts that a batch of tokens reads: E (1 - (1 - k / E)^T), if the router is uniform."""
    total = np.maximum(experts, 1.0)
    return experts * (1.0 - (1.0 - np.minimum(per_token / total, 1.0)) ** tokens)


def kernels(columns: Columns, work: Work) -> list[Kernel]:
    """The kernels of a pass: those of attention, of networks, and the output layer."""
    return [
        *_attention(columns, work),
        *_mamba(columns, work),
        *_network(columns, work),
        _head(columns, work),
    ]


_AMOUNTS = ("operations", "weight_bytes", "activation_bytes", "kv_bytes", "network_bytes")


def _kernel(columns: Columns, name: str, count: Floats, **amounts: Floats) -> Kernel:
    """A kernel with these amounts, arrays (N,); the others are 0."""
    zero = np.zeros(len(count))
    full = {key: amounts.get(key, zero) for key in _AMOUNTS}
    return Kernel(name=name, count=count, flops=amounts.get("flops", columns.flops), **full)


def _product(
    columns: Columns, name: str, count: Floats, *, weights: Floats, tokens: Floats, width: Floats
) -> Kernel:
    """A product of `tokens` rows with a matrix; `width`: numbers read and written for each row."""
    return _kernel(
        columns,
        name,
        count,
        operations=2.0 * weights * tokens,
        weight_bytes=weights * columns.layer_bytes,
        activation_bytes=tokens * width * ACTIVATION_BYTES,
    )


def _pointwise(
    columns: Columns, name: str, count: Floats, *, tokens: Floats, width: Floats
) -> Kernel:
    return _kernel(columns, name, count, activation_bytes=tokens * width * ACTIVATION_BYTES)


def _all_reduce(columns: Columns, name: str, count: Floats, tokens: Floats) -> Kernel:
    """A ring of g GPUs sends 2 (g - 1) / g of what is added up."""
    share = 2.0 * (columns.gpus - 1) / columns.gpus
    sent = share * tokens * columns.hidden * ACTIVATION_BYTES
    return _kernel(columns, name, np.where(columns.gpus > 1, count, 0.0), network_bytes=sent)


def _attended(columns: Columns, work: Work) -> tuple[Floats, Floats]:
    """Tokens attended to, and tokens of keys and values read for a request, of the mean layer."""
    windowed = columns.window_layers / np.maximum(columns.attention_layers, 1.0)
    window = np.where(columns.window_layers > 0, columns.window, np.inf)
    context = (1 - windowed) * work.context + windowed * np.minimum(work.context, window)
    cached = (1 - windowed) * work.cached + windowed * np.minimum(work.cached, window)
    return context, cached


def _attention(columns: Columns, work: Work) -> list[Kernel]:
    shared = columns.tensor_parallel
    tokens, sequences = work.tokens / columns.data_parallel, work.sequences / columns.data_parallel
    layers, hidden = columns.attention_layers, columns.hidden
    context, cached = _attended(columns, work)
    latent = columns.kv_rank > 0
    # Latent attention in decode is absorbed: heads meet the compressed vectors themselves.
    queries = np.where(latent, columns.kv_values, columns.head_dim)
    values = np.where(latent, columns.kv_rank, columns.head_dim)
    heads = columns.heads / shared
    kept = columns.kv_values / np.where(latent, 1.0, np.minimum(shared, columns.kv_heads))
    width = heads * columns.head_dim
    half = columns.key_value_weights / shared / 2
    return [
        _pointwise(columns, "attention_norm", layers, tokens=tokens, width=2 * hidden),
        _product(columns, "query", layers, weights=columns.query_weights / shared,
                 tokens=tokens, width=hidden + width),
        _product(columns, "key", layers, weights=half, tokens=tokens, width=hidden + kept / 2),
        _product(columns, "value", layers, weights=half, tokens=tokens, width=hidden + kept / 2),
        _pointwise(columns, "rope", layers, tokens=tokens, width=2 * width + kept),
        _kernel(columns, "cache_write", layers, kv_bytes=tokens * kept * columns.kv_bytes),
        _kernel(columns, "attention", layers,
                operations=2.0 * tokens * context * heads * (queries + values),
                activation_bytes=2.0 * tokens * width * ACTIVATION_BYTES,
                kv_bytes=sequences * cached * kept * columns.kv_bytes,
                flops=columns.bf16_flops),
        _product(columns, "output", layers, weights=columns.output_weights / shared,
                 tokens=tokens, width=hidden + width),
        _all_reduce(columns, "attention_all_reduce", layers, tokens),
        _pointwise(columns, "attention_add", layers, tokens=tokens, width=3 * hidden),
    ]  # fmt: skip


def _mamba(columns: Columns, work: Work) -> list[Kernel]:
    layers, inner = columns.mamba_layers, columns.mamba_inner / columns.gpus
    state = inner * columns.mamba_state
    return [
        _product(columns, "mamba_projections", layers, weights=columns.mamba_weights / columns.gpus,
                 tokens=work.tokens, width=2 * columns.hidden + 4 * inner),
        _kernel(columns, "mamba_scan", layers,
                operations=6.0 * work.tokens * state,
                activation_bytes=work.tokens * 4 * inner * ACTIVATION_BYTES,
                kv_bytes=2.0 * work.sequences * state * STATE_BYTES,
                flops=columns.bf16_flops),
    ]  # fmt: skip


def _network(columns: Columns, work: Work) -> list[Kernel]:
    """Dense networks and experts, each its own kernels: an architecture may have layers of both."""
    found = []
    layers = columns.dense_layers + columns.moe_layers
    hidden = columns.hidden
    tokens = work.tokens
    found.append(_pointwise(columns, "network_norm", layers, tokens=tokens, width=2 * hidden))
    matrix, ffn = hidden * columns.ffn / columns.gpus, columns.ffn / columns.gpus
    dense = columns.dense_layers
    for name, count in (("gate", dense * columns.gated), ("up", dense), ("down", dense)):
        found.append(
            _product(columns, name, count, weights=matrix, tokens=tokens, width=hidden + ffn)
        )
    found.append(_pointwise(columns, "activation", dense, tokens=tokens, width=3 * ffn))
    touched = touched_experts(columns.experts, columns.experts_per_token, tokens) / columns.gpus
    rows = tokens * columns.experts_per_token / columns.gpus
    one = columns.hidden * columns.expert_ffn
    moe = columns.moe_layers
    for name, count in (("gate", moe * columns.gated), ("up", moe), ("down", moe)):
        found.append(
            _kernel(
                columns,
                f"expert_{name}",
                count,
                operations=2.0 * one * rows,
                weight_bytes=touched * one * columns.expert_bytes,
                activation_bytes=rows * (hidden + columns.expert_ffn) * ACTIVATION_BYTES,
            )
        )
    found.append(
        _pointwise(columns, "expert_activation", moe, tokens=rows, width=3 * columns.expert_ffn)
    )
    found.append(
        _product(columns, "router_and_shared", moe,
                 weights=columns.shared_weights / columns.gpus, tokens=tokens,
                 width=2 * hidden + 3 * columns.shared_ffn / columns.gpus)
    )  # fmt: skip
    found.append(_all_reduce(columns, "network_all_reduce", layers, tokens))
    found.append(_pointwise(columns, "network_add", layers, tokens=tokens, width=3 * hidden))
    return found


def _head(columns: Columns, work: Work) -> Kernel:
    weights = columns.hidden * columns.vocabulary / columns.gpus
    return _kernel(
        columns,
        "logits",
        np.ones(len(columns)),
        operations=2.0 * weights * work.written,
        weight_bytes=2.0 * weights,
        activation_bytes=work.written * columns.vocabulary / columns.gpus * ACTIVATION_BYTES,
        flops=columns.bf16_flops,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A whole pass on one GPU, all layers; arrays (N,)."""

    seconds: Floats  # sum over kernels of the least time of each
    launches: Floats
    compute_s: Floats  # operations at their peak
    weight_s: Floats  # bytes at the bandwidth of memory, by what they are
    activation_s: Floats
    kv_s: Floats
    network_s: Floats
    operations: Floats
    moved_bytes: Floats


@lru_cache(maxsize=2)
def decode_kernels(columns: Columns) -> tuple[Kernel, ...]:
    """The kernels of a decode step."""
    return tuple(kernels(columns, decode_work(columns)))


@lru_cache(maxsize=2)
def decode_pass(columns: Columns) -> Pass:
    """A decode step."""
    return sum_kernels(columns, decode_kernels(columns))


@lru_cache(maxsize=2)
def prefill_kernels(columns: Columns) -> tuple[Kernel, ...]:
    """The kernels that read one prompt alone."""
    return tuple(kernels(columns, prefill_work(columns)))


@lru_cache(maxsize=2)
def prefill_pass(columns: Columns) -> Pass:
    """One prompt, read alone."""
    return sum_kernels(columns, prefill_kernels(columns))


def sum_kernels(columns: Columns, found: Sequence[Kernel]) -> Pass:
    """The kernels of a pass added up."""

    def total(values: list[Floats]) -> Floats:
        amounts = [k.count * value for k, value in zip(found, values, strict=True)]
        return np.asarray(np.sum(np.stack(amounts), axis=0), dtype=np.float64)

    weight, kv = total([k.weight_bytes for k in found]), total([k.kv_bytes for k in found])
    activation = total([k.activation_bytes for k in found])
    return Pass(
        seconds=total([kernel.seconds(columns) for kernel in found]),
        launches=np.sum(np.stack([kernel.count for kernel in found]), axis=0),
        compute_s=total([kernel.operations / kernel.flops for kernel in found]),
        weight_s=weight / columns.memory_bandwidth,
        activation_s=activation / columns.memory_bandwidth,
        kv_s=kv / columns.memory_bandwidth,
        network_s=total([k.network_bytes for k in found]) / columns.link_bandwidth,
        operations=total([kernel.operations for kernel in found]),
        moved_bytes=weight + kv + activation,
    )
