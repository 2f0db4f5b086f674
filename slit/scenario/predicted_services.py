"""Services that nobody measured, predicted for pairs of a variant and a node type."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from slit.errors import SlitError, did_you_mean
from slit.predictor.architectures import Architecture
from slit.predictor.catalog import find_architecture
from slit.predictor.configs import InferenceConfig, Precision
from slit.predictor.gpus import Gpu, find_gpu
from slit.predictor.models import Basis, Model, find_method, shipped_model
from slit.predictor.prediction import predict
from slit.scenario.file_schema import ModelFacts, PredictorFacts
from slit.scenario.records import ModelVariant, NodeType
from slit.scenario.validation_errors import refused

BATCHES = (32, 16, 8, 4, 2, 1)
"""An operating point is the largest of these that fits."""
SMALLEST_BATCH = 8
"""More GPUs hold a replica rather than a smaller batch."""
PROMPT, OUTPUT = 512.0, 256.0
SHORT, LONG = 128.0, 2048.0
WEIGHTS_WITHIN = 1.3
"""Stated weights are at most so many times above or below those of the model."""


def add_predicted(data: dict[str, Any], path: Path, *, only: Sequence[str] | None = None) -> None:
    """Append predicted services to those of a scenario file, for each pair that has none.

    only: pairs as `node type/variant`; none: all. Pairs whose model does not fit on the node are
    left out, unless they are named.

    Raises:
        SlitError: an unknown model, GPU or pair, weights that are not those of the model, a named
            pair that does not fit, or a variant without a service on any node type.
    """
    try:
        facts = PredictorFacts.model_validate(data.get("predictor", {}))
    except ValidationError as error:
        raise refused(error, PredictorFacts, where=f"{path}: predictor", places={}) from None
    try:
        nodes = [NodeType.model_validate(entry) for entry in data.get("node_types", [])]
        variants = [ModelVariant.model_validate(entry) for entry in data.get("variants", [])]
    except ValidationError:
        return  # refused when the whole file is checked
    stated = [entry for entry in data["services"] if isinstance(entry, dict)]
    measured = {(entry.get("node_type"), entry.get("variant")) for entry in stated}
    found = list(data["services"])
    try:
        model = shipped_model(find_method(facts.method))
        pairs = {f"{node.name}/{each.name}": (node, each) for each in variants for node in nodes}
        for name in pairs if only is None else only:
            if name not in pairs:
                raise SlitError(
                    f"{name!r}, expected pairs of a node type and a variant"
                    f"{did_you_mean(name, pairs)}"
                )
            node, variant = pairs[name]
            if (node.name, variant.name) in measured:
                continue
            services = _predicted_pair(model, variant, node, facts, path.parent)
            found += services
            if not services and only is not None:
                raise SlitError(f"{name}: does not fit, expected a node with more memory")
        for variant in variants if only is None else ():
            if not any(entry.get("variant") == variant.name for entry in found):
                raise SlitError(
                    f"variants.{variant.name}: fits on no node type, expected one with more memory"
                )
    except SlitError as error:
        raise SlitError(f"{path}: services.predict: {error}") from None
    data["services"] = found


def _predicted_pair(
    model: Model, variant: ModelVariant, node: NodeType, facts: PredictorFacts, folder: Path
) -> list[dict[str, Any]]:
    stated = facts.models.get(variant.name, variant.name)
    known = stated if isinstance(stated, ModelFacts) else ModelFacts(model=stated)
    name = str(folder / known.model) if known.model.endswith(".json") else known.model
    try:
        architecture = find_architecture(name)
    except SlitError as error:
        raise SlitError(f"predictor.models.{variant.name}: {error}") from None
    try:
        gpu = find_gpu(facts.gpus.get(node.name, re.sub(r"-?x?\d+x?$", "", node.name)))
    except SlitError as error:
        raise SlitError(f"predictor.gpus.{node.name}: {error}") from None
    _refuse_other_weights(variant, architecture, gpu, known.precision)
    services = predicted_points(
        model, architecture, gpu, node_gpus=node.gpus, precision=known.precision,
        batches=facts.batches,
    )  # fmt: skip
    names = {"node_type": node.name, "variant": variant.name}
    return [names | each | {"decode_w": max(each["decode_w"], node.idle_w)} for each in services]


def _refuse_other_weights(
    variant: ModelVariant, architecture: Architecture, gpu: Gpu, precision: Precision
) -> None:
    config = InferenceConfig(
        architecture=architecture, gpu=gpu, batch=1.0, prompt=PROMPT, output=OUTPUT,
        precision=precision,
    )  # fmt: skip
    expected = config.weight_bytes / 1e9
    if not expected / WEIGHTS_WITHIN <= variant.weight_gb <= expected * WEIGHTS_WITHIN:
        raise SlitError(
            f"variants.{variant.name}.weight_gb: {variant.weight_gb:g}, expected about "
            f"{expected:.3g} ({architecture.name} in {precision}; another precision: "
            f"[predictor.models.{variant.name}] model, precision)"
        )


def predicted_points(
    model: Model,
    architecture: Architecture,
    gpu: Gpu,
    *,
    node_gpus: int,
    precision: Precision = Precision.BF16,
    batches: Sequence[int] = (),
) -> list[dict[str, Any]]:
    """The fields of services, but for their names, by rising batch; none if the model fits on no
    such node.

    Where batches are stated, the fewest GPUs that hold the model with the largest of them, or all
    of the node, and an operating point for each that fits. Else one point: the fewest GPUs that
    hold the model with a batch of SMALLEST_BATCH, and the largest of BATCHES.
    """
    sizes = [gpus for gpus in (1, 2, 4, 8, 16) if node_gpus % gpus == 0]
    wanted, least = (batches, max(batches)) if batches else (BATCHES, SMALLEST_BATCH)
    for gpus in sizes:
        asked = [
            InferenceConfig(
                architecture=architecture, gpu=gpu, batch=batch, prompt=PROMPT, output=OUTPUT,
                gpus=gpus, precision=precision,
                expert_parallel=architecture.experts > 0 and gpus > 1,
            )
            for batch in sorted(set(wanted))
            if architecture.heads % gpus == 0
        ]  # fmt: skip
        fitting = [config for config in asked if _fits(config)]
        if fitting and (fitting[-1].batch >= least or gpus == sizes[-1]):
            points = fitting if batches else fitting[-1:]
            return [_service(model, config, replicas=node_gpus // gpus) for config in points]
    return []


def _fits(config: InferenceConfig) -> bool:
    try:
        replace(config, prompt=LONG).check_fits()
    except SlitError:
        return False
    return True


def _service(model: Model, config: InferenceConfig, *, replicas: int) -> dict[str, Any]:
    """Lines through two predictions each: steps at one request and at the batch, prefill of a short
    and of a long prompt."""
    asked = [config, replace(config, batch=1.0), replace(config, prompt=SHORT),
             replace(config, prompt=LONG)]  # fmt: skip
    found = predict(model, asked)
    step, prefill, power = found.decode_s_per_token, found.prefill_s.value, found.power_w
    full, alone = float(step.value[0]), float(step.value[1])
    slope = max(full - alone, 1e-9) / max(config.batch - 1.0, 1.0)
    reading = max(float(prefill[3] - prefill[2]), 1e-9) / (LONG - SHORT)
    return {
        "gpus_per_replica": config.gpus,
        "batch": int(config.batch),
        "prefill_tokens_per_s": float(replicas * PROMPT / prefill[0]),
        "prefill_fixed_s": max(float(prefill[2]) - reading * SHORT, 0.0),
        "prefill_slope_s": reading,
        "step_fixed_s": max(full - slope * config.batch, 0.0),
        "step_slope_s": slope,
        "decode_w": float(replicas * power.value[0]),
        "estimated": True,
        "predicted": {
            "basis": Basis(int(found.basis[0])).name.lower(),
            "step_low_s": float(step.low[0]),
            "step_high_s": float(step.high[0]),
            "decode_low_w": float(replicas * power.low[0]),
            "decode_high_w": float(replicas * power.high[0]),
        },
    }
