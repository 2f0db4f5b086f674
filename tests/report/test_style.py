"""Numbers as figures, tables and pages write them."""

import pytest

from slit.report.style import share


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0 %"),
        (3.51e-24, "0 %"),
        (3.51e-7, "< 0.01 %"),
        (0.0001, "0.01 %"),
        (0.50341234567890123, "50.34 %"),
        (0.98251, "98.25 %"),
        (0.99999, "> 99.99 %"),
        (1.0, "100 %"),
        (1.0 - 1e-15, "100 %"),
        (9.5, "950 %"),
    ],
)
def test_shares_have_four_digits_and_no_powers_of_ten(value: float, said: str) -> None:
    assert share(value) == said
