"""Mooncake traces, and Qwen-Bailian's, which have the same keys but count in seconds.

Mooncake's JSON lines, ms from zero: {"timestamp": 27482, "input_length": 6955, "output_length": 52,
"hash_ids": [...]}; as CSV timestamp_ms, input_length, output_length and more columns. Qwen-Bailian
(github.com/alibaba-edu/qwen-bailian-usagetraces-anon), s from zero: {"chat_id": 159,
"parent_chat_id": 55, "timestamp": 61.114, "input_length": 521, "output_length": 132, "type":
"text", "turn": 2, "hash_ids": [...]}.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from slit.data.json_batches import is_json, read_objects
from slit.data.request_log import Layout, RequestStream, open_requests
from slit.data.request_times import LogOptions
from slit.data.text_files import open_text
from slit.data.trace import Note
from slit.errors import SlitError

MOONCAKE = Layout(
    time=("timestamp", "timestamp_ms"),
    prompt=("input_length",),
    output=("output_length",),
    unit="ms",
)
BAILIAN = replace(MOONCAKE, time=("timestamp",), unit="s")
BLOCK_TOKENS = {"ms": 512, "s": 16}
"""Of a block of prompt tokens, by the unit of the log's times: Mooncake's, Qwen-Bailian's."""
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


def cached_share(path: Path, layout: Layout = MOONCAKE) -> float:
    """Share of a log's prompt tokens in leading blocks that an earlier request had too: what a
    prefix cache holds that forgets nothing and serves all nodes, which is the most there can be.

    Read are `hash_ids`, or the column n_blocks_seen_before of a CSV. Qwen-Bailian hashes each block
    by itself, whatever came before it, so that a few hits more are counted than a cache has
    (huggingface.co/datasets/maxbromberg/flux-traces, discussion 1: 0.2 and 1.4 % of them).

    Raises:
        SlitError: no such column, or what is no number there.
    """
    block = BLOCK_TOKENS[layout.unit or "ms"]
    if is_json(path) and read_objects(path).sample.keys() >= BAILIAN_KEYS:
        block = BLOCK_TOKENS["s"]
    cached, total = 0, 0
    for length, seen in _blocks(path):
        total += length
        cached += min(seen * block, length)
    if not total:
        raise SlitError(f"{path}: no prompt tokens, expected requests with blocks")
    return cached / total


def _blocks(path: Path) -> Iterator[tuple[int, int]]:
    """Prompt tokens of each request, and how many of its leading blocks were there before."""
    known: set[int] = set()
    try:
        with open_text(path) as file:
            if not is_json(path):
                for row in csv.DictReader(file):
                    yield int(row["input_length"]), int(row["n_blocks_seen_before"])
                return
            for line in file:
                if line.strip():
                    entry = json.loads(line)
                    blocks = [int(each) for each in entry["hash_ids"]]
                    new = (n for n, each in enumerate(blocks) if each not in known)
                    yield int(entry["input_length"]), next(new, len(blocks))
                    known.update(blocks)
    except (KeyError, TypeError, ValueError) as error:
        raise SlitError(
            f"{path}: {error}, expected hash_ids of each request (JSON lines), or columns "
            "input_length and n_blocks_seen_before"
        ) from None
