"""Series as services and offices export them; every value by hand."""

from pathlib import Path

import numpy as np
import pytest

from slit.data.spans import spans_of
from slit.data.table_timestamps import timed_rows
from slit.data.timestamps import stamp_text
from slit.errors import SlitError
from slit.scenario.diagnostics import Severity
from slit.scenario.references import FileLayout, StampedFileLayout
from slit.scenario.table_files import read_table
from tests.scenario.files import Files, check_scenario

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def price(files: Files, content: str, **options: object) -> Files:
    """Let site north take its price from a file of its own."""
    said = {"column": "p", "unit": "USD/MWh", "time": "t"} | options
    pairs = ", ".join(f"{name} = {_toml(value)}" for name, value in said.items())
    files.write("p.csv", content)
    series = f'price = {{ file = "p.csv", {pairs} }}'
    return files.replace('zone = "DE-LU"', f'zone = "DE-LU"\n{series}')


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def first(files: Files, count: int = 3) -> list[float]:
    return [round(float(value), 9) for value in files.load().signals.price[:count, 0]]


def rows(stamp: object, *, count: int = 24) -> str:
    """Stamps by a function of the hour, prices 50, 51, ..."""
    assert callable(stamp)
    return "t,p\n" + "".join(f"{stamp(h)},{50 + h}\n" for h in range(count))


UNIX = 1_710_892_800  # 2024-03-20T00:00Z


