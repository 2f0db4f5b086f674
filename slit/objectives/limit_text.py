"""Limits as a person writes them: "quality<=0.36", "carbon <= nearest", "cost<=nearest+5%",
"accuracy[class=code]>=0.6", "requests[datacenter=*]<=40%", "ttft_p95<=1.2"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from slit.errors import SlitError
from slit.objectives.builtin import answer_loss, ttft
from slit.objectives.define import Objective
from slit.objectives.limits import Limit
from slit.objectives.registry import check_known, find, find_measure
from slit.objectives.restricted import LATE, SHARED
from slit.objectives.selectors import EACH, Key, Selected, read_selected
from slit.scenario.scenario import Scenario

SHARE = "share"
"""Unit of objectives that may be limited in per cent."""
ACCURACY = "accuracy"
"""1 - answer_loss: the one measure of which more is better."""
BEST = "best"
"""In place of a reference plan: what the best placement of each request gives."""
FORMS = 'MEASURE<=MOST, as quality<=0.36, carbon<=nearest or "cost<=nearest+5%"'

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_PARTS = re.compile(r"(?P<left>[^\[<>=≤≥]*(?:\[.*\]\s*)?)(?P<sign>[<>=≤≥]+)(?P<right>.*)", re.S)
_PLAIN = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<unit>[^\d.].*)?")
_THOUSANDS = re.compile(r"(?P<number>[+-]?\d+(?:[,'’ _]\d+)+(?:\.\d+)?)\s*(?P<unit>\D*)")
_RELATIVE = re.compile(r"(?P<plan>[A-Za-z]\w*)\s*(?:(?P<sign>[+-])\s*(?P<rest>.*))?")
_SHARE_OF = re.compile(rf"(?P<share>{_NUMBER})\s*%\s*(?:of\s+)?(?P<plan>[A-Za-z]\w*)")
_PERCENTILE = re.compile(rf"{ttft.name}_p(?P<percent>\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A limit as it was asked for: `measure` names an objective, `accuracy`, or a percentile of the
    time to first token as `ttft_p95`.

    number: in the measure's unit, or in per cent of the plan's total (`of_total`); None where the
    limit is what the reference plan `plan` reaches and `percent` more.
    """

    measure: str
    number: float | None = None
    plan: str | None = None
    percent: float = 0.0
    of_total: bool = False

    def __str__(self) -> str:
        """The text that `read_limit` reads as this limit."""
        sign = ">=" if self.at_least else "<="
        if self.plan is None:
            return f"{self.measure}{sign}{_plain(self.number)}{'%' * self.of_total}"
        change = f"{'+' * (self.percent > 0)}{_plain(self.percent)}%" if self.percent else ""
        return f"{self.measure}{sign}{self.plan}{change}"

    @property
    def at_least(self) -> bool:
        """Whether it is a floor: of what is better the more there is."""
        return self._selected.measure == ACCURACY

    @property
    def objective(self) -> Objective:
        """What is limited from above: of `accuracy` what is lost. Raises SlitError."""
        selected = self._selected
        if self.at_least:
            selected = replace(selected, measure=answer_loss.name)
        if self._later is not None:
            selected = replace(selected, measure=LATE).of(Key.AFTER, _plain(self.number))
        if self.of_total:
            selected = selected.of(Key.SHARE, repr((self.number or 0.0) / 100.0))
        return find_measure(selected, f"limit '{self}'")

    def each(self, scenario: Scenario) -> Iterator["StatedLimit"]:
        """One for each name that `*` stands for. Raises SlitError for names that are unknown."""
        try:
            for selected in self._selected.each(scenario):
                yield replace(self, measure=str(selected))
        except SlitError as error:
            said = str(error).partition(": ")[2]  # which measure stands in the limit
            raise SlitError(f"limit '{self}': {said}") from None

    def at(self, value: float) -> float:
        """The most of the objective, where the reference plan (if there is one) reaches `value`."""
        if self.of_total:
            return (self.number or 0.0) / 100.0
        if self._later is not None:
            return self._later
        if self.plan is not None and not self.percent:
            return value
        size = 1.0 - value if self.at_least else value
        stated = size + self.percent / 100.0 * abs(size) if self.number is None else self.number
        return 1.0 - stated if self.at_least else stated

    @property
    def _later(self) -> float | None:
        """The share of requests that may be later, of a percentile."""
        found = _PERCENTILE.fullmatch(self._selected.measure)
        return None if found is None else round(1.0 - float(found["percent"]) / 100.0, 12)

    @property
    def _selected(self) -> Selected:
        return read_selected(self.measure, "limit")


