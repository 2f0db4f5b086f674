"""The fleet of world-2026: what its nodes, variants and services are, from published measurements.

Speed and GPU power: ML.ENERGY leaderboard v3 (vLLM on H100 and B200, text chat). A run of `batch`
requests on so many GPUs gives the step, batch / throughput, and the power of the GPUs; a node runs
as many replicas as fit. The power of the node adds its host, reconciled with the wall power of
MLPerf Inference (8 x H200: 6.2 kW; 8 x B200: 9.4-10.4 kW). A100: LLM-Inference-Bench (8B),
SageServe (Llama-2-70B, the layers of Llama-3.1-70B), else the step of H100 times the ratio of
memory bandwidths. Prefill is calibrated, see `prefill_rate`.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from table_files import write_table
from table_services import argonne_runs, first_token_16x1024, prefill_of, sageserve_70b, step_of
from table_variants import MODELS

NODE_TYPES = "node_types_2026.csv"
VARIANTS = "variants_2026.csv"
SERVICES = "services_2026.csv"


@dataclass(frozen=True, slots=True)
class Node:
    """A server of 8 GPUs; watts at the wall, `host_w` of a busy one beside its GPUs. Rental is on
    demand; committed for years it costs COMMITTED of that."""

    name: str
    gpu: str
    specs: str
    gpu_memory_gb: int
    host_w: int
    standby_w: int
    idle_w: int
    rental_usd_per_hour: float
    embodied_kg_per_hour: float
    note: str


COMMITTED = 0.6
OFF_W = 100
BOOT_SECONDS = 600

NODES = (
    Node("a100x8", "A100", "a100_sxm", 80, 1300, 1500, 1700, 12.0, 0.08,
         "host assumed: no wall power published"),
    Node("h100x8", "H100", "h100_sxm", 80, 1800, 2200, 2500, 20.0, 0.09,
         "host: 6.2 kW of 8 x H200 (MLPerf 4.1) less 8 x 550 W"),
    Node("b200x8", "B200", "b200_sxm", 180, 2400, 2800, 3300, 36.0, 0.11,
         "host: 9.9 and 10.4 kW of 8 x B200 (MLPerf 5.1: 405B, 70B) less 8 x 970 W (ML.ENERGY)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variant:
    """A served model: its row in the measurements, and what is needed of its architecture.

    `runs`: by GPU, the GPUs of a replica and the batches of its operating points.
    """

    name: str
    family: str
    model_id: str
    parameters_b: float
    active_b: float
    weight_bytes: float
    layers: int
    kv_heads: int
    runs: dict[str, tuple[int, tuple[int, ...]]]
    head_dim: int = 128

    @property
    def kv_bytes_per_token(self) -> int:
        """Keys and values of all layers at two bytes."""
        return 2 * self.layers * self.kv_heads * self.head_dim * 2


FLEET = (
    Variant("llama-3.1-8b", "llama-3", "meta-llama/Llama-3.1-8B-Instruct", 8.03, 8.03, 2, 32, 8,
            {"A100": (1, (32, 64)), "H100": (1, (64, 192)), "B200": (1, (64, 512))}),
    Variant("llama-3.1-70b", "llama-3", "meta-llama/Llama-3.1-70B-Instruct", 70.6, 70.6, 2, 80, 8,
            {"A100": (4, (32, 64)), "H100": (4, (64, 128, 192)), "B200": (2, (64, 128, 256))}),
    Variant("llama-3.1-405b-fp8", "llama-3", "meta-llama/Llama-3.1-405B-Instruct-FP8", 405.9, 405.9,
            1, 126, 8, {"H100": (8, (32, 64, 96)), "B200": (4, (32, 64, 128))}),
    Variant("gemma-3-27b", "gemma-3", "google/gemma-3-27b-it", 27.4, 27.4, 2, 62, 16,
            {"H100": (2, (32, 128)), "B200": (1, (32, 128))}),
    Variant("qwen3-32b", "qwen3", "Qwen/Qwen3-32B", 32.8, 32.8, 2, 64, 8,
            {"A100": (2, (32, 64)), "H100": (2, (64, 192)), "B200": (1, (64, 192))}),
    Variant("qwen3-30b-a3b", "qwen3", "Qwen/Qwen3-30B-A3B-Instruct-2507", 30.5, 3.3, 2, 48, 4,
            {"A100": (2, (96, 192)), "H100": (2, (96, 256)), "B200": (1, (96, 256))}),
    Variant("qwen3-235b-a22b-fp8", "qwen3", "Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", 235.1, 22.2,
            1, 94, 4, {"H100": (4, (32, 128)), "B200": (2, (32, 128))}),
    Variant("llama-4-scout", "llama-4", "meta-llama/Llama-4-Scout-17B-16E-Instruct", 109, 17, 2, 48,
            8, {"H100": (4, (64, 192))}),
    Variant("llama-4-maverick-fp8", "llama-4", "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
            402, 17, 1, 48, 8, {"H100": (8, (64, 384))}),
)  # fmt: skip

NODE_COLUMNS = (
    "name", "gpus", "gpu_memory_gb", "load_gb_per_s", "off_w", "boot_seconds", "standby_w",
    "idle_w", "prefill_w", "decode_w", "host_w", "rental_usd_per_hour", "committed_usd_per_hour",
    "embodied_kg_per_hour", "source", "estimated",
)  # fmt: skip
VARIANT_COLUMNS = (
    "name", "family", "parameters_b", "active_b", "weight_gb", "kv_bytes_per_token", "source",
    "estimated",
)  # fmt: skip
SERVICE_COLUMNS = (
    "node_type", "variant", "gpus_per_replica", "batch", "prefill_tokens_per_s", "prefill_fixed_s",
    "prefill_slope_s", "step_fixed_s", "step_slope_s", "prefill_w", "decode_w",
    "decode_tokens_per_s", "gpu_joules_per_token", "source", "estimated",
)  # fmt: skip


def build_fleet_nodes(data: Path, output: Path) -> int:
    """Write node_types_2026.csv; a tenth of one network adapter loads weights."""
    specs = pd.read_csv(data / "llm_perf" / "gpu_specs_aiconfigurator.csv").set_index("gpu")
    rows = [
        {
            "name": node.name,
            "gpus": 8,
            "gpu_memory_gb": node.gpu_memory_gb,
            "load_gb_per_s": float(specs.loc[node.specs, "inter_node_bw"]) / 1e10,
            "off_w": OFF_W,
            "boot_seconds": BOOT_SECONDS,
            "standby_w": node.standby_w,
            "idle_w": node.idle_w,
            "prefill_w": node.host_w + 8 * int(specs.loc[node.specs, "power"]),
            "decode_w": node.host_w + 8 * int(specs.loc[node.specs, "power"]),
            "host_w": node.host_w,
            "rental_usd_per_hour": node.rental_usd_per_hour,
            "committed_usd_per_hour": round(COMMITTED * node.rental_usd_per_hour, 1),
            "embodied_kg_per_hour": node.embodied_kg_per_hour,
            "source": f"{node.note}; standby (powered, no weights) and idle (weights in memory) "
            "assumed within 1,500-3,300 W, off (management controller) and boot assumed; rental, "
            "committed at 0.6 of it, and embodied carbon (about 4 t in 5 years) "
            "assumed; services state the power of a busy node",
            "estimated": 1,
        }
        for node in NODES
    ]
    return write_table(output / NODE_TYPES, NODE_COLUMNS, rows)


def build_fleet_variants(_: Path, output: Path) -> int:
    """Write variants_2026.csv."""
    rows = [
        {
            "name": variant.name,
            "family": variant.family,
            "parameters_b": variant.parameters_b,
            "active_b": variant.active_b,
            "weight_gb": variant.parameters_b * variant.weight_bytes,
            "kv_bytes_per_token": variant.kv_bytes_per_token,
            "source": f"{variant.model_id}: config.json and card of its publisher; "
            f"{variant.weight_bytes} bytes per weight, 2 per cached value"
            + ("; sliding windows count as full" if variant.family == "gemma-3" else ""),
            "estimated": int(variant.family == "gemma-3"),
        }
        for variant in FLEET
    ]
    return write_table(output / VARIANTS, VARIANT_COLUMNS, rows)


def measured(data: Path, gpu: str, variant: Variant, gpus: int) -> pd.DataFrame:
    """Runs on a replica by batch: token/s, step (s), watts of one GPU; of several with the same
    batch the fastest."""
    frame = pd.read_csv(data / "llm_perf" / "mlenergy_v3_llm_energy.csv")
    frame = frame[
        (frame["task"] == "lm-arena-chat")
        & (frame["gpu_model"] == gpu)
        & (frame["model_id"] == variant.model_id)
        & (frame["num_gpus"] == gpus)
    ]
    rate = frame["output_throughput_tokens_per_sec"]
    runs = pd.DataFrame(
        {
            "batch": frame["max_num_seqs"].astype(int),
            "rate": rate,
            "step": frame["max_num_seqs"] / rate,
            "gpu_w": frame["avg_power_watts"] / gpus,
        }
    )
    return runs.sort_values("rate").drop_duplicates("batch", keep="last").set_index("batch")


def a100_runs(data: Path, variant: Variant, gpus: int) -> tuple[pd.DataFrame, str]:
    """The same of A100, and where it comes from. GPU power: 64 % of 400 W (SageServe, Llama-2-70B
    at batch 16)."""
    if variant.name == "llama-3.1-8b":
        model = next(model for model in MODELS if model.name == "llama-3-8b")
        lines = argonne_runs(data, "A100", model, gpus)
        floor = float((lines["latency"] / lines["length"]).min())
        step = step_of(lines, prefill_of(data, "A100", model, floor).rate)
        runs = pd.DataFrame({"batch": [16, 32, 64]}).set_index("batch")
        runs["step"] = [step.seconds(batch) for batch in runs.index]
        source = "Llama-3-8B, TensorRT-LLM, 40 GB board (LLM-Inference-Bench)"
    elif variant.name == "llama-3.1-70b":
        frame = pd.read_csv(data / "llm_perf" / "sageserve_perf_model.csv")
        frame = frame[
            (frame["model"] == "llama2-70b") & (frame["hardware"] == "a100-80gb")
            & (frame["tensor_parallel"] == gpus) & (frame["prompt_size"] == 512)
            & (frame["token_size"] == 128)
        ]  # fmt: skip
        means = frame.groupby("batch_size")["token_time"].mean() / 1000
        runs = pd.DataFrame({"step": means[means.index >= 16]})
        source = "Llama-2-70B on 4 GPUs (SageServe)"
    else:
        specs = pd.read_csv(data / "llm_perf" / "gpu_specs_aiconfigurator.csv").set_index("gpu")
        ratio = float(specs.loc["h100_sxm", "mem_bw"] / specs.loc["a100_sxm", "mem_bw"])
        runs = measured(data, "H100", variant, gpus)[["step"]] * ratio
        source = f"H100 (ML.ENERGY v3), step times {ratio:.3g} (memory bandwidths)"
    runs["rate"] = runs.index / runs["step"]
    runs["gpu_w"] = 0.64 * 400
    return runs, source


def prefill_rate(data: Path, gpu: str, variant: Variant, gpus: int) -> float:
    """Prompt tokens a second of a replica, calibrated: none is measured for these variants.

    The share of the BF16 peak that prompts reach: Llama-3-8B on one GPU (LLM-Inference-Bench),
    Llama-2-70B on four (SageServe), their mean on two, four's on eight. B200 as H100. Half of it
    for mixtures of experts, by their active parameters; 1.5 times as fast in FP8.
    """
    specs = pd.read_csv(data / "llm_perf" / "gpu_specs_aiconfigurator.csv").set_index("gpu")
    peaks = {node.gpu: float(specs.loc[node.specs, "bfloat16_tc_flops"]) for node in NODES}
    known = "A100" if gpu == "A100" else "H100"
    small = next(model for model in MODELS if model.name == "llama-3-8b")
    one = 16 * 1024 / first_token_16x1024(data, known, small) * 2e9 * 8.03 / peaks[known]
    four = sageserve_70b(data, known).rate * 2e9 * 70.6 / (4 * peaks[known])
    share = {1: one, 2: (one + four) / 2}.get(gpus, four)
    if variant.active_b < variant.parameters_b:
        share /= 2
    if variant.weight_bytes == 1:
        share *= 1.5
    return share * gpus * peaks[gpu] / (2e9 * variant.active_b)


def build_fleet_services(data: Path, output: Path) -> int:
    """Write services_2026.csv: one row per node type, variant and operating point."""
    rows = []
    for node in NODES:
        for variant in FLEET:
            if node.gpu in variant.runs:
                rows += service_rows(data, node, variant)
    return write_table(output / SERVICES, SERVICE_COLUMNS, rows, digits=6)


def service_rows(data: Path, node: Node, variant: Variant) -> list[dict[str, object]]:
    """The operating points of a variant at a node type.

    A step is a line in the batch through this run and the next smaller one. While reading, a GPU
    draws what it draws at most in any run of the variant.
    """
    gpus, batches = variant.runs[node.gpu]
    source = "ML.ENERGY v3, lm-arena-chat"
    if node.gpu == "A100":
        runs, source = a100_runs(data, variant, gpus)
    else:
        runs = measured(data, node.gpu, variant, gpus)
    rate, count = prefill_rate(data, node.gpu, variant, gpus), 8 // gpus
    reading = 400.0 if node.gpu == "A100" else float(runs["gpu_w"].max())
    rows: list[dict[str, object]] = []
    for batch in batches:
        run = runs.loc[batch]
        below = max(other for other in runs.index if other < batch)
        slope = float(run["step"] - runs.loc[below, "step"]) / (batch - below)
        slope = min(max(slope, 1e-7), float(run["step"]) / batch)
        rows.append(
            {
                "node_type": node.name,
                "variant": variant.name,
                "gpus_per_replica": gpus,
                "batch": batch,
                "prefill_tokens_per_s": count * rate,
                "prefill_fixed_s": float(runs["step"].min()),
                "prefill_slope_s": 1 / rate,
                "step_fixed_s": float(run["step"]) - slope * batch,
                "step_slope_s": slope,
                "prefill_w": round(node.host_w + 8 * reading),
                "decode_w": round(node.host_w + 8 * float(run["gpu_w"])),
                "decode_tokens_per_s": count * float(run["rate"]),
                "gpu_joules_per_token": gpus * float(run["gpu_w"]) / float(run["rate"]),
                "source": f"{source}, {gpus} x {node.gpu}; prefill calibrated",
                "estimated": 1,
            }
        )
    return rows
