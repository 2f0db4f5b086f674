"""Parquet tables: columns as they are stored."""

import io
from pathlib import Path

from slit.data.file_table import FileTable
from slit.errors import SlitError


def read_parquet(content: bytes, path: Path) -> FileTable:
    """The columns of a Parquet file.

    Raises:
        SlitError: no Parquet table, a column twice, no row.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(io.BytesIO(content))
        table.validate(full=True)  # texts may be no UTF-8
        columns = [column.combine_chunks() for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else "unreadable"
        raise SlitError(f"{path}: {reason}, expected a Parquet table") from None
    names = [name.strip() for name in table.column_names]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise SlitError(f"{path}: column {double!r} twice, expected distinct names")
    if table.num_rows == 0:
        raise SlitError(f"{path}: no rows, expected at least one")
    return FileTable(dict(zip(names, columns, strict=True)), lambda row: f"row {row + 1}")
