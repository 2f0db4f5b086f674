"""Cells of tables are read in one way."""

import pytest

from slit.data.cells import CellText, number, read_cell


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1.0), ("-2.5", -2.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("+1E-3", 0.001)],
)
def test_numbers(text: str, expected: float) -> None:
    assert number(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1_000", "1,000", "0x10", "inf", "nan", "1e", "1 2", "²", "١", "true"]
)
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


def test_a_decimal_comma() -> None:
    assert number("1,5", ",") == 1.5
    assert number("1.000,5", ",") is None


def test_a_cell_is_read_as_its_field_wants() -> None:
    assert read_cell(CellText("3"), int) == 3
    assert isinstance(read_cell(CellText("3.0"), int), int)
    assert read_cell(CellText("2.5"), int) == 2.5  # the record refuses it
    assert read_cell(CellText("2,5", ","), float | None) == 2.5
    assert read_cell(CellText("3"), str) == "3"
    assert read_cell(CellText("Yes"), bool) is True
    assert read_cell(CellText("0"), bool) is False
    assert read_cell({"chat": CellText("0.5")}, dict[str, float]) == {"chat": 0.5}


def test_text_of_a_file_is_no_cell() -> None:
    assert read_cell("3", int) == "3"
