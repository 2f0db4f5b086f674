"""Times between tokens by AIConfigurator beside those of `slit predict`, on rows that it covers.

Usage: python -m benchmarks.drivers.aiconfigurator TABLE [--seed 0]

TABLE: mlenergy_v3_llm_energy.csv. Needs `pip install aiconfigurator-core==0.12.0` (Apache-2.0, a
wheel of 82 MB with tables of measured kernels; works without a network). Prints errors of the
median time between tokens, %, for each method: AIConfigurator as it is (a decode step of vLLM, mean
over the answer), with coefficients of its step, of the batch and of a constant fitted to the other
models, and methods of slit with the model left out.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from operators.types import Floats
from slit.predictor.configs import InferenceConfig, Precision
from slit.predictor.evaluation import Split, folds, forecast_by, held_out
from slit.predictor.measurements import read_measurements
from slit.predictor.models import Method, Target

SYSTEMS = {"A100": "a100_sxm", "H100": "h100_sxm", "H200": "h200_sxm", "B200": "b200_sxm"}
MODELS = {
    "Qwen3-8B": "Qwen/Qwen3-8B",
    "Qwen3-32B": "Qwen/Qwen3-32B",
    "Qwen3-30B-A3B": "Qwen/Qwen3-30B-A3B",
    "Qwen3-Coder-30B-A3B": "Qwen/Qwen3-30B-A3B",
    "Qwen3-235B-A22B": "Qwen/Qwen3-235B-A22B",
    "Qwen3-Coder-480B-A35B": "Qwen/Qwen3-Coder-480B-A35B-Instruct",
    "DeepSeek-R1": "deepseek-ai/DeepSeek-R1",
    "DeepSeek-V3": "deepseek-ai/DeepSeek-V3",
    "DeepSeek-V3.1": "deepseek-ai/DeepSeek-V3",
    "Llama-3.1-8B": "meta-llama/Meta-Llama-3.1-8B",
    "Llama-3.1-70B": "meta-llama/Meta-Llama-3.1-70B",
    "Llama-3.1-405B": "meta-llama/Meta-Llama-3.1-405B",
    "Llama-3.3-70B": "meta-llama/Meta-Llama-3.1-70B",
    "Llama-4-Scout-17B-16E": "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    "Llama-4-Maverick-17B-128E": "meta-llama/Llama-4-Maverick-17B-128E-Instruct",
    "gpt-oss-20b": "openai/gpt-oss-20b",
    "gpt-oss-120b": "openai/gpt-oss-120b",
}
"""Models of which AIConfigurator holds the architecture, by the name here."""
OWN_FP8 = ("Qwen/Qwen3-235B-A22B", "Qwen/Qwen3-30B-A3B", "Qwen/Qwen3-32B")
"""Models whose fp8 weights have a name of their own there."""


def token_seconds(configs: list[InferenceConfig]) -> Floats:
    """(N,) mean s of a decode step by AIConfigurator; NaN for what it does not cover."""
    return np.array([_token_seconds(config) for config in configs])


def _token_seconds(config: InferenceConfig) -> float:
    path, system = MODELS.get(config.architecture.name), SYSTEMS.get(config.gpu.name)
    if path is None or system is None:
        return float("nan")
    from aiconfigurator_core.sdk import common, models, perf_database
    from aiconfigurator_core.sdk.backends.factory import get_backend
    from aiconfigurator_core.sdk.config import ModelConfig, RuntimeConfig

    facts: dict[str, Any] = {
        "tp_size": config.tensor_parallel,
        "attention_dp_size": config.data_parallel,
    }
    if config.architecture.experts:
        facts["moe_ep_size"] = config.gpus if config.expert_parallel else 1
        facts["moe_tp_size"] = 1 if config.expert_parallel else config.gpus
    if config.precision is Precision.FP8 and path in OWN_FP8:
        path = f"{path}-FP8"
    elif config.precision is Precision.FP8 and not path.startswith("deepseek"):
        facts["gemm_quant_mode"] = common.GEMMQuantMode.fp8_block
        if config.architecture.experts:
            facts["moe_quant_mode"] = common.MoEQuantMode.fp8_block
    version = perf_database.get_latest_database_version(system, "vllm")
    database = perf_database.get_database(system, "vllm", version)  # kept after the first call
    asked = RuntimeConfig(
        batch_size=max(1, round(config.batch / config.data_parallel)),
        isl=int(config.prompt),
        osl=max(2, round(config.output)),
    )
    model = models.get_model(path, ModelConfig(**facts), "vllm")
    backend = get_backend("vllm")
    ms = backend.run_static_latency_only(model, database, asked, "static_gen", 64)
    return float(ms / 1e3 / (asked.osl - 1))


def fitted(terms: Floats, truth: Floats) -> Floats:
    """Coefficients >= 0 that minimize the mean of |terms @ x / truth - 1|."""
    relative, weights = terms / truth[:, None], np.ones(len(truth))
    found = np.zeros(terms.shape[1])
    for _ in range(30):
        root = np.sqrt(weights)
        found, _residual = nnls(relative * root[:, None], root)
        weights = 1.0 / np.maximum(np.abs(relative @ found - 1.0), 0.03)
    return np.asarray(found)


def main() -> None:
    """Measure and print a table (Markdown)."""
    parser = argparse.ArgumentParser(description=" ".join(__doc__.split("\n\n")[0].split()))
    parser.add_argument("table", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    said = parser.parse_args()
    measurements = read_measurements(said.table)
    truth = measurements.measured.itl_s
    plain = token_seconds(measurements.configs)
    covered = ~np.isnan(plain)
    batch = np.array([config.batch for config in measurements.configs])
    terms = np.stack([plain, batch, np.ones(len(plain))], axis=1)
    calibrated = np.full(len(plain), np.nan)
    for known, left in folds(measurements, Split.MODEL, seed=said.seed):
        rows = known[covered[known]]
        calibrated[left] = terms[left] @ fitted(terms[rows], truth[rows])
    found = {"aiconfigurator": plain, "aiconfigurator, fitted": calibrated}
    for method in (Method.ROOFLINE, Method.TREES):
        forecast = forecast_by(measurements, method=method, seed=said.seed)
        predicted, _ = held_out(measurements, forecast, split=Split.MODEL, seed=said.seed)
        found[method.value] = predicted[:, Target.ITL_S]
    gpus = np.array([config.gpu.name for config in measurements.configs])
    print("| method | GPU | rows | MAPE | median | EBA10 | median of predicted / measured |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for name, values in found.items():
        for gpu in (None, *sorted(set(gpus))):
            rows = np.flatnonzero(covered & ((gpus == gpu) if gpu else True))
            error = 100.0 * np.abs(values[rows] / truth[rows] - 1.0)
            shown = f"{error.mean():.1f} | {np.median(error):.1f} | {np.mean(error <= 10):.0%}"
            ratio = np.median(values[rows] / truth[rows])
            print(f"| {name} | {gpu or 'all'} | {len(rows)} | {shown} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
