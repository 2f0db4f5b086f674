"""Refusals of pydantic, said the way slit says them: thing: found, expected (meaning, unit)."""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from slit.errors import SlitError
from slit.scenario.findings import Finding, Severity
from slit.scenario.records import own_fields_first

_LIMITS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def refused(
    error: ValidationError, model: type[BaseModel], *, where: str, places: Mapping[Any, str]
) -> SlitError:
    """The first error of `error` as one message; the others are counted.

    `places` says for (section, number) from which file and line that record came.
    """
    findings = findings_of(error, model, where=where, places=places)
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
    field = _field(model, tagged)
    expected = _expected(kind, context, entry["msg"], _models_at(model, tagged[:-1]))
    if field is not None and kind != "extra_forbidden":
        expected += _meaning(field)
    plain = {"missing": "missing", "extra_forbidden": "unknown field"}
    found = plain.get(kind) or _shown(entry["input"])
    return Finding(Severity.ERROR, thing, found, expected)


def field_path(loc: Sequence[str | int]) -> str:
    """datacenters[3].latitude."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _expected(
    kind: str, context: Mapping[str, Any], message: str, holders: list[type[BaseModel]]
) -> str:
    for name, sign in _LIMITS.items():
        if name in context:
            limit = context[name]
            shown = f"{limit:g}" if isinstance(limit, float) else str(limit)
            return f"a number {sign} {shown}"
    if kind == "extra_forbidden":
        names = [f.alias or n for one in holders[:1] for n, f in own_fields_first(one).items()]
        return f"one of {', '.join(names)}" if names else "no such field"
    if kind in ("enum", "literal_error"):
        return f"one of {context['expected']}"
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
        "union_tag_not_found": "kind = groups, table, typical or trace",
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
        ("datetime", "a date and time with its zone such as 2023-07-01T00:00:00Z"),
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
