"""Time stamps: text and a stated zone -> microseconds since 1970 in UTC; the one parser of them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from operators.types import Longs
from slit.data.timestamp_forms import UNIX, Place, parse_form
from slit.errors import SlitError

MICROSECOND = 1_000_000
"""Microseconds of one second."""
HOUR = 3600 * MICROSECOND

_OFFSET = re.compile(r"^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?$")


def stamp_text(microseconds: int) -> str:
    """A stamp for messages: 2023-07-01T00:00Z."""
    moment = datetime(1970, 1, 1) + timedelta(microseconds=int(microseconds))
    whole = not moment.second and not moment.microsecond
    return f"{moment.isoformat(timespec='minutes' if whole else 'auto')}Z"


def microseconds_of(moment: datetime) -> int:
    """Microseconds since 1970 of a moment with a time zone."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def zone_of(name: str) -> tzinfo:
    """The zone called UTC, +05:30, UTC-8 or Europe/Berlin."""
    if name in ("UTC", "Z", "GMT"):
        return UTC
    offset = _OFFSET.match(name)
    if offset:
        sign, hours, minutes = offset.groups()
        shift = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if shift < timedelta(hours=24):
            return timezone(-shift if sign == "-" else shift)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SlitError(
            f"zone: {name!r}, expected UTC, an offset such as +10:00 or a name of the IANA time "
            "zone database such as Europe/Berlin"
        ) from None


def parse_stamps(
    texts: Sequence[str],
    *,
    zone: str | None,
    place: Place,
    form: str | None = None,
    ends: bool = False,
    notes: list[str] | None = None,
) -> Longs:
    """Stamps in microseconds since 1970 in UTC, (N,).

    Stamps state their offset, or `zone` states it for all; never both, and nothing is guessed. In
    a zone with daylight saving time an hour that occurs twice is told apart by order.

    Args:
        texts: N stamps.
        zone: of stamps without an offset: UTC, +05:30, UTC-8 or Europe/Berlin.
        place: names a row for messages.
        form: unix, unix_ms, unix_us, unix_ns or a form of strptime; without it ISO 8601, digits of
            a date and Unix counts are recognized.
        ends: whether the stamps label the ends of steps.
        notes: where what is not plain ISO 8601 is noted.

    Raises:
        SlitError: text that is no stamp; naive stamps without a zone; local times that do not
            exist; hours that occur twice where only one of them is there.
    """
    if not texts:
        return np.empty(0, dtype=np.int64)
    found = parse_form(texts, form=form, place=place)
    if found.form and form is None and notes is not None:
        notes.append(f"time stamps read as {found.form} (first {texts[0]!r})")
    if found.aware:
        counts = form == "unix_ns" or form in UNIX or found.form.startswith("Unix")
        if counts and zone is not None and zone_of(zone) is not UTC:
            raise SlitError(
                f"{place(0)}: {texts[0]!r} counts from 1970 in UTC, expected no zone, or UTC"
            )
        return found.values
    return in_utc(found.values, zone=zone, place=place, ends=ends, shown=texts[0], notes=notes)


def in_utc(
    naive: Longs,
    *,
    zone: str | None,
    place: Place,
    ends: bool = False,
    shown: str = "",
    notes: list[str] | None = None,
) -> Longs:
    """Local times of a zone in microseconds since 1970 -> the same of UTC, (N,).

    Args:
        naive: local times, (N,).
        zone: where they are local.
        place: names a row for messages.
        ends: whether they label the ends of steps.
        shown: the first stamp as it is written, for messages.
        notes: where a reading by begins of steps is noted.

    Raises:
        SlitError: as `parse_stamps`.
    """
    if zone is None:
        raise SlitError(
            f"{place(0)}: {shown!r} without an offset, expected a stated zone "
            '(zone = "UTC" or the zone of the stamps)'
        )
    where = zone_of(zone)
    if where is UTC:
        return naive
    if isinstance(where, timezone):
        return naive - int(where.utcoffset(None) / timedelta(microseconds=1))
    try:
        return _local(naive, where, place)
    except SlitError:
        if not ends or len(naive) < 2:
            raise
        step = _step(naive)
        try:
            stamps = _local(naive - step, where, place) + step
        except SlitError:
            stamps = None
    if stamps is None:
        return _local(naive, where, place)
    if notes is not None:
        notes.append("ends of steps counted on the local clock from their begins")
    return stamps


def _step(naive: Longs) -> int:
    steps, counts = np.unique(np.abs(np.diff(naive)), return_counts=True)
    return int(steps[np.argmax(counts)])


def _local(naive: Longs, zone: tzinfo, place: Place) -> Longs:
    """Of an hour that occurs twice, the first in order of time is the one before the change."""
    import pandas as pd  # half a second, which scenarios in UTC do without

    index = pd.DatetimeIndex(naive.view("datetime64[us]"))
    first, second = (
        index.tz_localize(zone, ambiguous=np.full(len(naive), early), nonexistent="NaT")
        for early in (True, False)
    )
    ambiguous = first.asi8 != second.asi8
    distances = np.diff(naive)
    falling = (distances < 0).sum() > (distances > 0).sum()
    order = np.arange(len(naive))[:: -1 if falling else 1]
    _, begins, same, counts = np.unique(
        naive[order], return_index=True, return_inverse=True, return_counts=True
    )
    odd = np.asarray(first.isna()) | (ambiguous & (counts[same] == 1)[np.argsort(order)])
    if odd.any():
        row = int(order[np.argmax(odd[order])])
        wall = datetime(1970, 1, 1) + timedelta(microseconds=int(naive[row]))
        raise _odd_hour(place(row), wall, zone, twice=bool(ambiguous[row]))
    again = np.ones(len(naive), dtype=np.bool_)
    again[order[begins]] = False
    stamps: Longs = np.where(again, second.asi8, first.asi8)
    distances = np.diff(stamps)
    if ambiguous.any() and not ((distances >= 0).all() or (distances <= 0).all()):
        row = int(order[np.flatnonzero(ambiguous[order])[-1]])
        raise SlitError(
            f"{place(row)}: an hour that occurs twice in {zone} in rows without order, expected "
            "ascending or descending stamps, or stamps with an offset"
        )
    return stamps


def _odd_hour(where: str, wall: datetime, zone: tzinfo, *, twice: bool) -> SlitError:
    if twice:
        return SlitError(
            f"{where}: {wall.isoformat()} occurs twice in {zone} (end of daylight saving time) but "
            "stands here once, expected both, or stamps with an offset"
        )
    return SlitError(
        f"{where}: {wall.isoformat()} does not exist in {zone} (start of daylight saving time), "
        "expected another time or another zone"
    )
