"""variants.csv, node_types.csv and quality.csv: what models and nodes are, and how good."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from table_files import write_table


@dataclass(frozen=True, slots=True)
class Model:
    """A served model: its architecture, its rows in the sources, and its parameters in billions."""

    name: str
    family: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocabulary: int
    measured_as: str
    scored_as: str
    architecture_source: str
    experts: int = 1
    active_experts: int = 1
    head_dim: int = 128

    def body_b(self, experts: int) -> float:
        """Billions of parameters in the layers, with so many experts each."""
        attention = 2 * self.hidden * self.head_dim * (self.heads + self.kv_heads)
        return self.layers * (attention + experts * 3 * self.hidden * self.feed_forward) / 1e9

    @property
    def active_body_b(self) -> float:
        """Billions of parameters that a prompt token passes: layers, without both embeddings."""
        return self.body_b(self.active_experts)

    @property
    def read_per_token_b(self) -> float:
        """Billions of parameters read in a decode step of one request: layers and output head."""
        return self.active_body_b + self.vocabulary * self.hidden / 1e9

    @property
    def kv_bytes_per_token(self) -> int:
        """Keys and values of all layers at two bytes."""
        return 2 * self.layers * self.kv_heads * self.head_dim * 2


TABLE = "llm_architectures.csv (aiconfigurator)"
CARD = "config.json of the model's publisher"
MODELS = (
    Model("llama-3-8b", "llama-3", 32, 4096, 32, 8, 14336, 128256, "meta-llama/Meta-Llama-3-8B",
          "meta-llama/Meta-Llama-3-8B-Instruct", TABLE),
    Model("llama-3-70b", "llama-3", 80, 8192, 64, 8, 28672, 128256, "meta-llama/Meta-Llama-3-70B",
          "meta-llama/Meta-Llama-3-70B-Instruct", TABLE),
    Model("qwen2-7b", "qwen2", 28, 3584, 28, 4, 18944, 152064, "Qwen/Qwen2-7B",
          "Qwen/Qwen2-7B-Instruct", CARD),
    Model("qwen2-72b", "qwen2", 80, 8192, 64, 8, 29568, 152064, "Qwen/Qwen2-72B",
          "Qwen/Qwen2-72B-Instruct", CARD),
    Model("mistral-7b", "mistral", 32, 4096, 32, 8, 14336, 32768, "mistralai/Mistral-7B-v0.1",
          "mistralai/Mistral-7B-Instruct-v0.3", CARD),
    Model("mixtral-8x7b", "mistral", 32, 4096, 32, 8, 14336, 32000, "mistralai/Mixtral-8x7B-v0.1",
          "mistralai/Mixtral-8x7B-Instruct-v0.1", TABLE, experts=8, active_experts=2),
)  # fmt: skip

VARIANT_COLUMNS = (
    "name", "family", "parameters_b", "weight_gb", "kv_bytes_per_token", "source", "estimated",
)  # fmt: skip
NODE_COLUMNS = (
    "name", "gpus", "gpu_memory_gb", "gpu_memory_bandwidth_gb_per_s",
    "load_bandwidth_gb_per_s", "idle_w", "prefill_w", "decode_w", "host_overhead_w", "source",
    "estimated",
)  # fmt: skip
QUALITY_COLUMNS = ("variant", "class", "metric", "score", "source", "estimated")


def scores(data: Path) -> pd.DataFrame:
    """Leaderboard rows by model name, the bfloat16 evaluation of each."""
    frame = pd.read_csv(data / "llm_quality" / "hf_open_llm_leaderboard_v2_official.csv")
    frame = frame[frame["precision"] == "bfloat16"].set_index("model_name")
    if not frame.index.is_unique:
        frame = frame[~frame.index.duplicated()]
    return frame


def build_variants(data: Path, output: Path) -> int:
    """Write variants.csv; checks the architectures against the data where it has them."""
    board = scores(data)
    table = pd.read_csv(data / "llm_quality" / "llm_architectures.csv").set_index("model")
    twins = {
        "llama-3-8b": "meta-llama/Meta-Llama-3.1-8B",
        "llama-3-70b": "meta-llama/Meta-Llama-3.1-70B",
        "mixtral-8x7b": "mistralai/Mixtral-8x7B-v0.1",
    }
    rows = []
    for model in MODELS:
        if model.name in twins:
            known = table.loc[twins[model.name]]
            stated = (model.layers, model.hidden, model.heads, model.kv_heads, model.feed_forward)
            found = tuple(
                int(known[column])
                for column in (
                    "num_hidden_layers", "hidden_size", "num_attention_heads",
                    "num_key_value_heads", "intermediate_size",
                )
            )  # fmt: skip
            if stated != found:
                raise ValueError(f"{model.name}: {stated}, expected {found}")
        parameters = float(board.loc[model.scored_as, "params_billions"])
        computed = (
            model.body_b(model.experts) + 2 * model.vocabulary * model.hidden / 1e9
            + (model.layers * model.hidden * model.experts / 1e9 if model.experts > 1 else 0)
        )  # fmt: skip
        if abs(computed / parameters - 1) > 0.005:
            raise ValueError(f"{model.name}: {computed:.3f}, expected {parameters} (billions)")
        rows.append(
            {
                "name": model.name,
                "family": model.family,
                "parameters_b": parameters,
                "weight_gb": 2 * parameters,
                "kv_bytes_per_token": model.kv_bytes_per_token,
                "source": "parameters: Open LLM Leaderboard v2; layers: "
                f"{model.architecture_source}; 2 bytes per weight and per cached value",
                "estimated": 0,
            }
        )
    return write_table(output / "variants.csv", VARIANT_COLUMNS, rows, digits=6)


def build_node_types(data: Path, output: Path) -> int:
    """Write node_types.csv: 8-GPU servers, power with the host's overhead in all three states."""
    gpus = pd.read_csv(data / "llm_perf" / "gpu_specs_aiconfigurator.csv").set_index("gpu")
    power = {
        "a100x8": ("a100_sxm", 63, 400, 250, 6500),
        "h100x8": ("h100_sxm", 75, 700, 380, 10200),
    }
    rows = []
    for name, (gpu, idle, prefill, decode, server) in power.items():
        overhead = server - 8 * prefill
        rows.append(
            {
                "name": name,
                "gpus": 8,
                "gpu_memory_gb": 80,
                "gpu_memory_bandwidth_gb_per_s": int(gpus.loc[gpu, "mem_bw"]) // 10**9,
                "load_bandwidth_gb_per_s": int(gpus.loc[gpu, "inter_node_bw"]) // 10**9,
                "idle_w": 8 * idle + overhead,
                "prefill_w": 8 * prefill + overhead,
                "decode_w": 8 * decode + overhead,
                "host_overhead_w": overhead,
                "source": f"GPU power {idle}/{prefill}/{decode} W (Splitwise simulator); host: "
                f"server TDP {server} W less 8 GPUs, in all states; loading over one network "
                "adapter (aiconfigurator)",
                "estimated": 1,
            }
        )
    return write_table(output / "node_types.csv", NODE_COLUMNS, rows)


METRICS = (
    ("chat", "IFEval", "ifeval_value", 0),
    ("reasoning", "MMLU-Pro", "mmlu_pro_value", 0),
    ("summarization", "BBH", "bbh_value", 0),
    ("code", "MATH level 5 (proxy)", "math_value", 1),
)


def build_quality(data: Path, output: Path) -> int:
    """Write quality.csv: one benchmark per request class, raw scores in [0, 1]."""
    board = scores(data)
    rows = [
        {
            "variant": model.name,
            "class": kind,
            "metric": metric,
            "score": float(board.loc[model.scored_as, column]),
            "source": f"Open LLM Leaderboard v2, {model.scored_as}, bfloat16",
            "estimated": estimated,
        }
        for model in MODELS
        for kind, metric, column, estimated in METRICS
    ]
    return write_table(output / "quality.csv", QUALITY_COLUMNS, rows, digits=5)
