"""The page of a cell-day's front: searches, rules, gaps, and how agents beside it learned."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from operators.types import Floats
from slit.display import number
from slit.errors import SlitError
from slit.files import read_file, write_named
from slit.papers.aolo.front_file import EXACT, read_front
from slit.report.front import FrontData, describe_front, draw_parallel, draw_scatter_matrix
from slit.report.marks import Axis, Mark, Role
from slit.report.markup import Html, table, tag
from slit.report.page import Picture, page, picture
from slit.report.plan_styles import BALANCE, PlanStyle
from slit.report.style import COLORS, Drawing, color, figure, label, trace

AGENT_FORMAT = "slit wireless agent 1"
LARGEST_HEADER = 10_000_000
"""Bytes of the head of a file of safetensors that is read."""

_ENDS = ("triangle-up", "triangle-down", "triangle-right", "triangle-left")
_RULES = ("pentagon", "x", "diamond", "hourglass", "cross", "hexagon")
_SEARCHES = ("square", "octagon", "bowtie")
_SUBSTITUTE = (
    "The model is a substitute from published sources: the paper's equations and constants are not "
    "available, and no figure here reproduces one of it."
)


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """How an agent learned; arrays (E,). gap: carbon over the optimum's less 1; NaN: unknown."""

    name: str
    steps: Floats
    gap: Floats
    kept: Floats  # share of all requests


def write_wireless_report(folder: Path, path: Path) -> Path:
    """Write the page of a folder as one HTML file that loads nothing, and return its path.

    Raises:
        SlitError: no front in the folder, or a path that cannot be written.
    """
    write_named(path, report_html(read_front(folder), learning_curves(folder)).encode())
    return path


def report_html(content: dict[str, Any], curves: Sequence[LearningCurve] = ()) -> str:
    """The page of what `read_front` gives."""
    sections = {
        "front": ("Front", _front_section(content)),
        "searches": ("Searches", _searches_section(content)),
        "policies": ("Rules", _policies_section(content)),
        "users": ("Users", _users_section(content)),
    }
    if curves:
        sections["learning"] = ("Learning", _learning_section(curves))
    links = [tag("a", name, href=f"#{place}") for place, (name, _) in sections.items()]
    body = [
        tag("a", "Skip to the content", href="#content", class_="skip"),
        _head(content, links),
        tag("main", *(section for _, section in sections.values()), id="content"),
    ]
    return page(title=f"{content['cell_day']}: slit wireless report", body=body)


def _head(content: dict[str, Any], links: Sequence[Html]) -> Html:
    rules = content["policies"]
    facts = {
        "Requests": f"{content['requests']:,}, seed {content['seed']}",
        "Can be served": f"{content['served']:,}",
        "Least carbon": f"{number(rules['optimum']['carbon_g'])} g CO2e a request",
        "Its link": f"{100 * rules['optimum']['link_share']:.2f} %",
        "Exact optima": f"{len(content['searches'][0]['F']):,} points",
    }
    listed = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()]
    toggle = tag("button", "Dark", type="button", id="theme", aria_pressed="false")
    return tag(
        "header",
        tag("div", tag("h1", f"{content['cell_day']} over the air"), toggle, class_="top"),
        tag("dl", *listed, class_="facts"),
        tag("p", _SUBSTITUTE, class_="note"),
        tag("nav", *links, aria_label="Sections"),
    )


def front_data(content: dict[str, Any]) -> FrontData:
    """The exact optima and the searches' points, with ends, balance, and rules marked."""
    axes = tuple(Axis(each["name"], each["title"], each["unit"]) for each in content["objectives"])
    rows = [(point, found["name"]) for found in content["searches"] for point in found["F"]]
    exact = [found["name"] == EXACT for found in content["searches"] for _ in found["F"]]
    marked: list[tuple[str, list[float], Role, PlanStyle]] = [
        (f"least {name}", point, Role.EXTREME, PlanStyle(color(n), _ENDS[n % len(_ENDS)]))
        for n, (name, point) in enumerate(content["lexicographic"].items())
    ]
    marked.append(("balanced", content["balanced"], Role.BALANCE, BALANCE))
    marked += [
        (name, found["point"], Role.BASELINE,
         PlanStyle(COLORS[(n + 2) % len(COLORS)], _RULES[n % len(_RULES)], dashed=True))
        for n, (name, found) in enumerate(content["policies"].items())
    ]  # fmt: skip
    marks = tuple(
        Mark(name, len(rows) + n, len(rows) + n, name, role, style)
        for n, (name, _, role, style) in enumerate(marked)
    )
    values = np.array([*(point for point, _ in rows), *(point for _, point, _, _ in marked)])
    return FrontData(
        axes=axes,
        values=values,
        plans=np.arange(len(values)),
        methods=(*(method for _, method in rows), *(name for name, *_ in marked)),
        on_front=np.array([*exact, *(role is not Role.BASELINE for _, _, role, _ in marked)]),
        beyond=("",) * len(values),
        marks=marks,
        total=len(values),
    )


