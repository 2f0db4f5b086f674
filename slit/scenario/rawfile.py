"""The TOML file as plain data: base scenario merged in, tables of records read."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from slit.errors import SlitError
from slit.scenario.builtin import builtin_names, builtin_path
from slit.scenario.invalid import refused
from slit.scenario.layout import LISTS, Quality, ScenarioFile
from slit.scenario.references import TableReference
from slit.scenario.tabular import Table, Tables, folders_of

Data = dict[str, Any]

MERGED = ("horizon", "accounting", "resolution", "signals", "latency", "folders")
"""Sections of which `extends` keeps the fields that are not given."""

_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True, slots=True)
class Raw:
    """A scenario file before its records are checked."""

    path: Path
    data: Data
    tables: Tables
    places: dict[tuple[str, int], str] = field(default_factory=dict)
    """File and line of the records that came from tables, by section and number."""


def scenario_path(name_or_path: str | PathLike[str]) -> Path:
    """The file of a built-in scenario or the path itself. Raises SlitError if there is neither."""
    if isinstance(name_or_path, str) and name_or_path in builtin_names():
        return builtin_path(name_or_path)
    path = Path(name_or_path)
    if path.is_dir():
        raise SlitError(f"{path}: a folder, expected a scenario file (TOML)")
    if not path.is_file():
        raise SlitError(
            f"{name_or_path}: no such scenario, expected a path of a TOML file or one of "
            f"{', '.join(builtin_names())}"
        )
    return path


def read_raw(path: Path, *, errors: list[SlitError] | None = None) -> Raw:
    """Read a scenario file, what it extends, and its tables of records.

    A table that cannot be read raises SlitError; or it goes to `errors`, where that is given, and
    its section is left out.
    """
    data = read_toml(path)
    base = data.get("extends")
    if base is not None:
        if base not in builtin_names():
            raise SlitError(
                f"{path}: extends: {base!r}, expected one of {', '.join(builtin_names())}"
            )
        data = _merged(read_toml(builtin_path(base)), data)
    folders = data.get("folders", {})
    if not isinstance(folders, dict) or not all(isinstance(v, str) for v in folders.values()):
        raise SlitError(f"{path}: folders: {folders!r}, expected paths by name")
    raw = Raw(path, data, Tables(path.parent, folders_of(folders, path.parent)))
    tables = [(data, section, section) for section in LISTS]
    if isinstance(data.get("demand"), dict):
        data["demand"] = dict(data["demand"])
        tables.append((data["demand"], "volumes", "demand.volumes"))
    for holder, section, where in tables:
        if isinstance(holder.get(section), dict):
            with _collected(errors, holder, section):
                _expand(raw, section, holder[section], where, into=holder)
    if "quality" in data:
        with _collected(errors, data, "quality"):
            _add_quality(raw)
    _fill_signals(data)
    return raw


@contextmanager
def _collected(errors: list[SlitError] | None, holder: Data, section: str) -> Iterator[None]:
    try:
        yield
    except SlitError as error:
        if errors is None:
            raise
        errors.append(error)
        del holder[section]


def read_toml(path: Path) -> Data:
    """A TOML file; SlitError with the line of what is not UTF-8 or not TOML."""
    content = path.read_bytes()
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise SlitError(f"{path}:{line}: byte 0x{byte:02x}, expected UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        position = _POSITION.search(str(error))
        line_text = position.group(1) if position else None
        line = int(line_text) if line_text else content.count(b"\n") + 1
        message = _POSITION.sub("", str(error))
        raise SlitError(
            f"{path}:{line}: {message[:1].lower()}{message[1:]}, expected TOML"
        ) from None


def _merged(base: Data, own: Data) -> Data:
    merged = base | own
    for section in MERGED:
        if isinstance(own.get(section), dict):
            merged[section] = base.get(section, {}) | own[section]
    return merged


def checked_reference(raw: Raw, data: object, model: type[TableReference], where: str) -> Any:
    """A table reference of the file."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise refused(error, model, where=f"{raw.path}: {where}", places={}) from None


def _expand(raw: Raw, section: str, data: object, where: str, *, into: Data) -> None:
    """Replace a table reference by the records of the table."""
    reference = checked_reference(raw, data, TableReference, where)
    try:
        table = raw.tables.open(reference.file, reference).where(reference.where)
        rows = _rows(table, reference)
    except SlitError as error:
        raise SlitError(f"{raw.path}: {where}: {error}") from None
    into[section] = rows
    parents = where.split(".")
    for number in range(len(rows)):
        key = (parents[0], number) if len(parents) == 1 else (where, number)
        raw.places[key] = table.place(number)


def _rows(table: Table, reference: TableReference) -> list[Data]:
    for column in (*reference.columns.values(), *reference.ignore):
        table.column(column)
    renamed = {column: name for name, column in reference.columns.items()}
    skipped = set(reference.ignore) | (set(reference.columns) - set(renamed))
    rows: list[Data] = []
    for cells in table.records():
        row: Data = {}
        for column, cell in cells.items():
            if column in renamed or column not in skipped:
                _nest(row, renamed.get(column, column), cell)
        rows.append(row)
    return rows


def _nest(row: Data, name: str, cell: str) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        row = row.setdefault(parent, {})
    row[last] = cell


def _add_quality(raw: Raw) -> None:
    """Fill the scores of the variants from the table of section quality."""
    reference = checked_reference(raw, raw.data["quality"], Quality, "quality")
    variants, classes = raw.data.get("variants"), raw.data.get("classes")
    if not isinstance(variants, list) or not isinstance(classes, list):
        return
    names = {entry.get("name") for entry in classes if isinstance(entry, Mapping)}
    try:
        table = raw.tables.open(reference.file, reference).where(reference.where)
        columns = [
            table.texts(reference.columns.get(name, name)) for name in ("variant", "class", "score")
        ]
    except SlitError as error:
        raise SlitError(f"{raw.path}: quality: {error}") from None
    scores: dict[str, dict[str, str]] = {}
    for variant, request_class, score in zip(*columns, strict=True):
        if request_class in names:
            scores.setdefault(variant, {})[request_class] = score
    raw.data["variants"] = [
        entry | {"quality": scores.get(str(entry.get("name")), {}) | entry.get("quality", {})}
        for entry in variants
        if isinstance(entry, dict)
    ]


def _fill_signals(data: Data) -> None:
    """Complete the signals that a site states in part with those of [signals]."""
    sites, defaults = data.get("datacenters"), data.get("signals")
    if not isinstance(sites, list) or not isinstance(defaults, dict):
        return
    data["datacenters"] = [
        site if not isinstance(site, dict) else site | _completed(site, defaults) for site in sites
    ]


def _completed(site: Data, defaults: Data) -> Data:
    return {
        name: default | site[name]
        for name, default in defaults.items()
        if isinstance(site.get(name), dict)
        and isinstance(default, dict)
        and not {"value", "values", "file"} & set(site[name])
    }


def validated(raw: Raw) -> ScenarioFile:
    """The checked file. Raises SlitError for the first field that is wrong."""
    try:
        return ScenarioFile.model_validate(raw.data)
    except ValidationError as error:
        raise refused(error, ScenarioFile, where=str(raw.path), places=raw.places) from None
