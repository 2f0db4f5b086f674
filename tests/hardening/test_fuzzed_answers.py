"""Answers of services with bytes changed, cut and repeated: a table or one message."""

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from slit.data.table import Table
from slit.errors import SlitError
from slit.scenario.references import FileLayout
from slit.scenario.table_files import read_table
from slit.sources.formats import FORMATS
from tests.sources.answers import ANSWERS

PIECES = (
    b"null", b"[]", b"{}", b'"x"', b"1e400", b"-1", b"9" * 400, b"true", b"\xff", b"\x00", b"\n",
    b",", b'"', b"<a>", b"</Point>", b"NaN", b"Infinity", b"[" * 2000, b"24", b"0", b"",
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    """A few cuts, each replaced by another piece."""
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(content)))
        end = draw(st.integers(begin, min(len(content), begin + draw(st.integers(0, 40)))))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)))
        content = content[:begin] + piece + content[end:]
    return content


def attack(name: str, content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "answer.x"
    file.write_bytes(content)
    said = ""
    try:
        table = read_table(file, FileLayout(format=name))
        for column in table.columns:
            said = refusals(table, column)
    except SlitError as error:
        said = str(error)
    assert said == "" or str(file) in said
    assert "\n" not in said


def refusals(table: Table, column: str) -> str:
    """What is wrong in a column, whatever it is asked for."""
    said = ""
    for ask in (table.texts, table.numbers, table.flags):
        try:
            assert len(ask(column)) == len(table) > 0
        except SlitError as error:
            said = str(error)
    return said


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_mutated_answers(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("answers")

    @settings(max_examples=60)
    @given(mutated(ANSWERS[name]))
    def run(content: bytes) -> None:
        attack(name, content, folder)

    run()


@pytest.mark.attack
@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_mutated_answers_at_length(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("answers")

    @settings(max_examples=20_000, derandomize=False)
    @given(mutated(ANSWERS[name]))
    def run(content: bytes) -> None:
        attack(name, content, folder)

    run()
