"""One decision: a plan for the epochs that come, from what runs now and what is expected."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from operators.types import Floats, Genes, Longs
from slit.arrays import product
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.kernels.local_search import MOST_MOVES, improve_plan
from slit.kernels.scalarization import scalarize
from slit.ledger import Ledger, write_ledger
from slit.objectives.limits import Limit
from slit.operate.policy import MOVES, Ordered, Picked, Policy, Weighted
from slit.optimizers.nearest import nearest_plan
from slit.optimizers.protocol import Task
from slit.optimizers.registry import DEFAULT_OPTIMIZER, default_settings, make_optimizer
from slit.problem import Problem
from slit.problem.shares import round_shares
from slit.problem.today import follow_shares
from slit.relaxation import Relaxation
from slit.relaxation.dantzig_wolfe import CapsUnmet, minimize_capped
from slit.relaxation.rounding import NODE_PENALTY, LimitMultipliers, fit_capacity, shares_of
from slit.run import run
from slit.scenario.scenario import Scenario
from slit.stop import Stop

MEANS = ("quality", "ttft", "slo_violation", "answer_loss")
"""Objectives that are means over requests; by parts (`quality[chat]`) too."""
PROMISED = ("carbon", "water", "cost")
"""What promises are compared in: sums by epoch."""
ROUNDS = 6
"""Descents until the limits hold, with multipliers that first change by STEP, in logarithms."""
STEP = 0.1
LP_TOLERANCE, LP_ROUNDS = 1e-4, 60
"""Of the relaxation under limits, whose optimum is only where a search begins."""

Limiter = Callable[[Evaluator], Sequence[Limit]]
"""Limits as numbers, for a problem."""


class Running(NamedTuple):
    """What runs: the `shares` (O, K, P) by which requests are served, 0 throughout where nothing is
    known, in so many `chunks` (O, K); `nodes` (P,) that hold their weights."""

    shares: Floats
    chunks: Longs
    nodes: Longs


class Spread(NamedTuple):
    """Of a decision over N drawn courses of what comes: `values` (N, M) of the objectives `names`,
    the share of them in which limits are `broken`, and whether that is more than allowed
    (`marked`). candidate: 0 is the plan for what is expected, others are for more requests."""

    names: tuple[str, ...]
    values: Floats
    broken: float
    marked: bool
    candidate: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A plan for H epochs: `shares` (H, O, K, P), `chunks` (H, O, K) and `nodes` (H, P).

    `promised` is its ledger by what was expected, `violation` its constraint violation, `prices`
    (M,) what one unit of each objective weighed, of a mean one request's; none where no sum was
    weighed. spread: where a risk is stated.
    """

    shares: Floats
    chunks: Longs
    nodes: Longs
    promised: Ledger
    violation: float
    prices: Floats | None
    spread: Spread | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a decision is asked for: `stability` is what rerouting all requests weighs, as a share
    of the weighted sum; `prices` (M,) those of earlier decisions; `duals` (M,) prices that budgets
    add; `moves` of a search for a front."""

    policy: Policy
    names: tuple[str, ...]
    prices: Floats | None = None
    duals: Floats | None = None
    stability: float = 0.1
    moves: int = MOVES
    limits: Limiter | None = None


def decide(
    problem: Problem,
    scenario: Scenario,
    evaluator: Evaluator,
    asked: Asked,
    *,
    shifted: Floats | None,
    rng: Generator,
) -> Decision:
    """The plan for the epochs of a problem that follows what runs.

    shifted: (T, O, K, P) shares of the running plan in these epochs, 0 where it has none.

    Raises SlitError where the limits cannot be read or the policy does not fit.
    """
    if asked.limits is not None:
        evaluator = evaluator.limited_by(asked.limits(evaluator))
    start = None if shifted is None else _as_plan(problem, shifted, evaluator)
    prices = None
    match asked.policy:
        case Weighted():
            prices, plan = _weighted(evaluator, asked, asked.policy, start, rng)
        case Picked():
            plan = _picked(evaluator, asked, asked.policy, start, rng)
        case Ordered():
            plan = _ordered(evaluator, asked.policy, rng)
    [violation] = evaluator.evaluate(plan[None, :]).G
    ledger = write_ledger(plan, problem, scenario)
    shares, chunks = spread(problem, ledger.counts, evaluator)
    return Decision(shares, chunks, ledger.nodes, ledger, float(violation), prices)


def following(problem: Problem, running: Running | None) -> Problem:
    """The problem whose first epoch follows what runs."""
    if running is None:
        return problem
    first = slice(0, int(problem.epoch_group[1]))
    at = problem.group_origin[first], problem.group_class[first]
    return follow_shares(problem, running.shares[at], running.nodes)


def carried_out(
    problem: Problem, shares: Floats, before: Running | None, *, rng: Generator
) -> tuple[Genes, Genes]:
    """The plan (G,) that shares (T, O, K, P) decide, and the one that is served where nodes are too
    few for it. Groups that the shares know none of go where they went before, or
    where they need least."""
    wanted = shares[problem.group_epoch, problem.group_origin, problem.group_class]
    wanted = np.where(problem.allowed, wanted, 0.0)
    least = np.where(problem.allowed, problem.node_seconds, np.inf).argmin(axis=1)
    fallbacks = [np.eye(problem.placements)[least]]
    if before is not None:
        ran = before.shares[problem.group_origin, problem.group_class]
        fallbacks.insert(0, np.where(problem.allowed, ran, 0.0))
    for fallback in fallbacks:
        none = ~(wanted.sum(axis=1) > 0)
        wanted[none] = fallback[none]
    decided = round_shares(problem, wanted)
    [plan] = fit_capacity(problem, decided[None, :], rng=rng)
    return decided, plan


def spread(problem: Problem, counts: Longs, evaluator: Evaluator) -> tuple[Floats, Longs]:
    """Counts (J, P) of chunks as shares (T, O, K, P) and chunks (T, O, K)."""
    scenario = evaluator.scenario
    shape = problem.epochs, len(scenario.origins), len(scenario.classes)
    shares, chunks = np.zeros((*shape, problem.placements)), np.zeros(shape, np.int64)
    at = problem.group_epoch, problem.group_origin, problem.group_class
    shares[at] = counts / problem.group_chunks[:, None]
    chunks[at] = problem.group_chunks
    return shares, chunks


def promised_of(decision: Decision) -> Floats:
    """What a decision promises of its epochs, (H, 3): `PROMISED`."""
    ledger = decision.promised
    water = ledger.water_on_site_l + ledger.water_off_site_l
    parts = (ledger.carbon_kg, water, ledger.cost_usd)
    return np.stack([part.sum(axis=1) for part in parts], axis=1)


def summed(totals: Mapping[str, float], names: Sequence[str], requests: float) -> Floats:
    """Objectives (M,) as sums, those that are means over requests times the requests."""
    return np.array([totals[name] * (requests if is_mean(name) else 1.0) for name in names])


def is_mean(name: str) -> bool:
    """Whether an objective is a mean over requests."""
    return name.partition("[")[0] in MEANS


def _as_plan(problem: Problem, shares: Floats, evaluator: Evaluator) -> Genes:
    """The plan (G,) of shares (T, O, K, P); groups without, and what is not allowed, nearest."""
    mine = shares[problem.group_epoch, problem.group_origin, problem.group_class]
    mine = np.where(problem.allowed, mine, 0.0)
    none = ~(mine.sum(axis=1) > 0)
    if none.any():
        near = nearest_plan(Task.of(evaluator))
        counts = np.zeros(mine.shape)
        np.add.at(counts, (problem.gene_group, near), 1.0)
        mine[none] = counts[none]
    return round_shares(problem, mine)


def _weighted(
    evaluator: Evaluator, asked: Asked, policy: Weighted, start: Genes | None, rng: Generator
) -> tuple[Floats, Genes]:
    """Prices (M,), and the plan of least weighted sum that local search finds from the running
    plan and from the relaxation's optimum."""
    problem = evaluator.problem
    relaxation = Relaxation.of(evaluator, measured=True)
    if relaxation.left_out:
        raise SlitError(
            f"policy: {', '.join(relaxation.left_out)} in a weighted sum, expected objectives with "
            "a linear part (pick: searches with any)"
        )
    prices = asked.prices if asked.prices is not None else prices_of(policy, evaluator)
    duals = np.zeros(len(prices)) if asked.duals is None else asked.duals
    requests = np.where([is_mean(name) for name in evaluator.names], problem.total_requests, 1.0)
    weights = np.zeros(len(evaluator.measured))
    weights[: len(prices)] = (prices + duals) * requests
    try:
        relaxed = minimize_capped(
            relaxation, weights, _caps(evaluator), tolerance=LP_TOLERANCE, rounds=LP_ROUNDS
        )
    except CapsUnmet:
        relaxed = minimize_capped(relaxation, weights, np.full(len(weights), np.inf))
    rounded = round_shares(problem, shares_of(relaxation, relaxed.relaxed))
    starts = [rounded] if start is None else [start, rounded]
    plans = fit_capacity(problem, np.array(starts), rng=rng)
    size = float(product(weights, np.abs(relaxed.relaxed.objectives)))
    reroute = asked.stability * size / problem.total_requests
    return prices, _descended(plans, evaluator, weights, relaxed.multipliers, reroute)


