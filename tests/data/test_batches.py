"""Batches of rows: every mistake named with its line, whatever the order of the rows."""

import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from slit.data import csv_batches
from slit.data.csv_batches import ColumnKind, Field, stream_csv
from slit.data.json_batches import read_objects
from slit.data.trace import Bins, calendar_bins, elapsed_bins
from slit.errors import SlitError
from tests.data.reading import read_trace

FIELDS = (Field("t", "s"), Field("tokens", "prompt tokens"))
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: str | bytes, name: str = "trace.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


def message(path: Path, fields: tuple[Field, ...] = FIELDS, time_zone: str | None = None) -> str:
    with pytest.raises(SlitError) as caught:
        list(stream_csv(path, fields, time_zone=time_zone))
    return str(caught.value)


def test_columns_by_name_in_any_order_and_others_unread(write: Write) -> None:
    path = write("noise,tokens,t\n\xe9,7,0.5\n,8,1.5\n")
    batches = list(stream_csv(path, FIELDS))
    assert len(batches) == 1
    assert_array_equal(batches[0]["t"], [0.5, 1.5])
    assert_array_equal(batches[0]["tokens"], [7.0, 8.0])


def test_byte_order_mark_spaces_and_blank_lines(write: Write) -> None:
    path = write(b"\xef\xbb\xbft, tokens\n1,2\n\n3,4\n")
    (batch,) = stream_csv(path, FIELDS)
    assert_array_equal(batch["tokens"], [2.0, 4.0])


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("-3", "-3"), ("nan", "nan"), ("", "empty"), ("inf", "inf"), ("many", "many")],
)
def test_a_wrong_number_is_named_with_line_and_column(write: Write, cell: str, shown: str) -> None:
    path = write(f"t,tokens\n0,1\n\n1,2\n2,{cell}\n3,4\n")
    assert message(path) == (f"{path}:5: tokens: {shown}, expected a number >= 0 (prompt tokens)")


def test_the_line_is_right_beyond_the_first_batch(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_batches, "BLOCK_BYTES", 64)
    rows = [f"{row},5" for row in range(200)]
    rows[150] = "150,x"
    path = write("\n".join(["t,tokens", *rows]) + "\n")
    assert message(path).startswith(f"{path}:152: tokens: x, expected")
    rows[150] = "150,-1"
    path = write("\n".join(["t,tokens", *rows]) + "\n")
    assert message(path).startswith(f"{path}:152: tokens: -1, expected")


def test_wrong_files(write: Write, tmp_path: Path) -> None:
    assert message(tmp_path / "none.csv") == (
        f"{tmp_path / 'none.csv'}: no such file, expected a readable file"
    )
    assert "empty, expected a line of column names" in message(write(""))
    assert ":1: columns t, words, expected also tokens" in message(write("t,words\n1,2\n"))
    assert ":1: column t twice, expected each once" in message(write("t,t,tokens\n1,2,3\n"))
    assert ":3: 1 columns, expected 2" in message(write("t,tokens\n1,2\n3\n"))
    assert ":2: byte 0xff, expected UTF-8 text" in message(write(b"t,tokens\n1,\xff2\n"))
    utf16 = write("t,tokens\n1,2\n".encode("utf-16"))
    assert ":1: byte 0xff, expected UTF-8 text" in message(utf16)
    packed = gzip.compress(b"t,tokens\n" + b"1,2\n" * 5000)
    assert "expected a readable CSV file" in message(write(packed[:-20], "trace.csv.gz"))
    assert "no regular file, expected a readable file" in message(tmp_path)


def test_no_rows_are_no_batches(write: Write) -> None:
    for text in ("t,tokens\n", "t,tokens"):
        assert sum(len(batch["t"]) for batch in stream_csv(write(text), FIELDS)) == 0


STAMP = (Field("when", "arrival", ColumnKind.STAMP),)


def nanoseconds(path: Path, time_zone: str | None = None) -> list[int]:
    return [int(v) for b in stream_csv(path, STAMP, time_zone=time_zone) for v in b["when"]]


def test_stamps_with_an_offset_become_utc(write: Write) -> None:
    path = write("when\n2024-05-10 00:00:00.009930+00:00\n2024-05-10 02:00:00+02:00\n")
    expected = pd.Timestamp("2024-05-10", tz="UTC").value
    assert nanoseconds(path) == [expected + 9_930_000, expected]
    assert nanoseconds(path, "Asia/Tokyo") == [expected + 9_930_000, expected]


def test_naive_stamps_need_a_zone(write: Write) -> None:
    path = write("when\n2023-11-16 18:17:03.9799600\n")
    assert message(path, STAMP) == (
        f"{path}: when: time stamps without an offset and no zone stated, "
        'expected their zone, for example zone = "UTC"'
    )
    assert nanoseconds(path, "UTC") == [pd.Timestamp("2023-11-16T18:17:03.97996Z").value]
    assert nanoseconds(path, "Asia/Kolkata") == [pd.Timestamp("2023-11-16T12:47:03.97996Z").value]


