"""Measured speed and power of language models: three published formats.

LLM-Inference-Bench (Argonne): latency in s; its throughput counts prompt and output tokens; power
in mW and per GPU. SageServe and Splitwise: one header, two meanings, which the caller states.
ML.ENERGY: energy, power and time between tokens of the GPUs of one deployment.
"""

from collections.abc import Sequence
from enum import Enum
from pathlib import Path

import numpy as np
import pandas as pd

from slit.errors import SlitError
from slit.sources.files import read_header
from slit.sources.tables import Column, SmallTable, read_small_table
from slit.units import convert

HARDWARE = Column("Hardware", "accelerator", text=True)
DEVICES = Column("Num of Hardware", "accelerators used", low=1)
FRAMEWORK = Column("Framework", "serving engine", text=True)
MODEL = Column("Model", "model", text=True)
LENGTH = Column("Input Output Length", "prompt tokens = output tokens", low=1)
INPUT = Column("Input Length", "prompt tokens", low=1)
OUTPUT = Column("Output Length", "output tokens", low=1)
BATCH = Column("Batch Size", "requests at once", low=1)
LATENCY = Column("Latency", "whole run, s", low=0)
THROUGHPUT = Column("Throughput", "prompt and output token/s", low=0)
POWER = Column("avg_power", "mean power of a GPU, mW", low=0)
FIRST_TOKEN = Column("TTFT Latency", "time to first token, s", low=0)
RUN = (HARDWARE, DEVICES, FRAMEWORK, MODEL)


def _runs(table: SmallTable) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "hardware": table.labels(HARDWARE),
            "devices": table.numbers(DEVICES).astype(np.int64),
            "framework": table.labels(FRAMEWORK),
            "model": table.labels(MODEL),
        }
    )


def read_inference_bench(path: Path | str) -> pd.DataFrame:
    """Runs of LLM-Inference-Bench, with or without power.

    Columns: hardware, devices, framework, model, prompt_tokens, output_tokens, batch, latency_s,
    tokens_per_s (prompt and output together, all devices; with llama.cpp of one request of the
    batch) and, where measured, gpu_power_w (W per GPU, mean over the run).

    Raises:
        SlitError: a mistake in the file, with line and column.
    """
    path = Path(path)
    power = POWER.name in read_header(path)
    columns = [*RUN, LENGTH, BATCH, LATENCY, THROUGHPUT]
    table = read_small_table(path, [*columns, POWER] if power else columns)
    frame = _runs(table)
    frame["prompt_tokens"] = frame["output_tokens"] = table.numbers(LENGTH).astype(np.int64)
    frame["batch"] = table.numbers(BATCH).astype(np.int64)
    frame["latency_s"] = table.numbers(LATENCY)
    frame["tokens_per_s"] = table.numbers(THROUGHPUT)
    if power:
        frame["gpu_power_w"] = convert(table.numbers(POWER), "mW", "W")
    return frame


def read_first_tokens(path: Path | str) -> pd.DataFrame:
    """Times to the first token of LLM-Inference-Bench.

    Columns: hardware, devices, framework, model, prompt_tokens, batch, first_token_s.

    Raises:
        SlitError: a mistake in the file, with line and column.
    """
    columns = (*RUN, INPUT, OUTPUT, BATCH, FIRST_TOKEN)
    table = read_small_table(Path(path), columns, short_rows=True)
    frame = _runs(table)
    frame["prompt_tokens"] = table.numbers(INPUT).astype(np.int64)
    frame["batch"] = table.numbers(BATCH).astype(np.int64)
    frame["first_token_s"] = table.numbers(FIRST_TOKEN)
    return frame


PLAUSIBLE_STEP = (1e-4, 5.0)  # s, between any GPU reading any model once and a wrong unit


class TokenTime(Enum):
    """What the column token_time of a SageServe file holds."""

    PER_TOKEN = "per token"
    TOTAL = "total"


SAGESERVE_TEXT = (
    Column("model", "model", text=True),
    Column("hardware", "accelerator", text=True),
)
SAGESERVE_COUNTS = (
    Column("tensor_parallel", "GPUs of a replica", low=1),
    Column("prompt_size", "prompt tokens of a request", low=1),
    Column("batch_size", "requests at once", low=1),
    Column("token_size", "output tokens of a request", low=1),
)
POWERS = (
    Column("peak_power", "power over rated power", low=0, gaps=True),
    Column("average_power", "power over rated power", low=0, gaps=True),
)


