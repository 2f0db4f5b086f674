"""The page of a backtest: what decisions promised, what they came to, and what was regretted."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from slit.display import NOTHING, number, percent, share
from slit.report.markup import Html, table, tag
from slit.report.page import Picture, page, picture
from slit.report.style import Drawing, color, figure, label, labels, trace

Content = Mapping[str, Any]
"""What `slit.operate.summary.backtest_content` gives."""

CHANGED = ("carbon", "water", "cost")
MEANS = ("quality", "weighted")
_LINES = {"promised": "dot", "realized": "solid", "oracle": "dash"}
_CALLED = {
    "oracle": "perfect foresight",
    "forecast": "forecasts",
    "yesterday": "yesterday's figures",
}


def backtest_page(content: Content) -> str:
    """One HTML page that loads nothing."""
    sections = {
        "runs": ("Runs", _runs_section(content)),
        "hours": ("Promised and realized", _hours_section(content)),
        "regret": ("Regret", _regret_section(content)),
    }
    if content["savings"]:
        sections["savings"] = ("Savings", _savings_section(content))
    links = [tag("a", name, href=f"#{place}") for place, (name, _) in sections.items()]
    body = [
        tag("a", "Skip to the content", href="#content", class_="skip"),
        _head(content, links),
        tag("main", *(section for _, section in sections.values()), id="content"),
    ]
    return page(title=f"{content['scenario']}: slit backtest", body=body)


def called(name: str) -> str:
    """A run in words."""
    return _CALLED.get(name, name)


def _head(content: Content, links: list[Html]) -> Html:
    mine = content["runs"]["forecast"]
    facts = {
        "Time": f"{content['from'].replace('T', ' ')} to {content['to'].replace('T', ' ')}",
        "Epoch": f"{content['epoch_seconds'] / 60:g} min",
        "Policy": content["policy"],
        "Forecast": content["forecast"],
        "Requests": f"{mine['requests']:,.0f}",
    }
    if mine["regret"]["weighted"] is not None:
        facts["Regret, weighted sum"] = percent(mine["regret"]["weighted"])
    if mine["above_bound"] is not None:
        facts["Above the bound"] = f"{mine['above_bound']:.1f} %"
    listed = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()]
    toggle = tag("button", "Dark", type="button", id="theme", aria_pressed="false")
    return tag(
        "header",
        tag("div", tag("h1", f"{content['scenario']}, decided hour by hour"), toggle, class_="top"),
        tag("dl", *listed, class_="facts"),
        tag("nav", *links, aria_label="Sections"),
    )


def _runs_section(content: Content) -> Html:
    units = content["units"]
    columns = (
        "Run", *(f"{name.capitalize()} {units[name]}" for name in CHANGED), "Quality lost", "Late",
        "Rerouted", "Spilled", "Starts", "Unplanned", "Above bound",
    )  # fmt: skip
    rows = [
        [
            called(name),
            *(number(run[each]) for each in CHANGED),
            f"{run['quality']:.3f}",
            *(share(run[each]) for each in ("slo_violation", "rerouted", "spilled")),
            f"{run['starts']:,}",
            f"{run['unplanned']:,}",
            NOTHING if run["above_bound"] is None else f"{run['above_bound']:.1f} %",
        ]
        for name, run in content["runs"].items()
        if name not in content["causes"]
    ]
    return tag(
        "section",
        tag("h2", "Runs"),
        table("What each run came to", columns, rows, numeric=frozenset(range(1, len(columns)))),
        tag(
            "p",
            "By the real requests and signals. Perfect foresight decides by the same policy and "
            "knows what comes; schedulers plan a day at a time and know it. Spilled: served "
            "elsewhere than decided, for want of nodes. Unplanned: nodes that requests needed "
            "beyond those planned, times epochs. Above bound: the weighted sum of the policy over "
            "what no plan is below, whatever it knows.",
            class_="small",
        ),
        id="runs",
    )


def _hours_section(content: Content) -> Html:
    pictures = []
    for name in CHANGED:
        found, unit = content["hours"][name], content["units"][name]
        totals = {kind: float(np.nansum(found[kind])) for kind in _LINES}
        said = ", ".join(f"{kind} {number(total)} {unit}" for kind, total in totals.items())
        title = f"{name.capitalize()} by epoch"
        drawing = draw_hours(content["hours"]["times"], found, unit)
        pictures.append(picture(Picture(f"hours-{name}", title, said, drawing, wide=True)))
    return tag(
        "section",
        tag("h2", "Promised and realized"),
        tag(
            "p",
            "What each decision promised of its first epoch, what that came to, and what perfect "
            "foresight came to in it.",
        ),
        *pictures,
        id="hours",
    )


def draw_hours(times: list[str], found: Mapping[str, list[float]], unit: str) -> Drawing:
    """Promised, realized and oracle by epoch."""
    return figure(
        [
            trace(
                "scatter",
                x=times,
                y=np.array(found[kind], float),
                mode="lines",
                name=label(kind),
                line={"color": color(n), "width": 2, "dash": dash},
                hovertemplate=f"%{{x}}: %{{y:.4g}} {unit}<extra>{kind}</extra>",
            )
            for n, (kind, dash) in enumerate(_LINES.items())
        ],
        height=280,
        yaxis={"title": {"text": label(unit)}, "rangemode": "tozero", "nticks": 5},
    )


def _regret_section(content: Content) -> Html:
    runs = content["runs"]
    names = ("forecast", *content["causes"], "yesterday")
    titles = [
        f"{name} forecast alone" if name in content["causes"] else called(name) for name in names
    ]
    rows = [
        [title, *(percent(runs[name]["regret"][each]) for each in (*CHANGED, *MEANS))]
        for name, title in zip(names, titles, strict=True)
    ]
    columns = ("Known of what comes", *(each.capitalize() for each in CHANGED), "Quality lost",
               "Weighted sum")  # fmt: skip
    said = "; ".join(f"{row[0]}: carbon {row[1]}, water {row[2]}, cost {row[3]}" for row in rows)
    drawing = draw_regret(titles, [runs[name]["regret"] for name in names])
    regions = content["regions"]
    units = content["units"]
    region_rows = [
        [each["datacenter"], *(_signed(each[name]) for name in CHANGED)] for each in regions
    ]
    region_columns = (
        "Datacenter", *(f"{name.capitalize()} {units[name]}" for name in CHANGED),
    )  # fmt: skip
    return tag(
        "section",
        tag("h2", "Regret"),
        tag("p", "More than perfect foresight came to. A cause alone: the rest is known."),
        table("Regret by cause", columns, rows, numeric=frozenset(range(1, len(columns)))),
        picture(Picture("causes", "Regret by cause", said, drawing, wide=True)),
        table(
            "Beyond perfect foresight, by datacenter",
            region_columns,
            region_rows,
            numeric=frozenset(range(1, len(region_columns))),
        ),
        id="regret",
    )


def draw_regret(titles: list[str], regrets: list[Mapping[str, float | None]]) -> Drawing:
    """Regret (%) of carbon, water and cost, bars for each run."""
    return figure(
        [
            trace(
                "bar",
                x=labels(titles),
                y=np.array([np.nan if each[name] is None else each[name] for each in regrets]),
                name=name,
                marker={"color": color(n)},
                hovertemplate=f"%{{x}}: {name} %{{y:+.2f}} %<extra></extra>",
            )
            for n, name in enumerate(CHANGED)
        ],
        height=320,
        barmode="group",
        yaxis={"title": {"text": "%"}, "nticks": 5},
    )


def _savings_section(content: Content) -> Html:
    columns = ("Against", *(each.capitalize() for each in CHANGED), "Quality, points")
    rows = [
        [
            row["against"],
            *(_with_interval(row[each], row[f"{each}_95"]) for each in CHANGED),
            f"{-100 * row['quality']:+.2f}".replace("-", "−"),
        ]
        for row in content["savings"]
    ]
    return tag(
        "section",
        tag("h2", "Savings"),
        table(
            "Decisions from forecasts beside schedulers that know the day",
            columns,
            rows,
            numeric=frozenset(range(1, len(columns))),
        ),
        tag(
            "p",
            "With 95 % intervals of a bootstrap over blocks of three days, from six days on. "
            "A saving at lower "
            "quality is not one at equal quality: quality lost is the last column; "
            "--limit quality<=nearest asks for plans that lose none.",
            class_="small",
        ),
        id="savings",
    )


def _with_interval(value: float | None, ends: list[float] | None) -> str:
    if ends is None:
        return percent(value)
    return f"{percent(value)} [{percent(ends[0])}, {percent(ends[1])}]"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{number(value)}" if value else "0"
