"""Mooncake traces: the publisher's JSON lines and the same as CSV; times in ms from zero.

JSON lines: {"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [...]}.
CSV: timestamp_ms, input_length, output_length and more columns, which are left out.
"""

from pathlib import Path

import pandas as pd

from slit.sources.streaming import Field, stream_csv, stream_json_lines
from slit.sources.trace import Trace, bin_elapsed
from slit.units import convert

LENGTHS = (Field("input_length", "prompt tokens"), Field("output_length", "output tokens"))


def read_mooncake(
    path: Path | str, *, seconds: float, start: pd.Timestamp | str | None = None
) -> Trace:
    """The trace in bins of `seconds` s counted from its time zero.

    Args:
        path: .jsonl or .csv file, also with .gz; rows in any order.
        seconds: length of a bin, s.
        start: UTC stamp of time zero; the trace has none of its own.

    Raises:
        SlitError: a mistake in the file, with its line; no request at all.
    """
    path = Path(path)
    lines = ".jsonl" in path.suffixes
    time = Field("timestamp" if lines else "timestamp_ms", "ms since the start of the trace")
    fields = (time, *LENGTHS)
    return bin_elapsed(
        stream_json_lines(path, fields) if lines else stream_csv(path, fields),
        path,
        columns={"time": time.name, "prompt": "input_length", "output": "output_length"},
        to_seconds=convert(1.0, "ms", "s"),
        seconds=seconds,
        start=start,
    )
