"""The page of forecasts in a real browser: drawn, narrow, changed to dark."""

from pathlib import Path

import pytest

from slit.api.forecasting import evaluate_forecasters
from slit.report.forecasts import forecasts_page
from tests.browser.conftest import Page

pytestmark = pytest.mark.browser

DRAWN = "return document.querySelectorAll('.drawing .svg-container').length"
WANTED = "return document.querySelectorAll('.drawing').length"


@pytest.fixture(scope="module")
def page_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = evaluate_forecasters(
        "ten-weeks",
        ("naive", "suite"),
        start="2024-03-04",
        end="2024-03-06",
        history_days=10,
        leads_h=(1, 6),
    )
    path: Path = tmp_path_factory.mktemp("page") / "forecasts.html"
    path.write_text(forecasts_page(found.content()), encoding="utf-8")
    return path.as_uri()


def test_every_figure_is_drawn(browser: Page, page_uri: str) -> None:
    browser.open(page_uri, ready="html[data-theme]")
    for share in range(41):
        browser.run("window.scrollTo(0, arguments[0] * document.body.scrollHeight)", share / 40)
        browser.run("return document.body.offsetHeight")
    assert browser.run(WANTED) > 3
    browser.wait(lambda: browser.run(DRAWN) == browser.run(WANTED))


def test_the_theme_is_changed(browser: Page, page_uri: str) -> None:
    browser.open(page_uri, ready="html[data-theme]")
    before = browser.run("return document.documentElement.dataset.theme")
    browser.run("document.querySelector('#theme').click()")
    browser.wait(lambda: browser.run("return document.documentElement.dataset.theme") != before)
