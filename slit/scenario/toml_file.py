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

from slit.data.cells import CellText
from slit.data.table import Table
from slit.errors import SlitError, did_you_mean
from slit.scenario.builtin import builtin_names, builtin_path
from slit.scenario.file_schema import LISTS, Quality, ScenarioFile, ServiceTable
from slit.scenario.predicted_services import add_predicted
from slit.scenario.references import TableReference
from slit.scenario.table_files import Tables, folders_of
from slit.scenario.validation_errors import refused, shown

Data = dict[str, Any]

MERGED = (
    "horizon", "accounting", "operation", "resolution", "signals", "latency", "folders", "currency",
    "predictor",
)  # fmt: skip
"""Sections of which `extends` keeps the fields that are not given."""

LARGEST_FILE = 64 << 20
"""Bytes of a scenario file; long series belong into tables."""

_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True, slots=True)
class Raw:
    """A scenario file before its records are checked."""

    path: Path
    data: Data
    tables: Tables
    places: dict[tuple[str, int], str] = field(default_factory=dict)
    """File and line of the records that came from tables, by section and number."""
    inherited: frozenset[str] = frozenset()
    """Signals of the extended scenario that reach sites of this file."""


def scenario_path(name_or_path: str | PathLike[str]) -> Path:
    """The file of a built-in scenario or the path itself.

    Raises:
        SlitError: there is neither.
    """
    if isinstance(name_or_path, str) and name_or_path in builtin_names():
        return builtin_path(name_or_path)
    path = Path(name_or_path)
    try:
        if path.is_dir():
            raise SlitError(f"{path}: a folder, expected a scenario file (TOML)")
        if path.is_file():
            return path
        odd = path.exists()
    except (OSError, ValueError):  # a name too long, a byte 0, a folder that may not be entered
        odd = False
    if odd:
        raise SlitError(f"{path}: a pipe or device, expected a scenario file (TOML)")
    raise SlitError(
        f"{shown(str(name_or_path))[1:-1]}: no such scenario, expected a path of a TOML file or "
        f"one of {', '.join(builtin_names())}{did_you_mean(str(name_or_path), builtin_names())}"
    )


def read_raw(path: Path, *, errors: list[SlitError] | None = None) -> Raw:
    """Read a scenario file, what it extends, and its tables of records.

    A table that cannot be read raises SlitError; or it goes to `errors`, where that is given, and
    its section is left out.
    """
    data = read_toml(path)
    base, inherited = data.get("extends"), frozenset[str]()
    if base is not None:
        if not isinstance(base, str) or base not in builtin_names():
            raise SlitError(
                f"{path}: extends: {shown(base)}, expected one of {', '.join(builtin_names())}"
                f"{did_you_mean(str(base), builtin_names())}"
            )
        below = _builtin(base)
        if "datacenters" in data and isinstance(data.get("signals", {}), dict):
            inherited = frozenset(below.get("signals", {})) - frozenset(data.get("signals", {}))
        data = _merged(below, data)
    for section in MERGED:
        if not isinstance(data.get(section, {}), dict):
            found = shown(data[section])
            raise SlitError(f"{path}: {section}: {found}, expected a section of fields")
    folders = data.get("folders", {})
    for name, folder in folders.items():
        if not isinstance(folder, str):
            raise SlitError(f"{path}: folders.{name}: {shown(folder)}, expected a path")
    raw = Raw(path, data, Tables(path.parent, folders_of(folders, path.parent)), {}, inherited)
    services = data.get("services")
    predicted = services.get("predict", False) if isinstance(services, dict) else False
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
    if predicted and isinstance(data.get("services"), list):
        with _collected(errors, data, "services"):
            add_predicted(data, path, only=None if predicted is True else predicted)
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
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SlitError(f"{path}: {error.strerror}, expected a scenario file (TOML)") from None
    if len(content) > LARGEST_FILE:
        raise SlitError(
            f"{path}: more than {LARGEST_FILE >> 20} MiB, expected a scenario file (TOML) that "
            "names tables for long series"
        )
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise SlitError(f"{path}:{line}: byte 0x{byte:02x}, expected UTF-8 text") from None
    except RecursionError:
        raise SlitError(f"{path}: nested too deeply, expected the layout of a scenario") from None
    except tomllib.TOMLDecodeError as error:
        position = _POSITION.search(str(error))
        line_text = position.group(1) if position else None
        line = int(line_text) if line_text else content.count(b"\n") + 1
        message = _POSITION.sub("", str(error))
        raise SlitError(
            f"{path}:{line}: {message[:1].lower()}{message[1:]}, expected TOML"
        ) from None
    except ValueError as error:  # figures that Python cannot hold, such as 5,000 digits or a day 99
        raise SlitError(f"{path}: {str(error).partition(';')[0]}, expected TOML") from None


