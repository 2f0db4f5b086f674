"""Plans served request by request: what they promised beside what came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Floats
from slit.display import NOTHING, number, percent, share
from slit.errors import SlitError
from slit.record import Run
from slit.record.folder import REPLAYS
from slit.record.replays import kept_replays
from slit.report.markup import Html, table, tag
from slit.report.page import Picture, picture
from slit.report.style import Drawing, color, figure, log_ticks, trace

LARGEST = 1e100
"""Numbers beyond this are damage."""
TIMES = "ttft_p50_s", "ttft_p95_s", "ttft_p99_s"
AMOUNTS = "energy", "carbon", "cost"
FIGURES = (*TIMES, "late_share", *AMOUNTS)
COLUMNS = (
    "Plan",
    "First token p50 (s)",
    "p95 (s)",
    "p99 (s)",
    "Late",
    "Energy",
    "Carbon",
    "Cost",
    "Classes that miss their SLO at p95",
)


@dataclass(frozen=True, slots=True, eq=False)
class ReplayedPlan:
    """One plan. X times, T epochs."""

    plan: str
    requests: float
    thinned: bool
    left: float  # requests not served
    promised: dict[str, float]
    served: dict[str, float]  # NaN: nothing was served
    missed: tuple[str, ...]  # classes whose p95 is beyond their SLO, or on too many days
    spread: str  # of several days, in words; empty of one
    times: Floats  # (X,) s
    promised_beyond: Floats  # (X,) share of requests whose first token comes later
    served_beyond: Floats  # (X,)
    promised_hours: Floats  # (T,) s, mean time to first token
    served_hours: Floats  # (T,) s


def replayed_plans(folder: Path) -> list[ReplayedPlan]:
    """The replays that a run folder keeps, in the order in which they were made.

    Raises:
        SlitError: a damaged file.
    """
    found = []
    for plan, content in kept_replays(folder).items():
        try:
            found.append(_replayed(plan, content))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise SlitError(
                f"{folder / REPLAYS}: {plan}: {error}, expected what slit replay wrote (remove it)"
            ) from None
    return found


def replay_of(run: Run, row: int) -> ReplayedPlan | None:
    """The last replay that the folder of a run keeps of the plan in a row of its front.

    Raises:
        SlitError: a damaged file.
    """
    front, search = run.front, run.manifest.optimizer
    found = None
    for each in replayed_plans(run.folder):
        try:
            same = front.row_of(each.plan, prefix=search) == row
        except SlitError:  # a name of another time
            continue
        found = each if same else found
    return found


def with_served(waits: Drawing, replayed: ReplayedPlan) -> Drawing:
    """The drawing of promised waits by class with those that were served, all classes together."""
    served = trace(
        "scatter",
        x=replayed.times,
        y=100 * replayed.served_beyond,
        name="served, all classes",
        mode="lines",
        line={"color": color(len(waits["data"])), "width": 4},
        hovertemplate="%{y:.3g} % later than %{x:.3g} s<extra>served</extra>",
    )
    return {**waits, "data": [*waits["data"], served]}


def _replayed(plan: str, content: dict[str, Any]) -> ReplayedPlan:
    curve, hours = content["curve"], content["hours"]
    data = ReplayedPlan(
        plan=plan,
        requests=float(content["requests"]),
        thinned=float(content["events"]) < 0.999 * float(content["requests"]),
        left=float(content["unserved"]) + float(content["refused"]),
        promised={name: _value(content["promised"][name]) for name in FIGURES},
        served={name: _value(content["served"][name]) for name in FIGURES},
        missed=_missed(content),
        spread=_spread(content["days"]) if "days" in content else "",
        times=_array(curve["times_s"]),
        promised_beyond=_array(curve["promised"]),
        served_beyond=_array(curve["served"]),
        promised_hours=_array([each["promised_ttft_s"] for each in hours]),
        served_hours=_array([each["ttft_s"] for each in hours]),
    )
    if not len(data.times) or {data.promised_beyond.shape, data.served_beyond.shape} != {
        data.times.shape
    }:
        raise ValueError("curves of different lengths")
    if not (data.times > 0).all():
        raise ValueError("times that are not above 0")
    return data


def _missed(content: dict[str, Any]) -> tuple[str, ...]:
    if "days" not in content:
        return tuple(
            str(each["name"])
            for each in content["classes"]
            if _value(each["served"]["ttft_p95_s"]) > float(each["slo_s"])
        )
    days = content["days"]
    return tuple(
        f"{each['name']} ({int(each['days_missed'])} of {int(days['count'])} days)"
        for each in days["classes"]
        if each["name"] in days["fails"]
    )


def _spread(days: dict[str, Any]) -> str:
    said = []
    for name, title, unit in (
        ("ttft_p95_s", "first token within", "s for 95 %"),
        ("energy", "energy", "kWh"),
        ("carbon", "carbon", "kg CO2e"),
    ):
        low, high = (_value(days["figures"][name][end]) for end in ("low", "high"))
        if not np.isnan(low):
            said.append(f"{title} {number(low)} to {number(high)} {unit}")
    return f" Over {int(days['count'])} days: {', '.join(said) or 'nothing served'}."


def _value(value: object) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
        raise ValueError(f"{value!r}, expected a number")
    return float(value)


def _array(values: Sequence[object]) -> Floats:
    return np.array([_value(value) for value in values], dtype=np.float64)


def replayed_section(plans: Sequence[ReplayedPlan]) -> Html:
    """Promised and served: a row a plan, and the distribution and hours of each."""
    drawings = []
    for n, data in enumerate(plans):
        said = describe_replayed(data)
        drawings += [
            picture(
                Picture(
                    f"replayed-{n}-beyond",
                    f"{data.plan}: time to first token, promised and served",
                    said,
                    draw_beyond(data),
                )
            ),
            picture(
                Picture(
                    f"replayed-{n}-hours",
                    f"{data.plan}: mean time to first token by epoch",
                    said,
                    draw_hours(data),
                )
            ),
        ]
    return tag(
        "section",
        tag("h2", "Served request by request"),
        table(
            "Promised, and in the second line served by a replay of single requests",
            COLUMNS,
            [_row(data) for data in plans],
            numeric=frozenset(range(1, len(COLUMNS) - 1)),
        ),
        *(tag("p", describe_replayed(data), class_="small") for data in plans),
        tag("div", *drawings, class_="pair"),
        tag(
            "p",
            "Promises come from formulas for queues and one batch a placement, replays from "
            "generated requests through engines with continuous batching (docs: Replay a plan).",
            class_="small",
        ),
        id="replayed",
    )


def _row(data: ReplayedPlan) -> list[object]:
    cells: list[object] = [data.plan]
    for name in FIGURES:
        before, after = data.promised[name], data.served[name]
        if name == "late_share":
            shown = share(before), share(after)
        elif name in AMOUNTS:
            change = 100 * (after / before - 1) if before > 0 else None
            shown = number(before), percent(change)
        else:
            shown = number(before), NOTHING if np.isnan(after) else number(after)
        cells.append(tag("span", shown[0], tag("br"), tag("strong", shown[1])))
    cells.append(", ".join(data.missed) or "none")
    return cells


def describe_replayed(data: ReplayedPlan) -> str:
    """A replay in one sentence."""
    part = " on a part of the replicas" if data.thinned else ""
    served, promised = share(data.served["late_share"]), share(data.promised["late_share"])
    left = f", {number(data.left)} not served" if data.left else ""
    first = data.served["ttft_p95_s"]
    return (
        f"{data.plan}: {data.requests:,.0f} requests{part}, {served} late (promised {promised}), "
        f"first token within {NOTHING if np.isnan(first) else number(first)} s for 95 % of them "
        f"(promised {number(data.promised['ttft_p95_s'])} s){left}.{data.spread}"
    )


def draw_beyond(data: ReplayedPlan) -> Drawing:
    """Share of requests whose first token comes later than a time."""
    lines = (("promised", data.promised_beyond, "dash"), ("served", data.served_beyond, "solid"))
    return figure(
        [
            trace(
                "scatter",
                x=data.times,
                y=100 * values,
                name=name,
                mode="lines",
                line={"color": color(n), "width": 2.5, "dash": dash},
                hovertemplate="%{y:.3g} % later than %{x:.3g} s<extra>" + name + "</extra>",
            )
            for n, (name, values, dash) in enumerate(lines)
        ],
        height=320,
        xaxis={
            "title": {"text": "time to first token (s)"},
            "type": "log",
            "tickvals": log_ticks(float(data.times[0]), float(data.times[-1])),
        },
        yaxis={"title": {"text": "later requests (%)"}, "range": [-2, 102]},
        hovermode="closest",
        legend={"y": -0.3},
    )


def draw_hours(data: ReplayedPlan) -> Drawing:
    """Mean time to the first token of each epoch."""
    lines = (("promised", data.promised_hours, "dash"), ("served", data.served_hours, "solid"))
    return figure(
        [
            trace(
                "scatter",
                x=np.arange(len(values)),
                y=values,
                name=name,
                mode="lines+markers",
                line={"color": color(n), "width": 2.5, "dash": dash},
                hovertemplate="epoch %{x}: %{y:.3g} s<extra>" + name + "</extra>",
            )
            for n, (name, values, dash) in enumerate(lines)
        ],
        height=320,
        xaxis={"title": {"text": "epoch"}, "nticks": 8},
        yaxis={"title": {"text": "mean time to first token (s)"}, "rangemode": "tozero"},
        legend={"y": -0.3},
    )
