"""Delimited text (CSV and its kin): every cell as text, with the line it stands on."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from slit.data.file_table import FileTable
from slit.errors import SlitError

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECIMAL_COMMA = re.compile(r"(?:^|[;\t|])\s*-?\d+,\d+\s*(?:[;\t|]|$)")
_SHOWN = 60  # lines by which a hint is made


@dataclass(frozen=True, slots=True)
class Delimited:
    """How a delimited text is written."""

    delimiter: str = ","
    encoding: str = "utf-8"
    skip_rows: int = 0  # lines above the header
    comment: str | None = None  # lines that begin with it are left out


def read_delimited(content: bytes, path: Path, layout: Delimited) -> FileTable:
    """The table of a delimited text; names and cells as they stand.

    Args:
        content: bytes of the file, unzipped.
        path: for messages.
        layout: how it is written.

    Raises:
        SlitError: no such table; names the options that the file seems to need.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    text = _without_skipped(_decoded(content, path, layout.encoding), layout)
    hint = _hint(text, layout)
    header = _header(text, path, layout, hint)
    names = {name: pa.string() for name in header}
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode("utf-8", errors="replace")),
            parse_options=arrow_csv.ParseOptions(delimiter=layout.delimiter),
            convert_options=arrow_csv.ConvertOptions(column_types=names, strings_can_be_null=False),
        )
        columns = {
            name.strip(): table.column(number).combine_chunks().cast(pa.string())
            for number, name in enumerate(table.column_names)
        }
    except (pa.ArrowException, csv.Error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SlitError(f"{path}: {reason}, expected a table{hint}") from None
    if table.num_rows == 0:
        raise SlitError(f"{path}: no rows, expected at least one below the header{hint}")
    return FileTable(columns, _placer(text, layout.delimiter), hint=hint)


def _header(text: str, path: Path, layout: Delimited, hint: str) -> list[str]:
    try:
        header = next((row for row in _rows(text, layout.delimiter) if row), [])
    except csv.Error as error:
        raise SlitError(f"{path}: {error}, expected a line of column names{hint}") from None
    names = [name.strip() for name in header]
    if not any(names):
        raise SlitError(f"{path}: empty, expected a line of column names and rows below{hint}")
    double = next((name for name in names if name and names.count(name) > 1), None)
    if double is not None:
        raise SlitError(f"{path}: column {double!r} twice, expected distinct names{hint}")
    return header


def _decoded(content: bytes, path: Path, encoding: str) -> str:
    plain = codecs.lookup(encoding).name == "utf-8"
    if plain and content.startswith(_BOMS):
        raise SlitError(f'{path}:1: text in UTF-16, expected UTF-8 (or encoding = "utf-16")')
    try:
        return content.decode("utf-8-sig" if plain else encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start] if error.start < len(content) else 0
        expected = 'UTF-8 text (or encoding = "cp1252", "latin-1" ...)' if plain else encoding
        raise SlitError(f"{path}:{line}: byte 0x{byte:02x}, expected {expected}") from None
    except UnicodeError:
        raise SlitError(f"{path}: other bytes, expected text in {encoding} (encoding)") from None


def _without_skipped(text: str, layout: Delimited) -> str:
    """What is left out stays as empty lines, so that lines count."""
    if not layout.skip_rows and layout.comment is None:
        return text
    lines = _lines(text)
    for number, line in enumerate(lines):
        commented = layout.comment is not None and line.lstrip().startswith(layout.comment)
        if number < layout.skip_rows or commented:
            lines[number] = "\n"
    return "".join(lines)


def _lines(text: str) -> list[str]:
    return list(io.StringIO(text, newline=""))  # not splitlines: it breaks at \f and the like too


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _placer(text: str, delimiter: str) -> Callable[[int], str]:
    """Line of a row: counted for each message anew, since most rows are never named."""

    def place(row: int) -> str:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        seen = -2
        for cells in reader:
            seen += bool(cells)
            if seen == row:
                return str(reader.line_num)
        return "0"

    return place


def _hint(text: str, layout: Delimited) -> str:
    """Options that the file seems to need: " (looks like delimiter = ";")", or nothing."""
    lines = [line.strip("\r\n") for line in _lines(text[:20_000])[:_SHOWN]]
    if len(text) > 20_000:
        lines = lines[:-1]
    options = []
    if layout.comment is None and lines and lines[0].startswith("#"):
        options.append('comment = "#"')
        lines = ["" if line.startswith("#") else line for line in lines]
    filled = [(number, line) for number, line in enumerate(lines) if line.strip()]
    if not filled:
        return ""
    last = filled[-1][1]
    marks = {mark: last.count(mark) for mark in (";", "\t", "|") if last.count(mark)}
    best = max(marks, key=lambda mark: marks[mark], default=layout.delimiter)
    if best != layout.delimiter and not (best == "|" and last.count(layout.delimiter)):
        options.append('delimiter = "{}"'.format(best.replace("\t", "\\t")))
        if _DECIMAL_COMMA.search(last):
            options.append('decimal = ","')
    else:
        best = layout.delimiter
    width = last.count(best)
    first = next((number for number, line in filled if line.count(best) == width), 0)
    above = any(line.count(best) != width for number, line in filled if number < first)
    if above and width:
        options.append(f"skip_rows = {first}")
    return f" (looks like {', '.join(options)})" if options else ""
