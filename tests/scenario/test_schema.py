import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from slit.scenario.builtin import builtin_names, builtin_path
from slit.scenario.file_schema import DatacenterEntry, ScenarioFile
from slit.scenario.json_schema import SECTIONS, field_table, json_schema
from slit.scenario.starter import FOLDER
from slit.scenario.toml_file import read_toml


def test_the_schema_is_json_and_describes_every_section() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    names = {field.alias or name for name, field in ScenarioFile.model_fields.items()}
    assert set(schema["properties"]) == names
    records = schema["$defs"]
    assert records["NodeType"]["properties"]["idle_w"]["unit"] == "W"
    assert "required" not in records["Horizon"]
    assert schema["anyOf"][0] == {"required": ["extends"]}
    assert "start" in schema["anyOf"][1]["properties"]["horizon"]["required"]


def test_the_schema_accepts_what_loads_and_refuses_what_does_not() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    checker = jsonschema.Draft202012Validator(json_schema())
    paths = [builtin_path(name) for name in builtin_names()] + [FOLDER / "scenario.toml"]
    for path in paths:
        data = json.loads(json.dumps(read_toml(path), default=str))
        assert [error.message for error in checker.iter_errors(data)] == []
        assert not checker.is_valid(data | {"pools": 3})
        without = {k: v for k, v in data.items() if k != "demand"}
        assert checker.is_valid(without) == ("extends" in data)
    checker.validate({"schema": 1, "name": "x", "extends": "world-day", "horizon": {"epochs": 3}})


def test_every_field_of_every_record_stands_in_the_table() -> None:
    text = field_table()
    for title, model in SECTIONS:
        assert f"\n## {title}\n" in "\n" + text
        for name, field in model.model_fields.items():
            assert f"| `{field.alias or name}` |" in text
            assert field.description, (model, name)
    assert (
        "| `idle_w` | W | power of an active node without work | ≥ 0, ≤ 10,000,000 | required |"
        in text
    )
    assert (
        "| `utilization` | 1 | target utilization of an active node | ≥ 0.001, ≤ 0.95 | 0.8 |"
        in text
    )
    assert "Undefined" not in text


def test_the_page_of_fields_is_up_to_date(repository: Path) -> None:
    """If this fails: python tools/build_fields.py."""
    page = (repository / "docs" / "fields.md").read_text(encoding="utf-8")
    assert page.endswith(field_table())


def test_every_number_of_a_record_has_a_unit() -> None:
    for _, model in SECTIONS:
        for name, field in model.model_fields.items():
            if field.annotation in (float, int, float | None, int | None) and name not in UNITLESS:
                extra: Any = field.json_schema_extra
                assert isinstance(extra, dict), (model, name)
                assert extra["unit"], (model, name)


UNITLESS = {"value"}  # its unit stands beside it


def test_sections_cover_all_records() -> None:
    listed = {model for _, model in SECTIONS}
    missing = {m for m in reachable(ScenarioFile) if m not in listed}
    assert {m.__name__ for m in missing} == {"DatacenterEntry"}
    assert not DatacenterEntry.__annotations__, "its own fields would be documented nowhere"


def reachable(model: type[BaseModel]) -> set[type[BaseModel]]:
    from slit.scenario.validation_errors import _models

    found: set[type[BaseModel]] = set()
    todo = [model]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            for field in one.model_fields.values():
                todo.extend(_models(field.annotation))
    return found


def test_every_number_has_a_lower_and_an_upper_limit() -> None:
    open_ended = {"`value`", "`values`"}  # of a series: limits hold once the unit is converted
    rows = [line.split(" | ") for line in field_table().splitlines() if line.startswith("| `")]
    for name, unit, _, limits, _ in rows:
        if unit and name.strip("| ") not in open_ended:
            assert ("≥" in limits and "≤" in limits) or "<" in limits, (name, unit, limits)
