"""Today's routing: which share of an origin's class is served where, hour by hour."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from slit.data.timestamps import microseconds_of, stamp_text
from slit.errors import SlitError
from slit.scenario.fit import ServedPair, allowed_pairs, obstacles, pairs, residency
from slit.scenario.scenario import Scenario

TODAY = "today"
"""Name of the plan that it makes."""
DAY = 86_400_000_000
"""Microseconds."""
BEFORE = -1
"""The epoch before the first one."""
ROUNDING = 1e-3 + 1e-9
"""By how much shares may miss 1: what three digits leave."""

Key = tuple[int, str | None, str | None]
"""Of rows: from when on, origin, class; None where all are meant."""

Place = tuple[int, int, int]
"""Pool and variant, by their indices, and batch of the operating point."""


@dataclass(frozen=True, eq=False)
class Routing:
    """Today's routing of a scenario. `label` is what messages begin with.

    Rows hold from their hour to the next one that the table has; for a time beyond the table,
    those of the same time of day at its end. Rows that name a group's origin and class count for
    it, or else those that name its origin, its class, neither.
    """

    scenario: Scenario
    label: str = TODAY

    @cached_property
    def _rows(self) -> Mapping[Key, list[int]]:
        rows = defaultdict(list)
        for n, entry in enumerate(self.scenario.today):
            begin = 0 if entry.hour is None else microseconds_of(entry.hour)
            rows[begin, entry.origin, entry.request_class].append(n)
        return dict(rows)

    @cached_property
    def _begins(self) -> list[int]:
        return sorted({begin for begin, *_ in self._rows})

    @cached_property
    def _places(self) -> list[Place]:
        """Of each row."""
        points = ServablePoints(self.scenario)
        return [
            points.place(entry.pool, entry.variant, entry.batch, lambda: self.label)
            for entry in self.scenario.today
        ]

    def shares(self, epoch: int, origin: int, request_class: int) -> dict[Place, float]:
        """The share of a group at each place; empty where the table has none. BEFORE the first
        epoch: what the table has of then, or else of the first."""
        key = self._key(epoch, origin, request_class)
        if key is None and epoch == BEFORE:
            key = self._key(0, origin, request_class)
        found: dict[Place, float] = defaultdict(float)
        for n in self._rows[key] if key is not None else ():
            found[self._places[n]] += self.scenario.today[n].share
        return {place: share for place, share in found.items() if share > 0}

    def check(self) -> None:
        """Raise SlitError where a group with requests has no shares, shares that do not sum to 1,
        or one at a placement that may not serve it."""
        allowed = allowed_pairs(self.scenario)
        number = {place_of(pair): n for n, pair in enumerate(pairs(self.scenario))}
        seen = set()
        for t, o, k in self._groups():
            key = self._key(t, o, k)
            if key is None:
                if t == BEFORE:
                    continue
                raise SlitError(f"{self.label}: {self._missing(t, o, k)}")
            if (key, o, k) in seen:
                continue
            seen.add((key, o, k))
            shares = self.shares(t, o, k)
            total = sum(shares.values())
            if abs(total - 1.0) > ROUNDING:
                raise SlitError(
                    f"{self.label}: {self._called(t, o, k)}: shares sum to {total:.6g}, expected "
                    "1 (all requests)"
                )
            for place in shares:
                if not allowed[o, k, number[place]]:
                    called = self._called(t, o, k)
                    raise SlitError(f"{self.label}: {called}: {self._refusal(o, k, place)}")

    def _groups(self) -> Iterator[tuple[int, int, int]]:
        """Epoch, origin and class of all with requests, and of the first epoch once more before."""
        for t, o, k in np.argwhere(self.scenario.demand.requests > 0).tolist():
            if t == 0:
                yield BEFORE, o, k
            yield t, o, k

    def _key(self, epoch: int, origin: int, request_class: int) -> Key | None:
        """Where the rows of a group stand; None where there are none."""
        begin = self._begin(epoch)
        if begin is None:
            return None
        name = self.scenario.origins[origin].name
        kind = self.scenario.classes[request_class].name
        keys = (begin, name, kind), (begin, name, None), (begin, None, kind), (begin, None, None)
        return next((key for key in keys if key in self._rows), None)

    def _begin(self, epoch: int) -> int | None:
        """Since when the rows hold that an epoch has; None where the table has none."""
        begins = self._begins
        if len(begins) < 2:
            return begins[0] if begins else None
        moment, end = self._moment(epoch), begins[-1] + min(b - a for a, b in pairwise(begins))
        if not begins[0] <= moment < end:
            moment = end - DAY + (moment - end) % DAY
        if moment < begins[0]:
            return None
        return begins[int(np.searchsorted(begins, moment, side="right")) - 1]

    def _moment(self, epoch: int) -> int:
        horizon = self.scenario.horizon
        return microseconds_of(horizon.start) + round(epoch * horizon.epoch_seconds * 1e6)

    def _called(self, t: int, o: int, k: int) -> str:
        names = f"origin {self.scenario.origins[o].name}, class {self.scenario.classes[k].name}"
        return names if len(self._begins) < 2 else f"{names}, {stamp_text(self._moment(t))}"

    def _missing(self, t: int, o: int, k: int) -> str:
        if self._begin(t) is None:
            first, last = stamp_text(self._begins[0]), stamp_text(self._begins[-1])
            return (
                f"nothing for {stamp_text(self._moment(t))}, expected rows of every hour of the "
                f"horizon or of its times of day (it has {first} to {last})"
            )
        return (
            f"{self._called(t, o, k)}: no row, expected shares of every origin and class with "
            "requests (a row without origin or class counts for all that have none of their own)"
        )

    def _refusal(self, o: int, k: int, place: Place) -> str:
        """Why a place may not serve a group."""
        scenario, listed = self.scenario, list(pairs(self.scenario))
        names = [
            f"{scenario.pools[pair.pool].name}/{scenario.variants[pair.variant].name}"
            + (f"/{pair.service.batch}" if pair.points > 1 else "")
            for pair in listed
        ]
        n = [place_of(pair) for pair in listed].index(place)
        if not residency(scenario)[o, k, listed[n].pool, listed[n].variant]:
            why = "residency rules"
        else:
            why = obstacles(scenario, k, [(listed[n].node_type, listed[n].service)])
            why = why or "another batch fits"
        able = [names[m] for m in np.flatnonzero(allowed_pairs(scenario)[o, k])]
        return f"{names[n]} may not serve it ({why}), expected some of {', '.join(able) or 'none'}"


class ServablePoints:
    """What each pool can serve: variants, at one operating point or several."""

    def __init__(self, scenario: Scenario) -> None:
        self._places: dict[tuple[str, str], list[Place]] = defaultdict(list)
        for pair in pairs(scenario):
            names = scenario.pools[pair.pool].name, scenario.variants[pair.variant].name
            self._places[names].append(place_of(pair))

    def place(self, pool: str, variant: str, batch: int | None, where: Callable[[], str]) -> Place:
        """The place of these names; a SlitError that begins with `where()` if there is none."""
        here = self._places.get((pool, variant), [])
        if not here:
            served = [name for owner, name in self._places if owner == pool]
            raise SlitError(
                f"{where()}: {pool} for {variant}, expected a variant that it has a service for "
                f"({', '.join(served) or 'none'})"
            )
        found = [place for place in here if batch in (None, place[2])]
        if len(found) != 1:
            batches = ", ".join(str(place[2]) for place in here)
            raise SlitError(
                f"{where()}: {pool} for {variant}: batch {batch or 'not stated'}, expected one of "
                f"{batches} (operating points)"
            )
        return found[0]


def place_of(pair: ServedPair) -> Place:
    """The place that a pair stands for."""
    return pair.pool, pair.variant, pair.service.batch
