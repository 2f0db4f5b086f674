"""A headless Chromium, and the page served to it."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from slit.app.server import Site, address, bind
from slit.record import Run
from tests.conftest import IN_CI
from tests.stored import small_scenario, stored_run

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--window-size=1400,1000",
)
PATIENCE = 20.0
DRAWN = "#parallel[data-drawn]"


class Page:
    """One browser window: opens pages, waits, and remembers what went wrong."""

    def __init__(self, driver: Any, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def open(self, url: str, *, ready: str = DRAWN) -> None:
        """Go to a page and wait until the element `ready` is there: by default until a front is
        drawn and the address says which plan is selected."""
        self.driver.get(url)
        self.wait(lambda: self.run("return document.querySelector(arguments[0]) !== null", ready))
        if ready == DRAWN:
            self.wait(lambda: "plan=" in self.driver.current_url and self.text("#remaining"))

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        """The text of an element, whether it is seen or not."""
        script = "const e = document.querySelector(arguments[0]); return e ? e.textContent : ''"
        return str(self.run(script, selector))

    def click(self, selector: str) -> None:
        """Scroll to an element and click it."""
        element = self.driver.find_element("css selector", selector)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def keys(self, selector: str, *keys: str) -> None:
        """Type into an element."""
        self.driver.find_element("css selector", selector).send_keys(*keys)

    def drag(self, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag inside an element, from and to places as shares of its size."""
        from selenium.webdriver.common.action_chains import ActionChains

        element = self.driver.find_element("css selector", selector)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        size = element.size
        actions = ActionChains(self.driver, duration=80)
        # Offsets count from the middle of the element.
        first = [
            round((share - 0.5) * length)
            for share, length in zip(start, (size["width"], size["height"]), strict=True)
        ]
        last = [
            round((share - 0.5) * length)
            for share, length in zip(end, (size["width"], size["height"]), strict=True)
        ]
        actions.move_to_element_with_offset(element, *first).click_and_hold()
        actions.move_by_offset((last[0] - first[0]) // 2, (last[1] - first[1]) // 2)
        actions.move_to_element_with_offset(element, *last).release().perform()

    def wait(self, condition: Callable[[], Any], *, seconds: float = PATIENCE) -> Any:
        """Wait until a condition holds, and return what it says."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            assert time.monotonic() < deadline, "the page did not get there in time"
            time.sleep(0.03)

    def downloaded(self, name: str) -> Path:
        """A file that the page saved, once it is whole."""
        file = self.downloads / name
        self.wait(lambda: file.exists() and file.stat().st_size > 0)
        return file

    def requested(self) -> list[str]:
        """Every address that was asked for since the last call."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(str(message["params"]["request"]["url"]))
        return found

    def errors(self) -> list[str]:
        """What the console complained about since the last call."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]

    def emulate(self, **media: str) -> None:
        """Set media features such as prefers_color_scheme; pages scroll without animation."""
        said = {"prefers_reduced_motion": "reduce", **media}
        features = [{"name": k.replace("_", "-"), "value": v} for k, v in said.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def resize(self, width: int, height: int, *, mobile: bool = False) -> None:
        """Another size of the window; a phone has touch and a finer screen."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def find_browser() -> tuple[str, str] | None:
    """Where chromium and its driver are installed."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return None if chromium is None or driver is None else (chromium, driver)


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    found = find_browser()
    if found is None:
        message = "browser: neither chromium nor chromedriver, expected both (Debian packages)"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    downloads = tmp_path_factory.mktemp("downloads")
    options = Options()
    options.binary_location = found[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(found[1]))
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    yield Page(driver, downloads)
    driver.quit()


@pytest.fixture
def browser(session: Page) -> Iterator[Page]:
    """A fresh page; at the end of a test the console must be clean and nothing have left."""
    session.driver.get("about:blank")
    session.emulate()
    session.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    session.requested()
    session.errors()
    yield session
    session.driver.get("about:blank")
    assert session.errors() == []
    schemes = ("http://127.0.0.1:", "data:", "blob:", "about:", "file:")
    assert [url for url in session.requested() if not url.startswith(schemes)] == []


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    place = tmp_path_factory.mktemp("runs")
    return (
        stored_run(place / "first", evaluations=480),
        stored_run(place / "second", seed=2, evaluations=120),
    )


@pytest.fixture(scope="session")
def other_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of another scenario."""
    folder = tmp_path_factory.mktemp("other") / "other"
    return stored_run(folder, scenario=small_scenario(seed=9), evaluations=120)


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """Serves run folders and gives the address of the page."""
    servers = []

    def start(*folders: Path) -> str:
        server = bind(Site(list(folders)), host="127.0.0.1", port=0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return address(server)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def one(serve: Callable[..., str], runs: tuple[Run, Run]) -> str:
    """The page of one run."""
    return serve(runs[0].folder)


@pytest.fixture(scope="session")
def two(serve: Callable[..., str], runs: tuple[Run, Run]) -> str:
    """The page of two runs."""
    return serve(*(run.folder for run in runs))
