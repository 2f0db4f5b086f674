"""What an allowance buys, as curves: kept in the run folder, drawn in its report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from operators.types import Floats
from slit.certificates.tradeoff import Curves
from slit.display import called, number
from slit.errors import SlitError
from slit.files import kind_of, read_json, write_json
from slit.objectives import available
from slit.record.folder import CURVES
from slit.report.markup import Html, tag
from slit.report.page import Picture, picture
from slit.report.style import color, label, template

if TYPE_CHECKING:
    import plotly.graph_objects as go

LARGEST = 1e100
"""Numbers beyond this are damage."""


@dataclass(frozen=True, slots=True, eq=False)
class TradeoffData:
    """Curves from the plan numbered `plan` and called `pick`, the allowance in words. `titles` and
    `units` say by name what objectives are called in full and measured in, also those allowed."""

    plan: int
    pick: str
    allowance: str
    curves: Curves
    titles: Mapping[str, str]
    units: Mapping[str, str]


def tradeoff_data(
    curves: Curves,
    *,
    plan: int,
    pick: str,
    allowance: str,
    titles: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> TradeoffData:
    """Curves with what is said of them; titles and units of objectives known here need not be."""
    objectives = {
        each.name: each for each in available() if each.name in (*curves.names, *curves.allow)
    }
    return TradeoffData(
        plan,
        pick,
        allowance,
        curves,
        {**(titles or {}), **{name: each.title for name, each in objectives.items()}},
        {**(units or {}), **{name: each.unit for name, each in objectives.items()}},
    )


def keep_curves(data: TradeoffData, folder: Path) -> Path:
    """Write the curves into a run folder, and return the file."""
    curves = data.curves
    arrays = ("plan", "shares", "relaxed", "attained")
    content = {
        "plan": data.plan,
        "pick": data.pick,
        "allowance": data.allowance,
        "titles": dict(data.titles),
        "units": dict(data.units),
        "curves": {"allow": curves.allow, "names": curves.names, "units": curves.units}
        | {name: _without_nan(getattr(curves, name)) for name in arrays},
    }
    file = folder / CURVES
    write_json(file, content, indent=1)
    return file


def kept_curves(folder: Path) -> TradeoffData | None:
    """The curves that a run folder holds, None if there are none.

    Raises SlitError for a damaged file.
    """
    file = folder / CURVES
    if kind_of(file) is None:
        return None
    content = read_json(file, holding="what slit tradeoff --figure wrote (remove it)")
    try:
        held = content["curves"]
        arrays = {
            name: np.array(held[name], dtype=np.float64)
            for name in ("plan", "shares", "relaxed", "attained")
        }
        curves = Curves(
            allow={str(name): float(value) for name, value in held["allow"].items()},
            names=tuple(map(str, held["names"])),
            units=tuple(map(str, held["units"])),
            **arrays,
        )
        shape = len(curves.shares), len(curves.names)
        if {curves.relaxed.shape, curves.attained.shape} != {shape}:
            raise ValueError(f"shape {curves.relaxed.shape}, expected {shape}")
        if not curves.allow or not curves.names or curves.plan.shape != shape[1:]:
            raise ValueError("no allowance, or nothing bought")
        numbers = [*curves.allow.values(), *(x for a in arrays.values() for x in a.ravel())]
        if max(abs(x) for x in numbers if not np.isnan(x)) > LARGEST:
            raise ValueError(f"a number above {LARGEST:g}")
        if len(curves.units) != len(curves.names) or curves.shares.ndim != 1:
            raise ValueError(f"{len(curves.units)} units, expected {len(curves.names)}")
        texts = {
            kind: {str(name): str(text) for name, text in content.get(kind, {}).items()}
            for kind in ("titles", "units")
        }
        return tradeoff_data(
            curves,
            plan=int(content["plan"]),
            pick=str(content["pick"]),
            allowance=str(content["allowance"]),
            **texts,
        )
    except (ValueError, KeyError, OverflowError, TypeError, AttributeError) as error:
        raise SlitError(
            f"{file}: {error}, expected what slit tradeoff --figure wrote (remove it)"
        ) from None


def draw_tradeoff(data: TradeoffData) -> "go.Figure":
    """One panel for each objective bought: the change of its relaxed minimum, and the change from
    this plan to the best one of the front; minus is less."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    curves = data.curves
    titles = data.titles
    drawn = make_subplots(
        rows=1,
        cols=len(curves.names),
        horizontal_spacing=0.09,
        subplot_titles=[label(titles.get(name, name)) for name in curves.names],
    )
    title, scale = _axis(data)
    for column, unit in enumerate(curves.units):
        lines = (
            (
                "on the relaxation",
                curves.relaxed[:, column] - curves.relaxed[0, column],
                {"width": 2.5, "color": color(0)},
            ),
            (
                "on the front",
                curves.attained[:, column] - curves.plan[column],
                {"width": 2.5, "color": color(1), "shape": "hv", "dash": "dot"},
            ),
        )
        for text, values, line in lines:
            trace = go.Scatter(
                x=scale * curves.shares,
                y=values,
                mode="lines+markers",
                name=text,
                line=line,
                showlegend=column == 0,
                hovertemplate=f"%{{y:+,.4g}} {label(unit)}<extra>{text}</extra>",
            )
            drawn.add_trace(trace, row=1, col=column + 1)
        drawn.update_xaxes(title_text=title, nticks=5, row=1, col=column + 1)
        drawn.update_yaxes(title_text=label(f"change ({unit})"), nticks=5, row=1, col=column + 1)
    drawn.update_layout(template=template("light"), height=360, margin={"t": 40})
    return drawn


def describe_tradeoff(data: TradeoffData) -> str:
    """The curves' ends in words."""
    curves = data.curves
    ends = [
        f"{called(name)} from {number(first)} to {number(last)} {unit} on the relaxation"
        for name, unit, first, last in zip(
            curves.names, curves.units, curves.relaxed[0], curves.relaxed[-1], strict=True
        )
    ]
    return f"From plan {data.plan} ({data.pick}): {'; '.join(ends)}."


def tradeoff_section(data: TradeoffData) -> Html:
    """What an allowance buys."""
    description = describe_tradeoff(data)
    return tag(
        "section",
        tag("h2", "What an allowance buys"),
        tag(
            "p",
            f"From plan {data.plan} ({data.pick}), if {data.allowance} were allowed, and shares of "
            "it: the change of each other objective (minus is less) while the rest stay as they "
            "are. On the relaxation that starts from its edge below the plan; on the front it is "
            "what the search found.",
        ),
        picture(
            Picture(
                "tradeoff",
                f"What allowing {data.allowance} buys",
                description,
                draw_tradeoff(data).to_plotly_json(),
                wide=True,
            )
        ),
        id="allowances",
    )


def _axis(data: TradeoffData) -> tuple[str, float]:
    """What the shares are drawn as: the amount of one allowance, or the share of several."""
    curves = data.curves
    if len(curves.allow) > 1:
        return "share of the allowance", 1.0
    ((name, amount),) = curves.allow.items()
    unit = f" ({data.units[name]})" if name in data.units else ""
    return label(f"{called(name)} allowed more{unit}"), amount


def _without_nan(values: Floats) -> list[object]:
    """Nested lists with None for NaN, which JSON does not know."""
    kept = values.astype(object)
    kept[np.isnan(values)] = None
    return list(kept.tolist())
