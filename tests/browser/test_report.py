"""The report in a real browser."""

from pathlib import Path

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
    assert browser.run(cell) == "0.0 %"
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
