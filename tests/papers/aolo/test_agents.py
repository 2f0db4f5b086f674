"""Learning agents: spiking layers by hand and by finite differences, training, files, commands."""

import importlib
import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.errors import SlitError
from slit.papers.aolo import agents
from slit.papers.aolo.agents import Agent, check_extra, learning_of
from slit.papers.aolo.requests import load_cell_day
from tests.papers.aolo.learning import need_extra

need_extra()

import torch  # noqa: E402
from gymnasium.utils.env_checker import check_env  # noqa: E402

from slit.papers.aolo import spiking  # noqa: E402
from slit.papers.aolo.checkpoints import Training, read_training  # noqa: E402
from slit.papers.aolo.decision_task import draw_task  # noqa: E402
from slit.papers.aolo.environment import WirelessBatch, WirelessEnv  # noqa: E402
from slit.papers.aolo.evaluation import effort_of  # noqa: E402
from slit.papers.aolo.soft_actor_critic import actions_of, new_agent  # noqa: E402
from slit.papers.aolo.training import train  # noqa: E402

SHORT = replace(learning_of(640), steps=512, random_steps=128, batch=16, hidden=(16, 16), chunks=4)


def tiny_task() -> Any:
    return draw_task(load_cell_day("cell-tiny"), np.random.default_rng(0), days=4)


def test_an_integrating_neuron_by_hand() -> None:
    """Currents 0.4, 0.6, 0.7, 0.75, 0.775; voltages 0.4, 0.9 (spike), 0.7 (spike), ..."""
    layer = spiking.SpikingLayer(1, 1)
    with torch.no_grad():
        layer.linear.weight.fill_(0.4)
        layer.linear.bias.fill_(0.0)
    spikes = layer(torch.ones(spiking.STEPS, 1, 1)).flatten().tolist()
    assert spikes == [0.0, 1.0, 1.0, 1.0, 1.0]
    once = torch.zeros(spiking.STEPS, 1, 1)
    once[0] = 1.0
    # Currents 0.4, 0.2, 0.1, 0.05, 0.025; voltages 0.4, 0.5 (not above), 0.475, 0.40625, 0.3297.
    assert layer(once).flatten().tolist() == [0.0, 0.0, 0.0, 0.0, 0.0]


def test_a_receptive_field_by_hand() -> None:
    """At its center a field is 1 and fires in every step; one standard deviation off it is 0.6065:
    sums 0.61, 1.21 (fires, 0.214 left), 0.82, 1.43 (fires, 0.428 left), 1.03 (fires)."""
    encoder = spiking.PopulationEncoder(1)
    center, deviation = encoder.centers[0, 4].item(), spiking.VARIANCE**0.5
    seen = torch.tensor([[center], [center + deviation]])
    found = encoder(seen)[:, :, 4]
    assert found[:, 0].tolist() == [1.0] * 5
    assert found[:, 1].tolist() == [0.0, 1.0, 0.0, 1.0, 1.0]


def smooth(voltage: Any) -> Any:
    """The function whose derivative the rectangle is."""
    return torch.clamp(voltage, 0.0, 1.0)


def test_the_surrogate_is_the_slope_of_a_ramp() -> None:
    voltage = torch.linspace(-0.975, 1.975, 60, dtype=torch.float64, requires_grad=True)
    spiking.Spike.apply(voltage).sum().backward()
    step = 1e-6
    with torch.no_grad():
        slope = (smooth(voltage + step) - smooth(voltage - step)) / (2 * step)
    torch.testing.assert_close(voltage.grad, slope, rtol=1e-6, atol=1e-9)


