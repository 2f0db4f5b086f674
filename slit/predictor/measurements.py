"""Measured inferences: the table of ML.ENERGY v3, as `slit predictor` takes it."""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.files import read_file
from slit.predictor.calibration import Estimate
from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig, Precision
from slit.predictor.gpus import find_gpu

PROMPT_TOKENS = {"lm-arena-chat": 200.0, "gpqa": 250.0, "sourcegraph-fim": 1500.0}
"""Assumed: the table does not say how long the prompts of its tasks were."""
_PRECISIONS = {"bfloat16": "bf16"}
_TEXT = ("task", "gpu_model", "model_id", "weight_precision")
_NUMBERS = (
    "avg_batch_size",
    "avg_output_len",
    "avg_power_watts",
    "data_parallel",
    "energy_per_token_joules",
    "expert_parallel",
    "median_itl_ms",
    "num_gpus",
    "output_throughput_tokens_per_sec",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Configurations with what was measured; power is that of the GPUs alone."""

    configs: list[InferenceConfig]
    models: list[str]
    measured: Estimate
    token_j: Floats  # (N,) J of all GPUs for one output token, prompts included
    digest: str  # SHA-256 of the file

    def __len__(self) -> int:
        return len(self.configs)


def read_measurements(path: Path) -> Measurements:
    """The rows of a table with the columns of `mlenergy_v3_llm_energy.csv`.

    Raises:
        SlitError: a missing column, a cell that is no positive number, an unknown model, GPU, task
            or precision.
    """
    content = read_file(path, holding="a table of measured inferences (CSV)")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SlitError(f"{path}: no UTF-8, expected a table (CSV)") from error
    reader = csv.DictReader(io.StringIO(text))
    for name in (*_TEXT, *_NUMBERS):
        if name not in (reader.fieldnames or ()):
            raise SlitError(f"{path}: no column {name}, expected {', '.join((*_TEXT, *_NUMBERS))}")
    rows = list(_rows(path, reader))
    if not rows:
        raise SlitError(f"{path}: no rows, expected measured inferences")
    configs = [config for config, _, _ in rows]
    numbers = {name: np.array([found[name] for _, _, found in rows]) for name in _NUMBERS}
    return Measurements(
        configs=configs,
        models=[model for _, model, _ in rows],
        measured=Estimate(
            step_s=numbers["avg_batch_size"] / numbers["output_throughput_tokens_per_sec"],
            itl_s=numbers["median_itl_ms"] / 1e3,
            gpu_w=numbers["avg_power_watts"] / numbers["num_gpus"],
        ),
        token_j=numbers["energy_per_token_joules"],
        digest=hashlib.sha256(content).hexdigest(),
    )


def _rows(
    path: Path, reader: "csv.DictReader[str]"
) -> Iterator[tuple[InferenceConfig, str, dict[str, float]]]:
    for row in reader:
        where = f"{path}:{reader.line_num}"
        numbers = {name: _number(row[name], f"{where}: {name}") for name in _NUMBERS}
        task = row["task"]
        if task not in PROMPT_TOKENS:
            raise SlitError(f"{where}: task {task!r}, expected one of {', '.join(PROMPT_TOKENS)}")
        named = _PRECISIONS.get(row["weight_precision"], row["weight_precision"])
        if named not in list(Precision):
            raise SlitError(
                f"{where}: weight_precision {named!r}, expected one of {', '.join(Precision)}"
            )
        try:
            config = InferenceConfig(
                architecture=find_architecture(row["model_id"]),
                gpu=find_gpu(row["gpu_model"]),
                batch=numbers["avg_batch_size"],
                prompt=PROMPT_TOKENS[task],
                output=numbers["avg_output_len"],
                gpus=int(numbers["num_gpus"]),
                precision=Precision(named),
                data_parallel=int(numbers["data_parallel"]),
                expert_parallel=numbers["expert_parallel"] > 1,
            )
        except SlitError as error:
            raise SlitError(f"{where}: {error}") from error
        yield config, row["model_id"], numbers


def _number(cell: str | None, where: str) -> float:
    try:
        value = float(cell or "")
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise SlitError(f"{where}: {cell!r}, expected a number above 0")
    return value
