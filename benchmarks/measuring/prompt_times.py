"""Measured times of prompts and tokens: Splitwise, SageServe and the Argonne benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.measuring.shared_data import shared_folder
from operators.types import Floats
from slit.data.table import Table
from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig
from slit.predictor.gpus import find_gpu
from slit.scenario.references import FileLayout
from slit.scenario.table_files import read_table

SPLITWISE = "llm_perf/sageserve_perf_model.csv"
SAGESERVE = tuple(
    f"llm_perf/sageserve_{model}-tp-{gpus}.csv"
    for model in ("Llama-3.1-8B", "Llama-3.2-3B")
    for gpus in (2, 4)
)
ARGONNE = "llm_energy/argonne-lcf__LLM-Inference-Bench/Plots/Fig_21/all_results_TTFT.csv"
_GPUS = {"a100-80gb": "A100", "h100-80gb": "H100", "Nvidia A100 GPU": "A100",
         "Nvidia H100 GPU": "H100"}  # fmt: skip
_MODELS = {"llama2-70b": "Llama-2-70B", "Llama-2-7b-hf": "Llama-2-7B"}
_KEY = ("model", "hardware", "tensor_parallel", "prompt_size", "batch_size", "token_size")
_OUTPUT = 128
"""Tokens written in rows that are about prompts; Splitwise's others repeat those."""


@dataclass(frozen=True, slots=True)
class PromptTimes:
    """Batches of prompts that are read at once, (N,) each; rows of a group share model and GPUs."""

    configs: list[InferenceConfig]
    groups: list[str]
    prompt_s: Floats
    token_s: Floats  # mean time between tokens; NaN where it is not stated

    def __len__(self) -> int:
        return len(self.configs)


def read_splitwise() -> PromptTimes:
    """llama2-70b and bloom-176b on 2 to 8 GPUs, medians of repetitions; no rows under a power cap
    (`-pcap`). Times are ms."""
    table = read_table(shared_folder() / SPLITWISE, FileLayout())
    rows = table.where({"hardware": ["a100-80gb", "h100-80gb"]})
    return _medians([rows], seconds=1e-3, by_token=False)


def read_sageserve() -> PromptTimes:
    """Llama 3 of 8 and 3 billion weights on A100, one prompt at a time. Times are s, of all
    tokens."""
    tables = [read_table(shared_folder() / name, FileLayout()) for name in SAGESERVE]
    return _medians([each.where({"batch_size": 1}) for each in tables], seconds=1.0, by_token=True)


def read_argonne() -> PromptTimes:
    """16 prompts of 1,024 tokens on one GPU: time to first token of vLLM and TensorRT-LLM."""
    table = read_table(shared_folder() / ARGONNE, FileLayout())
    wanted = {"Hardware": ["Nvidia A100 GPU", "Nvidia H100 GPU"],
              "Framework": ["vLLM", "TensorRT-LLM"]}  # fmt: skip
    rows = list(table.where(wanted).records())
    configs = [
        _config(row["Model"].split("/")[1].removeprefix("Meta-").removesuffix("-v0.1"),
                row["Hardware"], batch=16, prompt=1024, output=_OUTPUT, gpus=1)
        for row in rows
    ]  # fmt: skip
    found = np.array([float(row["Latency"]) for row in rows])
    groups = [f"{row['Framework']} {row['Model']} {row['Hardware']}" for row in rows]
    return PromptTimes(configs, groups, found, np.full(len(rows), np.nan))


def _medians(tables: Sequence[Table], *, seconds: float, by_token: bool) -> PromptTimes:
    asked: dict[tuple[str, ...], list[tuple[float, float]]] = {}
    for table in tables:
        for row in table.records():
            key = tuple(row[name] for name in _KEY)
            tokens = float(row["token_size"]) if by_token else 1.0
            both = float(row["prompt_time"]), float(row["token_time"]) / tokens
            asked.setdefault(key, []).append(both)
    times = seconds * np.array([np.median(found, axis=0) for found in asked.values()])
    configs = [
        _config(model, gpu, gpus=int(gpus), prompt=int(prompt), batch=int(batch),
                output=int(output))
        for model, gpu, gpus, prompt, batch, output in asked
    ]  # fmt: skip
    groups = [" ".join(key[:3]) for key in asked]
    return PromptTimes(configs, groups, times[:, 0], times[:, 1])


def _config(
    model: str, gpu: str, *, gpus: int, prompt: int, batch: int, output: int
) -> InferenceConfig:
    return InferenceConfig(
        architecture=find_architecture(_MODELS.get(model, model)),
        gpu=find_gpu(_GPUS[gpu]),
        batch=batch,
        prompt=prompt,
        output=output,
        gpus=gpus,
    )