def test_gradients_of_the_actor_against_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ramps instead of steps the backward pass is the true gradient."""
    ramp = type("Ramp", (), {"apply": staticmethod(smooth)})
    monkeypatch.setattr(spiking, "Spike", ramp)
    monkeypatch.setattr(
        spiking, "StraightThrough", type("Same", (), {"apply": staticmethod(lambda value: value)})
    )
    torch.manual_seed(0)
    actor = spiking.PopulationActor(2, 1, (4,)).double()
    seen = torch.randn(3, 2, dtype=torch.float64)
    actor(seen).sum().backward()
    step, checked = 1e-6, 0
    for weights in actor.parameters():
        for place in range(0, weights.numel(), 7):
            flat = weights.data.view(-1)
            before = flat[place].item()
            values = []
            for moved in (before + step, before - step):
                flat[place] = moved
                values.append(actor(seen).sum().item())
            flat[place] = before
            slope = (values[0] - values[1]) / (2 * step)
            assert weights.grad.view(-1)[place].item() == pytest.approx(slope, rel=1e-5, abs=1e-7)
            checked += 1
    assert checked > 20


def test_the_spiking_actor_passes_the_gradients_of_its_surrogate() -> None:
    """A slow twin, neuron by neuron: the chain rule through currents and voltages."""
    torch.manual_seed(1)
    layer = spiking.SpikingLayer(3, 2).double()
    given = (torch.rand(spiking.STEPS, 1, 3, dtype=torch.float64) > 0.4).double()
    with torch.no_grad():
        layer.linear.weight.mul_(2.0)
    layer(given).sum().backward()
    weight, bias = layer.linear.weight.detach(), layer.linear.bias.detach()
    wanted = torch.zeros_like(weight)
    for neuron in range(2):
        for source in range(3):
            current = voltage = fired = 0.0
            d_current = d_voltage = d_fired = 0.0
            for spikes in given[:, 0]:
                current = 0.5 * current + float(weight[neuron] @ spikes + bias[neuron])
                d_current = 0.5 * d_current + float(spikes[source])
                d_voltage = 0.75 * (d_voltage * (1 - fired) - voltage * d_fired) + d_current
                voltage = 0.75 * voltage * (1 - fired) + current
                fired = float(voltage > 0.5)
                d_fired = d_voltage * float(abs(voltage - 0.5) < 0.5)
                wanted[neuron, source] += d_fired
    torch.testing.assert_close(layer.linear.weight.grad, wanted)
    assert wanted.any()


def test_layers_spike_as_those_of_spikingjelly() -> None:
    if importlib.util.find_spec("spikingjelly") is None:
        pytest.skip("spikingjelly: not installed (no extra has it)")
    base: Any = importlib.import_module("spikingjelly.activation_based.neuron").BaseNode

    def charge(node: Any, drive: Any) -> None:
        node.current = 0.5 * getattr(node, "current", 0.0) + drive
        node.v = 0.75 * node.v + node.current

    torch.manual_seed(0)
    node = type("Node", (base,), {"neuronal_charge": charge})(v_threshold=0.5, v_reset=0.0)
    layer = spiking.SpikingLayer(5, 7)
    given = (torch.rand(spiking.STEPS, 4, 5) > 0.5).float()
    theirs = torch.stack([node(drive) for drive in layer.linear(given)])
    assert torch.equal(layer(given), theirs)


def test_gymnasium_accepts_the_environment() -> None:
    check_env(WirelessEnv(tiny_task()), skip_render_check=True)


def test_a_batch_is_worth_what_its_requests_are() -> None:
    task = draw_task(load_cell_day("cell-day"), np.random.default_rng(0), days=1)
    batch = WirelessBatch(task, count=64)
    batch.seed(5)
    seen = batch.reset()
    rows = np.random.default_rng(5).integers(len(task), size=64)
    np.testing.assert_array_equal(seen, task.observations[rows])
    actions = np.random.default_rng(1).uniform(-1, 1, (64, 2))
    _, rewards, ended, _ = batch.step(actions)
    np.testing.assert_allclose(rewards, task.rewards(rows, actions), rtol=1e-6)
    assert ended.all()
    single = WirelessEnv(task)
    single.reset(seed=3)
    one = np.random.default_rng(np.random.PCG64(np.random.SeedSequence(3)))
    row = np.array([one.integers(len(task))])
    assert single.step(actions[0])[1] == pytest.approx(task.rewards(row, actions[:1])[0])


@pytest.mark.parametrize("kind", list(Agent))
def test_same_seed_same_bits_also_when_resumed(kind: Agent, tmp_path: Path) -> None:
    day, begun = load_cell_day("cell-tiny"), Training(kind, 1, "cell-tiny", SHORT)
    whole = tmp_path / "whole.safetensors"
    train(day, begun, output=whole)
    parts, seen = tmp_path / "parts.safetensors", []

    class StoppedError(Exception):
        pass

    def stop(training: Training) -> None:
        seen.append(training.curve[-1].steps)
        if len(seen) == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(day, begun, output=parts, watch=stop)
    done = train(day, begun, output=parts, resume=True, watch=lambda t: seen.append(0))
    assert len(seen) == SHORT.chunks
    assert done.training.curve[-1].gradient_steps > 0
    one, two = read_training(whole)[1], read_training(parts)[1]
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, two[name]), name
    other = Training(kind, 2, "cell-tiny", SHORT)
    with pytest.raises(SlitError, match="other settings"):
        train(day, other, output=parts, resume=True)


@pytest.mark.parametrize("kind", list(Agent))
def test_training_raises_the_reward_and_nothing_is_below_the_optimum(kind: Agent) -> None:
    learning = replace(SHORT, steps=1536, random_steps=512, gradient_steps=6, batch=64)
    done = train(load_cell_day("cell-tiny"), Training(kind, 0, "cell-tiny", learning))
    task, rows = done.task, np.arange(len(done.task))
    fresh = new_agent(kind, task, learning=learning, seed=0)
    before, after = (
        task.rewards(rows, actions_of(agent, task.observations).astype(np.float64)).mean()
        for agent in (fresh, done.agent)
    )
    assert after > before
    assert np.nextafter(0.0, 1.0) * 1.0 > 0.0, "the processor still flushes small numbers to zero"
    assert all(point.gap is None or point.gap > -1e-9 for point in done.training.curve)


def test_operations_by_hand() -> None:
    """12 inputs, two hidden layers of 16, 2 actions."""
    task = tiny_task()
    plain = effort_of(new_agent(Agent.SAC, task, learning=SHORT, seed=0), task.observations)
    assert plain.multiplications == 12 * 16 + 16 * 16 + 16 * 2
    assert (plain.additions, plain.spike_rate) == (0.0, None)
    agent = new_agent(Agent.SDRL, task, learning=SHORT, seed=0)
    spiky = effort_of(agent, task.observations)
    fed, *_ = agent.actor.population.spikes(torch.as_tensor(task.observations))
    with torch.no_grad():
        for layer in agent.actor.population.layers:
            layer.linear.weight.fill_(0.0)
            layer.linear.bias.fill_(-1.0)
    silent = effort_of(agent, task.observations)
    assert silent.spike_rate == 0.0
    assert silent.multiplications == 2 * (16 + 16 + 20) * 5 + 3 * 120 + 20
    assert silent.additions == pytest.approx(fed.sum().item() / len(task) * 16 + 120 * 5)
    assert spiky.additions >= silent.additions
    assert spiky.joules == spiky.multiplications * 4.6e-12 + spiky.additions * 0.9e-12


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["wireless", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_commands_train_and_evaluate(tmp_path: Path) -> None:
    file = str(tmp_path / "agent.safetensors")
    said = ["train", "sdrl", "cell-tiny", "--steps", "640", "--output", file]
    trained = json.loads(run(*said, "--json"))
    assert [point["steps"] for point in trained["curve"]][-1] == 640
    assert "expected a new file" in run(*said, code=2)
    assert json.loads(run(*said, "--resume", "--json"))["curve"] == trained["curve"]
    found = json.loads(run("evaluate", file, "--json"))
    assert found["policies"]["sdrl"]["requests"] == 1
    assert found["policies"]["sdrl"].get("gap", 0) >= 0
    assert 0 <= found["effort"]["spike_rate"] <= 1
    assert "multiplications" in run("evaluate", file)


def test_mistakes_are_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "did you mean 'sdrl'" in run("train", "sdlr", code=2)
    assert "expected at least 640" in run("train", "sac", "--steps", "100", code=2)
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes(b"nothing")
    assert "expected what slit wireless train wrote" in run("evaluate", str(foreign), code=2)
    monkeypatch.setattr(agents, "NEEDED", ("no_such_library",))
    with pytest.raises(SlitError, match=r"no_such_library.*slit-llm\[rl\]"):
        check_extra()
