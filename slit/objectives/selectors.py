"""Which requests and places a measure is restricted to: "quality[class=chat,origin=frankfurt]"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product as combinations

import numpy as np

from operators.types import Bools
from slit.errors import SlitError, did_you_mean
from slit.scenario.scenario import Scenario

EACH = "*"
"""Written for a name: one limit for each."""
SELECTED = re.compile(r"(?P<measure>[^\[\]]*)\[(?P<inside>.*)\]")


class Key(StrEnum):
    """What a selector goes by, in the order in which it is written."""

    AFTER = "after"
    CLASS = "class"
    ORIGIN = "origin"
    JURISDICTION = "jurisdiction"
    DATACENTER = "datacenter"
    POOL = "pool"
    VARIANT = "variant"
    SHARE = "share"


NUMBERS = {
    Key.AFTER: "seconds to the first token, as late[after=0.5]",
    Key.SHARE: "a share of the plan's total from 0 to 1",
}


@dataclass(frozen=True, slots=True)
class Selected:
    """A measure and what it is restricted to: pairs of key and name, in the order of `Key`."""

    measure: str
    chosen: tuple[tuple[Key, str], ...] = ()

    def __str__(self) -> str:
        inside = ",".join(f"{key}={name}" for key, name in self.chosen)
        return f"{self.measure}[{inside}]" if inside else self.measure

    @property
    def keys(self) -> tuple[Key, ...]:
        """What it goes by."""
        return tuple(key for key, _ in self.chosen)

    def get(self, key: Key) -> str | None:
        """The name chosen for a key."""
        return dict(self.chosen).get(key)

    def number(self, key: Key) -> float | None:
        """The number given for a key of `NUMBERS`."""
        text = self.get(key)
        return None if text is None else float(text)

    def of(self, key: Key, name: str) -> "Selected":
        """The same with a name for a key, in place of the one before."""
        pairs = {**dict(self.chosen), key: name}
        return replace(self, chosen=tuple((each, pairs[each]) for each in Key if each in pairs))

    def words(self) -> str:
        """What it is restricted to: "class chat, origin frankfurt"."""
        return ", ".join(f"{key} {name}" for key, name in self.chosen if key not in NUMBERS)

    def each(self, scenario: Scenario) -> list["Selected"]:
        """One for each name that `*` stands for; itself where there is none.

        Classes and origins without a request together are left out. Raises SlitError for a name
        that the scenario does not have.
        """
        starred = [key for key, name in self.chosen if name == EACH]
        every = []
        for names in combinations(*(names_of(scenario, key) for key in starred)):
            found = self
            for key, name in zip(starred, names, strict=True):
                found = found.of(key, name)
            if not starred or requests_of(found, scenario).any():
                check_names(found, scenario)
                every.append(found)
        if not every:
            check_names(self, scenario)
        return every


def read_selected(text: str, said: str) -> Selected:
    """A measure with its selector, from text. Raises SlitError that begins with `said`."""
    found = SELECTED.fullmatch(text.strip())
    if found is None:
        if "[" in text or "]" in text:
            raise SlitError(f"{said}: {text!r}, expected brackets as in quality[class=chat]")
        return Selected(text.strip())
    chosen = Selected(found["measure"].strip())
    for part in found["inside"].split(","):
        name, sign, value = (side.strip() for side in part.partition("="))
        keys = [key.value for key in Key if key is not Key.SHARE]  # which slit writes itself
        if name not in (*keys, Key.SHARE):
            raise SlitError(
                f"{said}: {name!r} in brackets, expected one of {', '.join(keys)}"
                f"{did_you_mean(name, keys)}"
            )
        key = Key(name)
        if not sign or not value:
            raise SlitError(f"{said}: {part.strip()!r}, expected {key}={_example(key)}")
        if key in chosen.keys:
            raise SlitError(f"{said}: {key} twice, expected it once")
        chosen = chosen.of(key, _number(key, value, said) if key in NUMBERS else value)
    return chosen


def names_of(scenario: Scenario, key: Key) -> tuple[str, ...]:
    """The names of a scenario that a key chooses from."""
    records: dict[Key, Sequence[str]] = {
        Key.CLASS: [each.name for each in scenario.classes],
        Key.ORIGIN: [each.name for each in scenario.origins],
        Key.JURISDICTION: [each.jurisdiction for each in scenario.datacenters],
        Key.DATACENTER: [each.name for each in scenario.datacenters],
        Key.POOL: [each.name for each in scenario.pools],
        Key.VARIANT: [each.name for each in scenario.variants],
    }
    return tuple(name for name in dict.fromkeys(records[key]) if name)


def check_names(selected: Selected, scenario: Scenario) -> None:
    """Raise SlitError for names that a scenario does not have, and requests that there are not."""
    for key, name in selected.chosen:
        if key in NUMBERS:
            continue
        known = names_of(scenario, key)
        if name not in known:
            listed = ", ".join(known) or f"none, as no {key} is stated"
            raise SlitError(
                f"{selected}: {key} {name!r}, expected one of {listed}{did_you_mean(name, known)}"
            )
    if not requests_of(selected, scenario).any():
        raise SlitError(f"{selected}: no requests, expected some of {selected.words()}")


def requests_of(selected: Selected, scenario: Scenario) -> Bools:
    """(T, O, K): where there are requests of the class and origin, if these are chosen."""
    wanted = scenario.demand.requests > 0
    for axis, key in ((1, Key.ORIGIN), (2, Key.CLASS)):
        name = selected.get(key)
        if name is not None:
            here = np.array([each == name for each in names_of(scenario, key)], np.bool_)
            wanted = wanted & np.expand_dims(here, [n for n in range(3) if n != axis])
    return np.asarray(wanted)


def _number(key: Key, text: str, said: str) -> str:
    """A number as it is written, without a point where it is whole."""
    try:
        number = float(text.removesuffix("s"))
    except ValueError:
        number = -1.0
    if not 0.0 <= number < np.inf:
        raise SlitError(f"{said}: {key}={text}, expected {NUMBERS[key]}")
    return repr(number).removesuffix(".0")


def _example(key: Key) -> str:
    return "SECONDS" if key in NUMBERS else "NAME"
