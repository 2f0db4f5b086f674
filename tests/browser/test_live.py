"""A search that is watched and stopped in a real browser."""

import threading
from pathlib import Path

import pytest

import slit
from slit.app.live import watched
from slit.run import Result
from tests.browser.conftest import Page
from tests.browser.test_keyboard import Keyboard
from tests.stored import small_scenario

pytestmark = pytest.mark.browser


def test_a_search_is_watched_stopped_and_explored(browser: Page, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    scenario = small_scenario()
    results: list[Result] = []
    names, units = ("carbon", "water", "cost", "quality"), ("kg CO2e", "L", "USD", "share")
    with watched(names, units, title=scenario.name, browser=False) as live:

        def search() -> None:
            results.append(
                slit.optimize(
                    scenario,
                    optimizer="deap-nsga2",
                    population=24,
                    baselines=False,
                    seconds=60,
                    watch=live.feed.watch,
                    output=tmp_path / "run",
                )
            )
            live.finish(tmp_path / "run")

        thread = threading.Thread(target=search)
        thread.start()
        browser.open(live.address, ready="#growing .js-plotly-plot .point")
        first = browser.text("#facts")
        assert "evaluations" in first
        browser.wait(lambda: browser.text("#facts") != first)
        browser.wait(
            lambda: browser.run("return document.querySelectorAll('#volume .point').length") > 1
        )
        keyboard = Keyboard(browser)
        keyboard.go("Stop")
        keyboard.press(Keys.ENTER)
        browser.wait(
            lambda: browser.run("return document.querySelector('#parallel[data-drawn]') !== null")
        )
        assert browser.driver.current_url.startswith(live.address + "?plan=")
        thread.join(20)
    (result,) = results
    assert str(result.stop) == "request"
    assert result.notes[0].startswith("stopped on request")
    assert result.seconds < 50
