"""The one plan that a run recommends: why, against what, and what the next plans would buy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from operators.types import Bools, Floats
from slit.display import amount, number, percent, share
from slit.front import BALANCED, broken_by, change_percent
from slit.ledger import write_ledger
from slit.record import Run
from slit.report.limits import LimitsData, describe_room, limits_data
from slit.report.marks import Axis, Mark, Role
from slit.report.markup import Html, table, tag
from slit.report.picks import PicksData
from slit.report.plan import describe_changes
from slit.report.predicted import PredictedShare, describe_predicted, predicted_share

LEAST_GAIN = 0.02
"""What a next plan gains at least of an objective's range over the front, if any plan does."""
NEXT_COLUMNS = ("Less", "By", "In %", "For", "Plan")
STABILITY = ("reroute", "starts", "switches")


@dataclass(frozen=True, slots=True, eq=False)
class NextPlan:
    """The plan at `row` that has less of objective number `objective` than another plan, for the
    least of the others. change (M,): its values minus those of the other plan."""

    objective: int
    row: int
    change: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """The recommended plan of a run: the balanced one, which keeps to the limits if any plan does.

    `plans` are on the front (none if no plan is feasible). against: values of the plans to compare
    with, (M,) each by name, the one that changes refer to first. stability: what changes from one
    epoch to the next, by objective, of the plan and of these; empty where there is one epoch.
    numbers: of the plans in the run, by row. limits: for the one row; None without limits.
    predicted: of carbon and cost; None where no service is predicted.
    """

    mark: Mark
    axes: tuple[Axis, ...]
    values: Floats
    violation: float
    beyond: str
    plans: int
    against: Mapping[str, Floats]
    stability: Mapping[str, Mapping[str, float]]
    next: tuple[NextPlan, ...]
    numbers: Mapping[int, int]
    limits: LimitsData | None
    predicted: PredictedShare | None = None

    def changes(self, name: str) -> list[float | None]:
        """The change against a plan to compare with (M,), in per cent: minus is less."""
        return change_percent(self.values, self.against[name])


def recommendation(run: Run, picks: PicksData) -> Recommendation:
    """The recommendation of a run that holds plans, with these picks.

    Compared is with their reference and with the plans that limits are relative to.
    """
    front = run.front
    mark = next(mark for mark in picks.marks if mark.role is Role.BALANCE)
    limits = run.manifest.resolved_limits
    rows = {each.name: each.row for each in picks.marks}
    named = dict.fromkeys([picks.reference, *(limit.plan for limit in limits)])
    compared = {name: rows[name] for name in named if name in rows and rows[name] != mark.row}
    stability = {
        name: _stability(run, row) for name, row in {mark.name: mark.row, **compared}.items()
    }
    found = next_plans(front.F, mark.row, front.on_front) if front.feasible else ()
    return Recommendation(
        mark=mark,
        axes=picks.axes,
        values=front.F[mark.row],
        violation=float(front.G[mark.row]),
        beyond=broken_by(front, mark.row),
        plans=int(front.on_front.sum()),
        against={name: front.F[row] for name, row in compared.items()},
        stability=stability if run.problem.epochs > 1 else {},
        next=found,
        numbers={each.row: int(front.plans[each.row]) for each in found},
        limits=limits_data(run, [mark.row]) if limits else None,
        predicted=predicted_share(write_ledger(front.X[mark.row], run.problem, run.scenario)),
    )


def next_plans(F: Floats, row: int, candidates: Bools) -> tuple[NextPlan, ...]:
    """For each objective that some of the `candidates` (N,) has less of than the plan at `row`:
    which of them gains most for what it gives up of the others. F (N, M).

    Gains and losses are shares of each objective's range over the candidates, losses summed. Plans
    that gain less than LEAST_GAIN are passed over where another gains as much.
    """
    if not candidates.any():
        return ()
    span = np.ptp(F[candidates], axis=0)
    gain = (F[row] - F) / np.where(span > 0, span, np.inf)
    found = []
    for m in range(F.shape[1]):
        better = candidates & (gain[:, m] > 0)
        if not better.any():
            continue
        better &= gain[:, m] >= min(LEAST_GAIN, gain[better, m].max())
        others = np.arange(F.shape[1]) != m
        loss = np.maximum(-gain[:, others], 0.0).sum(axis=1)
        ratio = gain[:, m] / np.maximum(loss, 1e-300)
        chosen = int(np.argmax(np.where(better, ratio, -np.inf)))
        found.append(NextPlan(m, chosen, F[chosen] - F[row]))
    return tuple(found)


def describe_reason(found: Recommendation) -> str:
    """Why it is this plan, in one sentence."""
    if not found.plans:
        exceeded = [] if found.limits is None else found.limits.exceeded(0)
        named = f" ({', '.join(exceeded)})" if exceeded else ""
        meets = "meets the limits" if found.limits is not None else "is feasible"
        return f"No plan {meets}; this one comes nearest: {found.beyond}{named}."
    limited = found.limits is not None
    if len(found.axes) == 1:
        meeting = " that meet the limits" if limited else ""
        return f"Of the plans found{meeting} the one of least {found.axes[0].called}."
    if found.plans == 1:
        return f"The only plan {'that meets the limits' if limited else 'on the front'}."
    meeting = "that meet the limits" if limited else "on the front"
    made = ", made steady so that fewer requests are rerouted" if found.mark.steady_balance else ""
    return f"The balanced plan: of {found.plans:,} plans {meeting} the {BALANCED}{made}."


