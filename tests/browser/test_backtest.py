"""The page of a backtest in a real browser, wide and narrow."""

from pathlib import Path

import pytest

from slit.api.operating import OperatingOptions, backtest
from slit.operate.summary import backtest_content
from slit.report.backtest import backtest_page
from tests.browser.conftest import Page

pytestmark = pytest.mark.browser

DRAWN = "return document.querySelectorAll('.drawing .svg-container').length"


@pytest.fixture(scope="module")
def page_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    options = OperatingOptions(forecast="naive", history_days=10, horizon_h=6)
    found = backtest(
        "ten-weeks",
        start="2024-03-04",
        end="2024-03-04T04:00Z",
        options=options,
        rivals=("nearest",),
    )
    path: Path = tmp_path_factory.mktemp("page") / "backtest.html"
    content = {"policy": "balance <&>", "forecast": "naive", **backtest_content(found)}
    path.write_text(backtest_page(content), encoding="utf-8")
    return path.as_uri()


def test_every_figure_is_drawn(browser: Page, page_uri: str) -> None:
    browser.open(page_uri, ready="html[data-theme]")
    for share in range(11):
        browser.run("window.scrollTo(0, arguments[0] * document.body.scrollHeight)", share / 10)
        browser.run("return document.body.offsetHeight")
    browser.wait(lambda: browser.run(DRAWN) == 4)
    assert "balance <&>" in browser.run("return document.querySelector('.facts').textContent")
    rows = browser.run(
        "return [...document.querySelectorAll('#runs tbody tr')].map(r => r.cells[0].textContent)"
    )
    assert rows == ["perfect foresight", "forecasts", "yesterday's figures", "nearest"]


def test_the_theme_is_changed(browser: Page, page_uri: str) -> None:
    browser.open(page_uri, ready="html[data-theme]")
    before = browser.run("return document.documentElement.dataset.theme")
    browser.run("document.querySelector('#theme').click()")
    browser.wait(lambda: browser.run("return document.documentElement.dataset.theme") != before)
