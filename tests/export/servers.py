"""Gateways run on loopback: backends that say who they are, a client that counts their answers."""

import asyncio
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from scipy.stats import chi2

from slit.export.mapping import Mapping as Names
from slit.export.mapping import mapping_text
from tests.conftest import IN_CI
from tests.export.plans import small_ledger

PATIENCE = 20.0
CONNECTIONS = 16


def program(name: str) -> str:
    """Where a program is. Without it tests are skipped, and fail where CI is set."""
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if beside.exists():
        return str(beside)
    if found is None:
        message = f"{name}: not installed (.ci/run says how)"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Backends:
    """Servers in a thread; each answers with its name."""

    def __init__(self, names: Sequence[str]) -> None:
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Backends":
        self._thread.start()
        for name, port in self.ports.items():
            asyncio.run_coroutine_threadsafe(self._serve(name, port), self._loop).result(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    async def _serve(self, name: str, port: int) -> None:
        body = name.encode()
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while await reader.readuntil(b"\r\n\r\n"):
                    writer.write(answer)
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        self._servers.append(await asyncio.start_server(serve, "127.0.0.1", port))

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        mine = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for each in mine:
            each.cancel()
        await asyncio.gather(*mine, return_exceptions=True)


def loopback_mapping(backends: Backends, folder: Path) -> tuple[Names, Path]:
    """The mapping of the small plan with the ports of backends and of a gateway to start."""
    content = tomllib.loads(mapping_text(small_ledger().scenario))
    listen, admin = free_ports(2)
    content["gateway"] |= {
        "listen": f"127.0.0.1:{listen}",
        "admin": f"127.0.0.1:{admin}",
        "socket": str(folder / "admin.sock"),
    }
    for each in content["backends"]:
        each["port"] = backends.ports[each["name"]]
    lines = ["schema = 1"]
    for section, value in content.items():
        for each in value if isinstance(value, list) else [value] * (section == "gateway"):
            lines.append(f"[[{section}]]" if isinstance(value, list) else f"[{section}]")
            lines += [f"{key} = {field!r}".replace("'", '"') for key, field in each.items()]
    file = folder / "mapping.toml"
    file.write_text("\n".join(lines))
    return Names.model_validate(content), file


@contextmanager
def running(command: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    """A program that listens on a port of loopback, ended afterwards."""
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        until = time.monotonic() + PATIENCE
        while not listens(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def ask(port: int, headers: Mapping[str, str], requests: int) -> Counter[str]:
    """Who answered so many requests, by name; "STATUS" for anything but 200."""
    return asyncio.run(_ask(port, headers, requests))


async def _ask(port: int, headers: Mapping[str, str], requests: int) -> Counter[str]:
    sent = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{sent}\r\n".encode()
    found: Counter[str] = Counter()
    left = iter(range(requests))

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            if "transfer-encoding: chunked" in head:
                size = int((await reader.readline()).strip(), 16)
                body = await reader.readexactly(size)
                await reader.readuntil(b"0\r\n\r\n")
            else:
                size = int(head.partition("content-length:")[2].split()[0])
                body = await reader.readexactly(size)
            status = head.split()[1]
            found[body.decode() if status == "200" else status] += 1
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return found


def chi_square(found: Mapping[str, int], weights: Mapping[str, int]) -> tuple[float, int]:
    """Pearson's statistic and its degrees of freedom; infinite where who has no weight answered."""
    total, steps = sum(found.values()), sum(weights.values())
    if any(name not in weights or weights[name] == 0 for name in found):
        return float("inf"), 1
    expected = {name: total * weight / steps for name, weight in weights.items() if weight}
    statistic = sum((found.get(name, 0) - each) ** 2 / each for name, each in expected.items())
    return statistic, len(expected) - 1


def p_value(parts: Sequence[tuple[float, int]]) -> float:
    """Of the sum of independent statistics."""
    return float(chi2.sf(sum(each for each, _ in parts), sum(degrees for _, degrees in parts)))