def describe_against(axes: Sequence[Axis], values: Floats, base: Floats, name: str) -> str:
    """What a plan gives against another of values `base` (M,), and what it gives up."""
    said = [
        (float(value - least), f"{axis.called} {_change(value - least, change, axis)}")
        for axis, value, least, change in zip(
            axes, values, base, change_percent(values, base), strict=True
        )
        if value != least
    ]
    gives = [text for change, text in said if change < 0]
    gives_up = [text for change, text in said if change > 0]
    return (
        f"Against {name} it gives {', '.join(gives) or 'nothing'}, and gives up "
        f"{', '.join(gives_up) or 'nothing'}."
    )


def describe_stability(found: Recommendation) -> str:
    """What changes from one epoch to the next, beside what the plans compared with reroute; nothing
    where there is one epoch."""
    if not found.stability:
        return ""
    own, *others = found.stability
    beside = ", ".join(f"{name}: {share(found.stability[name]['reroute'])}" for name in others)
    changes = describe_changes(*(found.stability[own][name] for name in STABILITY))
    return f"From one epoch to the next: {changes}{f' (rerouted with {beside})' * bool(beside)}."


def describe_recommendation(found: Recommendation) -> list[str]:
    """Sentences: why, the room to limits, against what, how stable, what is predicted."""
    said = [describe_reason(found)]
    if found.limits is not None:
        said.append(describe_room(found.limits, 0))
    said += [
        describe_against(found.axes, found.values, base, name)
        for name, base in found.against.items()
    ]
    rests = describe_predicted(found.predicted)
    return [*said, *filter(None, (describe_stability(found), rests and f"{rests}."))]


def describe_next(axes: Sequence[Axis], values: Floats, each: NextPlan) -> tuple[str, str, str]:
    """Of a next plan: by how much it has less, in unit and in per cent, and what it costs of the
    others. values (M,): of the plan that it is compared with."""
    m = each.objective
    changes = change_percent(values + each.change, values)
    costs = [
        f"{axis.called} {_change(change, part, axis)}"
        for n, (axis, change, part) in enumerate(zip(axes, each.change, changes, strict=True))
        if change > 0 and n != m
    ]
    return (
        amount(float(each.change[m]), axes[m].unit),
        percent(changes[m]),
        ", ".join(costs) or "nothing",
    )


def next_rows(found: Recommendation) -> list[list[str]]:
    """The rows of a table with NEXT_COLUMNS, one for each objective that can be lowered."""
    return [
        [
            found.axes[each.objective].called,
            *describe_next(found.axes, found.values, each),
            str(found.numbers[each.row]),
        ]
        for each in found.next
    ]


def recommended_section(found: Recommendation) -> Html:
    """The plan and why it is this one, its values, and what the next plans would buy."""
    why, *more = describe_recommendation(found)
    rows = next_rows(found)
    following = ""
    if rows:
        caption = "What the next plans would buy: the most for the least of the others"
        following = table(caption, NEXT_COLUMNS, rows)
    return tag(
        "section",
        tag("h2", f"Recommended: plan {found.mark.plan} ({found.mark.name})"),
        tag("p", why),
        _tiles(found),
        tag("ul", *(tag("li", sentence) for sentence in more)) if more else "",
        following,
        id="recommended",
    )


def _tiles(found: Recommendation) -> Html:
    """The values as large figures: the change against the first plan to compare with, or, without
    one, the values themselves."""
    reference = next(iter(found.against), None)
    changes = [None] * len(found.axes) if reference is None else found.changes(reference)
    tiles = []
    for axis, change, value in zip(found.axes, changes, found.values, strict=True):
        shown = f"{number(float(value))} {axis.unit}"
        figures = [tag("span", shown, class_="much")]
        if reference is not None:
            figures = [
                tag("span", percent(change), class_=f"much {_worth(change)}"),
                tag("span", shown, class_="value"),
            ]
        tiles.append(tag("div", tag("span", axis.title, class_="what"), *figures, class_="tile"))
    said = "" if reference is None else tag("h3", f"Against {reference}")
    return tag("div", said, tag("div", *tiles, class_="tiles"))


def _worth(change: float | None) -> str:
    if change is None or abs(change) < 0.05:
        return ""
    return "good" if change < 0 else "bad"


def _change(change: float, part: float | None, axis: Axis) -> str:
    """A change in per cent, in its unit where that means nothing."""
    if part is not None:
        return percent(part)
    return f"{'+' if change > 0 else ''}{amount(change, axis.unit)}"


def _stability(run: Run, row: int) -> dict[str, float]:
    totals = write_ledger(run.front.X[row], run.problem, run.scenario).totals()
    return {name: totals[name] for name in STABILITY}
