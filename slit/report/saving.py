"""Where a saving comes from: what a plan saves against another by variant, place and time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Floats, Genes, Ints, Longs
from slit.display import called, number, percent
from slit.evaluator import Evaluator
from slit.problem.arrays import Problem
from slit.problem.shares import counts_of, round_shares

PARTS = ("variant", "place", "time")
"""In this order, each on top of those before: the plan's variants in the reference's pools; then
its pools, in every hour as on average; then its own hours, with how it fills whole nodes."""
MOVED_STEP = 0.25
"""Steps in which requests are moved out of epochs that are beyond capacity."""
UNUSED = 1e-9
"""What an operating point that the plan uses nowhere weighs: it counts where no other does."""


@dataclass(frozen=True, slots=True, eq=False)
class Saving:
    """What M objectives change by from a reference plan to a plan, in PARTS that add up to it.

    base (M,): of the reference plan. parts (3, M): minus is less. violation (4,): of the reference
    plan, the two plans between, and the plan.
    """

    base: Floats
    parts: Floats
    violation: Floats

    @property
    def total(self) -> Floats:
        """What the plan has more than the reference plan, (M,): minus is less."""
        return np.asarray(self.parts.sum(axis=0))


def saving_parts(evaluator: Evaluator, reference: Genes, plan: Genes) -> Saving:
    """What `plan` (G,) saves against `reference` (G,), both of the evaluator's problem.

    The two plans between are evaluated as plans are, in whole chunks and nodes. In epochs in which
    one would need more nodes beyond capacity than the reference plan, requests are moved to
    where `plan` has them, as many as it takes.
    """
    problem = evaluator.problem
    before, after = (counts_of(problem, each) for each in (reference, plan))
    between = np.array([variant_shares(problem, before, after), place_shares(problem, after)])
    own = after / problem.group_chunks[:, None]
    moved = np.zeros((2, problem.epochs))
    while True:
        part = moved[:, problem.group_epoch, None]
        shares = (1.0 - part) * between + part * own
        made = [round_shares(problem, each) for each in shares]
        found = evaluator.evaluate(np.array([reference, *made, plan]))
        overfull = (found.excess[1:3] > found.excess[0]) & (moved < 1.0)
        if not overfull.any():
            return Saving(found.F[0], np.diff(found.F, axis=0), found.G)
        moved[overfull] += MOVED_STEP


def saving_columns() -> list[str]:
    """The header of a table with the rows of `saving_rows`."""
    return ["Objective", *(part.capitalize() for part in PARTS), "Total"]


def saving_rows(found: Saving, names: Sequence[str]) -> list[list[str]]:
    """An objective a row: its parts in per cent of the reference plan; in its unit where that has
    nothing of it."""
    rows = []
    for name, base, *parts in zip(names, found.base, *found.parts, found.total, strict=True):
        shown = [percent(100 * each / base) if base > 0 else number(each) for each in parts]
        rows.append([called(name), *shown])
    return rows


def describe_parts(found: Saving, against: str) -> str:
    """What the parts are."""
    said = (
        f"Variant: the plan's variants in the pools of {against}. Place: then its own pools, in "
        "every hour as on average. Time: then its own hours, and how it fills whole nodes."
    )
    if found.violation[1:3].any():
        said += " A plan between is infeasible, so its parts are not what could be had."
    return said


def variant_shares(problem: Problem, before: Longs, after: Longs) -> Floats:
    """The plan `before` with the variants of `after`: shares (J, P) from chunks (J, P).

    In each epoch and class the variants that `after` uses less give up the same part of their
    requests everywhere; in the pool where they are, these go to the variants that it uses more, at
    the operating points that it uses. Where a pool serves none of those, they stay as they were.
    """
    pool, variant = problem.placement_pool, problem.placement_variant
    cell = _numbered(problem.group_epoch, problem.group_class)
    old, new = (
        _summed(_summed(_requests(problem, each), cell).T, variant).T for each in (before, after)
    )
    keep = np.divide(np.minimum(old, new), old, out=np.ones_like(old), where=old > 0)
    gain = np.maximum(new - old, 0.0)
    shares = before / problem.group_chunks[:, None]
    kept = shares * keep[cell][:, variant]
    freed = _summed((shares - kept).T, pool).T[:, pool]
    used = _summed(_requests(problem, after), problem.group_class)[problem.group_class]
    points = _parts((used + UNUSED) * problem.allowed, _numbered(pool, variant))
    wanted = _parts(points * gain[cell][:, variant], pool)
    served = _summed(wanted.T, pool).T[:, pool] > 0
    return np.asarray(np.where(served, kept + wanted * freed, shares))


def place_shares(problem: Problem, after: Longs) -> Floats:
    """The plan `after` with the same places in every epoch: shares (J, P) from chunks (J, P).

    Each group keeps its variants; the requests of a variant are spread over placements as those of
    the same origin, class and variant are over all epochs.
    """
    variant = problem.placement_variant
    lane = _numbered(problem.group_origin, problem.group_class)
    always = _summed(_requests(problem, after), lane)[lane] * problem.allowed
    own = _summed((after / problem.group_chunks[:, None]).T, variant).T
    return _parts(always, variant) * own[:, variant]


def _requests(problem: Problem, counts: Longs) -> Floats:
    return np.asarray(counts * problem.chunk_requests[:, None])


def _numbered(first: Ints, second: Ints) -> Longs:
    """The number of each pair."""
    return np.asarray(first.astype(np.int64) * (int(second.max()) + 1) + second)


def _summed(values: Floats, labels: Ints | Longs) -> Floats:
    """Rows of the same label added up: (labels, ...)."""
    sums = np.zeros((int(labels.max()) + 1, *values.shape[1:]))
    np.add.at(sums, labels, values)
    return sums


def _parts(values: Floats, labels: Ints | Longs) -> Floats:
    """Each column (N, P) as a part of all columns of its label; 0 where they are all 0."""
    sums = _summed(values.T, labels).T[:, labels]
    return np.divide(values, sums, out=np.zeros_like(values), where=sums > 0)