def _front_section(content: dict[str, Any]) -> Html:
    data = front_data(content)
    said = describe_front(data)
    return tag(
        "section",
        tag("h2", "Front"),
        tag(
            "p",
            "Means a request that can be served; smaller is better in all. Rules are marked beside "
            "the front: some of them miss deadlines and floors, which no point of the front does.",
        ),
        picture(
            Picture("pairs", "Objectives in pairs", said, draw_scatter_matrix(data), wide=True)
        ),
        picture(
            Picture("parallel", "Objectives side by side", said, draw_parallel(data), wide=True)
        ),
        id="front",
    )


def _searches_section(content: dict[str, Any]) -> Html:
    rows = [
        [
            found["name"],
            f"{len(found['F']):,}",
            "-" if found["integers"] is None else f"{found['integers']:,}",
            "-" if found["evaluations"] is None else f"{found['evaluations']:,}",
            f"{100 * found['share']:.2f}",
            f"{round(100 * found['behind'], 2) + 0.0:.2f}",
        ]
        for found in content["searches"]
    ]
    columns = "Search", "Points", "Integers", "Evaluations", "Share %", "Behind %"
    curves = [found for found in content["searches"] if found["curve"]]
    return tag(
        "section",
        tag("h2", "Searches"),
        tag(
            "p",
            "Requests add up, so a weighted sum of the day is least where that of each request is. "
            f"{EXACT} finds that exactly, request by request, for evenly spread weights: it is "
            "what the others are measured against. Where the parts of a problem do not depend on "
            "each other, no population search is needed.",
        ),
        table("What searches reach", columns, rows, numeric=frozenset(range(1, len(columns)))),
        tag(
            "p",
            "Share: hypervolume over that of the exact optima, up to a tenth of each range beyond "
            "it; with few requests there is much between the optima of weighted sums, and it may "
            "be above 100 %. Behind: how far the nearest weighted sum is from its optimum, of the "
            "ranges.",
            class_="small",
        ),
        picture(
            Picture("progress", "Share of the exact optima's hypervolume", _told(curves),
                    draw_progress(curves))
        ) if curves else "",
        id="searches",
    )  # fmt: skip


def _told(curves: Sequence[dict[str, Any]]) -> str:
    return "; ".join(f"{each['name']} ends at {100 * each['share']:.1f} %" for each in curves)


def draw_progress(curves: Sequence[dict[str, Any]]) -> Drawing:
    """Share of the hypervolume (%) against evaluations, a line a search."""
    return figure(
        [
            trace(
                "scatter",
                x=np.array([done for done, _ in found["curve"]]),
                y=100 * np.array([share for _, share in found["curve"]]),
                mode="lines+markers",
                name=label(found["name"]),
                line={"color": color(n), "width": 2.5},
                marker={"symbol": _SEARCHES[n % len(_SEARCHES)]},
                hovertemplate="%{y:.2f} % after %{x:,} evaluations<extra></extra>",
            )
            for n, found in enumerate(curves)
        ],
        height=320,
        xaxis={"title": {"text": "evaluations"}, "nticks": 5},
        yaxis={"title": {"text": "%"}, "rangemode": "tozero", "nticks": 5},
    )


_FIGURES = (
    ("requests", "Requests", 1.0, ",.0f"),
    ("kept_share", "Kept %", 100.0, ".1f"),
    ("gap", "Over optimum %", 100.0, "+.2f"),
    ("carbon_g", "g CO2e", 1.0, ".4g"),
    ("link_share", "Link %", 100.0, ".2f"),
    ("quality", "Quality", 1.0, ".3f"),
    ("seconds", "Delay s", 1.0, ".3g"),
    ("tokens", "Tokens", 1.0, ".1f"),
    ("power_w", "Output W", 1.0, ".3g"),
)


def _figures(caption: str, head: str, found: dict[str, dict[str, float]]) -> Html:
    rows = [
        [name, *(f"{each[key] * scale:{shape}}" if key in each else "-"
                 for key, _, scale, shape in _FIGURES)]
        for name, each in found.items()
    ]  # fmt: skip
    columns = [head, *(title for _, title, _, _ in _FIGURES)]
    return table(caption, columns, rows, numeric=frozenset(range(1, len(columns))))


