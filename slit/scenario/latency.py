"""Round trips between origins and datacenters, measured or estimated from distance."""

from collections.abc import Sequence, Set
from math import asin, cos, pi, sin, sqrt

import numpy as np

from operators.types import Floats
from slit.errors import SlitError, did_you_mean
from slit.scenario.file_schema import Latency
from slit.scenario.provenance import NOT_STATED, share_of
from slit.scenario.records import Accounting, Datacenter, Origin
from slit.scenario.table_files import Tables
from slit.units import convert

LONGEST_S = 60.0
"""Round trips last less: what is longer is in another unit."""

EARTH_RADIUS_M = 6_371_000.0
LIGHT_M_PER_S = 299_792_458.0


def great_circle_m(first: Origin | Datacenter, second: Origin | Datacenter) -> float:
    """Distance over the sphere (haversine), m."""
    phi1, phi2 = first.latitude * pi / 180, second.latitude * pi / 180
    half = sin((phi2 - phi1) / 2) ** 2
    half += cos(phi1) * cos(phi2) * sin((second.longitude - first.longitude) * pi / 360) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))


def estimated_round_trip_s(origin: Origin, datacenter: Datacenter, accounting: Accounting) -> float:
    """There and back along a stretched great circle at a share of light speed, whole microseconds.

    model.md section 2 (TTFT).
    """
    speed = accounting.fiber_speed_share * LIGHT_M_PER_S
    route = great_circle_m(origin, datacenter) * accounting.route_stretch
    return round(2 * route / speed, 6)


def round_trips(
    file: Latency,
    tables: Tables,
    origins: Sequence[Origin],
    datacenters: Sequence[Datacenter],
    accounting: Accounting,
) -> tuple[Floats, float | None]:
    """Round trips: measured where the file names them, else estimated from the distance.

    Args:
        file: section latency.
        tables: where its table is read.
        origins: O places.
        datacenters: D sites.
        accounting: how distance becomes time.

    Returns:
        Seconds, (O, D), and the share of them that is estimated.

    Raises:
        SlitError: an unknown place, a pair twice, or one that is missing where that is refused.
    """
    names = tuple({getattr(place, file.by) for place in kind} for kind in (origins, datacenters))
    known = _table(file, tables) | _pairs(file, *names)
    seconds = np.empty((len(origins), len(datacenters)))
    estimated = np.zeros_like(seconds)
    for o, origin in enumerate(origins):
        for d, center in enumerate(datacenters):
            key = (getattr(origin, file.by), getattr(center, file.by))
            found = known.get(key) or known.get((key[1], key[0]))
            if found is None:
                if file.missing == "refuse":
                    raise SlitError(
                        f"latency: no round trip from {key[0]} to {key[1]}, expected one for every "
                        'pair (missing = "refuse")'
                    )
                found = (estimated_round_trip_s(origin, center, accounting), 1.0)
            seconds[o, d], estimated[o, d] = found
    return seconds, share_of(estimated.ravel().tolist())


def _pairs(
    file: Latency, origins: Set[str], datacenters: Set[str]
) -> dict[tuple[str, str], tuple[float, float]]:
    """The pairs that are written out, in either direction."""
    known: dict[tuple[str, str], tuple[float, float]] = {}
    for number, pair in enumerate(file.pairs):
        key = (pair.origin, pair.datacenter)
        where = f"latency.pairs[{number}]"
        if pair.origin in datacenters and pair.datacenter in origins and pair.origin not in origins:
            key = (pair.datacenter, pair.origin)
        for field, name, names in (
            ("origin", key[0], origins),
            ("datacenter", key[1], datacenters),
        ):
            if name not in names:
                raise SlitError(
                    f"{where}.{field}: {name!r}, expected one of {', '.join(sorted(names))} "
                    f"({file.by} of the {field}){did_you_mean(name, names)}"
                )
        if key in known:
            raise SlitError(f"{where}: {key[0]} to {key[1]} twice, expected one round trip")
        known[key] = (convert(pair.ms, "ms", "s"), NOT_STATED)
    return known


def _table(file: Latency, tables: Tables) -> dict[tuple[str, str], tuple[float, float]]:
    if file.file is None:
        return {}
    table = tables.open(file.file, file)
    stated = table.numbers(file.column)
    values = convert(stated, file.unit, "s", what="latency.unit") * file.scale
    flags = np.full(len(table), NOT_STATED)
    if file.estimated_column is not None:
        flags = np.minimum(np.nan_to_num(table.flags(file.estimated_column), nan=1.0), 1.0)
    pairs = zip(table.texts(file.origin), table.texts(file.datacenter), strict=True)
    known: dict[tuple[str, str], tuple[float, float]] = {}
    for row, pair in enumerate(pairs):
        if not 0 <= values[row] <= LONGEST_S:
            raise SlitError(
                f"{table.place(row)}: {file.column}: {stated[row]:g}, expected a number from 0 to "
                f"{convert(LONGEST_S, 's', file.unit):g} (round trip, {file.unit})"
            )
        if pair in known:
            raise SlitError(f"{table.place(row)}: {pair[0]} to {pair[1]} twice, expected one row")
        known[pair] = (float(values[row]), float(flags[row]))
    return known
