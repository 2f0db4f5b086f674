"""[accounts] of the scenario file: other ways to count the carbon of the same energy."""

from typing import Literal, Self

from pydantic import StrictBool, model_validator

from slit.scenario.records import CarbonMethod, Name, Record, flag, quantity, text
from slit.scenario.references import SeriesReference


class Contract(Record):
    """Energy that a site buys by contract: it counts at its own intensity, not at the grid's."""

    datacenter: Name = text("name of the datacenter")
    share: float = quantity(
        "contracted energy over the energy the site draws from the grid in a year", "1", ge=0, le=1
    )
    carbon_g_per_kwh: float = quantity(
        "carbon intensity of the contracted energy", "g/kWh", default=0.0, ge=0, le=1e5
    )
    matching: Literal["yearly", "hourly"] = text(
        "yearly: the share counts in every hour; hourly: energy counts when it is generated",
        default="yearly",
    )
    profile: SeriesReference | None = text(
        "for hourly matching: generation over time, as power or energy; its course counts, its "
        "level does not",
        default=None,
    )
    estimated: StrictBool = flag("whether the contract is assumed", default=False)

    @model_validator(mode="after")
    def _profile_where_hourly(self) -> Self:
        if self.matching == "hourly" and self.profile is None:
            raise ValueError("hourly matching without a profile, expected the generation over time")
        if self.matching == "yearly" and self.profile is not None:
            raise ValueError(
                'a profile with yearly matching, expected none, or matching = "hourly"'
            )
        return self


class AccountEntry(Record):
    """A carbon account by name: where its intensities come from, then what contracts cover."""

    description: str = text("what it counts, and who published the figures", default="")
    method: CarbonMethod | None = text(
        "emission factors, for columns of the carbon signal that depend on them; none: those of "
        "[accounting]",
        default=None,
    )
    carbon: SeriesReference | None = text(
        "carbon intensity at all sites; none: the carbon signal of each", default=None
    )
    sites: dict[Name, SeriesReference] = text(
        "carbon intensity by datacenter, before `carbon`", default_factory=dict
    )
    missing: Literal["refuse", "base"] = text(
        "datacenters without a series where only `sites` gives some: refuse, or count them as the "
        "base does, which is reported",
        default="refuse",
    )
    contracts: tuple[Contract, ...] = text("energy bought by contract", default=())
