"""Time stamps: ISO 8601 text and a stated zone -> microseconds since 1970 in UTC."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from slit.errors import SlitError

Longs = NDArray[np.int64]
Place = Callable[[int | None], str]

MICROSECOND = 1_000_000
"""Microseconds of one second."""

_OFFSET = re.compile(r"^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?$")
_UTC = re.compile(r"(Z|\+00:?00)$")


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
        return timezone(-shift if sign == "-" else shift)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SlitError(
            f"zone: {name!r}, expected UTC, an offset such as +10:00 or a name of the IANA time "
            "zone database such as Europe/Berlin"
        ) from None


def parse_stamps(texts: Sequence[str], *, zone: str | None, place: Place) -> Longs:
    """Stamps in microseconds since 1970 in UTC, (N,).

    Stamps state their offset, or `zone` states it for all; never both, and nothing is guessed. In
    a zone with daylight saving time an hour that occurs twice is told apart by order. `place` names
    a row for messages. Raises SlitError for text that is no stamp, naive stamps without a zone,
    local times that do not exist, and hours that occur twice where only one of them is there.
    """
    if not texts:
        return np.empty(0, dtype=np.int64)
    aware = [text[-1:] == "Z" or "+" in text[10:] or "-" in text[10:] for text in texts]
    if any(aware) and not all(aware):
        row = aware.index(not aware[0])
        raise SlitError(f"{place(row)}: {texts[row]!r}, expected all stamps with an offset or none")
    if aware[0]:
        return _aware(texts, place)
    if zone is None:
        raise SlitError(
            f"{place(0)}: {texts[0]!r} without an offset, expected a stated zone "
            '(zone = "UTC" or the zone of the stamps)'
        )
    naive = _naive(texts, place)
    where = zone_of(zone)
    if where is UTC:
        return naive
    if isinstance(where, timezone):
        return naive - int(where.utcoffset(None) / timedelta(microseconds=1))
    return _local(naive, where, place)


def _aware(texts: Sequence[str], place: Place) -> Longs:
    if all(_UTC.search(text) for text in texts):
        return _naive([_UTC.sub("", text) for text in texts], place)
    stamps = np.empty(len(texts), dtype=np.int64)
    for row, text in enumerate(texts):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _no_stamp(place(row), text) from None
        stamps[row] = microseconds_of(moment)
    return stamps


def _naive(texts: Sequence[str], place: Place) -> Longs:
    try:
        stamps = np.array(texts, dtype="datetime64[us]")
        if not np.isnat(stamps).any():
            return stamps.astype(np.int64)
    except ValueError:
        pass
    for row, text in enumerate(texts):
        try:
            if not np.isnat(np.datetime64(text, "us")):
                continue
        except ValueError:
            pass
        raise _no_stamp(place(row), text)
    raise AssertionError(texts)


def _no_stamp(where: str, text: str) -> SlitError:
    return SlitError(
        f"{where}: {text!r}, expected a date and time in ISO 8601 such as 2023-07-01T00:00Z"
    )


def _local(naive: Longs, zone: tzinfo, place: Place) -> Longs:
    stamps = np.empty(len(naive), dtype=np.int64)
    seen: set[int] = set()
    twice = {int(v) for v in naive[np.flatnonzero(np.isin(naive, _repeated(naive)))]}
    epoch = datetime(1970, 1, 1)
    for row, value in enumerate(naive.tolist()):
        wall = epoch + timedelta(microseconds=value)
        early, late = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
        offset, later = early.utcoffset(), late.utcoffset()
        assert offset is not None
        assert later is not None
        if offset > later and value not in twice:
            raise SlitError(
                f"{place(row)}: {wall.isoformat()} occurs twice in {zone} (end of daylight saving "
                "time) but stands here once, expected both, or stamps with an offset"
            )
        if offset < later:
            raise SlitError(
                f"{place(row)}: {wall.isoformat()} does not exist in {zone} (start of daylight "
                "saving time), expected another time or another zone"
            )
        chosen = later if value in seen else offset
        seen.add(value)
        stamps[row] = value - int(chosen / timedelta(microseconds=1))
    return stamps


def _repeated(naive: Longs) -> Longs:
    values, counts = np.unique(naive, return_counts=True)
    return values[counts > 1]
