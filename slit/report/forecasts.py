"""The page of an evaluation of forecasts: errors by signal and lead, method beside method."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from operators.types import Floats
from slit.display import NOTHING, number
from slit.report.markup import Html, table, tag
from slit.report.page import Picture, page, picture
from slit.report.style import Drawing, color, figure, label, trace

_SYMBOLS = ("circle", "square", "diamond", "x", "cross", "triangle-up", "hexagon")
GOAL = 90.0
"""Per cent that the interval between the outer quantiles is meant to hold."""


@dataclass(frozen=True, slots=True, eq=False)
class SignalErrors:
    """Of one method and signal, by lead (L,): means over the series, and `worst` the largest MASE
    of a series, `worst_place` that series by its mean over the leads. NaN: no such figure."""

    method: str
    signal: str
    unit: str
    series: int
    mae: Floats
    smape: Floats
    mase: Floats
    pinball: Floats
    coverage: Floats
    worst: Floats
    worst_place: str


def signal_errors(content: Mapping[str, Any]) -> list[SignalErrors]:
    """Of what `ForecastEvaluation.content` gives, signal by signal, method by method."""
    methods = content["methods"]
    signals = dict.fromkeys(each["signal"] for each in methods[0]["series"])
    return [_signal(found, signal) for signal in signals for found in methods]


def _signal(found: Mapping[str, Any], signal: str) -> SignalErrors:
    series = [each for each in found["series"] if each["signal"] == signal]
    figures = {
        name: np.array([each[name] for each in series], np.float64)
        for name in ("mae", "smape", "mase", "pinball", "coverage")
    }
    by_series = _mean(figures["mase"].T)
    known = not np.isnan(by_series).all()
    worst = np.where(np.isnan(figures["mase"]), -np.inf, figures["mase"]).max(axis=0)
    return SignalErrors(
        found["method"],
        signal,
        series[0]["unit"],
        len(series),
        **{name: _mean(values) for name, values in figures.items()},
        worst=np.where(np.isinf(worst), np.nan, worst),
        worst_place=series[int(np.nanargmax(by_series))]["place"] if known else NOTHING,
    )


def _mean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def forecasts_page(content: Mapping[str, Any]) -> str:
    """One HTML file that loads nothing."""
    found = signal_errors(content)
    leads = content["leads_h"]
    sections = {
        "errors": "Errors",
        "leads": "By lead",
        "intervals": "Intervals",
        "series": "Series",
    }
    body = [
        tag("a", "Skip to the content", href="#content", class_="skip"),
        _head(content, sections),
        tag(
            "main",
            _errors(found, leads),
            _by_lead(found, leads),
            _intervals(found, leads),
            _series(content),
            id="content",
        ),
    ]
    return page(title=f"{content['scenario']}: forecasts", body=body)


def _head(content: Mapping[str, Any], sections: Mapping[str, str]) -> Html:
    facts = {
        "From": content["start"][:16],
        "To": content["end"][:16],
        "Learned from": f"{content['history_days']:g} days before, and on",
        "Methods": ", ".join(each["method"] for each in content["methods"]),
        "Forecasts": f"{content['methods'][0]['origins']:,} by each",
    }
    listed = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()]
    links = [tag("a", name, href=f"#{place}") for place, name in sections.items()]
    toggle = tag("button", "Dark", type="button", id="theme", aria_pressed="false")
    return tag(
        "header",
        tag("div", tag("h1", f"Forecasts of {content['scenario']}"), toggle, class_="top"),
        tag("dl", *listed, class_="facts"),
        tag("nav", *links, aria_label="Sections"),
    )


HEADER = ("Signal", "Method", "Lead h", "MAE", "sMAPE %", "MASE", "Worst", "Pinball", "Covered %")


def error_rows(found: Sequence[SignalErrors], leads: Sequence[float]) -> Iterator[list[str]]:
    """Cells below `HEADER`, a row for every signal, method and lead."""
    for each in found:
        for n, lead in enumerate(leads):
            yield [
                f"{each.signal} ({each.unit})",
                each.method,
                f"{lead:g}",
                _cell(each.mae[n]),
                _cell(each.smape[n], ".1f"),
                _cell(each.mase[n], ".3f"),
                _cell(each.worst[n], ".3f"),
                _cell(each.pinball[n]),
                _cell(each.coverage[n], ".1f"),
            ]


def _cell(value: float, shape: str = "") -> str:
    if np.isnan(value):
        return NOTHING
    return format(value, shape) if shape else number(float(value))


MEANING = (
    "Means over the series of a signal. MASE: mean absolute error over that of the day before, "
    "below 1 is better than repeating it; worst: the series where it is largest. Pinball: loss of "
    "the quantiles. Covered: how often the interval that is meant to hold 90 % held what happened. "
    f"{NOTHING}: the day before repeats to the bit, so there is nothing to compare with."
)


def _errors(found: Sequence[SignalErrors], leads: Sequence[float]) -> Html:
    return tag(
        "section",
        tag("h2", "Errors"),
        table(
            "Errors by signal, method and lead",
            HEADER,
            error_rows(found, leads),
            numeric=frozenset(range(2, len(HEADER))),
        ),
        tag("p", MEANING, class_="small"),
        id="errors",
    )


def _by_lead(found: Sequence[SignalErrors], leads: Sequence[float]) -> Html:
    drawn = []
    for signal in dict.fromkeys(each.signal for each in found):
        chosen = [each for each in found if each.signal == signal]
        if all(np.isnan(each.mase).all() for each in chosen):
            continue
        told = "; ".join(
            f"{each.method} {_cell(float(each.mase[0]), '.3f')} at {leads[0]:g} h, "
            f"{_cell(float(each.mase[-1]), '.3f')} at {leads[-1]:g} h"
            for each in chosen
        )
        shown = Picture(f"mase-{signal}", f"MASE of {signal}", told, draw_mase(chosen, leads))
        drawn.append(picture(shown))
    return tag(
        "section",
        tag("h2", "By lead"),
        tag("p", "Lines are means over the series of a signal; 1 is as good as the day before."),
        *drawn,
        id="leads",
    )


def draw_mase(found: Sequence[SignalErrors], leads: Sequence[float]) -> Drawing:
    """MASE against the lead, a line a method; in its hover the worst series."""
    return figure(
        [
            trace(
                "scatter",
                x=np.array(leads),
                y=each.mase,
                mode="lines+markers",
                name=label(each.method),
                line={"color": color(n), "width": 2.5},
                marker={"symbol": _SYMBOLS[n % len(_SYMBOLS)], "size": 8},
                customdata=each.worst,
                hovertemplate="%{y:.3f}, worst series %{customdata:.3f}, at %{x:g} h"
                "<extra></extra>",
            )
            for n, each in enumerate(found)
        ],
        height=320,
        xaxis={"title": {"text": "lead (h)"}, "nticks": 6},
        yaxis={"title": {"text": "MASE"}, "rangemode": "tozero", "nticks": 5},
        shapes=[
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": 1,
                "y1": 1,
                "line": {"dash": "dot", "width": 1, "color": "#888"},
            }
        ],
    )


def _intervals(found: Sequence[SignalErrors], leads: Sequence[float]) -> Html:
    least = min(found, key=lambda each: float(np.nan_to_num(each.coverage, nan=100.0).min()))
    told = (
        f"meant to hold {GOAL:g} %; least {_cell(float(np.nanmin(least.coverage)), '.1f')} % "
        f"({least.signal} by {least.method})"
    )
    return tag(
        "section",
        tag("h2", "Intervals"),
        picture(
            Picture("coverage", "Share of what happened inside", told, draw_coverage(found, leads))
        ),
        id="intervals",
    )


def draw_coverage(found: Sequence[SignalErrors], leads: Sequence[float]) -> Drawing:
    """Coverage (%) by signal at the first and the last lead, bars of methods."""
    methods = list(dict.fromkeys(each.method for each in found))
    ends = sorted({0, len(leads) - 1})
    return figure(
        [
            trace(
                "bar",
                x=[each.signal for each in found if each.method == method],
                y=np.array([each.coverage[n] for each in found if each.method == method]),
                name=label(f"{method}, {leads[n]:g} h"),
                marker={"color": color(m), "opacity": 1.0 if n == 0 else 0.6},
                hovertemplate="%{x}: %{y:.1f} %<extra></extra>",
            )
            for m, method in enumerate(methods)
            for n in ends
        ],
        height=360,
        barmode="group",
        yaxis={"title": {"text": "%"}, "range": [0, 100], "nticks": 6},
    )


def _series(content: Mapping[str, Any]) -> Html:
    leads = content["leads_h"]
    rows = [
        [
            f"{each['signal']}, {each['place']}",
            found["method"],
            *(_listed(each["mase"][n], ".3f") for n in range(len(leads))),
            *(_listed(each["coverage"][n], ".1f") for n in range(len(leads))),
        ]
        for n in range(len(content["methods"][0]["series"]))
        for found in content["methods"]
        for each in [found["series"][n]]
    ]
    heads = [f"MASE {lead:g} h" for lead in leads] + [f"Covered % {lead:g} h" for lead in leads]
    return tag(
        "section",
        tag("h2", "Series"),
        table(
            "Every series",
            ["Series", "Method", *heads],
            rows,
            numeric=frozenset(range(2, 2 + len(heads))),
        ),
        id="series",
    )


def _listed(value: float | None, shape: str) -> str:
    return NOTHING if value is None else format(value, shape)
