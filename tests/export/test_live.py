"""Weights changed in an Envoy and an HAProxy that run, under requests: read back equal, no request
dropped."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

import slit
from slit.api.exporting import Live, export
from slit.commands.app import app
from slit.errors import SlitError
from slit.export.live import Drift, drift, live_weights, push, read
from slit.export.targets import target_of
from tests.export.plans import small_rules
from tests.export.servers import Backends, ask, chi_square, loopback_mapping, p_value, running
from tests.export.test_gateways import NAMES, command

LOAD = 3_000


@pytest.fixture(scope="module")
def backends() -> Iterator[Backends]:
    with Backends(NAMES) as found:
        yield found


def test_drift() -> None:
    assert drift({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 9}) == (
        Drift("b", 2, 3),
        Drift("c", 3, None),
    )


@pytest.mark.gateway
@pytest.mark.slow
@pytest.mark.parametrize("name", ["envoy", "haproxy"])
def test_an_epoch_pushed_under_load(backends: Backends, tmp_path: Path, name: str) -> None:
    mapping, _ = loopback_mapping(backends, tmp_path)
    target, gateway = target_of(name), mapping.gateway
    first, second = (small_rules(name, mapping, epoch=epoch) for epoch in (0, 1))
    file = tmp_path / f"live{target.suffix}"
    file.write_text(target.write(first))
    place = f"http://{gateway.admin}" if name == "envoy" else gateway.socket
    port = int(gateway.listen.rpartition(":")[2])
    headers = {gateway.origin_header: "west", gateway.class_header: "chat"}
    answered: Counter[str] = Counter()
    with running(command(name, 1, file), port, tmp_path):
        load = threading.Thread(target=lambda: answered.update(ask(port, headers, LOAD)))
        load.start()
        for rules in (second, first, second):
            weights = live_weights(rules, name)
            assert push(name, place, weights) == ()
            assert read(name, place, weights) == weights
        load.join()
        # Every request of the load was answered by a backend: none was dropped.
        assert (sum(answered.values()), set(answered) - set(NAMES)) == (LOAD, set())
        rule = next(each for each in second.rules if each.name == "west_chat")
        wanted = {each.backend.name: each.weight for each in rule.entries}
        for _ in range(2):  # as in test_gateways
            p = p_value([chi_square(ask(port, headers, LOAD), wanted)])
            if p > 0.001:
                break
        assert p > 0.001
        assert drift(live_weights(first, name), read(name, place, weights)) != ()


@pytest.mark.gateway
@pytest.mark.slow
def test_watched(backends: Backends, tmp_path: Path) -> None:
    """Pushed when an epoch begins, and when somebody else changed a weight, which is reported."""
    mapping, file = loopback_mapping(backends, tmp_path)
    gateway, run = mapping.gateway, tmp_path / "run"
    slit.optimize("tiny", optimizer="nsga2", evaluations=60, output=run)
    export(run, "random", to=["envoy"], output=tmp_path / "out", mapping=file, tolerance=1e9)
    place = f"http://{gateway.admin}"
    live = Live(run, "random", target="envoy", place=place, mapping=file, tolerance=1e9)
    now = live.epochs[0].start + timedelta(days=400)  # the horizon comes again
    changed = next(iter(live.weights(live.epochs[0])))
    seconds = iter([60, 60, 840, 60])

    def sleep(_: float) -> None:
        nonlocal now
        now += timedelta(seconds=next(seconds, 0))
        if now == live.epochs[0].start + timedelta(days=400, seconds=120):
            push("envoy", place, {changed: 12345})

    config = sorted((tmp_path / "out/envoy").iterdir())[0]
    with running(command("envoy", 1, config), int(gateway.listen.rpartition(":")[2]), tmp_path):
        found = list(islice(live.watch(clock=lambda: now, sleep=sleep), 3))
        options = ["--to", "envoy", "--mapping", str(file), "--push", place, "--tolerance", "1e9"]
        options += ["--at", "2023-06-21T12:05:00Z"]
        said = CliRunner().invoke(app, ["export", str(run), "--plan", "random", *options])
        assert read("envoy", place, found[0].weights) == found[0].weights
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout == (
        "2023-06-21T12:00:00Z to 2023-06-21T12:15:00Z: "
        f"{len(found[0].weights)} weights, read back equal\n"
    )
    assert [each.epoch.number for each in found] == [0, 0, 1]
    assert [each.drifted for each in found] == [
        (),
        (Drift(changed, found[0].weights[changed], 12345),),
        (),
    ]
    assert not any(each.unequal for each in found)


def test_the_horizon_comes_again(backends: Backends, tmp_path: Path) -> None:
    _, file = loopback_mapping(backends, tmp_path)
    slit.optimize("tiny", optimizer="nsga2", evaluations=60, output=tmp_path / "run")
    live = Live(tmp_path / "run", "nearest", target="haproxy", place="", mapping=file)
    start = live.epochs[0].start
    for minutes, number in ((0, 0), (14.9, 0), (15, 1), (29.9, 1), (30, 0), (-1, 1), (47, 1)):
        assert live.at(start + timedelta(minutes=minutes)).number == number
    with pytest.raises(SlitError, match="push: caddy, expected one of envoy, haproxy"):
        Live(tmp_path / "run", "nearest", target="caddy", place="", mapping=file)
