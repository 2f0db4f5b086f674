"""How figures are written for people, in commands, reports and pages alike."""

from math import isnan

NOTHING = "–"
"""Where a figure has no meaning."""
_LOSSES = {"quality": "quality lost"}


def called(objective: str) -> str:
    """The name of an objective where only it and a unit stand: `quality` counts what is lost."""
    return _LOSSES.get(objective, objective)


def number(value: float) -> str:
    """Four significant digits or the whole number, with thousands apart: 8,268, 0.4469, 12.35."""
    size = abs(value)
    if size >= 999.95:
        return _signed(f"{value:,.0f}")
    if size == 0:
        return "0"
    return _signed(f"{value:.3g}" if size < 1e-3 else f"{value:.4g}")


def percent(change: float | None) -> str:
    """A change in per cent, minus is less: +12.3 %, −80.5 %, 0 %; 0.0 % where it rounds to that."""
    if change is None or isnan(change):
        return NOTHING
    if change == 0:
        return "0 %"
    if abs(change) < 0.05:
        return "0.0 %"
    return _signed(f"{change:+,.0f} %" if abs(change) >= 999.95 else f"{change:+.1f} %")


def share(value: float | None) -> str:
    """A share of a whole in per cent, at most four digits: 98.25 %, 0.03 %, < 0.01 %, 0 %.

    What is less than all is never said to be all: > 99.99 %.
    """
    if value is None or isnan(value):
        return NOTHING
    if value == 0:
        return "0 %"
    if 0 < value < 1e-4:
        return "< 0.01 %"
    if 0.9999 < value < 1 - 1e-12:  # closer is rounding
        return "> 99.99 %"
    per_cent = 100 * value
    rounded = f"{per_cent:,.0f}" if abs(per_cent) >= 999.95 else f"{round(per_cent, 2):.4g}"
    return _signed(f"{rounded} %")


def amount(value: float, unit: str) -> str:
    """A difference with its unit; of shares in percentage points: 12.35 kg, −1.2 percentage
    points."""
    if unit == "share":
        return f"{number(100 * value)} percentage points"
    return f"{number(value)} {unit}"


def counted(count: float, noun: str, plural: str | None = None) -> str:
    """So many of something: 1 node start, 1,204 node starts."""
    return f"{count:,.0f} {noun if count == 1 else plural or f'{noun}s'}"


def beyond(violation: float, refused: int = 0) -> str:
    """What a constraint violation says: whole nodes beyond capacity, of it `refused` starts, and
    below 1 what exceeds limits.

    "3 nodes beyond capacity, 2 node starts refused (minimum time down), beyond a limit"; nothing
    for 0.
    """
    nodes = int(violation) - refused
    said = [f"{counted(nodes, 'node')} beyond capacity"] if nodes else []
    if refused:
        said.append(f"{counted(refused, 'node start')} refused (minimum time down)")
    if violation > int(violation):
        said.append("beyond a limit")
    return ", ".join(said)


def least_share(value: float) -> str:
    """A share that is reached at least, so rounded down: 0.9446 is at least 94.4 %."""
    return f"{int(1000 * value + 1e-9) / 10:.1f} %"


def _signed(text: str) -> str:
    """With the sign for minus."""
    return f"−{text[1:]}" if text.startswith("-") else text
