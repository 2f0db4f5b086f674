"""Decision after decision over a stretch of time: expect, decide, serve, go on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from operators.types import Longs
from slit.arrays import product
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.operate.budgets import Purse
from slit.operate.decide import Decision, Limiter, Running, prices_of, promised_of, summed
from slit.operate.due import Ahead, Settings, State
from slit.operate.outlook import Outlook
from slit.operate.panel import MINIMUM_TIMES, window_of
from slit.operate.policy import Weighted
from slit.operate.serve import REALIZED, Served, serve
from slit.operate.uncertainty import decision_for
from slit.problem import compile_problem
from slit.scenario.scenario import Scenario


class Step(NamedTuple):
    """One decision and what its first epoch came to."""

    epoch: int
    decision: Decision
    served: Served


def begin(scenario: Scenario, settings: Settings, *, first: int) -> State:
    """The state before the first decision, that for epoch `first`: weights that are relative weigh
    by what the nearest datacenters took in the day before, or the horizon if it is longer.

    Raises SlitError where nodes must stay active for longer than the horizon.
    """
    _check_minimum_times(scenario, settings)
    policy = settings.policy
    if not isinstance(policy, Weighted):
        return State(first)
    day = round(86_400 / scenario.horizon.epoch_seconds)
    count = min(max(settings.horizon, day), first)
    past = window_of(scenario, first - count, count, genes=settings.genes * count)
    evaluator = Evaluator(compile_problem(past), past, objectives=find(settings.names))
    return State(first, prices=prices_of(policy, evaluator))


def _check_minimum_times(scenario: Scenario, settings: Settings) -> None:
    hours = settings.horizon * scenario.horizon.epoch_seconds / 3600
    for pool in scenario.pools:
        for field in MINIMUM_TIMES:
            longest = max(getattr(pool, field).values(), default=0.0)
            if longest > hours:
                raise SlitError(
                    f"horizon: {hours:g} h, expected at least {longest:g} (pools.{pool.name}."
                    f"{field}, h)"
                )


def operate(
    scenario: Scenario,
    outlook: Outlook,
    settings: Settings,
    *,
    state: State,
    last: int,
    limits: Limiter | None = None,
) -> Iterator[tuple[Step, State]]:
    """Decide for every epoch of a scenario from that of `state` to `last`, serve it, and go on.

    scenario: what really happens; of it a decision knows what `outlook` tells.

    Yields each step with the state after it: a loop that starts from there makes the same
    decisions.
    """
    while state.epoch < last:
        step, state = one_step(scenario, outlook, settings, state, limits)
        yield step, state


def one_step(
    scenario: Scenario, outlook: Outlook, settings: Settings, state: State, limits: Limiter | None
) -> tuple[Step, State]:
    """One decision, and its first epoch served."""
    t = state.epoch
    horizon = min(settings.horizon, scenario.horizon.epochs - t)
    carrier = window_of(scenario, t, horizon, genes=settings.genes * horizon)
    decision = decision_for(carrier, outlook, settings, state, limits)
    decided = after_decision(decision, settings, state)
    actual = window_of(scenario, t, 1, genes=settings.genes)
    served, state = serve_next(actual, settings, decided)
    return Step(t, decision, served), state


def after_decision(decision: Decision, settings: Settings, state: State) -> State:
    """The state once a decision is in force."""
    ledger = decision.promised
    least = ledger.problem.min_up
    planned = decision.shares, decision.chunks, decision.nodes
    ahead = Ahead(state.epoch, *planned, least, promised_of(decision))
    size = state.size
    if not size and decision.prices is not None:
        sums = summed(ledger.totals(), settings.names, ledger.problem.total_requests)
        size = float(product(decision.prices, np.abs(sums))) / ledger.problem.epochs
    return replace(state, ahead=ahead, prices=decision.prices, size=size)


def in_force(state: State) -> Running:
    """The shares, chunks and nodes that the plan in force has for the epoch of a state."""
    ahead = state.ahead
    assert ahead is not None
    n = min(state.epoch - ahead.first, len(ahead.shares) - 1)
    nodes = ahead.nodes[n]
    if state.started is not None:
        nodes = np.maximum(nodes, state.started.sum(axis=0))
    return Running(ahead.shares[n], ahead.chunks[n], nodes)


def serve_next(actual: Scenario, settings: Settings, state: State) -> tuple[Served, State]:
    """The epoch of `state` as it was, served as decided, and the state after it.

    actual: that epoch of the scenario.
    """
    t, ahead = state.epoch, state.ahead
    assert ahead is not None
    served = serve(
        actual,
        *in_force(state),
        state.running,
        provision=settings.provision,
        rng=np.random.default_rng([settings.seed, t, 1]),
    )
    purse = state.purse
    if settings.budgets:
        spent = [served.totals[REALIZED.index(budget.name)] for budget in settings.budgets]
        begun = Purse.full(settings.budgets) if purse is None else purse
        seconds = actual.horizon.epoch_seconds
        purse = begun.after(settings.budgets, np.array(spent), seconds)
    after = replace(
        state,
        epoch=t + 1,
        running=served.running,
        purse=purse,
        started=_started(ahead.least, state, served),
    )
    return served, after


def as_planned(state: State) -> State:
    """The state after an epoch of which nothing is known: all went as planned."""
    return replace(state, epoch=state.epoch + 1, running=in_force(state))


def _started(least: Longs, state: State, served: Served) -> Longs | None:
    """Nodes (U, P) that started in the last epochs; None where no minimum time is stated."""
    most = int(least.max(initial=0)) - 1
    if most < 1:
        return None
    nodes = served.running.nodes
    before = nodes if state.running is None else state.running.nodes
    earlier = np.zeros((0, len(nodes)), np.int64) if state.started is None else state.started
    found = np.concatenate([earlier, np.maximum(nodes - before, 0)[None]])[-most:]
    age = np.arange(len(found))[::-1, None] + 1  # epochs that they were active
    return np.where(age < least[None, :], found, 0)
