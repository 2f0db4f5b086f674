"""What callbacks put into the page: tables and texts, from plain numbers. Text is never HTML."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import html

from slit.app.aria import aria, data
from slit.app.compare import (
    Change,
    Comparison,
    Difference,
    busiest_hours,
    move_label,
    reasons,
)
from slit.app.html_table import table
from slit.app.points import FrontPoints
from slit.app.reducer import PAGE, Answer, describe_choice, is_recommended
from slit.display import number, percent, share
from slit.report.marks import Axis
from slit.report.plan import PlanData
from slit.report.recommendation import describe_against, describe_next, next_plans
from slit.waits import SHARES, Waits

SHOWN_MOVES = 10


def pressable(text: str, *, what: str, key: str, label: str, pressed: bool = False) -> Any:
    """A button whose press the page's script puts into the store `pressed`."""
    return html.Button(
        text,
        className="row-button",
        **data(press=what, key=key),
        **aria(label=label, pressed="true" if pressed else "false"),
    )


def front_table(points: FrontPoints, answer: Answer, *, page: int) -> Any:
    """A page of the remaining plans; plans can be selected and compared, columns sorted by."""
    pages = max(1, -(-len(answer.table) // PAGE))
    page = min(max(page, 0), pages - 1)
    rows = answer.table[page * PAGE : (page + 1) * PAGE]
    sort = answer.state.sort
    heads: list[Any] = [
        pressable(
            "Plan" + (" ▾" if not sort else ""),
            what="sort",
            key="",
            label="Sort by how well the preferences are met",
            pressed=not sort,
        ),
        "Method",
    ]
    heads += [
        pressable(
            f"{axis.title} ({axis.unit})" + (" ▾" if sort == axis.name else ""),
            what="sort",
            key=axis.name,
            label=f"Sort by {axis.title}",
            pressed=sort == axis.name,
        )
        for axis in points.axes
    ]
    body = [
        [
            pressable(
                points.title(n),
                what="plan",
                key=points.keys[n],
                label=f"Select {points.title(n)}",
                pressed=n == answer.selected,
            ),
            points.methods[n],
            *(number(value) for value in points.F[n]),
            pressable(
                "compare",
                what="other",
                key=points.keys[n],
                label=f"Compare with {points.title(n)}",
                pressed=points.keys[n] == answer.state.other,
            ),
        ]
        for n in rows
    ]
    last = 2 + len(points.axes)
    caption = (
        f"Remaining plans {page * PAGE + 1} to {page * PAGE + len(rows)} of {len(answer.table)}"
    )
    buttons = html.Div(
        [
            pressable("Previous", what="page", key=str(page - 1), label="Previous plans"),
            pressable("Next", what="page", key=str(page + 1), label="More plans"),
        ],
        className="pages",
    )
    drawn = table(caption, [*heads, ""], body, numeric=frozenset(range(2, last)))
    return [drawn, *([buttons] if pages > 1 else [])]


def summary(points: FrontPoints, answer: Answer) -> Any:
    """What the selected plan is called, why it is shown, and that it is not feasible if so."""
    index = answer.selected
    title = points.title(index)
    drawn: list[Any] = [
        html.H2(f"Recommended: {title}" if is_recommended(points, answer) else title.capitalize()),
        html.P(describe_choice(points, answer), className="why"),
    ]
    if points.violation[index] > 0:
        text = f"Not feasible: {points.beyond[index]}."
        drawn.append(html.P(text, className="note"))
    reference = points.references[int(points.run[index])]
    if reference is not None and reference[1] != index:
        name, row = reference
        said = describe_against(points.axes, points.F[index], points.F[row], name)
        drawn.append(html.P(said))
    return drawn


def next_list(points: FrontPoints, answer: Answer) -> list[Any]:
    """What the next of the remaining plans would buy, each to be selected."""
    index = answer.selected
    found = next_plans(points.F, index, answer.mask & points.on_front)
    if not found or points.violation[index] > 0:
        return []
    listed = []
    for each in found:
        axis = points.axes[each.objective]
        less, part, costs = describe_next(points.axes, points.F[index], each)
        title = points.title(each.row)
        button = pressable(title, what="plan", key=points.keys[each.row], label=f"Select {title}")
        listed.append(html.Li([f"{axis.called} {less} ({part}) for {costs}: ", button]))
    return listed


def plan_values(points: FrontPoints, index: int) -> list[Any]:
    """The selected plan's values, each with its change against a baseline of its run."""
    reference = points.references[int(points.run[index])]
    drawn = []
    for m in range(len(points.axes)):
        value = points.F[index, m]
        parts: list[Any] = [html.Strong(number(value))]
        if reference is not None:
            base = points.F[reference[1], m]
            change = percent(100 * (value / base - 1)) if base > 0 else percent(None)
            parts.append(html.Span(change, className=_worth(value - base)))
            parts.append(html.Span(f"against {reference[0]}", className="unit"))
        drawn.append(parts)
    return drawn


def numbers_table(plan: PlanData) -> Any:
    """What each datacenter serves and uses, all epochs of the plan together."""
    series = (plan.by_datacenter, plan.energy, plan.carbon, plan.water, plan.cost)
    totals = np.stack([values.sum(axis=0) for values in series], axis=1)
    rows = [
        [name, *(number(value) for value in values)]
        for name, values in zip(plan.datacenters, totals, strict=True)
    ]
    rows.append(["Together", *(number(value) for value in totals.sum(axis=0))])
    columns = [
        "Datacenter",
        "Requests",
        "Energy (kWh)",
        "Carbon (kg CO2e)",
        "Water (L)",
        "Cost (USD)",
    ]
    return table("Totals by datacenter", columns, rows, numeric=frozenset(range(1, 6)))


def waits_table(waits: Waits) -> Any:
    """Quantiles of the time to first token."""
    rows = [
        [name, f"{waits.slo[k]:g}", number(waits.mean[k])]
        + [number(value) for value in waits.quantiles[k]]
        + [share(waits.late[k])]
        for k, name in enumerate(waits.classes)
        if waits.requests[k] > 0
    ]
    columns = ["Class", "SLO (s)", "Mean (s)"]
    columns += [f"p{100 * quantile:g} (s)" for quantile in SHARES]
    return table(
        "Time to first token by class", [*columns, "Late"], rows, numeric=frozenset(range(1, 7))
    )


def differences_table(
    axes: Sequence[Axis], differences: Sequence[Difference], titles: tuple[str, str]
) -> Any:
    """The objectives of two plans: `a` is the reference, `b` the selected plan."""
    rows = [
        [
            axis.title,
            html.Span(percent(each.change), className=_worth(each.b - each.a)),
            f"{number(each.b)} {axis.unit}",
            f"{number(each.a)} {axis.unit}",
            f"{_signed(each.b - each.a)} {axis.unit}",
        ]
        for axis, each in zip(axes, differences, strict=True)
    ]
    columns = ["Objective", "Change (%)", titles[1].capitalize(), titles[0].capitalize(), "Change"]
    caption = f"{titles[1].capitalize()} against {titles[0]}: minus is less, and less is better"
    return table(caption, columns, rows, numeric=frozenset({1, 2, 3, 4}))


def moves_table(comparison: Comparison) -> Any:
    """What moves from the reference to the selected plan, when, and which signals differ there."""
    rows = []
    for move in comparison.moves[:SHOWN_MOVES]:
        better, worse = reasons(move)
        rows.append(
            [
                move_label(move),
                f"{number(move.requests)} ({100 * move.requests / comparison.total:.2g} %)",
                [
                    html.Div(_largest(comparison.classes, move.by_class)),
                    html.Div(_largest(comparison.origins, move.by_origin)),
                ],
                busiest_hours(move, comparison.starts),
                [html.Div(change, className="good") for change in map(_change, better)]
                or "no signal is better",
                [html.Div(_change(change)) for change in worse] or "–",
            ]
        )
    columns = ["From → to", "Requests", "Mostly", "Most at (UTC)", "Better there", "Worse there"]
    caption = (
        f"The {len(rows)} largest moves from the plan compared with to the selected one; signals "
        "are means over the requests that move"
    )
    return table(caption, columns, rows, numeric=frozenset({1}))


def _change(change: Change) -> str:
    unit = f" {change.signal.unit}" if change.signal.unit else ""
    return (
        f"{change.signal.name} {number(change.before)} → {number(change.after)}{unit} "
        f"({percent(change.percent)})"
    )


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number(value).replace("-", "−")


def _worth(change: float) -> str:
    return "good" if change < 0 else "bad" if change > 0 else ""


def _largest(names: Sequence[str], values: np.ndarray[Any, Any]) -> str:
    at = int(np.argmax(values))
    return f"{names[at]} ({100 * values[at] / values.sum():.0f} %)"
