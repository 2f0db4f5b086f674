"""Opening text files and saying where in them something stands."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TextIO, cast

from slit.errors import SlitError

csv.field_size_limit(1 << 24)  # logs of gateways hold whole answers in a cell

GZIP = b"\x1f\x8b"
"""The first bytes of a gzip file, whatever its name."""

BEYOND = 1e30
"""No number of a file is as large: Unix time in ns has 19 digits."""

UNREADABLE = (OSError, EOFError, zlib.error, csv.Error)
"""What reading a file that is broken, or not what its name says, may raise."""


def require_file(path: Path) -> None:
    """Refuse what is no regular file: opening a pipe would wait for ever.

    Raises:
        SlitError: nothing there, a folder, or a special file.
    """
    if path.is_file():
        return
    found = "no regular file" if path.exists() else "no such file"
    raise SlitError(f"{path}: {found}, expected a readable file")


def is_packed(path: Path) -> bool:
    """Whether the file is gzip by its first bytes.

    Raises:
        SlitError: no regular file, or not readable.
    """
    require_file(path)
    try:
        with path.open("rb") as file:
            return file.read(len(GZIP)) == GZIP
    except OSError as error:
        raise SlitError(f"{path}: {error.strerror}, expected a readable file") from None


def open_binary(path: Path) -> IO[bytes]:
    """Open a file, unpacked where it is gzip.

    Raises:
        SlitError: there is no such file.
    """
    if is_packed(path):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def open_text(path: Path) -> TextIO:
    """Open UTF-8 text (unpacked where it is gzip), a byte order mark left out.

    Raises:
        SlitError: there is no such file.
    """
    return TextIOWrapper(open_binary(path), encoding="utf-8-sig", newline="")


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
        with open_binary(path) as file:
            return file.read()
    except UNREADABLE as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SlitError(f"{path}: {reason}, expected a readable file") from None


def not_utf8(path: Path) -> SlitError:
    """The error of a file that is no UTF-8 text, with the first line that is not."""
    try:
        with open_binary(path) as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    byte = line[error.start]
                    return SlitError(f"{path}:{number}: byte 0x{byte:02x}, expected UTF-8 text")
    except UNREADABLE as error:
        return SlitError(f"{path}: {error}, expected UTF-8 text")
    return SlitError(f"{path}: unreadable, expected UTF-8 text")


def read_header(path: Path) -> list[str]:
    """Column names of a CSV file, spaces around them left out.

    Raises:
        SlitError: missing, empty, not UTF-8, or a name twice.
    """
    names = [name.strip() for name in first_row(path)]
    if not any(names):
        raise SlitError(f"{path}: empty, expected a line of column names")
    double = sorted({name for name in names if name and names.count(name) > 1})
    if double:
        raise SlitError(f"{path}:1: column {double[0]} twice, expected each once")
    return names


def first_row(path: Path) -> list[str]:
    """Cells of the first line of a CSV file; none where it is empty.

    Raises:
        SlitError: missing, unreadable, or not UTF-8.
    """
    try:
        with open_text(path) as file:
            return next(csv.reader(file), [])
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except UNREADABLE as error:
        raise SlitError(f"{path}: {error}, expected a readable CSV file") from None


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


def csv_rows(path: Path, *, header: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row (below the header), blank lines left out.

    For messages and small files: one row at a time.

    Raises:
        SlitError: unreadable or not UTF-8.
    """
    try:
        with open_text(path) as file:
            reader = csv.reader(file)
            if header:
                next(reader, None)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except UNREADABLE as error:
        raise SlitError(f"{path}: {error}, expected a readable CSV file") from None
