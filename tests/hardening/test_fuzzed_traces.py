"""Readers of traces against bytes that are no trace: a trace or a SlitError, and nothing else."""

import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slit.data.request_times import LogOptions
from slit.data.trace import Trace
from slit.errors import SlitError
from slit.scenario.demand_schema import Format
from slit.sources.servegen import read_servegen
from slit.sources.trace_formats import FORMATS

ROW = {"timestamp": 5, "input_length": 7, "output_length": 3, "hash_ids": [1, 2]}
SPEND = {
    "startTime": "2024-05-10T00:00:05.5Z", "model": "m", "prompt_tokens": 9, "completion_tokens": 3
}  # fmt: skip
BENCH = {
    "model_id": "m", "start_times": [5.5, 7.25], "input_lens": [10, 20], "output_lens": [1, 0]
}  # fmt: skip
CHUNK = "0,1.5,1.2,Gamma,0.7,2.1\n600,2.5,1.2,Gamma,0.7,2.1\n"
CORPUS: dict[str, tuple[str, ...]] = {
    "azure": (
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n"
        "2023-11-16 18:17:04.0319600,3180,8\n",
        "TIMESTAMP,Model,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00+00:00,m,7,8\n",
    ),
    "mooncake": (
        json.dumps(ROW) + "\n" + json.dumps(ROW | {"timestamp": 900_000}) + "\n",
        "timestamp_ms,input_length,output_length\n0,6758,500\n3000,7322,490\n",
    ),
    "bailian": (json.dumps(ROW | {"chat_id": 1, "parent_chat_id": -1, "turn": 1}) + "\n",),
    "burstgpt": ("Timestamp,Model,Request tokens,Response tokens\n5,GPT-4,472,18\n",),
    "vidur": ("arrived_at,num_prefill_tokens,num_decode_tokens\n0.5,472,18\n",),
    "vllm": (json.dumps(BENCH),),
    "litellm": (json.dumps([SPEND, SPEND]), json.dumps({"data": [SPEND]}), json.dumps(SPEND)),
    "log": (
        "t,p,o,who\n1715299205,9,3,a\n",
        '{"t": "1715299205500000000", "p": null, "o": 3, "x": {"n": [1]}}\n',
    ),
    "servegen": (
        "t_s,m\n0,1.5\n600,2\n",
        "model,client,t,rate\nm,0,0,1\nm,1,600,2\n",
        CHUNK,
    ),
    "servegen lengths": (
        json.dumps({"0": {"input_tokens": "{10: 0.25, 50: 0.75}", "output_tokens": "{4: 1.0}"}}),
        "model,t_s,field,n_clients,rate_share_covered,mean,p50,p95\n"
        "m,0,input_tokens,3,0.5,120,50,400\nm,0,output_tokens,3,0.5,30,20,90\n",
    ),
}
TOKENS: tuple[bytes, ...] = (
    b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b",", b"\n", b"\r", b"\r\n", b"{",
    b"}", b"[", b"]", b":", b"-", b"1e308", b"1e-320", b"1e9999", b"-1", b"NaN", b"Infinity",
    b"null", b"true", b"9" * 40, b"0x10", b"1_000", b"9999-12-31 00:00:00", b"0001-01-01T00:00Z",
    b"2023-02-30", b"2262-04-12T00:00:00Z", b"24:00:00", b"+99:00", b"Z", b"[" * 5000,
    b'{"a":' * 5000, b'"' + b"x" * 200_000 + b'"', b'{"data": []}', b"\xd8\x00", b"\xe2\x80\xa8",
    b"\\ud800", b"1715299205", b"timestamp", b"1\xc2\xb2",
)  # fmt: skip
Read = Callable[[Path], Trace]
Cut = tuple[float, int, int]
"""Where (share of the text), how many bytes are replaced, and by which token."""


