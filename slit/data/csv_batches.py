"""Large CSV files in batches of arrays, checked as they pass.

Nothing is held but one batch: a trace of millions of rows takes the memory of its bins. Rows may
come in any order. Where a value is wrong, the file is read again up to it to name the line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from operators.types import Longs
from slit.data.text_files import BEYOND, csv_rows, is_packed, read_header, require_columns
from slit.data.timestamps import zone_of
from slit.errors import SlitError

BLOCK_BYTES = 1 << 22
EMPTY = ("", "nan", "NaN", "NA", "null", "NULL", "None")


class ColumnKind(Enum):
    """What a column holds."""

    NUMBER = "number"
    STAMP = "stamp"
    TEXT = "text"
    TIME = "stamp or number"


@dataclass(frozen=True, slots=True)
class Field:
    """A column to read: its name in the file, its meaning and unit, its kind; numbers are >= 0.

    `gaps`: an empty cell is NaN; otherwise it is refused. A TIME is a stamp or a number, as the
    first row of the file has it.
    """

    name: str
    meaning: str
    kind: ColumnKind = ColumnKind.NUMBER
    gaps: bool = False

    @property
    def expected(self) -> str:
        """What a cell must be, for messages."""
        if self.kind is ColumnKind.STAMP:
            return f"an ISO 8601 time stamp ({self.meaning})"
        if self.kind is ColumnKind.TIME:
            return f"an ISO 8601 time stamp or a number ({self.meaning})"
        return f"a number >= 0 ({self.meaning})"


Batch = Mapping[str, Any]
"""Arrays by column, all (B,): float64 numbers, int64 nanoseconds since 1970 UTC for stamps, pyarrow
strings for text."""


def has_offset(text: str) -> bool:
    """Whether a stamp carries an offset from UTC."""
    return text.endswith("Z") or "+" in text[10:] or "-" in text[10:]


def is_number(text: str) -> bool:
    """Whether text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


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
    done = 0
    try:
        first = first_cells(path, header, [field.name for field in fields])
        fields = [with_known_kind(field, first.get(field.name, "")) for field in fields]
        types = _types(path, fields, first, time_zone)
        options = csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=EMPTY
        )
        with _opened(path, header, options) as reader:
            for batch in reader:
                yield _checked(path, batch, fields, done, time_zone)
                done += batch.num_rows
    except pa.ArrowInvalid as error:
        if done == 0 and next(csv_rows(path), None) is None:
            return
        raise _located(path, header, fields, done, str(error)) from None
    except OSError as error:
        raise SlitError(f"{path}: {error}, expected a readable CSV file") from None


def read_csv(path: Path, fields: Sequence[Field]) -> Batch:
    """A small CSV file whole, as one batch.

    Raises:
        SlitError: as `stream_csv`; no row.
    """
    import pyarrow as pa

    batches = list(stream_csv(path, fields))
    if not sum(len(batch[fields[0].name]) for batch in batches):
        raise SlitError(f"{path}: no rows, expected at least one below the header")
    columns = {field.name: [batch[field.name] for batch in batches] for field in fields}
    return {
        field.name: (pa.concat_arrays if field.kind is ColumnKind.TEXT else np.concatenate)(
            columns[field.name]
        )
        for field in fields
    }


def _opened(path: Path, header: Sequence[str], options: Any) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    file = pa.input_stream(str(path), compression="gzip" if is_packed(path) else None)
    # Own names: those in the file may have spaces around them or a byte order mark.
    reading = csv.ReadOptions(block_size=BLOCK_BYTES, column_names=header, skip_rows=1)
    parsing = csv.ParseOptions(newlines_in_values=True)
    return csv.open_csv(file, read_options=reading, parse_options=parsing, convert_options=options)


