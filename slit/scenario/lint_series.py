"""What is wrong, or worth knowing, in the series that a scenario file names."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from operators.types import Bools, Floats, Longs
from slit.data.spans import Spans, spans_of
from slit.data.table import Table
from slit.data.table_timestamps import in_order, read_stamps
from slit.data.timestamps import HOUR, MICROSECOND, stamp_text, zone_of
from slit.errors import SlitError
from slit.scenario.diagnostics import Finding, Severity, error_of, impossible_figures
from slit.scenario.limits import Limits
from slit.scenario.references import SeriesReference, StampedFileLayout
from slit.scenario.resampling import EpochClock
from slit.scenario.series import SeriesReader

DAY = 24 * HOUR


def lint_series(
    reader: SeriesReader, reference: SeriesReference, limits: Limits, *, where: str,
    site: Mapping[str, str],
) -> Iterator[Finding]:  # fmt: skip
    """Findings of one signal of one site, on the rows, stamps and figures that the loader takes."""
    if reference.file is None or reference.kind != "series":
        yield from _refusal(reader, reference, limits, where, site)
        return
    try:
        table, column = reader.table(reference, site)
    except SlitError as error:
        yield error_of(f"{where}: {error}")
        return
    values = inside = None
    failed = False
    try:
        values = reader.figures(reference, table, column, limits.unit)
    except SlitError as error:
        failed = True
        yield error_of(f"{where}: {error}")
    try:
        table, stamps, _ = in_order(table, read_stamps(table, reference.time, reference))
    except SlitError as error:
        failed = True
        yield error_of(f"{where}: {error}")
    else:
        spans, found = lint_stamps(table, stamps, reference, where=where, clock=reader.clock)
        failed |= any(one.severity is Severity.ERROR for one in found)
        yield from found
        inside = None if spans is None else reader.inside(spans.begins, spans.ends)
    if values is not None:
        values = reader.figures(reference, table, column, limits.unit)
        found = list(_lint_values(values, limits, where, table, column, inside))
        failed |= any(one.severity is Severity.ERROR for one in found)
        yield from found
    if not failed:
        yield from _refusal(reader, reference, limits, where, site)


def _refusal(
    reader: SeriesReader, reference: SeriesReference, limits: Limits, where: str,
    site: Mapping[str, str],
) -> Iterator[Finding]:  # fmt: skip
    """What the loader says of the series, and why it would not take it."""
    before = len(reader.findings)
    try:
        if reference.file is None or reference.kind == "constant":
            reader.read(reference, limits, site=site)
        else:
            reader.steps(reference, limits, site=site)
    except SlitError as error:
        yield error_of(f"{where}: {error}")
    yield from (finding.below(where) for finding in reader.findings[before:])


def lint_stamps(
    table: Table, stamps: Longs, layout: StampedFileLayout, *, where: str, clock: EpochClock
) -> tuple[Spans | None, list[Finding]]:
    """Doubles, gaps, and days of 23 or 25 hours in sorted stamps; and their spans, if any."""
    where = f"{where}: {table.path}"
    zone = layout.zone or table.source.file.zone or "UTC"
    ordered, counts = np.unique(stamps, return_counts=True)
    if len(ordered) < 2:
        few = Finding(Severity.ERROR, where, f"{len(ordered)} time stamps", "at least two")
        return None, [few]
    twice = ordered[counts > 1]
    spans = None
    found: list[Finding] = []
    place = table.place if len(stamps) == len(ordered) else lambda _row: str(table.path)
    try:
        spans = spans_of(
            ordered, place=place, ends=layout.label == "end", zone=zone,
            longest=layout.longest_step,
        )  # fmt: skip
    except SlitError as error:
        found.append(error_of(f"{where.removesuffix(str(table.path))}{error}"))
        missing = np.empty(0, dtype=np.int64)
        step = int(np.diff(ordered).min())
    else:
        missing, step = _missing(spans), spans.step
    if not _changes(zone_of(zone), int(ordered[0]), int(ordered[-1])):
        days, twice, missing = _odd_days(twice, missing, step)
        if days:
            found.append(
                Finding(
                    Severity.ERROR, where, f"{days}, in {zone}",
                    "days of 24 hours (local time with daylight saving? state its zone, such as "
                    "Europe/Berlin)",
                )
            )  # fmt: skip
    else:
        found.append(_long_and_short_days(zone, ordered, where))
    if len(twice):
        first = stamp_text(int(twice[0]))
        found.append(
            Finding(Severity.ERROR, where, f"{first} twice ({len(twice)} such)",
                    "distinct time stamps")
        )  # fmt: skip
    if spans is not None:
        found += _lint_gaps(spans, missing, where, clock)
    return spans if len(stamps) == len(ordered) else None, found


def _missing(spans: Spans) -> Longs:
    """Begins of steps that are not there, at most some thousands a gap."""
    lengths = np.broadcast_to(spans.step if spans.lengths is None else spans.lengths,
                              len(spans.begins))  # fmt: skip
    ends = spans.begins + lengths
    gaps = np.flatnonzero(spans.begins[1:] > ends[:-1])
    return np.concatenate(
        [np.empty(0, dtype=np.int64)]
        + [np.arange(ends[i], spans.begins[i + 1], lengths[i])[:10_000] for i in gaps]
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


def _lint_gaps(spans: Spans, missing: Longs, where: str, clock: EpochClock) -> Iterator[Finding]:
    end = clock.start + clock.step * clock.epochs
    inside = (missing + spans.step > clock.start) & (missing < end)
    for part, severity, expected in (
        (missing[inside], Severity.ERROR, "a value for every epoch"),
        (missing[~inside], Severity.WARNING, "no gaps (outside the horizon)"),
    ):
        if len(part):
            found = f"{len(part)} steps missing, first {stamp_text(int(part[0]))}"
            yield Finding(severity, where, found, expected)
    last = int(spans.begins[-1]) + (spans.step if spans.lengths is None else int(spans.lengths[-1]))
    if spans.begins[0] > clock.start or last < end:
        yield Finding(
            Severity.ERROR, where,
            f"{stamp_text(int(spans.begins[0]))} to {stamp_text(last)}",
            f"the horizon, {stamp_text(clock.start)} to {stamp_text(end)}",
        )  # fmt: skip


def _lint_values(
    values: Floats, limits: Limits, where: str, table: Table, column: str, inside: Bools | None
) -> Iterator[Finding]:
    """Gaps, and figures that cannot be true."""
    if inside is None:
        inside = np.ones(len(values), dtype=np.bool_)
    for rows, severity, expected in (
        (np.isnan(values) & inside, Severity.ERROR, "a number for every epoch"),
        (np.isnan(values) & ~inside, Severity.WARNING, "a number (outside the horizon)"),
    ):
        if rows.any():
            place = f"{where}: {table.place(int(np.argmax(rows)))}"
            yield Finding(severity, place, f"no number ({rows.sum()} such)", expected)
    impossible = impossible_figures(np.where(inside, values, np.nan), limits, table, column)
    if impossible is not None:
        yield impossible.below(where)
