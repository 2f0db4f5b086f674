"""Pictures of `slit explore` for README and docs, taken in headless Chromium.

    python tools/screenshots.py runs/world-2023 runs/world-day docs/images

The first run gives front.png, the second plan.png, compare.png, phone.png and dark.png. It needs
chromium and chromium-driver, pip install 'slit-llm[explore,browser]', and Pillow, which comes with
pymoo.
"""

import base64
import io
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from slit.app.server import Site, address, bind
from slit.record import read_run

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    # As with a mouse: figures show their buttons only when pointed at.
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4",
)
LARGEST = 300_000
SETTLED_SECONDS = 2.5
PLOT = ".js-plotly-plot .main-svg"


def main() -> None:
    """Take all pictures."""
    first, second, folder = (Path(name) for name in sys.argv[1:4])
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as driver:
        with served(first) as url:
            take(driver, f"{url}?color=quality", folder / "front.png", size=(1360, 900))
        with served(second) as url:
            plan = picked(second, "balance")
            other = picked(second, "nearest")
            view = f"{url}?view=plan&plan={plan}&hour=9"
            ready = f"#map {PLOT}"
            take(driver, view, folder / "plan.png", size=(1360, 1000), ready=ready)
            take(driver, view, folder / "dark.png", size=(1360, 1000), ready=ready, dark=True)
            view = f"{url}?view=compare&plan={plan}&other={other}"
            ready = f"#net-variant {PLOT}"
            take(driver, view, folder / "compare.png", size=(1360, 900), ready=ready)
            view = f"{url}?plan={plan}"
            take(driver, view, folder / "phone.png", size=(390, 844), mobile=True, scroll="#legend")


def picked(run: Path, name: str) -> str:
    """The key of the plan that a pick's name ends in."""
    front = read_run(run)
    picks = front.front.picks(prefix=front.manifest.optimizer)
    row = next(pick.row for pick in picks if pick.name.endswith(name))
    return f"0:{front.front.plans[row]}"


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser."""
    with TemporaryDirectory() as profile:
        options = Options()
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.binary_location = shutil.which("chromium") or ""
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


@contextmanager
def served(run: Path) -> Iterator[str]:
    """The address of a run's page."""
    server = bind(Site([run]), host="127.0.0.1", port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address(server)
    finally:
        server.shutdown()
        server.server_close()


def take(
    driver: Any,
    url: str,
    file: Path,
    *,
    size: tuple[int, int],
    ready: str = "#parallel[data-drawn]",
    dark: bool = False,
    mobile: bool = False,
    scroll: str | None = None,
) -> None:
    """Open a page, wait until it is drawn, and save what a window of this size shows."""
    width, height = size
    metrics = {"width": width, "height": height, "mobile": mobile}
    metrics["deviceScaleFactor"] = 2 if mobile else 1
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    driver.get(url)
    deadline = time.monotonic() + 60
    while driver.execute_script("return document.querySelector(arguments[0])", ready) is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"{url}: not drawn in time")
        time.sleep(0.1)
    time.sleep(SETTLED_SECONDS)
    if scroll is not None:
        driver.execute_script("document.querySelector(arguments[0]).scrollIntoView()", scroll)
        time.sleep(0.5)
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    content = fewer_colors(base64.b64decode(picture["data"]))
    if len(content) > LARGEST:
        raise SystemExit(f"{file}: {len(content)} bytes, expected at most {LARGEST}")
    file.write_bytes(content)
    print(f"{file}: {len(content):,} bytes")


def fewer_colors(picture: bytes) -> bytes:
    """The same PNG with a palette of 256 colors."""
    stream = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return stream.getvalue()


if __name__ == "__main__":
    main()