def first_cells(path: Path, header: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The first row of a CSV file as text by column, or nothing.

    Raises:
        SlitError: not readable.
    """
    for _, cells in csv_rows(path):
        row = dict(zip(header, cells, strict=False))
        return {name: row.get(name, "").strip() for name in names}
    return {}


def with_known_kind(field: Field, first: str) -> Field:
    """A field whose kind is known, by its first cell."""
    if field.kind is not ColumnKind.TIME:
        return field
    return replace(field, kind=ColumnKind.NUMBER if is_number(first) else ColumnKind.STAMP)


def _types(
    path: Path, fields: Sequence[Field], first: Mapping[str, str], time_zone: str | None
) -> dict[str, Any]:
    import pyarrow as pa

    types = {}
    for field in fields:
        if field.kind is ColumnKind.NUMBER:
            types[field.name] = pa.float64()
        elif field.kind is ColumnKind.TEXT:
            types[field.name] = pa.string()
        else:
            aware = has_offset(first.get(field.name, ""))
            if first and not aware:
                require_zone(path, field, time_zone)
            types[field.name] = pa.timestamp("ns", tz="UTC" if aware else None)
    return types


def require_zone(path: Path, field: Field, time_zone: str | None) -> None:
    """Refuse stamps without an offset where no zone is stated."""
    if time_zone is None:
        raise SlitError(
            f"{path}: {field.name}: time stamps without an offset and no zone stated, expected "
            'their zone, for example zone = "UTC"'
        )


def _checked(
    path: Path, batch: Any, fields: Sequence[Field], done: int, time_zone: str | None
) -> Batch:
    arrays: dict[str, Any] = {}
    for position, field in enumerate(fields):
        column = batch.column(position)
        if field.kind is ColumnKind.TEXT:
            arrays[field.name] = column.fill_null("")
            continue
        if column.null_count and not (field.gaps and field.kind is ColumnKind.NUMBER):
            row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
            raise cell_error(path, field.name, done + row, field.expected)
        if field.kind is ColumnKind.STAMP:
            arrays[field.name] = nanoseconds(path, field, column, time_zone)
            continue
        values = column.to_numpy(zero_copy_only=False)
        wrong = ~((values >= 0) & (values < BEYOND))
        if field.gaps and column.null_count:
            wrong &= column.is_valid().to_numpy(zero_copy_only=False)
        if wrong.any():
            raise cell_error(path, field.name, done + int(np.flatnonzero(wrong)[0]), field.expected)
        arrays[field.name] = values
    return arrays


def nanoseconds(path: Path, field: Field, column: Any, time_zone: str | None) -> Longs:
    """A column of time stamps in nanoseconds since 1970 UTC; naive ones are in `time_zone`.

    Raises:
        SlitError: an unknown zone, or a local time that does not exist or occurs twice.
    """
    import pyarrow as pa

    values: Longs = column.cast(pa.int64()).to_numpy()
    if column.type.tz is not None or time_zone in (None, "UTC"):
        return values
    local = pd.DatetimeIndex(values.view("datetime64[ns]"))
    moments = local.tz_localize(zone_of(time_zone), ambiguous="NaT", nonexistent="NaT")
    odd = np.asarray(moments.isna())
    if odd.any():
        wall = local[int(np.argmax(odd))].isoformat()
        raise SlitError(
            f"{path}: {field.name}: {wall}, expected stamps that occur once in {time_zone}"
        )
    return moments.asi8


def cell_error(path: Path, column: str, row: int, expected: str) -> SlitError:
    """The error of one cell, for which the file is read again up to it.

    Args:
        path: the file.
        column: name of the column.
        row: 0 is the first below the header.
        expected: what the cell must be.
    """
    position = read_header(path).index(column)
    for number, (line, cells) in enumerate(csv_rows(path)):
        if number == row:
            cell = cells[position].strip() if position < len(cells) else ""
            return SlitError(f"{path}:{line}: {column}: {cell or 'empty'}, expected {expected}")
    return SlitError(f"{path}: {column}: a wrong value, expected {expected}")


def _located(
    path: Path, header: Sequence[str], fields: Sequence[Field], done: int, reason: str
) -> SlitError:
    """The error of the first row from `done` on that cannot be parsed."""
    aware: dict[str, bool] = {}
    for number, (line, cells) in enumerate(csv_rows(path)):
        if number < done and number:  # the first row says whether stamps carry an offset
            continue
        if len(cells) != len(header):
            return SlitError(f"{path}:{line}: {len(cells)} columns, expected {len(header)}")
        for field in fields:
            cell = cells[header.index(field.name)].strip()
            if not parses(cell, field):
                return SlitError(
                    f"{path}:{line}: {field.name}: {cell or 'empty'}, expected {field.expected}"
                )
            if field.kind is not ColumnKind.STAMP:
                continue
            if has_offset(cell) != aware.setdefault(field.name, has_offset(cell)):
                how = "with" if aware[field.name] else "without"
                return SlitError(
                    f"{path}:{line}: {field.name}: {cell}, expected a stamp {how} an offset, as in "
                    f"the first row ({field.meaning})"
                )
    return SlitError(f"{path}: {reason.splitlines()[0]}, expected a CSV file")


def parses(cell: str, field: Field) -> bool:
    """Whether a cell is what the field expects."""
    import pyarrow as pa

    if field.kind is ColumnKind.TEXT or (field.gaps and cell in EMPTY):
        return True
    if field.kind is ColumnKind.NUMBER:
        try:
            return 0 <= float(cell) < BEYOND
        except ValueError:
            return False
    for zone in (None, "UTC"):
        try:
            pa.scalar(cell).cast(pa.timestamp("ns", tz=zone))
        except ValueError:  # of Arrow, or of a text that is no Unicode
            continue
        return True
    return False
