"""The formulas of what load does to service, each said once (model.md section 2).

Scalars in, scalars out: full evaluation, the moves of local search, the ledger, the waits of the
report and the exact front call these. What no load changes (sigma without a wait, a request that
meets a loading node) is in `slit.problem.first_token`. `tests/reference.py` is the slow twin.
"""

import math

from operators.compiling import kernel
from operators.types import Floats, Longs

HOME, POOL_NODES, STANDBY, OFF, POWERED, BOOT, COMMITTED = range(7)
"""Columns of `pool_table`: datacenter, nodes, energy of an idle node and of one that is off, nodes
that are never off, energy of a boot, committed nodes."""


@kernel
def active_nodes(work: int, node_ticks: int) -> int:
    """Whole nodes that take `work` ticks at the target utilization."""
    return (work + node_ticks - 1) // node_ticks


@kernel
def running_nodes(work: int, node_ticks: int, warm: int) -> int:
    """As `active_nodes`, where `warm` ones are active whether there is work or not."""
    return max(active_nodes(work, node_ticks), warm)


@kernel
def loading_nodes(active: int, before: int) -> int:
    """Nodes that load weights: those beyond the `before` that hold them already."""
    return max(0, active - before)


@kernel
def loading_share(loading: int, active: int, load_share: float) -> float:
    """Share of a cell's requests that meets a loading node; load_share: load time over epoch."""
    return loading / active * load_share


@kernel
def powered(active: int, pool: Longs) -> int:
    """Nodes of a pool that are not off, `active` ones first; pool as in `pool_table`.

    Those beyond capacity do not count.
    """
    on: int = min(max(active, pool[POWERED]), pool[POOL_NODES])
    return on


@kernel
def unused_energy(active: int, pool: Longs) -> int:
    """Energy ticks of a pool's nodes that are not active: idle ones, and those that are off."""
    on = powered(active, pool)
    off = pool[POOL_NODES] - on
    energy: int = max(0, on - active) * pool[STANDBY] + off * pool[OFF]
    return energy


@kernel
def booted(on: int, before: int) -> int:
    """Nodes that boot: powered ones beyond those of the epoch `before`."""
    return max(0, on - before)


@kernel
def on_demand(active: int, committed: int) -> int:
    """Active nodes of a pool beyond its committed ones."""
    return max(0, active - committed)


@kernel
def cell_energy(above_idle: int, active: int, loading: int, idle: int, prewarm: int) -> int:
    """Energy ticks of a cell: above idle, of its active nodes, of nodes that load beforehand."""
    return above_idle + active * idle + loading * prewarm


@kernel
def last_node_energy(work: int, node_ticks: int, curve: Floats) -> int:
    """Energy ticks of the last, partly filled node of a cell above its share of a full one's.

    curve (S, 3): a row of `Problem.last_node`; S = 0 where all draw their share.
    """
    rest, energy = work % node_ticks, 0.0
    for s in range(curve.shape[0]):
        if rest >= curve[s, 0]:
            energy = curve[s, 1] + (rest - curve[s, 0]) * curve[s, 2]
    return int(max(energy, 0.0))


@kernel
def grid_energy(facility: float, renewable: float) -> float:
    """kWh bought: what renewables on site leave; their surplus is curtailed."""
    return max(0.0, facility - renewable)


@kernel
def utilization(work: int, active: int, epoch_ticks: float) -> float:
    """Share of the epoch that active nodes work."""
    return work / (active * epoch_ticks)


@kernel
def queue(
    load: float, servers: float, mean_prefill: float, variability: float
) -> tuple[float, float]:
    """Probability of waiting and mean wait given one (s) of a cell in use at utilization `load`.

    Sakasegawa (1977) with the Allen-Cunneen factor; no wait where prefill takes no time.
    """
    mean_wait = mean_prefill * variability / (servers * (1.0 - load))
    if mean_wait <= 0.0:
        return 0.0, 1.0
    chance = math.exp(math.log(load) * (math.sqrt(2.0 * (servers + 1.0)) - 1.0))
    return chance, mean_wait


@kernel
def cell_queue(
    work: int,
    requests: int,
    prompts: int,
    active: int,
    speed: Floats,
    epoch_ticks: float,
    prompt_unit: float,
    variability: float,
) -> tuple[float, float]:
    """As `queue`, of a cell in use with these integer sums.

    speed: replicas of a node, fixed time (s) and slope (s/token) of a prefill, and more.
    prompt_unit: tokens of one unit of prompts / requests.
    """
    prompt = prompts / requests * prompt_unit
    return queue(
        utilization(work, active, epoch_ticks),
        active * speed[0],
        speed[1] + speed[2] * prompt,
        variability,
    )


@kernel
def longer_than(slack: float, mean_wait: float) -> float:
    """Probability that somebody who waits does so for longer than `slack` (s)."""
    return math.exp(-slack / mean_wait) if slack > 0.0 else 1.0


@kernel
def late_in_queue(slack: float, chance: float, mean_wait: float) -> float:
    """Probability of being late of a request that meets no loading; slack: SLO - base (s)."""
    return 1.0 if slack < 0.0 else chance * longer_than(slack, mean_wait)


@kernel
def late_while_loading(slack: float, loading: float) -> float:
    """Probability of being late of a request that waits U(0, loading) s for a loading node."""
    if loading > 0.0:
        return min(1.0, max(0.0, 1.0 - slack / loading))
    return 1.0 if slack < 0.0 else 0.0


@kernel
def lost_beyond(share: float, promise: float, mean_wait: float) -> float:
    """What a share of requests loses of sigma by waits that begin to hurt; promise: the SLO (s).

    The mean of 1 - exp(-x / promise) over an exponential x of `mean_wait`.
    """
    return share * mean_wait / (promise + mean_wait)


@kernel
def queue_outcome(
    slack: float, at_once: float, promise: float, chance: float, mean_wait: float
) -> tuple[float, float]:
    """Probability of being late, and mean sigma, of a request that meets no loading.

    at_once: its sigma without a wait.
    """
    late = late_in_queue(slack, chance, mean_wait)
    if slack < 0.0:
        return late, at_once * (1.0 - lost_beyond(chance, promise, mean_wait))
    return late, 1.0 - lost_beyond(late, promise, mean_wait)


@kernel
def with_loading(share: float, queued: float, loaded: float) -> float:
    """Mean over requests of which a share meets a loading node instead of the queue."""
    return (1.0 - share) * queued + share * loaded


@kernel
def mean_delay(share: float, chance: float, mean_wait: float, half_load: float) -> float:
    """Mean seconds that queue and loading add to a time to first token; half_load: mean wait (s)
    of a request that meets a loading node."""
    return (1.0 - share) * chance * mean_wait + share * half_load
