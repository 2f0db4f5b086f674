"""Large CSV and JSON-lines files in batches of arrays, checked as they pass.

Nothing is held but one batch: a trace of millions of rows takes the memory of its bins. Rows may
come in any order. Where a value is wrong, the file is read again up to it to name the line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slit.errors import SlitError
from slit.sources.files import csv_rows, not_utf8, open_text, read_header, require_columns

BLOCK_BYTES = 1 << 22
EMPTY = ("", "nan", "NaN", "NA", "null", "NULL", "None")


class Kind(Enum):
    """What a column holds."""

    NUMBER = "number"
    STAMP = "stamp"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Field:
    """A column to read: its name in the file, its meaning and unit, its kind; numbers are >= 0."""

    name: str
    meaning: str
    kind: Kind = Kind.NUMBER

    @property
    def expected(self) -> str:
        """What a cell must be, for messages."""
        if self.kind is Kind.STAMP:
            return f"an ISO 8601 time stamp ({self.meaning})"
        return f"a number >= 0 ({self.meaning})"


Batch = Mapping[str, Any]
"""Arrays by column, all (B,): float64 numbers, int64 nanoseconds since 1970 UTC for stamps, pyarrow
strings for text."""


def stream_csv(
    path: Path, fields: Sequence[Field], *, time_zone: str | None = None
) -> Iterator[Batch]:
    """Batches of a CSV file (also .csv.gz), in the order of the file.

    Args:
        path: the file; columns that are not asked for are not parsed.
        fields: the columns wanted.
        time_zone: zone of stamps that carry no offset ("UTC", "Europe/Berlin").

    Raises:
        SlitError: no file, a missing column, an empty, unreadable, infinite or negative number, a
            stamp without an offset where no zone is stated; with file, line and column.
    """
    import pyarrow as pa
    from pyarrow import csv

    header = read_header(path)
    require_columns(path, header, [field.name for field in fields])
    types = _types(path, header, fields, time_zone)
    options = csv.ConvertOptions(
        column_types=types, include_columns=[field.name for field in fields], null_values=EMPTY
    )
    # Own names: those in the file may have spaces around them or a byte order mark.
    reading = csv.ReadOptions(block_size=BLOCK_BYTES, column_names=header, skip_rows=1)
    done = 0
    try:
        with csv.open_csv(path, read_options=reading, convert_options=options) as reader:
            for batch in reader:
                yield _checked(path, batch, fields, done, time_zone)
                done += batch.num_rows
    except pa.ArrowInvalid as error:
        if done == 0 and next(csv_rows(path), None) is None:
            return
        raise _located(path, header, fields, done, str(error)) from None
    except OSError as error:
        raise SlitError(f"{path}: {error}, expected a readable CSV file") from None


def _types(
    path: Path, header: Sequence[str], fields: Sequence[Field], time_zone: str | None
) -> dict[str, Any]:
    import pyarrow as pa

    types = {}
    for field in fields:
        if field.kind is Kind.NUMBER:
            types[field.name] = pa.float64()
        elif field.kind is Kind.TEXT:
            types[field.name] = pa.string()
        else:
            aware = _carries_offset(path, header.index(field.name))
            if not aware and time_zone is None:
                raise SlitError(
                    f"{path}: {field.name}: time stamps without an offset and no zone stated, "
                    'expected time_zone, for example "UTC"'
                )
            types[field.name] = pa.timestamp("ns", tz="UTC" if aware else None)
    return types


def _carries_offset(path: Path, column: int) -> bool:
    """Whether the first stamp of the file does: all must be alike."""
    for _, cells in csv_rows(path):
        return column < len(cells) and _has_offset(cells[column].strip())
    return False


def _has_offset(text: str) -> bool:
    return text.endswith("Z") or "+" in text[10:] or "-" in text[10:]


def _checked(
    path: Path, batch: Any, fields: Sequence[Field], done: int, time_zone: str | None
) -> Batch:
    arrays: dict[str, Any] = {}
    for position, field in enumerate(fields):
        column = batch.column(position)
        if field.kind is Kind.TEXT:
            arrays[field.name] = column.fill_null("")
            continue
        if column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
            raise _refused(path, field, done + row)
        if field.kind is Kind.STAMP:
            arrays[field.name] = _nanoseconds(path, field, column, time_zone)
            continue
        values = column.to_numpy(zero_copy_only=False)
        wrong = ~((values >= 0) & (values < np.inf))
        if wrong.any():
            raise _refused(path, field, done + int(np.flatnonzero(wrong)[0]))
        arrays[field.name] = values
    return arrays


def _nanoseconds(path: Path, field: Field, column: Any, time_zone: str | None) -> NDArray[np.int64]:
    import pyarrow as pa
    from pyarrow import compute

    if column.type.tz is None and time_zone not in (None, "UTC"):
        try:
            column = compute.assume_timezone(column, time_zone)
        except pa.ArrowInvalid as error:
            if "locate or parse" in str(error):
                raise SlitError(
                    f"time_zone: {time_zone}, expected a name of the IANA database, for example "
                    "UTC or Europe/Berlin"
                ) from None
            raise SlitError(
                f"{path}: {field.name}: {error}, expected stamps that occur once in {time_zone}"
            ) from None
    nanoseconds: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    return nanoseconds


def _refused(path: Path, field: Field, row: int) -> SlitError:
    """The error of the cell in this row (0 is the first below the header)."""
    position = read_header(path).index(field.name)
    for number, (line, cells) in enumerate(csv_rows(path)):
        if number == row:
            cell = cells[position].strip() if position < len(cells) else ""
            return SlitError(
                f"{path}:{line}: {field.name}: {cell or 'empty'}, expected {field.expected}"
            )
    return SlitError(f"{path}: {field.name}: a wrong value, expected {field.expected}")


def _located(
    path: Path, header: Sequence[str], fields: Sequence[Field], done: int, reason: str
) -> SlitError:
    """The error of the first row from `done` on that cannot be parsed."""
    aware = {
        field.name: _carries_offset(path, header.index(field.name))
        for field in fields
        if field.kind is Kind.STAMP
    }
    for number, (line, cells) in enumerate(csv_rows(path)):
        if number < done:
            continue
        if len(cells) != len(header):
            return SlitError(f"{path}:{line}: {len(cells)} columns, expected {len(header)}")
        for field in fields:
            cell = cells[header.index(field.name)].strip()
            if not _parses(cell, field):
                return SlitError(
                    f"{path}:{line}: {field.name}: {cell or 'empty'}, expected {field.expected}"
                )
            if field.kind is Kind.STAMP and _has_offset(cell) != aware[field.name]:
                how = "with" if aware[field.name] else "without"
                return SlitError(
                    f"{path}:{line}: {field.name}: {cell}, expected a stamp {how} an offset, as in "
                    f"the first row ({field.meaning})"
                )
    return SlitError(f"{path}: {reason.splitlines()[0]}, expected a CSV file")


def _parses(cell: str, field: Field) -> bool:
    import pyarrow as pa

    if field.kind is Kind.TEXT:
        return True
    if field.kind is Kind.NUMBER:
        try:
            return 0 <= float(cell) < float("inf")
        except ValueError:
            return False
    for zone in (None, "UTC"):
        try:
            pa.scalar(cell).cast(pa.timestamp("ns", tz=zone))
        except pa.ArrowInvalid:
            continue
        return True
    return False


def stream_json_lines(path: Path, fields: Sequence[Field]) -> Iterator[Batch]:
    """Batches of a file with one JSON object a line; other keys are left out.

    Args:
        path: the file (also .gz).
        fields: numbers wanted.

    Raises:
        SlitError: no file, no JSON, a missing key, a value that is no number >= 0; with the line.
    """
    import pyarrow as pa
    from pyarrow import json as arrow_json

    schema = pa.schema([(field.name, pa.float64()) for field in fields])
    parsing = arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    if not path.is_file():
        raise SlitError(f"{path}: no such file, expected a readable file")
    first = 1
    with pa.input_stream(str(path), compression="detect") as file:
        rest = b""
        while block := file.read(BLOCK_BYTES):
            text, _, rest = (rest + block).rpartition(b"\n")
            yield from _json_batch(path, text, fields, parsing, first)
            first += text.count(b"\n") + (1 if text else 0)
        yield from _json_batch(path, rest, fields, parsing, first)


def _json_batch(
    path: Path, text: bytes, fields: Sequence[Field], parsing: Any, first: int
) -> Iterator[Batch]:
    import pyarrow as pa
    from pyarrow import json as arrow_json

    if not text.strip():
        return
    try:
        options = arrow_json.ReadOptions(block_size=len(text) + 1)
        table = arrow_json.read_json(pa.BufferReader(text), options, parsing)
    except pa.ArrowInvalid:
        raise _json_error(path, fields, first) from None
    arrays = {}
    for field in fields:
        column = table.column(field.name)
        values = column.to_numpy()
        if column.null_count or not ((values >= 0) & (values < np.inf)).all():
            raise _json_error(path, fields, first)
        arrays[field.name] = values
    yield arrays


def _json_error(path: Path, fields: Sequence[Field], first: int) -> SlitError:
    try:
        with open_text(path) as file:
            for line, text in enumerate(file, start=1):
                if line < first or not text.strip():
                    continue
                try:
                    entry = json.loads(text)
                except ValueError:
                    return SlitError(f"{path}:{line}: no JSON, expected one object a line")
                if not isinstance(entry, dict):
                    return SlitError(f"{path}:{line}: no object, expected one object a line")
                for field in fields:
                    value: Any = entry.get(field.name)
                    if type(value) not in (int, float) or not 0 <= value < float("inf"):
                        shown = "missing" if value is None else json.dumps(value)
                        return SlitError(
                            f"{path}:{line}: {field.name}: {shown}, expected {field.expected}"
                        )
    except UnicodeDecodeError:
        return not_utf8(path)
    return SlitError(f"{path}: unreadable, expected one JSON object a line")
