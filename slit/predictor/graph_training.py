"""Training of the graph networks; the only place for torch (extra `learn`)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.predictor.calibration import Estimate
from slit.predictor.columns import Columns
from slit.predictor.graph import (
    AMOUNTS,
    BOUNDS,
    NAMES,
    OUTPUTS,
    GraphModel,
    Graphs,
    InferencePhase,
    PhaseNetwork,
    as_graphs,
)

WIDTH, ROUNDS, RATE, DECAY = 24, 200, 5e-3, 1e-4
"""As many rounds as take a few seconds; twice as many were a little better on random rows."""
FIXED = ("node_mean", "node_scale", "whole_mean", "whole_scale")


def fit_graphs(
    columns: Columns,
    measured: Estimate,
    graphs: Mapping[InferencePhase, Graphs] | None = None,
    *,
    seed: int,
    rounds: int = ROUNDS,
) -> GraphModel:
    """Both networks, trained together on N measured inferences: the sum of squared relative errors
    of step, time between tokens and watts, by Adam with a falling rate.

    graphs: of the inferences, if they are others than `as_graphs`.

    Raises:
        SlitError: torch is not installed.
    """
    torch = _torch()
    graphs = graphs or {phase: as_graphs(columns, phase) for phase in InferencePhase}
    start = {phase: initial_network(graphs[phase], phase, seed=seed) for phase in InferencePhase}
    made = {phase: as_tensors(start[phase]) for phase in InferencePhase}
    given = {phase: graph_tensors(start[phase], graphs[phase]) for phase in InferencePhase}
    prompts, peak = _tensor(columns.batch / columns.output), _tensor(columns.peak_w)
    wanted = _tensor(np.stack([measured.step_s, measured.itl_s, measured.gpu_w], axis=1))
    learned = [tensor for each in made.values() for tensor in each.values()]
    optimizer = torch.optim.AdamW(learned, lr=RATE, weight_decay=DECAY)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rounds)
    for _ in range(rounds):
        optimizer.zero_grad()
        writing = forward(made[InferencePhase.DECODE], given[InferencePhase.DECODE])
        reading = forward(made[InferencePhase.PREFILL], given[InferencePhase.PREFILL])
        least = given[InferencePhase.DECODE].least
        step = least * torch.exp(writing[:, 0])
        prompt = prompts * given[InferencePhase.PREFILL].least * torch.exp(reading[:, 0])
        watts = step * torch.sigmoid(writing[:, 2]) + prompt * torch.sigmoid(reading[:, 1])
        whole = step + prompt
        found = [whole, least * torch.exp(writing[:, 1]), peak * watts / whole]
        loss = ((torch.stack(found, dim=1) / wanted - 1.0) ** 2).mean()
        loss.backward()
        optimizer.step()
        falling.step()
    networks = [_as_network(start[phase], made[phase]) for phase in InferencePhase]
    return GraphModel(*networks)


class GraphTensors(NamedTuple):
    """Graphs with standardized features, as tensors."""

    nodes: Any
    present: Any
    whole: Any
    least: Any
    edges: Any


def forward(made: dict[str, Any], graphs: GraphTensors) -> Any:
    """(N, O): `PhaseNetwork.predict` in torch."""
    torch = _torch()
    present = graphs.present[:, :, None]
    sources = torch.clamp(graphs.edges @ present, min=1.0)
    nodes = graphs.nodes
    for layer in ("1", "2"):
        mean = graphs.edges @ nodes / sources
        sent = nodes @ made[f"own_{layer}"] + mean @ made[f"before_{layer}"]
        nodes = torch.relu(sent + made[f"kind_{layer}"]) * present
    pooled = nodes.sum(dim=1) / present.sum(dim=1)
    inner = torch.cat([pooled, graphs.whole], dim=1) @ made["hidden"] + made["hidden_bias"]
    return torch.relu(inner) @ made["last"] + made["last_bias"]


def initial_network(graphs: Graphs, phase: InferencePhase, *, seed: int) -> PhaseNetwork:
    """Weights before training (He et al. 2015), and the scales of features."""
    rng = np.random.default_rng([seed, list(InferencePhase).index(phase)])
    features, facts = AMOUNTS + BOUNDS, graphs.whole.shape[1]

    def weights(rows: int, width: int) -> Floats:
        return rng.normal(0.0, np.sqrt(2.0 / rows), (rows, width))

    there = graphs.nodes[graphs.present > 0]
    return PhaseNetwork(
        node_mean=there.mean(axis=0),
        node_scale=there.std(axis=0) + 1e-3,
        whole_mean=graphs.whole.mean(axis=0),
        whole_scale=graphs.whole.std(axis=0) + 1e-3,
        own_1=weights(2 * features, WIDTH)[:features],
        before_1=weights(2 * features, WIDTH)[:features],
        kind_1=weights(len(NAMES), WIDTH),
        own_2=weights(2 * WIDTH, WIDTH)[:WIDTH],
        before_2=weights(2 * WIDTH, WIDTH)[:WIDTH],
        kind_2=np.zeros((len(NAMES), WIDTH)),
        hidden=weights(WIDTH + facts, WIDTH),
        hidden_bias=np.zeros(WIDTH),
        last=0.1 * weights(WIDTH, OUTPUTS[phase]),
        last_bias=np.log(2.0) * np.ones(OUTPUTS[phase]),
    )


def as_tensors(network: PhaseNetwork) -> dict[str, Any]:
    """What is learned of a network."""
    names = [name for name in PhaseNetwork.__slots__ if name not in FIXED]
    return {name: _tensor(getattr(network, name)).requires_grad_() for name in names}


def graph_tensors(network: PhaseNetwork, graphs: Graphs) -> GraphTensors:
    """Graphs as a network takes them."""
    nodes, whole = network.standard(graphs)
    arrays = (nodes, graphs.present, whole, graphs.least, graphs.edges)
    return GraphTensors(*(_tensor(array) for array in arrays))


def _as_network(start: PhaseNetwork, made: dict[str, Any]) -> PhaseNetwork:
    fixed = {name: getattr(start, name) for name in FIXED}
    return PhaseNetwork(**fixed, **{name: each.detach().numpy() for name, each in made.items()})


def _tensor(array: Floats) -> Any:
    torch = _torch()
    return torch.tensor(array, dtype=torch.float32)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise SlitError(
            "torch: not installed, expected the extra learn (pip install 'slit-llm[learn]'), which "
            "training of method llmco2 needs"
        ) from None
    torch.set_num_threads(1)
    return torch