def prices_of(policy: Weighted, evaluator: Evaluator) -> Floats:
    """What one unit of each objective weighs (M,), of a mean one request's."""
    weights = np.array([policy.weights.get(name, 0.0) for name in evaluator.names])
    if policy.priced:
        return weights
    near = evaluator.apart().evaluate(nearest_plan(Task.of(evaluator))[None, :]).F[0]
    size = np.where(near == 0, 1.0, np.abs(near))
    total = evaluator.problem.total_requests
    requests = np.where([is_mean(name) for name in evaluator.names], total, 1.0)
    return np.asarray(weights / (size * requests))


def _caps(evaluator: Evaluator) -> Floats:
    """(M + L,): the largest value that limits allow of what is measured, inf for none."""
    names = [objective.name for objective in evaluator.measured]
    most = np.full(len(names), np.inf)
    for limit in evaluator.limits:
        n = names.index(limit.objective.name)
        most[n] = min(most[n], limit.most)
    return most


def _descended(
    plans: Genes, evaluator: Evaluator, weights: Floats, multipliers: Floats, reroute: float
) -> Genes:
    """The best of plans (N, G) after local search; what exceeds limits weighs more than its
    multiplier (M + L,) until it does not."""
    problem, most = evaluator.problem, _caps(evaluator)
    weighing = LimitMultipliers(multipliers.copy(), step=STEP)
    found: list[Genes] = []
    for n in range(ROUNDS if evaluator.limits else 1):
        table = scalarize(
            weights + weighing.values,
            problem,
            evaluator.measured_terms,
            cell_objectives=evaluator.cell_objectives,
        )
        table = table._replace(reroute=table.reroute + reroute)
        for plan in plans if n == 0 else found[-len(plans) :]:
            better, last = plan.copy(), problem.epochs
            improve_plan(better, problem, table, 0, last, NODE_PENALTY, True, MOST_MOVES // last)
            found.append(better)
        evaluation = evaluator.evaluate(np.array(found))
        if evaluator.limits:
            values = _measured(evaluation.F, evaluation.limited, evaluator)[-len(plans) :]
            best = np.lexsort([values @ weights, evaluation.G[-len(plans) :]])[0]
            weighing.update(values[best], most, weights)
    tried = np.array(found)
    sums = evaluation.F @ weights[: evaluation.F.shape[1]] + reroute * _rerouted(tried, evaluator)
    chosen: Genes = tried[np.lexsort([sums, evaluation.G])[0]]
    return chosen


def _measured(values: Floats, limited: Floats, evaluator: Evaluator) -> Floats:
    """(N, M + L): the objectives, then what is only limited."""
    names = [objective.name for objective in evaluator.measured]
    found = np.empty((len(values), len(names)))
    found[:, : values.shape[1]] = values
    for n, limit in enumerate(evaluator.limits):
        found[:, names.index(limit.objective.name)] = limited[:, n]
    return found


def _rerouted(plans: Genes, evaluator: Evaluator) -> Floats:
    """Requests (N,) that plans serve elsewhere than in the epoch before."""
    given = evaluator.problem, evaluator.scenario
    return np.array([write_ledger(plan, *given).rerouted.sum() for plan in plans])


def _picked(
    evaluator: Evaluator, asked: Asked, policy: Picked, start: Genes | None, rng: Generator
) -> Genes:
    """The pick of the front that a search finds."""
    task = Task.of(evaluator)
    starts = [nearest_plan(task)] if start is None else [start, nearest_plan(task)]
    optimizer = make_optimizer(
        DEFAULT_OPTIMIZER,
        task,
        rng=rng,
        settings=default_settings(DEFAULT_OPTIMIZER),
        start=np.array(starts),
    )
    front = run(optimizer, evaluator, stop=Stop(moves=asked.moves)).front
    pick = {"balance": front.compromise, "knee": front.knee}.get(policy.pick)
    if not front.feasible:
        row = int(np.argmin(front.G))
    else:
        row = front.extremes()[policy.pick] if pick is None else pick()
    plan: Genes = front.X[row]
    return plan


def _ordered(evaluator: Evaluator, policy: Ordered, rng: Generator) -> Genes:
    settings = default_settings("lexicographic", order=policy.order, tolerance=policy.tolerance)
    optimizer = make_optimizer("lexicographic", Task.of(evaluator), rng=rng, settings=settings)
    plan: Genes = run(optimizer, evaluator, stop=Stop(evaluations=1)).front.X[0]
    return plan
