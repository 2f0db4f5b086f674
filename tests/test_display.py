"""How figures are written; values by hand."""

import pytest

from slit.display import amount, beyond, called, counted, least_share, number, percent, share


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.4469123, "0.4469"), (12.3456, "12.35"), (999.94, "999.9"),
        (999.96, "1,000"), (1332.4, "1,332"), (36548.2, "36,548"), (-0.0057833, "−0.005783"),
        (3.51e-22, "3.51e-22"), (-1.5e-7, "−1.5e-07"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits_or_are_whole(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (None, "–"), (float("nan"), "–"), (0.0, "0 %"), (-0.0, "0 %"), (0.04, "0.0 %"),
        (-80.49, "−80.5 %"), (412.34, "+412.3 %"), (-12345.6, "−12,346 %"),
    ],
)  # fmt: skip
def test_changes_have_a_sign(change: float | None, text: str) -> None:
    assert percent(change) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0.0, "0 %"), (3.51e-24, "< 0.01 %"), (0.0001, "0.01 %"),
        (0.0234567, "2.35 %"), (0.5, "50 %"), (1 / 3, "33.33 %"), (0.99995, "> 99.99 %"),
        (1.0, "100 %"), (1 - 1e-15, "100 %"), (4.1234, "412.3 %"), (-0.021, "−2.1 %"),
    ],
)  # fmt: skip
def test_shares_have_four_digits_at_most(value: float | None, text: str) -> None:
    assert share(value) == text


def test_what_is_reached_at_least_is_rounded_down() -> None:
    assert [least_share(value) for value in (0.94459, 0.9999, 0.29, 1.0, 0.0)] == [
        "94.4 %", "99.9 %", "29.0 %", "100.0 %", "0.0 %",
    ]  # fmt: skip


def test_quality_is_called_a_loss() -> None:
    assert called("quality") == "quality lost"
    assert called("carbon") == "carbon"


@pytest.mark.parametrize(
    ("violation", "text"),
    [
        (0.0, ""),
        (1.0, "1 node beyond capacity"),
        (1234.0, "1,234 nodes beyond capacity"),
        (0.25, "beyond a limit"),
        (3.25, "3 nodes beyond capacity, beyond a limit"),
    ],
)
def test_a_violation_in_words(violation: float, text: str) -> None:
    assert beyond(violation) == text


def test_differences_have_their_unit_and_things_are_counted() -> None:
    assert amount(-12.3456, "kg CO2e") == "−12.35 kg CO2e"
    assert amount(-0.0123, "share") == "−1.23 percentage points"
    assert [counted(n, "node start") for n in (0, 1, 1204)] == [
        "0 node starts", "1 node start", "1,204 node starts",
    ]  # fmt: skip
    assert counted(2, "switch", "switches") == "2 switches"


def test_a_refused_start_is_said_to_be_one() -> None:
    assert beyond(3.0, 2) == "1 node beyond capacity, 2 node starts refused (minimum time down)"
    assert beyond(1.5, 1) == "1 node start refused (minimum time down), beyond a limit"
    assert beyond(0.0) == ""
