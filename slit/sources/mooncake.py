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
from slit.data.request_log import Layout, read_requests
from slit.data.request_times import Reading
from slit.data.trace import Note, Trace

MOONCAKE = Layout(
    time=("timestamp", "timestamp_ms"),
    prompt=("input_length",),
    output=("output_length",),
    unit="ms",
)
BAILIAN = replace(MOONCAKE, time=("timestamp",), unit="s")
BAILIAN_KEYS = {"chat_id", "parent_chat_id", "turn"}


def read_mooncake_or_bailian(path: Path | str, layout: Layout, reading: Reading) -> Trace:
    """The trace, in the unit of the publisher whose keys the file has."""
    path = Path(path)
    if layout is not MOONCAKE or reading.unit or not is_json(path):
        return read_requests(path, layout, reading)
    if not read_objects(path).sample.keys() >= BAILIAN_KEYS:
        return read_requests(path, layout, reading)
    trace = read_requests(path, BAILIAN, reading)
    note = Note("keys of Qwen-Bailian: read as its trace, in s", 'format = "bailian"')
    return replace(trace, notes=(note, *trace.notes))
