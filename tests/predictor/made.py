"""Configurations for tests of what is trained."""

from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig
from slit.predictor.gpus import find_gpu


def made_configs() -> list[InferenceConfig]:
    return [
        InferenceConfig(
            architecture=find_architecture(model), gpu=find_gpu(gpu), batch=batch,
            prompt=200.0, output=400.0, gpus=2,
        )
        for model in ("Llama-3.1-8B", "Qwen3-32B", "Qwen3-30B-A3B", "gpt-oss-20b")
        for gpu in ("H100", "A100")
        for batch in (1.0, 8.0, 64.0, 128.0)
    ]  # fmt: skip
