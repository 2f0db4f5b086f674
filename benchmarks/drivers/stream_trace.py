"""Stream a trace of millions of rows: seconds and peak memory of the reader.

Usage: python -m benchmarks.drivers.stream_trace [--rows 10000000] [--seconds 600]

Writes an Azure-style trace (2024 stamps, one week) to a temporary folder and reads it in a process
of its own, so that writing does not count. Prints one JSON object.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CHUNK = 1_000_000
WEEK_SECONDS = 7 * 86400


def write_trace(path: Path, rows: int) -> None:
    """Write so many rows of sorted stamps and plausible lengths, the same at every call."""
    import pyarrow as pa
    from pyarrow import compute, csv

    rng = np.random.default_rng(20240510)
    start = np.datetime64("2024-05-10T00:00:00", "us")
    names = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"]
    schema = pa.schema([(names[0], pa.string()), (names[1], pa.int64()), (names[2], pa.int64())])
    options = csv.WriteOptions(quoting_style="none")
    with csv.CSVWriter(path, schema, write_options=options) as writer:
        for first in range(0, rows, CHUNK):
            count = min(CHUNK, rows - first)
            microseconds = (np.arange(first, first + count) + 0.5) / rows * WEEK_SECONDS * 1e6
            stamps = pa.array(start + microseconds.astype("timedelta64[us]"))
            text = compute.strftime(stamps, format="%Y-%m-%d %H:%M:%S")
            text = compute.binary_join_element_wise(text, "+00:00", "")
            prompt = rng.lognormal(6.5, 1.0, count).astype(np.int64)
            output = rng.lognormal(4.5, 1.0, count).astype(np.int64)
            writer.write_table(pa.table([text, prompt, output], schema=schema))


def read_once(path: Path, seconds: float) -> dict[str, float]:
    """Read the trace in this process: seconds, peak memory, and what came out."""
    from slit.data.request_times import LogOptions
    from slit.sources.trace_formats import FORMATS

    began = time.perf_counter()
    trace = FORMATS["azure"].read(path, LogOptions(seconds=seconds), None)
    spent = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": round(spent, 2),
        "peak_mb": round(peak),
        "bins": len(trace.requests),
        "requests": float(trace.requests.sum()),
    }


def main() -> None:
    """Write, read in a fresh process, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(read_once(arguments.read, arguments.seconds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.csv"
        write_trace(path, arguments.rows)
        command = [sys.executable, "-m", "benchmarks.drivers.stream_trace", "--read", str(path)]
        command += ["--seconds", str(arguments.seconds)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        size = round(path.stat().st_size / 2**20)
    print(json.dumps({"rows": arguments.rows, "file_mb": size, **json.loads(done.stdout)}))


if __name__ == "__main__":
    main()