def read_sageserve(
    path: Path | str,
    *,
    unit: str,
    token_time: TokenTime,
    scaled_copies: bool = False,
) -> pd.DataFrame:
    """Measurements of SageServe and Splitwise, one row a run.

    Columns: model, hardware, gpus, prompt_tokens, batch, output_tokens, prefill_s (the whole batch,
    no queue), step_s (one decode step), total_s, peak_power_share, mean_power_share (of the rated
    power; NaN where the file has 0: not measured).

    Args:
        path: CSV file.
        unit: unit of its times: "ms" in the performance model, "s" in the files of single models.
        token_time: what its token_time is: per token in the performance model, else the total.
        scaled_copies: keep the rows of power-capped hardware (-pcap), which are no measurements.

    Raises:
        SlitError: a mistake in the file with line and column; unit or meaning contradict the
            file's own end-to-end times.
    """
    path = Path(path)
    times = [
        Column(name, f"{meaning}, {unit}", low=0)
        for name, meaning in (
            ("prompt_time", "prompt processing"),
            ("token_time", "decoding"),
            ("e2e_time", "end to end"),
        )
    ]
    table = read_small_table(path, [*SAGESERVE_TEXT, *SAGESERVE_COUNTS, *POWERS, *times])
    prefill, token, total = (
        convert(table.numbers(column), unit, "s", what=f"{path}: {column.name}") for column in times
    )
    gpus, prompt, batch, output = (
        table.numbers(column).astype(np.int64) for column in SAGESERVE_COUNTS
    )
    step = token if token_time is TokenTime.PER_TOKEN else token / output
    ratio = float(np.median((prefill + step * output) / total))
    if not 0.8 <= ratio <= 1.25:
        raise SlitError(
            f"{path}: token_time: prompt and decoding make {ratio:.3g} of e2e_time, expected about "
            f"1 (token_time stated as {token_time.value})"
        )
    typical = float(np.median(step))
    if not PLAUSIBLE_STEP[0] <= typical <= PLAUSIBLE_STEP[1]:
        low, high = PLAUSIBLE_STEP
        raise SlitError(
            f"{path}: token_time: {typical:.3g} s for a decode step, expected {low:g} .. "
            f"{high:g} s (unit stated as {unit})"
        )
    frame = pd.DataFrame(
        {
            "model": table.labels(SAGESERVE_TEXT[0]),
            "hardware": table.labels(SAGESERVE_TEXT[1]),
            "gpus": gpus,
            "prompt_tokens": prompt,
            "batch": batch,
            "output_tokens": output,
            "prefill_s": prefill,
            "step_s": step,
            "total_s": total,
        }
    )
    for column, name in zip(POWERS, ("peak_power_share", "mean_power_share"), strict=True):
        values = table.numbers(column)
        frame[name] = np.where(values == 0, np.nan, values)
    if not scaled_copies:
        frame = frame[~frame["hardware"].str.endswith("-pcap")].reset_index(drop=True)
    return frame


ML_ENERGY_TEXT = {
    "task": "task", "model_id": "model", "gpu_model": "gpu", "weight_precision": "precision",
    "architecture": "architecture",
}  # fmt: skip
ML_ENERGY_COUNTS = {"num_gpus": "gpus", "tensor_parallel": "tensor_parallel",
                    "max_num_seqs": "largest_batch"}  # fmt: skip
# column of the file -> (unit of the file, name here, unit here)
ML_ENERGY_NUMBERS = {
    "total_params_billions": ("1", "parameters_b", "1"),
    "activated_params_billions": ("1", "active_parameters_b", "1"),
    "avg_batch_size": ("1", "batch", "1"),
    "avg_output_len": ("1", "output_tokens", "1"),
    "avg_power_watts": ("W", "power_w", "W"),
    "energy_per_token_joules": ("J/token", "energy_kwh_per_token", "kWh/token"),
    "energy_per_request_joules": ("J", "energy_kwh_per_request", "kWh"),
    "output_throughput_tokens_per_sec": ("token/s", "output_tokens_per_s", "token/s"),
    "median_itl_ms": ("ms", "step_s", "s"),
    "p90_itl_ms": ("ms", "step_p90_s", "s"),
    "p95_itl_ms": ("ms", "step_p95_s", "s"),
    "p99_itl_ms": ("ms", "step_p99_s", "s"),
}


def read_ml_energy(path: Path | str) -> pd.DataFrame:
    """Energy and speed of deployments, ML.ENERGY leaderboard version 3.

    Power, energy and throughput are of the `gpus` GPUs of one deployment, without the host: scale
    by 8 / gpus for a node of 8. Columns: task, model, gpu, precision, architecture, gpus,
    tensor_parallel, largest_batch, parameters_b, active_parameters_b, batch, output_tokens,
    power_w, energy_kwh_per_token, energy_kwh_per_request, output_tokens_per_s, step_s (median time
    between tokens), step_p90_s, step_p95_s, step_p99_s.

    Raises:
        SlitError: a mistake in the file, with line and column.
    """
    texts = {name: Column(name, name, text=True) for name in ML_ENERGY_TEXT}
    counts = {name: Column(name, name, low=1) for name in ML_ENERGY_COUNTS}
    numbers = {
        name: Column(name, f"{here}, {unit}" if unit != "1" else here, low=0)
        for name, (unit, here, _) in ML_ENERGY_NUMBERS.items()
    }
    wanted: Sequence[Column] = [*texts.values(), *counts.values(), *numbers.values()]
    table = read_small_table(Path(path), wanted)
    series: dict[str, object] = {}
    for name, here in ML_ENERGY_TEXT.items():
        series[here] = table.labels(texts[name])
    for name, here in ML_ENERGY_COUNTS.items():
        series[here] = table.numbers(counts[name]).astype(np.int64)
    for name, (unit, here, unit_here) in ML_ENERGY_NUMBERS.items():
        series[here] = convert(table.numbers(numbers[name]), unit, unit_here)
    return pd.DataFrame(series)
