"""Scenario files and tables with something wrong in them, drawn by hypothesis."""

import copy
import csv
import io
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from hypothesis import strategies as st

Data = dict[str, Any]
Path = tuple[str | int, ...]

ODD: tuple[Any, ...] = (
    -1, 0, 1, 2.5, 1e308, 1e-320, -1e-320, 10**30, 1e15, math.inf, math.nan, "", "x", "2", "1_000",
    "a\nb", "kWh", "Europe/Berlin", "${HOME}", "{name}", "../x.csv", True, False, [], ["x"], [1],
    [[1]], {}, {"x": 1}, {"x": {"y": [1]}}, {"file": "grid.csv"}, {"value": 1, "unit": "1"},
    datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1), datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, tzinfo=UTC), date(2024, 1, 1), time(1, 2),
)  # fmt: skip
ODD_CELLS = (
    "", " ", "nan", "inf", "-", "NA", "x", "1_000", "1,5", "1e308", "1e-320", "-1e15", "0x10",
    "true", '"', "\x00", "2024-03-20T25:00", "2024-03-20", "20240320", "1710892800", "9" * 400,
    "٣", "=1+1",
)  # fmt: skip

VALUES = st.one_of(
    st.sampled_from(ODD),
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.booleans(),
    st.lists(st.integers(-2, 2), max_size=3),
)
CELLS = st.one_of(
    st.sampled_from(ODD_CELLS),
    st.floats().map(str),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8),
)


def toml(data: Data) -> str:
    """A TOML file of one line a top-level key."""
    return "".join(f"{_text(name)} = {_value(value)}\n" for name, value in data.items())


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _text(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(_value(entry) for entry in value)}]"
        case dict():
            pairs = (f"{_text(name)} = {_value(entry)}" for name, entry in value.items())
            return f"{{{', '.join(pairs)}}}"
    return repr(value)


def _text(text: str) -> str:
    plain = (c if c >= " " and c not in '"\\\x7f' else f"\\u{ord(c):04X}" for c in text)
    return f'"{"".join(plain)}"'


def paths(data: Any, at: Path = ()) -> Iterator[Path]:
    """Where something stands, down to the first two entries of each list."""
    if at:
        yield at
    entries: list[tuple[str | int, Any]] = []
    if isinstance(data, dict):
        entries = list(data.items())
    elif isinstance(data, list):
        entries = list(enumerate(data[:2]))
    for name, entry in entries:
        yield from paths(entry, (*at, name))


@st.composite
def mutated(draw: st.DrawFn, base: Data) -> Data:
    """`base` with one to three of its entries changed, left out, misspelled or doubled."""
    data = copy.deepcopy(base)
    for _ in range(draw(st.integers(1, 3))):
        if not data:
            break
        *parents, last = draw(st.sampled_from(list(paths(data))))
        holder: Any = data
        for part in parents:
            holder = holder[part]
        match draw(st.sampled_from(("value", "value", "value", "drop", "misspell", "double"))):
            case "value":
                holder[last] = draw(VALUES)
            case "drop":
                del holder[last]
            case "misspell" if isinstance(last, str):
                holder[f"{last}x"] = holder.pop(last)
            case _ if isinstance(holder[last], list):
                holder[last] = [*holder[last], *copy.deepcopy(holder[last][:1])]
            case _ if isinstance(holder[last], str):
                holder[last] += holder[last][-1:]
    return data


@st.composite
def mutated_table(draw: st.DrawFn, base: str) -> str:
    """A CSV with one to three cells, rows or columns changed."""
    rows = list(csv.reader(io.StringIO(base)))
    for _ in range(draw(st.integers(1, 3))):
        if not rows:
            break
        row = draw(st.integers(0, len(rows) - 1))
        kind = draw(st.sampled_from(("cell", "cell", "cell", "drop", "double", "swap", "column")))
        if kind == "drop":
            del rows[row]
        elif kind == "double":
            rows.insert(row, list(rows[row]))
        elif kind == "swap":
            rows.append(rows.pop(row))
        elif rows[row]:
            column = draw(st.integers(0, len(rows[row]) - 1))
            if kind == "cell":
                rows[row][column] = draw(CELLS)
            else:
                rows = [cells[:column] + cells[column + 1 :] for cells in rows]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
