"""Kubernetes objects against the schemas of their projects, with the CEL rules in them."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from slit.export.targets import target_of
from tests.export.plans import small_mapping, small_rules

cel = pytest.importorskip("cel", reason="common-expression-language: extra test")
FILES = {
    "httproute": "gateway-api_httproutes.yaml",
    "aigatewayroute": "envoy-ai-gateway_aigatewayroutes.yaml",
    "inferencemodelrewrite": "llm-d_inferencemodelrewrites.yaml",
    "istio": "istio_destinationrules.yaml",
}


def schema_of(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What names the kind, and the schema of the version that is stored."""
    text = (folder / "gateway_schemas" / FILES[name]).read_text()
    spec = yaml.load(text, Loader=yaml.CSafeLoader)["spec"]
    version = next(each for each in spec["versions"] if each["storage"])
    said = {"apiVersion": f"{spec['group']}/{version['name']}", "kind": spec["names"]["kind"]}
    return said, version["schema"]["openAPIV3Schema"]


def closed(schema: Any) -> Any:
    """The schema without unknown fields, which an API server drops."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(each) for key, each in schema.items()}
    if "properties" in found and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    if found.pop("x-kubernetes-int-or-string", False):
        found.pop("type", None)
    return found


def defaulted(schema: dict[str, Any], content: Any) -> Any:
    """With the defaults that an API server fills in before it looks at the rules."""
    if isinstance(content, dict):
        for name, each in schema.get("properties", {}).items():
            if name not in content and "default" in each:
                content[name] = copy.deepcopy(each["default"])
            if name in content:
                defaulted(each, content[name])
    if isinstance(content, list):
        for each in content:
            defaulted(schema.get("items", {}), each)
    return content


def broken(schema: dict[str, Any], content: Any, path: str = "") -> Iterator[str]:
    """The CEL rules that an object does not keep."""
    for rule in schema.get("x-kubernetes-validations", []):
        if "oldSelf" not in rule["rule"] and not cel.evaluate(rule["rule"], {"self": content}):
            yield f"{path}: {rule.get('message', rule['rule'])}"
    if isinstance(content, dict):
        for name, each in schema.get("properties", {}).items():
            if name in content:
                yield from broken(each, content[name], f"{path}.{name}")
        values = schema.get("additionalProperties")
        for name in set(content) - set(schema.get("properties", {})):
            if isinstance(values, dict):
                yield from broken(values, content[name], f"{path}.{name}")
    if isinstance(content, list):
        for n, each in enumerate(content):
            yield from broken(schema.get("items", {}), each, f"{path}[{n}]")


def check(folder: Path, name: str, content: dict[str, Any]) -> list[str]:
    """What is wrong with an object."""
    said, schema = schema_of(folder, name)
    found = [f"{key}: {content[key]}" for key in said if content[key] != said[key]]
    schema["properties"] |= {"metadata": {}, "apiVersion": {}, "kind": {}}
    validator = jsonschema.Draft202012Validator(closed(schema))
    found += [error.message for error in validator.iter_errors(content)]
    return found or list(broken(schema, defaulted(schema, copy.deepcopy(content))))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("epoch", [0, 1])
def test_schema_and_rules(shared_data: Path, tmp_path: Path, name: str, epoch: int) -> None:
    text = target_of(name).write(small_rules(name, small_mapping(tmp_path), epoch=epoch))
    contents = list(yaml.safe_load_all(text))
    assert contents
    for content in contents:
        assert check(shared_data, name, content) == []


def changed(name: str, content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Objects that a checker has to refuse: by the schema, and where there are any by a rule."""
    for how in range(3):
        each = copy.deepcopy(content)
        spec = each["spec"]
        if name == "httproute":
            refs = spec["rules"][0]["backendRefs"]
            refs[0]["weight"] = (1_000_001, -1, 1)[how]
            if how == 2:
                del refs[0]["port"]  # a rule: port is required for Service
        elif name == "aigatewayroute":
            refs = spec["rules"][0]["backendRefs"]
            refs[0]["weight"] = (-1, 0.5, 1)[how]
            if how == 2:
                refs[0]["kind"] = "InferencePool"  # a rule: group and kind together
        elif name == "inferencemodelrewrite":
            spec["rules"][0]["targets"][0]["weight"] = (0, 1_000_001, 0.5)[how]
        else:
            setting = spec["trafficPolicy"]["loadBalancer"]["localityLbSetting"]
            setting["distribute"][0]["to"] = ({"a/*": -1}, {"a/*": "x"}, {"a/*": 1})[how]
            if how == 2:
                spec["trafficPolicy"]["loadBalancer"] |= {"simple": "RANDOM", "consistentHash": {}}
        yield each


@pytest.mark.parametrize("name", FILES)
def test_what_is_wrong_is_refused(shared_data: Path, tmp_path: Path, name: str) -> None:
    text = target_of(name).write(small_rules(name, small_mapping(tmp_path)))
    content = next(yaml.safe_load_all(text))
    for each in changed(name, content):
        assert check(shared_data, name, each) != []
