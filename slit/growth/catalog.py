"""What can be bought: a catalog of node types at datacenters, from TOML or CSV."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from slit.data.cells import CellText
from slit.errors import SlitError, did_you_mean
from slit.scenario.records import Name, Record, quantity, text
from slit.scenario.references import FileLayout
from slit.scenario.scenario import Scenario
from slit.scenario.table_files import read_table
from slit.scenario.toml_file import read_toml
from slit.scenario.validation_errors import refused

MOST = 10_000
"""Nodes of a row that states no largest number."""


class CatalogRow(Record):
    """Nodes of one type that can be added at one datacenter."""

    node_type: Name = text("name of a node type of the scenario")
    datacenter: Name = text("a datacenter of the scenario, or a new one")
    like: Name | None = text(
        "of a new datacenter: the one whose grid, weather and round trips it has", default=None
    )
    price_usd: float = quantity("price of a node", "USD", ge=0, le=1e9)
    embodied_kg: float = quantity("embodied carbon of a node", "kg CO2e", default=0.0, ge=0, le=1e7)
    lead_days: float = quantity("days until a node serves", "d", default=0.0, ge=0, le=36_500)
    most: int = quantity("nodes that can be had", "1", default=MOST, ge=1, le=MOST)

    @property
    def label(self) -> str:
        """The row in tables."""
        return f"{self.node_type} at {self.datacenter}"


def default_catalog(scenario: Scenario) -> tuple[CatalogRow, ...]:
    """More nodes of every pool there is, at no price: for budgets of nodes."""
    pairs = dict.fromkeys((pool.node_type, pool.datacenter) for pool in scenario.pools)
    return tuple(
        CatalogRow(node_type=kind, datacenter=center, price_usd=0.0) for kind, center in pairs
    )


def read_catalog(path: str | Path, scenario: Scenario) -> tuple[CatalogRow, ...]:
    """The rows of a catalog: `[[nodes]]` of a TOML file, or lines of a CSV file.

    Raises SlitError for a file that is none, a row that is wrong, a name the scenario lacks.
    """
    file = Path(path)
    if not file.is_file():
        raise SlitError(f"{file}: no such file, expected a catalog (TOML or CSV)")
    rows: list[tuple[str, dict[str, Any]]] = []
    if file.suffix.lower() == ".toml":
        listed = read_toml(file).get("nodes")
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise SlitError(f"{file}: no [[nodes]], expected one a row of the catalog")
        rows = [(f"{file}: nodes.{n}", each) for n, each in enumerate(listed)]
    else:
        table = read_table(file, FileLayout())
        for n, cells in enumerate(table.records()):
            row = {key: CellText(cell, ".") for key, cell in cells.items() if cell.strip()}
            rows.append((table.place(n), dict(row)))
    found = []
    for where, row in rows:
        try:
            found.append(CatalogRow.model_validate(row))
        except ValidationError as error:
            raise refused(error, CatalogRow, where=where, places={}) from None
    places = [where for where, _ in rows]
    check_catalog(found, places, scenario)
    return tuple(found)


def check_catalog(rows: Sequence[CatalogRow], places: Sequence[str], scenario: Scenario) -> None:
    """Raise SlitError for names that the scenario lacks, or rows that contradict each other.

    places: where each row stands, for what is said of it.
    """
    if not rows:
        raise SlitError("catalog: no rows, expected at least one (what can be bought)")
    kinds = [kind.name for kind in scenario.node_types]
    likes: dict[str, str | None] = {}
    seen = set()
    for where, row in zip(places, rows, strict=True):
        if row.node_type not in kinds:
            raise _unknown(f"{where}: node_type", row.node_type, kinds)
        _check_site(where, row, [center.name for center in scenario.datacenters])
        if likes.setdefault(row.datacenter, row.like) != row.like:
            raise SlitError(
                f"{where}: like: {row.like!r} for {row.datacenter!r}, expected "
                f"{likes[row.datacenter]!r} as before (one site)"
            )
        if (row.node_type, row.datacenter) in seen:
            raise SlitError(f"{where}: {row.label} twice, expected one row")
        seen.add((row.node_type, row.datacenter))


def _check_site(where: str, row: CatalogRow, centers: Sequence[str]) -> None:
    if row.datacenter in centers:
        if row.like is not None:
            raise SlitError(
                f"{where}: like: given for {row.datacenter!r}, which the scenario has, expected "
                "none (or another name for a new datacenter)"
            )
    elif row.like is None:
        more = ", or `like` (of a new datacenter: the one whose signals it has)"
        raise _unknown(f"{where}: datacenter", row.datacenter, centers, more)
    elif row.like not in centers:
        raise _unknown(f"{where}: like", row.like, centers)


def _unknown(where: str, found: str, names: Sequence[str], more: str = "") -> SlitError:
    return SlitError(
        f"{where}: {found!r}, expected one of {', '.join(names)}{did_you_mean(found, names)}{more}"
    )
