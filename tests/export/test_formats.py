"""What the files say, read back by other parsers than the writer's."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.export.aigatewayroute import aigatewayroute
from slit.export.httproute import httproute
from slit.export.inferencemodelrewrite import inferencemodelrewrite
from slit.export.istio import istio
from slit.export.keda import stretches
from slit.export.litellm import litellm
from slit.export.mapping import mapping_text, read_mapping
from slit.export.neutral import neutral
from slit.export.routes import epoch_at
from slit.export.targets import capability_table, find_formats, formats
from slit.export.yaml_text import yaml_text
from tests.export.plans import SHARES, small_ledger, small_mapping, small_routes, small_rules

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
    | st.sampled_from(["no", "1e3", "0x1", "12:30:00", "2023-10-01", "=", "<<", "~", "- a", "1_0"])
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("ab: -#"), inner), max_leaves=9
)


@given(content=st.dictionaries(st.sampled_from(["a", "on", "x/y", "b c", "1"]), TREES))
def test_yaml_reads_back(content: dict[str, Any]) -> None:
    text = yaml_text(content, comments=["a comment"])
    assert same(yaml.load(text, Loader=yaml.CSafeLoader), content)


def same(found: Any, content: Any) -> bool:
    """Equal, but for floats that YAML 1.1 takes for text (1e+16)."""
    if isinstance(content, dict):
        return list(found) == list(content) and all(
            same(found[key], content[key]) for key in content
        )
    if isinstance(content, list):
        return len(found) == len(content) and all(map(same, found, content))
    if isinstance(content, float):
        return float(found) == content
    return bool(found == content) and type(found) is type(content)


def test_neutral_keeps_the_schema_and_the_shares() -> None:
    files = neutral(small_routes())
    content = json.loads(files["plan.json"])
    jsonschema.validate(content, json.loads(files["plan.schema.json"]))
    assert len(content["routes"]) == len(SHARES)
    for route in content["routes"]:
        assert sum(each["share"] for each in route["placements"]) == pytest.approx(1)
        key = (int(route["start"] > "2023-06-21T12:00:00Z"), route["origin"], route["class"])
        large = sum(p["share"] for p in route["placements"] if p["variant"] == "large")
        assert large == pytest.approx(SHARES[key][1] + SHARES[key][3], abs=0.01)
    rows = list(csv.DictReader(io.StringIO(files["routes.csv"])))
    assert len(rows) == sum(len(route["placements"]) for route in content["routes"])
    assert {(row["start"], row["end"]) for row in rows} == {
        ("2023-06-21T12:00:00Z", "2023-06-21T12:15:00Z"),
        ("2023-06-21T12:15:00Z", "2023-06-21T12:30:00Z"),
    }
    keys = [(row["start"], row["pool"], row["variant"])
            for row in csv.DictReader(io.StringIO(files["replicas.csv"]))]  # fmt: skip
    assert len(keys) == len(set(keys)) == len(content["replicas"])
    assert sum(each["nodes"] for each in content["replicas"]) == small_ledger().nodes.sum()


def test_a_broken_neutral_file_is_refused_by_the_schema() -> None:
    files = neutral(small_routes())
    content = json.loads(files["plan.json"])
    content["routes"][0]["placements"][0]["share"] = 1.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, json.loads(files["plan.schema.json"]))


def test_weights_of_the_httproute(tmp_path: Path) -> None:
    [route] = yaml.safe_load_all(httproute(small_rules("httproute", small_mapping(tmp_path))))
    found = {
        tuple(header["value"] for header in rule["matches"][0]["headers"]): {
            each["name"]: each["weight"] for each in rule["backendRefs"]
        }
        for rule in route["spec"]["rules"]
    }
    assert found["west", "code"] == {"windy-small": 1_000_000}
    assert found["west", "chat"]["sunny-small"] == pytest.approx(700_000, abs=2000)
    assert set(found["east", "chat"]) == {"sunny-small", "sunny-large", "windy-small"}
    assert all(sum(weights.values()) == 1_000_000 for weights in found.values())


def test_istio_sums_to_a_hundred(tmp_path: Path) -> None:
    rules = list(yaml.safe_load_all(istio(small_rules("istio", small_mapping(tmp_path)))))
    assert [rule["metadata"]["name"] for rule in rules] == ["large", "small"]
    for rule in rules:
        policy = rule["spec"]["trafficPolicy"]
        assert "outlierDetection" in policy
        assert "failover" not in policy["loadBalancer"]["localityLbSetting"]
        for each in policy["loadBalancer"]["localityLbSetting"]["distribute"]:
            assert sum(each["to"].values()) == 100
            assert min(each["to"].values()) >= 1


def test_two_that_a_target_cannot_tell_apart(tmp_path: Path) -> None:
    mapping = small_mapping(tmp_path)
    origins = tuple(each.model_copy(update={"region": "one"}) for each in mapping.origins)
    same = mapping.model_copy(update={"origins": origins})
    with pytest.raises(SlitError, match=r"istio: region one/\* of two origins, expected one each"):
        istio(small_rules("istio", same))
    classes = tuple(each.model_copy(update={"model": "one"}) for each in mapping.classes)
    same = mapping.model_copy(update={"classes": classes})
    with pytest.raises(SlitError, match="inferencemodelrewrite: model one of two classes"):
        inferencemodelrewrite(small_rules("inferencemodelrewrite", same))
    for write in (aigatewayroute, litellm):
        with pytest.raises(SlitError, match=f"{write.__name__}: model one of two classes"):
            write(small_rules(write.__name__, same))


def test_live_targets_keep_backends_of_other_epochs(tmp_path: Path) -> None:
    """In epoch 1 west's code leaves windy: a running gateway needs all three in both."""
    mapping = small_mapping(tmp_path)
    for target in ("envoy", "haproxy"):
        rules = small_rules(target, mapping)
        code = next(rule for rule in rules.rules if rule.name == "west_code")
        weights = {each.backend.name: each.weight for each in code.entries}
        steps = rules.steps
        assert weights == {"sunny-small": 0, "sunny-large": 0, "windy-small": steps}


