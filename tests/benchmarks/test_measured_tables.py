"""Readers of kernel times and server power that predictions are held against."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.drivers import operator_times as printed
from benchmarks.drivers import server_power
from benchmarks.measuring import operator_times

A100_BANDWIDTH = 2.039e12


def test_the_least_time_of_a_norm_is_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_times, "shared_folder", lambda: tmp_path)
    folder = tmp_path / operator_times.FOLDER
    folder.mkdir(parents=True)
    names = [f"time_stats.{name}.median" for name in operator_times.OPERATORS]
    header = [*names, "num_tokens", "num_tensor_parallel_workers"]
    rows = [",".join(["0.5"] * len(names) + [str(tokens), "1"]) for tokens in (64, 4096)]
    file = folder / "a100__meta-llama__Meta-Llama-3-8B__mlp.csv.gz"
    np.savetxt(file, [",".join(header), *rows], fmt="%s")  # compressed by its name
    found = operator_times.read_operator_times("A100", "meta-llama__Meta-Llama-3-8B")
    assert found is not None
    assert operator_times.read_operator_times("H100", "meta-llama__Meta-Llama-3-8B") is None
    bytes_moved = 4096 * 2 * 4096 * 2  # tokens, read and written, hidden size, bf16
    norm = found.roofline_s["input_layernorm"]
    np.testing.assert_allclose(norm[1], bytes_moved / A100_BANDWIDTH, rtol=0.02)
    np.testing.assert_array_equal(found.measured_s["add"], 5e-4)  # of ms
    [ratio] = printed.ratios([found], "input_layernorm", 1025, 4096)
    assert ratio == pytest.approx(5e-4 / norm[1])


def test_results_without_power_or_of_other_models_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_power, "shared_folder", lambda: tmp_path)
    result = {
        "Model": "llama2-70b-99", "Accelerator": "NVIDIA H200-SXM-141GB", "a#": 8.0,
        "weight_data_types": "fp8", "Scenario": "Offline", "Performance_Result": 25000.0,
        "Power_Result": 6100.0, "has_power": True,
    }  # fmt: skip
    others = [result | {"has_power": False}, result | {"Model": "resnet"}, result | {"a#": 1.0}]
    for name in (server_power.FIRST, server_power.SECOND):
        (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / server_power.FIRST).write_text(json.dumps([result, *others]))
    (tmp_path / server_power.SECOND).write_text(
        "Model,Accelerator,a#,weight_data_types,Scenario,Performance_Result,Power_Result\n"
        "llama3.1-8b,NVIDIA B200-SXM-180GB,8,fp4,Server,128689,9011\n"
        "rgat,NVIDIA B200-SXM-180GB,8,fp16,Offline,618486,7467\n"
    )
    first, second = server_power.read_runs()
    assert (first.gpu, first.wall_w, second.gpu, second.precision) == ("H200", 6100, "B200", "fp4")
    config = server_power.configuration(first)
    assert (config.architecture.name, config.gpus, config.batch) == ("Llama-2-70B", 1, 256)
