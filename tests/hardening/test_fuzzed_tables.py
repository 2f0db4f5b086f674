"""Bytes of any kind in place of a table end in a table or in one message, never in a traceback."""

import gzip
import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slit.data.table_timestamps import timed_rows
from slit.errors import SlitError
from slit.scenario.references import FileLayout, StampedFileLayout
from slit.scenario.table_files import read_table
from slit.sources.formats import FORMATS
from tests.sources.answers import ANSWERS


def parquet(**columns: Any) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet as files

    made = io.BytesIO()
    files.write_table(pa.table(columns), made)
    return made.getvalue()


PLAIN = [
    b"utc,p\n2024-03-20T00:00Z,1\n2024-03-20T01:00Z,2\n",
    b"t;p\n20.03.2024 00:00;1,5\n20.03.2024 01:00;2,5\n",
    b"t,p\n1710892800,1e308\n1710896400,-1e308\n",
    b"t,p\n2024032000,true\n2024032024,no\n",
    b"# made\n\nt,h,p\n2024-10-27,2,nan\n2024-10-27,24,\n",
    b't,p\n"2024-03-20\n00:00",\x001\n',
    "t,p\n2024-03-20T00:00,5\n".encode("utf-16"),
    "t,preis €\n2024-03-31T02:30,5\n2024-10-27T02:00,6\n".encode("cp1252"),
    gzip.compress(b"t,p\n2024,1\n2025,2\n"),
    parquet(t=[1, 2], p=["1", None]),
    parquet(t=np.array([1, 2**62], dtype="datetime64[ns]"), p=[[1], [2]]),
    parquet(t=np.array([1, 2**43], dtype="datetime64[s]"), p=[True, None]),
    b"",
]
CORPUS = PLAIN + list(ANSWERS.values())
WORDS = [
    b",", b";", b"\t", b"\n", b"\r\n", b'"', b"\0", b"\xff\xfe", b"1e308", b"-", b"2024-03-20",
    b"24:00", b"+99:00", b"Z", b"9" * 25, b"[", b"{", b"}", b"null", b"<!DOCTYPE a>", b"&a;", b" ",
]  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A file of the corpus with some bytes replaced, removed, doubled or put in."""
    content = draw(st.sampled_from(CORPUS) | st.binary(max_size=200))
    for _ in range(draw(st.integers(0, 6))):
        first = draw(st.integers(0, len(content)))
        last = min(len(content), first + draw(st.integers(0, 12)))
        put = draw(
            st.sampled_from(WORDS) | st.binary(max_size=6) | st.just(content[first:last] * 2)
        )
        content = content[:first] + put + content[last:]
    return gzip.compress(content) if draw(st.integers(0, 15)) == 0 else content


ENCODINGS = ["utf-8", "utf-16", "cp1252", "utf-7", "idna"]

LAYOUTS = st.fixed_dictionaries(
    {},
    optional={
        "delimiter": st.sampled_from([",", ";", "\t", "|", " "]),
        "decimal": st.sampled_from([".", ","]),
        "encoding": st.sampled_from(ENCODINGS),
        "skip_rows": st.integers(0, 4),
        "comment": st.sampled_from(["#", "//"]),
        "zone": st.sampled_from(["UTC", "Europe/Berlin", "+05:30"]),
        "label": st.sampled_from(["begin", "end"]),
        "longest_step": st.sampled_from([1, 3600, 86_400]),
        "stamp_format": st.sampled_from(["unix", "unix_ns", "%d.%m.%Y %H:%M", "%Y", "%Y%m%d%H %z"]),
    },
)


def attempt(what: Callable[[], object]) -> None:
    """Do it; a message is fine."""
    said = "a message"
    try:
        what()
    except SlitError as error:
        said = str(error)
    assert said
    assert "object at 0x" not in said


def read_all(path: Path, layout: StampedFileLayout) -> None:
    """Read a file and whatever can be asked of its columns."""
    table = read_table(path, layout)
    attempt(lambda: list(table.records()))
    for name in table.columns:
        attempt(partial(table.texts, name))
        attempt(partial(table.numbers, name))
        attempt(partial(table.flags, name))
        attempt(partial(table.where, {name: "1"}))
        attempt(partial(timed_rows, table, name, layout))
    attempt(lambda: timed_rows(table, table.columns[:2], layout))
    attempt(lambda: table.place(len(table) - 1))


def fuzz(folder: Path, content: bytes, name: str, options: dict[str, Any]) -> None:
    try:
        layout = StampedFileLayout.model_validate(options)
    except ValueError:
        return
    path = folder / name
    path.write_bytes(content)
    attempt(lambda: read_all(path, layout))


NAMES = st.sampled_from(["a.csv", "a.csv.gz", "a.parquet", "a.json"])


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=spoiled(), name=NAMES, options=LAYOUTS)
def test_spoiled_tables(tmp_path: Path, content: bytes, name: str, options: dict[str, Any]) -> None:
    fuzz(tmp_path, content, name, options)


@pytest.mark.parametrize("content", CORPUS, ids=range(len(CORPUS)))
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_the_corpus(tmp_path: Path, content: bytes, name: str) -> None:
    for options in ({}, {"zone": "Europe/Berlin", "label": "end"}, {"delimiter": ";"}):
        fuzz(tmp_path, content, name, options)


def test_a_pipe_in_place_of_a_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(SlitError, match="no regular file, expected a CSV or Parquet table"):
        read_table(tmp_path / "a.csv", FileLayout())


@pytest.mark.attack
def test_minutes_of_spoiled_tables(tmp_path: Path) -> None:
    """Until so many CPU seconds (SLIT_FUZZ_SECONDS, 600) find nothing."""
    end = process_time() + float(os.environ.get("SLIT_FUZZ_SECONDS", "600"))

    @settings(max_examples=500, deadline=None, database=None)
    @given(content=spoiled(), name=NAMES, options=LAYOUTS, known=st.sampled_from(FORMATS))
    def once(content: bytes, name: str, options: dict[str, Any], known: Any) -> None:
        fuzz(tmp_path, content, name, options)
        attempt(lambda: known.read(content, Path("file.x")))

    while process_time() < end:
        once()
