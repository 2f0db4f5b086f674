"""`world-2023`: the fleet of world-day on the real hours of one day of 2023."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from benchmarks.measuring.shared_data import without
from benchmarks.registry import Case
from slit.errors import SlitError
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario

FILE = Path(__file__).resolve().parent.parent / "scenarios" / "world-2023.toml"

DAYS = ("2023-01-18", "2023-04-15", "2023-07-19", "2023-10-17")
"""One of each season, a Saturday among them."""
DRAWN = 3
DRAW_FROM: str | None = "97b281995fcc0b9b689116751a0f653ae28e7254"
"""What the other days are drawn from: the commit at which tuning ended, so that nobody can have
tuned on them. None as long as it has not ended."""


def build(day: str) -> Scenario:
    """24 hours from midnight (UTC) of a day of 2023."""
    return load_scenario(FILE, start=day, hours=24)


def missing() -> str:
    """Why the case cannot be built, or nothing."""
    return without()


def drawn_days(commit: str, *, count: int = DRAWN) -> tuple[str, ...]:
    """`count` other days of 2023 that can be loaded, drawn from a commit's hexadecimal name."""
    rng = np.random.default_rng(int(commit, 16))
    found: list[str] = []
    for offset in rng.permutation(364):
        day = (date(2023, 1, 1) + timedelta(days=int(offset))).isoformat()
        if day not in DAYS and _loads(day):
            found.append(day)
        if len(found) == count:
            break
    return tuple(found)


def _loads(day: str) -> bool:
    try:
        build(day)
    except SlitError:
        return False
    return True


WORLD_2023 = Case(
    "world-2023",
    "the fleet of world-day on real hours of 2023 (needs the shared data)",
    build,
    frozenset({"bound", "compile", "evaluate", "moves", "optimize", "stability"}),
    missing,
)
