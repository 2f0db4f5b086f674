"""Signals of the datacenters, by epoch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from slit.errors import SlitError
from slit.scenario.environment import OnSiteWater, pue_of, water_of, wet_bulb_wue
from slit.scenario.layout import LIMITS, DatacenterEntry, SiteSignals
from slit.scenario.records import PueMethod, WaterMethod
from slit.scenario.references import SeriesReference
from slit.scenario.scenario import Signals
from slit.scenario.series import Aligned, SeriesReader
from slit.sources.stamps import stamp_text
from slit.units import UNITS

Floats = NDArray[np.float64]

SIGNAL_UNITS = {
    "carbon": "kg/kWh",
    "price": "USD/kWh",
    "ewif": "L/kWh",
    "pue": "1",
    "wue": "L/kWh",
    "wet_bulb": "degC",
    "supply_temperature": "degC",
    "renewable": "kWh",
}
"""Unit in which slit reads each signal; `renewable` may also come as power."""


@dataclass(slots=True)
class SiteReader:
    """Reads the signals of sites; counts which share of each is estimated."""

    reader: SeriesReader
    defaults: SiteSignals
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
            whole = wet_bulb_wue(self._whole(site, "wet_bulb"), cycles=site.cycles)
            scale = level.level / float(np.nanmean(whole))
        return water_of(
            site.water_method, cycles=site.cycles, epochs=epochs, wet_bulb_c=wet_bulb, scale=scale
        )

    def _renewable(self, site: DatacenterEntry) -> Floats:
        reference = self._reference(site, "renewable")
        if reference is None:
            return np.zeros(self.reader.clock.epochs)
        power = reference.unit in UNITS and UNITS[reference.unit].kind == "power"
        with self._said(site, "renewable"):
            unit = "kW" if power else "kWh"
            found = self.reader.read(reference, unit, site=fillers(site), adds_up=not power)
            self._refuse_impossible("renewable", found.values)
        self._count("renewable", found.estimated)
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
            found = self.reader.read(reference, SIGNAL_UNITS[name], site=fillers(site))
            self._refuse_impossible(name, found.values)
        return found

    def _refuse_impossible(self, name: str, values: Floats) -> None:
        lowest, highest = LIMITS[name]
        for wrong, sign, limit in (
            (values < lowest, ">=", lowest),
            (values > highest, "<=", highest),
        ):
            first = np.flatnonzero(wrong)
            if len(first):
                when = stamp_text(int(self.reader.clock.begins[first[0]]))
                raise SlitError(
                    f"{values[first[0]]:g} at {when}, expected a number {sign} {limit:g} "
                    f"({SiteSignals.model_fields[name].description}, {SIGNAL_UNITS[name]})"
                )

    def _whole(self, site: DatacenterEntry, name: str) -> Floats:
        """All figures of the source, whatever the horizon."""
        reference = self._reference(site, name)
        assert reference is not None
        with self._said(site, name):
            if reference.file is None or reference.kind == "constant":
                found = self.reader.read(reference, SIGNAL_UNITS[name], site=fillers(site))
                return found.values
            return self.reader.steps(reference, SIGNAL_UNITS[name], site=fillers(site)).values

    def _reference(self, site: DatacenterEntry, name: str) -> SeriesReference | None:
        own: SeriesReference | None = getattr(site, name)
        default: SeriesReference | None = getattr(self.defaults, name)
        return default if own is None else own

    @contextmanager
    def _said(self, site: DatacenterEntry, name: str) -> Iterator[None]:
        """Put the field in front of what goes wrong."""
        try:
            yield
        except SlitError as error:
            own = getattr(site, name) is not None
            label = f"datacenters.{site.name}.{name}" if own else f"signals.{name} ({site.name})"
            raise SlitError(f"{label}: {error}") from None

    def _count(self, name: str, share: float) -> None:
        self.shares.setdefault(name, []).append(share)


def fillers(site: DatacenterEntry) -> dict[str, str]:
    """What {name}, {zone} and {jurisdiction} stand for."""
    return {"name": site.name, "zone": site.zone, "jurisdiction": site.jurisdiction}