@pytest.mark.parametrize(
    ("stamp", "options", "said"),
    [
        (lambda h: UNIX + 3600 * h, {}, "Unix seconds"),
        (lambda h: f"{UNIX + 3600 * h}.0", {}, "Unix seconds"),
        (lambda h: (UNIX + 3600 * h) * 1000, {"zone": "UTC"}, "Unix milliseconds"),
        (lambda h: (UNIX + 3600 * h) * 10**6, {}, "Unix microseconds"),
        (lambda h: (UNIX + 3600 * h) * 10**9 + 1, {}, "Unix nanoseconds"),
        (lambda h: f"20240320{h:02}", {"zone": "UTC"}, "digits of a date"),
        (lambda h: f"20240320{h:02}00", {"zone": "UTC"}, "digits of a date"),
        (lambda h: f"20240320T{h:02}00Z", {}, "digits of a date"),
        (lambda h: f"2024/03/20 {h:02}:00:00", {"zone": "UTC"}, "year/month/day"),
        (lambda h: f"2024-03-20 {h:02}:00:00 UTC", {}, ""),
        (lambda h: f"20.03.2024 {h:02}:00", {"zone": "UTC", "stamp_format": "%d.%m.%Y %H:%M"}, ""),
        (lambda h: f"03/20/2024 {h:02}:00", {"zone": "UTC", "stamp_format": "%m/%d/%Y %H:%M"}, ""),
        (lambda h: f"20-Mar-2024 {h:02}:00 +0000", {"stamp_format": "%d-%b-%Y %H:%M %z"}, ""),
        (lambda h: (UNIX + 3600 * h) // 60 * 60, {"stamp_format": "unix"}, ""),
    ],
)  # fmt: skip
def test_forms_of_stamps(
    files: Files, stamp: object, options: dict[str, object], said: str
) -> None:
    price(files, rows(stamp), **options)
    assert first(files) == [0.05, 0.051, 0.052]
    notes = [str(one) for one in check_scenario(files.path) if "stamps read as" in one.found]
    assert bool(notes) == bool(said)
    assert all(said in note for note in notes)


@pytest.mark.parametrize(
    ("stamp", "options", "message"),
    [
        (lambda h: f"20.03.2024 {h:02}:00", {}, r'stamp_format = "%d.%m.%Y %H:%M"'),
        (lambda h: f"03/20/2024 {h:02}:00:00", {}, r'"%d/%m/%Y %H:%M:%S" or "%m/%d/%Y %H:%M:%S"'),
        (lambda h: 3600 * h, {}, "or a stated form"),
        (lambda h: UNIX + 3600 * h, {"zone": "Europe/Berlin"}, "counts from 1970 in UTC"),
        (lambda h: UNIX + 3600 * h, {"stamp_format": "unix_ms"}, None),
        (lambda h: f"9999-03-20T{h:02}:00Z", {}, "expected a stamp from 1900 to 2199"),
        (lambda h: f"2024032{h:02}", {"stamp_format": "no form"}, "expected a form such as"),
    ],
)
def test_forms_that_are_not_sure_are_named(
    files: Files, stamp: object, options: dict[str, object], message: str | None
) -> None:
    price(files, rows(stamp), **options)
    with pytest.raises(SlitError, match=message or "."):
        files.load()


def test_an_office_file(files: Files) -> None:
    lines = [f"20.03.2024;{h:02}:00;{50 + h},25" for h in range(24)]
    content = "Preise\n\nDatum;Uhr;Preis €\n" + "\n".join(lines) + "\n"
    price(
        files, "", time=["Datum", "Uhr"], stamp_format="%d.%m.%Y %H:%M", delimiter=";", decimal=",",
        skip_rows=2, encoding="cp1252", column="Preis €", zone="UTC",
    )  # fmt: skip
    (files.folder / "p.csv").write_bytes(content.encode("cp1252"))
    assert first(files) == [0.05025, 0.05125, 0.05225]


def test_hours_named_by_their_end(files: Files) -> None:
    content = "d,h,p\n" + "".join(f"2024-03-20,{h + 1},{50 + h}\n" for h in range(24))
    price(files, content, time=["d", "h"], label="end", zone="UTC")
    assert first(files) == [0.05, 0.051, 0.052]
    assert not [one for one in check_scenario(files.path) if one.severity is Severity.ERROR]


def test_hour_24_is_an_end(files: Files) -> None:
    content = "d,h,p\n" + "".join(f"2024-03-20,{h + 1},{50 + h}\n" for h in range(24))
    price(files, content, time=["d", "h"], zone="UTC")
    with pytest.raises(SlitError, match=r'p.csv:25: d h: hour 24, expected .*label = "end"'):
        files.load()


def test_prices_in_another_currency(files: Files) -> None:
    price(files, rows(lambda h: f"2024-03-20T{h:02}:00Z"), unit="EUR/MWh")
    with pytest.raises(SlitError, match=r"'EUR/MWh', .*\[currency\]: EUR = USD for one EUR"):
        files.load()
    files.path.write_text(files.text + "\n[currency]\nEUR = 1.1\n", encoding="utf-8")
    assert first(files, 2) == [0.055, 0.0561]
    files.replace("EUR = 1.1", 'EUR = { usd = 1.2, day = 2024-03-20, source = "a bank" }')
    assert first(files, 2) == [0.06, 0.0612]


def test_an_unsorted_export_is_sorted_and_said(files: Files) -> None:
    price(files, rows(lambda h: f"2024-03-20T{23 - h:02}:00Z"))
    assert first(files) == [0.073, 0.072, 0.071]
    assert any("sorted by time" in one.found for one in check_scenario(files.path))


def stamped(tmp_path: Path, lines: list[str], **options: object) -> list[str]:
    (tmp_path / "t.csv").write_text("t\n" + "\n".join(lines) + "\n", encoding="utf-8")
    table = read_table(tmp_path / "t.csv", FileLayout())
    timed = timed_rows(table, "t", StampedFileLayout.model_validate(options))
    return [stamp_text(int(begin)) for begin in timed.spans.begins]


AUTUMN = ["2023-10-28T23:00Z", "2023-10-29T00:00Z", "2023-10-29T01:00Z", "2023-10-29T02:00Z"]
SPRING = ["2023-03-25T23:00Z", "2023-03-26T00:00Z", "2023-03-26T01:00Z", "2023-03-26T02:00Z"]


@pytest.mark.parametrize(
    ("hours", "label", "day", "begins"),
    [
        (["01", "02", "02", "03"], "begin", "2023-10-29", AUTUMN),
        (["02", "02", "03", "04"], "end", "2023-10-29", AUTUMN),  # the clock at the end
        (["02", "03", "03", "04"], "end", "2023-10-29", AUTUMN),  # the clock at the begin + 1 h
        (["00", "01", "03", "04"], "begin", "2023-03-26", SPRING),
        (["01", "03", "04", "05"], "end", "2023-03-26", SPRING),
        (["01", "02", "04", "05"], "end", "2023-03-26", SPRING),
    ],
)
def test_labels_over_a_change_of_clocks(
    tmp_path: Path, hours: list[str], label: str, day: str, begins: list[str]
) -> None:
    lines = [f"{day}T{hour}:00" for hour in hours]
    assert stamped(tmp_path, lines, zone="Europe/Berlin", label=label) == begins
    assert stamped(tmp_path, lines[::-1], zone="Europe/Berlin", label=label) == begins


def test_an_hour_twice_in_rows_without_order_is_refused(tmp_path: Path) -> None:
    hours = ["03", "01", "02", "02"]
    with pytest.raises(SlitError, match="rows without order, expected ascending or descending"):
        stamped(tmp_path, [f"2023-10-29T{h}:00" for h in hours], zone="Europe/Berlin")


def lengths(stamps: list[int], **options: object) -> list[int]:
    given = {"place": lambda row: f"row {row}"} | options
    spans = spans_of(np.array(stamps, dtype=np.int64), **given)  # type: ignore[arg-type]
    return (spans.ends - spans.begins).tolist()  # type: ignore[no-any-return]


HOURLY = [h * HOUR for h in range(20)]
QUARTERS = [20 * HOUR + q * 15 * MINUTE for q in range(20)]


def test_parts_of_equal_steps_hold_until_the_next() -> None:
    assert lengths(HOURLY + QUARTERS) == [HOUR] * 20 + [15 * MINUTE] * 20
    ends = [stamp + HOUR for stamp in HOURLY] + [stamp + 15 * MINUTE for stamp in QUARTERS]
    assert lengths(ends, ends=True) == [HOUR] * 20 + [15 * MINUTE] * 20


def test_few_odd_rows_are_refused_or_held_as_long_as_stated() -> None:
    stamps = [0, HOUR, 3 * HOUR, 3 * HOUR + 20 * MINUTE, 5 * HOUR, 6 * HOUR, 7 * HOUR]
    with pytest.raises(SlitError, match="row 3: 1970-01-01T03:20Z, expected equal steps of 3600"):
        lengths(stamps)
    # 3:20 to 5:00 is longer than stated: a gap, of which the row covers the usual step.
    assert lengths(stamps, longest=3600) == [
        HOUR, HOUR, 20 * MINUTE, HOUR, HOUR, HOUR, HOUR,
    ]  # fmt: skip


def test_months_and_years_hold_until_the_next(tmp_path: Path, files: Files) -> None:
    files.write("m.csv", "m,c\n2024-02-01,300\n2024-03-01,400\n2024-04-01,500\n")
    files.replace(
        'zone = "DE-LU"',
        'zone = "DE-LU"\ncarbon = { file = "m.csv", column = "c", unit = "g/kWh", time = "m", '
        'zone = "Europe/Berlin", resample = "hold" }',
    )
    assert files.load().signals.carbon[[0, 23], 0].tolist() == pytest.approx([0.4, 0.4])
    files.write("m.csv", "m,c\n2023,300\n2024,400\n")
    assert files.load().signals.carbon[[0, 23], 0].tolist() == pytest.approx([0.4, 0.4])
    files.write("m.csv", "m,c\n2023-01,300\n2024-01,400\n")
    assert files.load().signals.carbon[[0, 23], 0].tolist() == pytest.approx([0.4, 0.4])


def test_a_mean_over_a_change_of_steps_counts_time() -> None:
    from slit.scenario.references import Resample
    from slit.scenario.resampling import EpochClock, Steps, to_epochs

    begins = np.array([0, HOUR, HOUR + 15 * MINUTE, HOUR + 30 * MINUTE, HOUR + 45 * MINUTE])
    long = np.array([HOUR, *[15 * MINUTE] * 4])
    values = np.array([8.0, 1, 2, 3, 6])
    steps = Steps(begins, 15 * MINUTE, values, np.zeros(5), str, long)
    found, _ = to_epochs(steps, EpochClock(0, HOUR, 2), resample=Resample.MEAN)
    assert found.tolist() == [8, 3]
    assert steps.mean(values) == pytest.approx(5.5)  # not 4, the mean of the rows
    found, _ = to_epochs(steps, EpochClock(0, 2 * HOUR, 1), resample=Resample.SUM, adds_up=True)
    assert found.tolist() == [20]
    with pytest.raises(SlitError, match=r"no resample, expected .* mean .steps of 900 and 3600 s"):
        to_epochs(steps, EpochClock(0, HOUR, 2), resample=None)


def test_signals_that_no_method_reads_are_not_checked(files: Files) -> None:
    files.replace(
        "[signals.price]",
        '[signals.wet_bulb]\nfile = "nowhere.csv"\ncolumn = "t"\nunit = "degC"\n\n[signals.price]',
    )
    assert not [one for one in check_scenario(files.path) if "nowhere.csv" in str(one)]
    files.load()


def test_check_reads_ends_as_the_loader_does(files: Files) -> None:
    price(files, rows(lambda h: f"2024-03-20T{h:02}:30Z", count=24), label="end", resample="mean")
    (files.folder / "p.csv").write_text(
        "t,p\n" + "".join(f"2024-03-{20 + (h + 1) // 24}T{(h + 1) % 24:02}:00Z,{50 + h}\n"
                          for h in range(24)), encoding="utf-8"
    )  # fmt: skip
    assert not [str(one) for one in check_scenario(files.path) if one.severity is Severity.ERROR]
    assert first(files) == [0.05, 0.051, 0.052]