def reader(name: str, text: str, folder: Path) -> Read:
    """What reads a file of the corpus."""
    if name == "servegen lengths":
        chunk = folder / "chunk-0-trace.csv"
        chunk.write_text(CHUNK)
        model = None if text.startswith("{") else "m"
        return lambda path: read_servegen(chunk, model=model, lengths=path)
    columns = {"time": "t", "prompt": "p", "output": "o"} if name == "log" else {}
    model = "m" if name == "servegen" and text != CHUNK else None
    zone = "UTC" if "zone" in FORMATS[name].takes else None
    options = LogOptions(seconds=600, columns=columns, zone=zone, model=model)
    return lambda path: FORMATS[name].read(path, options, None)


def broken(text: str, cuts: list[Cut], *, packed: bool, end: float) -> bytes:
    content = text.encode()
    for where, count, token in cuts:
        place = int(where * len(content))
        content = content[:place] + TOKENS[token % len(TOKENS)] + content[place + count :]
    if packed:
        content = gzip.compress(content, mtime=0)
    return content[: int(end * len(content)) + 1]


def holds(read: Read, path: Path, content: bytes) -> None:
    """A trace whose numbers are numbers, or one line that says what is wrong."""
    path.write_bytes(content)
    try:
        trace = read(path)
    except SlitError as error:
        str(error).encode()  # it can be printed
        return
    assert np.isfinite(trace.requests).all()
    assert (trace.requests >= 0).all()
    assert not np.isinf(trace.prompt_tokens).any()


def test_every_format_is_fuzzed_and_can_be_named() -> None:
    assert set(FORMATS) == set(CORPUS) - {"servegen lengths"} == set(get_args(Format))


@pytest.mark.parametrize("name", CORPUS)
@given(
    which=st.integers(0, 2),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 30), st.integers(0, len(TOKENS) - 1)), max_size=4
    ),
    packed=st.booleans(),
    end=st.sampled_from([1.0, 1.0, 1.0, 0.5, 0.9]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_broken_bytes_are_said(
    name: str, tmp_path: Path, which: int, cuts: list[Cut], packed: bool, end: float
) -> None:
    text = CORPUS[name][which % len(CORPUS[name])]
    content = broken(text, cuts, packed=packed, end=end)
    holds(reader(name, text, tmp_path), tmp_path / "trace.csv", content)


@pytest.mark.parametrize("name", CORPUS)
def test_the_corpus_itself_is_read(name: str, tmp_path: Path) -> None:
    for number, text in enumerate(CORPUS[name]):
        for content in (text.encode(), gzip.compress(text.encode())):
            path = tmp_path / f"trace{number}.csv"
            path.write_bytes(content)
            assert reader(name, text, tmp_path)(path).requests.sum() > 0


@pytest.mark.parametrize("name", CORPUS)
def test_a_pipe_or_a_folder_is_no_trace(name: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(SlitError, match="no regular file, expected"):
            reader(name, CORPUS[name][0], tmp_path)(path)


@pytest.mark.attack
@pytest.mark.parametrize("name", CORPUS)
def test_broken_bytes_for_long(name: str, tmp_path: Path) -> None:
    """70 CPU seconds each: ten minutes together."""
    rng = np.random.default_rng(11)
    path, count = tmp_path / "trace.csv", 0
    begin = time.process_time()
    while time.process_time() - begin < 70:
        text = CORPUS[name][rng.integers(len(CORPUS[name]))]
        cuts = [
            (float(rng.random()), int(rng.integers(30)), int(rng.integers(len(TOKENS))))
            for _ in range(rng.integers(1, 6))
        ]
        end = float(rng.choice([1.0, 1.0, 1.0, rng.random()]))
        content = broken(text, cuts, packed=bool(rng.random() < 0.2), end=end)
        try:
            holds(reader(name, text, tmp_path), path, content)
        except Exception as error:
            error.add_note(f"{name}: {content[:300]!r}, cuts {cuts}")
            raise
        count += 1
    assert count > 100
