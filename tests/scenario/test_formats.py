"""Files in another layout than a plain table: stated by `format`, or recognized."""

import gzip
import json
from pathlib import Path

import pytest

from slit.data.file_table import FileTable, Format
from slit.data.table import Table
from slit.errors import SlitError
from slit.scenario.references import FileLayout, SeriesReference
from slit.scenario.table_files import read_table
from slit.sources import formats
from tests.scenario.files import Files


def read(content: bytes, path: Path) -> FileTable:
    """A made-up answer: {"made_up": [[stamp, figure], ...]}."""
    try:
        rows = json.loads(content)["made_up"]
    except ValueError:
        raise SlitError(f"{path}: no JSON, expected a made-up answer") from None
    return FileTable(
        {"time": [row[0] for row in rows], "figure": [row[1] for row in rows]},
        lambda row: f"made_up[{row}]",
    )


MADE_UP = Format("made-up", "an answer made up", read, lambda head: head.startswith(b'{"made_up"'))


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", (MADE_UP,))


def answer(first: object = 300.0) -> str:
    rows = [[f"2024-03-20T{hour:02}:00Z", 300.0 + hour] for hour in range(24)]
    rows[0][1] = first
    return json.dumps({"made_up": rows})


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("stated", ['format = "made-up", ', ""])
def test_a_series_in_a_layout_of_its_own(files: Files, stated: str) -> None:
    files.write("answer.json", answer())
    series = f'{{ {stated}file = "answer.json", column = "figure", time = "time", unit = "g/kWh" }}'
    files.replace('zone = "DE-LU"', f'zone = "DE-LU"\ncarbon = {series}')
    carbon = files.load().signals.carbon[:, 0]
    assert carbon[[0, 23]].tolist() == pytest.approx([0.3, 0.323])


@pytest.mark.usefixtures("made_up")
def test_what_is_wrong_in_it_is_said_with_its_place(files: Files) -> None:
    files.write("answer.json", answer(first=None))
    series = '{ file = "answer.json", column = "figure", time = "time", unit = "g/kWh" }'
    files.replace('zone = "DE-LU"', f'zone = "DE-LU"\ncarbon = {series}')
    with pytest.raises(SlitError, match=r"answer.json:made_up\[0\]: no number for 2024-03-20T00:0"):
        files.load()


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'parket', expected one of csv, parquet.*'parquet'\?"):
        SeriesReference(unit="g/kWh", file="a", column="b", format="parket")


def test_options_of_a_csv_are_for_a_csv() -> None:
    with pytest.raises(ValueError, match="decimal, delimiter with format = parquet, expected none"):
        FileLayout(format="parquet", delimiter=";", decimal=",")
    with pytest.raises(ValueError, match="delimiter and decimal both ',', expected different"):
        FileLayout(decimal=",")
    with pytest.raises(ValueError, match="'utf-9', expected an encoding such as"):
        FileLayout(encoding="utf-9")


def table(path: Path, content: bytes, **layout: object) -> Table:
    path.write_bytes(content)
    return read_table(path, FileLayout.model_validate(layout))


GERMAN = "Tafel\n\n# Preise\nStunde;Preis €\n0;50,25\n\n1;-3\n"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_text_as_offices_write_it(tmp_path: Path, encoding: str) -> None:
    found = table(
        tmp_path / "p.csv", GERMAN.encode(encoding), delimiter=";", decimal=",", encoding=encoding,
        skip_rows=2, comment="#",
    )  # fmt: skip
    assert found.numbers("Preis €").tolist() == [50.25, -3]
    assert [found.place(row) for row in (0, 1)] == [f"{tmp_path}/p.csv:{n}" for n in (5, 7)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"t;p\n1;50,25\n",
            r'got 2: 1;50,25, expected a table \(looks like delimiter = ";", decimal = ","\)',
        ),
        (b"t\tp\n1\t50\n", r'no column .p., expected one of .* \(looks like delimiter = "\\t"\)'),
        (b"a,b,c\n1,2,3\n\nt,p\n1,2\n3,4\n", r"\(looks like skip_rows = 3\)"),
        (b"# made by hand\nt,p\n1,2\n", r'\(looks like comment = "#"\)'),
        (GERMAN.encode("utf-16"), r'text in UTF-16, expected UTF-8 \(or encoding = "utf-16"\)'),
        (GERMAN.encode("cp1252"), r":4: byte 0x80, expected UTF-8 text \(or encoding = "),
        (b"", "empty, expected a line of column names"),
        (b"t,p\n", "no rows, expected at least one"),
        (b"\x1f\x8bno gzip", "expected a readable file"),
    ],
)
def test_messages_name_the_option(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(SlitError, match=message):
        table(tmp_path / "p.csv", content).numbers("p")


def test_content_decides_what_is_zipped(tmp_path: Path) -> None:
    content = b"t,p\n1,2\n"
    assert table(tmp_path / "p.csv", gzip.compress(content)).numbers("p").tolist() == [2]
    assert table(tmp_path / "p.csv.gz", content).numbers("p").tolist() == [2]