def test_wrong_stamps(write: Write) -> None:
    path = write("when\n2023-11-16 18:17:03\nyesterday\n")
    assert message(path, STAMP, "UTC") == (
        f"{path}:3: when: yesterday, expected an ISO 8601 time stamp (arrival)"
    )
    for first, second, how in (("", "Z", "without"), ("Z", "", "with")):
        mixed = write(f"when\n2023-11-16 18:17:03{first}\n2023-11-16 18:17:04{second}\n")
        assert message(mixed, STAMP, "UTC") == (
            f"{mixed}:3: when: 2023-11-16 18:17:04{second}, expected a stamp {how} an offset, as "
            "in the first row (arrival)"
        )
    naive = write("when\n2023-11-16 18:17:03\n")
    assert message(naive, STAMP, "Mars/Base").startswith(
        "zone: 'Mars/Base', expected UTC, an offset such as"
    )
    twice = write("when\n2023-11-05 01:30:00\n")
    assert "expected stamps that occur once in America/New_York" in message(
        twice, STAMP, "America/New_York"
    )


@given(
    st.lists(
        st.tuples(st.floats(0, 5000), st.integers(0, 9000), st.integers(0, 900)),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from([1.0, 60.0, 600.0]),
    st.integers(1, 5),
)
def test_bins_against_plain_python(
    rows: list[tuple[float, int, int]], seconds: float, batches: int
) -> None:
    expected: dict[int, list[tuple[int, int]]] = {}
    for time, prompt, output in rows:
        expected.setdefault(math.floor(time / seconds), []).append((prompt, output))
    bins = Bins(Path("trace.csv"), seconds)
    for part in np.array_split(np.array(rows), batches):
        bins.add(elapsed_bins(part[:, 0], seconds), part[:, 1], part[:, 2])
    trace = bins.trace(None, calendar=False)
    first = min(expected)
    assert trace.offset == first * seconds
    assert len(trace.requests) == max(expected) - first + 1
    for place, requests in enumerate(trace.requests):
        found = expected.get(first + place, [])
        assert requests == len(found)
        for means, column in ((trace.prompt_tokens, 0), (trace.output_tokens, 1)):
            if found:
                mean = sum(row[column] for row in found) / len(found)
                assert_allclose(means[place], mean, rtol=1e-12)
            else:
                assert math.isnan(means[place])


def test_a_trace_cannot_be_written_to(write: Write) -> None:
    path = write("TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00Z,1,1\n")
    trace = read_trace("azure", path, seconds=60)
    with pytest.raises(ValueError, match="read-only"):
        trace.requests[0] = 5.0


def test_bins_too_many_or_of_no_length() -> None:
    bins = Bins(Path("trace.csv"), 1.0)
    with pytest.raises(SlitError, match=r"bins of 1 s, expected at most 10000000"):
        bins.add(np.array([0, 1_700_000_000]), np.ones(2), np.ones(2))
    for seconds in (0.0, -5.0, math.inf, math.nan):
        with pytest.raises(SlitError, match=r"expected > 0 \(length of a bin, s\)"):
            Bins(Path("trace.csv"), seconds)
    with pytest.raises(SlitError, match=r"time: 1e\+300 s, expected at most 1e\+11 s"):
        elapsed_bins(np.array([1e300]), 60.0)
    with pytest.raises(SlitError, match="expected > 0"):
        calendar_bins(np.array([0]), 1e-12)


LINES = '{"timestamp": 5, "input_length": 7, "hash_ids": [1, 2]}\n'
JSON_FIELDS = (Field("timestamp", "ms"), Field("input_length", "prompt tokens"))


def test_json_lines(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_batches, "BLOCK_BYTES", 80)
    for end in ("", LINES.rstrip()):
        path = write(LINES * 40 + end, "trace.jsonl")
        batches = list(read_objects(path).stream(JSON_FIELDS))
        assert len(batches) > 1
        values = np.concatenate([batch["input_length"] for batch in batches])
        assert_array_equal(values, np.full(40 + bool(end), 7.0))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"timestamp": 5}', "input_length: missing, expected a number >= 0 (prompt tokens)"),
        ('{"timestamp": 5, "input_length": -1}', "input_length: -1, expected a number >= 0"),
        ('{"timestamp": "x", "input_length": 1}', 'timestamp: "x", expected a number >= 0 (ms)'),
        ('{"timestamp": 5, "input_length": null}', "input_length: missing"),
        ("{timestamp: 5}", "no JSON, expected one object a line"),
        ("[5, 7]", "no object, expected one object a line"),
    ],
)
def test_wrong_json_lines(
    write: Write, monkeypatch: pytest.MonkeyPatch, line: str, expected: str
) -> None:
    monkeypatch.setattr(csv_batches, "BLOCK_BYTES", 300)
    path = write(LINES * 20 + line + "\n" + LINES * 20, "trace.jsonl")
    with pytest.raises(SlitError) as caught:
        list(read_objects(path).stream(JSON_FIELDS))
    assert str(caught.value).startswith(f"{path}:21: {expected}")


def test_missing_or_unreadable_json_lines(write: Write, tmp_path: Path) -> None:
    with pytest.raises(SlitError, match="no such file"):
        list(read_objects(tmp_path / "none.jsonl").stream(JSON_FIELDS))
    path = write(b'{"timestamp": 5, "input_length": \xff}\n', "trace.jsonl")
    with pytest.raises(SlitError, match=r":1: byte 0xff, expected UTF-8 text"):
        list(read_objects(path).stream(JSON_FIELDS))


def test_a_time_zero_and_times_that_end_beyond_the_calendar() -> None:
    bins = Bins(Path("trace.csv"), 600.0)
    bins.add(elapsed_bins(np.array([5e10]), 600.0), np.ones(1), np.ones(1))
    with pytest.raises(SlitError, match=r"start: 2024.*, expected a time zero from which 5e\+10 s"):
        bins.trace(pd.Timestamp("2024-05-10", tz="UTC"), calendar=False)