@dataclass(frozen=True, slots=True)
class ResolvedLimit:
    """A limit as a run kept to it: `most` of the objective `measure` in `unit`. `value` is what the
    reference plan `plan` reaches, where the limit is relative to one.

    at_least: it was stated as a floor, of 1 - measure.
    """

    text: str
    measure: str
    unit: str
    most: float
    plan: str | None = None
    value: float | None = None
    at_least: bool = False

    @property
    def limit(self) -> Limit:
        """As evaluators take it. Raises SlitError for a measure that nobody knows."""
        return Limit(find([self.measure])[0], self.most)

    @property
    def stated_measure(self) -> str:
        """What was limited, as it was called."""
        return self.measure.replace(answer_loss.name, ACCURACY) if self.at_least else self.measure

    def as_stated(self, value: float) -> float:
        """A value of the objective as one of what was limited."""
        return 1.0 - value if self.at_least else value


def read_limit(text: str) -> StatedLimit:
    """A limit from text. Raises SlitError that says what is wrong with it."""
    said = f"limit {text!r}"
    if not isinstance(text, str):
        raise SlitError(f"limit: {type(text).__name__}, expected text or a Limit ({FORMS})")
    found = _PARTS.fullmatch(text)
    if found is None:
        missing = "]" if "[" in text and "]" not in text else "<="
        raise SlitError(f"{said}: no {missing}, expected {FORMS}")
    left, sign, right = (found[name].strip() for name in ("left", "sign", "right"))
    selected = read_selected(left, said)
    percentile = _PERCENTILE.fullmatch(selected.measure)
    if percentile is not None:
        return _of_percentile(selected, float(percentile["percent"]), sign, right, said)
    objective = measure_called(selected, said)
    floor = selected.measure == ACCURACY
    if sign not in ((">=", "≥") if floor else ("<=", "≤")):
        way = ">= (more is better" if floor else "<= (what is least is best of every objective"
        raise SlitError(
            f"{said}: {sign}, expected {way}; {selected}: {objective.title}, {objective.unit})"
        )
    if not right:
        raise SlitError(f"{said}: nothing after {sign}, expected {_expected(objective)}")
    relative, share = _RELATIVE.fullmatch(right), _SHARE_OF.fullmatch(right)
    if share is not None:
        return StatedLimit(str(selected), plan=share["plan"], percent=float(share["share"]) - 100.0)
    if relative is not None and right.casefold() not in ("inf", "infinity", "nan"):
        plan = relative["plan"]
        percent = _percent(relative["sign"], relative["rest"], plan, said)
        return StatedLimit(str(selected), plan=plan, percent=percent)
    if right.endswith("%") and objective.unit != SHARE and _may_share(selected):
        return StatedLimit(str(selected), _share_of_total(right, said), of_total=True)
    return StatedLimit(str(selected), _most(right, objective, said))


def stated(measure: str, bound: float | str, *, at_least: bool = False) -> StatedLimit:
    """A limit from its two sides, `bound` a number or as text. Raises SlitError."""
    right = bound if isinstance(bound, str) else _plain(bound)
    return read_limit(f"{measure}{'>=' if at_least else '<='}{right}")


def measure_called(selected: Selected, said: str) -> Objective:
    """The objective behind a measure, `*` standing for any name; a SlitError that begins with
    `said` if there is none."""
    check_known(selected.measure, said, others=[ACCURACY])
    if selected.measure == ACCURACY:
        selected = replace(selected, measure=answer_loss.name)
    for key, name in selected.chosen:
        if name == EACH:
            selected = selected.of(key, "each")
    return find_measure(selected, said)


def _of_percentile(
    selected: Selected, percent: float, sign: str, right: str, said: str
) -> StatedLimit:
    """A percentile of the time to first token: at most so long where at most the rest is later."""
    if not 0.0 < percent < 100.0:
        raise SlitError(f"{said}: p{_plain(percent)}, expected a percentile from 0 to 100")
    found = re.fullmatch(rf"(?P<seconds>{_NUMBER})\s*s?", right)
    if sign not in ("<=", "≤") or found is None or float(found["seconds"]) < 0.0:
        raise SlitError(f"{said}: {sign}{right}, expected <= and a number (s)")
    seconds = float(found["seconds"])
    if Key.AFTER in selected.keys:
        raise SlitError(f"{said}: {selected.measure} by after, expected class or origin")
    measure_called(replace(selected, measure=LATE).of(Key.AFTER, _plain(seconds)), said)
    return StatedLimit(str(selected), seconds)


def _may_share(selected: Selected) -> bool:
    """Whether it may be limited in per cent of the plan's total."""
    return selected.measure in SHARED and bool(selected.chosen)


def _share_of_total(text: str, said: str) -> float:
    found = re.fullmatch(rf"({_NUMBER})\s*%", text)
    if found is None or not 0.0 <= float(found[1]) <= 100.0:
        raise SlitError(f"{said}: {text}, expected 0 to 100 % of the plan's total")
    return float(found[1])


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
