"""The layout of a scenario file, for editors (JSON Schema) and for people (a table of fields)."""

from collections.abc import Iterator, Sequence
from enum import Enum
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from slit.scenario.account_schema import AccountEntry, Contract
from slit.scenario.demand_schema import (
    DailyVolume,
    DemandGroup,
    InlineDemand,
    Lengths,
    Stream,
    TableDemand,
    TraceDemand,
    TypicalDemand,
)
from slit.scenario.file_schema import (
    InputEntry,
    Latency,
    ModelFacts,
    PredictorFacts,
    Quality,
    Rate,
    RoundTripEntry,
    ScenarioFile,
    ServiceTable,
    SiteSignals,
)
from slit.scenario.limit_entry import LimitEntry
from slit.scenario.pools import MoveCost, NodePool, Operation
from slit.scenario.records import (
    Accounting,
    Datacenter,
    Horizon,
    ModelVariant,
    NodeType,
    Origin,
    Predicted,
    RequestClass,
    Residency,
    Resolution,
    Service,
    own_fields_first,
)
from slit.scenario.references import SeriesReference, TableReference

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("the file", ScenarioFile),
    ("[horizon]", Horizon),
    ("[accounting]", Accounting),
    ("[operation]", Operation),
    ("[resolution]", Resolution),
    ("[[classes]]", RequestClass),
    ("[[origins]]", Origin),
    ("[[datacenters]]", Datacenter),
    ("[signals], and in [[datacenters]]", SiteSignals),
    ("a series", SeriesReference),
    ("[accounts.NAME]", AccountEntry),
    ("[[accounts.NAME.contracts]]", Contract),
    ("[currency], beside a bare number", Rate),
    ("[[node_types]]", NodeType),
    ("[[pools]]", NodePool),
    ("a move_cost", MoveCost),
    ("[[variants]]", ModelVariant),
    ("[[services]]", Service),
    ("predicted of a service", Predicted),
    ("[services], instead of [[services]]", ServiceTable),
    ("[predictor]", PredictorFacts),
    ("a model of [predictor]", ModelFacts),
    ("[[residency]]", Residency),
    ("[[limits]]", LimitEntry),
    ('[demand], kind = "groups"', InlineDemand),
    ("[[demand.groups]]", DemandGroup),
    ('[demand], kind = "table"', TableDemand),
    ('[demand], kind = "typical"', TypicalDemand),
    ("[[demand.volumes]]", DailyVolume),
    ('[demand], kind = "trace"', TraceDemand),
    ("[[demand.streams]]", Stream),
    ("lengths of a stream", Lengths),
    ("[latency]", Latency),
    ("latency.pairs", RoundTripEntry),
    ("[[inputs]]", InputEntry),
    ("a table of records, instead of [[...]]", TableReference),
    ("[quality]", Quality),
)

_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the scenario file, `unit` beside the usual keywords.

    A file that extends a built-in scenario may leave out sections, and fields of sections; a site
    may complete a series of [signals].
    """
    schema = ScenarioFile.model_json_schema(by_alias=True)
    records = schema["$defs"]
    needed = schema.pop("required")
    del records["SeriesReference"]["required"]
    complete = {
        section: {"required": records[section.capitalize()].pop("required")}
        for section in ("horizon", "accounting", "resolution")
    }
    always = ["schema", "name"]
    rest = [name for name in needed if name not in always]
    schema["required"] = always
    schema["anyOf"] = [{"required": ["extends"]}, {"required": rest, "properties": complete}]
    return {"$schema": DIALECT, **schema}


def field_table(sections: Sequence[tuple[str, type[BaseModel]]] = SECTIONS) -> str:
    """All fields with unit, meaning, limits and default: Markdown, a table a section."""
    parts = []
    for title, model in sections:
        parts.append(f"## {title}\n\n{_first_line(model)}\n")
        parts.append("| field | unit | meaning | limits | default |\n|---|---|---|---|---|")
        parts.extend(_row(field.alias or n, field) for n, field in own_fields_first(model).items())
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _row(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    unit = extra.get("unit", "") if isinstance(extra, dict) else ""
    cells = (
        f"`{name}`",
        str(unit),
        field.description or "",
        ", ".join(_limits(field)),
        _default(field),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _limits(field: FieldInfo) -> Iterator[str]:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "lowest" in extra:
        yield f"≥ {_figure(extra['lowest'])}"
        yield f"≤ {_figure(extra['highest'])}"
    metadata = [*field.metadata, *_nested(field.annotation)]
    for name, sign in _SIGNS.items():
        for bound in dict.fromkeys(getattr(limit, name, None) for limit in metadata):
            if bound is not None:
                yield f"{sign} {_figure(bound)}"
    choices = _choices(field.annotation)
    if choices:
        yield " or ".join(choices)


def _figure(value: Any) -> str:
    whole = float(value).is_integer() and abs(value) < 1e9
    return f"{int(value):,}" if whole else f"{value:g}"


def _nested(annotation: Any) -> Iterator[Any]:
    """Limits of the numbers inside a list or a table of names."""
    for part in getattr(annotation, "__metadata__", ()):
        yield from part.metadata if isinstance(part, FieldInfo) else ()
    for part in get_args(annotation):
        yield from _nested(part)


def _choices(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [f"`{choice}`" for choice in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [f"`{choice.value}`" for choice in annotation]
    if get_origin(annotation) in (Annotated, tuple, list, dict):
        return []
    return [c for part in get_args(annotation) if part is not NoneType for c in _choices(part)]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return ""
    value = field.default
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value in (None, "", (), {}) or isinstance(value, BaseModel) else f"{value}"
