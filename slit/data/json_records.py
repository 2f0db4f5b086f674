"""Answers of web services, saved as files: lists of rows in JSON."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slit.errors import SlitError

Row = Mapping[str, Any]


def rows_of(found: Any, path: Path, *, where: str, expected: str) -> list[Row]:
    """A list of records that stands at `where` in a file; at least one."""
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise SlitError(f"{path}: {where or 'answer'}: no list of records, expected {expected}")
    if not found:
        raise SlitError(f"{path}: {where or 'answer'}: no rows, expected at least one ({expected})")
    return found


def columns_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Columns of records by name; what is nested gets dotted names, lists are left out.

    A column holds floats, or texts; None where a row has nothing.
    """
    flat = [_flat(row) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    return {name: _uniform([row.get(name) for row in flat]) for name in names}


def _flat(row: Row, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            found[f"{prefix}{name}"] = value
    return found


def _uniform(values: list[Any]) -> list[Any]:
    if all(value is None or (type(value) in (int, float)) for value in values):
        try:
            return [None if value is None else float(value) for value in values]
        except OverflowError:
            pass
    return [None if value is None else _text(value) for value in values]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
