"""Measured runs served again: tables by hand, the scheduler by hand, the real runs, bad folders."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.errors import SlitError
from slit.predictor.catalog import find_architecture
from slit.replay.measured.layer_times import Batch, LayerTimes, Link
from slit.replay.measured.run import MeasuredRun, read_measured, serve_again

RUNS = "serving_runs/RTXPRO6000"
LLAMA, QWEN = "Llama-3.1-8B", "Qwen3-30B-A3B-Instruct-2507"


def _write(file: Path, header: str, rows: Sequence[tuple[object, ...]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [header, *(",".join(str(cell) for cell in row) for row in rows)]
    file.write_text("\n".join(lines) + "\n")


DENSE = ("qkv_proj", "rotary_emb", "o_proj", "layernorm", "gate_up_proj", "act_fn", "down_proj",
         "embedding", "final_layernorm")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run of three requests; every dense layer takes 1 us and 0.1 us a token, attention 0.01 us
    a sequence and KV token and 1 us a prompt token, what is once a sequence nothing."""
    perf = tmp_path / "perf" / "tp1"
    dense = [(name, tokens, 1 + 0.1 * tokens) for name in DENSE for tokens in (1, 64)]
    _write(perf / "dense.csv", "layer,tokens,time_us", dense)
    once = [(name, n, 0.0) for name in ("lm_head", "sampler") for n in (1, 64)]
    _write(perf / "per_sequence.csv", "layer,sequences,time_us", once)
    grid = [
        (chunk, before, n, kv, 0.01 * n * kv + chunk)
        for chunk in (0, 1, 64)
        for before in ((0, 64) if chunk else (0,))
        for n in (0, 1, 64)
        for kv in ((16, 64) if n else (0,))
        if chunk or n
    ]
    _write(perf / "attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us", grid)
    engine = {"tensor_parallel_size": 1, "data_parallel_size": 1, "max_num_seqs": 2,
              "max_num_batched_tokens": 32}  # fmt: skip
    (tmp_path / "vllm").mkdir()
    meta = {"model": "meta-llama/Llama-3.1-8B", "engine_kwargs": engine}
    (tmp_path / "vllm" / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "config.json").write_text("{}")
    rows = [
        {"queued_ts": 10.0, "first_token_ts": 11.0, "last_token_ts": 12.0, "input_toks": 40,
         "output_toks": 2},
        {"queued_ts": 10.0, "first_token_ts": 11.0, "last_token_ts": 13.0, "input_toks": 20,
         "output_toks": 3},
        {"queued_ts": 10.0, "first_token_ts": 12.0, "last_token_ts": 12.0, "input_toks": 16,
         "output_toks": 1},
    ]  # fmt: skip
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "vllm" / "requests.jsonl").write_text(lines + "\n")
    return tmp_path


def test_an_iteration_by_hand(folder: Path) -> None:
    times = LayerTimes(folder / "perf" / "tp1", find_architecture("Llama-3.1-8B"))
    batch = Batch(prompt=10, before=0.0, decoding=2, context=32.0, longest=32.0, shortest=32.0,
                  finished=2)  # fmt: skip
    # 12 tokens: eight dense layers (two norms) of 2.2 us, attention 0.64 + 10 us; two once.
    expected = 32 * (8 * 2.2 + 10.64) + 2 * 2.2
    assert times.seconds([batch], None) == pytest.approx(expected / 1e6, rel=1e-9)
    # A second engine runs along: the slower one counts.
    idle = Batch(0, 0.0, 0, 0.0, 0.0, 0.0, 0)
    assert times.seconds([batch, idle], Link(1e9, 1e-6)) == times.seconds([batch], None)


def _iterations(run: MeasuredRun) -> Callable[[int, float, list[int], int], float]:
    """Seconds of an iteration of one engine: prompt tokens, tokens read before of them, contexts of
    those that decode, tokens made."""

    def seconds(prompt: int, before: float, contexts: list[int], finished: int) -> float:
        mean = float(np.mean(contexts)) if contexts else 0.0
        return run.times.seconds(
            [Batch(prompt, before, len(contexts), mean, max(contexts, default=0),
                   min(contexts, default=0), finished)], None,
        )  # fmt: skip

    return seconds


def test_iterations_of_a_schedule_by_hand(folder: Path) -> None:
    """A budget of 32 tokens, two sequences at most: 32 of the first prompt; 8 and the 20 of the
    second; a token each; the third begins once the first has ended."""
    run = read_measured(folder)
    served = serve_again(run)

    seconds = _iterations(run)
    first = seconds(32, 0.0, [], 0) + seconds(28, 8 * 32 / 28, [], 2)
    second = first + seconds(0, 0.0, [41, 21], 2)
    third = second + seconds(16, 0.0, [22], 2)
    np.testing.assert_allclose(served.first_token_s, [first, first, third], rtol=1e-12)
    np.testing.assert_allclose(served.last_token_s, [second, third, third], rtol=1e-12)


