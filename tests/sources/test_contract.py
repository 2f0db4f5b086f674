"""The contract suite of trace readers on all of them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from slit.data.trace import Trace
from slit.testing import TraceContract
from slit.testing.traces import Request
from tests.data.reading import read_trace

ZERO = pd.Timestamp("2024-05-10T00:00:00")


class TestAzure(TraceContract):
    def text(self, requests: Sequence[Request]) -> str:
        rows = ["TIMESTAMP,ContextTokens,GeneratedTokens"]
        for seconds, prompt, output in requests:
            stamp = ZERO + pd.Timedelta(seconds=seconds)
            rows.append(f"{stamp:%Y-%m-%d %H:%M:%S.%f},{prompt},{output}")
        return "\n".join(rows) + "\n"

    def read(self, path: Path, *, seconds: float) -> Trace:
        return read_trace("azure", path, seconds=seconds, zone="UTC")


class TestBurstGpt(TraceContract):
    def text(self, requests: Sequence[Request]) -> str:
        rows = ["Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type"]
        for seconds, prompt, output in requests:
            rows.append(f"{seconds:g},GPT-4,{prompt},{output},{prompt + output},API log")
        return "\n".join(rows) + "\n"

    def read(self, path: Path, *, seconds: float) -> Trace:
        return read_trace("burstgpt", path, seconds=seconds)


class TestVidur(TraceContract):
    def text(self, requests: Sequence[Request]) -> str:
        rows = ["arrived_at,num_prefill_tokens,num_decode_tokens"]
        rows += [f"{seconds},{prompt},{output}" for seconds, prompt, output in requests]
        return "\n".join(rows) + "\n"

    def read(self, path: Path, *, seconds: float) -> Trace:
        return read_trace("vidur", path, seconds=seconds)


class TestMooncake(TraceContract):
    suffix = ".jsonl"

    def text(self, requests: Sequence[Request]) -> str:
        return "".join(
            json.dumps(
                {
                    "timestamp": round(seconds * 1000),
                    "input_length": prompt,
                    "output_length": output,
                    "hash_ids": [0],
                }
            )
            + "\n"
            for seconds, prompt, output in requests
        )

    def read(self, path: Path, *, seconds: float) -> Trace:
        return read_trace("mooncake", path, seconds=seconds)


class TestMooncakeTable(TestMooncake):
    suffix = ".csv"

    def text(self, requests: Sequence[Request]) -> str:
        rows = ["timestamp_ms,input_length,output_length,n_blocks,n_blocks_seen_before"]
        rows += [
            f"{seconds * 1000:g},{prompt},{output},1,0" for seconds, prompt, output in requests
        ]
        return "\n".join(rows) + "\n"
