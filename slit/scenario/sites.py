"""Signals of the datacenters, by epoch."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from operators.types import Floats
from slit.errors import SlitError
from slit.scenario.diagnostics import Finding, Severity
from slit.scenario.environment import OnSiteWater, pue_of, water_of, wet_bulb_wue
from slit.scenario.file_schema import DatacenterEntry, SiteSignals
from slit.scenario.limits import LIMITS, Limits
from slit.scenario.records import PueMethod, WaterMethod
from slit.scenario.references import SeriesReference
from slit.scenario.scenario import Signals
from slit.scenario.series import Aligned, SeriesReader
from slit.units import UNITS


def used_signals(pue_method: object, water_method: object) -> frozenset[str]:
    """Signals that a site with these methods (names) reads; others are neither read nor checked."""
    used = {"carbon", "price", "ewif", "renewable"}
    formula = pue_method in (PueMethod.COP, PueMethod.SHIELD)
    used.add("supply_temperature" if formula else "pue")
    if water_method != WaterMethod.TOWER:
        used.add("wue")
    if water_method == WaterMethod.WET_BULB:
        used.add("wet_bulb")
    return frozenset(used)


def limits_of(name: str, reference: SeriesReference) -> Limits:
    """Limits of a signal in the unit it is read in: renewables as power or as energy."""
    power = reference.unit in UNITS and UNITS[reference.unit].kind == "power"
    return replace(LIMITS[name], unit="kW") if name == "renewable" and power else LIMITS[name]


def label_of(site: str, name: str, *, own: bool) -> str:
    """Where a signal of a site stands in the file."""
    return f"datacenters.{site}.{name}" if own else f"signals.{name} ({site})"


@dataclass(slots=True)
class SiteReader:
    """Reads the signals of sites; counts which share of each is estimated."""

    reader: SeriesReader
    defaults: SiteSignals
    inherited: Collection[str] = ()  # signals that the extended scenario states, not the file
    shares: dict[str, list[float]] = field(default_factory=dict)

    def signals(self, sites: Sequence[DatacenterEntry]) -> Signals:
        """Arrays (T, D)."""
        columns: dict[str, list[Floats]] = {}
        for site in sites:
            for name, values in self._site(site).items():
                columns.setdefault(name, []).append(values)
        return Signals(**{name: np.stack(found, axis=1) for name, found in columns.items()})

    def _site(self, site: DatacenterEntry) -> dict[str, Floats]:
        water = self._water(site)
        return {
            "carbon": self._needed(site, "carbon"),
            "price": self._needed(site, "price"),
            "ewif": self._needed(site, "ewif"),
            "pue": self._pue(site),
            "wue": water.wue,
            "blowdown": water.blowdown,
            "renewable": self._renewable(site),
        }

    def _pue(self, site: DatacenterEntry) -> Floats:
        if site.pue_method == PueMethod.PUBLISHED:
            return self._needed(site, "pue")
        self._count("pue", 1.0)
        supply = self._needed(site, "supply_temperature", count=False)
        return pue_of(site.pue_method, supply_c=supply)

    def _water(self, site: DatacenterEntry) -> OnSiteWater:
        epochs = self.reader.clock.epochs
        if site.water_method == WaterMethod.PUBLISHED:
            published = self._needed(site, "wue")
            return water_of(
                site.water_method, cycles=site.cycles, epochs=epochs, published=published
            )
        self._count("wue", 1.0)
        if site.water_method == WaterMethod.TOWER:
            return water_of(site.water_method, cycles=site.cycles, epochs=epochs)
        wet_bulb = self._needed(site, "wet_bulb", count=False)
        level = self._read(site, "wue")
        scale = 1.0
        if level is not None:
            scale = level.level / self._mean_of_formula(site)
        return water_of(
            site.water_method, cycles=site.cycles, epochs=epochs, wet_bulb_c=wet_bulb, scale=scale
        )

    def _renewable(self, site: DatacenterEntry) -> Floats:
        reference = self._reference(site, "renewable")
        if reference is None:
            return np.zeros(self.reader.clock.epochs)
        limits = limits_of("renewable", reference)
        power = limits.unit == "kW"
        with self._said(site, "renewable"):
            found = self.reader.read(reference, limits, site=fillers(site), adds_up=not power)
        self._count("renewable", found.estimated)
        if "renewable" in self.inherited and site.renewable is None and found.values.any():
            self.reader.findings.append(
                Finding(
                    Severity.WARNING, f"datacenters.{site.name}.renewable",
                    "not stated, inherited from the scenario that is extended",
                    'renewable = { value = 0, unit = "kW" } where the site has none',
                )
            )  # fmt: skip
        return found.values * (self.reader.clock.hours if power else 1.0)

    def _needed(self, site: DatacenterEntry, name: str, *, count: bool = True) -> Floats:
        found = self._read(site, name)
        if found is None:
            raise SlitError(
                f"datacenters.{site.name}.{name}: missing, expected a series here or in [signals] "
                f"({SiteSignals.model_fields[name].description})"
            )
        if count:
            self._count(name, found.estimated)
        return found.values

    def _read(self, site: DatacenterEntry, name: str) -> Aligned | None:
        reference = self._reference(site, name)
        if reference is None:
            return None
        with self._said(site, name):
            return self.reader.read(reference, LIMITS[name], site=fillers(site))

    def _mean_of_formula(self, site: DatacenterEntry) -> float:
        """Mean of the wet-bulb formula over the whole source, whatever the horizon."""
        reference = self._reference(site, "wet_bulb")
        assert reference is not None
        limits = LIMITS["wet_bulb"]
        with self._said(site, "wet_bulb"):
            if reference.file is None or reference.kind == "constant":
                found = self.reader.read(reference, limits, site=fillers(site))
                return float(wet_bulb_wue(found.values, cycles=site.cycles).mean())
            steps = self.reader.steps(reference, limits, site=fillers(site))
            return steps.mean(wet_bulb_wue(steps.values, cycles=site.cycles))

    def _reference(self, site: DatacenterEntry, name: str) -> SeriesReference | None:
        own: SeriesReference | None = getattr(site, name)
        default: SeriesReference | None = getattr(self.defaults, name)
        return default if own is None else own

    @contextmanager
    def _said(self, site: DatacenterEntry, name: str) -> Iterator[None]:
        """Put the field in front of what goes wrong, and of what is found."""
        label = label_of(site.name, name, own=getattr(site, name) is not None)
        with labeled(self.reader, label):
            yield

    def _count(self, name: str, share: float) -> None:
        self.shares.setdefault(name, []).append(share)


@contextmanager
def labeled(reader: SeriesReader, label: str) -> Iterator[None]:
    """Put a label in front of what goes wrong, and of what is found."""
    before = len(reader.findings)
    try:
        yield
    except SlitError as error:
        raise SlitError(f"{label}: {error}") from None
    reader.findings[before:] = [f.below(label) for f in reader.findings[before:]]


def fillers(site: DatacenterEntry) -> dict[str, str]:
    """What {name}, {zone} and {jurisdiction} stand for."""
    return {"name": site.name, "zone": site.zone, "jurisdiction": site.jurisdiction}
