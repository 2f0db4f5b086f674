"""Round trips, speeds and scores: samples written here and the real files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from slit.errors import SlitError
from slit.sources.leaderboard import read_arena, read_open_llm
from slit.sources.performance import (
    TokenTime,
    read_first_tokens,
    read_inference_bench,
    read_ml_energy,
    read_sageserve,
)
from slit.sources.round_trips import read_round_trip_matrix, read_round_trip_pairs

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: str) -> Path:
        path = tmp_path / "table.csv"
        path.write_text(content, encoding="utf-8")
        return path

    return to_file


MATRIX = "Source,Paris,Tokyo\nParis,,223\nTokyo,224.5,0\n"


def test_a_matrix_of_round_trips(write: Write) -> None:
    trips = read_round_trip_matrix(write(MATRIX), statistic="P95")
    assert (trips.origins, trips.sites, trips.statistic) == (("Paris", "Tokyo"),) * 2 + ("P95",)
    assert_allclose(trips.seconds, [[np.nan, 0.223], [0.2245, 0.0]])
    assert trips.between("Tokyo", "Paris") == pytest.approx(0.2245)
    assert trips.to_frame().loc["Paris", "Tokyo"] == pytest.approx(0.223)
    in_seconds = read_round_trip_matrix(write(MATRIX), unit="s", statistic="P95")
    assert in_seconds.between("Paris", "Tokyo") == 223.0
    with pytest.raises(SlitError, match="site: Oslo, expected one of Paris, Tokyo"):
        trips.between("Paris", "Oslo")


def test_mistakes_in_a_matrix(write: Write) -> None:
    with pytest.raises(SlitError, match=r":2: Tokyo: -1, expected a number >= 0 \(round trip, ms"):
        read_round_trip_matrix(write(MATRIX.replace("223", "-1")), statistic="P95")
    with pytest.raises(SlitError, match=r":3: Source: Paris, expected each sending region once"):
        read_round_trip_matrix(write(MATRIX.replace("\nTokyo", "\nParis")), statistic="P95")
    with pytest.raises(SlitError, match=r"round trips: unit 'km' .*expected one of s, ms"):
        read_round_trip_matrix(write(MATRIX), unit="km", statistic="P95")
    with pytest.raises(SlitError, match="one column, expected one for each receiving region"):
        read_round_trip_matrix(write("Source\nParis\n"), statistic="P95")


PAIRS = "sending_region,receiving_region,milliseconds\nParis,Tokyo,223\nTokyo,Paris,224\n"


def test_a_list_of_pairs(write: Write) -> None:
    trips = read_round_trip_pairs(write(PAIRS), statistic="mean")
    assert (trips.origins, trips.sites) == (("Paris", "Tokyo"), ("Tokyo", "Paris"))
    assert_allclose(trips.seconds, [[0.223, np.nan], [np.nan, 0.224]])
    with pytest.raises(SlitError, match=r":4: receiving_region: Tokyo, expected each pair once"):
        read_round_trip_pairs(write(PAIRS + "Paris,Tokyo,1\n"), statistic="mean")


BENCH = "Hardware,Num of Hardware,Framework,Model,Input Output Length,Batch Size,Latency,Throughput"
RUN = "Nvidia H100 GPU,4,TensorRT-LLM,Llama-3-70B,512,16,11.1,1476.0"


def test_inference_bench_with_and_without_power(write: Write) -> None:
    plain = read_inference_bench(write(f"{BENCH}\n\n{RUN}\n\n"))
    assert len(plain) == 1
    run = plain.iloc[0]
    assert (run["hardware"], run["devices"], run["batch"]) == ("Nvidia H100 GPU", 4, 16)
    assert (run["prompt_tokens"], run["output_tokens"]) == (512, 512)
    assert "gpu_power_w" not in plain
    power = read_inference_bench(write(f"{BENCH},avg_power\n{RUN},413886.5\n"))
    assert power["gpu_power_w"].iloc[0] == pytest.approx(413.8865)


def test_first_tokens_take_rows_that_end_early(write: Write) -> None:
    header = (
        "Hardware,Num of Hardware,Framework,Model,Input Length,Output Length,Batch Size,"
        "TTFT Latency,end_latency \n"
    )
    rows = "Nvidia H100 GPU,1,vLLM,Llama-3-8B,1024,1,16,0.4256,11.02\n"
    rows += "Nvidia H100 GPU,1,vLLM,Llama-3-8B,1024,1,16,0.4257\n"
    frame = read_first_tokens(write(header + rows))
    assert_array_equal(frame["first_token_s"], [0.4256, 0.4257])
    with pytest.raises(SlitError, match=r":2: TTFT Latency: empty, expected a number >= 0"):
        read_first_tokens(write(header + "Nvidia H100 GPU,1,vLLM,Llama-3-8B,1024,1,16\n"))


SAGE = (
    "model,hardware,prompt_size,batch_size,token_size,peak_power,average_power,prompt_time,"
    "token_time,e2e_time,tensor_parallel\n"
)


def test_sageserve_in_both_meanings(write: Write) -> None:
    model = write(
        SAGE
        + "llama2-70b,h100-80gb,512,1,128,0,0.73,60,30,3900,4\n"
        + "llama2-70b,h100-80gb-pcap,512,1,128,1,1,60,30,3900,4\n"
    )
    frame = read_sageserve(model, unit="ms", token_time=TokenTime.PER_TOKEN)
    assert len(frame) == 1
    run = frame.iloc[0]
    assert (run["prefill_s"], run["step_s"], run["total_s"]) == pytest.approx((0.06, 0.03, 3.9))
    assert np.isnan(run["peak_power_share"])
    assert run["mean_power_share"] == 0.73
    both = read_sageserve(model, unit="ms", token_time=TokenTime.PER_TOKEN, scaled_copies=True)
    assert len(both) == 2
    single = write(SAGE + "Llama-3.1-8B,a100-80gb,128,1,128,0,0,0.026,1.0914,1.12,2\n")
    frame = read_sageserve(single, unit="s", token_time=TokenTime.TOTAL)
    assert frame["step_s"].iloc[0] == pytest.approx(1.0914 / 128)


def test_sageserve_stated_wrongly(write: Write) -> None:
    path = write(SAGE + "llama2-70b,h100-80gb,512,1,128,0,0,60,30,3900,4\n")
    with pytest.raises(SlitError, match=r"prompt and decoding make 0.0231 of e2e_time, expected"):
        read_sageserve(path, unit="ms", token_time=TokenTime.TOTAL)
    with pytest.raises(SlitError, match=r"30 s for a decode step, .*\(unit stated as s\)"):
        read_sageserve(path, unit="s", token_time=TokenTime.PER_TOKEN)
    with pytest.raises(SlitError, match="prompt_time: unit 'hours', expected one of s, ms"):
        read_sageserve(path, unit="hours", token_time=TokenTime.PER_TOKEN)


def test_open_llm_in_both_layouts(write: Write) -> None:
    names = ("ifeval", "bbh", "math", "gpqa", "musr", "mmlu_pro")
    scores = "0.74,0.5,0.09,0.26,0.36,0.37"
    official = ",".join(f"{name}_value" for name in names)
    merged = ",".join(f"evaluations_{name}_value" for name in names)
    for header in (
        f"model_name,precision,params_billions,{official}",
        f"model_name,model_precision,metadata_params_billions,{merged}",
    ):
        frame = read_open_llm(write(f"{header}\nLlama-3-8B,bfloat16,8.03,{scores}\n"))
        assert list(frame.iloc[0])[:4] == ["Llama-3-8B", "bfloat16", 8.03, 0.74]
        assert list(frame.columns) == ["model", "precision", "parameters_b", *names]
        percent = scores.replace("0.74", "74")
        with pytest.raises(SlitError, match=r":2: .*ifeval_value: 74, expected a number in 0 .. 1"):
            read_open_llm(write(f"{header}\nLlama-3-8B,bfloat16,8.03,{percent}\n"))
    with pytest.raises(SlitError, match="expected also bbh_value"):
        read_open_llm(write("model_name,score\na,1\n"))


def test_arena(write: Write) -> None:
    frame = read_arena(
        write("rank,model,arena_score,95_pct_ci,votes,organization\n1,Gem,1470,+5/-5,26019,\n")
    )
    assert list(frame.iloc[0]) == ["Gem", 1470.0, 26019, ""]


def test_real_round_trips(shared_data: Path) -> None:
    folder = shared_data / "latency"
    azure = read_round_trip_matrix(
        folder / "azure_region_rtt_p95_ms_2026-07-30.csv", statistic="P95"
    )
    assert azure.seconds.shape == (54, 54)
    assert np.isnan(azure.seconds).sum() == 54
    gcp = read_round_trip_pairs(folder / "gcp_region_rtt_ms_raw.csv", statistic="mean")
    assert gcp.seconds.shape == (34, 34)
    assert np.isfinite(gcp.seconds).sum() == 1122


def test_real_measurements(shared_data: Path) -> None:
    plots = shared_data / "llm_energy" / "argonne-lcf__LLM-Inference-Bench" / "Plots"
    runs = read_inference_bench(plots / "All_results.csv")
    both = runs["batch"] * (runs["prompt_tokens"] + runs["output_tokens"]) / runs["latency_s"]
    # Published throughput counts prompt and output tokens, with llama.cpp those of one request.
    requests = runs["batch"].where(runs["framework"] == "llama.cpp", 1)
    assert_allclose(both / runs["tokens_per_s"], requests, rtol=0.01)
    power = read_inference_bench(plots / "Fig_16_a_b" / "power_results.csv")
    assert power["gpu_power_w"].between(200, 700).all()
    first = read_first_tokens(plots / "Fig_22" / "all_results_TTFT_ITL.csv")
    mine = first[(first["hardware"] == "Nvidia H100 GPU") & (first["framework"] == "TensorRT-LLM")]
    assert mine["first_token_s"].between(0.38, 0.41).all()

    folder = shared_data / "llm_perf"
    for name, unit, meaning, rows in (
        ("sageserve_perf_model.csv", "ms", TokenTime.PER_TOKEN, 840),
        ("sageserve_Llama-3.1-8B-tp-2.csv", "s", TokenTime.TOTAL, 100),
    ):
        frame = read_sageserve(folder / name, unit=unit, token_time=meaning)
        assert len(frame) == rows
        assert frame["step_s"].between(0.001, 0.2).all()
    energy = read_ml_energy(folder / "mlenergy_v3_llm_energy.csv")
    assert len(energy) == 415
    joules = energy["energy_kwh_per_token"] * 3.6e6
    assert_allclose(joules, energy["power_w"] / energy["output_tokens_per_s"], rtol=0.35)


def test_real_leaderboards(shared_data: Path) -> None:
    folder = shared_data / "llm_quality"
    official = read_open_llm(folder / "hf_open_llm_leaderboard_v2_official.csv")
    chosen = official[
        (official["model"] == "Qwen/Qwen2-72B-Instruct") & (official["precision"] == "bfloat16")
    ]
    assert chosen["mmlu_pro"].tolist() == [0.54031]
    assert len(read_open_llm(folder / "hf_v2_x_lmarena_merged_v1.3.0.csv")) == 62
    assert len(read_arena(folder / "lmarena_text_2025-08-06.csv")) == 266
