"""The shipped tables of figures: complete, plausible, and what the tool computes."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

TABLES = Path("slit") / "scenario" / "tables"


@pytest.fixture(scope="module")
def tables(repository: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_csv(path) for path in sorted((repository / TABLES).glob("*.csv"))}


def test_every_region_and_hour_is_there(tables: dict[str, pd.DataFrame]) -> None:
    regions = set(tables["regions"]["region"])
    assert len(regions) == 16
    day = tables["typical_day"]
    assert len(day) == 16 * 12 * 24
    assert set(day["region"]) == regions
    assert not day.duplicated(["region", "month", "hour"]).any()
    assert day.notna().all(axis=None)
    trips = tables["round_trips"]
    assert len(trips) == 16 * 16
    assert set(trips["origin"]) == set(trips["datacenter"]) == regions


def test_figures_are_plausible(tables: dict[str, pd.DataFrame]) -> None:
    day = tables["typical_day"]
    assert day["carbon_direct_g_per_kwh"].between(0, 1000).all()
    assert (day["carbon_life_cycle_g_per_kwh"] > day["carbon_direct_g_per_kwh"]).all()
    assert day["price_usd_per_mwh"].between(-100, 1500).all()
    assert (day["price_usd_per_mwh"] < 0).any()
    assert (day["ewif_with_reservoirs_l_per_kwh"] >= day["ewif_l_per_kwh"]).all()
    assert day["solar_capacity_factor"].between(0, 1).all()
    assert (day["wet_bulb_c"] <= day["temperature_c"] + 0.5).all()
    trips = tables["round_trips"].pivot(index="origin", columns="datacenter", values="milliseconds")
    assert (trips.to_numpy() == trips.to_numpy().T).all()
    assert tables["quality"]["score"].between(0, 1).all()
    assert tables["regions"]["pue"].between(1.0, 1.6).all()
    shape = tables["demand_shape"].groupby("class")["relative_rate"]
    assert shape.mean().between(0.999, 1.001).all()
    lowest = tables["demand_shape"].loc[shape.idxmin()]
    assert (lowest["hour_local"] == 4).all()


def test_services_obey_physics(tables: dict[str, pd.DataFrame]) -> None:
    served = (
        tables["services"]
        .merge(tables["node_types"].add_prefix("node_"), left_on="node_type", right_on="node_name")
        .merge(
            tables["variants"].add_prefix("variant_"), left_on="variant", right_on="variant_name"
        )
    )
    assert len(served) == 11
    steps = served["step_fixed_s"] + served["step_slope_s"] * served["batch"]
    replicas = served["node_gpus"] / served["gpus_per_replica"]
    rates = replicas * served["batch"] / steps
    assert (served["decode_rate_tokens_per_s"] / rates - 1).abs().max() < 2e-3
    # A dense model reads all its weights once a step; Mixtral a part of them.
    dense = served["variant"] != "mixtral-8x7b"
    bandwidth = served["gpus_per_replica"] * served["node_gpu_memory_bandwidth_gb_per_s"]
    assert (steps[dense] > (served["variant_weight_gb"] / bandwidth)[dense] * 0.9).all()
    memory = 0.9 * served["gpus_per_replica"] * served["node_gpu_memory_gb"]
    tokens = served["batch"] * served["context_tokens"] * served["variant_kv_bytes_per_token"] / 1e9
    assert (served["variant_weight_gb"] + tokens < memory).all()
    energy = served["node_decode_w"] / served["decode_rate_tokens_per_s"]
    for _, joules in energy.groupby(served["node_type"]):
        assert joules.max() / joules.min() > 3
    watts = tables["node_types"]
    assert (watts["idle_w"] <= watts[["prefill_w", "decode_w"]].min(axis=1)).all()


def test_the_fleet_of_2026_keeps_to_its_sources(tables: dict[str, pd.DataFrame]) -> None:
    nodes = tables["node_types_2026"].set_index("name")
    served = tables["services_2026"].set_index("node_type").join(nodes[["idle_w", "host_w"]])
    step = served["step_fixed_s"] + served["step_slope_s"] * served["batch"]
    rate = 8 // served["gpus_per_replica"] * served["batch"] / step
    assert (rate / served["decode_tokens_per_s"] - 1).abs().max() < 1e-3
    of_gpus = served["gpu_joules_per_token"] * rate + served["host_w"]
    assert (of_gpus / served["decode_w"] - 1).abs().max() < 1e-3
    assert (served[["prefill_w", "decode_w"]].min(axis=1) > served["idle_w"]).all()
    assert (served["decode_w"] > 2 * served["idle_w"]).mean() > 0.5
    # MLPerf Inference: wall power of 8 x B200 under LLMs, W.
    newest, oldest = (served[served.index == name] for name in ("b200x8", "a100x8"))
    assert newest["decode_w"].between(7000, 10442).all()
    large = oldest[(oldest["variant"] == "llama-3.1-70b") & (oldest["batch"] == 64)]
    assert len(large) == 1
    assert large["decode_tokens_per_s"].between(1750, 1765).all()
    for _, points in served.groupby([served.index, "variant"]):
        assert points["batch"].is_monotonic_increasing
        assert points["decode_tokens_per_s"].is_monotonic_increasing
        assert points["gpu_joules_per_token"].is_monotonic_decreasing


def test_preferences_are_those_of_their_ratings(tables: dict[str, pd.DataFrame]) -> None:
    scores = tables["quality_2026"]
    of_chat = scores[scores["class"] == "chat"]
    chat = dict(zip(of_chat["variant"], of_chat["score"], strict=True))
    assert chat["qwen3-235b-a22b-fp8"] == 0.5
    assert abs(chat["llama-3.1-8b"] - 0.2064) < 1e-4  # 1193 against 1427
    assert (scores["low"] <= scores["score"]).all()
    assert (scores["score"] <= scores["high"]).all()
    assert (scores.groupby("class")["relative"].max() == 1).all()
    assert set(chat) == set(tables["variants_2026"]["name"])


def test_every_variant_has_a_score_in_every_class(tables: dict[str, pd.DataFrame]) -> None:
    scores = tables["quality"].pivot(index="variant", columns="class", values="score")
    assert scores.notna().all(axis=None)
    assert set(scores.index) == set(tables["variants"]["name"])
    assert set(tables["demand_shape"]["class"]) <= set(scores.columns)


def test_the_tool_computes_these_tables(
    repository: Path, shared_data: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "tools/build_tables.py", "--output", str(tmp_path)]
    environment = os.environ | {"SLIT_SHARED_DATA": str(shared_data)}
    subprocess.run(command, cwd=repository, env=environment, check=True, capture_output=True)
    shipped = sorted(path.name for path in (repository / TABLES).glob("*.csv"))
    # The demand of the built-in scenario is made by another tool.
    made = sorted(path.name for path in tmp_path.glob("*.csv"))
    assert set(made) <= set(shipped)
    assert len(made) == 13
    for name in made:
        assert (tmp_path / name).read_text() == (repository / TABLES / name).read_text(), name
