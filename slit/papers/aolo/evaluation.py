"""What a trained agent comes to on a day, and what deciding itself takes (extra `rl`)."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from slit.papers.aolo.checkpoints import read_training, restored, scale_of
from slit.papers.aolo.decision_task import DecisionTask, Scale, acting
from slit.papers.aolo.policies import decide
from slit.papers.aolo.requests import load_cell_day
from slit.papers.aolo.soft_actor_critic import DecisionAgent, SpikingActor, actions_of
from slit.papers.aolo.solve import SolvedDay, solve_day
from slit.papers.aolo.spiking import STEPS

MAC_J, AC_J = 4.6e-12, 0.9e-12
"""J: a multiplication with an addition, an addition; 32-bit floating point, 45 nm (Horowitz 2014).
Moving data is not in it, and it is most of what a real chip draws."""


def with_agent(solved: SolvedDay, agent: DecisionAgent, scale: Scale, *, name: str) -> SolvedDay:
    """A solved day with the decisions of an agent, without exploring."""
    policy = acting(scale, lambda seen: actions_of(agent, seen))
    decided = decide(solved.C, policy, np.random.default_rng(0))  # draws nothing
    return replace(solved, decisions={**solved.decisions, name: decided})


@dataclass(frozen=True, slots=True)
class Effort:
    """What one decision of an actor takes, by counted operations."""

    multiplications: float  # with an addition each
    additions: float  # one for each spike and neuron that it reaches
    spike_rate: float | None  # spikes a neuron and step, of all layers but the encoder

    @property
    def joules(self) -> float:
        """By operations alone."""
        return self.multiplications * MAC_J + self.additions * AC_J


def effort_of(agent: DecisionAgent, observations: NDArray[np.float32]) -> Effort:
    """Of deciding on observations (S, F), a mean over them.

    A linear layer takes a multiplication a weight; a spiking one an addition a spike and neuron
    above, and two multiplications a neuron and step (decay of current and voltage); a receptive
    field three a decision and an addition a step, the decoder one multiplication a neuron.
    """
    actor = agent.actor
    if not isinstance(actor, SpikingActor):
        layers = [*actor.latent_pi, actor.mu]
        weights = sum(each.weight.numel() for each in layers if isinstance(each, torch.nn.Linear))
        return Effort(float(weights), 0.0, None)
    network = actor.population
    with torch.no_grad():
        spikes = network.spikes(torch.as_tensor(observations))
    count = len(observations)
    additions = sum(
        float(below.sum()) / count * layer.linear.out_features
        for below, layer in zip(spikes[:-1], network.layers, strict=True)
    )
    neurons = sum(layer.linear.out_features for layer in network.layers)
    fields = spikes[0].shape[2]
    rate = sum(float(each.sum()) for each in spikes[1:]) / (count * neurons * STEPS)
    multiplications = 2.0 * neurons * STEPS + 3.0 * fields + network.weights.numel()
    return Effort(multiplications, additions + fields * STEPS, rate)


def evaluate_agent(
    file: Path, cell_day: str | None = None, *, rng: np.random.Generator
) -> dict[str, Any]:
    """A trained agent beside the optimum and the rules, on a day drawn by rng.

    By default a day of the kind that it learned on.

    Raises:
        SlitError: a file of something else, or a mistake in the cell-day.
    """
    training, tensors = read_training(file)
    scale = scale_of(tensors)
    solved = solve_day(load_cell_day(cell_day or training.cell_day), rng=rng)
    task = DecisionTask.of(solved.C, scale)
    agent, _ = restored(file, task)
    name = str(training.kind)
    shown = with_agent(solved, agent, scale, name=name)
    effort = effort_of(agent, task.observations)
    return {
        "agent": name,
        "seed": training.seed,
        "cell_day": solved.day.file.name,
        "policies": {each: shown.figures(each) for each in shown.decisions},
        "groups": shown.groups(name),
        "effort": asdict(effort) | {"joules": effort.joules},
        "curve": [asdict(point) for point in training.curve],
    }
