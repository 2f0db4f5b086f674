"""Logs of any gateway: columns by name, units of times, failed requests, the recorded window."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from slit.data.request_log import Layout, open_requests
from slit.data.request_times import LogOptions
from slit.data.trace import Trace
from slit.errors import SlitError
from slit.sources.azure_llm import AZURE
from slit.sources.gateways import LITELLM, LOG
from slit.sources.mooncake import BAILIAN
from slit.sources.servegen import read_servegen, read_servegen_dataset
from slit.sources.trace_formats import FORMATS
from tests.data.reading import read_trace

Write = Callable[..., Path]
NAMES = {"time": "t", "prompt": "p", "output": "o"}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: str | bytes, name: str = "trace.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


def read(path: Path, layout: Layout = LOG, *, seconds: float = 60, **stated: Any) -> Trace:
    if layout is LOG:
        stated.setdefault("columns", NAMES)
    return open_requests(path, layout, LogOptions(seconds=seconds, **stated)).trace()


def notes(trace: Trace) -> str:
    return "\n".join(f"{note.found}, expected {note.expected}" for note in trace.notes)


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


SPEND = [
    {"request_id": "a", "startTime": "2024-05-10T00:00:05.500Z", "model": "m1",
     "prompt_tokens": 100, "completion_tokens": 10, "metadata": {"x": [1]}, "status": "success"},
    {"request_id": "b", "startTime": "2024-05-10T00:01:05Z", "model": "m2",
     "prompt_tokens": 300, "completion_tokens": 30, "metadata": {}, "status": "success"},
    {"request_id": "c", "startTime": "2024-05-10T00:01:06Z", "model": "m1",
     "prompt_tokens": 40, "completion_tokens": 0, "metadata": {}, "status": "failure"},
]  # fmt: skip


@pytest.mark.parametrize("form", ["lines", "list", "envelope"])
def test_litellm_spend_logs_as_they_are_answered(write: Write, form: str) -> None:
    text = {
        "lines": lines(*SPEND),
        "list": json.dumps(SPEND, indent=1),
        "envelope": json.dumps({"data": SPEND, "total": 3}),
    }[form]
    trace = read(write(text, "spend.json"), LITELLM)
    assert trace.start == pd.Timestamp("2024-05-10T00:00Z")
    assert_array_equal(trace.requests, [1, 1])
    assert_array_equal(trace.prompt_tokens, [100, 300])
    assert "1 requests without output tokens (failed) left out" in notes(trace)
    counted = read(write(text, "spend.json"), LITELLM, without_output="count")
    assert_array_equal(counted.requests, [1, 2])
    assert_array_equal(counted.output_tokens, [10, 15])
    assert "1 requests without output tokens (failed) counted" in notes(counted)
    only = read(write(text, "spend.json"), LITELLM, model="m2")
    assert_array_equal(only.requests, [1])
    with pytest.raises(SlitError, match="model: m3, expected one of m1, m2"):
        read(write(text, "spend.json"), LITELLM, model="m3")
    other = read(write(text, "spend.json"), LITELLM, where={"request_id": ("a", "b")})
    assert_array_equal(other.requests, [1, 1])


def test_litellm_spend_logs_as_a_table_with_empty_cells_and_lines_in_cells(write: Write) -> None:
    path = write(
        "request_id,startTime,model,prompt_tokens,completion_tokens,response\n"
        'a,2024-05-10 00:00:05.5,m1,100,10,"{""text"": ""one\ntwo""}"\n'
        "b,2024-05-10 00:00:06,m1,,,\n"
    )
    trace = read(path, LITELLM, zone="America/New_York")
    assert trace.start == pd.Timestamp("2024-05-10T04:00Z")
    assert_array_equal(trace.requests, [1])
    assert trace.written_offset is None


def test_columns_of_nested_objects_and_names_with_dots(write: Write) -> None:
    nested = write(lines({"t": 3600, "usage": {"p": 5, "o": {"n": 7}}}), "a.jsonl")
    columns = {"time": "t", "prompt": "usage.p", "output": "usage.o.n"}
    trace = read(nested, columns=columns, unit="s")
    assert (trace.prompt_tokens.tolist(), trace.output_tokens.tolist()) == ([5], [7])
    spans = write(
        lines(
            {
                "startTimeUnixNano": "1715299205500000000",
                "attributes": {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10},
            }
        ),
        "b.jsonl",
    )
    columns = {
        "time": "startTimeUnixNano",
        "prompt": "attributes.gen_ai.usage.input_tokens",
        "output": "attributes.gen_ai.usage.output_tokens",
    }
    trace = read(spans, columns=columns)
    assert trace.start == pd.Timestamp("2024-05-10T00:00Z")
    assert trace.prompt_tokens.tolist() == [100]
    assert "Unix time in ns (by the name of the column)" in notes(trace)


def test_a_list_inside_a_row_is_no_list_of_rows(write: Write) -> None:
    row = {"t": 60, "p": 5, "o": 1, "messages": [{"role": "user"}], "data": [{"t": 1}]}
    assert read(write(lines(row, row), "a.jsonl"), unit="s").requests.tolist() == [2]


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)]
)
def test_unix_time_tells_its_unit_by_its_size(write: Write, unit: str, factor: int) -> None:
    stamps = [1715299205 * factor, 1715299265 * factor]
    path = write("t,p,o\n" + "".join(f"{stamp},100,10\n" for stamp in stamps))
    trace = read(path)
    assert trace.start == pd.Timestamp("2024-05-10T00:00Z")
    assert_array_equal(trace.requests, [1, 1])
    assert f"Unix time in {unit} (by its size)" in notes(trace)
    assert_array_equal(read(path, unit=unit).requests, [1, 1])
    assert notes(read(path, unit=unit)) == ""
    assert trace.written_offset == 0


def test_times_that_are_no_unix_time_need_a_unit(write: Write) -> None:
    path = write("t,p,o\n0,100,10\n60000,100,10\n")
    with pytest.raises(SlitError, match=r"t: 0, expected time_unit \(s, ms, us or ns"):
        read(path)
    assert_array_equal(read(path, unit="ms").requests, [1, 1])
    named = write("t_ms,p,o\n0,100,10\n60000,100,10\n")
    assert "t_ms: time since the start in ms" in notes(
        read(named, columns=NAMES | {"time": "t_ms"})
    )
    mixed = write("t,p,o\n1715299205,100,10\n60,100,10\n")
    with pytest.raises(SlitError, match="expected times of one kind"):
        read(mixed)
    stamps = write("t,p,o\n2024-05-10T00:00Z,100,10\n")
    with pytest.raises(SlitError, match=r"time_unit: ms, expected none \(t holds time stamps\)"):
        read(stamps, unit="ms")
    with pytest.raises(SlitError, match=r"start: 2024.*, expected none \(t says the date\)"):
        read(stamps, start="2024-05-10T00:00Z")


def test_stamps_of_nanoseconds(write: Write) -> None:
    path = write("t,p,o\n2024-05-10T00:00:59.999999999Z,1,1\n2024-05-10T00:01:00.000000001Z,2,1\n")
    assert_array_equal(read(path).requests, [1, 1])


QWEN = [
    {"chat_id": n, "parent_chat_id": -1, "timestamp": 5.0 * n, "input_length": 50,
     "output_length": 8, "type": "text" if n % 4 else "search", "turn": 1, "hash_ids": [n]}
    for n in range(24)
]  # fmt: skip


def test_qwen_bailian_counts_in_seconds_whatever_it_is_called(write: Write) -> None:
    path = write(lines(*QWEN), "qwen.jsonl")
    for name in ("bailian", "mooncake"):
        trace = read_trace(name, path, seconds=60)
        assert_array_equal(trace.requests, [12, 12])
    assert "keys of Qwen-Bailian: read as its trace, in s" in notes(trace)
    searches = read(path, BAILIAN, where={"type": ("search",)})
    assert_array_equal(searches.requests, [3, 3])
    stated = read_trace("mooncake", path, seconds=0.06, unit="ms")
    assert_array_equal(stated.requests, [12, 12])


def test_mooncake_in_seconds_when_stated(write: Write) -> None:
    path = write(
        lines(*({"timestamp": n, "input_length": 5, "output_length": 1} for n in range(120)))
    )
    trace = read_trace("mooncake", path, seconds=60, unit="s")
    assert_array_equal(trace.requests, [60, 60])
    assumed = read_trace("mooncake", path, seconds=0.06)
    assert_array_equal(assumed.requests, [60, 60])
    assert "time since the start in ms (the unit of the format)" in notes(assumed)


BENCH = {
    "date": "20240510-000000", "backend": "vllm", "model_id": "m", "num_prompts": 4,
    "start_times": [5000.5, 5001.5, 5070.0, 5000.75], "input_lens": [10, 20, 30, 40],
    "output_lens": [1, 2, 3, 0], "errors": ["", "", "", "timeout"], "itls": [[], [0.1], [], []],
}  # fmt: skip


def test_vllm_bench_results(write: Write) -> None:
    path = write(json.dumps(BENCH), "openai-1qps.json")
    trace = read_trace("vllm", path, seconds=60)
    assert trace.start is None
    assert_array_equal(trace.requests, [2, 1])
    assert_array_equal(trace.prompt_tokens, [15, 30])
    assert trace.left_out == 1
    assert read_trace("vllm", path, seconds=60, model="m").requests.sum() == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"start_times": None}, "start_times: no list, expected"),
        ({"start_times": [0.0] * 4}, "start_times: all 0, expected the times of arrival"),
        ({"input_lens": [1]}, r"input_lens: 1 entries, expected 4 \(one a request"),
        ({"output_lens": [1, 2, 3, -1]}, "entry 4: output_lens: -1, expected a number >= 0"),
        ({"model_id": "n"}, "model_id: m, expected one of n"),
    ],
)
def test_wrong_vllm_bench_results(write: Write, change: dict[str, Any], expected: str) -> None:
    path = write(json.dumps(BENCH | change), "run.json")
    with pytest.raises(SlitError, match=expected):
        read_trace("vllm", path, seconds=60, model="m")


def test_vllm_bench_without_times_of_arrival(write: Write) -> None:
    short = {name: value for name, value in BENCH.items() if name != "start_times"}
    with pytest.raises(SlitError, match=r"no start_times, expected the times of arrival \(vllm"):
        read_trace("vllm", write(json.dumps(short), "run.json"), seconds=60)


def test_single_requests_of_a_log(write: Write) -> None:
    rows = "t,p,o,kind\n2024-05-10T00:00:05Z,9,3,a\n2024-05-10T00:00:01Z,7,0,a\n"
    path = write(f"{rows}2024-05-10T00:01:00Z,5,2,b\n2024-05-10T00:00:59.5Z,4,1,a\n")
    options = LogOptions(seconds=60, columns=NAMES, where={"kind": ("a",)})
    opened = FORMATS["log"].requests
    assert opened is not None
    stream = opened(path, options)
    (batch,) = stream.batches()
    zero = pd.Timestamp("2024-05-10T00:00Z").timestamp()
    assert_array_equal(batch.seconds - zero, [5, 59.5])  # in the order of the file
    assert_array_equal(batch.prompt, [9, 4])
    assert_array_equal(batch.output, [3, 1])
    assert stream.left_out == 2  # of another kind, and without output
    assert "1 requests without output tokens" in stream.notes[-1].found
    assert_array_equal(opened(path, options).trace().requests, [2])
    assert FORMATS["servegen"].requests is None  # rates


def test_single_requests_of_a_log_without_tokens_and_calendar(write: Write) -> None:
    options = LogOptions(seconds=60, columns={"time": "t_s"})
    opened = FORMATS["log"].requests
    assert opened is not None
    (batch,) = opened(write("t_s\n70.5\n3\n"), options).batches()
    assert_array_equal(batch.seconds, [70.5, 3])
    assert np.isnan(batch.prompt).all()
    assert np.isnan(batch.output).all()


CHUNK = "0,1.5,1.2,Gamma,0.7,2.1\n600,0.5,1.1,Weibull,0.7,2.1\n1200,0,0,,0,0\n"
DATASET = {"0": {"input_tokens": "{10: 0.25, 50: 0.75}", "output_tokens": "{4: 1.0}"}}


def test_a_chunk_of_servegen(write: Write) -> None:
    path = write(CHUNK, "chunk-0-trace.csv")
    lengths = write(json.dumps(DATASET), "chunk-0-dataset.json")
    trace = read_servegen(path, model=None, lengths=lengths)
    assert_allclose(trace.requests, [900, 300, 0])
    assert_array_equal(trace.prompt_tokens, [40, 40, np.nan])
    assert_array_equal(trace.output_tokens, [4, 4, np.nan])
    with pytest.raises(SlitError, match=r"model: m-small, expected none \(a chunk holds one"):
        read_servegen(path, model="m-small")
    wrong = write(CHUNK.replace("600,", "700,"))
    with pytest.raises(SlitError, match=r":2: t \(s\): 700, expected 600"):
        read_servegen(wrong, model=None)
    with pytest.raises(SlitError, match=r":4: 2 columns, expected t \(s\), rate"):
        read_servegen(write(CHUNK + "1800,4\n"), model=None)
    with pytest.raises(SlitError, match=r":3: rate \(requests/s\): x, expected a number >= 0"):
        read_servegen(write(CHUNK.replace("1200,0", "1200,x")), model=None)
    bad = write(json.dumps({"0": {"input_tokens": "{10; 1}"}}), "bad.json")
    with pytest.raises(SlitError, match="window 0: input_tokens: no distribution"):
        read_servegen_dataset(bad)
    with pytest.raises(SlitError, match="no windows"):
        read_servegen_dataset(write("{}", "bad.json"))


def test_a_table_of_clients_of_servegen_is_told_by_its_columns(write: Write) -> None:
    path = write("model,client,t,rate\na,0,0,1\na,1,0,2\nb,0,0,9\n")
    assert_allclose(read_servegen(path, model="a").requests, [1800])
    with pytest.raises(SlitError, match="no model, expected the name"):
        read_servegen(path, model=None)


def burst(first: float, last: float, count: int) -> str:
    times = np.linspace(first, last, count)
    return "t,p,o\n" + "".join(f"{time:.6f},100,10\n" for time in times)


def test_a_bin_that_was_recorded_in_part_is_scaled_to_the_whole(write: Write) -> None:
    # 10 requests a second from 900 s to 4500 s: a quarter of both hours is missing, then half.
    path = write(burst(900, 5400, 45_001))
    trace = read(path, seconds=3600, unit="s")
    assert_allclose(trace.requests, [36_000, 36_000], rtol=1e-3)
    assert [note.serious for note in trace.notes] == [True, True]
    assert "bin of 3600 s recorded only from 900 s to 3600 s (told by its requests)" in notes(trace)
    assert "27000 requests scaled to 36000, expected recorded_from where known" in notes(trace)
    assert_allclose(trace.prompt_tokens, [100, 100])
    stated = read(path, seconds=3600, unit="s", recorded=(0.0, 7200.0))
    assert_array_equal(stated.requests, [27_000, 18_001])
    assert notes(stated) == ""
    half = read(path, seconds=3600, unit="s", recorded=(1800.0, 5400.0))
    assert_allclose(half.requests, [36_000, 36_000], rtol=1e-3)
    assert "9001 requests outside recorded_from and recorded_to left out" in notes(half)


def test_few_requests_do_not_say_that_a_bin_was_recorded_in_part(write: Write) -> None:
    # One request in five minutes: the silence after the last one is chance.
    path = write("t,p,o\n" + "".join(f"{time},1,1\n" for time in range(0, 7200, 300)))
    trace = read(path, seconds=600, unit="s")
    assert_array_equal(trace.requests, [2] * 12)
    assert "recorded" not in notes(trace)


def test_a_sliver_of_a_bin_speaks_for_nothing(write: Write) -> None:
    path = write(burst(0, 1210, 12_101))
    trace = read(path, seconds=600, unit="s")
    assert_allclose(trace.requests, [6000, 6000], rtol=1e-3)
    assert "left out" in notes(trace)
    with pytest.raises(SlitError, match=r"101 requests within 10 s of a bin of 600 s, expected"):
        read(write(burst(0, 10, 101)), seconds=600, unit="s")


def test_a_quiet_end_can_be_stated(write: Write) -> None:
    path = write(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2024-05-10 01:10:00,5,5\n2024-05-10 01:50:00,5,5\n"
    )
    recorded = ("2024-05-10T00:00Z", "2024-05-10T06:00Z")
    trace = read(path, AZURE, seconds=3600, zone="UTC", recorded=recorded)
    assert trace.start == pd.Timestamp("2024-05-10T00:00Z")
    assert_array_equal(trace.requests, [0, 2, 0, 0, 0, 0])
    for edges, expected in (
        ((3600.0, None), "recorded_from: 3600, expected a time stamp with its zone"),
        (("2024-05-10T00:00", None), "recorded_from: 2024-05-10T00:00 without a zone"),
        ((None, "soon"), "recorded_to: soon, expected a time stamp with a zone"),
        (recorded[::-1], "recorded_to: 2024-05-10T00:00Z, expected later than recorded_from"),
        (("2024-05-11T00:00Z", None), r"no requests \(2 rows left out\)"),
    ):
        with pytest.raises(SlitError, match=expected):
            read(path, AZURE, seconds=3600, zone="UTC", recorded=edges)
    bare = write("t,p,o\n60,5,5\n")
    for edges, expected in (
        (("2024-05-10T00:00Z", None), "expected seconds since time zero"),
        ((-1.0, None), "recorded_from: -1 s, expected at or after time zero"),
    ):
        with pytest.raises(SlitError, match=expected):
            read(bare, unit="s", recorded=edges)


def test_columns_that_are_not_there(write: Write) -> None:
    path = write("t,p,o\n60,5,5\n")
    for stated, expected in (
        ({"columns": {}}, "columns t, p, o, expected also the name of the column of time"),
        ({"columns": NAMES | {"time": "when"}}, "expected also when"),
        ({"columns": NAMES | {"outputs": "o"}}, r"columns: outputs, .*did you mean 'output'"),
        ({"model": "m"}, "model: m, expected no model, or its column"),
        ({"where": {"kind": ("x",)}}, "expected also kind"),
    ):
        with pytest.raises(SlitError, match=expected):
            read(path, unit="s", **stated)
    without = read(path, unit="s", columns={"time": "t"})
    assert np.isnan(without.prompt_tokens).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2]", "entry 1: 1, expected an object"),
        ('{"t": 1, "p": 1, "o": 1}\n[', ":2: no JSON, expected one object a line"),
        ("[[", "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        ("[]", "expected also"),
        ('{"a": {}, "b": "x"}', "expected also"),
        ('[{"t": 1, "p": 1, "o": 1}, 7]', "entry 2: no object"),
        ('[{"t": 1, "p": 1, "o": 1}, {"t": 2, "p": [], "o": 1}]', r"entry 2: p: \[\], expected a"),
        ('{"t": 1, "p": 1, "o": "x"}', 'o: "x", expected a number >= 0'),
        ('{"t": 1, "p": true, "o": 1}', "p: true, expected a number >= 0"),
    ],
)
def test_wrong_json(write: Write, text: str, expected: str) -> None:
    with pytest.raises(SlitError, match=expected):
        read(write(text, "log.json"), unit="s")
