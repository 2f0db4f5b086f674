"""demand_shape.csv: the shape of a local day and the size of a request, by request class.

No public trace says where and on what local hour its requests arise. The mean day of a ServeGen
model is therefore shifted so that its minimum falls on 04:00 local standard time, and which trace
stands for which class is our choice: all rows are flagged estimated.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from table_files import write_table

COLUMNS = (
    "class", "hour_local", "relative_rate", "prompt_tokens", "output_tokens", "source", "estimated",
)  # fmt: skip
QUIET_HOUR = 4
# The smallest context window of the variants (Llama 3): longer requests fit no variant of it.
LONGEST = 8192
# class: ServeGen model of the daily shape, trace of the lengths
CLASSES = {
    "chat": ("m-small", "AzureLLMInferenceTrace_conv_2023"),
    "code": ("m-large", "AzureLLMInferenceTrace_code_2023"),
    "summarization": ("m-mid", "mooncake_conversation"),
}


def mean_day(data: Path, model: str) -> np.ndarray:
    """Relative rate (24,), mean 1, minimum at QUIET_HOUR; days weigh alike, zeros are outages."""
    rates = pd.read_csv(data / "llm_traces" / "servegen_total_rate_10min.csv")[["t_s", model]]
    rates = rates.dropna()
    rates = rates[rates[model] > 0]
    day, hour = rates["t_s"] // 86400, rates["t_s"] % 86400 // 3600
    relative = rates[model] / rates.groupby(day)[model].transform("mean")
    shape = relative.groupby(hour).mean().to_numpy()
    shape = np.roll(shape, QUIET_HOUR - int(shape.argmin()))
    return shape / shape.mean()


def mean_lengths(data: Path, trace: str) -> tuple[float, float]:
    """Mean prompt and output tokens of the requests that fit LONGEST tokens."""
    frame = pd.read_csv(data / "llm_traces" / f"{trace}.csv")
    prompt, output = (
        ("ContextTokens", "GeneratedTokens")
        if "ContextTokens" in frame
        else ("input_length", "output_length")
    )
    frame = frame[frame[prompt] + frame[output] <= LONGEST]
    return float(frame[prompt].mean()), float(frame[output].mean())


def build_demand_shape(data: Path, output: Path) -> int:
    """Write demand_shape.csv: 3 classes x 24 hours."""
    rows = []
    for kind, (model, trace) in CLASSES.items():
        prompt, answer = mean_lengths(data, trace)
        for hour, rate in enumerate(mean_day(data, model)):
            rows.append(
                {
                    "class": kind,
                    "hour_local": hour,
                    "relative_rate": float(rate),
                    "prompt_tokens": float(prompt),
                    "output_tokens": float(answer),
                    "source": f"shape: ServeGen {model}, 14 days; lengths: {trace}, requests of "
                    f"at most {LONGEST} tokens",
                    "estimated": 1,
                }
            )
    return write_table(output / "demand_shape.csv", COLUMNS, rows)
