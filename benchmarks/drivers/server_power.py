"""Predicted wall power of servers beside what MLPerf Inference measured at the plug.

Usage: python -m benchmarks.drivers.server_power

Needs the shared data (results of MLPerf Inference 4.1 and 5.1 with power). Neither batches nor GPUs
a replica are published: here the fewest GPUs that hold the model with a batch of BATCHES[-1], and
the largest batch that fits; lengths of prompts and answers are assumed. The watts are what is to be
compared; tokens depend on an engine that is tuned for one dataset.
"""

import json
from dataclasses import dataclass

import pandas as pd

from benchmarks.measuring.shared_data import shared_folder
from slit.errors import SlitError
from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig, Precision
from slit.predictor.gpus import find_gpu
from slit.predictor.models import shipped_model
from slit.predictor.prediction import predict

FIRST = "llm_energy/mlcommons__inference_results_v4.1/summary_results.json"
SECOND = "llm_energy/mlcommons__inference_results_v5.1/power_results.csv"
BATCHES = 1024, 512, 256, 128
NODE_GPUS = 8
MODELS = {
    "llama2-70b-99": ("Llama-2-70B", 150.0, 294.0),
    "mixtral-8x7b": ("Mixtral-8x7B", 250.0, 145.0),
    "llama3.1-8b": ("Llama-3.1-8B", 780.0, 80.0),
    "llama3.1-405b": ("Llama-3.1-405B", 9400.0, 680.0),
}
"""Model here, tokens of a prompt and of an answer (roughly those of the datasets: assumed)."""
PRECISIONS = {"fp16": Precision.BF16, "fp8": Precision.FP8, "fp4": Precision.MXFP4}


@dataclass(frozen=True, slots=True)
class ServerRun:
    """One result with power: a server of NODE_GPUS GPUs."""

    model: str
    gpu: str
    precision: str
    scenario: str
    tokens_per_s: float
    wall_w: float


def read_runs() -> list[ServerRun]:
    """The results of language models that have power."""
    first = pd.DataFrame(json.loads((shared_folder() / FIRST).read_text()))
    tables = [first[first["has_power"]], pd.read_csv(shared_folder() / SECOND)]
    return [
        ServerRun(
            model=row["Model"],
            gpu=row["Accelerator"].removeprefix("NVIDIA ").split("-")[0],
            precision=row["weight_data_types"],
            scenario=row["Scenario"],
            tokens_per_s=row["Performance_Result"],
            wall_w=row["Power_Result"],
        )
        for table in tables
        for row in table.to_dict("records")
        if row["Model"] in MODELS and row["a#"] == NODE_GPUS
    ]


def configuration(run: ServerRun) -> InferenceConfig:
    """What is predicted for a result.

    Raises:
        SlitError: it fits on no such server.
    """
    name, prompt, output = MODELS[run.model]
    for gpus in (1, 2, 4, 8):
        for batch in BATCHES if gpus < NODE_GPUS else (*BATCHES, 64, 32, 16):
            config = InferenceConfig(
                architecture=find_architecture(name), gpu=find_gpu(run.gpu), batch=batch,
                prompt=prompt, output=output, gpus=gpus, precision=PRECISIONS[run.precision],
            )  # fmt: skip
            try:
                config.check_fits()
            except SlitError:
                continue
            return config
    raise SlitError(f"{name} on {NODE_GPUS} x {run.gpu}: expected a server that holds it")


def main() -> None:
    """Print a table (Markdown)."""
    model = shipped_model()
    print("| server, weights | model | MLPerf W | predicted W (90 %) | token/s | predicted |")
    print("|---|---|---:|---:|---:|---:|")
    for run in read_runs():
        config = configuration(run)
        found = predict(model, [config])
        replicas = NODE_GPUS // config.gpus
        watts = found.power_w
        value, low, high = (replicas * each[0] for each in (watts.value, watts.low, watts.high))
        joules = found.energy_j.value[0] / config.output
        print(
            f"| 8 x {run.gpu}, {run.precision} | {run.model}, {run.scenario.lower()} "
            f"| {run.wall_w:,.0f} | {value:,.0f} ({low:,.0f}-{high:,.0f}) "
            f"| {run.tokens_per_s:,.0f} | {value / joules:,.0f} |"
        )


if __name__ == "__main__":
    main()
