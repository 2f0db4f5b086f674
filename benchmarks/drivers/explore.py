"""How long `slit explore` takes to open a run and to answer, by the number of plans.

Usage: python -m benchmarks.drivers.explore [--scenario world-day] [--plans 1000 20000 100000]
    [--runs 15] [--browser]

The plans of a run are valid ones with made-up values on a curved front in four objectives. Prints
one JSON object. `open` is a fresh process: from its start to the page, its layout and the first
answer. `knob`, `brush`, `plan` are answers of the server, as requests through its whole stack:
wall and CPU seconds, least and median. `--browser` adds what a person waits for in headless
Chromium: from going to the page, and from pressing a key on a knob or brush, until it is drawn.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from werkzeug.test import Client

import slit
from benchmarks.drivers.callback_requests import CallbackRequests
from benchmarks.machine import machine
from slit.app.server import Site, address, bind
from slit.front import Front
from slit.problem import Problem
from slit.record import Run, read_run, write_run
from slit.run import Result
from slit.stop import StopReason

SLIT = [sys.executable, "-c", "from slit.commands import main; main()"]
KEPT = 200
"""Different plans of a run; they recur."""
FIRST = (7000.0, 90_000.0, 4000.0, 0.02)
SPAN = (9000.0, 60_000.0, 3000.0, 0.3)
"""Least value and range of each objective: those of a day of the built-in world."""
PATIENCE = 120.0
DRAWN = "return document.querySelector('#parallel[data-drawn]') !== null"
TABLE = "return document.querySelector('#table tbody tr') !== null"
ANSWERED = """
const [selector, index, keys, done] = arguments;
const handle = document.querySelectorAll(selector)[index];
const said = document.querySelector('#remaining');
const began = performance.now();
new MutationObserver(function (changes, own) {
  own.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
}).observe(said, { childList: true, characterData: true, subtree: true });
handle.focus();
keys.forEach(key => handle.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })));
"""


def made_run(folder: Path, *, scenario: str, plans: int, rng: np.random.Generator) -> Run:
    """A run folder with so many plans, none of which dominates another."""
    small = slit.optimize(
        scenario, optimizer="nsga2", evaluations=40, population=20, baselines=False, output=folder
    )
    run = read_run(folder)
    X = random_plans(slit.compile_problem(run.scenario), min(plans, KEPT), rng=rng)
    ball = np.abs(rng.normal(size=(plans, 4)))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    front = Front(
        X=X[np.arange(plans) % len(X)],
        F=np.array(FIRST) + np.array(SPAN) * (1 - ball),
        G=np.zeros(plans),
        names=small.front.names,
        units=small.front.units,
        methods=(run.manifest.optimizer,) * plans,
    )
    result = Result(front, StopReason.EVALUATIONS, plans, 0, 1.0, small.history)
    changes = {"plans": plans, "evaluations": plans}
    manifest = run.manifest.model_copy(update=changes)
    write_run(folder, manifest=manifest, result=result, scenario=run.scenario)
    return read_run(folder)


def random_plans(problem: Problem, count: int, *, rng: np.random.Generator) -> Any:
    """Plans (N, G) whose genes are drawn from their options."""
    options = problem.options[problem.gene_row]
    drawn = rng.integers(0, problem.option_count[problem.gene_row], (count, len(options)))
    return np.take_along_axis(options, drawn.T, axis=1).T


def summary(times: list[float]) -> dict[str, float]:
    """Least and median."""
    return {"least": round(min(times), 4), "median": round(statistics.median(times), 4)}


def fetched(url: str, data: Any = None) -> Any:
    """A page as text, or the answer to JSON."""
    request = urllib.request.Request(url)
    if data is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(data).encode()
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        said = answer.read().decode()
    return said if data is None else json.loads(said)["response"]


class Callbacks:
    """Asks a page's callbacks as its scripts do; `ask` fetches a path or posts JSON to it."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self.ask = ask
        self.requests = CallbackRequests(ask("_dash-dependencies"))

    def post(self, output: str, values: Mapping[str, Any], changed: str) -> Any:
        """The answer of the callback that has an output, given the values of its inputs."""
        return self.ask("_dash-update-component", self.requests.body(output, values, changed))


def first_values(callbacks: Callbacks, names: tuple[str, ...], high: list[float]) -> dict[str, Any]:
    """What the page holds once it has opened."""
    values: dict[str, Any] = {"names": names, "limit": high, "like": [1] * len(names)}
    values |= {"x": names[0], "y": names[1], "color": names[2], "scale": "auto"}
    values |= {"theme": "light", "view": "plan"}
    opened = callbacks.post("restored.data", values | {"url": ""}, "url.search")
    values["restored"] = opened["restored"]["data"]
    values["chosen"] = callbacks.post("pick.value", values, "restored.data")["chosen"]["data"]
    return values


