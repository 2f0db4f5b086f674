"""Refusals of pydantic, said the way slit says them: thing: found, expected (meaning, unit)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from slit.errors import SlitError, did_you_mean
from slit.scenario.diagnostics import Finding, Severity
from slit.scenario.records import own_fields_first

UNKNOWN = "unknown field"

_LIMITS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def refused(
    error: ValidationError, model: type[BaseModel], *, where: str, places: Mapping[Any, str]
) -> SlitError:
    """The first error of `error` as one message; the others are counted.

    Unknown fields come first: a misspelled one is also missing under its right name.

    `places` says for (section, number) from which file and line that record came.
    """
    findings = findings_of(error, model, where=where, places=places)
    findings.sort(key=lambda finding: finding.found != UNKNOWN)
    rest = len(findings) - 1
    more = f"; {rest} more error{'s' if rest > 1 else ''}" if rest else ""
    return SlitError(f"{findings[0]}{more}")


def findings_of(
    error: ValidationError, model: type[BaseModel], *, where: str, places: Mapping[Any, str]
) -> list[Finding]:
    """Every error of `error`."""
    return [_finding(entry, model, where, places) for entry in error.errors(include_url=False)]


def _finding(entry: Any, model: type[BaseModel], where: str, places: Mapping[Any, str]) -> Finding:
    tagged = entry["loc"]
    loc = [part for part in tagged if not str(part).startswith("<")]
    place = places.get(tuple(loc[:2]))
    path = field_path(loc[2:]) if place else field_path(loc)
    thing = ": ".join(part for part in (place or where, path) if part)
    kind, context = entry["type"], entry.get("ctx", {})
    if kind == "value_error":
        found, _, expected = str(context["error"]).partition(", expected ")
        return Finding(Severity.ERROR, thing, found or "invalid", expected or "a valid record")
    expected = _expected(kind, context, entry["msg"], _models_at(model, tagged[:-1]))
    field = _field(model, tagged)
    if field is not None and kind != "extra_forbidden":
        expected += _meaning(field)
    plain = {"missing": "missing", "extra_forbidden": UNKNOWN}
    found = plain.get(kind) or shown(_meant(kind, entry["input"]))
    return Finding(Severity.ERROR, thing, found, expected + _suggestion(entry, model))


def _meant(kind: str, value: Any) -> Any:
    """What is wrong: of a section whose kind is unknown, its kind."""
    if kind == "union_tag_invalid" and isinstance(value, dict):
        return value["kind"]
    return value


def _suggestion(entry: Any, model: type[BaseModel]) -> str:
    kind, context, loc = entry["type"], entry.get("ctx", {}), entry["loc"]
    if kind == "extra_forbidden":
        holders = _models_at(model, loc[:-1])[:1]
        return did_you_mean(str(loc[-1]), [name for one in holders for name in _names(one)])
    found = _meant(kind, entry["input"])
    if not isinstance(found, str):
        return ""
    if kind in ("enum", "literal_error"):
        return did_you_mean(found, re.findall("'([^']+)'", context["expected"]))
    if kind == "union_tag_invalid":
        return did_you_mean(found, re.findall("<([^>]+)>", context["expected_tags"]))
    return ""


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in own_fields_first(model).items()]


def field_path(loc: Sequence[str | int]) -> str:
    """datacenters[3].latitude."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def shown(value: object) -> str:
    """A value the way it stands in a file; sections and lists by their kind alone."""
    if isinstance(value, dict):
        return "a section of fields" if value else "an empty section"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | time):
        return value.isoformat()
    text = repr(str(value)) if isinstance(value, str) else f"{value}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _expected(
    kind: str, context: Mapping[str, Any], message: str, holders: list[type[BaseModel]]
) -> str:
    for name, sign in _LIMITS.items():
        if name in context:
            limit = context[name]
            said = f"{limit:g}" if isinstance(limit, float) else str(limit)
            return f"a number {sign} {said}"
    if kind == "extra_forbidden":
        names = [name for one in holders[:1] for name in _names(one)]
        return f"one of {', '.join(names)}" if names else "no such field"
    if kind in ("enum", "literal_error"):
        return f"one of {context['expected']}"
    if kind in ("string_too_short", "string_too_long"):
        end, most = ("least", "min_length") if kind.endswith("short") else ("most", "max_length")
        return f"text of at {end} {context[most]} character{'s' * (context[most] != 1)}"
    if kind == "string_pattern_mismatch":
        return r"a name of 1 to 80 characters without , : / \ < >"
    known = {
        "missing": "a value",
        "finite_number": "a finite number",
        "timezone_aware": "a date and time with its zone such as 2023-07-01T00:00:00Z",
        "timezone_naive": "a date and time without a zone",
        "string_type": "text",
        "int_from_float": "a whole number",
        "union_tag_invalid": "kind = groups, table, typical or trace",
        "union_tag_not_found": "a section with kind = groups, table, typical or trace",
        "model_type": "a section of fields",
        "model_attributes_type": "a section of fields",
        "tuple_type": "a list",
        "dict_type": "a table of names and values",
    }
    if kind in known:
        return known[kind]
    for part, text in (
        ("float", "a number"),
        ("int", "a whole number"),
        ("bool", "true or false"),
        ("date", "a date and time with its zone such as 2023-07-01T00:00:00Z"),
    ):
        if kind.startswith(part):
            return text
    return message[:1].lower() + message[1:]


def _meaning(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, dict) else None
    said = ", ".join(str(part) for part in (field.description, unit) if part)
    return f" ({said})" if said else ""


def _field(model: type[BaseModel], loc: Sequence[Any]) -> FieldInfo | None:
    """The field that the last name in `loc` stands for."""
    for last in range(len(loc) - 1, -1, -1):
        if isinstance(loc[last], str) and not loc[last].startswith("<"):
            fields = [_named(holder, loc[last]) for holder in _models_at(model, loc[:last])]
            return next((field for field in fields if field is not None), None)
    return None


def _named(model: type[BaseModel], name: str) -> FieldInfo | None:
    for field_name, field in model.model_fields.items():
        if name in (field_name, field.alias):
            return field
    return None


def _models_at(model: type[BaseModel], loc: Sequence[Any]) -> list[type[BaseModel]]:
    """The record types that may stand at a path; `<tag>` chooses one of a union."""
    current: list[type[BaseModel]] = [model]
    for part in loc:
        if isinstance(part, int):
            continue
        if part.startswith("<"):
            current = [one for one in current if _tag(one) == part] or current
        else:
            fields = [field for one in current if (field := _named(one, part)) is not None]
            if fields:  # else a name in a table of records
                current = [found for field in fields for found in _models(field.annotation)]
    return current


def _tag(model: type[BaseModel]) -> str:
    """The tag of a record type in a union: its kind; a list or a table else."""
    kind = model.model_fields.get("kind")
    if kind is not None and kind.is_required():
        return f"<{get_args(kind.annotation)[0]}>"
    return "<table>" if "columns" in model.model_fields else "<list>"


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Annotated, Union, UnionType, tuple, list, dict):
        return [found for part in get_args(annotation) for found in _models(part)]
    return []
