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
class PlanStyle:
    """Color and symbol of a plan, and whether its line is dashed."""

    color: str
    symbol: str
    dashed: bool = False

    @property
    def outline(self) -> Outline:
        """The corners of the symbol."""
        return OUTLINES[self.symbol]


BALANCE = PlanStyle(_RED, "star")

_EXTREMES = {  # up: carbon and energy; down: water; left: money; right: quality of service
    "carbon": PlanStyle(_ORANGE, "triangle-up"),
    "carbon_equity": PlanStyle(_GRAY, "triangle-up"),
    "energy": PlanStyle(_YELLOW, "triangle-up"),
    "water": PlanStyle(_BLUE, "triangle-down"),
    "scarcity_water": PlanStyle(_SKY, "triangle-down"),
    "water_equity": PlanStyle(_GREEN, "triangle-down"),
    "cost": PlanStyle(_GREEN, "triangle-left"),
    "quality": PlanStyle(_PINK, "triangle-right"),
    "ttft": PlanStyle(_SKY, "triangle-right"),
    "slo_violation": PlanStyle(_GRAY, "triangle-right"),
    "answer_loss": PlanStyle(_YELLOW, "triangle-right"),
    "reroute": PlanStyle(_RED, "octagon"),
    "starts": PlanStyle(_GREEN, "octagon"),
    "switches": PlanStyle(_BLUE, "octagon"),
    "ramp": PlanStyle(_ORANGE, "octagon"),
}
_METHODS = {
    "lexicographic": PlanStyle(_SKY, "square"),
    "today": PlanStyle(_GRAY, "diamond", dashed=True),
    "nearest": PlanStyle(_BLUE, "x", dashed=True),
    "round_robin": PlanStyle(_SKY, "x", dashed=True),
    "random": PlanStyle(_GRAY, "x", dashed=True),
    "greedy_carbon": PlanStyle(_ORANGE, "hourglass", dashed=True),
    "greedy_cost": PlanStyle(_GREEN, "hourglass", dashed=True),
    "greedy_water": PlanStyle(_BLUE, "hourglass", dashed=True),
    "splitwise": PlanStyle(_YELLOW, "diamond", dashed=True),
    "helix": PlanStyle(_PINK, "diamond", dashed=True),
    "casper": PlanStyle(_RED, "diamond", dashed=True),
}


def style_of_extreme(objective: str) -> PlanStyle:
    """How the plan is drawn that is least in an objective."""
    return _EXTREMES.get(objective) or PlanStyle(_any_color(objective), "pentagon")


def style_of_method(name: str) -> PlanStyle:
    """How the one plan is drawn that a scheduler made."""
    return _METHODS.get(name) or PlanStyle(_any_color(name), "cross", dashed=True)


def _any_color(name: str) -> str:
    """A color for a plug-in's name: not `hash`, which differs from process to process."""
    return COLORS[crc32(name.encode()) % len(COLORS)]
