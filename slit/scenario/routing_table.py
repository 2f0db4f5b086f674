"""A table of today's routing: what `slit show --routing` writes, or a few shares by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from operators.types import Floats
from slit.data.table import Table, Texts
from slit.data.timestamps import parse_stamps
from slit.errors import SlitError, did_you_mean
from slit.scenario.fit import misfit, pairs
from slit.scenario.references import FileLayout
from slit.scenario.routing import Routing, ServablePoints
from slit.scenario.routing_entry import RoutingEntry
from slit.scenario.scenario import Scenario
from slit.scenario.table_files import read_table

COLUMNS = "hour", "origin", "class", "datacenter", "pool", "variant", "batch", "share"
BESIDE = "requests", "nodes"
"""Columns of what `slit show --routing` writes that say what follows from the others."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def with_today(scenario: Scenario, table: Table) -> Scenario:
    """The scenario with today's routing from a table.

    Raises SlitError for what is wrong with the table or does not fit the scenario.
    """
    routed = replace(scenario, today=_entries(table, scenario))
    Routing(routed, str(table.path)).check()
    return routed


def with_today_file(scenario: Scenario, file: Path) -> Scenario:
    """The scenario with today's routing from a CSV or Parquet file (see `with_today`)."""
    return with_today(scenario, read_table(file, FileLayout()))


def _entries(table: Table, scenario: Scenario) -> tuple[RoutingEntry, ...]:
    _check_columns(table)
    none = np.full(len(table), "", dtype=object)
    texts = {name: table.texts(name) if name in table.columns else none for name in COLUMNS}
    for name, records in (
        ("origin", scenario.origins),
        ("class", scenario.classes),
        ("datacenter", scenario.datacenters),
        ("pool", scenario.pools),
        ("variant", scenario.variants),
    ):
        _check_names(table, texts[name], name, [each.name for each in records], scenario)
    pools, batches = _pools(table, texts, scenario), _batches(table, texts["batch"])
    points = ServablePoints(scenario)
    for n, names in enumerate(zip(pools, texts["variant"], batches, strict=True)):
        points.place(*names, partial(table.place, n))
    hours, shares = _hours(table, texts["hour"]), _shares(table, texts["share"])
    return tuple(
        RoutingEntry(
            hour=hours[n],
            origin=texts["origin"][n] or None,
            request_class=texts["class"][n] or None,
            pool=pools[n],
            variant=texts["variant"][n],
            batch=batches[n],
            share=float(shares[n]),
        )
        for n in range(len(table))
    )


def _check_columns(table: Table) -> None:
    listed = ", ".join(COLUMNS)
    for name in ("variant", "share"):
        table.column(name)
    for name in table.columns:
        if name not in (*COLUMNS, *BESIDE):
            near = did_you_mean(name, COLUMNS)
            raise SlitError(f"{table.path}: column {name!r}, expected some of {listed}{near}")
    if "pool" not in table.columns and "datacenter" not in table.columns:
        raise SlitError(f"{table.path}: no column 'pool', expected pool or datacenter")
    if not len(table):
        raise SlitError(f"{table.path}: no rows, expected shares ({listed})")


def _check_names(
    table: Table, texts: Texts, column: str, known: Sequence[str], scenario: Scenario
) -> None:
    """Refuse names that the scenario does not have."""
    given = [name for name in dict.fromkeys(texts) if name]
    strange = next((name for name in given if name not in known), None)
    if strange is None:
        return
    row = int(np.flatnonzero(texts == strange)[0])
    foreign = not any(name in known for name in given)
    of = f" of {scenario.name}, as this is its routing" if foreign else ""
    raise SlitError(
        f"{table.place(row)}: {column} {strange!r}, expected one of {', '.join(known)}"
        f"{of}{did_you_mean(strange, known)}"
    )


def _pools(table: Table, texts: dict[str, Texts], scenario: Scenario) -> list[str]:
    """The pool of each row, found by its datacenter and variant where it is not named."""
    share = scenario.accounting.memory_share
    able: dict[tuple[str, str], dict[str, None]] = {}  # names in order, each once
    for pair in pairs(scenario):
        pool, variant = scenario.pools[pair.pool], scenario.variants[pair.variant]
        if misfit(pair.service, pair.node_type, variant, share) is None:
            able.setdefault((pool.datacenter, variant.name), {})[pool.name] = None
    centers = {pool.name: pool.datacenter for pool in scenario.pools}
    found = []
    for n, (center, pool, variant) in enumerate(
        zip(texts["datacenter"], texts["pool"], texts["variant"], strict=True)
    ):
        where = partial(table.place, n)  # looked up only where something is wrong
        if not variant:
            raise SlitError(f"{where()}: no variant, expected its name")
        if pool and center and centers[pool] != center:
            raise SlitError(f"{where()}: datacenter {center}, expected {centers[pool]} (of {pool})")
        if pool:
            found.append(pool)
            continue
        if not center:
            raise SlitError(f"{where()}: neither pool nor datacenter, expected one of them")
        here = list(able.get((center, variant), ()))
        if len(here) != 1:
            held = ", ".join(here) or "none that can serve the variant"
            raise SlitError(
                f"{where()}: datacenter {center} for {variant}, expected a pool (it has {held})"
            )
        found += here
    return found


def _batches(table: Table, texts: Texts) -> list[int | None]:
    for n, cell in enumerate(texts):
        if cell and not (cell.isdecimal() and int(cell) > 0):
            raise SlitError(f"{table.place(n)}: batch {cell!r}, expected a whole number from 1")
    return [int(cell) if cell else None for cell in texts]


def _hours(table: Table, texts: Texts) -> list[datetime | None]:
    """The hour of each row; None where the table has none."""
    if not any(texts):
        return [None] * len(texts)
    empty = np.flatnonzero(texts == "")
    if len(empty):
        raise SlitError(
            f"{table.place(int(empty[0]))}: no hour, expected one in every row or in none"
        )
    stamps = parse_stamps(
        texts.tolist(), zone=None, place=lambda row: table.place(0 if row is None else row)
    )
    return [EPOCH + timedelta(microseconds=int(stamp)) for stamp in stamps]


def _shares(table: Table, texts: Texts) -> Floats:
    for n, cell in enumerate(texts):
        if cell.endswith("%"):
            raise SlitError(f"{table.place(n)}: share {cell!r}, expected a share of 1, as 0.6")
    shares = table.numbers("share")
    for wrong, what in ((np.isnan(shares), "no share"), (shares < 0, "share")):
        if wrong.any():
            n = int(np.flatnonzero(wrong)[0])
            raise SlitError(f"{table.place(n)}: {what} {texts[n]!r}, expected a number from 0 to 1")
    if (shares > 1.0).any():
        n = int(np.argmax(shares > 1.0))
        raise SlitError(
            f"{table.place(n)}: share {texts[n]}, expected a number from 0 to 1 (of all requests; "
            "not per cent, not requests)"
        )
    return shares
