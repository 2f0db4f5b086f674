"""Tables that a scenario names: CSV or Parquet, columns by name, errors with file and line."""

import csv
import gzip
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from slit.errors import SlitError
from slit.scenario.stamps import parse_stamps

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Texts = NDArray[np.object_]

OWN_FOLDER = Path(__file__).parent
"""The folder that `slit:` in a file reference stands for."""

_PREFIX = re.compile(r"^([a-z][a-z0-9_-]+):(.*)$")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One file as it was read; what is converted is kept."""

    path: Path
    columns: Mapping[str, Any]  # name -> pyarrow array
    texts: dict[str, Texts] = field(default_factory=dict)
    numbers: dict[str, Floats] = field(default_factory=dict)
    stamps: dict[tuple[str, str | None], Longs] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One file, or some of its rows."""

    source: Source
    rows: Longs  # of the file, counted from 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.source.columns)

    def place(self, row: int) -> str:
        """File and line of the row."""
        number = int(self.rows[row])
        if self.path.suffix == ".parquet":
            return f"{self.path}:row {number + 1}"
        return f"{self.path}:{line_of(self.path, number)}"

    def column(self, name: str) -> Any:
        """The whole pyarrow array of a column."""
        if name not in self.source.columns:
            raise SlitError(
                f"{self.path}: no column {name!r}, expected one of {', '.join(self.columns)}"
            )
        return self.source.columns[name]

    def texts(self, name: str) -> Texts:
        """A column as stripped text, gaps as ''; an array of str."""
        known = self.source.texts
        if name not in known:
            import pyarrow as pa

            values = self.column(name).cast(pa.string()).to_pylist()
            stripped = [value.strip() if value else "" for value in values]
            known[name] = np.array(stripped, dtype=object)
        return known[name][self.rows]

    def numbers(self, name: str) -> Floats:
        """A column as numbers, gaps as NaN."""
        known = self.source.numbers
        if name not in known:
            known[name] = self._numbers(name)
        return known[name][self.rows]

    def _numbers(self, name: str) -> Floats:
        import pyarrow as pa

        column = self.column(name)
        if not pa.types.is_string(column.type):
            try:
                values = column.cast(pa.float64()).to_pylist()
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                raise SlitError(
                    f"{self.path}: column {name} of {column.type}, expected numbers"
                ) from None
            return np.array([np.nan if value is None else value for value in values])
        whole = Table(self.source, np.arange(len(column)))
        texts = whole.texts(name)
        try:
            return np.array([float(text) if text else np.nan for text in texts])
        except ValueError:
            row, text = next((r, t) for r, t in enumerate(texts) if t and not _is_number(t))
            raise SlitError(f"{whole.place(row)}: {name}: {text!r}, expected a number") from None

    def stamps(self, name: str, *, zone: str | None) -> Longs:
        """A column of time stamps as microseconds since 1970 in UTC (see `parse_stamps`)."""
        whole = len(self.rows) == len(self.column(name))
        known = self.source.stamps
        if not whole:
            return self._stamps(name, zone)
        if (name, zone) not in known:
            known[name, zone] = self._stamps(name, zone)
        return known[name, zone]

    def _stamps(self, name: str, zone: str | None) -> Longs:
        import pyarrow as pa

        column = self.column(name)
        if pa.types.is_timestamp(column.type):
            zone = "UTC" if column.type.tz else zone
            texts = [str(column[int(row)].cast(pa.timestamp("us"))) for row in self.rows]
            return parse_stamps(texts, zone=zone, place=self._placer(name))
        return parse_stamps(list(self.texts(name)), zone=zone, place=self._placer(name))

    def _placer(self, name: str) -> Any:
        return lambda row: f"{self.path if row is None else self.place(row)}: {name}"

    def where(self, conditions: Mapping[str, object]) -> "Table":
        """The rows in which each named column has the given value; at least one."""
        keep = np.ones(len(self), dtype=np.bool_)
        for name, value in conditions.items():
            texts = self.texts(name)
            wanted = value if isinstance(value, list | tuple) else (value,)
            keep &= np.logical_or.reduce([_equal(texts, one) for one in wanted])
            if not keep.any():
                some = sorted(set(texts))
                listed = ", ".join(some[:12]) + (", ..." if len(some) > 12 else "")
                raise SlitError(
                    f"{self.path}: no row where {_shown(conditions)}, expected {name} in {listed}"
                )
        return self if keep.all() else self.take(np.flatnonzero(keep))

    def take(self, chosen: NDArray[np.intp]) -> "Table":
        """Some rows."""
        return Table(self.source, self.rows[chosen])

    def records(self) -> Iterator[dict[str, str]]:
        """The rows as text by column, without gaps."""
        texts = {name: self.texts(name) for name in self.columns}
        for row in range(len(self)):
            yield {name: values[row] for name, values in texts.items() if values[row]}


