"""Which model variant serves a query type of a converted scenario: the letter has one for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.errors import SlitError, did_you_mean
from slit.problem.placements import Placement, placements_of
from slit.scenario.fit import batches
from slit.scenario.records import ModelVariant, NodeType, RequestClass
from slit.scenario.scenario import Scenario

JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Pools that have nodes, each serving every class with one variant: Q pools, K classes.

    pools (Q,) indices of the scenario; variants (K,) indices. serves (K, Q); the arrays below are
    NaN where it is False. seconds (K, Q): node-seconds of a mean request; joules_in, joules_out
    (K, Q): energy of a prompt and an output token, the idle power of working nodes included;
    token_seconds (K, Q): what one request takes for each of its tokens, from prompt to last token.
    """

    pools: Longs
    types: tuple[NodeType, ...]
    nodes: Floats
    variants: Longs
    serves: Bools
    seconds: Floats
    joules_in: Floats
    joules_out: Floats
    token_seconds: Floats


def mean_tokens(scenario: Scenario) -> Floats:
    """Request-weighted mean prompt and output tokens of each class, (2, K); 0 without requests."""
    requests = scenario.demand.requests
    total = requests.sum(axis=(0, 1))
    sums = [(requests * each).sum(axis=(0, 1))
            for each in (scenario.demand.prompt, scenario.demand.output)]  # fmt: skip
    return np.asarray(np.array(sums) / np.where(total > 0, total, 1.0))


def fleet_of(scenario: Scenario, *, variants: Mapping[str, str] | None = None) -> Fleet:
    """The fleet with the variants asked for by class, else the most accurate ones that fit.

    A class gets the most accurate variant of those that the most nodes can serve. While the
    requests of some epoch need more nodes than there are, the class steps down that loses the
    least accuracy of its requests for the share of the fleet it frees.

    Raises SlitError for unknown names, or a variant that no pool can serve for its class.
    """
    table = _Services(scenario)
    asked = {
        _index("variant: class", name, scenario.classes): _index(
            f"variant of {name}:", variant, scenario.variants
        )
        for name, variant in (variants or {}).items()
    }
    ladders = [[asked[k]] if k in asked else table.ladder(k) for k in range(len(scenario.classes))]
    steps = np.zeros(len(ladders), dtype=np.int64)
    for k, v in asked.items():
        if not table.serves[v, k].any():
            raise SlitError(
                f"variant: {scenario.variants[v].name} for {scenario.classes[k].name}, expected "
                "one that some pool can serve (memory, itl_limit_s)"
            )
    while (better := table.step_down(ladders, steps)) is not None:
        steps[better] += 1
    return table.fleet(np.array([ladder[s] for ladder, s in zip(ladders, steps, strict=True)]))


def _index(what: str, name: str, records: Sequence[RequestClass | ModelVariant]) -> int:
    names = [record.name for record in records]
    if name not in names:
        near = did_you_mean(name, names)
        raise SlitError(f"{what} {name!r}, expected one of {', '.join(names)}{near}")
    return names.index(name)


class _Services:
    """What each variant asks of each pool: arrays (V, K, Q).

    Of several operating points the largest batch that may serve the class.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        placements = placements_of(scenario)
        self.pools = np.array(sorted({placement.pool for placement in placements}))
        self.nodes = np.array([scenario.pools[q].nodes for q in self.pools], dtype=np.float64)
        self.tokens = mean_tokens(scenario)
        shape = (len(scenario.variants), len(scenario.classes), len(self.pools))
        self.serves = np.zeros(shape, dtype=np.bool_)
        self.seconds, self.joules_in, self.joules_out, self.token_seconds = (
            np.full(shape, np.nan) for _ in range(4)
        )
        batch = batches(scenario, [placement.pair for placement in placements])
        for p, placement in enumerate(placements):
            q = int(np.searchsorted(self.pools, placement.pool))
            at = (placement.variant, batch[:, p] > 0, q)
            self.serves[at] = True
            self._fill(at, placement, batch[at[1], p])
        use = self.seconds / (self.nodes * scenario.horizon.epoch_seconds)
        self.room = np.nansum(scenario.accounting.utilization / use, axis=2)  # requests, (V, K)

    def _fill(self, at: tuple[int, Bools, int], placement: Placement, batch: Longs) -> None:
        kind, model = placement.node_type, placement.model
        prompt, output = self.tokens[:, at[1]]
        # A working node's idle power, for the time that target utilization leaves it waiting too.
        active = (kind.idle_w - kind.standby_w) / self.scenario.accounting.utilization
        reading, writing = model.node_seconds(prompt, output, batch)
        self.seconds[at] = reading + writing
        self.joules_in[at], self.joules_out[at] = model.token_joules(batch, active_w=active)
        alone = model.alone_seconds(prompt, output, batch)
        self.token_seconds[at] = alone / np.maximum(prompt + output, 1e-300)

    def quality(self, v: int, k: int) -> float:
        """The share of a class's answers that are right."""
        return self.scenario.variants[v].quality[self.scenario.classes[k].name]

    def ladder(self, k: int) -> list[int]:
        """Variants that the most nodes can serve for a class, the most accurate first."""
        reach = (self.serves[:, k] * self.nodes).sum(axis=1)
        widest = np.flatnonzero(reach == reach.max())
        return sorted(map(int, widest), key=lambda v: -self.quality(v, k))

    def step_down(self, ladders: list[list[int]], steps: Longs) -> int | None:
        """The class to give a less accurate variant, None if all fits or nothing is left."""
        requests = self.scenario.demand.requests.sum(axis=1)  # (T, K)
        chosen = [ladder[s] for ladder, s in zip(ladders, steps, strict=True)]
        classes = np.arange(len(chosen))
        share = requests / self.room[chosen, classes]  # of the whole fleet
        busiest = int(np.argmax(share.sum(axis=1)))
        if share.sum(axis=1)[busiest] <= 1.0:
            return None
        best, least = None, np.inf
        for k, ladder in enumerate(ladders):
            if steps[k] + 1 == len(ladder):
                continue
            v = ladder[steps[k] + 1]
            freed = share[busiest, k] - requests[busiest, k] / self.room[v, k]
            lost = (self.quality(chosen[k], k) - self.quality(v, k)) * requests[busiest, k]
            price = lost / freed if freed > 0 else np.finfo(np.float64).max
            if price < least:
                best, least = k, price
        return best

    def fleet(self, variants: Longs) -> Fleet:
        """The fleet with one variant for each class."""
        at = (variants, np.arange(len(variants)))
        kinds = {kind.name: kind for kind in self.scenario.node_types}
        return Fleet(
            pools=self.pools,
            types=tuple(kinds[self.scenario.pools[q].node_type] for q in self.pools),
            nodes=self.nodes,
            variants=variants,
            serves=self.serves[at],
            seconds=self.seconds[at],
            joules_in=self.joules_in[at],
            joules_out=self.joules_out[at],
            token_seconds=self.token_seconds[at],
        )
