"""Shadow prices of a plan in units a person reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from slit.certificates.shadow_prices import (
    FEW,
    LatencyReturn,
    bought,
    latency_returns,
    relocations,
)
from slit.ledger import write_ledger
from slit.objectives import find
from slit.objectives.limit_text import ResolvedLimit
from slit.record import Run
from slit.relaxation import Relaxation
from slit.report.marks import marks_of
from slit.report.picks import default_reference

SAVED = ("energy", "carbon", "cost", "water")
"""What a later first token may save."""
LATENCY, ANSWERS = "ttft", "answer_loss"
SIGNALS = ("carbon", "cost")
"""Objectives that count what is bought by a signal of the datacenter and epoch."""
MOST_EPOCHS = 200
"""Epochs up to which it is looked when traffic moves: each takes hundreds of linear programs."""
LARGEST_RISE = 4.0
"""A signal is tried at up to so many times itself more."""


@dataclass(frozen=True, slots=True)
class Relocation:
    """A datacenter in an epoch that `starts`: the share of the epoch's requests served there, and
    by how much carbon intensity (g CO2e/kWh) or price (USD/MWh) would have to rise for half of them
    to leave, beside what they are; None where none that was tried does, or where the objective does
    not count. target: the datacenter that most of them would go to."""

    datacenter: str
    epoch: int
    starts: str
    share: float
    carbon: float
    carbon_rise: float | None
    price: float
    price_rise: float | None
    target: str | None


@dataclass(frozen=True, slots=True)
class ShadowPrices:
    """What a later first token returns, and when traffic would move (none beyond MOST_EPOCHS).

    ttft: the plan's mean time to first token without waits (s), from which `returns` start.
    reference: a plan of the run to compare with, None if there is none; later: by how much later
    the plan's first token is than its (s, with waits), and what it saves, by objective.
    """

    ttft: float
    returns: tuple[LatencyReturn, ...]
    reference: str | None
    later: float
    saved: Mapping[str, float]
    relocations: tuple[Relocation, ...]


def shadow_prices(
    run: Run,
    plan: int,
    weights: Mapping[str, float],
    *,
    limits: Sequence[ResolvedLimit],
    threads: int = 1,
) -> ShadowPrices:
    """Those of the plan numbered `plan`, at whose edge of the relaxation objectives have `weights`.

    Returns on latency hold the answers as good as the plan's and keep to the limits; traffic moves
    from an optimum of these weights. Both are of the relaxation: without waits and whole nodes.
    """
    problem, scenario, front = run.problem, run.scenario, run.front
    names = dict.fromkeys((*weights, *SAVED, LATENCY, ANSWERS, *(each.measure for each in limits)))
    relaxation = Relaxation(problem, scenario, (*find(names), bought), threads=threads)
    most = np.full(len(relaxation.names), np.inf)
    for limit in limits:
        if limit.measure in relaxation.names:
            m = relaxation.names.index(limit.measure)
            most[m] = min(most[m], limit.most)
    row = int(np.flatnonzero(front.plans == plan)[0])
    ledger = write_ledger(front.X[row], problem, scenario)
    each = ledger.group_requests / problem.total_requests
    values = np.full(len(relaxation.names), np.inf)
    values[relaxation.names.index(LATENCY)] = ttft = float((each * problem.base_ttft).sum())
    wrong = 1.0 - problem.accuracy[problem.group_class]
    values[relaxation.names.index(ANSWERS)] = (each * wrong).sum()
    returns = latency_returns(
        relaxation, values, saved=SAVED, latency=LATENCY, held=(ANSWERS,), limits=most
    )
    marks = marks_of(front, search=run.manifest.optimizer)
    reference = default_reference(marks)
    later, saved = 0.0, {}
    if reference is not None:
        other = next(mark.row for mark in marks if mark.name == reference)
        before = write_ledger(front.X[other], problem, scenario).totals()
        now = ledger.totals()
        later = now[LATENCY] - before[LATENCY]
        saved = {name: before[name] - now[name] for name in SAVED}
    moves = _relocations(run, relaxation, weights)
    return ShadowPrices(ttft, returns, reference, later, saved, moves)


def _relocations(
    run: Run, relaxation: Relaxation, weights: Mapping[str, float]
) -> tuple[Relocation, ...]:
    """Every datacenter and epoch that serves requests; none where there are too many epochs."""
    problem, scenario = run.problem, run.scenario
    if problem.epochs > MOST_EPOCHS:
        return ()
    signals = {"carbon": problem.carbon, "cost": problem.price}
    weighed = [name for name in SIGNALS if weights.get(name, 0.0) > 0]
    most = np.zeros(problem.carbon.shape)
    for name in weighed:
        most = np.maximum(most, LARGEST_RISE * weights[name] * np.abs(signals[name]))
    by_name = np.array([weights.get(name, 0.0) for name in relaxation.names])
    found = relocations(relaxation, by_name, most)
    horizon = scenario.horizon
    total = found.requests.sum(axis=1)
    rows = []
    for t, d in np.argwhere(found.requests > FEW * total[:, None]).tolist():
        rise = float(found.rise[t, d])
        rises = {name: 1000.0 * rise / weights[name] for name in weighed if np.isfinite(rise)}
        starts = horizon.start + timedelta(seconds=t * horizon.epoch_seconds)
        target = int(found.target[t, d])
        rows.append(
            Relocation(
                datacenter=scenario.datacenters[d].name,
                epoch=t,
                starts=f"{starts:%Y-%m-%d %H:%M %Z}",
                share=float(found.requests[t, d] / total[t]),
                carbon=1000.0 * float(problem.carbon[t, d]),
                carbon_rise=rises.get("carbon"),
                price=1000.0 * float(problem.price[t, d]),
                price_rise=rises.get("cost"),
                target=None if target < 0 else scenario.datacenters[target].name,
            )
        )
    return tuple(rows)
