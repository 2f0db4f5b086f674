"""The decision that is due: what it depends on, and making it from what is expected."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from operators.types import Floats, Longs
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.operate.budgets import Budget, Purse, duals
from slit.operate.decide import Asked, Decision, Limiter, Running, decide, following
from slit.operate.panel import with_values
from slit.operate.policy import MOVES, Policy
from slit.operate.provision import Provision
from slit.operate.risk import Risk
from slit.problem import compile_problem
from slit.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Settings:
    """How decisions are made.

    horizon: epochs that one looks ahead. stability: what rerouting all requests weighs, as a share
    of the weighted sum. genes: of an epoch. moves: of a search for a front. seed: of all that is
    drawn, by decision. risk: of what comes; None where the mean of a forecast is all that counts.
    """

    policy: Policy
    names: tuple[str, ...]
    horizon: int
    genes: int
    provision: Provision = Provision.PLANNED
    stability: float = 0.1
    moves: int = MOVES
    seed: int = 1
    budgets: tuple[Budget, ...] = ()
    risk: Risk | None = None


class Ahead(NamedTuple):
    """A plan that was decided: for the epochs from `first` on `shares` (H, O, K, P), `chunks`
    (H, O, K) and `nodes` (H, P); `least` (P,) epochs that a node stays active once it started;
    `promised` (H, 3) carbon, water and cost."""

    first: int
    shares: Floats
    chunks: Longs
    nodes: Longs
    least: Longs
    promised: Floats


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a decision depends on besides what is expected: `epoch` is that of the next one.

    prices (M,): of the weighted sum. size: that sum for an epoch in the first decision. purse: what
    was spent of the budgets. started (U, P): nodes that started in the last epochs, the latest
    last, and must stay active for a minimum time.
    """

    epoch: int
    running: Running | None = None
    ahead: Ahead | None = None
    prices: Floats | None = None
    size: float = 0.0
    purse: Purse | None = None
    started: Longs | None = None


def decision_at(
    carrier: Scenario,
    expected: Floats,
    settings: Settings,
    state: State,
    limits: Limiter | None,
) -> Decision:
    """The decision for the epochs of a scenario, of which figures (S, H) are expected: its own
    series are not looked at."""
    told = with_values(carrier, expected)
    problem = following(compile_problem(told), state.running)
    evaluator = Evaluator(problem, told, objectives=find(settings.names))
    extra = None
    if settings.budgets and state.purse is not None:
        seconds = carrier.horizon.epoch_seconds
        extra = duals(settings.budgets, state.purse, settings.names, state.size, seconds)
    asked = Asked(
        settings.policy,
        settings.names,
        prices=state.prices,
        duals=extra,
        stability=settings.stability,
        moves=settings.moves,
        limits=limits,
    )
    ahead = state.ahead
    return decide(
        problem,
        told,
        evaluator,
        asked,
        shifted=None
        if ahead is None
        else shifted(ahead.shares, state.epoch - ahead.first, expected.shape[1]),
        rng=np.random.default_rng([settings.seed, state.epoch]),
    )


def shifted(shares: Floats, epochs: int, horizon: int) -> Floats:
    """The shares (H, O, K, P) of a plan so many epochs later; epochs that it does not have are as
    its last."""
    index = np.minimum(np.arange(epochs, epochs + horizon), len(shares) - 1)
    return shares[index]
