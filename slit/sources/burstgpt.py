"""BurstGPT traces: version 1 with 6 columns, version 2 with 8 (Session ID, Elapsed time).

Times are seconds; in version 1 from 00:00 of the first day (campus local time), in version 2 not
from zero. A response of 0 tokens is a failed request.
"""

from pathlib import Path

import pandas as pd

from slit.sources.clock import Reading
from slit.sources.files import read_header
from slit.sources.request_log import Layout, read_requests
from slit.sources.trace import Trace

BURSTGPT = Layout(
    time=("Timestamp",),
    prompt=("Request tokens",),
    output=("Response tokens",),
    model=("Model",),
    unit="s",
)


def read_burstgpt(
    path: Path | str,
    *,
    seconds: float,
    model: str | None = None,
    log_type: str | None = None,
    failures: bool = False,
    start: pd.Timestamp | str | None = None,
) -> Trace:
    """The trace in bins of `seconds` s counted from its time zero.

    Args:
        path: CSV file, also gzipped; rows in any order.
        seconds: length of a bin, s.
        model: only requests of this model, for example "ChatGPT" or "GPT-4".
        log_type: only requests of this kind, "Conversation log" or "API log".
        failures: count requests without a response too.
        start: UTC stamp of time zero; the trace has none of its own.

    Raises:
        SlitError: a mistake in the file, with line and column; an unknown model or log type; no
            request at all.
    """
    reading = Reading(
        seconds=seconds,
        model=model,
        where={} if log_type is None else {"Log Type": (log_type,)},
        start=start,
        without_output="count" if failures else "leave_out",
    )
    return read_requests(path, BURSTGPT, reading)


def is_version_2(path: Path | str) -> bool:
    """Whether the file has the session columns of version 2.

    Raises:
        SlitError: missing, empty or not UTF-8.
    """
    return "Session ID" in read_header(Path(path))
