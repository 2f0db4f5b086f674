"""The report in a real browser, and on paper."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest

from slit.record import Run
from slit.report import write_report
from tests.browser.conftest import Page
from tests.stored import hostile_run

pytestmark = pytest.mark.browser

DRAWN = "return document.querySelectorAll('.drawing .svg-container').length"
SHOWN = "return [...document.querySelectorAll('.drawing')].filter(d => d.offsetParent).length"


@pytest.fixture(scope="module")
def report(runs: tuple[Run, Run], tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(runs[0], tmp_path_factory.mktemp("report") / "report.html").as_uri()


def scrolled(page: Page) -> None:
    """Scroll through the page so that every figure is drawn."""
    for share in range(21):
        page.run("window.scrollTo(0, arguments[0] * document.body.scrollHeight)", share / 20)
        page.run("return document.body.offsetHeight")
    page.wait(lambda: page.run(DRAWN) >= page.run(SHOWN))


def test_every_figure_is_drawn_and_plans_are_chosen(browser: Page, report: str) -> None:
    browser.open(report, ready="html[data-theme]")
    scrolled(browser)
    first = browser.run(SHOWN)
    assert first > 10
    heading = (
        "return [...document.querySelectorAll('article h3')].find(h => h.offsetParent).textContent"
    )
    before = browser.run(heading)
    browser.run(
        "const s = document.querySelector('#plan');"
        "s.selectedIndex = (s.selectedIndex + 1) % s.length;"
        "s.dispatchEvent(new Event('change'))"
    )
    browser.wait(lambda: browser.run(heading) != before)
    scrolled(browser)


def test_changes_against_another_plan(browser: Page, report: str, runs: tuple[Run, Run]) -> None:
    browser.open(report, ready="html[data-theme]")
    cell = (
        "return document.querySelector('[data-pick=\"nearest\"]').closest('tr')"
        ".querySelector('[data-change]').textContent"
    )
    assert browser.run(cell) == "0 %"
    browser.run(
        "const s = document.querySelector('#reference'); s.value = 'greedy_carbon';"
        "s.dispatchEvent(new Event('change'))"
    )
    front = runs[0].front
    picks = {pick.name: pick.row for pick in front.picks(prefix=runs[0].manifest.optimizer)}
    ratio = front.F[picks["nearest"], 0] / front.F[picks["greedy_carbon"], 0]
    assert browser.run(cell).replace("−", "-") == f"{100 * (ratio - 1):+.1f} %"


@pytest.mark.parametrize("width", [390, 1400])
def test_it_fits_the_window(browser: Page, report: str, width: int) -> None:
    browser.resize(width, 900, mobile=width < 500)
    browser.open(report, ready="html[data-theme]")
    scrolled(browser)
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_dark(browser: Page, report: str) -> None:
    browser.emulate(prefers_color_scheme="dark")
    browser.open(report, ready="html[data-theme]")
    assert browser.run("return document.documentElement.dataset.theme") == "dark"
    scrolled(browser)
    ink = "return document.querySelector('#parallel')._fullLayout.font.color"
    dark = browser.run(ink)
    browser.run("window.scrollTo(0, 0)")
    browser.click("#theme")
    assert browser.run("return document.documentElement.dataset.theme") == "light"
    browser.wait(lambda: browser.run(ink) != dark)


def test_hostile_texts_stay_text(browser: Page, tmp_path: Path) -> None:
    run = hostile_run(tmp_path / "run")
    browser.open(write_report(run, tmp_path / "report.html").as_uri(), ready="html[data-theme]")
    scrolled(browser)
    assert browser.run("return document.querySelectorAll('img, iframe, object').length") == 0


PAPER = {"A4": (8.27, 11.69), "Letter": (8.5, 11.0)}


def printed(page: Page, paper: str) -> list[Any]:
    """The pages of the report as Chromium prints them, by pypdf."""
    pypdf = pytest.importorskip("pypdf")
    width, height = PAPER[paper]
    said = {"printBackground": True, "paperWidth": width, "paperHeight": height}
    content = page.driver.execute_cdp_cmd("Page.printToPDF", said)["data"]
    return list(pypdf.PdfReader(io.BytesIO(base64.b64decode(content))).pages)


def drawn_paths(page: Any) -> int:
    """Lines, curves and boxes that a page of a PDF draws."""
    return len(re.findall(rb"\b(?:l|c|re)\r?\n", page.get_contents().get_data()))


@pytest.mark.parametrize("paper", PAPER)
def test_print_holds_every_figure_whole(browser: Page, report: str, paper: str) -> None:
    browser.emulate(prefers_color_scheme="dark")
    browser.open(report, ready="html[data-theme]")
    assert browser.run(DRAWN) < browser.run(SHOWN)  # not scrolled: most are not drawn yet
    pages = printed(browser, paper)
    texts = [" ".join(page.extract_text().split()) for page in pages]
    figures = {  # caption and what only a drawn figure says
        "Parallel coordinates": "Carbon emitted (kg CO2e)",
        "Scatter matrix": "Cost (USD)",
        "Requests by datacenter": "requests/h",
        "Requests by model variant": "requests/h",
        "Carbon by datacenter": "kg CO2e",
        "Nodes in use, by pool and hour": "% in use",
        "Plans on the front": "evaluations and moves",
    }
    for caption, inside in figures.items():
        (found,) = [n for n, text in enumerate(texts) if caption in text and inside in text]
        assert drawn_paths(pages[found]) > 50, caption
    assert sum("later requests (%)" in text for text in texts) == 1
    assert sum(text.count("evaluations and moves") for text in texts) == 5
    assert browser.run("return document.documentElement.dataset.theme") == "dark"
    assert browser.run("return document.documentElement.className") == ""


def test_print_fits_the_paper(browser: Page, report: str) -> None:
    """On paper nothing is cut on the right: all of it lies within the width of the page."""
    browser.open(report, ready="html[data-theme]")
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    wide = (
        "return [...document.querySelectorAll('main *, header *')].filter(e => e.offsetParent"
        " && !e.closest('svg') && e.getBoundingClientRect().right > 701).map(e => e.outerHTML)"
    )
    assert browser.run(wide) == []
    browser.run("window.dispatchEvent(new Event('afterprint'))")


def test_on_a_phone_axes_lie_and_what_scrolls_says_so(browser: Page, report: str) -> None:
    browser.resize(390, 844, mobile=True)
    browser.open(report, ready="html[data-theme]")
    scrolled(browser)
    parallel = "const d = document.querySelector('#parallel');"
    assert browser.run(f"{parallel} return d.getBoundingClientRect().right") <= 390
    titles = browser.run(f"{parallel} return d.layout.annotations.slice(0, 4).map(a => a.text)")
    assert titles == [
        "<b>Carbon emitted (kg CO2e)</b>", "<b>Fresh water consumed (L)</b>",
        "<b>Cost (USD)</b>", "<b>Quality of service lost (share)</b>",
    ]  # fmt: skip
    hint = (
        "return getComputedStyle(document.querySelector('#picks-table caption span'), '::after')"
        ".content"
    )
    browser.wait(lambda: "scroll" in browser.run(hint))
    browser.resize(1440, 900)
    browser.wait(lambda: browser.run(f"{parallel} return d.layout.xaxis.side") == "top")
    browser.wait(lambda: browser.run(hint) == "none")
