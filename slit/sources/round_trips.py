"""Round-trip times between regions: a square matrix, or a list of pairs.

Matrix: the first column names the sending region, one column per receiving region. An empty cell
is not measured. Pairs: one row per ordered pair. Both name one statistic (mean, P95), which the
file does not say and the caller states.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from operators.types import Floats
from slit.arrays import frozen
from slit.errors import SlitError
from slit.sources.files import read_header
from slit.sources.tables import Column, read_small_table
from slit.units import check_unit, convert


@dataclass(frozen=True, slots=True, eq=False)
class RoundTrips:
    """Round-trip times between S senders and R receivers.

    Attributes:
        origins: names of the S sending regions.
        sites: names of the R receiving regions.
        seconds: (S, R) s, NaN where not measured. The diagonal is as in the source: 0 or NaN.
        statistic: what the figures are, for example "P95" or "mean".
    """

    origins: tuple[str, ...]
    sites: tuple[str, ...]
    seconds: Floats
    statistic: str

    def to_frame(self) -> pd.DataFrame:
        """The matrix in s with its names."""
        return pd.DataFrame(self.seconds, index=list(self.origins), columns=list(self.sites))

    def between(self, origin: str, site: str) -> float:
        """Seconds from an origin to a site and back, NaN where not measured.

        Raises:
            SlitError: an unknown region; the known ones are named.
        """
        for name, known, kind in ((origin, self.origins, "origin"), (site, self.sites, "site")):
            if name not in known:
                raise SlitError(f"{kind}: {name}, expected one of {', '.join(known)}")
        return float(self.seconds[self.origins.index(origin), self.sites.index(site)])


def read_round_trip_matrix(path: Path | str, *, unit: str = "ms", statistic: str) -> RoundTrips:
    """Read a matrix of round-trip times.

    Args:
        path: CSV file, also .csv.gz.
        unit: unit of the file ("ms", "s", "us").
        statistic: what its figures are, for example "P95".

    Raises:
        SlitError: an unknown unit; a mistake in the file with line and column; a region twice.
    """
    path = Path(path)
    check_unit(unit, "s", what=f"{path}: round trips")
    header = read_header(path)
    names = Column(header[0], "sending region", text=True)
    sites = header[1:]
    if not sites:
        raise SlitError(f"{path}:1: one column, expected one for each receiving region")
    cells = [Column(site, f"round trip, {unit}", low=0, gaps=True) for site in sites]
    table = read_small_table(path, [names, *cells])
    origins = table.texts(names)
    for row, origin in enumerate(origins):
        if origin in origins[:row]:
            raise table.error(row, names.name, "each sending region once")
    values = np.column_stack([table.numbers(cell) for cell in cells])
    seconds = convert(values, unit, "s")
    return RoundTrips(tuple(origins), tuple(sites), frozen(seconds, np.float64), statistic)


def read_round_trip_pairs(
    path: Path | str,
    *,
    columns: Sequence[str] = ("sending_region", "receiving_region", "milliseconds"),
    unit: str = "ms",
    statistic: str,
) -> RoundTrips:
    """Read a list of ordered pairs; pairs that are not listed are NaN.

    Args:
        path: CSV file, also .csv.gz.
        columns: names of sender, receiver and time.
        unit: unit of the time.
        statistic: what the figures are.

    Raises:
        SlitError: an unknown unit; a mistake in the file with line and column; a pair twice.
    """
    path = Path(path)
    check_unit(unit, "s", what=f"{path}: round trips")
    sender = Column(columns[0], "sending region", text=True)
    receiver = Column(columns[1], "receiving region", text=True)
    time = Column(columns[2], f"round trip, {unit}", low=0)
    table = read_small_table(path, [sender, receiver, time])
    pairs = list(zip(table.texts(sender), table.texts(receiver), strict=True))
    seen: set[tuple[str, str]] = set()
    for row, pair in enumerate(pairs):
        if pair in seen:
            raise table.error(row, receiver.name, f"each pair once ({pair[0]} to {pair[1]})")
        seen.add(pair)
    origins = tuple(dict.fromkeys(origin for origin, _ in pairs))
    sites = tuple(dict.fromkeys(site for _, site in pairs))
    seconds = np.full((len(origins), len(sites)), np.nan)
    rows = [origins.index(origin) for origin, _ in pairs]
    places = [sites.index(site) for _, site in pairs]
    seconds[rows, places] = convert(table.numbers(time), unit, "s")
    return RoundTrips(origins, sites, frozen(seconds, np.float64), statistic)
