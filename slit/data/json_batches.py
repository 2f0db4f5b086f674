"""Objects of JSON files in batches of arrays: one object a line, or one document with a list.

Lines are streamed like CSV. A document (a list of objects, or an object that holds one list of
objects, as web APIs answer) is held whole.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slit.data import csv_batches
from slit.data.csv_batches import (
    Batch,
    ColumnKind,
    Field,
    has_offset,
    is_number,
    nanoseconds,
    parses,
    require_zone,
    with_known_kind,
)
from slit.data.text_files import BEYOND, UNREADABLE, is_packed, not_utf8, open_binary, open_text
from slit.errors import SlitError

MALFORMED = (ValueError, RecursionError)
"""What json.loads raises for text that is no JSON, or nests too deep to be any log."""

ENVELOPES = frozenset(
    {"data", "items", "logs", "observations", "records", "results", "rows", "spans"}
)
"""Names under which web APIs answer a list of objects."""

SPACES = b" \t\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def is_json(path: Path) -> bool:
    """Whether the text of a file begins like JSON."""
    try:
        with open_binary(path) as file:
            start = file.read(4096).removeprefix(BYTE_ORDER_MARK).lstrip(SPACES)
    except UNREADABLE as error:
        raise SlitError(f"{path}: {error}, expected a readable file") from None
    return start[:1] in (b"{", b"[")


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of a file: those in memory, or one a line, of which only the first is."""

    path: Path
    sample: Mapping[str, Any]
    rows: Sequence[Any] | None

    def stream(self, fields: Sequence[Field], *, time_zone: str | None = None) -> Iterator[Batch]:
        """Batches of arrays; other keys are left out.

        Args:
            fields: the keys wanted; a.b is key b of the object a.
            time_zone: zone of stamps that carry no offset.

        Raises:
            SlitError: no JSON, a missing key, a value that is not what the field expects, a stamp
                without an offset where no zone is stated; with the line or the entry.
        """
        fields = _with_known_kinds(self.sample, fields)
        if self.rows is None:
            yield from _stream_lines(self, fields, time_zone)
        elif self.rows:
            yield from _stream_rows(self, fields, time_zone)


def read_objects(path: Path) -> Objects:
    """The objects of a JSON file in either form.

    Raises:
        SlitError: no file, no JSON, or no list of objects.
    """
    try:
        with open_text(path) as file:
            lines = (text for text in file if text.strip())
            line, more = next(lines, ""), next(lines, None)
        entry = json.loads(line)
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except UNREADABLE as error:
        raise SlitError(f"{path}: {error}, expected a readable file") from None
    except MALFORMED:
        entry = None
    if isinstance(entry, dict) and (more or rows_of(entry) is None):
        return Objects(path, entry, None)
    document = read_document(path) if entry is None else entry
    rows = rows_of(document)
    if rows is None:
        raise SlitError(f"{path}: no list of objects, expected one, or one object a line")
    sample = rows[0] if rows else {}
    if not isinstance(sample, dict):
        raise SlitError(f"{path}: entry 1: {_short(sample)}, expected an object")
    return Objects(path, sample, rows)


def read_document(path: Path) -> Any:
    """A whole JSON file.

    Raises:
        SlitError: no JSON, too deep, or not UTF-8.
    """
    try:
        with open_text(path) as file:
            return json.load(file)
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except json.JSONDecodeError as error:
        raise SlitError(f"{path}:{error.lineno}: {error.msg}, expected JSON") from None
    except MALFORMED as error:
        raise SlitError(f"{path}: {error}, expected JSON") from None
    except UNREADABLE as error:
        raise SlitError(f"{path}: {error}, expected a readable file") from None


