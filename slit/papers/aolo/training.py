"""Training in chunks, each with a seed of its own, so that resuming gives the same bits."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from slit.errors import SlitError
from slit.papers.aolo.checkpoints import Point, Training, restored, write_checkpoint
from slit.papers.aolo.decision_task import DecisionTask, draw_task
from slit.papers.aolo.evaluation import with_agent
from slit.papers.aolo.requests import CellDay
from slit.papers.aolo.soft_actor_critic import DecisionAgent, new_agent
from slit.papers.aolo.solve import SolvedDay, solve_day

AGENT = "agent"

Watch = Callable[[Training], None]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """An agent with how it came to be."""

    agent: DecisionAgent
    training: Training
    task: DecisionTask
    measured: SolvedDay  # requests that it has not learned from


def train(
    day: CellDay,
    training: Training,
    *,
    output: Path | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> Trained:
    """Train an agent on requests of a day, and measure it on others after each chunk.

    The requests of both follow from the seed, whatever the agent. `output` is written after each
    chunk; `resume` goes on from there.

    Raises:
        SlitError: a day that nothing can serve, or a file of another training.
    """
    learned, measured = np.random.default_rng(training.seed).spawn(2)
    task = draw_task(day, learned)
    solved = solve_day(day, rng=measured, policies=())
    agent = None
    if resume and output is not None:
        agent, before = restored(output, task)
        if replace(before, curve=()) != replace(training, curve=()):
            raise SlitError(
                f"{output}: trained with other settings, expected the same agent, seed, steps and "
                "cell-day"
            )
        training = before
    if agent is None:
        agent = new_agent(training.kind, task, learning=training.learning, seed=training.seed)
    for chunk in range(len(training.curve), training.learning.chunks):
        began = time.process_time()
        _learn(agent, training, chunk)
        seconds = time.process_time() - began + sum(p.cpu_seconds for p in training.curve[-1:])
        point = _measured(agent, task, solved, seconds)
        training = replace(training, curve=(*training.curve, point))
        if output is not None:
            write_checkpoint(output, agent, training, task.scale)
        if watch is not None:
            watch(training)
    return Trained(agent, training, task, solved)


def _learn(agent: DecisionAgent, training: Training, chunk: int) -> None:
    """The decisions of one chunk, with generators of its own."""
    agent.set_env(agent.get_env(), force_reset=True)
    (seed,) = np.random.SeedSequence([training.seed, chunk]).generate_state(1)
    agent.set_random_seed(int(seed) // 2)
    learning = training.learning
    end = learning.steps * (chunk + 1) // learning.chunks
    agent.learn(end - agent.num_timesteps, log_interval=None, reset_num_timesteps=False)


def _measured(agent: DecisionAgent, task: DecisionTask, solved: SolvedDay, seconds: float) -> Point:
    found = with_agent(solved, agent, task.scale, name=AGENT).figures(AGENT)
    return Point(
        steps=agent.num_timesteps,
        gradient_steps=agent.updates,
        cpu_seconds=seconds,
        gap=found.get("gap"),
        kept_share=found["kept_share"],
    )
