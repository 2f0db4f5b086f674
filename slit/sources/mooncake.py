"""Mooncake traces, and Qwen-Bailian's, which have the same keys but count in seconds.

Mooncake's JSON lines, ms from zero: {"timestamp": 27482, "input_length": 6955, "output_length": 52,
"hash_ids": [...]}; as CSV timestamp_ms, input_length, output_length and more columns. Qwen-Bailian
(github.com/alibaba-edu/qwen-bailian-usagetraces-anon), s from zero: {"chat_id": 159,
"parent_chat_id": 55, "timestamp": 61.114, "input_length": 521, "output_length": 132, "type":
"text", "turn": 2, "hash_ids": [...]}.
"""

from dataclasses import replace
from pathlib import Path

from slit.data.json_batches import is_json, read_objects
from slit.data.request_log import Layout, RequestStream, open_requests
from slit.data.request_times import LogOptions
from slit.data.trace import Note

MOONCAKE = Layout(
    time=("timestamp", "timestamp_ms"),
    prompt=("input_length",),
    output=("output_length",),
    unit="ms",
)
BAILIAN = replace(MOONCAKE, time=("timestamp",), unit="s")
BAILIAN_KEYS = {"chat_id", "parent_chat_id", "turn"}


def open_mooncake(path: Path, layout: Layout, options: LogOptions) -> RequestStream:
    """The requests, in the unit of the publisher whose keys the file has."""
    if options.unit or not is_json(path) or not read_objects(path).sample.keys() >= BAILIAN_KEYS:
        return open_requests(path, layout, options)
    requests = open_requests(path, BAILIAN, options)
    requests.notes.append(
        Note("keys of Qwen-Bailian: read as its trace, in s", 'format = "bailian"')
    )
    return requests
