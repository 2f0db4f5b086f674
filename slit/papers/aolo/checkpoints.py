"""Agents in files of safetensors: tensors and plain text, nothing that runs (extra `rl`)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from slit.errors import SlitError
from slit.files import write_file
from slit.papers.aolo.agents import Agent, Learning
from slit.papers.aolo.decision_task import DecisionTask, Scale
from slit.papers.aolo.soft_actor_critic import DecisionAgent, new_agent

FORMAT = "slit wireless agent 1"
OPTIMIZERS = "actor.optimizer", "critic.optimizer", "ent_coef_optimizer"
SEEN = "observations", "actions", "rewards"


@dataclass(frozen=True, slots=True)
class Point:
    """An agent on requests that it has not learned from, without exploring."""

    steps: int
    gradient_steps: int
    cpu_seconds: float  # of learning alone
    gap: float | None  # carbon over the optimum's less 1, where both keep within deadline and floor
    kept_share: float  # of all requests


@dataclass(frozen=True, slots=True)
class Training:
    """What is being trained, on what, and how far it is."""

    kind: Agent
    seed: int
    cell_day: str
    learning: Learning
    curve: tuple[Point, ...] = ()

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Training":
        """Back from `to_json`."""
        found = json.loads(text)
        learning = found["learning"] | {"hidden": tuple(found["learning"]["hidden"])}
        curve = tuple(Point(**point) for point in found["curve"])
        kind, seed = Agent(found["kind"]), int(found["seed"])
        return cls(kind, seed, found["cell_day"], Learning(**learning), curve)


def write_checkpoint(path: Path, agent: DecisionAgent, training: Training, scale: Scale) -> None:
    """Keep an agent with all that going on needs."""
    tensors = {
        f"{part}/{name}": tensor
        for part, state in agent.get_parameters().items()
        for name, tensor in _flat(part, state).items()
    }
    tensors["log_ent_coef"] = agent.log_ent_coef.detach()
    buffer = agent.replay_buffer
    for name in SEEN:
        tensors[f"seen/{name}"] = torch.from_numpy(getattr(buffer, name)[: _filled(buffer)])
    tensors["scale/mean"] = torch.from_numpy(scale.mean)
    tensors["scale/deviation"] = torch.from_numpy(scale.deviation)
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_file(path, save(whole, {"format": FORMAT, "training": training.to_json()}))


def _filled(buffer: Any) -> int:
    return int(buffer.buffer_size if buffer.full else buffer.pos)


def _flat(part: str, state: Mapping[str, Any]) -> dict[str, Any]:
    if part not in OPTIMIZERS:
        return dict(state)
    return {
        f"{number}/{name}": tensor
        for number, moments in state["state"].items()
        for name, tensor in moments.items()
    }


def read_training(path: Path) -> tuple[Training, dict[str, Any]]:
    """What a file says it holds, and its tensors by name.

    Raises:
        SlitError: no such file, or another one.
    """
    try:
        with safe_open(path, framework="pt") as file:
            said = file.metadata() or {}
            if said.get("format") != FORMAT:
                raise SlitError(f"{path}: another file, expected what slit wireless train wrote")
            training = Training.from_json(said["training"])
            return training, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise SlitError(f"{path}: {error}, expected what slit wireless train wrote") from error


def scale_of(tensors: Mapping[str, Any]) -> Scale:
    """What observations are scaled by."""
    return Scale(tensors["scale/mean"].numpy(), tensors["scale/deviation"].numpy())


def restored(path: Path, task: DecisionTask) -> tuple[DecisionAgent, Training]:
    """The agent of a file, as it was; its next requests are those of a task.

    Raises:
        SlitError: no such file, or a damaged one.
    """
    training, tensors = read_training(path)
    agent = new_agent(training.kind, task, learning=training.learning, seed=training.seed)
    try:
        for part, state in agent.get_parameters().items():
            own = _under(tensors, part)
            given = {**state, "state": _nested(own)} if part in OPTIMIZERS else own
            agent.set_parameters({part: given}, exact_match=False)
        with torch.no_grad():
            agent.log_ent_coef.copy_(tensors["log_ent_coef"])
        seen = _under(tensors, "seen")
        buffer = agent.replay_buffer
        for name in SEEN:
            getattr(buffer, name)[: len(seen[name])] = seen[name].numpy()
        count = len(seen[SEEN[0]])
        buffer.pos, buffer.full = count % buffer.buffer_size, count == buffer.buffer_size
    except (KeyError, RuntimeError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise SlitError(f"{path}: {line}, expected what slit wireless train wrote") from error
    last = training.curve[-1]
    agent.num_timesteps, agent.updates = last.steps, last.gradient_steps
    return agent, training


def _under(tensors: Mapping[str, Any], part: str) -> dict[str, Any]:
    start = f"{part}/"
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def _nested(own: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for name, tensor in own.items():
        number, key = name.split("/")
        found.setdefault(int(number), {})[key] = tensor
    return found
