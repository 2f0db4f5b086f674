"""Carbon accounts: by which intensity the energy of a site counts, resolved before compiling.

Kernels know one carbon intensity by epoch and datacenter. An account is another such array: of
other emission factors, of a marginal series, or what contracts leave of the grid's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan

import numpy as np

from operators.types import Floats
from slit.errors import SlitError, did_you_mean
from slit.scenario.account import Account, SiteAccount
from slit.scenario.account_schema import AccountEntry, Contract
from slit.scenario.file_schema import DatacenterEntry
from slit.scenario.limits import LIMITS
from slit.scenario.records import BASE, CarbonMethod
from slit.scenario.references import SeriesReference
from slit.scenario.scenario import Scenario
from slit.scenario.series import Aligned, SeriesReader
from slit.scenario.sites import SiteReader, fillers, label_of, labeled, limits_of

LARGEST_SHARE = 1 + 1e-9
"""Of the contracts of a site together; a little more is rounding."""


def account_names(scenario: Scenario) -> tuple[str, ...]:
    """The accounts that a scenario may be judged by: the base alone where none is stated."""
    return tuple(account.name for account in scenario.accounts) or (BASE,)


def has_accounts(scenario: Scenario) -> bool:
    """Whether it states accounts, and they are of the sites and epochs that it plans now."""
    fits = scenario.account_carbon.shape[1:] == scenario.signals.carbon.shape
    return bool(scenario.accounts) and fits


def under(scenario: Scenario, account: str) -> Scenario:
    """The scenario whose carbon is counted by an account; everything else stays.

    Raises:
        SlitError: no such account, or accounts of other sites or epochs than those planned.
    """
    names = account_names(scenario)
    if account not in names:
        few = "" if scenario.accounts else "; the scenario states none in [accounts]"
        raise SlitError(
            f"account: {account!r}, expected one of {', '.join(names)}{few}"
            f"{did_you_mean(account, names)}"
        )
    if account == scenario.accounting.account:
        return scenario
    carbon = scenario.account_carbon[names.index(account)]
    if carbon.shape != scenario.signals.carbon.shape:
        raise SlitError(
            f"account: figures of shape {carbon.shape}, expected {scenario.signals.carbon.shape} "
            "(epochs, datacenters: the scenario was changed after its accounts were read)"
        )
    return replace(
        scenario,
        accounting=scenario.accounting.model_copy(update={"account": account}),
        signals=replace(scenario.signals, carbon=carbon),
    )


def read_accounts(
    entries: Mapping[str, AccountEntry],
    sites: Sequence[DatacenterEntry],
    reader: SiteReader,
    base: Floats,
    *,
    stated: float | None = None,
) -> tuple[tuple[Account, ...], Floats]:
    """The accounts of a scenario file, base first, and their intensities (A, T, D), kg CO2e/kWh.

    Args:
        entries: as stated, by name; without any there is no account.
        sites: the datacenters, D of them.
        reader: has read the signals of these sites.
        base: carbon intensity (T, D) of the base.
        stated: the share of it that is estimated, where the file says so; it wins.

    Raises:
        SlitError: a series that is missing or wrong, contracts of unknown sites or for more than
            all of the energy.
    """
    if not entries:
        return (), np.zeros((0, *base.shape))
    if BASE in entries:
        raise SlitError(
            f"accounts.{BASE}: the name of what [signals] states, expected another name"
        )
    known = [
        SiteAccount(datacenter=site.name, estimated=_kept(share) if stated is None else stated)
        for site, share in zip(sites, reader.shares["carbon"], strict=True)
    ]
    accounts = [Account(name=BASE, description="carbon of [signals]", sites=tuple(known))]
    carbon = [base]
    for name, entry in entries.items():
        _check_names(name, entry, sites)
        found = [
            _Site(name, entry, site, reader).read(base[:, d], known[d])
            for d, site in enumerate(sites)
        ]
        facts = tuple(fact for _, fact in found)
        accounts.append(Account(name=name, description=entry.description, sites=facts))
        carbon.append(np.stack([values for values, _ in found], axis=1))
    return tuple(accounts), np.stack(carbon)


@dataclass(frozen=True, slots=True)
class _Site:
    """An account at a datacenter."""

    account: str
    entry: AccountEntry
    site: DatacenterEntry
    reader: SiteReader

    def read(self, base: Floats, known: SiteAccount) -> tuple[Floats, SiteAccount]:
        """The intensity (T,) and what is known of it, from those of the base."""
        found = self._uncovered()
        borrowed = found is None
        values, share = base, known.estimated
        if found is not None:
            values, share = found.values, _kept(found.estimated)
        covered, contracted, assumed = self._contracts(len(values))
        fact = SiteAccount(
            datacenter=self.site.name,
            estimated=_mixed(share, float(covered.mean()), assumed),
            covered=float(covered.mean()),
            borrowed=borrowed and bool(self.entry.sites),
        )
        return (1.0 - covered) * values + contracted, fact

    def _uncovered(self) -> Aligned | None:
        """What energy without a contract counts; None: as in the base."""
        own = self.entry.sites.get(self.site.name)
        if own is not None:
            return self._series(own, f"accounts.{self.account}.sites.{self.site.name}")
        if self.entry.carbon is not None:
            label = f"accounts.{self.account}.carbon ({self.site.name})"
            return self._series(self.entry.carbon, label)
        if not self.entry.sites:
            return None if self.entry.method is None else self._of_method(self.entry.method)
        if self.entry.missing == "refuse":
            raise SlitError(
                f"accounts.{self.account}: no series for {self.site.name}, expected one in "
                f'accounts.{self.account}.sites, or missing = "base" (its figures of [signals])'
            )
        return None

    def _of_method(self, method: CarbonMethod) -> Aligned:
        """The carbon signal with the columns of other emission factors."""
        own, default = self.site.carbon, self.reader.defaults.carbon
        reference = default if own is None else own
        assert reference is not None
        if not isinstance(reference.column, Mapping):
            raise SlitError(
                f"accounts.{self.account}.method: {method.value}, but the carbon signal of "
                f"{self.site.name} is one series, expected column = "
                "{ direct = ..., life_cycle = ... } there"
            )
        label = label_of(self.site.name, "carbon", own=own is not None)
        switched = replace(self.reader.reader, switches=(method.value,))
        return self._series(reference, label, switched)

    def _series(
        self, reference: SeriesReference, label: str, reader: SeriesReader | None = None
    ) -> Aligned:
        with labeled(reader or self.reader.reader, label):
            return (reader or self.reader.reader).read(
                reference, LIMITS["carbon"], site=fillers(self.site)
            )

    def _contracts(self, epochs: int) -> tuple[Floats, Floats, float]:
        """Share of the energy that is covered (T,), its carbon over all energy (T,), and the share
        of all energy that assumed contracts cover, on average.

        Where hourly contracts generate more than the site draws, they share the hour's energy.
        """
        mine = [each for each in self.entry.contracts if each.datacenter == self.site.name]
        if not mine:
            return np.zeros(epochs), np.zeros(epochs), 0.0
        shares = np.array([self._share(contract, epochs) for contract in mine])
        shares /= np.maximum(1.0, shares.sum(axis=0))
        grams = np.array([contract.carbon_g_per_kwh for contract in mine])
        assumed = np.array([contract.estimated for contract in mine])
        return (
            np.minimum(1.0, shares.sum(axis=0)),
            grams @ shares / 1000,
            float((assumed @ shares).mean()),
        )

    def _share(self, contract: Contract, epochs: int) -> Floats:
        """Share of the hour's energy (T,), if the site draws as much in every hour."""
        profile = contract.profile
        if profile is None:
            return np.full(epochs, contract.share)
        label = f"accounts.{self.account}.contracts ({self.site.name}).profile"
        limits = limits_of("renewable", profile)
        with labeled(self.reader.reader, label):
            found = self.reader.reader.read(
                profile, limits, site=fillers(self.site), adds_up=limits.unit != "kW"
            )
            if found.level <= 0:
                raise SlitError("0 on average, expected generation (kW or kWh)")
        return contract.share * found.values / found.level


def _check_names(account: str, entry: AccountEntry, sites: Sequence[DatacenterEntry]) -> None:
    names = [site.name for site in sites]
    stated = [(f"accounts.{account}.sites", name) for name in entry.sites]
    stated += [(f"accounts.{account}.contracts", each.datacenter) for each in entry.contracts]
    for label, name in stated:
        if name not in names:
            raise SlitError(
                f"{label}: {name!r}, expected one of {', '.join(names)}{did_you_mean(name, names)}"
            )
    for name in names:
        total = sum(each.share for each in entry.contracts if each.datacenter == name)
        if total > LARGEST_SHARE:
            raise SlitError(
                f"accounts.{account}.contracts: {total:g} of the energy of {name}, expected at "
                "most 1 (share, all contracts of a site together)"
            )


def _mixed(share: float | None, covered: float, assumed: float) -> float | None:
    """The estimated share of what contracts leave and of the contracts themselves."""
    if share is None:
        return assumed or None
    return min(1.0, (1.0 - covered) * share + assumed)


def _kept(share: float) -> float | None:
    """A share as it is kept: None where nobody said whether figures are estimated."""
    return None if isnan(share) else share
