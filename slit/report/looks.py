"""How plans with a name are drawn: the same color and symbol in every run, report and page."""

from dataclasses import dataclass
from math import cos, pi, sin
from zlib import crc32

from slit.report.style import COLORS

_ORANGE, _SKY, _GREEN, _PINK = COLORS[1], COLORS[4], COLORS[2], COLORS[3]
_BLUE, _RED, _GRAY, _YELLOW = COLORS[0], COLORS[5], COLORS[6], COLORS[7]

Outline = tuple[tuple[float, float], ...]


def _rays(radii: tuple[float, ...], *, turn: float = 0.0) -> Outline:
    """Corners at even angles, clockwise from the top; `turn` is a share of a whole turn."""
    angles = [2 * pi * (n / len(radii) + turn) for n in range(len(radii))]
    return tuple(
        (round(radius * sin(angle), 3), round(-radius * cos(angle), 3))
        for radius, angle in zip(radii, angles, strict=True)
    )


_CROSS: Outline = (
    (-0.3, -1.0), (0.3, -1.0), (0.3, -0.3), (1.0, -0.3), (1.0, 0.3), (0.3, 0.3),
    (0.3, 1.0), (-0.3, 1.0), (-0.3, 0.3), (-1.0, 0.3), (-1.0, -0.3), (-0.3, -0.3),
)  # fmt: skip

OUTLINES: dict[str, Outline] = {
    "triangle-up": _rays((1.0,) * 3),
    "triangle-right": _rays((1.0,) * 3, turn=1 / 4),
    "triangle-down": _rays((1.0,) * 3, turn=1 / 2),
    "triangle-left": _rays((1.0,) * 3, turn=3 / 4),
    "pentagon": _rays((1.0,) * 5),
    "hexagon": _rays((1.0,) * 6),
    "octagon": _rays((1.0,) * 8, turn=1 / 16),
    "star": _rays((1.0, 0.42) * 5),
    "square": _rays((1.2,) * 4, turn=1 / 8),
    "diamond": _rays((1.1,) * 4),
    "cross": _CROSS,
    "x": tuple((round((x - y) / 2**0.5, 3), round((x + y) / 2**0.5, 3)) for x, y in _CROSS),
    "hourglass": ((-0.85, -1.0), (0.85, -1.0), (-0.85, 1.0), (0.85, 1.0)),
    "bowtie": ((-1.0, -0.85), (-1.0, 0.85), (1.0, -0.85), (1.0, 0.85)),
}
"""Corners of each symbol about its middle, y downwards, as svg and canvas want them; the names are
plotly's."""


@dataclass(frozen=True, slots=True)
class Look:
    """Color and symbol of a plan, and whether its line is dashed."""

    color: str
    symbol: str
    dashed: bool = False

    @property
    def outline(self) -> Outline:
        """The corners of the symbol."""
        return OUTLINES[self.symbol]


BALANCE = Look(_RED, "star")

_EXTREMES = {  # up: carbon and energy; down: water; left: money; right: quality of service
    "carbon": Look(_ORANGE, "triangle-up"),
    "carbon_equity": Look(_GRAY, "triangle-up"),
    "energy": Look(_YELLOW, "triangle-up"),
    "water": Look(_BLUE, "triangle-down"),
    "scarcity_water": Look(_SKY, "triangle-down"),
    "water_equity": Look(_GREEN, "triangle-down"),
    "cost": Look(_GREEN, "triangle-left"),
    "quality": Look(_PINK, "triangle-right"),
    "ttft": Look(_SKY, "triangle-right"),
    "slo_violation": Look(_GRAY, "triangle-right"),
    "answer_loss": Look(_YELLOW, "triangle-right"),
}
_METHODS = {
    "lexicographic": Look(_SKY, "square"),
    "nearest": Look(_BLUE, "x", dashed=True),
    "round_robin": Look(_SKY, "x", dashed=True),
    "random": Look(_GRAY, "x", dashed=True),
    "greedy_carbon": Look(_ORANGE, "hourglass", dashed=True),
    "greedy_cost": Look(_GREEN, "hourglass", dashed=True),
    "greedy_water": Look(_BLUE, "hourglass", dashed=True),
    "splitwise": Look(_YELLOW, "diamond", dashed=True),
    "helix": Look(_PINK, "diamond", dashed=True),
    "casper": Look(_RED, "diamond", dashed=True),
}


def look_of_extreme(objective: str) -> Look:
    """How the plan is drawn that is least in an objective."""
    return _EXTREMES.get(objective) or Look(_any_color(objective), "pentagon")


def look_of_method(name: str) -> Look:
    """How the one plan is drawn that a scheduler made."""
    return _METHODS.get(name) or Look(_any_color(name), "cross", dashed=True)


def _any_color(name: str) -> str:
    """A color for a plug-in's name: not `hash`, which differs from process to process."""
    return COLORS[crc32(name.encode()) % len(COLORS)]
