"""One inference to be predicted: a model on GPUs, with a batch of requests."""

from dataclasses import dataclass
from enum import StrEnum

from slit.errors import SlitError
from slit.predictor.architectures import Architecture
from slit.predictor.gpus import Gpu

USABLE_MEMORY = 0.9
"""Share of a GPU's memory for weights and keys and values; vLLM's default."""


class Precision(StrEnum):
    """How weights are kept."""

    BF16 = "bf16"
    FP8 = "fp8"
    INT4 = "int4"
    MXFP4 = "mxfp4"


WEIGHT_BYTES = {
    Precision.BF16: 2.0,
    Precision.FP8: 1.0,
    Precision.INT4: 0.53125,  # 4 bits, and 16 bits of scale for each 64 weights
    Precision.MXFP4: 0.53125,  # 4 bits, and 8 bits of scale for each 32 weights (OCP MX 1.0)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceConfig:
    """A model on the GPUs of one replica, which reads prompts and writes a batch of answers."""

    architecture: Architecture
    gpu: Gpu
    batch: float  # requests in progress at a time
    prompt: float  # tokens of a request that are read
    output: float  # tokens that are written
    gpus: int = 1  # of one replica
    precision: Precision = Precision.BF16  # of the weights of layers; embeddings stay bf16
    kv_bytes: float = 2.0  # of one number of keys and values
    data_parallel: int = 1  # copies of attention; the rest of the GPUs share it (tensor parallel)
    expert_parallel: bool = False  # whole experts on each GPU, not slices of all

    def __post_init__(self) -> None:
        for name in ("batch", "prompt", "output", "gpus", "data_parallel"):
            value = getattr(self, name)
            if not value > 0 or value == float("inf"):
                unit = "tokens" if name in ("prompt", "output") else "a number"
                raise SlitError(f"{name}: {value}, expected above 0 ({unit})")
        if self.gpus % self.data_parallel:
            raise SlitError(
                f"data parallel: {self.data_parallel}, expected to divide {self.gpus} GPUs"
            )
        if self.architecture.heads % self.tensor_parallel:
            raise SlitError(
                f"gpus: {self.tensor_parallel}, expected to divide the {self.architecture.heads} "
                f"heads of {self.architecture.name} (GPUs that share one copy of attention)"
            )

    @property
    def tensor_parallel(self) -> int:
        """GPUs that share one copy of attention."""
        return self.gpus // self.data_parallel

    @property
    def layer_bytes(self) -> float:
        """Bytes of one weight of a dense layer and of attention: formats of experts are for
        experts only where there are any (gpt-oss)."""
        if self.precision is Precision.MXFP4 and self.architecture.experts:
            return WEIGHT_BYTES[Precision.BF16]
        return WEIGHT_BYTES[self.precision]

    @property
    def weight_bytes(self) -> float:
        """Weights of one replica, B."""
        model = self.architecture
        experts = model.moe_layers * model.experts * model.expert_weights
        attention = model.attention_layers * model.attention_weights
        copied = (self.data_parallel - 1) * attention * self.layer_bytes
        rest = model.parameters - experts - model.embedding_weights
        return (
            experts * WEIGHT_BYTES[self.precision]
            + rest * self.layer_bytes
            + copied
            + model.embedding_weights * 2.0
        )

    @property
    def kv_cache_bytes(self) -> float:
        """Keys, values and states of a whole batch at its longest, B, over all GPUs."""
        model = self.architecture
        length = self.prompt + self.output
        windowed = min(length, model.window) if model.window_layers else 0.0
        tokens = (model.attention_layers - model.window_layers) * length
        tokens += model.window_layers * windowed
        copies = (
            self.tensor_parallel
            if model.kv_rank
            else max(1.0, self.tensor_parallel / model.kv_heads)
        )
        state = model.mamba_layers * model.mamba_inner * model.mamba_state * 2.0
        return self.batch * (tokens * model.kv_values * self.kv_bytes * copies + state)

    def check_fits(self) -> None:
        """Refuse what does not fit. Raises SlitError with the bytes."""
        need = self.weight_bytes + self.kv_cache_bytes
        room = USABLE_MEMORY * self.gpus * self.gpu.memory_bytes
        if need > room:
            raise SlitError(
                f"{self.architecture.name} on {self.gpus} x {self.gpu.name}: "
                f"{self.weight_bytes / 1e9:.1f} GB of weights and "
                f"{self.kv_cache_bytes / 1e9:.1f} GB of keys and values for a batch of "
                f"{self.batch:g}, expected at most {room / 1e9:.1f} GB "
                f"({USABLE_MEMORY:.0%} of the memory)"
            )

    @property
    def what_runs(self) -> str | None:
        """What computes instead, where the GPU has no units for the precision."""
        if self.precision is Precision.FP8 and not self.gpu.fp8_flops:
            return f"{self.gpu.name} has no fp8 units: weights are read as fp8, computed as bf16"
        if self.precision is Precision.MXFP4 and not self.gpu.fp4_flops:
            return f"{self.gpu.name} has no fp4 units: weights are read as mxfp4, computed as bf16"
        if self.precision is Precision.INT4:
            return "weights are read as int4, computed as bf16"
        return None

    @property
    def flops(self) -> float:
        """Peak of one GPU for products with the weights of layers, operation/s."""
        if self.precision in (Precision.FP8, Precision.MXFP4) and self.what_runs is None:
            return self.gpu.fp8_flops or self.gpu.bf16_flops
        return self.gpu.bf16_flops
