"""Cells of tables: text, read as numbers and flags in one way."""

import re
from typing import Any, get_args

import numpy as np

from operators.types import Floats, Positions

FLAGS = {"true": True, "yes": True, "false": False, "no": False}
"""Words of a flag, beside 1 and 0."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_PLAIN = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)$"


class CellText(str):
    """Text of a table: it may stand for a number or a flag, which text of a TOML file may not."""

    decimal: str

    def __new__(cls, text: str, decimal: str = ".") -> "CellText":
        """A cell of a table with this decimal mark."""
        cell = super().__new__(cls, text)
        cell.decimal = decimal
        return cell


def number(text: str, decimal: str = ".") -> float | None:
    """The number that a cell says, None where it says none: no 1_000, no 0x10, no thousands."""
    if decimal == ",":
        text = "" if "." in text else text.replace(",", ".")
    return float(text) if _NUMBER.match(text) else None


def plain_numbers(column: Any, decimal: str) -> tuple[Floats, Positions]:
    """What `number` makes of the plain cells of a column, all at once.

    Args:
        column: a pyarrow array of text, (N,).
        decimal: mark of the fraction.

    Returns:
        The numbers, (N,), NaN where a cell is not plain; and the rows of those cells: gaps, words,
        exponents.
    """
    from pyarrow import compute

    texts = compute.utf8_trim_whitespace(column)
    if decimal == ",":
        grouped = compute.match_substring(texts, ".")
        texts = compute.if_else(grouped, "", compute.replace_substring(texts, ",", "."))
    plain = compute.fill_null(compute.match_substring_regex(texts, _PLAIN), False)
    chosen = plain.to_numpy(zero_copy_only=False)
    values = np.full(len(column), np.nan)
    values[chosen] = texts.filter(plain).cast("float64").to_numpy(zero_copy_only=False)
    return values, np.flatnonzero(~chosen)


def read_cell(value: Any, annotation: Any) -> Any:
    """What `value` stands for in a field of this type, if it is a cell; anything else stays."""
    if isinstance(value, dict):
        return {name: read_cell(entry, annotation) for name, entry in value.items()}
    if not isinstance(value, CellText):
        return value
    kinds = _kinds(annotation)
    found = number(value, value.decimal)
    if bool in kinds:
        return FLAGS.get(value.lower(), bool(found) if found in (0, 1) else value)
    if found is None or not kinds & {int, float}:
        return value
    return int(found) if float not in kinds and found.is_integer() else found


def _kinds(annotation: Any) -> set[Any]:
    parts = get_args(annotation)
    return {annotation} if not parts else {kind for part in parts for kind in _kinds(part)}
