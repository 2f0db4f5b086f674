"""Decisions under uncertainty: plans for what is expected and for more, judged over what may come.

Paths are drawn from the quantiles of a forecast: each series on its own, correlated in time (a
Gaussian copula that forgets within MEMORY_H hours). Three plans are made, for the mean and for
demand at the quantiles of HEDGES; each is carried out on every path, and the one whose weighted sum
is least over the worst of them is chosen (sample average approximation over candidates; Kleywegt,
Shapiro and Homem-de-Mello 2002). Which plans are tried is ours.
"""

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from scipy.special import ndtr

from operators.types import Floats
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.objectives import find
from slit.operate.decide import Decision, Limiter, Spread, carried_out, following, is_mean
from slit.operate.due import Settings, State, decision_at
from slit.operate.outlook import Outlook, Told, Uncertain
from slit.operate.panel import with_values
from slit.operate.risk import Risk
from slit.problem import compile_problem
from slit.scenario.scenario import Scenario

MEMORY_H = 6.0
HEDGES = (0.75, 0.95)


def decision_for(
    carrier: Scenario, outlook: Outlook, settings: Settings, state: State, limits: Limiter | None
) -> Decision:
    """The decision for the epochs of a scenario, by what an outlook expects, and by what it says
    may come where a risk is stated. Raises SlitError."""
    horizon = carrier.horizon.epochs
    if settings.risk is None or not isinstance(outlook, Uncertain):
        expected = outlook.expect(state.epoch, horizon)
        return decision_at(carrier, expected, settings, state, limits)
    told = outlook.told(state.epoch, horizon)
    candidates = [told.mean]
    for level in HEDGES:
        [n] = np.flatnonzero(told.levels == level)
        more = np.maximum(told.quantiles[n], told.mean)
        candidates.append(np.where(told.requests[:, None], more, told.mean))
    rng = np.random.default_rng([settings.seed, state.epoch, 2])
    hours = carrier.horizon.epoch_seconds / 3600
    paths = drawn_paths(told, settings.risk.paths, epoch_h=hours, rng=rng)
    made = [decision_at(carrier, each, settings, state, limits) for each in candidates]
    return _chosen(made, paths, carrier, settings, state, limits)


def drawn_paths(told: Told, count: int, *, epoch_h: float, rng: Generator) -> Floats:
    """(N, S, H) courses of all series, by their quantiles; beyond the outermost as far again as
    between them and the next, at most."""
    _, series, horizon = told.quantiles.shape
    keep = np.exp(-epoch_h / MEMORY_H)
    noise = rng.standard_normal((count, series, horizon))
    course = np.empty_like(noise)
    course[:, :, 0] = noise[:, :, 0]
    for h in range(1, horizon):
        course[:, :, h] = keep * course[:, :, h - 1] + np.sqrt(1 - keep**2) * noise[:, :, h]
    low, high = told.levels[0], told.levels[-1]
    ends = np.concatenate([[2 * low - told.levels[1]], told.levels, [2 * high - told.levels[-2]]])
    first, last = told.quantiles[:2], told.quantiles[-2:]
    values = np.concatenate(
        [2 * first[:1] - first[1:], told.quantiles, 2 * last[1:] - last[:1]]
    )  # (Q + 2, S, H)
    share = np.clip(ndtr(course), ends[0], ends[-1])
    n = np.clip(np.searchsorted(ends, share, side="right") - 1, 0, len(ends) - 2)
    part = (share - ends[n]) / (ends[n + 1] - ends[n])
    s, t = np.arange(series)[:, None], np.arange(horizon)[None, :]
    found = values[n, s, t] * (1 - part) + values[n + 1, s, t] * part
    return np.asarray(np.maximum(found, told.lowest[:, None]))


def _chosen(
    made: list[Decision],
    paths: Floats,
    carrier: Scenario,
    settings: Settings,
    state: State,
    limits: Limiter | None,
) -> Decision:
    """The one whose weighted sum is least over the worst paths, with its spread; those that break
    limits in more of them than allowed only where all do."""
    prices, risk = made[0].prices, settings.risk
    assert risk is not None
    if prices is None:
        raise SlitError("risk: policy of picks or an order, expected balance or prices")
    found: list[tuple[float, float, Spread]] = []
    for decision in made:
        rng = np.random.default_rng([settings.seed, state.epoch, 3])
        rows = [
            _carried_out(decision, with_values(carrier, path), settings, state, limits, rng)
            for path in paths
        ]
        values = np.array([row for row, _, _ in rows])
        broken = float(np.mean([violation > 0 for _, violation, _ in rows]))
        tail = _tail(np.array([total for _, _, total in rows]) @ prices, risk)
        beyond = max(broken - risk.broken, 0.0)
        found.append((beyond, tail, Spread(settings.names, values, broken, beyond > 0)))
    best = min(range(len(found)), key=lambda n: found[n][:2])
    return replace(made[best], spread=found[best][2]._replace(candidate=best))


def _tail(sums: Floats, risk: Risk) -> float:
    """The mean of the worst tail of sums (N,)."""
    count = max(1, round(risk.tail * len(sums)))
    return float(np.sort(sums)[-count:].mean())


def _carried_out(
    decision: Decision,
    scenario: Scenario,
    settings: Settings,
    state: State,
    limits: Limiter | None,
    rng: Generator,
) -> tuple[Floats, float, Floats]:
    """Objectives (M,) of the shares of a decision where a path comes true, with the nodes that it
    takes; its constraint violation; objectives as sums (M,)."""
    problem = following(compile_problem(scenario, chunks=decision.chunks), state.running)
    evaluator = Evaluator(problem, scenario, objectives=find(settings.names))
    if limits is not None:
        evaluator = evaluator.limited_by(limits(evaluator))
    _, plan = carried_out(problem, decision.shares, state.running, rng=rng)
    evaluation = evaluator.evaluate(plan[None, :])
    means = np.array([is_mean(name) for name in settings.names])
    values = evaluation.F[0]
    sums = values * np.where(means, problem.total_requests, 1.0)
    return values, float(evaluation.G[0]), sums
