"""Facts of models and GPUs: by the number of weights that follows, and against a second source."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from slit.errors import SlitError
from slit.predictor.catalog import find_architecture, known_architectures, plain_name
from slit.predictor.gpus import find_gpu, known_gpus

BILLIONS = {
    "Llama-3.1-8B": (8.03, 8.03),
    "Llama-3.1-405B": (405.9, 405.9),
    "Mixtral-8x7B": (46.7, 12.9),
    "Qwen3-235B-A22B": (235.1, 22.2),
    "DeepSeek-V3": (671.0, 37.5),
    "gpt-oss-120b": (116.8, 5.7),
    "Llama-4-Maverick-17B-128E": (400.7, 17.2),
    "gemma-3-27b": (27.0, 27.0),
    "Nemotron-Nano-12B-v2": (12.3, 12.3),
}
"""Published numbers of weights, all and those of one token."""


@pytest.mark.parametrize("name", BILLIONS)
def test_the_number_of_weights_follows_from_the_facts(name: str) -> None:
    model = find_architecture(name)
    found = (model.parameters / 1e9, model.active_parameters / 1e9)
    assert found == pytest.approx(BILLIONS[name], rel=0.01)


def test_owner_and_endings_leave_the_architecture_as_it_is() -> None:
    assert plain_name("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8") == "qwen3-235b-a22b"
    assert find_architecture("meta-llama/Llama-3.1-8B-Instruct").name == "Llama-3.1-8B"
    assert find_architecture("nvidia/NVIDIA-Nemotron-Nano-9B-v2").name == "Nemotron-Nano-9B-v2"


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(SlitError, match=r"did you mean 'Llama-3\.1-70B'"):
        find_architecture("Llama-3.1-7B")
    with pytest.raises(SlitError, match="did you mean 'H100'"):
        find_gpu("H10")


def test_the_facts_agree_with_a_second_table(shared_data: Path) -> None:
    with (shared_data / "llm_quality" / "llm_architectures.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    known = {plain_name(name): model for name, model in known_architectures().items()}
    compared = 0
    for row in rows:
        model = known.get(plain_name(row["model"]))
        if model is None:
            continue
        compared += 1
        assert model.hidden == int(row["hidden_size"])
        assert model.heads == int(row["num_attention_heads"])
        assert model.vocabulary == int(row["vocab_size"])
        assert model.experts == int(row["experts"] or 0)
        if not model.mamba_layers:
            assert model.attention_layers == int(row["num_hidden_layers"])
        if not model.kv_rank:
            assert model.kv_heads == int(row["num_key_value_heads"])
    assert compared >= 20


def test_gpus_agree_with_a_second_table(shared_data: Path) -> None:
    names = {"h100_sxm": "H100", "a100_sxm": "A100", "b200_sxm": "B200", "l4": "L4"}
    with (shared_data / "llm_perf" / "gpu_specs_aiconfigurator.csv").open() as stream:
        rows = {row["gpu"]: row for row in csv.DictReader(stream)}
    for theirs, ours in names.items():
        assert known_gpus()[ours].memory_bandwidth == float(rows[theirs]["mem_bw"])
        assert known_gpus()[ours].bf16_flops == float(rows[theirs]["bfloat16_tc_flops"])
        assert known_gpus()[ours].peak_w == float(rows[theirs]["power"])


LLAMA_8B: dict[str, Any] = {
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
}
QWEN_30B: dict[str, Any] = {
    "num_hidden_layers": 48,
    "hidden_size": 2048,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "head_dim": 128,
    "intermediate_size": 6144,
    "moe_intermediate_size": 768,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "vocab_size": 151936,
    "use_sliding_window": False,
    "sliding_window": 4096,
}
DEEPSEEK: dict[str, Any] = {
    "num_hidden_layers": 61,
    "hidden_size": 7168,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "v_head_dim": 128,
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "n_routed_experts": 256,
    "num_experts_per_tok": 8,
    "n_shared_experts": 1,
    "first_k_dense_replace": 3,
    "vocab_size": 129280,
}


@pytest.mark.parametrize(
    ("content", "name"),
    [(LLAMA_8B, "Llama-3.1-8B"), (QWEN_30B, "Qwen3-30B-A3B"), (DEEPSEEK, "DeepSeek-V3")],
)
def test_a_config_gives_the_known_architecture(
    tmp_path: Path, content: dict[str, Any], name: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(content))
    found = find_architecture(str(path))
    assert found.parameters == find_architecture(name).parameters
    assert found.kv_values == find_architecture(name).kv_values
    assert found.window_layers == 0


@pytest.mark.parametrize("missing", ["num_hidden_layers", "hidden_size", "vocab_size"])
def test_a_config_without_a_needed_field_is_refused(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({k: v for k, v in LLAMA_8B.items() if k != missing}))
    with pytest.raises(SlitError, match=f"no {missing}"):
        find_architecture(str(path))
    path.write_text(json.dumps(LLAMA_8B | {missing: "many"}))
    with pytest.raises(SlitError, match=f"{missing} = 'many', expected a whole number"):
        find_architecture(str(path))
    path.write_text("[]")
    with pytest.raises(SlitError, match="no object"):
        find_architecture(str(path))
