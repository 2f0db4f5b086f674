"""What is wrong, or worth knowing, in the series that a scenario file names."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from slit.errors import SlitError
from slit.scenario.findings import Finding, Severity, error_of
from slit.scenario.layout import LIMITS
from slit.scenario.references import SeriesReference
from slit.scenario.resampling import Clock
from slit.scenario.series import HOUR, SeriesReader
from slit.scenario.tabular import Table
from slit.sources.stamps import MICROSECOND, stamp_text, zone_of
from slit.units import convert

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

DAY = 24 * HOUR

PLAUSIBLE = {
    "carbon": (0.0, 2.0, "kg/kWh"),
    "price": (-20.0, 20.0, "USD/kWh"),
    "ewif": (0.0, 100.0, "L/kWh"),
    "pue": (1.0, 3.0, "1"),
    "wue": (0.0, 20.0, "L/kWh"),
    "wet_bulb": (-70.0, 40.0, "degC"),
    "supply_temperature": (5.0, 50.0, "degC"),
}
"""Beyond these a figure is more likely in another unit than true."""


def lint_series(
    reader: SeriesReader, reference: SeriesReference, name: str, unit: str, *, where: str,
    site: Mapping[str, str],
) -> Iterator[Finding]:  # fmt: skip
    """Findings of one signal of one site: its file, unit, stamps and figures."""
    table: Table | None = None
    try:
        if reference.file is not None:
            table, column = reader.table(reference, site)
            stated = table.numbers(column)
        else:
            stated = np.array(reference.values or (reference.value,), dtype=np.float64)
    except SlitError as error:
        yield error_of(f"{where}: {error}")
        return
    try:
        values = convert(stated, reference.unit, unit) * reference.scale
    except SlitError as error:
        yield error_of(f"{where}: {error}")
        values = np.empty(0)
    stamps = None
    if table is not None and reference.kind == "series":
        try:
            stamps = table.stamps(reference.time, zone=reference.zone)
        except SlitError as error:
            yield error_of(f"{where}: {error}")
        else:
            zone = reference.zone or "UTC"
            yield from lint_stamps(stamps, zone=zone, where=f"{where}: {table.path}",
                                   clock=reader.clock)  # fmt: skip
    yield from _lint_values(values, name, where, table, stamps, reader.clock)


def lint_stamps(stamps: Longs, *, zone: str, where: str, clock: Clock) -> Iterator[Finding]:
    """Order, doubles, gaps, and days of 23 or 25 hours."""
    distances = np.diff(stamps)
    back = np.flatnonzero(distances < 0)
    if len(back):
        first = stamp_text(int(stamps[back[0] + 1]))
        yield Finding(
            Severity.ERROR, where, f"{first} after a later stamp ({len(back)} such)",
            "ascending time stamps",
        )  # fmt: skip
    ordered, counts = np.unique(stamps, return_counts=True)
    if len(ordered) < 2:
        yield Finding(Severity.ERROR, where, f"{len(ordered)} time stamps", "at least two")
        return
    steps, often = np.unique(np.diff(ordered), return_counts=True)
    step = int(steps[np.argmax(often)])
    twice = ordered[counts > 1]
    missing = _missing(ordered, step)
    fixed = not _changes(zone_of(zone), int(ordered[0]), int(ordered[-1]))
    if fixed:
        days, twice, missing = _odd_days(twice, missing, step)
        if days:
            yield Finding(
                Severity.ERROR, where, f"{days}, in {zone}",
                "days of 24 hours (local time with daylight saving? state its zone, such as "
                "Europe/Berlin)",
            )  # fmt: skip
    else:
        yield _long_and_short_days(zone, ordered, where)
    if len(twice):
        first = stamp_text(int(twice[0]))
        yield Finding(
            Severity.ERROR, where, f"{first} twice ({len(twice)} such)", "distinct time stamps"
        )
    yield from _lint_gaps(ordered, missing, step, where, clock)
    if (np.diff(ordered) % step).any():
        row = int(np.flatnonzero(np.diff(ordered) % step)[0]) + 1
        yield Finding(
            Severity.ERROR, where, f"step to {stamp_text(int(ordered[row]))}",
            f"equal steps of {step / MICROSECOND:g} s",
        )  # fmt: skip


def _missing(ordered: Longs, step: int) -> Longs:
    """Stamps that are not there, at most some thousands a gap."""
    distances = np.diff(ordered)
    gaps = np.flatnonzero((distances > step) & (distances % step == 0))
    return np.concatenate(
        [np.empty(0, dtype=np.int64)]
        + [np.arange(ordered[i] + step, ordered[i + 1], step)[:10_000] for i in gaps]
    )


def _odd_days(twice: Longs, missing: Longs, step: int) -> tuple[str, Longs, Longs]:
    """Days of 23 and 25 hours in a zone that has none; and what is left of doubles and gaps."""
    per_hour = max(1, HOUR // step)
    found, taken = [], []
    for values, length in ((missing, 23), (twice, 25)):
        days, counts = np.unique(values // DAY, return_counts=True)
        for day in days[counts == per_hour]:
            inside = values[values // DAY == day]
            local_night = (inside % DAY < 4 * HOUR).all() and inside[-1] - inside[0] < HOUR
            if local_night and _sunday(int(day)):
                found.append((int(day), length))
                taken.append(int(day))
    if {length for _, length in found} == set():
        return "", twice, missing
    shown = ", ".join(
        f"{stamp_text(day * DAY)[:10]} has {length} hours" for day, length in sorted(found)[:4]
    )
    keep_twice = twice[~np.isin(twice // DAY, taken)]
    return shown, keep_twice, missing[~np.isin(missing // DAY, taken)]


def _sunday(day: int) -> bool:
    return (day + 4) % 7 == 0  # 1970-01-01 was a Thursday


def _changes(zone: tzinfo, first: int, last: int) -> list[tuple[datetime, float]]:
    """Days of a zone that do not have 24 hours, with their hours."""
    if isinstance(zone, type(UTC)):
        return []
    day = datetime.fromtimestamp(first / MICROSECOND, tz=zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    end = datetime.fromtimestamp(last / MICROSECOND, tz=zone)
    found = []
    while day < end:
        after = day + timedelta(days=1)
        hours = (after.astimezone(UTC) - day.astimezone(UTC)) / timedelta(hours=1)
        if hours != 24:
            found.append((day, hours))
        day = after
    return found


def _long_and_short_days(zone: str, ordered: Longs, where: str) -> Finding:
    days = _changes(zone_of(zone), int(ordered[0]), int(ordered[-1]))
    shown = ", ".join(f"{day:%Y-%m-%d} has {hours:g} hours" for day, hours in days[:4])
    return Finding(
        Severity.NOTE, where, f"{shown}, in {zone}", "so in this zone; the series is laid on UTC"
    )


def _lint_gaps(
    ordered: Longs, missing: Longs, step: int, where: str, clock: Clock
) -> Iterator[Finding]:
    end = clock.start + clock.step * clock.epochs
    inside = (missing + step > clock.start) & (missing < end)
    for part, severity, expected in (
        (missing[inside], Severity.ERROR, "a value for every epoch"),
        (missing[~inside], Severity.WARNING, "no gaps (outside the horizon)"),
    ):
        if len(part):
            found = f"{len(part)} steps missing, first {stamp_text(int(part[0]))}"
            yield Finding(severity, where, found, expected)
    if ordered[0] > clock.start or ordered[-1] + step < end:
        yield Finding(
            Severity.ERROR, where,
            f"{stamp_text(int(ordered[0]))} to {stamp_text(int(ordered[-1]) + step)}",
            f"the horizon, {stamp_text(clock.start)} to {stamp_text(end)}",
        )  # fmt: skip


def _lint_values(
    values: Floats, name: str, where: str, table: Table | None, stamps: Longs | None, clock: Clock
) -> Iterator[Finding]:
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        inside = np.ones(len(wrong), dtype=np.bool_)
        if stamps is not None:
            end = clock.start + clock.step * clock.epochs
            inside = (stamps[wrong] >= clock.start) & (stamps[wrong] < end)
        for rows, severity, expected in (
            (wrong[inside], Severity.ERROR, "a number for every epoch"),
            (wrong[~inside], Severity.WARNING, "a number (outside the horizon)"),
        ):
            if len(rows):
                place = f"{where}: {table.place(int(rows[0]))}" if table else where
                found = f"no number ({len(rows)} such)"
                yield Finding(severity, place, found, expected)
    known = values[np.isfinite(values)]
    lowest = LIMITS[name][0]
    low = np.flatnonzero(values < lowest)
    if len(low):
        place = f"{where}: {table.place(int(low[0]))}" if table else where
        found = f"{values[low[0]]:g} ({len(low)} such)"
        yield Finding(Severity.ERROR, place, found, f"a number >= {lowest:g}")
    if name in PLAUSIBLE and len(known):
        least, most, unit = PLAUSIBLE[name]
        if known.max() > most or (known.min() < least and lowest < least):
            extreme = known.max() if known.max() > most else known.min()
            yield Finding(
                Severity.WARNING, where, f"{extreme:g} {unit}",
                f"{least:g} to {most:g} {unit} (is the unit right?)",
            )  # fmt: skip
