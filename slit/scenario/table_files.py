"""The files of tables that a scenario names: where they lie, and each read once."""

import os
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slit.data.delimited import read_delimited
from slit.data.file_table import FileTable
from slit.data.parquet import read_parquet
from slit.data.table import ReadFile, Table
from slit.data.text_files import read_content
from slit.errors import SlitError
from slit.scenario.references import FileLayout
from slit.sources.formats import format_of, recognized

if TYPE_CHECKING:
    from slit.data.trace import Trace

OWN_FOLDER = Path(__file__).parent
"""The folder that `slit:` in a file reference stands for."""

_PREFIX = re.compile(r"^([a-z][a-z0-9_-]+):(.*)$")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Tables:
    """Finds and reads the files that a scenario names, each once; also the traces of its demand."""

    base: Path  # folder of the scenario file
    folders: Mapping[str, Path]  # prefix -> folder
    read: dict[tuple[Path, FileLayout], Table] = field(default_factory=dict)
    traces: dict[Hashable, "Trace"] = field(default_factory=dict)

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

    def open(self, file: str, layout: FileLayout) -> Table:
        """The whole table; `layout` says how it is written (a reference, which is one)."""
        path = self.path(file)
        key = path, layout.plain()
        if key not in self.read:
            self.read[key] = read_table(path, key[1])
        return self.read[key]


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


def read_table(path: Path, layout: FileLayout) -> Table:
    """Read a file in whatever format; cells of a text stay text until they are asked for."""
    import pyarrow as pa

    file = _read(path, layout)
    columns = {
        name: values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
        for name, values in file.columns.items()
    }
    rows = len(next(iter(columns.values())))
    return Table(ReadFile(path, file, columns, layout.decimal), np.arange(rows))


def _read(path: Path, layout: FileLayout) -> FileTable:
    content = read_content(path)
    name = layout.format
    if name is None:
        known = recognized(content)
        if known is not None:
            return known.read(content, path)
        name = "parquet" if path.suffix == ".parquet" else "csv"
    if name == "parquet":
        return read_parquet(content, path)
    if name == "csv":
        return read_delimited(content, path, layout.delimited())
    return format_of(name).read(content, path)
