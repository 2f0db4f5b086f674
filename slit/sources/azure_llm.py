"""Azure LLM inference traces of 2023 and 2024: TIMESTAMP, ContextTokens, GeneratedTokens.

The stamps of 2023 carry no offset (2023-11-16 18:17:03.9799600): their zone must be stated. Those
of 2024 carry one (2024-05-10 00:00:00.009930+00:00), with or without a fraction of a second.
"""

from pathlib import Path

from slit.sources.clock import Reading
from slit.sources.request_log import Layout, read_requests
from slit.sources.trace import Trace

AZURE = Layout(
    time=("TIMESTAMP",),
    prompt=("ContextTokens",),
    output=("GeneratedTokens",),
    model=("Model", "model"),
)


def read_azure_llm(path: Path | str, *, seconds: float, time_zone: str | None = None) -> Trace:
    """The trace in bins of `seconds` s, the first starting at a multiple of it since 1970 UTC.

    Args:
        path: CSV file, also gzipped; rows in any order.
        seconds: length of a bin, s.
        time_zone: zone of stamps without an offset, for example "UTC"; unused where they have one.

    Raises:
        SlitError: a mistake in the file, with line and column; stamps without offset and no zone;
            no request at all.
    """
    return read_requests(path, AZURE, Reading(seconds=seconds, zone=time_zone))