def rows_of(document: Any) -> list[Any] | None:
    """The list of objects in a document: itself, or the one that an answer of a web API holds."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return None
    lists = [
        value
        for name, value in document.items()
        if name in ENVELOPES
        and isinstance(value, list)
        and all(isinstance(row, dict) for row in value[:1])
    ]
    return lists[0] if len(lists) == 1 else None


def value_at(entry: Any, name: str) -> Any:
    """The value of a key, or along a path of keys: usage.prompt_tokens."""
    if not isinstance(entry, dict):
        return None
    if name in entry:
        return entry[name]
    head, dot, rest = name.partition(".")
    while dot:
        if head in entry:
            return value_at(entry[head], rest)
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None


def _stream_rows(
    objects: Objects, fields: Sequence[Field], time_zone: str | None
) -> Iterator[Batch]:
    path, rows = objects.path, objects.rows or ()
    slim = [
        {field.name: value_at(row, field.name) for field in fields} if isinstance(row, dict) else {}
        for row in rows
    ]
    text = "\n".join(json.dumps(row) for row in slim).encode()
    own = {field.name: (field.name,) for field in fields}
    try:
        yield _batch(path, text, fields, time_zone, slim[0], own)
    except _NotParsedError:
        for number, row in enumerate(rows, start=1):
            found = _mistake(row, fields, objects.sample)
            if found:
                raise SlitError(f"{path}: entry {number}: {found}") from None
        raise SlitError(f"{path}: unreadable, expected a list of objects") from None


def _stream_lines(
    objects: Objects, fields: Sequence[Field], time_zone: str | None
) -> Iterator[Batch]:
    import pyarrow as pa

    path = objects.path
    paths = {field.name: _path_in(objects.sample, field.name) for field in fields}
    packed = "gzip" if is_packed(path) else None
    first = 1
    try:
        with pa.input_stream(str(path), compression=packed) as file:
            rest = file.read(len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
            while block := file.read(csv_batches.BLOCK_BYTES):
                text, _, rest = (rest + block).rpartition(b"\n")
                if text.strip():
                    yield _batch(path, text, fields, time_zone, objects.sample, paths)
                first += text.count(b"\n") + (1 if text else 0)
            if rest.strip():
                yield _batch(path, rest, fields, time_zone, objects.sample, paths)
    except _NotParsedError:
        raise _line_error(objects, fields, first) from None
    except OSError as error:
        raise SlitError(f"{path}: {error}, expected a readable file") from None


class _NotParsedError(Exception):
    """Some object of a batch is not what the fields expect; which one is looked for then."""


def _with_known_kinds(sample: Any, fields: Sequence[Field]) -> list[Field]:
    """Fields whose kinds are known by the first object."""
    found = {field.name: value_at(sample, field.name) for field in fields}
    return [with_known_kind(field, _shown(found[field.name])) for field in fields]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _path_in(sample: Any, name: str) -> tuple[str, ...]:
    """The keys that a name with dots means in this file."""
    if not isinstance(sample, dict) or name in sample or "." not in name:
        return (name,)
    parts = name.split(".")
    for cut in range(1, len(parts)):
        head, rest = ".".join(parts[:cut]), ".".join(parts[cut:])
        if head in sample:
            return (head, *_path_in(sample[head], rest))
    return tuple(parts)


def _batch(
    path: Path,
    text: bytes,
    fields: Sequence[Field],
    time_zone: str | None,
    sample: Mapping[str, Any],
    paths: Mapping[str, tuple[str, ...]],
) -> Batch:
    """Numbers are numbers, or text as the sample has them ("1544712660000000000")."""
    import pyarrow as pa
    from pyarrow import json as arrow_json

    tree: dict[str, Any] = {}
    for field in fields:
        place = tree
        for key in paths[field.name][:-1]:
            place = place.setdefault(key, {})
        plain = field.kind is ColumnKind.NUMBER and not isinstance(
            value_at(sample, field.name), str
        )
        place[paths[field.name][-1]] = pa.float64() if plain else pa.string()
    try:
        parsing = arrow_json.ParseOptions(
            explicit_schema=pa.schema(_types(tree)), unexpected_field_behavior="ignore"
        )
        options = arrow_json.ReadOptions(block_size=len(text) + 1)
        table = arrow_json.read_json(pa.BufferReader(text), options, parsing)
        return {
            field.name: _array(path, field, _column(table, paths[field.name]), time_zone)
            for field in fields
        }
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise _NotParsedError from None


def _types(tree: Mapping[str, Any]) -> list[Any]:
    import pyarrow as pa

    return [
        (name, pa.struct(_types(kind)) if isinstance(kind, dict) else kind)
        for name, kind in tree.items()
    ]


def _column(table: Any, keys: tuple[str, ...]) -> Any:
    from pyarrow import compute

    column = table.column(keys[0])
    for key in keys[1:]:
        column = compute.struct_field(column, key)
    return column.combine_chunks()


def _array(path: Path, field: Field, column: Any, time_zone: str | None) -> Any:
    import pyarrow as pa

    if field.kind is ColumnKind.TEXT:
        return column.fill_null("")
    if field.kind is ColumnKind.STAMP:
        if column.null_count or not len(column):
            raise _NotParsedError
        aware = has_offset(column[0].as_py())
        if not aware:
            require_zone(path, field, time_zone)
        stamps = column.cast(pa.timestamp("ns", tz="UTC" if aware else None))
        return nanoseconds(path, field, stamps, time_zone)
    there = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if not (((values >= 0) & (values < BEYOND)) | (~there & field.gaps)).all():
        raise _NotParsedError
    return values


def _line_error(objects: Objects, fields: Sequence[Field], first: int) -> SlitError:
    path = objects.path
    try:
        with open_text(path) as file:
            for line, text in enumerate(file, start=1):
                if line < first or not text.strip():
                    continue
                try:
                    entry = json.loads(text)
                except MALFORMED:
                    return SlitError(f"{path}:{line}: no JSON, expected one object a line")
                found = _mistake(entry, fields, objects.sample)
                if found:
                    return SlitError(f"{path}:{line}: {found}")
    except UnicodeDecodeError:
        return not_utf8(path)
    except UNREADABLE as error:
        return SlitError(f"{path}: {error}, expected a readable file")
    return SlitError(f"{path}: unreadable, expected one JSON object a line")


def _mistake(entry: Any, fields: Sequence[Field], sample: Any) -> str:
    """What is wrong in an object, or ''."""
    if not isinstance(entry, dict):
        return "no object, expected one object a line"
    for field in fields:
        value = value_at(entry, field.name)
        if field.kind is ColumnKind.TEXT:
            if value is not None and not isinstance(value, str):
                return f"{field.name}: {_short(value)}, expected text ({field.meaning})"
            continue
        if value is None and field.gaps:
            continue
        like = value_at(sample, field.name)
        kinds: tuple[type, ...] = (str,) if isinstance(like, str) else (int, float)
        text = _shown(value)
        odd = type(value) not in kinds or (not is_number(text) and field.kind is ColumnKind.NUMBER)
        if odd or not parses(text, field):
            shown = "missing" if value is None else _short(value)
            return f"{field.name}: {shown}, expected {field.expected}"
        if field.kind is ColumnKind.STAMP and has_offset(text) != has_offset(_shown(like)):
            how = "with" if has_offset(_shown(like)) else "without"
            return (
                f"{field.name}: {_short(text)}, expected a stamp {how} an offset, as in the first "
                f"row ({field.meaning})"
            )
    return ""


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
