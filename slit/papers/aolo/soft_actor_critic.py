"""stable-baselines3's soft actor-critic, with a plain and with a spiking actor (extra `rl`)."""

from typing import Any

import torch
from stable_baselines3 import SAC
from stable_baselines3.sac.policies import Actor, SACPolicy
from torch.nn.functional import mse_loss

from slit.papers.aolo.agents import Agent, Learning
from slit.papers.aolo.decision_task import DecisionTask
from slit.papers.aolo.environment import WirelessBatch
from slit.papers.aolo.spiking import PopulationActor

LOG_STD = -20.0, 2.0


class SpikingActor(Actor):
    """Means from a spiking population network, deviations from a network of their own."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        actions = self.action_space.shape[0]
        self.population = PopulationActor(self.features_dim, actions, tuple(self.net_arch))
        self.mu = torch.nn.Identity()

    def get_action_dist_params(self, obs: Any) -> tuple[Any, Any, dict[str, Any]]:
        """Means and logarithms of deviations, before squashing."""
        seen = self.extract_features(obs, self.features_extractor)
        deviations = self.log_std(self.latent_pi(seen))
        return self.population(seen), torch.clamp(deviations, *LOG_STD), {}


class SpikingPolicy(SACPolicy):
    """The policy of stable-baselines3's SAC with another actor."""

    def make_actor(self, features_extractor: Any = None) -> SpikingActor:
        """The spiking actor."""
        parameters = self._update_features_extractor(self.actor_kwargs, features_extractor)
        actor = SpikingActor(**parameters)
        actor.to(self.device)
        return actor


class DecisionAgent(SAC):
    """SAC where an episode is one decision: what a critic learns is the reward.

    That is what stable-baselines3's own step comes to when every step ends an episode, whatever the
    discount; here the work on values of a next state is left out, and actor and critics have
    learning rates of their own.
    """

    learning: Learning
    updates = 0

    def train(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Gradient steps of temperature, critics and actor."""
        self.policy.set_training_mode(True)
        self._set_rates()
        # Of the processor, not of torch: whoever calls must get his small numbers back.
        torch.set_flush_denormal(True)
        try:
            for _ in range(gradient_steps):
                self._step(batch_size)
        finally:
            torch.set_flush_denormal(False)
        self.updates += gradient_steps

    def _step(self, batch_size: int) -> None:
        """One gradient step of temperature, critics and actor."""
        seen = self.replay_buffer.sample(batch_size)
        actions, density = self.actor.action_log_prob(seen.observations)
        density = density.reshape(-1, 1)
        alpha = self.log_ent_coef.detach().exp()
        short = (density + self.target_entropy).detach()
        _descend(self.ent_coef_optimizer, -(self.log_ent_coef * short).mean())
        values = self.critic(seen.observations, seen.actions)
        _descend(self.critic.optimizer, sum(mse_loss(q, seen.rewards) for q in values))
        self.critic.requires_grad_(False)
        worth = torch.min(*self.critic(seen.observations, actions))
        _descend(self.actor.optimizer, (alpha * density - worth).mean())
        self.critic.requires_grad_(True)

    def _set_rates(self) -> None:
        learning = self.learning
        done = self.num_timesteps - learning.random_steps
        left = 1.0 - min(1.0, done / (learning.steps - learning.random_steps))
        share = learning.last_rate + (1.0 - learning.last_rate) * left
        rates = (
            (self.actor.optimizer, learning.actor_rate),
            (self.critic.optimizer, learning.critic_rate),
            (self.ent_coef_optimizer, learning.critic_rate),
        )
        for optimizer, rate in rates:
            for group in optimizer.param_groups:
                group["lr"] = rate * share


def _descend(optimizer: Any, loss: Any) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def new_agent(kind: Agent, task: DecisionTask, *, learning: Learning, seed: int) -> DecisionAgent:
    """An agent that has learned nothing, on one thread of the processor."""
    torch.set_num_threads(1)
    agent = DecisionAgent(
        SACPolicy if kind is Agent.SAC else SpikingPolicy,
        WirelessBatch(task, count=learning.every),
        learning_rate=learning.critic_rate,
        buffer_size=learning.steps,
        learning_starts=learning.random_steps,
        batch_size=learning.batch,
        train_freq=1,
        gradient_steps=learning.gradient_steps,
        gamma=0.0,
        ent_coef=f"auto_{learning.first_alpha}",
        target_entropy=learning.target_entropy,
        policy_kwargs={
            "net_arch": list(learning.hidden),
            "optimizer_kwargs": {"fused": True},  # the same steps, in a third of the time
        },
        seed=seed,
        device="cpu",
    )
    agent.learning = learning
    return agent


def actions_of(agent: DecisionAgent, observations: Any) -> Any:
    """What an agent does without exploring: observations (S, F) -> actions (S, 2)."""
    actions, _ = agent.predict(observations, deterministic=True)
    return actions
