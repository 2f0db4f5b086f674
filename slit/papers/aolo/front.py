"""A cell-day with four objectives: its exact front of weighted sums, and what searches reach of it.

Objectives are means over the requests that can be served: carbon of inference and of the link (g
CO2e), quality of experience lost, delay (s). Requests add up, so the least weighted sum of the day
is that of each request, found exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.random import Generator

from operators.dominance import nondominated
from operators.indicators import hypervolume
from operators.types import Bools, Floats, Genes, Longs
from slit.errors import SlitError, did_you_mean
from slit.optimizers.protocol import Optimizer, Task
from slit.optimizers.registry import default_settings, make_optimizer
from slit.papers.aolo import front_kernels, kernels
from slit.papers.aolo.policies import Decisions
from slit.papers.aolo.solve import SolvedDay
from slit.sandwich import lattice

NAMES = ("inference", "link", "quality lost", "delay")
UNITS = ("g CO2e", "g CO2e", "1", "s")
TITLES = ("Carbon of inference", "Carbon of the link", "Quality lost", "Delay")
OPTIMIZERS = ("nsga2", "pymoo-nsga2", "pymoo-nsga3", "pymoo-agemoea2", "deap-nsga2")
"""Population searches. `slit` itself is none of them: its moves keep account of datacenters."""
SCALE = np.array([1000.0, 1000.0, 1.0, 1.0])
LEAST_WEIGHT = 1e-4
"""So that what is least in one objective is not worse than need be in the others."""
ROOM = 0.1
"""Of the range of each objective: how far beyond it the corner of the hypervolume lies."""
LARGEST_GENE = 32_767


@dataclass(frozen=True, slots=True, eq=False)
class FrontProblem:
    """The S requests of a day that can be served, in the order of hours, as plans of 2 S integers.

    rows (S,): which requests of the day they are. group (S,): users and hour, Q groups numbered in
    the order of hours; group_epoch (Q,) their hours.
    """

    C: Floats  # (S, 18), columns as in `kernels`
    rows: Longs
    group: Longs  # (S,)
    group_epoch: Longs  # (Q,)
    shortest: Longs  # (S,) tokens
    longest: Longs  # (S,)

    @property
    def genes(self) -> int:
        """2 S."""
        return 2 * len(self.C)

    def evaluate(self, plans: Genes) -> Floats:
        """F (N, 4) of plans (N, 2 S)."""
        F = np.zeros((len(plans), front_kernels.OBJECTIVES))
        front_kernels.evaluate_plans(self.C, self.shortest, plans, F)
        return np.asarray(F * SCALE / len(self.C))

    def spread(self, plans: Genes) -> Genes:
        """Plans (N, 2 S) of plans by group (N, 2 Q): the first integer of a group is how far from
        shortest to longest all its answers are, in LEVELS steps, the second their level of power.
        """
        wide = np.empty((len(plans), self.genes), np.int16)
        share = plans[:, 0::2][:, self.group] / (front_kernels.LEVELS - 1)
        wide[:, 0::2] = np.rint(share * (self.longest - self.shortest))
        wide[:, 1::2] = plans[:, 1::2][:, self.group]
        return wide

    def least(self, weights: Floats) -> Genes:
        """The plan (2 S,) with the least F @ weights (4,), all above 0."""
        plan = np.zeros(self.genes, np.int16)
        priced = weights * SCALE / (weights * SCALE).max()
        front_kernels.weighted_plan(self.C, self.shortest, self.longest, priced, plan)
        return plan

    def of_policy(self, decisions: Decisions) -> tuple[Floats, Bools]:
        """What a rule comes to on these requests: its point (4,), and which it keeps (S,).

        The point is over the requests that it serves.
        """
        served = decisions.tokens[self.rows] > 0
        own = self.rows[served]
        if not len(own):
            return np.full(front_kernels.OBJECTIVES, np.nan), np.zeros(len(self.rows), np.bool_)
        sums = np.array(
            [
                (decisions.carbon_kg - decisions.link_kg)[own].sum(),
                decisions.link_kg[own].sum(),
                (1 - decisions.quality[own]).sum(),
                decisions.seconds[own].sum(),
            ]
        )
        return sums * SCALE / len(own), decisions.kept[self.rows]


def front_problem(solved: SolvedDay) -> FrontProblem:
    """The day as plans. Requests that nothing can serve are left out.

    Raises:
        SlitError: no request can be served, or one may be longer than an integer of plans holds.
    """
    wanted = np.clip(np.ceil(solved.C[:, kernels.WANTED]), 1, solved.C[:, kernels.LONGEST])
    shortest, longest = np.zeros((2, len(wanted)), np.int64)
    front_kernels.kept_lengths(solved.C, wanted.astype(np.int64), shortest, longest)
    rows = np.flatnonzero(shortest > 0)
    if not len(rows):
        raise SlitError(
            f"{solved.day.file.name}: no request can be served, expected at least one (within "
            "deadline and floor)"
        )
    most = int((longest - shortest).max())
    if most > LARGEST_GENE:
        raise SlitError(
            f"longest_tokens: answers of {longest.max():,} tokens, expected at most "
            f"{LARGEST_GENE:,} more than the shortest (integers of plans)"
        )
    requests = solved.requests
    rows = rows[np.argsort(requests.epoch[rows], kind="stable")]
    users = len(solved.day.file.users)
    numbers, group = np.unique(
        requests.epoch[rows] * users + requests.group[rows], return_inverse=True
    )
    return FrontProblem(
        solved.C[rows], rows, group, numbers // users, shortest[rows], longest[rows]
    )


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceFront:
    """Exact optima of weighted sums; `low` and `high` (4,) are the ends of the front."""

    F: Floats  # (K, 4)
    weights: Floats  # (K, 4), of objectives over their range
    lexicographic: Mapping[str, Floats]  # by the objective that comes first: its point (4,)
    low: Floats
    high: Floats

    def share(self, F: Floats) -> float:
        """The hypervolume of points (N, 4) over that of the reference front."""
        span = self.high - self.low
        corner = np.full(len(span), 1 + ROOM)
        inside = [hypervolume((each - self.low) / span, reference=corner) for each in (F, self.F)]
        return inside[0] / inside[1]

    def behind(self, F: Floats) -> float:
        """The least, over the weight vectors, of how far points (N, 4) are behind the optimum of
        a weighted sum, as a share of the ranges; 0 where one of them is reached."""
        gaps = ((F - self.low) / (self.high - self.low)) @ self.weights.T
        best = np.einsum("km,km->k", (self.F - self.low) / (self.high - self.low), self.weights)
        return float((gaps.min(axis=0) - best).min())


def reference_front(problem: FrontProblem, *, most: int = 120) -> ReferenceFront:
    """The optima of at most so many evenly spread weighted sums.

    The ends of the front are lexicographic: one objective, then the others in their order, each
    weighing a ten-thousandth of the one before, over its range.
    """
    scale = problem.evaluate(problem.least(np.ones(4))[None])[0]
    plans = np.array([problem.least(weights / scale) for weights in _orders()])
    for _ in range(2):  # the first ends say the ranges that weights are over
        F = problem.evaluate(plans)
        low, high = F.min(axis=0), F.max(axis=0)
        span = np.where(high > low, high - low, np.maximum(np.abs(high), 1e-9))
        plans = np.array([problem.least(weights / span) for weights in _orders()])
    ends = problem.evaluate(plans)
    low, high = ends.min(axis=0), ends.max(axis=0)
    span = np.where(high > low, high - low, np.maximum(np.abs(high), 1e-9))
    weights = np.maximum(lattice(len(NAMES), most), LEAST_WEIGHT)
    F = problem.evaluate(np.array([problem.least(each / span) for each in weights]))
    return ReferenceFront(F, weights, dict(zip(NAMES, ends, strict=True)), low, low + span)


def _orders() -> Floats:
    """Weights (4, 4), row m with objective m first."""
    falling = LEAST_WEIGHT ** np.arange(len(NAMES))
    rows = []
    for first in range(len(NAMES)):
        order = [first, *(m for m in range(len(NAMES)) if m != first)]
        rows.append(falling[np.argsort(order)])
    return np.array(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """What a search found: undominated points (N, 4), and its progress."""

    F: Floats
    evaluations: int
    curve: tuple[tuple[int, float], ...]  # evaluations, share of the reference's hypervolume


def search(
    problem: FrontProblem,
    name: str,
    *,
    reference: ReferenceFront,
    evaluations: int,
    population: int = 100,
    by_group: bool = True,
    rng: Generator,
) -> Searched:
    """Let a search of slit plan the day, for so many evaluations.

    by_group: one decision for the users of an hour, 2 Q integers; else one a request, 2 S.

    Raises:
        SlitError: no search of this kind, or settings out of range.
    """
    if name not in OPTIMIZERS:
        raise SlitError(
            f"optimizer: {name!r}, expected one of {', '.join(OPTIMIZERS)}"
            f"{did_you_mean(name, OPTIMIZERS)}"
        )
    task = _task_by_group(problem) if by_group else _task(problem)
    settings = default_settings(name, population=population, repair=False)
    optimizer = make_optimizer(name, task, rng=rng, settings=settings)
    done = 0
    curve: list[tuple[int, float]] = []
    while done < evaluations:
        plans = optimizer.ask()
        if not len(plans):
            break
        F = problem.evaluate(problem.spread(plans) if by_group else plans)
        optimizer.tell(cast(Any, SimpleNamespace(F=F, G=np.zeros(len(F)))))
        done += len(plans)
        if done >= evaluations * (len(curve) + 1) / 20:
            curve.append((done, reference.share(_kept(optimizer))))
    return Searched(_kept(optimizer), done, tuple(curve))


def _kept(optimizer: Optimizer) -> Floats:
    F = optimizer.front().F
    return F[nondominated(F)]


def _task(problem: FrontProblem) -> Task:
    """One decision a request."""
    sizes = np.full(problem.genes, front_kernels.LEVELS)
    sizes[0::2] = problem.longest - problem.shortest + 1
    return _choices(sizes, problem.group_epoch[problem.group])


def _task_by_group(problem: FrontProblem) -> Task:
    """One decision a group."""
    sizes = np.full(2 * len(problem.group_epoch), front_kernels.LEVELS)
    return _choices(sizes, problem.group_epoch)


def _choices(sizes: Longs, epoch: Longs) -> Task:
    """What population searches read of a task: which integers each gene may take, `sizes` (G,) of
    them from 0, where an epoch ends, `epoch` (G / 2,) of two genes each, and how many objectives
    there are. Nothing is loaded, so there is nothing to repair.
    """
    counts, gene_row = np.unique(sizes, return_inverse=True)
    values, genes = int(counts.max()), len(sizes)
    options = np.arange(values, dtype=np.int16)[None, :].repeat(len(counts), axis=0)
    options[options >= counts[:, None]] = -1
    _, first = np.unique(epoch, return_index=True)
    problem = SimpleNamespace(
        genes=genes,
        gene_row=gene_row.astype(np.int32),
        options=options,
        option_count=counts.astype(np.int32),
        epochs=len(first),
        epoch_gene=np.append(2 * first, genes).astype(np.int32),
        group_first=np.arange(genes + 1, dtype=np.int32),
        gene_group=np.zeros(genes, np.int32),
        chunk=np.zeros((1, values, 2), np.int64),
        placements=values,
        placement_pool=np.zeros(values, np.int32),
        pool_nodes=np.ones(1, np.int64),
        node_ticks=1,
        warm_nodes=np.zeros(values, np.int64),
    )
    return cast(Task, SimpleNamespace(problem=problem, objectives=NAMES))


def balanced(F: Floats, reference: ReferenceFront) -> int:
    """The row of points (N, 4) whose largest loss over the ranges is least."""
    return int(((F - reference.low) / (reference.high - reference.low)).max(axis=1).argmin())


def policy_points(
    problem: FrontProblem, solved: SolvedDay, names: Sequence[str]
) -> dict[str, tuple[Floats, float]]:
    """By policy: its point (4,), and the share of the requests it keeps."""
    found = {name: problem.of_policy(solved.decisions[name]) for name in names}
    return {name: (point, float(kept.mean())) for name, (point, kept) in found.items()}
