"""What a link to the page says: the state of its views and knobs, and nothing else."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from slit.app.plan_selection import Range

VIEWS = ("front", "plan", "compare")
LARGEST_PREFERENCE = 5.0
MOST_FIELDS = 200
SCALES = ("auto", "linear", "log")
"""Axes: logarithmic where values span much, all linear, all logarithmic."""
NO_LIMIT = "none"
"""In an address: a limit that is preset does not hold."""
FREE: Range = (None, None)
BY_RUN = "run"
"""Instead of an objective: color by run."""


@dataclass(frozen=True, slots=True)
class PageState:
    """`hour` is 0 for the whole horizon, else 1 to T; `plan` and `other` are keys of plans."""

    view: str = "front"
    plan: str | None = None
    other: str | None = None
    x: str = ""
    y: str = ""
    color: str = ""
    scale: str = "auto"
    hour: int = 0
    sort: str = ""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    preferences: Mapping[str, float] = field(default_factory=dict)


def default_state(names: Sequence[str], preset: Mapping[str, Range] | None = None) -> PageState:
    """The first three objectives in the scatter, no limit but those `preset`, equal preferences."""
    last = len(names) - 1
    axes = names[0], names[min(1, last)], names[min(2, last)]
    return PageState(x=axes[0], y=axes[1], color=axes[2], ranges=dict(preset or {}))


def to_query(
    state: PageState, names: Sequence[str], preset: Mapping[str, Range] | None = None
) -> str:
    """The state as the query of an address; what is as at first is left out."""
    first = default_state(names, preset)
    fields: list[tuple[str, str]] = [
        (key, str(getattr(state, key)))
        for key in ("view", "plan", "other", "x", "y", "color", "scale", "hour", "sort")
        if getattr(state, key) != getattr(first, key)
    ]
    for name in names:
        ends = state.ranges.get(name, FREE)
        if ends != first.ranges.get(name, FREE):
            said = [
                (f"{key}.{name}", repr(end))
                for key, end in zip(("min", "max"), ends, strict=True)
                if end is not None
            ]
            fields += said or [(f"max.{name}", NO_LIMIT)]
        preference = state.preferences.get(name, 1.0)
        fields += [(f"like.{name}", f"{preference:g}")] if preference != 1.0 else []
    return f"?{urlencode(fields)}" if fields else ""


def parse_query(
    query: str,
    *,
    names: Sequence[str],
    keys: Mapping[str, object],
    epochs: int,
    preset: Mapping[str, Range] | None = None,
) -> PageState:
    """The state that a query says. Whatever is unknown or makes no sense is left out."""
    try:
        fields = dict(parse_qsl(query.removeprefix("?"), max_num_fields=MOST_FIELDS))
    except ValueError:
        fields = {}
    first = default_state(names, preset)
    ranges = dict(first.ranges)
    preferences = {}
    for name in names:
        ends = _number(fields.get(f"min.{name}")), _number(fields.get(f"max.{name}"))
        if ends != FREE:
            ranges[name] = ends
        elif fields.get(f"max.{name}") == NO_LIMIT:
            ranges.pop(name, None)
        preference = _number(fields.get(f"like.{name}"))
        if preference is not None and 0 <= preference <= LARGEST_PREFERENCE:
            preferences[name] = preference

    def one_of(key: str, allowed: Sequence[str] | Mapping[str, object], default: str) -> str:
        value = fields.get(key, default)
        return value if value in allowed else default

    hour = _number(fields.get("hour"))
    return PageState(
        view=one_of("view", VIEWS, first.view),
        plan=one_of("plan", keys, "") or None,
        other=one_of("other", keys, "") or None,
        x=one_of("x", names, first.x),
        y=one_of("y", names, first.y),
        color=one_of("color", (*names, BY_RUN), first.color),
        scale=one_of("scale", SCALES, "auto"),
        hour=int(hour) if hour is not None and hour in range(epochs + 1) else 0,
        sort=one_of("sort", names, ""),
        ranges=ranges,
        preferences=preferences,
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
