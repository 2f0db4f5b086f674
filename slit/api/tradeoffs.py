"""What one objective costs in another from a plan on, and what an allowance buys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from os import PathLike
from pathlib import Path

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.api.limits import Limits, resolved_limits, stated_limits
from slit.api.shadow_prices import ShadowPrices, shadow_prices
from slit.certificates.projection import Edge, edge_below
from slit.certificates.tradeoff import Curves, Purchase, Rates, allowance_curves, marginal_rates
from slit.certificates.tradeoff import tradeoff as bought_by
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import broken_by
from slit.objectives import find
from slit.objectives.limit_text import ResolvedLimit
from slit.record import Run, read_run
from slit.record.runs import check_plugin
from slit.relaxation import Relaxation

POINTS = 9
"""Points of a curve: from no allowance to twice the one asked about."""
NEGLIGIBLE_WORTH = 1e-9
"""Worth below this share of an objective is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class TradeStart:
    """Where a trade starts: a plan, and the edge of the relaxation below it.

    front (N, M) are the run's plans that are feasible and meet the limits, in the objectives of the
    relaxation; plans (N,) their numbers, row that of this plan, pick what it is called; own are the
    objectives of the run, limits what is limited, kept (M,) whether an objective is traded and not
    only limited.
    """

    relaxation: Relaxation
    front: Floats
    plans: Longs
    row: int
    pick: str
    edge: Edge
    own: tuple[str, ...]
    limits: tuple[ResolvedLimit, ...]
    kept: Bools

    @property
    def most(self) -> Floats:
        """What the limits allow of each objective (M,), inf where there is none."""
        return _most(self.relaxation.names, self.limits)

    @property
    def plan(self) -> int:
        """The number of the plan in its run."""
        return int(self.plans[self.row])

    @property
    def values(self) -> Floats:
        """The plan's objectives (M,)."""
        return np.asarray(self.front[self.row])


@dataclass(frozen=True, slots=True)
class Worth:
    """By how much one more node-hour of a pool, or (pool None) one more renewable kWh of a
    datacenter, lowers an objective in an epoch; `starts` is that epoch's start."""

    objective: str
    unit: str
    pool: str | None
    datacenter: str
    epoch: int
    starts: str
    worth: float


@dataclass(frozen=True, slots=True, eq=False)
class Tradeoff:
    """What trading from a plan brings, exact on the relaxation.

    With an allowance: allow, in the objectives' units, and purchases, what it buys of each other
    objective. Without one: rates at the margin, the capacities and renewables of most worth, what
    a later first token returns, and when traffic would move.
    """

    start: TradeStart
    allow: Mapping[str, float]
    purchases: tuple[Purchase, ...] = ()
    rates: Rates | None = None
    capacity: tuple[Worth, ...] = ()
    renewable: tuple[Worth, ...] = ()
    shadow: ShadowPrices | None = None

    def curves(self) -> Curves:
        """What growing shares of the allowance buy, from none to twice as much."""
        start = self.start
        return allowance_curves(
            start.relaxation,
            start.front,
            plan=start.row,
            allow=self.allow,
            shares=np.linspace(0.0, 2.0, POINTS).tolist(),
            relaxed=start.edge.point,
            limits=start.most,
            kept=start.kept,
        )


