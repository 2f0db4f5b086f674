"""services.csv: how fast a node serves a model, from published measurements.

Decode: LLM-Inference-Bench (Argonne), TensorRT-LLM. A run of batch b and L prompt and L output
tokens takes `latency = prefill + (L - 1) steps`; the time of a step is fitted over batches and
lengths as step = fixed + b (per_request + per_token * context) with the mean context 1.5 L, by
relative least squares, and stated at one context.

Prefill: the time to the first token of 16 prompts of 1,024 tokens (Argonne, one GPU), and of
Llama-2-70B on 4 and Llama-3.1-8B on 2 GPUs (SageServe), scaled by the parameters a token passes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from table_files import write_table
from table_variants import MODELS, Model

CONTEXT_TOKENS = 1536
BATCH = 64
COLUMNS = (
    "node_type", "variant", "gpus_per_replica", "batch", "context_tokens",
    "prefill_rate_tokens_per_s", "prefill_fixed_s", "prefill_slope_s_per_token",
    "decode_rate_tokens_per_s", "step_fixed_s", "step_slope_s", "largest_misfit", "source",
    "prefill_estimated", "one_prompt_estimated", "decode_estimated",
)  # fmt: skip

# GPUs per replica: what was measured. On A100 the smallest measured for Qwen2-7B is two.
REPLICA_GPUS = {
    "A100": {"llama-3-8b": 1, "llama-3-70b": 4, "qwen2-7b": 2, "mistral-7b": 1, "mixtral-8x7b": 4},
    "H100": {"llama-3-8b": 1, "llama-3-70b": 4, "qwen2-7b": 1, "qwen2-72b": 4, "mistral-7b": 1,
             "mixtral-8x7b": 4},
}  # fmt: skip
# The benchmark's A100 has 40 GB (1,555 GB/s): two waves appear where 40 GB are exceeded.
MEASURED_GPU = {"A100": (40, 1555.0), "H100": (80, 3350.0)}
PEAK_BF16 = {"A100": 312e12, "H100": 989e12}
SAGESERVE = {"A100": "a100-80gb", "H100": "h100-80gb"}


@dataclass(frozen=True, slots=True)
class Prefill:
    """Prompt processing of one replica: sustained token/s and the line of a single prompt."""

    rate: float
    fixed: float
    slope: float
    source: str
    rate_estimated: bool
    line_estimated: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One decode step of a replica, s = fixed + slope * batch at CONTEXT_TOKENS."""

    fixed: float
    slope: float
    batch: int
    misfit: float

    def seconds(self, batch: float) -> float:
        """Seconds of one step at this batch."""
        return self.fixed + self.slope * batch