def test_iterations_decided_ahead_by_hand(folder: Path) -> None:
    """The same where the next iteration is decided while one runs: the third request does not begin
    beside the last token of the second, as the place of the first is not yet free then."""
    meta = json.loads((folder / "vllm" / "meta.json").read_text())
    (folder / "vllm" / "meta.json").write_text(json.dumps(meta | {"vllm_version": "0.19.0"}))
    run = read_measured(folder)
    assert run.ahead == 2
    served, seconds = serve_again(run), _iterations(run)
    first = seconds(32, 0.0, [], 0) + seconds(28, 8 * 32 / 28, [], 2)
    second = first + seconds(0, 0.0, [41, 21], 2)
    third = second + seconds(0, 0.0, [22], 1)
    fourth = third + seconds(16, 0.0, [], 1)
    np.testing.assert_allclose(served.first_token_s, [first, first, fourth], rtol=1e-12)
    np.testing.assert_allclose(served.last_token_s, [second, third, fourth], rtol=1e-12)


@pytest.mark.parametrize(
    ("version", "stated", "ahead"),
    [("0.13.2", None, 1), ("v0.14.0", None, 2), ("1.0", None, 2), (None, None, 1),
     ("0.19.0", False, 1), ("0.9.1", True, 2), ("nightly", None, 1)],
)  # fmt: skip
def test_who_schedules_ahead(
    folder: Path, version: str | None, stated: bool | None, ahead: int
) -> None:
    meta = json.loads((folder / "vllm" / "meta.json").read_text())
    if version is not None:
        meta["vllm_version"] = version
    if stated is not None:
        meta["engine_kwargs"]["async_scheduling"] = stated
    (folder / "vllm" / "meta.json").write_text(json.dumps(meta))
    assert read_measured(folder).ahead == ahead


def test_requests_are_queued_between_two_iterations(folder: Path) -> None:
    """Clocks of arrivals and of the queue differ by what the fastest request took, 5 s here; the
    second comes while the first is read, and is queued when that ends."""
    rows = [
        {"queued_ts": 10.0, "first_token_ts": 11.0, "last_token_ts": 12.0, "input_toks": 30,
         "output_toks": 1, "arrival_time": 5.0},
        {"queued_ts": 10.5, "first_token_ts": 11.0, "last_token_ts": 13.0, "input_toks": 30,
         "output_toks": 1, "arrival_time": 5.0001},
    ]  # fmt: skip
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "vllm" / "requests.jsonl").write_text(lines)
    run = read_measured(folder)
    np.testing.assert_allclose(run.arrival_s, [0.0, 0.0001])
    served, one = serve_again(run), _iterations(run)(30, 0.0, [], 1)
    assert one > 0.0001
    np.testing.assert_allclose(served.queued_s, [0.0, one], rtol=1e-12)
    np.testing.assert_allclose(served.first_token_s, [one, 2 * one], rtol=1e-12)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("vllm/meta.json", "{}", "'engine_kwargs', expected a measured run"),
        ("vllm/requests.jsonl", "", "no request, expected"),
        ("vllm/requests.jsonl", '{"queued_ts": 1}\n', r"requests\.jsonl:1: 'first_token_ts'"),
        ("perf/tp1/dense.csv", "layer,tokens,time_us\nqkv_proj,1,2\n", "no rotary_emb, o_proj"),
        ("perf/tp1/attention.csv", "prefill_chunk,time_us\n1,2\n", "no column kv_prefill"),
        ("perf/tp1/per_sequence.csv", "layer,sequences,time_us\n", "per_sequence.csv"),
    ],
)
def test_what_is_missing_is_named(folder: Path, file: str, text: str, said: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(SlitError, match=said):
        read_measured(folder)


def test_the_command_takes_a_run_or_a_folder(folder: Path) -> None:
    runner = CliRunner()
    result = runner.invoke(app, ["replay", "--engine", str(folder), "--json"])
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    assert content["engine"]["most_sequences"] == 2
    assert content["measured"]["ttft"]["mean"] == pytest.approx(4 / 3)
    assert runner.invoke(app, ["replay", "--engine", str(folder)]).stdout.count("latency") >= 5
    for words, said in (
        (["replay"], "RUN: none"),
        (["replay", "x", "--engine", "y"], "RUN: given with --engine"),
        (["replay", "--log", "x", "--engine", "y"], "--log: given with --engine"),
        (["replay", "--engine", str(folder / "gone")], "No such file"),
    ):
        refused = runner.invoke(app, words)
        assert refused.exit_code == 2
        assert said in refused.stderr
    shutil.rmtree(folder / "perf")
    assert runner.invoke(app, ["replay", "--engine", str(folder)]).exit_code == 2


@pytest.mark.parametrize(
    ("model", "within"),
    [
        (LLAMA, {"ttft": 0.10, "tpot": 0.03, "latency": 0.03}),
        (QWEN, {"ttft": 0.21, "tpot": 0.06, "latency": 0.06}),
    ],
)
def test_real_runs_without_fitting(shared_data: Path, model: str, within: dict[str, float]) -> None:
    run = read_measured(shared_data / RUNS / model)
    measured, replayed = run.measured.figures(), serve_again(run).figures()
    for time, most in within.items():
        for what, value in measured[time].items():
            assert replayed[time][what] == pytest.approx(value, rel=most), (time, what)