def _builtin(name: str) -> Data:
    """A built-in scenario on top of what it extends itself."""
    data = read_toml(builtin_path(name))
    base = data.get("extends")
    return data if base is None else _merged(_builtin(base), data)


def _merged(base: Data, own: Data) -> Data:
    merged = base | own
    for section in MERGED:
        if isinstance(own.get(section), dict):
            merged[section] = base.get(section, {}) | own[section]
    services, below = own.get("services"), base.get("services")
    if isinstance(services, dict) and "file" not in services and isinstance(below, dict):
        merged["services"] = below | services
    _drop_strange_pairs(merged, own)
    return merged


def _drop_strange_pairs(merged: Data, own: Data) -> None:
    """Leave out inherited round trips of places that the file replaced."""
    latency, stated = merged.get("latency"), own.get("latency", {})
    if not isinstance(latency, dict) or "pairs" not in latency or "pairs" in stated:
        return
    places = {section: _stated_names(merged.get(section)) for section in ("origins", "datacenters")}
    merged["latency"] = latency | {
        "pairs": [
            pair
            for pair in latency["pairs"]
            if pair["origin"] in places["origins"] and pair["datacenter"] in places["datacenters"]
        ]
    }


def _stated_names(records: object) -> list[object]:
    listed = records if isinstance(records, list) else []
    return [entry.get("name") for entry in listed if isinstance(entry, dict)]


def checked_reference(raw: Raw, data: object, model: type[TableReference], where: str) -> Any:
    """A table reference of the file."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise refused(error, model, where=f"{raw.path}: {where}", places={}) from None


def _expand(raw: Raw, section: str, data: object, where: str, *, into: Data) -> None:
    """Replace a table reference by the records of the table."""
    kind = ServiceTable if where == "services" else TableReference
    reference = checked_reference(raw, data, kind, where)
    if not reference.file:
        into[section] = []
        return
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
                _nest(row, renamed.get(column, column), CellText(cell, reference.decimal))
        rows.append(row)
    return rows


def _nest(row: Data, name: str, cell: CellText) -> None:
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
    names = _stated_names(classes)
    try:
        table = raw.tables.open(reference.file, reference).where(reference.where)
        columns = [
            table.texts(reference.columns.get(name, name)) for name in ("variant", "class", "score")
        ]
    except SlitError as error:
        raise SlitError(f"{raw.path}: quality: {error}") from None
    scores: dict[str, dict[str, str]] = {}
    for row, (variant, request_class, score) in enumerate(zip(*columns, strict=True)):
        if request_class not in names:
            continue
        mine = scores.setdefault(variant, {})
        if request_class in mine:
            raise SlitError(
                f"{raw.path}: quality: {table.place(row)}: {variant} for {request_class} twice, "
                "expected one score"
            )
        mine[request_class] = CellText(score, reference.decimal)
    raw.data["variants"] = [
        entry if not isinstance(entry, dict) else _scored(entry, scores) for entry in variants
    ]


def _scored(variant: Data, scores: Mapping[str, Mapping[str, str]]) -> Data:
    own = variant.get("quality", {})
    if not isinstance(own, dict):
        return variant
    return variant | {"quality": {**scores.get(str(variant.get("name")), {}), **own}}


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
    """The checked file.

    Raises:
        SlitError: the first field that is wrong; says how many more are.
    """
    try:
        return ScenarioFile.model_validate(raw.data)
    except ValidationError as error:
        raise refused(error, ScenarioFile, where=str(raw.path), places=raw.places) from None