def tradeoff(
    run: Run | str | PathLike[str],
    *,
    plan: str | None = None,
    allow: Mapping[str, float | str] | None = None,
    limits: Limits | None = None,
    top: int = 3,
    plugin: str | Path | None = None,
    threads: int = 1,
) -> Tradeoff:
    """What an allowance buys from a plan on; without one what each objective costs in another.

    Args:
        run: A run or its folder.
        plan: Number or name of the plan to start from, by default the balanced one.
        allow: How much more of an objective is allowed: in its unit, or as a share of the plan's
            value ("1%"). Any objective, also one that the run lacks.
        limits: What no plan may exceed, beside the limits of the run, as in `slit.optimize`.
        top: Without an allowance: how many capacities and hours to list for each objective; 0
            leaves out all but the rates.
        plugin: The plug-in that the run was made with.
        threads: Threads that evaluate plans.

    Raises:
        SlitError: For what the caller can mend.
    """
    wanted = {name: _parsed(name, amount) for name, amount in (allow or {}).items()}
    opened = run if isinstance(run, Run) else read_run(Path(run))
    check_plugin(opened.manifest.plugin, plugin)
    start = _start(opened, plan, named=tuple(wanted), limits=limits, threads=threads)
    amounts = {name: _amount(start, name, *parts) for name, parts in wanted.items()}
    if len(amounts) == start.kept.sum():
        raise SlitError(f"allow: {', '.join(amounts)}, expected to leave an objective to buy")
    if not amounts:
        weights = dict(zip(start.relaxation.names, start.edge.weights.tolist(), strict=True))
        edge = np.where(start.kept, start.edge.point, start.most)
        rates = marginal_rates(start.relaxation, edge)
        return Tradeoff(
            start,
            {},
            rates=rates,
            capacity=_most_valuable(opened, rates, rates.capacity, top, by_pool=True),
            renewable=_most_valuable(opened, rates, rates.renewable, top, by_pool=False),
            shadow=shadow_prices(opened, start.plan, weights, limits=start.limits, threads=threads)
            if top
            else None,
        )
    purchases = bought_by(
        start.relaxation,
        start.front,
        plan=start.row,
        allow=amounts,
        relaxed=start.edge.point,
        limits=start.most,
        kept=start.kept,
    )
    return Tradeoff(start, amounts, tuple(purchases))


def _start(
    run: Run,
    plan: str | None,
    *,
    named: Sequence[str],
    limits: Limits | None,
    threads: int,
) -> TradeStart:
    """The plan to start from, and all plans within the limits in the objectives asked about."""
    search, front = run.manifest.optimizer, run.front
    if not front.feasible:
        raise SlitError(f"{run.folder}: no feasible plan, expected one to start from")
    kept = _all_limits(run, limits, threads=threads)
    traded = (*front.names, *(name for name in named if name not in front.names))
    only_limited = [limit.measure for limit in kept if limit.measure not in traded]
    objectives = find((*traded, *dict.fromkeys(only_limited)))
    names = tuple(objective.name for objective in objectives)
    values = front.F
    if len(names) > len(front.names):
        others = objectives[len(front.names) :]
        extra = Evaluator(run.problem, run.scenario, objectives=others, threads=threads)
        values = np.column_stack([values, extra.evaluate(front.X).F])
    within = (values <= _most(names, kept)).all(axis=1) & (front.G <= 0)
    row = _row(run, plan, within, kept)
    relaxation = Relaxation(run.problem, run.scenario, objectives, threads=threads)
    counts = np.array([name in traded for name in relaxation.names])
    if counts.sum() < 2:
        reasons = "; ".join(f"{name} has {why}" for name, why in relaxation.left_out.items())
        raise SlitError(
            f"objectives: {', '.join(relaxation.names) or 'none'}, expected two with a linear part"
            f"{f' ({reasons})' if reasons else ''}"
        )
    bounded = values[:, [names.index(name) for name in relaxation.names]]
    picks = [pick.name for pick in front.picks(prefix=search) if pick.row == row]
    if f"{search}-balance" in picks and plan is None:
        picks = [f"{search}-balance"]
    # At the edge no traded objective is above the plan, and so none beyond its limit.
    caps = np.where(counts, np.inf, _most(relaxation.names, kept))
    return TradeStart(
        relaxation=relaxation,
        front=bounded[within],
        plans=front.plans[within],
        row=int(within[:row].sum()),
        pick=plan if plan in picks else next(iter(picks), front.methods[row]),
        edge=edge_below(relaxation, bounded[row], limits=caps, kept=counts),
        own=front.names,
        limits=kept,
        kept=counts,
    )


