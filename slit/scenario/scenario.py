"""A whole scenario: records plus the series they are planned on, aligned to epochs."""

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Protocol

import numpy as np

from operators.types import Floats
from slit.arrays import frozen
from slit.errors import SlitError, did_you_mean
from slit.scenario.account import Account
from slit.scenario.diagnostics import Finding
from slit.scenario.limit_entry import LimitEntry
from slit.scenario.pools import EVERY, NodePool
from slit.scenario.power_curve import power_curve
from slit.scenario.records import (
    Accounting,
    Datacenter,
    Horizon,
    ModelVariant,
    NodeType,
    Origin,
    RequestClass,
    Residency,
    Resolution,
    Service,
)
from slit.scenario.routing_entry import RoutingEntry


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """What changes over time at the datacenters: read-only arrays (T, D)."""

    carbon: Floats  # kg CO2e/kWh
    price: Floats  # USD/kWh, may be negative
    ewif: Floats  # L/kWh of grid energy
    pue: Floats  # facility energy over IT energy
    wue: Floats  # L/kWh of IT energy
    blowdown: Floats  # L/kWh of IT energy that leaves as wastewater
    renewable: Floats  # kWh of the epoch, on site

    def __post_init__(self) -> None:
        for array in fields(self):
            object.__setattr__(self, array.name, frozen(getattr(self, array.name), np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """Requests by epoch, origin and class: read-only arrays (T, O, K)."""

    requests: Floats  # requests of the epoch
    prompt: Floats  # mean prompt tokens
    output: Floats  # mean output tokens

    def __post_init__(self) -> None:
        for array in fields(self):
            object.__setattr__(self, array.name, frozen(getattr(self, array.name), np.float64))


@dataclass(frozen=True, slots=True)
class Input:
    """Where a figure comes from, and how much of it is estimated: None where nobody said."""

    name: str
    source: str
    license: str = ""
    estimated_share: float | None = None
    note: str = ""


class Timeline(Protocol):
    """The file and the tables that a scenario was read from, kept in memory."""

    def window(self, *, start: str | date | None, hours: float | None) -> "Scenario":
        """The scenario at another time (see `Scenario.window`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """Everything a plan is judged by. Made by `slit.load_scenario` or by hand.

    Shapes: T epochs, O origins, K classes, D datacenters. `round_trip_s` is (O, D) seconds.
    """

    name: str
    horizon: Horizon
    accounting: Accounting
    resolution: Resolution
    classes: tuple[RequestClass, ...]
    origins: tuple[Origin, ...]
    datacenters: tuple[Datacenter, ...]
    node_types: tuple[NodeType, ...]
    pools: tuple[NodePool, ...]
    variants: tuple[ModelVariant, ...]
    services: tuple[Service, ...]
    residency: tuple[Residency, ...]
    signals: Signals
    demand: Demand
    round_trip_s: Floats
    description: str = ""
    limits: tuple[LimitEntry, ...] = ()
    accounts: tuple[Account, ...] = ()  # base first; none where the file states no [accounts]
    account_carbon: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))  # kg CO2e/kWh
    today: tuple[RoutingEntry, ...] = ()  # the routing that plans follow; none if it is not known
    inputs: tuple[Input, ...] = ()
    findings: tuple[Finding, ...] = ()  # of how files were read
    timeline: Timeline | None = field(default=None, init=False, repr=False)
    """Of a scenario as it was loaded; `dataclasses.replace` leaves it behind."""

    def __post_init__(self) -> None:
        for name in ("round_trip_s", "account_carbon"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        self._check_names()
        _check_boots(self)
        _check_today(self)
        self._check_arrays()
        _check_accounts(self)

    @property
    def network_s(self) -> Floats:
        """Round trip and last mile, (T, O, D) s."""
        last_mile = np.empty((self.horizon.epochs, len(self.origins)))
        for o, origin in enumerate(self.origins):
            last_mile[:, o] = np.array(origin.last_mile_ms) / 1000
        return np.asarray(self.round_trip_s + last_mile[:, :, None])

    @property
    def read_tokens(self) -> Floats:
        """Mean prompt tokens that are read, (T, O, K): those in a prefix cache are not."""
        return self.demand.prompt * [1.0 - each.cached_prompt_share for each in self.classes]

    def window(self, *, start: str | date | None = None, hours: float | None = None) -> "Scenario":
        """The same fleet at another time, from the tables as they were loaded.

        Args:
            start: a date, meaning midnight in UTC, or a date and time with its zone; by default
                that of this scenario.
            hours: length of the time planned; by default that of this scenario.

        Returns:
            What `slit.load_scenario` gives for the same start and hours, to the bit.

        Raises:
            SlitError: the scenario was not loaded from a file, or was changed afterwards; its
                series do not cover that time.
        """
        if self.timeline is None:
            raise SlitError(
                "start, hours: given for a scenario without its tables (made, changed or read from "
                "a run), expected the name or file of a scenario, or one as it was loaded"
            )
        return self.timeline.window(start=start, hours=hours)

    def _check_names(self) -> None:
        for kind in ("classes", "origins", "datacenters", "node_types", "pools", "variants"):
            names = [record.name for record in getattr(self, kind)]
            if not names:
                raise SlitError(f"{kind}: none, expected at least one")
            for name in names:
                if names.count(name) > 1:
                    raise SlitError(f"{kind}: {name!r} twice, expected distinct names")
        for pool in self.pools:
            known("pools", pool.name, "datacenter", pool.datacenter, self.datacenters)
            known("pools", pool.name, "node_type", pool.node_type, self.node_types)
            stated = [("initial_nodes", name) for name in pool.initial_nodes]
            stated += [("warm_nodes", name) for name in pool.warm_nodes]
            for figures in ("move_cost", "min_up_hours", "min_down_hours"):
                stated += [(figures, name) for name in getattr(pool, figures) if name != EVERY]
            for field_name, name in stated:
                known("pools", pool.name, field_name, name, self.variants)
        self._check_services()
        for variant in self.variants:
            for request_class in self.classes:
                if request_class.name not in variant.quality:
                    raise SlitError(
                        f"variants.{variant.name}.quality: no score for class "
                        f"{request_class.name!r}, expected a share in [0, 1] ([quality] or quality "
                        "of the variant; from a public benchmark, the same for all variants: "
                        "quality is not predicted)"
                    )
        for number, rule in enumerate(self.residency):
            for kind in ("origins", "classes", "datacenters", "variants"):
                for name in getattr(rule, kind):
                    known("residency", str(number), kind, name, getattr(self, kind))

    def _check_services(self) -> None:
        stated = set()
        for service in self.services:
            who = f"{service.variant} on {service.node_type}"
            if (who, service.batch) in stated:
                raise SlitError(
                    f"services: {who} at batch {service.batch} twice, expected one service a pair "
                    "and batch"
                )
            stated.add((who, service.batch))
            n = known("services", service.variant, "node_type", service.node_type, self.node_types)
            known("services", service.node_type, "variant", service.variant, self.variants)
            idle = self.node_types[n].idle_w
            for name in ("prefill_w", "decode_w"):
                power = getattr(service, name)
                if power is not None and power < idle:
                    raise SlitError(
                        f"services.{who} at batch {service.batch}.{name}: {power:g}, expected at "
                        f"least {idle:g} (W of the whole node, idle_w of {service.node_type}; GPUs "
                        "alone draw less)"
                    )
            pair = (service.node_type, service.variant)
            points = [s for s in self.services if (s.node_type, s.variant) == pair]
            by_batch = self.accounting.power_by_batch
            power_curve(self.node_types[n], service, points if by_batch else [])

    def _check_arrays(self) -> None:
        epochs, centers = self.horizon.epochs, len(self.datacenters)
        by_site = (epochs, centers)
        by_group = (epochs, len(self.origins), len(self.classes))
        for holder, shape in ((self.signals, by_site), (self.demand, by_group)):
            for array in fields(holder):
                label = f"{type(holder).__name__.lower()}.{array.name}"
                lowest = {"price": -np.inf, "pue": 1.0}.get(array.name, 0.0)
                _check_array(label, getattr(holder, array.name), shape, lowest)
        _check_array("round_trip_s", self.round_trip_s, (len(self.origins), centers), 0.0)
        for origin in self.origins:
            stated = origin.last_mile_ms
            if isinstance(stated, tuple) and len(stated) != epochs:
                raise SlitError(
                    f"origins.{origin.name}.last_mile_ms: {len(stated)} figures, expected one, or "
                    f"one for each of {epochs} epochs (ms)"
                )


def known(kind: str, owner: str, field: str, name: str, records: tuple[Any, ...]) -> int:
    """The index of the record called `name`; an error that lists the names if there is none."""
    names = [record.name for record in records]
    if name not in names:
        raise SlitError(
            f"{kind}.{owner}.{field}: {name!r}, expected one of {', '.join(names)}"
            f"{did_you_mean(name, names)}"
        )
    return names.index(name)


def _check_boots(scenario: Scenario) -> None:
    kinds = {kind.name: kind for kind in scenario.node_types}
    most = scenario.horizon.epochs * scenario.horizon.epoch_seconds
    for pool in scenario.pools:
        seconds = kinds[pool.node_type].boot_seconds
        if pool.off_nodes and seconds >= most:
            raise SlitError(
                f"pools.{pool.name}.off_nodes: a boot takes {seconds:.0f} s (boot_seconds of "
                f"{pool.node_type}), expected less than the horizon, {most:.0f} s"
            )


def _check_today(scenario: Scenario) -> None:
    for pool, variant in dict.fromkeys((entry.pool, entry.variant) for entry in scenario.today):
        known("today", pool, "pool", pool, scenario.pools)
        known("today", pool, "variant", variant, scenario.variants)


def _check_accounts(scenario: Scenario) -> None:
    carbon, count = scenario.account_carbon, len(scenario.accounts)
    if carbon.ndim != 3 or len(carbon) != count:
        raise SlitError(
            f"account_carbon: shape {carbon.shape}, expected three axes, {count} of the first "
            "(accounts, epochs, datacenters)"
        )
    _check_array("account_carbon", carbon, carbon.shape, 0.0)


def _check_array(label: str, values: Floats, shape: tuple[int, ...], lowest: float) -> None:
    if values.shape != shape:
        raise SlitError(f"{label}: shape {values.shape}, expected {shape}")
    wrong = ~np.isfinite(values) | (values < lowest)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise SlitError(f"{label}{list(where)}: {values[where]}, expected a number >= {lowest}")