def opened(folder: Path, names: tuple[str, ...], high: list[float]) -> float:
    """Seconds from the start of a process until it has answered for the first time."""
    began = time.perf_counter()
    command = [*SLIT, "explore", str(folder), "--port", "0", "--no-browser"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "http://" in line)
        base = next(word for word in line.split() if word.startswith("http://"))
        fetched(base)
        fetched(f"{base}_dash-layout")
        first_values(Callbacks(lambda path, *said: fetched(base + path, *said)), names, high)
        return time.perf_counter() - began
    finally:
        process.kill()
        process.communicate()


def answers(folder: Path, run: Run, *, runs: int) -> dict[str, Any]:
    """Wall and CPU seconds of single answers, without a network."""
    client = Client(Site([folder]))

    def ask(path: str, said: Any = None) -> Any:
        if said is None:
            return client.get(f"/{path}").get_data(as_text=True)
        return json.loads(client.post(f"/{path}", json=said).data)["response"]

    callbacks, F = Callbacks(ask), run.front.F
    names = run.front.names
    values = first_values(callbacks, names, F.max(axis=0).tolist())
    found: dict[str, Any] = {}

    def measured(name: str, output: str, change: Callable[[int], dict[str, Any]], by: str) -> None:
        walls, cpus = [], []
        for n in range(runs + 2):
            given = values | change(n)
            wall, cpu = time.perf_counter(), time.process_time()
            callbacks.post(output, given, by)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        found[name] = {"wall_s": summary(walls[2:]), "cpu_s": summary(cpus[2:])}

    def limits(n: int) -> list[float]:
        share = 0.9 - 0.6 * n / (runs + 2)
        return np.quantile(F, share, axis=0).tolist()  # type: ignore[no-any-return]

    high = values["limit"]
    measured(
        "knob", "pick.value", lambda n: {"limit": [limits(n)[0], *high[1:]]},
        '{"name":"carbon","type":"limit"}.value',
    )  # fmt: skip
    ranges = {name: [None, top] for name, top in zip(names, limits(runs // 2), strict=True)}
    measured("brush", "pick.value", lambda n: {"brush": {"ranges": ranges, "n": n}}, "brush.data")
    measured("hour", "map.figure", lambda n: {"hour": 1 + n % 20}, "hour.value")

    def other_plan(n: int) -> dict[str, Any]:
        key = f"0:{7 * n % len(run.front)}"
        return {"chosen": {**values["chosen"], "plan": key}}

    measured("plan", "load.figure", other_plan, "chosen.data")
    return found


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(PATIENCE)
    try:
        yield driver
    finally:
        driver.quit()


def waited(driver: Any, folder: Path, *, runs: int) -> dict[str, Any]:
    """What a person waits for: the page, then an answer to a key on a knob and on a brush."""
    server = bind(Site([folder]), host="127.0.0.1", port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found: dict[str, Any] = {"page_s": [], "knob_s": [], "brush_s": []}
    try:
        for _ in range(3):
            driver.get("about:blank")
            began = time.perf_counter()
            driver.get(address(server))
            while not all(driver.execute_script(script) for script in (DRAWN, TABLE)):
                time.sleep(0.01)
            found["page_s"].append(time.perf_counter() - began)
        for name, selector in (("knob_s", ".knobs [role=slider]"), ("brush_s", ".handle.most")):
            for n in range(runs):
                key = ["PageDown"] if n % 4 < 2 else ["PageUp"]
                found[name].append(driver.execute_async_script(ANSWERED, selector, 0, key) / 1000)
                time.sleep(0.3)
    finally:
        server.shutdown()
        server.server_close()
    return {name: summary(times) for name, times in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="world-day")
    parser.add_argument("--plans", type=int, nargs="+", default=[1000, 20_000, 100_000])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--browser", action="store_true")
    said = parser.parse_args()
    found: dict[str, Any] = {"scenario": said.scenario}
    for plans in said.plans:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "run"
            run = made_run(
                folder, scenario=said.scenario, plans=plans, rng=np.random.default_rng(1)
            )
            high = run.front.F.max(axis=0).tolist()
            opens = [opened(folder, run.front.names, high) for _ in range(4)][1:]
            measured = {"open_s": summary(opens), **answers(folder, run, runs=said.runs)}
            if said.browser:
                with browser() as driver:
                    measured["browser"] = waited(driver, folder, runs=said.runs)
            found[str(plans)] = measured
    print(json.dumps(found | {"machine": machine()}))


if __name__ == "__main__":
    main()
