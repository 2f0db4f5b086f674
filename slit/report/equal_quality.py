"""What the front offers against each reference plan without losing more quality than that plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from operators.types import Bools, Floats, Genes
from slit.display import NOTHING, beyond, percent
from slit.errors import SlitError
from slit.evaluator import Evaluator
from slit.front import Front, broken_by, change_percent, distance_to_best
from slit.ledger import refused_starts
from slit.objectives import find
from slit.objectives.builtin import quality
from slit.problem import Problem
from slit.record import Run
from slit.report.marks import Axis
from slit.report.markup import Html, table, tag
from slit.report.picks import PicksData
from slit.report.same_variants import with_variants_of
from slit.scenario.routing import TODAY

ALLOWANCES = (0.0, 0.01, 0.05)
"""How much more quality than the reference plan a plan may lose, as a share of what that loses."""
FIRST = (TODAY, "nearest", "splitwise", "helix")
"""What stands first, after the plan that changes refer to; the others are folded away."""
ROUNDING = 1e-9
"""Part by which sums over requests may differ."""
MORE = "Against every plan to compare with, and 1 % and 5 % more"
EQUAL_QUALITY = (
    "Of the plans that lose no more quality than a reference plan, the one balanced in all else, "
    "as change against that plan (minus is less, so better). By class: nor are the answers to any "
    "class of requests less accurate on average. Same variants: the change against what the "
    "scheduler makes of that plan's variants, as many requests by each in every epoch and class: "
    "what place and time alone change."
)


@dataclass(frozen=True, slots=True, eq=False)
class SameVariants:
    """The plan of a scheduler that is given the variants of the plan compared with it: its
    objectives `values` (M,), its violation, also in words, and the change (M,) of the plan compared
    against it."""

    values: Floats
    violation: float
    beyond: str
    change: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EqualQualityRow:
    """The balanced one of the `plans` plans of the front that lose at most (1 + allowance) times
    the quality that the plan called `reference` loses; `by_class`: and in each class of requests at
    most (1 + allowance) times as many answers.

    violation, beyond: of the reference plan, and in words. row, plan: of the balanced one in the
    front, its number in the run; None where no plan qualifies. values (M,): its objectives, change
    (M,): against the reference plan in per cent, None where that means nothing; both empty where no
    plan qualifies. same_variants: where it was asked for and can be had.
    """

    reference: str
    violation: float
    beyond: str
    allowance: float
    by_class: bool
    plans: int
    row: int | None
    plan: int | None
    values: Floats
    change: tuple[float | None, ...]
    same_variants: SameVariants | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EqualQuality:
    """For each reference plan and each of ALLOWANCES a row of all requests together and one by
    class, in this order; M objectives `axes`. `first`: the reference plans that matter most."""

    axes: tuple[Axis, ...]
    rows: tuple[EqualQualityRow, ...]
    first: tuple[str, ...]

    def of(self, *references: str) -> "EqualQuality":
        """The rows of these reference plans only."""
        return replace(self, rows=tuple(each for each in self.rows if each.reference in references))

    @property
    def others(self) -> tuple[str, ...]:
        """The reference plans that are not among the first."""
        names = dict.fromkeys(each.reference for each in self.rows)
        return tuple(name for name in names if name not in self.first)


def equal_quality_of(run: Run, picks: PicksData, *, every: bool = True) -> EqualQuality | None:
    """The comparison at equal quality of a run with these picks, with what schedulers make of the
    same variants: the first ones, or `every` one.

    None without a reference plan, and where quality is not among the objectives.
    """
    front, problem = run.front, run.problem
    found = equal_quality_data(front, picks, lost=lost_answers(problem, front.X))
    if found is None:
        return None
    try:
        evaluator = Evaluator(problem, run.scenario, objectives=find(front.names))
    except SlitError:  # of a plug-in that is not loaded: no plan can be evaluated
        return found
    wanted = dict.fromkeys(each.reference for each in found.rows) if every else found.first
    made = with_same_variants(
        found.of(*wanted), front, picks, evaluator=evaluator, seed=run.manifest.seed
    )
    others = [each for each in found.rows if each.reference not in wanted]
    order = [each.reference for each in found.rows]
    rows = sorted((*made.rows, *others), key=lambda each: order.index(each.reference))
    return replace(found, rows=tuple(rows))


def with_same_variants(
    found: EqualQuality, front: Front, picks: PicksData, *, evaluator: Evaluator, seed: int
) -> EqualQuality:
    """The rows with what schedulers make of the same variants: of each reference plan that of the
    first row with a plan."""
    rows = []
    for each in found.rows:
        same = None
        if each.row is not None and _first_plan(found, each.reference) is each:
            plan = with_variants_of(
                front.X[each.row],
                front.X[picks.marks[picks.row(each.reference)].row],
                name=each.reference,
                evaluator=evaluator,
                seed=seed,
            )
            same = None if plan is None else _against(each.values, plan, evaluator)
        rows.append(replace(each, same_variants=same))
    return replace(found, rows=tuple(rows))


def lost_answers(problem: Problem, X: Genes) -> Floats:
    """The share of wrong answers (N, K) to each class of requests, of plans (N, G)."""
    group = problem.gene_group
    request_class = problem.group_class[group]
    requests = problem.chunk_requests[group]
    classes = len(problem.accuracy)
    total = np.bincount(request_class, requests, minlength=classes)
    lost = [
        np.bincount(
            request_class,
            requests * (1.0 - problem.accuracy[request_class, plan]),
            minlength=classes,
        )
        for plan in X
    ]
    return np.reshape(lost, (len(X), classes)) / np.where(total > 0, total, 1.0)


def equal_quality_data(front: Front, picks: PicksData, *, lost: Floats) -> EqualQuality | None:
    """The comparison at equal quality with each reference plan among the picks of a front; None
    without one, or where quality is not an objective. lost (N, K): shares of answers by class.

    Plans compared are those on the front that are no reference plan.
    """
    if quality.name not in front.names or not picks.references:
        return None
    m = front.names.index(quality.name)
    references = [picks.marks[picks.row(name)] for name in picks.references]
    own = front.undominated.copy()
    own[[mark.row for mark in references]] = False
    rows = []
    for mark in references:
        base = front.F[mark.row]
        for allowance in ALLOWANCES:
            most = float(base[m] + allowance * abs(base[m]))
            bounds = lost[mark.row] * (1.0 + allowance + ROUNDING)
            for by_class in (False, True):
                candidates = own & (lost <= bounds).all(axis=1) if by_class else own
                row, count = balanced_within(front.F, candidates, objective=m, most=most)
                values = np.empty(0) if row is None else front.F[row]
                rows.append(
                    EqualQualityRow(
                        reference=mark.name,
                        violation=float(front.G[mark.row]),
                        beyond=broken_by(front, mark.row),
                        allowance=allowance,
                        by_class=by_class,
                        plans=count,
                        row=row,
                        plan=None if row is None else int(front.plans[row]),
                        values=values,
                        change=() if row is None else tuple(change_percent(values, base)),
                    )
                )
    listed = [name for name in dict.fromkeys([picks.reference, *FIRST]) if name in picks.references]
    return EqualQuality(picks.axes, tuple(rows), tuple(listed))


def balanced_within(
    F: Floats, candidates: Bools, *, objective: int, most: float
) -> tuple[int | None, int]:
    """Of the `candidates` (N,) with at most `most` of an objective the row of the one balanced in
    all others (`distance_to_best` among them), and how many they are. F (N, M)."""
    found = np.flatnonzero(candidates & (F[:, objective] <= most))
    if not len(found):
        return None, 0
    others = np.delete(F[found], objective, axis=1)
    return int(found[np.argmin(distance_to_best(others, others))]), len(found)


def equal_quality_columns(axes: Sequence[Axis]) -> list[str]:
    """The header of a table with the rows of `equal_quality_rows`."""
    return ["Against", "May lose", "Plans", "Plan", *(axis.called for axis in axes)]


def equal_quality_rows(found: EqualQuality) -> list[list[str]]:
    """All rows of a table: reference plan, allowance, how many plans qualify, the balanced one and
    its changes; below them the change against the same variants."""
    return [cells for each in found.rows for cells in _cells(found, each)]


def first_rows(found: EqualQuality) -> list[list[str]]:
    """The rows that matter most: against the first reference plans, of what loses no more or, where
    none does, the least more."""
    rows = []
    for name in found.first:
        own = [each for each in found.rows if each.reference == name]
        shown = _first_plan(found, name)
        least = own[0].allowance if shown is None else shown.allowance
        rows += [
            cells
            for each in own
            if each.allowance in (0.0, least) and not (each.by_class and each.allowance < least)
            for cells in _cells(found, each)
        ]
    return rows


def equal_quality_section(found: EqualQuality) -> Html:
    """The comparison as a table, what matters less folded away."""
    columns = equal_quality_columns(found.axes)
    numeric = frozenset(range(2, len(columns)))
    caption = "The balanced plan of those that lose no more quality, against each reference plan"
    every = table(caption, columns, equal_quality_rows(found), numeric=numeric)
    return tag(
        "section",
        tag("h2", "At equal quality"),
        tag("p", EQUAL_QUALITY),
        table(caption, columns, first_rows(found), numeric=numeric),
        tag("details", tag("summary", MORE), every),
        id="equal-quality",
    )


def _first_plan(found: EqualQuality, reference: str) -> EqualQualityRow | None:
    """Of the rows of all requests together the first with a plan."""
    return next(
        (
            each
            for each in found.rows
            if each.reference == reference and not each.by_class and each.row is not None
        ),
        None,
    )


def _against(values: Floats, plan: Genes, evaluator: Evaluator) -> SameVariants:
    judged = evaluator.evaluate(plan[None, :])
    base = judged.F[0]
    violation = float(judged.G[0])
    [refused] = refused_starts(evaluator.problem, plan[None, :], judged.G).tolist()
    said = beyond(violation, refused)
    return SameVariants(base, violation, said, tuple(change_percent(values, base)))


def _cells(found: EqualQuality, each: EqualQualityRow) -> list[list[str]]:
    """The one row, and where it is known that of the same variants."""
    plan = NOTHING if each.plan is None else str(each.plan)
    allowed = f"+{100 * each.allowance:.0f} %" if each.allowance else "no more"
    changes = map(percent, each.change) if each.change else [NOTHING] * len(found.axes)
    rows = [
        [
            _named(each.reference, each.beyond),
            f"{allowed} by class" if each.by_class else allowed,
            f"{each.plans:,}",
            plan,
            *changes,
        ]
    ]
    if each.same_variants is not None:
        same = each.same_variants
        named = _named(f"{each.reference}, same variants", same.beyond)
        rows.append([named, NOTHING, NOTHING, plan, *map(percent, same.change)])
    return rows


def _named(name: str, over: str) -> str:
    return f"{name} ({over})" if over else name
