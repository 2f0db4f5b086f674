"""What a service implies per token and per request, to hold beside published figures."""

from typing import NamedTuple

from slit.scenario.fit import ServedPair, service_model
from slit.scenario.scenario import Scenario

JOULES_PER_TOKEN = {"read": (2e-4, 5e-3), "written": (1.4e-3, 1.5e-2)}
"""J of a whole node for one token and billion parameters, from the least to the most published.

Written: MLPerf Inference, wall power over token/s: 0.101 J on 8 x B200 (Llama-2-70B), 0.244 J on
8 x H200 (the same), 0.064 J (Llama-3.1-8B) and 6.04 J (Llama-3.1-405B, long answers) on 8 x B200.
Read: two operations a parameter at 0.2-0.7 of the BF16 peak of A100 to B200 and 0.4-1.3 kW a GPU;
mixtures of experts, which pass a tenth of their parameters, below.
"""
WITHIN = 10.0
"""How many times beyond what is published is still believed."""


class PerRequest(NamedTuple):
    """What a request takes."""

    watt_hours: float
    grams: float  # CO2e
    milliliters: float
    joules_per_token: float  # of output


class Published(NamedTuple):
    """What others publish of theirs; None: not that."""

    name: str
    figures: tuple[float | None, float | None, float | None, float | None]  # as PerRequest


PUBLISHED = (
    Published("Google, median text prompt of Gemini Apps, May 2025", (0.24, 0.03, 0.26, None)),
    Published("Mistral Large 2, 400 tokens, life cycle", (None, 1.14, 45.0, None)),
    Published("MLPerf 5.1, 8 x B200, Llama-3.1-8B", (None, None, None, 9436.05 / 146960)),
    Published("MLPerf 5.1, 8 x B200, Llama-3.1-405B", (None, None, None, 9891.76 / 1637.11)),
)
"""See docs/sanity.md."""


class RequestFigures(NamedTuple):
    """What a mean request of a class takes at a service, all energy of its share of busy nodes."""

    watt_hours: float
    grams: float  # CO2e, mean grid, with embodied carbon where it counts
    milliliters: float  # on site and off site


def pair_name(scenario: Scenario, pair: ServedPair) -> str:
    """How messages call a service."""
    point = f" at batch {pair.service.batch}" if pair.points > 1 else ""
    return f"{scenario.variants[pair.variant].name} on {pair.node_type.name}{point}"


def token_joules(pair: ServedPair) -> tuple[float, float]:
    """J of the node for a prompt token and for an output token, at its full batch."""
    model = service_model(pair.node_type, pair.service)
    return (
        model.prefill_w / model.prefill_rate,
        float(model.decode_w / model.decode_rate(pair.service.batch)),
    )


def mean_tokens(scenario: Scenario, k: int) -> tuple[float, float]:
    """Prompt tokens that are read, and output tokens, of a mean request of class k."""
    demand = scenario.demand
    requests = demand.requests[:, :, k]
    total = requests.sum()
    return (
        float((requests * scenario.read_tokens[:, :, k]).sum() / total),
        float((requests * demand.output[:, :, k]).sum() / total),
    )


def request_figures(
    scenario: Scenario, pair: ServedPair, *, prompt: float, output: float
) -> RequestFigures:
    """A request of so many tokens at a service, at its full batch and the mean of all sites.

    Nodes are busy for the target utilization and idle for the rest.
    """
    accounting, signals = scenario.accounting, scenario.signals
    model = service_model(pair.node_type, pair.service)
    reading, writing = map(float, model.node_seconds(prompt, output, pair.service.batch))
    idle = (1 / accounting.utilization - 1) * (reading + writing)
    joules = model.prefill_w * reading + model.decode_w * writing + model.idle_w * idle
    kwh = joules / 3.6e6
    grid = kwh * signals.pue
    carbon = float((grid * signals.carbon).mean())
    if accounting.embodied:
        carbon += pair.node_type.embodied_kg_per_hour * (reading + writing + idle) / 3600
    water = float((grid * signals.ewif + kwh * signals.wue).mean())
    return RequestFigures(1e3 * float(grid.mean()), 1e3 * carbon, 1e3 * water)
