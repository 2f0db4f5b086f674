"""Limits as a person writes them: "quality<=0.36", "carbon <= nearest", "cost<=nearest+5%"."""

import re
from dataclasses import dataclass

from slit.errors import SlitError, did_you_mean
from slit.objectives.define import Objective
from slit.objectives.limits import Limit
from slit.objectives.registry import available, find

SHARE = "share"
"""Unit of objectives that may be limited in per cent."""
FORMS = 'MEASURE<=MOST, as quality<=0.36, carbon<=nearest or "cost<=nearest+5%"'

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_PLAIN = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<unit>[^\d.].*)?")
_THOUSANDS = re.compile(r"(?P<number>[+-]?\d+(?:[,'’ _]\d+)+(?:\.\d+)?)\s*(?P<unit>\D*)")
_RELATIVE = re.compile(r"(?P<plan>[A-Za-z]\w*)\s*(?:(?P<sign>[+-])\s*(?P<rest>.*))?")


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A limit as it was asked for: `measure` names an objective.

    most: a number in the objective's unit, or None where the limit is what the reference plan
    `plan` reaches and `percent` more.
    """

    measure: str
    most: float | None = None
    plan: str | None = None
    percent: float = 0.0

    def __str__(self) -> str:
        """The text that `read_limit` reads as this limit."""
        if self.plan is None:
            return f"{self.measure}<={_plain(self.most)}"
        change = f"{'+' * (self.percent > 0)}{_plain(self.percent)}%" if self.percent else ""
        return f"{self.measure}<={self.plan}{change}"

    def at(self, value: float) -> float:
        """The number, where the reference plan (if there is one) reaches `value`."""
        return value + self.percent / 100.0 * abs(value) if self.most is None else self.most


@dataclass(frozen=True, slots=True)
class ResolvedLimit:
    """A limit as a run kept to it: `most` in `unit`. `value` is what the reference plan `plan`
    reaches, where the limit is relative to one."""

    text: str
    measure: str
    unit: str
    most: float
    plan: str | None = None
    value: float | None = None

    @property
    def limit(self) -> Limit:
        """As evaluators take it. Raises SlitError for a measure that nobody knows."""
        return Limit(find([self.measure])[0], self.most)


def read_limit(text: str) -> StatedLimit:
    """A limit from text. Raises SlitError that says what is wrong with it."""
    said = f"limit {text!r}"
    if not isinstance(text, str):
        raise SlitError(f"limit: {type(text).__name__}, expected text or a Limit ({FORMS})")
    left, sign, right = _parted(text, said)
    objective = measure_called(left, said)
    if sign not in ("<=", "≤"):
        raise SlitError(
            f"{said}: {sign}, expected <= (what is least is best of every objective; "
            f"{objective.name}: {objective.title}, {objective.unit})"
        )
    if not right:
        raise SlitError(f"{said}: nothing after <=, expected {_expected(objective)}")
    relative = _RELATIVE.fullmatch(right)
    if relative is not None and right.casefold() not in ("inf", "infinity", "nan"):
        plan = relative["plan"]
        percent = _percent(relative["sign"], relative["rest"], plan, said)
        return StatedLimit(objective.name, plan=plan, percent=percent)
    return StatedLimit(objective.name, _most(right, objective, said))


def stated(measure: str, most: float | str) -> StatedLimit:
    """A limit from its two sides, `most` a number or as text. Raises SlitError."""
    return read_limit(f"{measure}<={most if isinstance(most, str) else _plain(most)}")


def measure_called(name: str, said: str) -> Objective:
    """The objective called `name`; a SlitError that begins with `said` if there is none."""
    known = {objective.name: objective for objective in available()}
    if name not in known:
        raise SlitError(
            f"{said}: {name!r}, expected one of {', '.join(known)}{did_you_mean(name, known)}"
        )
    return known[name]


def _parted(text: str, said: str) -> tuple[str, str, str]:
    found = re.search(r"[<>=≤≥]+", text)
    if found is None:
        raise SlitError(f"{said}: no <=, expected {FORMS}")
    return text[: found.start()].strip(), found.group(), text[found.end() :].strip()


def _percent(sign: str | None, rest: str | None, plan: str, said: str) -> float:
    """The change against what a plan reaches."""
    if sign is None:
        return 0.0
    found = re.fullmatch(rf"({_NUMBER})\s*%", rest or "")
    if found is None or found.group(1).startswith(("+", "-")):
        raise SlitError(
            f"{said}: {sign}{rest}, expected a change in per cent of what {plan} reaches, "
            f"as {plan}+5%"
        )
    percent = float(found.group(1))
    return -percent if sign == "-" else percent


def _most(text: str, objective: Objective, said: str) -> float:
    """A number in the objective's unit."""
    apart = _THOUSANDS.fullmatch(text)
    if apart is not None:
        instead = _without_separators(apart["number"])
        raise SlitError(
            f"{said}: {apart['number']}, expected {instead} (a number without separators, "
            f"with a decimal point, {objective.unit})"
        )
    found = _PLAIN.fullmatch(text)
    if found is None:
        raise SlitError(f"{said}: {text!r}, expected {_expected(objective)}")
    most, unit = float(found["number"]), (found["unit"] or "").strip()
    if unit == "%":
        if objective.unit != SHARE:
            raise SlitError(
                f"{said}: {text}, expected {_expected(objective)} (per cent only of a plan, as "
                f"nearest+5%, or of a share)"
            )
        most /= 100.0
    elif unit and unit not in (objective.unit, objective.unit.split()[0]):
        raise SlitError(f"{said}: unit {unit!r}, expected a number in {objective.unit}")
    if most in (float("inf"), float("-inf")):
        raise SlitError(f"{said}: {text}, expected a finite number ({objective.unit})")
    return most


def _without_separators(number: str) -> str:
    """What a number with separators may mean: a comma may also be a decimal one."""
    first, *rest = re.split(r"[,'’ _]", number)
    readings = [first + "".join(rest)] if all(len(part[:3]) == 3 for part in rest) else []
    if len(rest) == 1 and "," in number and "." not in number:
        readings.append(f"{first}.{rest[0]}")
    return " or ".join(readings) or "digits only"


def _plain(value: float | None) -> str:
    """A number to the last bit, without a point where it is whole."""
    return repr(value).removesuffix(".0")


def _expected(objective: Objective) -> str:
    per_cent = " or per cent" if objective.unit == SHARE else ""
    return f"a number ({objective.unit}{per_cent}) or a reference plan, as nearest or nearest+5%"
