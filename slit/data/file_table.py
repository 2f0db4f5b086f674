"""What every reader of tables and series makes of a file: columns by name, and where rows stand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class FileTable:
    """One file in memory, the same for every format.

    A column is a list of texts or of numbers (None is a gap), a numpy array or a pyarrow array.
    Stamps stay as the file writes them (text, Unix numbers, pyarrow timestamps): they are parsed
    behind, by the one parser. Nothing is converted either: a reference states the unit.
    """

    columns: Mapping[str, Any]
    place: Callable[[int], str]  # row from 0 -> what stands behind "path:", "12" or "data[3]"
    zone: str | None = None  # zone of stamps without an offset, where the file itself states it
    units: Mapping[str, str] = field(default_factory=dict)
    """Unit of a column in slit's words, where the file itself states it; another one is refused."""
    notes: tuple[str, ...] = ()  # what a person has to know of how the file was read
    hint: str = ""  # options that the file seems to need, the end of a message


@dataclass(frozen=True, slots=True)
class Format:
    """A layout of files that is no plain CSV or Parquet table, such as the answer of an API."""

    name: str  # `format = "..."` of a reference
    meaning: str  # who publishes it, for the docs: "WattTime v3 JSON"
    read: Callable[[bytes, Path], FileTable]  # content (unzipped), path for messages; SlitError
    recognizes: Callable[[bytes], bool]  # whether the first 4096 bytes can be nothing else
