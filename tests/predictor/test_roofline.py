"""The analytic twin by hand: one dense layer, one layer of experts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.predictor.architectures import Architecture
from slit.predictor.calibration import (
    READING,
    READING_ELSE,
    READING_LAYER_S,
    prompt_seconds,
)
from slit.predictor.catalog import find_architecture
from slit.predictor.columns import as_columns
from slit.predictor.configs import InferenceConfig, Precision
from slit.predictor.gpus import Gpu, find_gpu
from slit.predictor.roofline import (
    Kernel,
    decode_pass,
    decode_work,
    kernels,
    prefill_kernels,
    prefill_pass,
    prefill_work,
    touched_experts,
)

GPU = Gpu(
    name="by hand",
    memory_bytes=1e9,
    memory_bandwidth=1000.0,
    bf16_flops=10_000.0,
    fp8_flops=20_000.0,
    fp4_flops=0.0,
    link_bandwidth=100.0,
    peak_w=100.0,
    idle_w=10.0,
    host_w=5.0,
)
DENSE = Architecture(
    name="dense", hidden=8, vocabulary=20, attention_layers=1, heads=4, kv_heads=2, head_dim=2,
    dense_layers=1, ffn=16,
)  # fmt: skip
EXPERTS = replace(
    DENSE, name="experts", dense_layers=0, ffn=0, moe_layers=1, experts=4, experts_per_token=2,
    expert_ffn=6, shared_ffn=0,
)  # fmt: skip


def config(model: Architecture, **facts: object) -> InferenceConfig:
    given: dict[str, object] = {"batch": 3.0, "prompt": 10.0, "output": 4.0, **facts}
    return InferenceConfig(architecture=model, gpu=GPU, **given)  # type: ignore[arg-type]


def by_name(asked: InferenceConfig, *, decode: bool = True) -> dict[str, Kernel]:
    columns = as_columns([asked])
    work = decode_work(columns) if decode else prefill_work(columns)
    return {kernel.name: kernel for kernel in kernels(columns, work)}


def test_a_dense_layer_by_hand() -> None:
    """3 requests that attend to 10 + 4 / 2 = 12 tokens each."""
    found = by_name(config(DENSE))
    query = found["query"]
    assert query.operations == 2 * 8 * 8 * 3
    assert query.weight_bytes == 8 * 8 * 2
    assert query.activation_bytes == 3 * (8 + 8) * 2
    assert found["key"].operations == found["value"].operations == 2 * 8 * 4 * 3
    attention = found["attention"]
    assert attention.operations == 2 * 3 * 12 * 4 * (2 + 2)
    assert attention.kv_bytes == 3 * 12 * (2 * 2 * 2) * 2  # two KV heads serve four heads
    assert attention.activation_bytes == 2 * 3 * 8 * 2  # rows of heads, not of tokens attended to
    assert found["gate"].weight_bytes == found["down"].weight_bytes == 8 * 16 * 2
    assert found["activation"].activation_bytes == 3 * 3 * 16 * 2
    assert found["logits"].weight_bytes == 8 * 20 * 2
    assert found["attention_all_reduce"].count == 0  # one GPU has nobody to send to
    columns = as_columns([config(DENSE)])
    # Slower of 384 operations at 10,000 / s and 128 + 96 bytes at 1,000 / s.
    assert query.seconds(columns) == pytest.approx(0.224)
    total = decode_pass(columns)
    assert total.weight_s == pytest.approx((DENSE.parameters - 8 * 20) * 2 / 1000)


def test_a_layer_of_experts_by_hand() -> None:
    """3 tokens choose 2 of 4 experts: 4 (1 - (1 / 2)^3) = 3.5 of them are read."""
    found = by_name(config(EXPERTS))
    assert found["expert_up"].weight_bytes == pytest.approx(3.5 * 8 * 6 * 2)
    assert found["expert_up"].operations == 2 * (3 * 2) * 8 * 6
    assert found["router_and_shared"].weight_bytes == 8 * 4 * 2
    assert found["gate"].count == 0
    assert found["expert_gate"].count == 1


def test_touched_experts_end_at_all_of_them() -> None:
    one, many = (touched_experts(np.array(128.0), np.array(8.0), np.array(t)) for t in (1.0, 1e4))
    assert one == pytest.approx(8)
    assert many == pytest.approx(128)


def test_two_gpus_share_weights_and_send_partial_sums() -> None:
    alone, both = by_name(config(DENSE)), by_name(config(DENSE, gpus=2))
    assert both["query"].weight_bytes == alone["query"].weight_bytes / 2
    reduce = both["network_all_reduce"]
    assert reduce.count == 1
    assert reduce.network_bytes == 2 * 1 / 2 * 3 * 8 * 2
    # Four GPUs, two KV heads: each head is kept twice.
    four = by_name(config(DENSE, gpus=4))
    assert four["attention"].kv_bytes == alone["attention"].kv_bytes / 2
    # Two copies of attention: all of its weights on each, half of the requests.
    copies = by_name(config(DENSE, gpus=2, data_parallel=2))
    assert copies["query"].weight_bytes == alone["query"].weight_bytes
    assert copies["attention"].kv_bytes == alone["attention"].kv_bytes / 2


def test_a_window_and_a_prompt_by_hand() -> None:
    windowed = replace(DENSE, window_layers=1, window=5)
    assert by_name(config(windowed))["attention"].kv_bytes == 3 * 5 * 8 * 2
    reading = by_name(config(DENSE), decode=False)
    assert reading["attention"].operations == 2 * 10 * 5 * 4 * (2 + 2)  # causal: half of 10
    assert reading["query"].operations == 2 * 8 * 8 * 10
    assert reading["logits"].operations == 2 * 8 * 20  # of the last token


def test_latent_attention_reads_one_vector_for_each_token() -> None:
    latent = replace(DENSE, kv_rank=6)
    attention = by_name(config(latent))["attention"]
    assert attention.kv_bytes == 3 * 12 * (6 + 64) * 2
    assert attention.operations == 2 * 3 * 12 * 4 * ((6 + 64) + 6)


def test_precision_is_of_weights_and_of_operations() -> None:
    fp8 = by_name(config(DENSE, precision=Precision.FP8))
    assert fp8["query"].weight_bytes == 8 * 8
    assert fp8["query"].flops == 20_000
    assert fp8["logits"].weight_bytes == 8 * 20 * 2
    mxfp4 = config(EXPERTS, precision=Precision.MXFP4)
    assert by_name(mxfp4)["query"].weight_bytes == 8 * 8 * 2
    assert by_name(mxfp4)["expert_up"].weight_bytes == pytest.approx(3.5 * 8 * 6 * 0.53125)
    assert mxfp4.what_runs is not None
    assert mxfp4.flops == 10_000


def test_what_does_not_fit_is_refused_with_the_bytes() -> None:
    model = find_architecture("Llama-3.1-70B")
    asked = InferenceConfig(
        architecture=model, gpu=find_gpu("H100"), batch=1, prompt=100, output=100
    )
    with pytest.raises(SlitError, match=r"141\.1 GB of weights .* at most 77\.3 GB"):
        asked.check_fits()
    replace(asked, gpus=4).check_fits()
    with pytest.raises(SlitError, match="GB of keys and values for a batch of 4096"):
        replace(asked, gpus=4, batch=4096, output=1000).check_fits()


@pytest.mark.parametrize("name", ["batch", "prompt", "output", "gpus"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_amounts_are_positive(name: str, value: float) -> None:
    with pytest.raises(SlitError, match=f"{name}: .*expected above 0"):
        config(DENSE, **{name: value})


@given(
    batch=st.floats(1, 512), prompt=st.floats(1, 8192), output=st.floats(1, 4096),
    more=st.floats(1, 4),
)  # fmt: skip
def test_more_tokens_take_longer_and_faster_gpus_do_not(
    batch: float, prompt: float, output: float, more: float
) -> None:
    model, gpu = find_architecture("gpt-oss-120b"), find_gpu("H100")
    faster = replace(gpu, memory_bandwidth=gpu.memory_bandwidth * more,
                     bf16_flops=gpu.bf16_flops * more)  # fmt: skip
    asked = InferenceConfig(
        architecture=model, gpu=gpu, batch=batch, prompt=prompt, output=output, gpus=2
    )
    rows = [asked, replace(asked, batch=batch * more), replace(asked, prompt=prompt * more),
            replace(asked, output=output * more), replace(asked, gpu=faster)]  # fmt: skip
    columns = as_columns(rows)
    for whole in (decode_pass(columns), prefill_pass(columns)):
        seconds = whole.seconds
        assert (seconds[1:4] >= seconds[0] * (1 - 1e-12)).all()
        assert seconds[4] <= seconds[0] * (1 + 1e-12)


def test_a_prompt_takes_its_kernels_and_launches() -> None:
    """By hand on one GPU: nothing is sent; attention by its own coefficient."""
    config = InferenceConfig(
        architecture=find_architecture("Llama-3.1-8B"), gpu=find_gpu("H100"), batch=1, prompt=1000,
        output=100,
    )  # fmt: skip
    columns = as_columns([config])
    found = prefill_kernels(columns)
    attention = sum(
        float((k.count * k.seconds(columns))[0]) for k in found if k.name == "attention"
    )
    rest = float(prefill_pass(columns).seconds[0]) - attention
    wanted = READING_ELSE * rest + READING["attention"] * attention + 32 * READING_LAYER_S
    assert prompt_seconds(columns)[0] == pytest.approx(wanted)
    longer = as_columns([replace(config, prompt=tokens) for tokens in (16.0, 200.0, 4000.0)])
    assert (np.diff(prompt_seconds(longer)) > 0).all()
