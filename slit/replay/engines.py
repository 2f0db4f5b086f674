"""From the services of a scenario to the engines that serve its placements."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats
from slit.problem.placements import Placement
from slit.replay.arrays import BLOCK_TOKENS, TOKEN_BUDGET, UNLIMITED, Engine, StepTime
from slit.scenario.fit import free_memory
from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class ServingPlacement:
    """One replica of a placement, and what its node draws above idle."""

    engine: Engine
    replicas: int  # of a node
    idle_w: float  # of the node, beyond one that is powered but not active
    prefill_w: float  # of the node above idle, while it reads prompts
    decode_w: Floats  # (most_sequences + 1,) of the node above idle, by running sequences


def serving_placements(
    scenario: Scenario, placements: Sequence[Placement]
) -> list[ServingPlacement]:
    """The engine of each placement, by its service.

    A replica decodes at most the batch of the service at once, in iterations of `step_fixed_s` +
    `step_slope_s` for each sequence. A prompt that finds it idle takes `prefill_fixed_s` +
    `prefill_slope_s` for each token, as the plan promises; others are read at the batched rate,
    `prefill_tokens_per_s`. Its KV cache is what `memory_share` of its memory leaves beside the
    weights. Where the scenario takes power by batch, decoding draws by the services of the same
    pair at the batch that runs.
    """
    return [_serving(scenario, placement) for placement in placements]


def _serving(scenario: Scenario, placement: Placement) -> ServingPlacement:
    model, service, node = placement.model, placement.service, placement.node_type
    variant = scenario.variants[placement.variant]
    prompt_s = model.replicas / model.prefill_rate
    free = free_memory(service, node, variant, scenario.accounting.memory_share)
    block = variant.kv_bytes_per_token * BLOCK_TOKENS
    engine = Engine(
        step=StepTime(
            fixed_s=model.step_fixed_s,
            sequence_s=model.step_slope_s,
            prompt_s=prompt_s,
            idle_prompt_s=model.prefill_slope_s - prompt_s,
            idle_prompt_fixed_s=model.prefill_fixed_s,
        ),
        most_sequences=service.batch,
        token_budget=max(TOKEN_BUDGET, service.batch),
        blocks=int(free / block) if block > 0 else UNLIMITED,
    )
    running = np.arange(service.batch + 1)
    watts = np.full(len(running), model.decode_w)
    if scenario.accounting.power_by_batch:
        pair = (service.node_type, service.variant)
        points = sorted(
            (each.batch, model.decode_w if each.decode_w is None else each.decode_w)
            for each in scenario.services
            if (each.node_type, each.variant) == pair
        )
        known = np.array([(0.0, node.idle_w), *points], dtype=np.float64)
        watts = np.interp(running, known[:, 0], known[:, 1])
    return ServingPlacement(
        engine=engine,
        replicas=model.replicas,
        idle_w=max(node.idle_w - node.standby_w, 0.0),
        prefill_w=model.prefill_w - node.idle_w,
        decode_w=watts - node.idle_w,
    )