def relative_fit(terms: np.ndarray, seconds: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients >= 0 that minimize the squared relative error, and the largest one."""
    from scipy.optimize import nnls

    scaled = terms / seconds[:, None]
    coefficients, _ = nnls(scaled, np.ones(len(seconds)))
    return coefficients, float(np.abs(scaled @ coefficients - 1).max())


def argonne_runs(data: Path, gpu: str, model: Model, gpus: int) -> pd.DataFrame:
    """Valid TensorRT-LLM runs: columns length, batch, latency.

    Left out: runs beyond 90 % of the memory (they queue), runs faster than reading the weights
    once per step, and runs whose step is shorter than at half the length (both are files of
    answers that ended early).
    """
    folder = data / "llm_energy" / "argonne-lcf__LLM-Inference-Bench" / "Plots"
    frame = pd.read_csv(folder / "All_results.csv")
    frame = frame[
        (frame["Hardware"] == f"Nvidia {gpu} GPU")
        & (frame["Framework"] == "TensorRT-LLM")
        & (frame["Num of Hardware"] == gpus)
        & (frame["Model"] == model.measured_as)
    ]
    runs = pd.DataFrame(
        {
            "length": frame["Input Output Length"].astype(int),
            "batch": frame["Batch Size"].astype(int),
            "latency": frame["Latency"].astype(float),
        }
    ).sort_values(["batch", "length"])
    memory, bandwidth = MEASURED_GPU[gpu]
    weights = 2 * (model.body_b(model.experts) + 2 * model.vocabulary * model.hidden / 1e9)
    cache = runs["batch"] * 2 * runs["length"] * model.kv_bytes_per_token / 1e9
    runs = runs[weights + cache <= 0.9 * memory * gpus]
    step = runs["latency"] / runs["length"]
    runs = runs[step >= 2 * model.read_per_token_b / (gpus * bandwidth)]
    step = runs["latency"] / runs["length"]
    grows = step >= 0.98 * step.groupby(runs["batch"]).cummax().groupby(runs["batch"]).shift(1)
    first = runs.groupby("batch").cumcount() == 0
    return runs[grows | first]


def first_token_16x1024(data: Path, gpu: str, model: Model) -> float:
    """Seconds to the first token of 16 prompts of 1,024 tokens on one GPU, TensorRT-LLM."""
    folder = data / "llm_energy" / "argonne-lcf__LLM-Inference-Bench" / "Plots" / "Fig_22"
    frame = pd.read_csv(folder / "all_results_TTFT_ITL.csv").dropna(subset=["TTFT Latency"])
    row = frame[
        (frame["Hardware"] == f"Nvidia {gpu} GPU")
        & (frame["Framework"] == "TensorRT-LLM")
        & (frame["Model"] == model.measured_as)
    ]
    if len(row) != 1:
        raise ValueError(f"{gpu} {model.name}: {len(row)} times to first token, expected 1")
    return float(row["TTFT Latency"].iloc[0])


def _line(prompts: pd.Series, seconds: pd.Series) -> tuple[float, float]:
    terms = np.column_stack([np.ones(len(prompts)), prompts.to_numpy(float)])
    (fixed, slope), _ = relative_fit(terms, seconds.to_numpy(float))
    return float(fixed), float(slope)


def sageserve_70b(data: Path, gpu: str) -> Prefill:
    """Llama-2-70B on 4 GPUs: line of one prompt (128-4,096 tokens), best batched rate (512)."""
    frame = pd.read_csv(data / "llm_perf" / "sageserve_perf_model.csv")
    frame = frame[
        (frame["model"] == "llama2-70b")
        & (frame["hardware"] == SAGESERVE[gpu])
        & (frame["tensor_parallel"] == 4)
        & (frame["token_size"] == 128)
    ]
    means = frame.groupby(["prompt_size", "batch_size"], as_index=False)["prompt_time"].mean()
    means["seconds"] = means["prompt_time"] / 1000
    single = means[(means["batch_size"] == 1) & (means["prompt_size"] <= 4096)]
    batched = means[means["prompt_size"] == 512]
    rate = float((512 * batched["batch_size"] / batched["seconds"]).max())
    fixed, slope = _line(single["prompt_size"], single["seconds"])
    return Prefill(rate, fixed, slope, "Llama-2-70B on 4 GPUs (SageServe)", True, True)


def sageserve_8b_on_two(data: Path) -> Prefill:
    """Llama-3.1-8B on 2 x A100: line of one prompt (128-4,096 tokens); its slope is the rate.

    The batched rows of this file cannot be whole batches (27 times the peak): not used.
    """
    frame = pd.read_csv(data / "llm_perf" / "sageserve_Llama-3.1-8B-tp-2.csv")
    frame = frame[
        (frame["batch_size"] == 1) & (frame["token_size"] == 128) & (frame["prompt_size"] <= 4096)
    ]
    means = frame.groupby("prompt_size", as_index=False)["prompt_time"].mean()
    fixed, slope = _line(means["prompt_size"], means["prompt_time"])
    return Prefill(1 / slope, fixed, slope, "Llama-3.1-8B on 2 x A100 (SageServe)", True, True)


def prefill_of(data: Path, gpu: str, model: Model, step_floor: float) -> Prefill:
    """Prefill of one replica, measured where it was, else scaled by parameters and flagged.

    A single prompt on one GPU: a forward pass costs at least a decode step (`step_floor`, s),
    plus its tokens at the batched rate.
    """
    by_name = {known.name: known for known in MODELS}
    gpus = REPLICA_GPUS[gpu][model.name]
    if gpus == 1:
        measured = model.name in ("llama-3-8b", "mistral-7b")
        base = model if measured else by_name["llama-3-8b"]
        rate = 16 * 1024 / first_token_16x1024(data, gpu, base)
        rate *= base.active_body_b / model.active_body_b
        source = f"{base.name} 16 x 1,024 tokens on one GPU (LLM-Inference-Bench)"
        return Prefill(rate, step_floor, 1 / rate, source, not measured, True)
    if gpus == 2:
        known, base = sageserve_8b_on_two(data), by_name["llama-3-8b"]
    else:
        known, base = sageserve_70b(data, gpu), by_name["llama-3-70b"]
    scale = model.active_body_b / base.active_body_b
    return Prefill(
        known.rate / scale,
        max(known.fixed * scale, step_floor),
        known.slope * scale,
        known.source + ("" if abs(scale - 1) < 1e-9 else f", times {1 / scale:.3g}"),
        True,
        True,
    )


def step_of(runs: pd.DataFrame, prefill_rate: float) -> Step:
    """Fit the decode step on the runs, their prefill taken off."""
    lengths, batches = runs["length"].to_numpy(float), runs["batch"].to_numpy(float)
    prompts = np.maximum(lengths * batches / prefill_rate, 0.0)
    seconds = (runs["latency"].to_numpy(float) - prompts) / (lengths - 1)
    terms = np.column_stack([np.ones(len(runs)), batches, batches * 1.5 * lengths])
    (fixed, request, token), misfit = relative_fit(terms, seconds)
    batch = min(BATCH, int(batches.max()))
    return Step(float(fixed), float(request + token * CONTEXT_TOKENS), batch, misfit)


def check_physics(gpu: str, model: Model, gpus: int, prefill: Prefill, step: Step) -> None:
    """Refuse figures beyond the memory bandwidth or the arithmetic peak."""
    floor = 2 * model.read_per_token_b / (gpus * MEASURED_GPU[gpu][1])
    if step.seconds(1) < floor:
        raise ValueError(f"{gpu} {model.name}: step {step.seconds(1)} s, expected >= {floor} s")
    share = 2e9 * model.active_body_b * prefill.rate / (gpus * PEAK_BF16[gpu])
    if not 0.1 <= share <= 0.9:
        raise ValueError(f"{gpu} {model.name}: prefill at {share:.2f} of the peak")
    if prefill.rate * prefill.slope < 0.5:
        raise ValueError(f"{gpu} {model.name}: one prompt is faster than a batch")


def build_services(data: Path, output: Path) -> int:
    """Write services.csv: one row per node type and variant that was measured."""
    rows = []
    for gpu, replicas in REPLICA_GPUS.items():
        for model in MODELS:
            if model.name not in replicas:
                continue
            gpus = replicas[model.name]
            count = 8 // gpus
            runs = argonne_runs(data, gpu, model, gpus)
            floor = float((runs["latency"] / runs["length"]).min())
            prefill = prefill_of(data, gpu, model, floor)
            step = step_of(runs, prefill.rate)
            check_physics(gpu, model, gpus, prefill, step)
            rows.append(
                {
                    "node_type": f"{gpu.lower()}x8",
                    "variant": model.name,
                    "gpus_per_replica": gpus,
                    "batch": step.batch,
                    "context_tokens": CONTEXT_TOKENS,
                    "prefill_rate_tokens_per_s": count * prefill.rate,
                    "prefill_fixed_s": prefill.fixed,
                    "prefill_slope_s_per_token": prefill.slope,
                    "decode_rate_tokens_per_s": count * step.batch / step.seconds(step.batch),
                    "step_fixed_s": step.fixed,
                    "step_slope_s": step.slope,
                    "largest_misfit": round(step.misfit, 3),
                    "source": f"decode: LLM-Inference-Bench, TensorRT-LLM, {len(runs)} runs on "
                    f"{gpus} x {gpu}{' 40 GB' if gpu == 'A100' else ''}; prefill: "
                    f"{prefill.source}",
                    "prefill_estimated": int(prefill.rate_estimated),
                    "one_prompt_estimated": int(prefill.line_estimated),
                    # The 80 GB board of the node type is faster: a cautious stand-in.
                    "decode_estimated": int(gpu == "A100"),
                }
            )
    return write_table(output / "services.csv", COLUMNS, rows)
