"""Forms in which files write time stamps -> microseconds since 1970, in UTC or a local time."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from operators.types import Longs
from slit.errors import SlitError

Place = Callable[[int | None], str]

SECOND = 1_000_000
DAY = 86_400 * SECOND

UNIX = {"unix": SECOND, "unix_ms": 1_000, "unix_us": 1}
"""Microseconds of one count, by the name of the form; also unix_ns."""
FIRST_YEAR, LAST_YEAR = 1900, 2200

_ISO = re.compile(
    r"(\d{4})[-/](\d\d)(?:[-/](\d\d)(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?)?"
    r" ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?\Z"
)
_COMPACT = re.compile(
    r"(\d{4})(\d\d)(\d\d)(?:[T ]?(\d\d)(?:(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?)?"
    r"(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?\Z"
)
_COUNT = re.compile(r"(\d+)(?:\.(\d*))?\Z")
_MIDNIGHT = re.compile(r"(?<![\d:])24:00(:00)?(?![\d:])")
_COUNTS = {10: "unix", 13: "unix_ms", 16: "unix_us", 19: "unix_ns"}
_GUESSES = (
    (r"\d\d?\.\d\d?\.\d{4}", ("%d.%m.%Y",)),
    (r"\d\d?/\d\d?/\d{4}", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"\d\d?-\d\d?-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d\d?-[A-Za-z]{3}-\d{4}", ("%d-%b-%Y",)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """Stamps as they were read: (N,) microseconds, of UTC where `aware`."""

    values: Longs
    aware: bool
    form: str = ""  # what it is called, where it is worth saying


def parse_form(texts: Sequence[str], *, form: str | None, place: Place) -> Parsed:
    """Stamps in a stated form, or in one that can be nothing else.

    Args:
        texts: N stamps, at least one.
        form: unix, unix_ms, unix_us, unix_ns or a form of strptime; None to recognize it.
        place: names a row for messages.

    Raises:
        SlitError: a text in another form; with a proposal where none is stated and none is sure.
    """
    if form == "unix_ns" or form in UNIX:
        return _counts(texts, form, place)
    if form is not None:
        return _stated(texts, form, place)
    if all(_COUNT.match(text) for text in texts):
        return _digits(texts, place)
    values = _whole_minutes(texts)
    if values is not None:
        return Parsed(within_years(values, texts.__getitem__, place), texts[0].endswith("Z"))
    return _iso(texts, _COMPACT if _COMPACT.match(texts[0]) else _ISO, place)


def _whole_minutes(texts: Sequence[str]) -> Longs | None:
    """2023-07-01T00:00, as most files write it, or with Z: what `_iso` makes of it, all at once."""
    import pyarrow as pa
    from pyarrow import compute

    zulu = "Z" if texts[0].endswith("Z") else ""
    pattern = rf"^\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?{zulu}$"
    try:
        if not compute.all(compute.match_substring_regex(pa.array(texts), pattern)).as_py():
            return None
        return np.array([text.rstrip("Z") for text in texts], dtype="datetime64[us]").astype(
            np.int64
        )
    except ValueError:  # no text of Unicode, or a day 31 of June, which `_iso` names
        return None


def check_form(form: str) -> None:
    """Refuse a stated form that cannot be one.

    Raises:
        SlitError: neither a Unix count nor a form of strptime with a year.
    """
    if form == "unix_ns" or form in UNIX:
        return
    try:
        shown = datetime(2023, 7, 1, 13, 45, tzinfo=UTC).strftime(form)
        good = "%" in form and datetime.strptime(shown, form).year == 2023
    except ValueError:
        good = False
    if not good:
        raise SlitError(
            f"{form!r}, expected a form such as %d.%m.%Y %H:%M with a year, or one of "
            f"{', '.join(UNIX)}, unix_ns"
        )


def _iso(texts: Sequence[str], pattern: re.Pattern[str], place: Place) -> Parsed:
    """ISO 8601, and the like with slashes or without marks."""
    bodies, offsets, late = [], np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts))
    aware = finer = slashed = False
    for row, text in enumerate(texts):
        found = pattern.match(text)
        if found is None:
            raise no_stamp(place(row), text)
        year, month, day, hour, minute, second, fraction, offset = found.groups()
        if row == 0:
            aware = offset is not None
        elif aware != (offset is not None):
            raise SlitError(f"{place(row)}: {text!r}, expected all stamps with an offset or none")
        if hour == "24" and not int(minute or 0) and not int(second or 0):
            hour, late[row] = "00", DAY
        finer |= len((fraction or "").rstrip("0")) > 6
        slashed |= "/" in text
        bodies.append(
            f"{year}-{month}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
            f".{(fraction or '0')[:6]}"
        )
        offsets[row] = _offset(offset or "")
    values = _numpy(bodies, texts, place) + late.astype(np.int64) - offsets
    said = ["year/month/day"] if slashed else []
    if pattern is _COMPACT:
        said.append("digits of a date")
    if finer:
        said.append("cut to microseconds")
    return Parsed(within_years(values, texts.__getitem__, place), aware, ", ".join(said))


def _offset(text: str) -> int:
    if text in ("", "Z", "UTC", "GMT"):
        return 0
    digits = text[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return (-seconds if text[0] == "-" else seconds) * SECOND


def _numpy(bodies: Sequence[str], texts: Sequence[str], place: Place) -> Longs:
    try:
        return np.array(bodies, dtype="datetime64[us]").astype(np.int64)
    except ValueError:
        for row, body in enumerate(bodies):
            try:
                np.datetime64(body, "us")
            except ValueError:
                raise no_stamp(place(row), texts[row]) from None
        raise


def _digits(texts: Sequence[str], place: Place) -> Parsed:
    """Digits alone: a year, a date without marks, or counts since 1970."""
    length = len(_whole(texts[0]))
    odd = next((row for row, text in enumerate(texts) if len(_whole(text)) != length), None)
    if length not in (4, 8, 10, 12, 13, 14, 16, 19) or odd is not None:
        row = odd or 0
        raise SlitError(
            f"{place(row)}: {texts[row]!r}, expected a date and time in ISO 8601 such as "
            "2023-07-01T00:00Z, or a stated form (stamp_format: unix, unix_ms, %Y%m%d%H ...)"
        )
    if length == 4:
        years = [f"{_whole(text)}-01-01" for text in texts]
        values = within_years(_numpy(years, texts, place), texts.__getitem__, place)
        return Parsed(values, False, "years")
    if length != 13 and length < 16 and all(_is_date(_whole(text)) for text in texts):
        return _iso([_whole(text) for text in texts], _COMPACT, place)
    if length not in _COUNTS:
        raise no_stamp(place(0), texts[0])
    return _counts(texts, _COUNTS[length], place)


def _whole(text: str) -> str:
    """Digits before a point that only zeros follow: a column of whole numbers with gaps has it."""
    before, _, after = text.partition(".")
    return before if not after.strip("0") else text


def _is_date(digits: str) -> bool:
    fitting = _COMPACT.match(digits)
    if fitting is None:
        return False
    limits = zip(fitting.groups()[:6], (1900, 1, 1, 0, 0, 0), (2100, 12, 31, 24, 59, 59),
                 strict=True)  # fmt: skip
    return all(part is None or low <= int(part) <= high for part, low, high in limits)


def _counts(texts: Sequence[str], form: str, place: Place) -> Parsed:
    values = np.empty(len(texts), dtype=np.int64)
    cut = False
    for row, text in enumerate(texts):
        found = _COUNT.match(text.removeprefix("-"))
        if found is None or len(found.group(1)) > 19:
            raise SlitError(f"{place(row)}: {text!r}, expected a number of {_NAMES[form]}")
        whole, part = int(found.group(1)), found.group(2) or ""
        if form == "unix_ns":
            cut |= bool(whole % 1000)
            count = (whole + 500) // 1000
        else:
            count = whole * UNIX[form] + round(float(f"0.{part or 0}") * UNIX[form])
        limit = (LAST_YEAR - 1970) * 366 * DAY
        values[row] = min(count, limit) * (-1 if text.startswith("-") else 1)
    said = _NAMES[form] + (", rounded to microseconds" if cut else "")
    return Parsed(within_years(values, texts.__getitem__, place), True, said)


_NAMES = {
    "unix": "Unix seconds", "unix_ms": "Unix milliseconds", "unix_us": "Unix microseconds",
    "unix_ns": "Unix nanoseconds",
}  # fmt: skip


def _stated(texts: Sequence[str], form: str, place: Place) -> Parsed:
    import pandas as pd

    late = np.array([DAY if _MIDNIGHT.search(text) else 0 for text in texts], dtype=np.int64)
    plain = [_MIDNIGHT.sub(r"00:00\1", text) for text in texts]
    aware = "%z" in form
    try:
        parsed = pd.to_datetime(pd.Series(plain, dtype=object), format=form, errors="coerce",
                                utc=aware)  # fmt: skip
    except ValueError as error:
        raise SlitError(f"{place(0)}: {error}, expected stamps as {form} (stamp_format)") from None
    missing = np.flatnonzero(parsed.isna().to_numpy())
    if len(missing):
        row = int(missing[0])
        raise SlitError(f"{place(row)}: {texts[row]!r}, expected a stamp as {form} (stamp_format)")
    index = pd.DatetimeIndex(parsed).as_unit("us")
    return Parsed(within_years(index.asi8 + late, texts.__getitem__, place), aware)


def within_years(values: Longs, shown: Callable[[int], str], place: Place) -> Longs:
    """Refuse years that no plan has: stamps that are of another form."""
    low, high = (
        np.datetime64(f"{year}-01-01", "us").astype(np.int64).item()
        for year in (FIRST_YEAR, LAST_YEAR)
    )
    wrong = np.flatnonzero((values < low) | (values >= high))
    if len(wrong):
        row = int(wrong[0])
        raise SlitError(
            f"{place(row)}: {shown(row)!r}, expected a stamp from {FIRST_YEAR} to {LAST_YEAR - 1} "
            "(stamp_format states another form: unix, unix_ms, %Y%m%d%H ...)"
        )
    return values


def no_stamp(where: str, text: str) -> SlitError:
    """The message about a text that is no stamp, with the form that it may be in."""
    guess = ""
    for pattern, forms in _GUESSES:
        found = re.match(pattern, text)
        if found:
            times = text[found.end() :].strip()
            clock = {0: "", 1: " %H:%M", 2: " %H:%M:%S"}.get(times.count(":") if times else 0, "")
            listed = " or ".join(f'"{form}{clock}"' for form in forms)
            guess = f", or a stated form: stamp_format = {listed}"
    return SlitError(
        f"{where}: {text!r}, expected a date and time in ISO 8601 such as 2023-07-01T00:00Z{guess}"
    )
