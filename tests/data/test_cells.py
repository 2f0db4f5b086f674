"""Cells of tables are read in one way."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slit.data.cells import CellText, number, plain_numbers, read_cell


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


CELLS = st.one_of(
    st.text("0123456789.,-+eE _ \u0660", max_size=8),
    st.floats(allow_nan=False).map(repr),
    st.integers(-(10**25), 10**25).map(str),
    st.sampled_from(["", " 7 ", "\t-.5\n", "5.", "nan", "-", "true", "1.000,5", "inf", "9" * 400]),
    st.none(),
)


@given(st.lists(CELLS, min_size=1, max_size=30), st.sampled_from(".,"))
def test_plain_numbers_are_those_of_each_cell(cells: list[str | None], decimal: str) -> None:
    values, odd = plain_numbers(pa.array(cells, type=pa.string()), decimal)
    for row, cell in enumerate(cells):
        expected = number((cell or "").strip(), decimal)
        if row in odd:
            assert np.isnan(values[row])
        else:
            assert expected is not None
            assert values[row].tobytes() == np.float64(expected).tobytes()


def test_most_cells_are_plain() -> None:
    column = pa.array(["1", "-2.5", " .5", "5.", "", "1e3", "+4"])
    values, odd = plain_numbers(column, ".")
    assert values[:4].tolist() == [1, -2.5, 0.5, 5]
    assert odd.tolist() == [4, 5, 6]
