"""Opening text files and saying where in them something stands."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from slit.errors import SlitError

GZIP = b"\x1f\x8b"
"""How gzip begins."""


def open_text(path: Path) -> TextIO:
    """Open UTF-8 text (gzip where the name ends in .gz), a byte order mark left out.

    Raises:
        SlitError: there is no such file.
    """
    if not path.is_file():
        raise SlitError(f"{path}: no such file, expected a readable file")
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open("r", encoding="utf-8-sig", newline="")


def read_content(path: Path) -> bytes:
    """All bytes of a file, unzipped where they are gzip, whatever the file is called.

    Raises:
        SlitError: there is no such file, it is no regular file (a pipe would wait for ever), or it
            cannot be read.
    """
    if not path.is_file():
        found = "no regular file" if path.exists() else "no such file"
        raise SlitError(f"{path}: {found}, expected a CSV or Parquet table")
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(GZIP) else content
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SlitError(f"{path}: {reason}, expected a readable file") from None


def not_utf8(path: Path) -> SlitError:
    """The error of a file that is no UTF-8 text, with the first line that is not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return SlitError(f"{path}:{number}: byte 0x{byte:02x}, expected UTF-8 text")
    return SlitError(f"{path}: unreadable, expected UTF-8 text")


def read_header(path: Path) -> list[str]:
    """Column names of a CSV file, spaces around them left out.

    Raises:
        SlitError: missing, empty, not UTF-8, or a name twice.
    """
    try:
        with open_text(path) as file:
            names = [name.strip() for name in next(csv.reader(file), [])]
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except (OSError, EOFError) as error:
        raise SlitError(f"{path}: {error}, expected a readable CSV file") from None
    if not any(names):
        raise SlitError(f"{path}: empty, expected a line of column names")
    double = sorted({name for name in names if name and names.count(name) > 1})
    if double:
        raise SlitError(f"{path}:1: column {double[0]} twice, expected each once")
    return names


def require_columns(path: Path, found: Sequence[str], expected: Sequence[str]) -> None:
    """Refuse a header that lacks a column.

    Raises:
        SlitError: names the columns found and the missing ones.
    """
    missing = [name for name in expected if name not in found]
    if missing:
        raise SlitError(
            f"{path}:1: columns {', '.join(found)}, expected also {', '.join(missing)} "
            "(names as the publisher writes them)"
        )


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row below the header, blank lines left out.

    For messages and small files: one row at a time.

    Raises:
        SlitError: not UTF-8.
    """
    try:
        with open_text(path) as file:
            reader = csv.reader(file)
            next(reader, None)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
    except UnicodeDecodeError:
        raise not_utf8(path) from None
