"""Decisions in a gateway that runs: one decision's configuration, the weights of later ones."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import slit.operate.gateways
from slit.api.operating import OperatingOptions, operate_once
from slit.errors import SlitError
from slit.export.live import Weights, push, read
from slit.export.mapping import mapping_text, read_mapping
from slit.operate.gateways import Gateways
from slit.scenario.load import load_scenario
from tests.export.servers import Backends, ask, chi_square, free_ports, p_value, running
from tests.export.test_gateways import command

START = datetime(2024, 3, 4, 5, tzinfo=UTC)
REQUESTS = 3_000


def mapping_of(backends: Backends, folder: Path) -> Path:
    """The mapping of ten-weeks with ports of loopback."""
    listen, admin = free_ports(2)
    text = mapping_text(load_scenario("ten-weeks"))
    text = re.sub(r"(?m)^listen = .*", f'listen = "127.0.0.1:{listen}"', text)
    text = re.sub(r"(?m)^admin = .*", f'admin = "127.0.0.1:{admin}"', text)
    text = re.sub(r"(?m)^socket = .*", f'socket = "{folder / "admin.sock"}"', text)
    text = re.sub(r"(?m)^host = .*", 'host = "127.0.0.1"', text)
    parts = text.split("[[backends]]")
    for n, part in enumerate(parts[1:], 1):
        name = re.search(r'(?m)^name = "(.*)"', part)
        assert name is not None
        parts[n] = re.sub(r"(?m)^port = .*", f"port = {backends.ports[name[1]]}", part)
    file = folder / "mapping.toml"
    file.write_text("[[backends]]".join(parts))
    return file


def names_of_backends() -> list[str]:
    text = mapping_text(load_scenario("ten-weeks")).split("[[backends]]", 1)[1]
    return [
        found[1]
        for part in ("[[backends]]" + text).split("[[backends]]")[1:]
        if (found := re.search(r'(?m)^name = "(.*)"', part))
    ]


@pytest.mark.gateway
@pytest.mark.slow
@pytest.mark.parametrize("name", ["envoy", "haproxy"])
def test_weights_of_a_later_decision_in_the_gateway_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The first decision minds carbon alone, the second quality alone, so that other backends
    serve: what the gateway then does with requests is what the second decided."""
    written: list[Weights] = []

    def pushed(target: str, place: str, weights: Weights) -> object:
        written.append(dict(weights))
        return push(target, place, weights)

    monkeypatch.setattr(slit.operate.gateways, "push", pushed)
    with Backends(names_of_backends()) as backends:
        mapping = read_mapping(mapping_of(backends, tmp_path))
        gateway = mapping.gateway
        place = f"http://{gateway.admin}" if name == "envoy" else str(gateway.socket)
        for n, policy in enumerate(("carbon=1", "quality=1")):
            zeros = {"carbon": 0, "water": 0, "cost": 0, "quality": 0}
            text = ",".join(f"{k}={v}" for k, v in (zeros | {policy[:-2]: 1}).items())
            options = OperatingOptions(
                f"balance:{text}",
                forecast="naive",
                history_days=10,
                horizon_h=6,
                gateways=Gateways((name,), mapping, tolerance=1e9, place=place if n else None),
            )
            folder, at = tmp_path / str(n), START + timedelta(hours=n)
            if not n:
                operate_once("ten-weeks", folder, at=at, options=options)
                [config] = (folder / "gateways").iterdir()
                continue
            port = int(gateway.listen.rpartition(":")[2])
            with running(command(name, 1, config), port, tmp_path):
                operate_once("ten-weeks", folder, at=at, options=options)
                [weights] = written
                assert read(name, place, weights) == weights
                headers = {gateway.origin_header: "brazil", gateway.class_header: "chat"}
                mine = {
                    key.rpartition("/" if name == "haproxy" else ".")[2]: weight
                    for key, weight in weights.items()
                    if re.search(r"brazil[_.]chat", key)
                }
                assert sum(weight > 0 for weight in mine.values()) >= 1
                assert sum(weight == 0 for weight in mine.values()) >= 1
                answers = ask(port, headers, REQUESTS)
                assert set(answers) <= {each for each, weight in mine.items() if weight}
                used = {each: weight for each, weight in mine.items() if weight}
                if len(used) > 1:
                    assert p_value([chi_square(answers, used)]) > 0.001


def test_formats_that_hold_no_epoch(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(mapping_text(load_scenario("ten-weeks")))
    mapping = read_mapping(file)
    with pytest.raises(SlitError, match="--export: keda, expected some of"):
        Gateways(("keda",), mapping)
    with pytest.raises(SlitError, match="--push: nginx, expected one of envoy, haproxy"):
        Gateways(("nginx",), mapping, place="http://127.0.0.1:1")