@dataclass(frozen=True, slots=True)
class Tables:
    """Finds and reads the files that a scenario names, each once."""

    base: Path  # folder of the scenario file
    folders: Mapping[str, Path]  # prefix -> folder
    read: dict[Path, Table] = field(default_factory=dict)

    def path(self, file: str) -> Path:
        """`file` relative to the scenario file, or after `name:` to a stated folder."""
        prefixed = _PREFIX.match(file)
        if prefixed is None:
            return self.base / file
        name, rest = prefixed.groups()
        if name not in self.folders:
            raise SlitError(
                f"{file}: unknown folder {name!r}, expected one of {', '.join(self.folders)} "
                "(section folders)"
            )
        return self.folders[name] / rest

    def open(self, file: str) -> Table:
        """The whole table."""
        path = self.path(file)
        if path not in self.read:
            self.read[path] = read_table(path)
        return self.read[path]


def folders_of(stated: Mapping[str, str], base: Path) -> dict[str, Path]:
    """Folder by prefix; `${NAME}` and `${NAME:-default}` stand for environment variables."""

    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = os.environ.get(name, default)
        if found is None:
            raise SlitError(f"folders: environment variable {name} is not set, expected a folder")
        return found

    folders = {
        name: Path(os.path.normpath(base / _VARIABLE.sub(value, text)))
        for name, text in stated.items()
    }
    return {"slit": OWN_FOLDER} | folders


def read_table(path: Path) -> Table:
    """Read a CSV (also .gz) or Parquet file; cells of a CSV stay text until they are asked for."""
    import pyarrow as pa

    if not path.is_file():
        raise SlitError(f"{path}: no such file, expected a CSV or Parquet table")
    try:
        table = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except pa.ArrowInvalid as error:
        raise SlitError(f"{path}: {_reason(path, str(error))}") from None
    except OSError as error:
        raise SlitError(f"{path}: {error}, expected a readable CSV or Parquet table") from None
    if table.num_rows == 0:
        raise SlitError(f"{path}: no rows, expected at least one")
    names = table.column_names
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise SlitError(f"{path}: column {double!r} twice, expected distinct names")
    columns = {name.strip(): table.column(name).combine_chunks() for name in names}
    return Table(Source(path, columns), np.arange(table.num_rows))


def _read_csv(path: Path) -> Any:
    from pyarrow import csv as arrow_csv
    from pyarrow import string

    with _opened(path) as file:
        header = next(csv.reader([file.readline()]), [])
    names = {name: string() for name in header}
    convert = arrow_csv.ConvertOptions(column_types=names, strings_can_be_null=False)
    return arrow_csv.read_csv(path, convert_options=convert)


def _read_parquet(path: Path) -> Any:
    from pyarrow import parquet

    return parquet.read_table(path)


def _opened(path: Path) -> IO[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    raw = opener(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
    return cast(IO[str], raw)


def line_of(path: Path, row: int) -> int:
    """Line of the file on which row `row` (from 0) of a CSV stands."""
    with _opened(path) as file:
        reader = csv.reader(file)
        seen = -2
        for cells in reader:
            seen += bool(cells)
            if seen == row:
                return reader.line_num
    return 0


def _reason(path: Path, message: str) -> str:
    if "UTF8" in message or "UTF-8" in message:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                wrong = [ord(letter) - 0xDC00 for letter in line if "\udc80" <= letter <= "\udcff"]
                if wrong:
                    return f"line {number}: byte 0x{wrong[0]:02x}, expected UTF-8 text"
    return f"{message.splitlines()[0]}, expected a table"


def _equal(texts: Texts, value: object) -> NDArray[np.bool_]:
    if isinstance(value, bool):
        accepted = ("true", "1") if value else ("false", "0")
        return np.array([text.lower() in accepted for text in texts], dtype=np.bool_)
    if isinstance(value, int | float):
        return np.array([_is_number(t) and float(t) == value for t in texts], dtype=np.bool_)
    return np.asarray(texts == value, dtype=np.bool_)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(conditions: Mapping[str, object]) -> str:
    return " and ".join(f"{name} = {value}" for name, value in conditions.items())
