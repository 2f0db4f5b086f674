"""What a scenario keeps of its carbon accounts beside their intensities."""

from slit.scenario.records import Name, Record, flag, quantity, text


class SiteAccount(Record):
    """What an account knows of a datacenter."""

    datacenter: Name = text("name of the datacenter")
    estimated: float | None = quantity(
        "share of the figures that are estimated; none: not stated", "1", default=None, ge=0, le=1
    )
    covered: float = quantity(
        "share of the energy that contracts cover, mean over the horizon", "1",
        default=0.0, ge=0, le=1,
    )  # fmt: skip
    borrowed: bool = flag(
        "whether the figures are those of the base, for want of own ones", default=False
    )


class Account(Record):
    """A carbon account of a scenario; its intensities stand in `Scenario.account_carbon`."""

    name: Name = text("name")
    description: str = text("what it counts, and who published the figures", default="")
    sites: tuple[SiteAccount, ...] = text("of each datacenter", default=())

    @property
    def estimated(self) -> float | None:
        """The share of the figures that are estimated; None where nobody said."""
        known = [site.estimated for site in self.sites if site.estimated is not None]
        if not sum(known) and len(known) < len(self.sites):
            return None
        return sum(known) / max(1, len(self.sites))

    @property
    def borrowed(self) -> tuple[str, ...]:
        """Datacenters without figures of their own, which count as in the base."""
        return tuple(site.datacenter for site in self.sites if site.borrowed)

    @property
    def covered(self) -> tuple[str, ...]:
        """Datacenters with contracts."""
        return tuple(site.datacenter for site in self.sites if site.covered)