def _policies_section(content: dict[str, Any]) -> Html:
    found = content["policies"]
    told = "; ".join(
        f"{name} {number(each['carbon_g'])} g CO2e, {100 * each['link_share']:.1f} % of it the link"
        for name, each in found.items()
    )
    return tag(
        "section",
        tag("h2", "Rules against the optimum"),
        _figures("What rules come to on the same requests", "Rule", found),
        tag(
            "p",
            "Kept: within deadline and floor of quality; the rest violates one of them. Over "
            "optimum: carbon, on the requests that both keep.",
            class_="small",
        ),
        picture(Picture("split", "Carbon of a served request", told, draw_split(found))),
        id="policies",
    )


def draw_split(found: dict[str, dict[str, float]]) -> Drawing:
    """Carbon of inference and of the link (g CO2e) a request, a bar a rule."""
    names = [label(name) for name in found]
    link = np.array([each["carbon_g"] * each["link_share"] for each in found.values()])
    whole = np.array([each["carbon_g"] for each in found.values()])
    parts = (("inference", whole - link), ("link", link))
    return figure(
        [
            trace(
                "bar",
                x=names,
                y=values,
                name=name,
                marker={"color": color(n)},
                hovertemplate=f"%{{x}}: {name} %{{y:.4g}} g CO2e<extra></extra>",
            )
            for n, (name, values) in enumerate(parts)
        ],
        height=320,
        barmode="stack",
        yaxis={"title": {"text": "g CO2e"}, "nticks": 5},
    )


def _users_section(content: dict[str, Any]) -> Html:
    return tag(
        "section",
        tag("h2", "Users at the optimum"),
        _figures("Groups of users at the least carbon", "Users", content["groups"]),
        id="users",
    )


def _learning_section(curves: Sequence[LearningCurve]) -> Html:
    told = "; ".join(
        f"{curve.name}: {100 * curve.gap[-1]:.2f} % over the optimum, {100 * curve.kept[-1]:.1f} % "
        f"kept after {curve.steps[-1]:,.0f} decisions"
        for curve in curves
    )
    return tag(
        "section",
        tag("h2", "Learning"),
        tag("p", "Agents on requests that they have not learned from, without exploring. ", told),
        picture(Picture("gap", "Carbon over the optimum", told, draw_learning(curves))),
        id="learning",
    )


def draw_learning(curves: Sequence[LearningCurve]) -> Drawing:
    """Carbon over the optimum (%) against decisions, a line an agent."""
    return figure(
        [
            trace(
                "scatter",
                x=curve.steps,
                y=100 * curve.gap,
                mode="lines+markers",
                name=label(curve.name),
                line={"color": color(n), "width": 2.5},
                customdata=100 * curve.kept,
                hovertemplate="%{y:.2f} % over, %{customdata:.1f} % kept after %{x:,} decisions"
                "<extra></extra>",
            )
            for n, curve in enumerate(curves)
        ],
        height=320,
        xaxis={"title": {"text": "decisions"}, "nticks": 5},
        yaxis={"title": {"text": "% over the optimum"}, "nticks": 5},
    )


def learning_curves(folder: Path) -> list[LearningCurve]:
    """Of the agents in a folder (files that `slit wireless train` wrote), by name; only the head
    of a file is read, so nothing is needed that trains.

    Raises:
        SlitError: a file that says it is an agent, and is damaged.
    """
    return [
        curve
        for path in sorted(folder.glob("*.safetensors"))
        if (curve := _curve(path)) is not None
    ]


def _curve(path: Path) -> LearningCurve | None:
    content = read_file(path, holding="an agent")
    size = int.from_bytes(content[:8], "little")
    try:
        if not 2 <= size <= min(LARGEST_HEADER, len(content) - 8):
            raise ValueError(f"a head of {size:,} bytes")
        said = json.loads(content[8 : 8 + size]).get("__metadata__", {})
        if said.get("format") != AGENT_FORMAT:
            return None
        points = json.loads(said["training"])["curve"]
        steps, kept = (
            np.array([point[name] for point in points], float) for name in ("steps", "kept_share")
        )
        gap = np.array([np.nan if point["gap"] is None else point["gap"] for point in points])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SlitError(
            f"{path}: damaged ({error}), expected what slit wireless train wrote"
        ) from error
    return LearningCurve(path.stem, steps, gap, kept) if len(points) else None
