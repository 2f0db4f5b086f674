"""How close a front comes to what is possible: gaps, the certified share, what is missing."""

from collections.abc import Sequence

from slit.certificates.certified import Certified, certified_data
from slit.certificates.gap_decomposition import ExtremeParts, GapParts
from slit.certificates.normalization import REACH
from slit.display import NOTHING, called, least_share, number, share

__all__ = [
    "EXTREME_COLUMNS",
    "GAP_COLUMNS",
    "GAP_NOTE",
    "PART_COLUMNS",
    "Certified",
    "certified_data",
    "describe_certified",
    "describe_reference",
    "describe_share",
    "extreme_rows",
    "gap_rows",
    "part_rows",
]

GAP_COLUMNS = ("Objective", "Best found", "Lower bound", "Gap, share of the range", "Gap, of bound")
PART_COLUMNS = ("Part of the bound", "Share", "What it is, and what it is not")
EXTREME_COLUMNS = ("Objective", "Gap", "Whole nodes", "Waits", "Left")
NOT_MEASURED = "not measured"
GAP_NOTE = (
    "Whole nodes: what a bound with whole nodes adds to the relaxation's, which no plan can avoid "
    "(measured by slit bound RUN --gap, to 0.1 %; at least, where time ran out). "
    "Waits: what waiting adds in the best plan found; another may wait less. Left: what the search "
    "may still find, and what whole chunks forbid."
)


def describe_share(data: Certified) -> str:
    """The certified share in one sentence."""
    if data.share is None:
        return "No certified share: fewer than two of the bounded objectives conflict."
    if not data.plans:
        return "Certified share 0 %: no plan is feasible."
    if not data.hypervolume:
        plans = "the only plan is not" if data.plans == 1 else f"of {data.plans:,} plans none is"
        return (
            f"Certified share 0 %: {plans} better than the reference point in all objectives. "
            f"{_why_nothing(data)}"
        )
    plans = "1 plan reaches" if data.plans == 1 else f"{data.plans:,} plans reach"
    return (
        f"Certified: {plans} at least {least_share(data.share)} of the hypervolume "
        f"that any front could have ({data.weights} weight vectors).{_why_little(data)}"
    )


LITTLE = 0.5
"""A certified share below this needs an explanation."""


def _why_nothing(data: Certified) -> str:
    """Why no plan is better than the reference point."""
    beyond = [
        f"{called(gap.name)} (best {number(gap.best)}, reference "
        f"{number(data.reference[gap.name])} {gap.unit})"
        for gap in data.gaps
        if gap.name in data.reference and gap.best >= data.reference[gap.name]
    ]
    where = (
        f"Even the best plan is not below it in {', '.join(beyond)}."
        if beyond
        else "In each objective some plan is below it, but none in all at once."
    )
    return (
        f"{where} The point comes from the relaxation, which divides nodes; plans run whole nodes, "
        "which alone can put all of them beyond it where a fleet is small or mostly idle. What "
        "each objective's best plan is above its bound says more."
    )


def _why_little(data: Certified) -> str:
    if data.share is None or data.share >= LITTLE:
        return ""
    return (
        " The bound divides nodes; plans run whole nodes, which can be most of the rest where a "
        "fleet is small or mostly idle (slit bound RUN --gap works out how much)."
    )


def describe_reference(data: Certified) -> str:
    """The reference point that a share is measured from."""
    box = data.certificate.box
    units = dict(zip(box.names, box.units, strict=True))
    listed = (
        f"{called(name)} {number(value)} {units[name]}" for name, value in data.reference.items()
    )
    return f"Reference point: {', '.join(listed)}."


def describe_certified(data: Certified) -> str:
    """The share with everything it depends on, in words."""
    if data.share is None:
        return "Fewer than two objectives conflict: a front has no hypervolume to certify."
    if not data.hypervolume:
        return f"{describe_share(data)} {describe_reference(data)}"
    plans = "1 plan" if data.plans == 1 else f"{data.plans:,} plans"
    return (
        f"The front of {plans} reaches at least {least_share(data.share)} of the hypervolume that "
        f"any front could have: {data.hypervolume:.4f} of at most {data.bound:.4f}, in the box "
        f"from the best possible values to {REACH:g} times the ranges of the relaxation, bounded "
        f"by {data.weights} weight vectors.{_why_little(data)} {describe_reference(data)}"
    )


def gap_rows(data: Certified) -> list[list[str]]:
    """The rows of a table with GAP_COLUMNS."""
    rows = [
        [
            called(gap.name),
            f"{number(gap.best)} {gap.unit}",
            f"{number(gap.bound)} {gap.unit}",
            share(gap.share),
            NOTHING if gap.percent is None else share(gap.percent / 100),
        ]
        for gap in data.gaps
    ]
    bounded = data.certificate.box.names
    return rows + [
        [
            called(name),
            NOTHING,
            f"{'left out' if name in bounded else 'no bound'}: {why}",
            NOTHING,
            NOTHING,
        ]
        for name, why in data.left_out.items()
    ]


def part_rows(parts: GapParts, *, plans: int) -> list[list[str]]:
    """What the bound on the hypervolume is made of: rows of a table with PART_COLUMNS."""
    volume = parts.volume
    if volume is None:
        return []
    listed: Sequence[tuple[str, float | None, str]] = (
        ("Reached by the front", volume.hypervolume, "The certified share."),
        (
            "Finite number of weights",
            volume.weights,
            "At most: what the bound exceeds the mixtures of the relaxation's own optima by. More "
            "weight vectors can lower the bound by no more.",
        ),
        (
            f"Finite number of plans ({plans:,})",
            volume.size,
            "At most: what these mixtures hold beyond as many points spread over them. As many "
            "better spread points lose less; a larger front of the search may gain it.",
        ),
        (
            "Whole nodes at the extremes",
            volume.nodes,
            "No plan can have it: the bound cut by the least value of each objective with whole "
            "nodes. What whole nodes cost between the extremes is not in it.",
        ),
        (
            "Waits",
            volume.waits,
            "What the plans found would gain if nobody waited, which the relaxation assumes. Other "
            "plans may wait less, so it is no proof.",
        ),
        (
            "Left",
            volume.left,
            "The rest: what the search may still find, and what whole chunks and, between the "
            "extremes, whole nodes forbid.",
        ),
    )
    return [
        [name, NOT_MEASURED if part is None else share(part / volume.bound), meaning]
        for name, part, meaning in listed
    ]


def extreme_rows(parts: GapParts) -> list[list[str]]:
    """What the gap of each objective's best plan is made of: rows with EXTREME_COLUMNS."""
    return [
        [
            called(each.name),
            _part(each, each.gap),
            NOT_MEASURED if each.nodes is None else _part(each, each.nodes, least=not each.proven),
            _part(each, each.waits),
            _part(each, each.left),
        ]
        for each in parts.extremes
    ]


def _part(extreme: ExtremeParts, part: float, *, least: bool = False) -> str:
    """A part in per cent of the bound, or where that is not positive of the range, else its size.

    What is but rounding is 0.
    """
    size = max(abs(extreme.bound), extreme.range)
    exact = 0.0 if abs(part) <= 1e-7 * size else part
    relative = extreme.relative(exact)
    if relative is not None:
        text = share(relative / 100)
    elif extreme.range > 0:
        text = f"{share(exact / extreme.range)} of the range"
    else:
        text = f"{number(exact)} {extreme.unit}"
    return f"at least {text}" if least else text