def test_stretches_of_equal_replicas() -> None:
    assert stretches({0: 4, 1: 4, 2: 0, 3: 4, 4: 5, 6: 5}) == [
        (0, 1, 4), (3, 3, 4), (4, 4, 5), (6, 6, 5),
    ]  # fmt: skip


def test_epochs_by_time() -> None:
    epochs = small_routes().epochs
    assert epoch_at(epochs, "2023-06-21T12:14:59Z").number == 0
    assert epoch_at(epochs, "2023-06-21T14:15:00+02:00").number == 1
    assert epoch_at(epochs, "2023-06-21T12:15:00").number == 1
    with pytest.raises(SlitError, match="expected a time from 2023-06-21T12:00:00Z to before"):
        epoch_at(epochs, "2023-06-21T12:30:00Z")
    with pytest.raises(SlitError, match="at: 'noon', expected a time"):
        epoch_at(epochs, "noon")


def test_who_cannot_express_a_plan() -> None:
    for name in ("vllm-router", "production-stack", "sglang-router", "openrouter", "kthena"):
        with pytest.raises(SlitError, match=f"{name} cannot express a plan: it .*--to "):
            find_formats([name])
    with pytest.raises(SlitError, match="did you mean 'haproxy'"):
        find_formats(["haprxy"])
    assert find_formats(["caddy", "all"])[0] == "caddy"
    assert set(find_formats(["all"])) == set(formats())


def test_the_table_of_the_docs_is_the_registry(repository: Path) -> None:
    assert capability_table() in (repository / "docs/how-to/gateways.md").read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('schema = 1', 'schema = 2', "schema"),
        ('host = "127.0.0.1"', 'host = "a b"', "host"),
        ('port = 8000', 'port = 0', "port"),
        ('header = "east"', 'header = "ea;st"', "header"),
        ('header = "east"', 'header = "west"', "origins: header west twice"),
        ('pool = "sunny-pool"', 'pool = "windy-pool"', "datacenters: pool windy-pool twice"),
        ('name = "sunny-small"', 'nam = "sunny-small"', "nam"),
        ('schema = 1', 'schema = ', "expected a mapping (TOML)"),
    ],
)  # fmt: skip
def test_bad_mappings(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = mapping_text(small_ledger().scenario)
    assert old in text
    file = tmp_path / "mapping.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(SlitError) as error:
        read_mapping(file)
    assert said in str(error.value)
    assert str(file) in str(error.value)
