"""A graph network over the kernels of a layer, after LLMCO2 (arXiv 2410.02950): a reconstruction.

Two GraphSAGE layers (Hamilton, Ying, Leskovec 2017; mean over predecessors), the mean over kernels,
facts of the whole inference beside it, and a hidden layer; prefill and decode each have their own.
The graph is small and the same for all, so that its adjacency is a dense matrix.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operators.types import Floats
from slit.predictor.calibration import Estimate
from slit.predictor.columns import Columns
from slit.predictor.roofline import Kernel, decode_kernels, kernels, prefill_work, sum_kernels

EDGES = (
    ("attention_norm", "query key value mamba_projections"),
    ("query", "rope"),
    ("key", "rope"),
    ("value", "cache_write"),
    ("rope", "cache_write attention"),
    ("cache_write", "attention"),
    ("attention", "output"),
    ("output", "attention_all_reduce attention_add"),
    ("attention_all_reduce", "attention_add"),
    ("mamba_projections", "mamba_scan"),
    ("mamba_scan", "attention_add"),
    ("attention_add", "network_norm"),
    ("network_norm", "gate up router_and_shared"),
    ("gate", "activation"),
    ("up", "activation"),
    ("activation", "down"),
    ("router_and_shared", "expert_gate expert_up"),
    ("expert_gate", "expert_activation"),
    ("expert_up", "expert_activation"),
    ("expert_activation", "expert_down"),
    ("down", "network_all_reduce network_add"),
    ("expert_down", "network_all_reduce network_add"),
    ("network_all_reduce", "network_add"),
    ("network_add", "logits"),
    ("logits", ""),
)
"""What the result of a kernel goes to; kernels that an architecture lacks are left out."""
NAMES = tuple(name for name, _ in EDGES)
BOUNDS, AMOUNTS = 3, 5
_GLOBALS = ("batch", "prompt", "output", "gpus", "data_parallel", "hidden", "attention_layers",
            "mamba_layers", "heads", "kv_heads", "experts", "experts_per_token", "layer_bytes",
            "flops", "memory_bandwidth", "link_bandwidth", "peak_w")  # fmt: skip
LARGEST = 4.0
"""Standardized features are cut off here."""


class InferencePhase(StrEnum):
    """What a network is of."""

    DECODE = "decode"
    PREFILL = "prefill"


OUTPUTS = {InferencePhase.DECODE: 3, InferencePhase.PREFILL: 2}
"""decode: log of a step and of the time between tokens over the least time of a step, logit of the
share of the power limit; prefill: log of a prompt over its least time, and the logit."""


def adjacency() -> Floats:
    """(K, K): 1 where the result of the kernel of the column goes to that of the row."""
    found = np.zeros((len(NAMES), len(NAMES)))
    for start, ends in EDGES:
        for end in ends.split():
            found[NAMES.index(end), NAMES.index(start)] = 1.0
    return found


@dataclass(frozen=True, slots=True)
class Graphs:
    """The kernels of a pass of N inferences."""

    nodes: Floats  # (N, K, F)
    present: Floats  # (N, K): 1 where there is such a kernel
    whole: Floats  # (N, G): facts of the inference
    least: Floats  # (N,) s: sum of least times
    edges: Floats  # (K, K): 1 where the kernel of the row takes the result of that of the column


def as_graphs(columns: Columns, phase: InferencePhase) -> Graphs:
    """The graphs of a pass of N inferences."""
    found: Sequence[Kernel]
    if phase is InferencePhase.DECODE:
        found = decode_kernels(columns)
    else:
        found = kernels(columns, prefill_work(columns))
    by_name = {kernel.name: kernel for kernel in found}
    ordered = [by_name[name] for name in NAMES]
    present = np.stack([kernel.count > 0 for kernel in ordered], axis=1).astype(np.float64)
    nodes = np.stack([_features(kernel, columns) for kernel in ordered], axis=1)
    whole = np.log1p(np.stack([getattr(columns, name) for name in _GLOBALS], axis=1))
    least = sum_kernels(columns, found).seconds
    return Graphs(nodes * present[:, :, None], present, whole, least, adjacency())


def _features(kernel: Kernel, columns: Columns) -> Floats:
    moved = kernel.weight_bytes + kernel.activation_bytes + kernel.kv_bytes
    times = np.stack(
        [
            kernel.operations / kernel.flops,
            moved / columns.memory_bandwidth,
            kernel.network_bytes / columns.link_bandwidth,
        ],
        axis=1,
    )
    bound = times.argmax(axis=1)[:, None] == np.arange(BOUNDS)
    amounts = [
        np.log1p(kernel.operations),
        np.log1p(moved),
        np.log1p(kernel.network_bytes),
        np.log1p(1e9 * kernel.seconds(columns)),  # ns
        np.log1p(kernel.count),
    ]
    return np.concatenate([np.stack(amounts, axis=1), bound], axis=1)


@dataclass(frozen=True, slots=True)
class PhaseNetwork:
    """The network of a phase. F features of K kernels, G facts, H wide, O outputs."""

    node_mean: Floats  # (F,)
    node_scale: Floats  # (F,)
    whole_mean: Floats  # (G,)
    whole_scale: Floats  # (G,)
    own_1: Floats  # (F, H)
    before_1: Floats  # (F, H)
    kind_1: Floats  # (K, H): what kernels of a kind add
    own_2: Floats  # (H, H)
    before_2: Floats  # (H, H)
    kind_2: Floats  # (K, H)
    hidden: Floats  # (H + G, H)
    hidden_bias: Floats  # (H,)
    last: Floats  # (H, O)
    last_bias: Floats  # (O,)

    def predict(self, graphs: Graphs) -> Floats:
        """(N, O), see OUTPUTS."""
        edges, present = graphs.edges, graphs.present[:, :, None]
        sources = np.maximum(edges @ present, 1.0)
        nodes, whole = self.standard(graphs)
        for own, before, kind in (
            (self.own_1, self.before_1, self.kind_1),
            (self.own_2, self.before_2, self.kind_2),
        ):
            mean = edges @ nodes / sources
            nodes = np.maximum(nodes @ own + mean @ before + kind, 0.0) * present
        pooled = nodes.sum(axis=1) / present.sum(axis=1)
        inner = np.concatenate([pooled, whole], axis=1) @ self.hidden + self.hidden_bias
        return np.asarray(np.maximum(inner, 0.0) @ self.last + self.last_bias)

    def standard(self, graphs: Graphs) -> tuple[Floats, Floats]:
        """(N, K, F) and (N, G): standardized features."""
        nodes = np.clip((graphs.nodes - self.node_mean) / self.node_scale, -LARGEST, LARGEST)
        whole = np.clip((graphs.whole - self.whole_mean) / self.whole_scale, -LARGEST, LARGEST)
        return nodes * graphs.present[:, :, None], whole


@dataclass(frozen=True, slots=True)
class GraphModel:
    """Networks of both phases."""

    decode: PhaseNetwork
    prefill: PhaseNetwork

    def estimate(
        self, columns: Columns, graphs: Mapping[InferencePhase, Graphs] | None = None
    ) -> Estimate:
        """Times and watts of N inferences; graphs: theirs, if they are others than `as_graphs`."""
        graphs = graphs or {phase: as_graphs(columns, phase) for phase in InferencePhase}
        decode, prefill = graphs[InferencePhase.DECODE], graphs[InferencePhase.PREFILL]
        writing, reading = self.decode.predict(decode), self.prefill.predict(prefill)
        step = decode.least * np.exp(writing[:, 0])
        prompts = columns.batch / columns.output * prefill.least * np.exp(reading[:, 0])
        watts = (step * _share(writing[:, 2]) + prompts * _share(reading[:, 1])) / (step + prompts)
        itl = decode.least * np.exp(writing[:, 1])
        return Estimate(step + prompts, itl, columns.peak_w * watts)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What it is made of, by name."""
        return {
            f"{phase}.{name}": getattr(getattr(self, phase), name)
            for phase in InferencePhase
            for name in PhaseNetwork.__slots__
        }


def graphs_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> GraphModel | None:
    """The networks that `arrays` gave; None if there are none."""
    if "decode.last" not in arrays:
        return None
    decode, prefill = (
        PhaseNetwork(**{name: arrays[f"{phase}.{name}"] for name in PhaseNetwork.__slots__})
        for phase in InferencePhase
    )
    return GraphModel(decode, prefill)


def _share(logit: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))