def _all_limits(run: Run, limits: Limits | None, *, threads: int) -> tuple[ResolvedLimit, ...]:
    """The limits of a run and those given beside them."""
    own = run.manifest.resolved_limits
    if not limits:
        return own
    asked = stated_limits(limits, run.scenario)
    objectives = find(run.manifest.objectives)
    judge = Evaluator(run.problem, run.scenario, objectives=objectives, threads=threads)
    more, _ = resolved_limits(asked, judge, seed=run.manifest.seed)
    known = {limit.text for limit in own}
    return (*own, *(limit for limit in more if limit.text not in known))


def _row(run: Run, plan: str | None, within: Bools, limits: Sequence[ResolvedLimit]) -> int:
    """The row to start from: that of a plan, or of the balanced one of those within limits (N,)."""
    front = run.front
    said = " and ".join(f"'{limit.text}'" for limit in limits)
    if plan is None:
        if not within.any():
            raise SlitError(
                f"{run.folder}: no plan meets {said}, expected one to start from (slit optimize "
                "--limit searches within limits)"
            )
        if within[front.on_front].all():
            return front.compromise()
        rows = np.flatnonzero(within)
        return int(rows[front.rows(rows).compromise()])
    row = front.row_of(plan, prefix=run.manifest.optimizer)
    if front.G[row] > 0:
        raise SlitError(
            f"plan: {front.plans[row]} is infeasible ({broken_by(front, row)}), "
            "expected a feasible plan"
        )
    if not within[row]:
        raise SlitError(f"plan: {front.plans[row]} does not meet {said}, expected one that does")
    return row


def _most(names: Sequence[str], limits: Sequence[ResolvedLimit]) -> Floats:
    """What limits allow of each objective (M,), inf where there is none."""
    most = np.full(len(names), np.inf)
    for limit in limits:
        if limit.measure in names:
            m = names.index(limit.measure)
            most[m] = min(most[m], limit.most)
    return most


def _parsed(name: str, amount: float | str) -> tuple[float, bool]:
    """The number of an allowance, and whether it is in per cent."""
    text = str(amount)
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise SlitError(
            f"allow: {f'{name}={text}'!r}, expected a number or a share, as {name}=+0.2 or "
            f"{name}=1%"
        )
    return number, text.endswith("%")


def _amount(start: TradeStart, name: str, number: float, in_percent: bool) -> float:
    """An allowance in its objective's unit."""
    relaxation = start.relaxation
    if name not in relaxation.names:
        why = relaxation.left_out.get(name, "no linear part")
        raise SlitError(f"allow: {name!r} has {why}, expected one of {', '.join(relaxation.names)}")
    value = abs(float(start.values[relaxation.names.index(name)]))
    return number * (value / 100 if in_percent else 1.0)


def _most_valuable(
    run: Run, rates: Rates, worth: Floats, top: int, *, by_pool: bool
) -> tuple[Worth, ...]:
    """The largest of worth (M, T, Q or D) for each objective."""
    scenario = run.scenario
    horizon = scenario.horizon
    rows = []
    for m, name in enumerate(rates.names):
        order = np.argsort(-worth[m], axis=None, kind="stable")[:top]
        for t, at in np.argwhere(np.ones_like(worth[m]))[order]:
            if worth[m, t, at] <= NEGLIGIBLE_WORTH * abs(rates.least[m]):
                break
            hour = horizon.start + timedelta(seconds=int(t) * horizon.epoch_seconds)
            pool = scenario.pools[at] if by_pool else None
            site = scenario.datacenters[at].name if pool is None else pool.datacenter
            rows.append(
                Worth(
                    objective=name,
                    unit=rates.units[m],
                    pool=None if pool is None else pool.name,
                    datacenter=site,
                    epoch=int(t),
                    starts=f"{hour:%Y-%m-%d %H:%M %Z}",
                    worth=float(worth[m, t, at]),
                )
            )
    return tuple(rows)
