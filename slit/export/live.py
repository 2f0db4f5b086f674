"""Weights of an epoch in gateways that run: Envoy's runtime keys, HAProxy's runtime socket;
written, read back, and compared."""

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode, urlsplit

from slit.errors import SlitError
from slit.export.envoy import runtime_prefix
from slit.export.rules import EpochRules

Weights = Mapping[str, int]
"""By the name that the gateway has for them: a runtime key, or BACKEND/SERVER."""
TIMEOUT = 10.0
"""Seconds that a gateway may take to answer."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A weight that is not what it should be; `found` is None where the gateway has none."""

    name: str
    expected: int
    found: int | None


def live_weights(rules: EpochRules, target: str) -> dict[str, int]:
    """The weights of an epoch by the names that a running gateway has for them."""
    found = {}
    for rule in rules.rules:
        for each in rule.entries:
            name = each.backend.name
            key = f"{rule.name}/{name}" if target == "haproxy" else f"{runtime_prefix(rule)}.{name}"
            found[key] = each.weight
    return found


def drift(expected: Weights, found: Weights) -> tuple[Drift, ...]:
    """Where a gateway has other weights than expected."""
    return tuple(
        Drift(name, weight, found.get(name))
        for name, weight in expected.items()
        if found.get(name) != weight
    )


def push(target: str, place: str, weights: Weights) -> tuple[Drift, ...]:
    """Write weights into a running gateway and read them back: what is not as written.

    Args:
        target: envoy or haproxy.
        place: http://HOST:PORT of Envoy's admin port; HAProxy's socket, a path or HOST:PORT.
        weights: by name.

    Raises:
        SlitError: the gateway does not answer, or refuses.
    """
    if target == "envoy":
        query = urlencode({name: str(weight) for name, weight in weights.items()})
        _ask_envoy(place, "POST", f"/runtime_modify?{query}")
    else:
        _tell_haproxy(place, weights)
    return drift(weights, read(target, place, weights))


def read(target: str, place: str, names: Weights) -> dict[str, int]:
    """The weights that a running gateway has under these names. Raises SlitError."""
    if target == "envoy":
        entries = json.loads(_ask_envoy(place, "GET", "/runtime?format=json"))["entries"]
        known = {name: entries[name]["final_value"] for name in names if name in entries}
    else:
        answers = _haproxy(place, [f"get weight {name}" for name in names])
        known = {
            name: (answer.split() or [""])[0] for name, answer in zip(names, answers, strict=True)
        }
    return {name: int(value) for name, value in known.items() if value.isdecimal()}


def _ask_envoy(place: str, method: str, path: str) -> str:
    parts = urlsplit(place)
    try:
        if parts.scheme != "http" or not parts.hostname or parts.port is None:
            raise ValueError
    except ValueError:
        raise SlitError(f"push: {place}, expected http://HOST:PORT of the admin port") from None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise SlitError(f"push: {place}: {error}, expected Envoy's admin port") from None
    finally:
        connection.close()
    if answer.status != http.client.OK:
        said = text.strip().splitlines()[:1]
        raise SlitError(
            f"push: {place}: {answer.status} {' '.join(said)}, expected 200 (a configuration with "
            "an admin_layer of the runtime, as slit export --to envoy writes)"
        )
    return text


def _tell_haproxy(place: str, weights: Weights) -> None:
    commands = [f"set server {name} weight {weight}" for name, weight in weights.items()]
    for command, answer in zip(commands, _haproxy(place, commands), strict=True):
        if answer:
            raise SlitError(f"push: {place}: {command}: {answer}, expected it to be taken")


def _haproxy(place: str, commands: list[str]) -> list[str]:
    """The answer to each command, without the empty lines around it."""
    found = []
    for command in commands:
        try:
            with _connected(place) as connection:
                connection.sendall(command.encode() + b"\n")
                received = b"".join(iter(partial(connection.recv, 65536), b""))
        except OSError as error:
            raise SlitError(f"push: {place}: {error}, expected HAProxy's runtime socket") from None
        found.append(received.decode("utf-8", "replace").strip())
    return found


def _connected(place: str) -> socket.socket:
    host, _, port = place.rpartition(":")
    if host and port.isdecimal() and "/" not in place:
        return socket.create_connection((host, int(port)), timeout=TIMEOUT)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(TIMEOUT)
    try:
        connection.connect(place)
    except OSError:
        connection.close()
        raise
    return connection
