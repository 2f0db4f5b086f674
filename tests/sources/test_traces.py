"""The four trace formats, on samples written here and on the real files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from slit.data.trace import Trace
from slit.errors import SlitError
from slit.sources.servegen import (
    read_servegen,
    read_servegen_lengths,
)
from tests.data.reading import read_trace

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: str, name: str = "trace.csv") -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return to_file


AZURE_2023 = (
    "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    "2023-11-16 18:17:03.9799600,100,10\n"
    "2023-11-16 18:37:00.0000000,50,1\n"
    "2023-11-16 18:19:59.9999999,300,20\n"
)
AZURE_2024 = (
    "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    "2024-05-10 00:00:00.009930+00:00,100,10\n"
    "2024-05-10 00:10:00+00:00,300,20\n"
)


def test_azure_2023(write: Write) -> None:
    path = write(AZURE_2023)
    trace = read_trace("azure", path, seconds=600, zone="UTC")
    assert trace.start == pd.Timestamp("2023-11-16T18:10Z")
    assert_array_equal(trace.requests, [2, 0, 1])
    assert_array_equal(trace.prompt_tokens, [200, np.nan, 50])
    assert_array_equal(trace.output_tokens, [15, np.nan, 1])
    with pytest.raises(SlitError, match="no zone stated"):
        read_trace("azure", path, seconds=600)


def test_azure_2024_with_and_without_a_fraction(write: Write) -> None:
    trace = read_trace("azure", write(AZURE_2024), seconds=600)
    assert trace.start == pd.Timestamp("2024-05-10T00:00Z")
    assert_array_equal(trace.requests, [1, 1])
    assert_array_equal(trace.prompt_tokens, [100, 300])


def test_an_empty_trace_is_refused(write: Write) -> None:
    path = write("TIMESTAMP,ContextTokens,GeneratedTokens\n")
    with pytest.raises(SlitError) as caught:
        read_trace("azure", path, seconds=600, zone="UTC")
    assert str(caught.value) == f"{path}: no requests, expected at least one"


MOONCAKE_CSV = (
    "timestamp_ms,input_length,output_length,n_blocks,n_blocks_seen_before\n"
    "600000,1000,10,2,0\n1200000,3000,30,6,1\n1799999,1000,50,2,0\n"
)
MOONCAKE_LINES = (
    '{"timestamp": 600000, "input_length": 1000, "output_length": 10, "hash_ids": [0, 1]}\n'
    '{"timestamp": 1200000, "input_length": 3000, "output_length": 30, "hash_ids": [0]}\n'
    '{"timestamp": 1799999, "input_length": 1000, "output_length": 50, "hash_ids": []}\n'
)


@pytest.mark.parametrize(
    ("text", "name"), [(MOONCAKE_CSV, "trace.csv"), (MOONCAKE_LINES, "trace.jsonl")]
)
def test_mooncake_in_both_forms(write: Write, text: str, name: str) -> None:
    trace = read_trace("mooncake", write(text, name), seconds=600)
    assert trace.start is None
    assert trace.offset == 600.0
    assert_array_equal(trace.requests, [1, 2])
    assert_array_equal(trace.prompt_tokens, [1000, 2000])
    assert_array_equal(trace.output_tokens, [10, 40])


def test_a_stated_start_gives_calendar_time(write: Write) -> None:
    path = write(MOONCAKE_CSV)
    trace = read_trace("mooncake", path, seconds=600, start="2024-06-01T08:00+08:00")
    assert trace.start == pd.Timestamp("2024-06-01T00:10Z")
    with pytest.raises(SlitError, match="without a zone"):
        read_trace("mooncake", path, seconds=600, start="2024-06-01T08:00")
    with pytest.raises(SlitError, match="expected a time stamp with a zone"):
        read_trace("mooncake", path, seconds=600, start="noon")


BURST_1 = (
    "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    "5,ChatGPT,472,18,490,Conversation log\n"
    "45,GPT-4,100,0,100,API log\n"
    "118,ChatGPT,1087,230,1317,API log\n"
)
BURST_2 = (
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    "7200.5,a1,1.5,ChatGPT,472,18,490,Conversation log\n"
    "7261.25,a2,2.25,GPT-4,100,10,110,API log\n"
)


def test_burstgpt_of_6_columns(write: Write) -> None:
    path = write(BURST_1)
    served = read_trace("burstgpt", path, seconds=60)
    assert_array_equal(served.requests, [1, 1])
    assert served.left_out == 1
    all_rows = read_trace("burstgpt", path, seconds=60, without_output="count")
    assert_array_equal(all_rows.requests, [2, 1])
    assert_array_equal(all_rows.prompt_tokens, [286, 1087])
    assert all_rows.left_out == 0
    only = read_trace(
        "burstgpt", path, seconds=60, model="ChatGPT", where={"Log Type": ("API log",)}
    )
    assert_array_equal(only.requests, [1])
    assert (only.offset, only.left_out) == (60.0, 2)


def test_burstgpt_of_8_columns(write: Write) -> None:
    path = write(BURST_2)
    trace = read_trace("burstgpt", path, seconds=60)
    assert trace.offset == 7200.0
    assert_array_equal(trace.requests, [1, 1])
    assert_array_equal(trace.output_tokens, [18, 10])


def test_burstgpt_names_what_it_knows(write: Write) -> None:
    path = write(BURST_1)
    with pytest.raises(SlitError, match="Model: GPT-5, expected one of ChatGPT, GPT-4"):
        read_trace("burstgpt", path, seconds=60, model="GPT-5")
    with pytest.raises(SlitError, match=r"no requests \(3 rows left out\)"):
        read_trace("burstgpt", path, seconds=60, model="GPT-4")


RATES = "t_s,m-small,brief\n0,1.5,2\n600,0,4\n1200,3,\n"
CLIENTS = (
    "model,client,t,rate,cv,fam,p1,p2\n"
    "m-small,0,0,1.0,2,Gamma,1,1\nm-small,1,0,0.5,2,Gamma,1,1\n"
    "brief,0,0,2,1,Gamma,1,1\nm-small,0,1200,3,1,Gamma,1,1\n"
)
LENGTHS = (
    "model,t_s,field,n_clients,rate_share_covered,mean,p05,p10,p25,p50,p75,p90,p95,p99\n"
    "m-small,0,input_tokens,3,0.5,120,1,1,1,50,1,1,400,1\n"
    "m-small,0,output_tokens,3,0.5,30,1,1,1,20,1,1,90,1\n"
)


def test_servegen_rates_are_requests_of_10_minutes(write: Write) -> None:
    path = write(RATES)
    trace = read_servegen(path, model="m-small")
    assert trace.seconds == 600.0
    assert_allclose(trace.requests, [900, 0, 1800])
    assert np.isnan(trace.prompt_tokens).all()
    assert_allclose(read_servegen(path, model="brief").requests, [1200, 2400])


def test_servegen_clients_add_up(write: Write) -> None:
    lengths = write(LENGTHS, "lengths.csv")
    trace = read_servegen(write(CLIENTS, "clients.csv"), model="m-small", lengths=lengths)
    assert_allclose(trace.requests, [900, 0, 1800])
    assert_array_equal(trace.prompt_tokens, [120, np.nan, 120])
    assert_array_equal(trace.output_tokens, [30, np.nan, 30])


def test_servegen_mistakes(write: Write) -> None:
    with pytest.raises(SlitError, match="model m-huge, expected one of m-small, brief"):
        read_servegen(write(RATES), model="m-huge")
    with pytest.raises(SlitError, match="model m-huge, expected one of brief, m-small"):
        read_servegen(write(CLIENTS, "clients.csv"), model="m-huge")
    hole = write("t_s,a\n0,1\n600,\n1200,2\n")
    with pytest.raises(SlitError, match=r":3: a: empty, expected a number >= 0 \(requests/s\)"):
        read_servegen(hole, model="a")
    uneven = write("t_s,a\n0,1\n700,1\n")
    with pytest.raises(SlitError, match=r":3: t_s: 700, expected 600"):
        read_servegen(uneven, model="a")
    with pytest.raises(SlitError, match="no rates"):
        read_servegen(write("t_s,a,b\n0,,1\n"), model="a")
    with pytest.raises(SlitError, match="no lengths of this model"):
        read_servegen(write(RATES), model="brief", lengths=write(LENGTHS, "lengths.csv"))
    wrong = write(LENGTHS.replace("output_tokens", "words"), "lengths.csv")
    with pytest.raises(SlitError, match=r":3: field: words, expected input_tokens or"):
        read_servegen_lengths(wrong)


def test_lengths_of_the_nearest_window(write: Write) -> None:
    later = "m-small,43200,input_tokens,3,0.5,500,1,1,1,50,1,1,400,1\n"
    lengths = write(LENGTHS + later, "lengths.csv")
    rates = "t_s,m-small\n" + "".join(f"{600 * step},1\n" for step in range(90))
    trace = read_servegen(write(rates), model="m-small", lengths=lengths)
    # Middles of the windows are 10,800 s and 54,000 s: the border is 32,400 s, window 54.
    assert_array_equal(trace.prompt_tokens[[0, 54, 55, 89]], [120, 120, 500, 500])


def total(trace: Trace) -> tuple[float, float, float]:
    requests = trace.requests
    prompt = np.nansum(requests * trace.prompt_tokens)
    return float(requests.sum()), float(prompt), float(np.nansum(requests * trace.output_tokens))


def test_real_azure_and_mooncake_traces(shared_data: Path) -> None:
    folder = shared_data / "llm_traces"
    path = folder / "AzureLLMInferenceTrace_conv_2023.csv"
    trace = read_trace("azure", path, seconds=600, zone="UTC")
    frame = pd.read_csv(path)
    # The first bin is recorded from 18:15:46.68 to 18:20, the last from 19:10 to 19:14:08.40.
    first, last = frame["TIMESTAMP"] < "2023-11-16 18:2", frame["TIMESTAMP"] >= "2023-11-16 19:1"
    weight = np.where(first, 600 / 253.31941, np.where(last, 600 / 248.402527, 1.0))
    sums = [(frame[name] * weight).sum() for name in ("ContextTokens", "GeneratedTokens")]
    assert_allclose(total(trace), (weight.sum(), *sums), rtol=1e-7)
    assert [note.serious for note in trace.notes] == [True, True]
    assert trace.start == pd.Timestamp("2023-11-16T18:10Z")
    mooncake = read_trace("mooncake", folder / "mooncake_conversation.csv", seconds=60)
    assert mooncake.requests.sum() == 12031
    assert len(mooncake.requests) == 59


def test_real_servegen_clients_make_the_total(shared_data: Path) -> None:
    folder = shared_data / "llm_traces"
    lengths = folder / "servegen_token_lengths_6h.csv"
    for model, windows in (("m-large", 2016), ("deepseek-r1", 144)):
        rates = read_servegen(
            folder / "servegen_total_rate_10min.csv", model=model, lengths=lengths
        )
        clients = read_servegen(folder / "servegen_client_rates_10min.csv.gz", model=model)
        assert len(rates.requests) == len(clients.requests) == windows
        assert_allclose(rates.requests, clients.requests, rtol=1e-3)
        assert (rates.prompt_tokens[rates.requests > 0] > 0).all()
