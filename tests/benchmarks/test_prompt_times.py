"""Readers of measured times of prompts: units, repetitions, rows that are left out."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.measuring import prompt_times

HEAD = (
    "model,hardware,prompt_size,batch_size,token_size,peak_power,average_power,prompt_time,"
    "token_time,e2e_time,tensor_parallel\n"
)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(prompt_times, "shared_folder", lambda: tmp_path)
    for name in (prompt_times.SPLITWISE, *prompt_times.SAGESERVE, prompt_times.ARGONNE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    return tmp_path


def test_repetitions_of_splitwise_are_one_row_in_seconds(shared: Path) -> None:
    rows = [
        f"llama2-70b,{gpu},512,2,128,0,0,{prompt},30,9000,4\n"
        for gpu, prompt in (("h100-80gb", 100), ("h100-80gb", 120), ("h100-80gb", 500),
                            ("a100-80gb", 300), ("h100-80gb-pcap", 999))
    ]  # fmt: skip
    (shared / prompt_times.SPLITWISE).write_text(HEAD + "".join(rows))
    found = prompt_times.read_splitwise()
    assert found.groups == ["llama2-70b h100-80gb 4", "llama2-70b a100-80gb 4"]
    np.testing.assert_allclose(found.prompt_s, [0.12, 0.3])
    np.testing.assert_allclose(found.token_s, 0.03)
    config = found.configs[0]
    assert (config.architecture.name, config.gpu.name) == ("Llama-2-70B", "H100")
    assert (config.prompt, config.batch, config.gpus) == (512, 2, 4)


def test_token_times_of_sageserve_are_of_all_tokens(shared: Path) -> None:
    for name in prompt_times.SAGESERVE:
        rows = [f"Llama-3.1-8B,a100-80gb,512,{n},128,0,0,0.04,1.28,2,4\n" for n in (1, 2)]
        (shared / name).write_text(HEAD + "".join(rows))
    found = prompt_times.read_sageserve()
    assert len(found) == 1
    np.testing.assert_allclose([found.prompt_s[0], found.token_s[0]], [0.04, 0.01])


def test_argonne_is_read_without_other_hardware_and_engines(shared: Path) -> None:
    model = "meta-llama/Meta-Llama-3-8B,1024,1,16"
    (shared / prompt_times.ARGONNE).write_text(
        "Hardware,Num of Hardware,Framework,Model,Input Length,Output Length,Batch Size,Latency\n\n"
        f"Nvidia A100 GPU,1,vLLM,{model},1.04\nNvidia A100 GPU,1,Deepspeed-MII,{model},2.4\n"
        f"AMD MI250 GPU,1,vLLM,{model},2.2\n"
    )
    found = prompt_times.read_argonne()
    np.testing.assert_allclose(found.prompt_s, [1.04])
    assert found.configs[0].architecture.name == "Llama-3-8B"
    assert found.configs[0].batch == 16
