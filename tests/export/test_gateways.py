"""Exported files in the real programs on loopback: their own checks, then thousands of requests
whose backends are counted and held against the rounded shares."""

import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from slit.export.envoy import envoy_locality
from slit.export.istio import istio
from slit.export.mapping import ClassName, Mapping
from slit.export.rules import Entry, EpochRules, Rule
from slit.export.targets import target_of
from tests.export.plans import small_rules
from tests.export.servers import (
    Backends,
    ask,
    chi_square,
    loopback_mapping,
    p_value,
    program,
    running,
)

pytestmark = [pytest.mark.gateway, pytest.mark.slow]
REQUESTS = 5_000
LEAST_P = 0.001
NAMES = ("sunny-small", "sunny-large", "windy-small", "windy-large")
COMMANDS = {  # how a file is checked, and how it is run
    "envoy": (
        "envoy --mode validate -c {file}",
        "envoy -c {file} --use-dynamic-base-id --concurrency 1 -l warn",
    ),
    "nginx": (
        "nginx -t -c {file} -g 'pid {folder}/pid; error_log stderr;'",
        "nginx -c {file} -g 'pid {folder}/pid; error_log stderr; daemon off;'",
    ),
    "haproxy": ("haproxy -c -f {file}", "haproxy -db -f {file}"),
    "caddy": (
        "caddy validate --config {file} --adapter caddyfile",
        "caddy run --config {file} --adapter caddyfile",
    ),
}


@pytest.fixture(scope="module")
def backends() -> Iterator[Backends]:
    with Backends(NAMES) as found:
        yield found


@pytest.fixture
def mapping(backends: Backends, tmp_path: Path) -> Mapping:
    return loopback_mapping(backends, tmp_path)[0]


def command(kind: str, which: int, file: Path) -> list[str]:
    words = shlex.split(COMMANDS[kind][which].format(file=file, folder=file.parent))
    return [program(words[0]), *words[1:]]


def measured(text: str, rules: EpochRules, kind: str, file: Path) -> tuple[float, int]:
    """The chi-square of the shares that a gateway gives REQUESTS requests, over all its lists, and
    its degrees of freedom."""
    file.write_text(text)
    checked = subprocess.run(
        command(kind, 0, file), capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    gateway = rules.mapping.gateway
    port = int(gateway.listen.rpartition(":")[2])
    with running(command(kind, 1, file), port, file.parent):
        # The programs that choose at random fail once in a thousand: then twice in a million.
        for _ in range(2):
            parts = []
            for rule in rules.rules:
                origin, request_class = rule.named
                headers = {
                    gateway.origin_header: origin.header,
                    gateway.class_header: request_class.header,
                }
                found = ask(port, headers, -(-REQUESTS // len(rules.rules)))
                weights = {each.backend.name: each.weight for each in rule.entries}
                parts.append(chi_square(found, weights))
            if p_value(parts) > LEAST_P:
                break
        assert not set(ask(port, {gateway.origin_header: "nowhere"}, 16)) & set(NAMES)
    return sum(each for each, _ in parts), sum(degrees for _, degrees in parts)


@pytest.mark.parametrize("name", ["envoy", "envoy-locality", "nginx", "haproxy", "caddy"])
def test_requests_go_where_the_plan_sends_them(
    mapping: Mapping,
    tmp_path: Path,
    record_testsuite_property: Callable[[str, object], None],
    name: str,
) -> None:
    target = target_of(name)
    rules = small_rules(name, mapping)
    file = tmp_path / f"{name}{target.suffix}"
    found = measured(target.write(rules), rules, name.partition("-")[0], file)
    record_testsuite_property(f"chi-square of {name}", f"{found[0]:.2f} of {found[1]} degrees")
    assert p_value([found]) > LEAST_P


def test_a_wrong_weight_is_found(mapping: Mapping, tmp_path: Path) -> None:
    """The measure can fail: two weights of one list exchanged."""
    rules = small_rules("haproxy", mapping)
    text = target_of("haproxy").write(rules)
    wrong = text.replace("weight 179", "weight x").replace("weight 77", "weight 179")
    assert "weight x" in wrong
    file = tmp_path / "haproxy.cfg"
    found = measured(wrong.replace("weight x", "weight 77"), rules, "haproxy", file)
    assert p_value([found]) < LEAST_P


def test_istio_as_what_it_becomes(mapping: Mapping, tmp_path: Path) -> None:
    """The distribution of a DestinationRule, laid on Envoy's localities as istiod does."""
    rules = small_rules("istio", mapping)
    [*_, small] = yaml.safe_load_all(istio(rules))
    entries = {each.place.region: each for rule in rules.rules if rule.variant == "small"
               for each in rule.entries}  # fmt: skip
    chat = ClassName.model_validate({"class": "any", "header": "any", "model": "any"})
    lists = []
    for each in small["spec"]["trafficPolicy"]["loadBalancer"]["localityLbSetting"]["distribute"]:
        region = each["from"].removesuffix("/*")
        origin = next(each for each in mapping.origins if each.region == region)
        to = tuple(
            Entry(entries[name.removesuffix("/*")].backend, entries[name.removesuffix("/*")].place,
                  weight)
            for name, weight in each["to"].items()
        )  # fmt: skip
        lists.append(Rule(origin, chat, None, "small", to))
    whole = EpochRules(rules.epoch, tuple(lists), mapping, rules.provenance, 100)
    found = measured(envoy_locality(whole), whole, "envoy", tmp_path / "istio.yaml")
    assert p_value([found]) > LEAST_P
