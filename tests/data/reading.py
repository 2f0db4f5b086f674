"""A trace read as a stream of a scenario names it."""

from pathlib import Path
from typing import Any

from slit.data.request_times import LogOptions
from slit.data.trace import Trace
from slit.sources.trace_formats import FORMATS


def read_trace(name: str, path: Path, **stated: Any) -> Trace:
    return FORMATS[name].read(path, LogOptions(**stated), None)
