"""PopSAN's actor (Tang et al. 2020): a spiking network with population coding, in plain torch.

Each input is coded by a population of Gaussian receptive fields, whose activity drives
current-based leaky integrate-and-fire neurons for some steps; the rates of output populations are
decoded linearly.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import nn

from slit.papers.aolo.decision_task import REACH

STEPS = 5
"""Time steps of a decision (T)."""
CURRENT_DECAY, VOLTAGE_DECAY = 0.5, 0.75
THRESHOLD = 0.5
SURROGATE_WIDTH = 0.5
"""Half-width around the threshold in which a spike passes gradients."""
FIELDS = 10
"""Receptive fields of an input, output neurons of an action."""
VARIANCE = 0.15
RESET = 0.999
"""Of an encoding neuron: it fires, and loses so much, each time its sum passes this."""


class Spike(torch.autograd.Function):
    """1 where the voltage is above the threshold; the gradient is that of a rectangle around it."""

    @staticmethod
    def forward(ctx: Any, voltage: Any) -> Any:
        """Spikes of voltages, shape kept."""
        ctx.save_for_backward(voltage)
        return torch.gt(voltage, THRESHOLD, out=torch.empty_like(voltage))

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        """The rectangular surrogate."""
        (voltage,) = ctx.saved_tensors
        low, high = THRESHOLD - SURROGATE_WIDTH, THRESHOLD + SURROGATE_WIDTH
        return torch.ops.aten.hardtanh_backward(gradient, voltage, low, high)


class StraightThrough(torch.autograd.Function):
    """1 where a value is above RESET; gradients pass as if it were the value itself."""

    @staticmethod
    def forward(_ctx: Any, value: Any) -> Any:
        """Spikes of sums, shape kept."""
        return torch.gt(value, RESET, out=torch.empty_like(value))

    @staticmethod
    def backward(_ctx: Any, gradient: Any) -> Any:
        """Unchanged."""
        return gradient


class PopulationEncoder(nn.Module):
    """Observations (N, F) -> spikes (T, N, F * 10): learnable Gaussian fields, soft reset."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        centers = torch.linspace(-REACH, REACH, FIELDS).repeat(inputs, 1)
        self.centers = nn.Parameter(centers)
        self.deviations = nn.Parameter(torch.full_like(centers, VARIANCE**0.5))

    def forward(self, observations: Any) -> Any:
        """Spikes of all steps."""
        apart = (observations[:, :, None] - self.centers) / self.deviations
        activity = torch.exp(-0.5 * apart**2).flatten(1)
        total, spikes = torch.zeros_like(activity), []
        for _ in range(STEPS):
            total = total + activity
            fired = StraightThrough.apply(total)
            total = total - fired * RESET
            spikes.append(fired)
        return torch.stack(spikes)


class SpikingLayer(nn.Module):
    """Current-based leaky integrate-and-fire neurons behind a linear layer."""

    def __init__(self, inputs: int, neurons: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, neurons)

    def forward(self, spikes: Any) -> Any:
        """Spikes (T, N, neurons) from those below (T, N, inputs); at rest before the first."""
        driven = self.linear(spikes)
        current = voltage = fired = torch.zeros_like(driven[0])
        found = []
        for drive in driven:
            current = CURRENT_DECAY * current + drive
            voltage = VOLTAGE_DECAY * voltage * (1.0 - fired) + current
            fired = Spike.apply(voltage)
            found.append(fired)
        return torch.stack(found)


class PopulationActor(nn.Module):
    """Observations (N, F) -> means (N, actions) before squashing."""

    def __init__(self, inputs: int, actions: int, hidden: tuple[int, ...] = (256, 256)) -> None:
        super().__init__()
        self.encoder = PopulationEncoder(inputs)
        sizes = (inputs * FIELDS, *hidden, actions * FIELDS)
        pairs = pairwise(sizes)
        self.layers = nn.ModuleList(SpikingLayer(below, above) for below, above in pairs)
        width = FIELDS**-0.5
        self.weights = nn.Parameter(torch.empty(actions, FIELDS).uniform_(-width, width))
        self.bias = nn.Parameter(torch.zeros(actions))

    def forward(self, observations: Any) -> Any:
        """Means of actions from the rates of the output populations."""
        spikes = self.spikes(observations)[-1]
        rates = spikes.mean(0).reshape(len(observations), -1, FIELDS)
        return (rates * self.weights).sum(-1) + self.bias

    def spikes(self, observations: Any) -> list[Any]:
        """Of each layer (T, N, neurons), the encoder first."""
        found = [self.encoder(observations)]
        for layer in self.layers:
            found.append(layer(found[-1]))
        return found
