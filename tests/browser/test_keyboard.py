"""A whole job by keyboard alone: no pointer, no script puts the focus anywhere."""

from collections.abc import Iterator

import numpy as np
import pytest

from slit.record import Run
from tests.browser.conftest import Page
from tests.browser.test_explore import PLOT, REMAIN, best_of, rows_of, said

pytestmark = pytest.mark.browser

MOST_STOPS = 130
FOCUS = """
const e = document.activeElement;
const shown = e.closest('.tabs label') || e;
const style = getComputedStyle(shown);
const box = shown.getBoundingClientRect();
return {
  body: e === document.body,
  text: e.outerHTML.slice(0, 200),
  outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
  inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.left < innerWidth,
};
"""


class Keyboard:
    """Presses keys as a person does, and looks at what has the focus."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        from selenium.webdriver.common.action_chains import ActionChains

        actions = ActionChains(self.page.driver, duration=0)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    @property
    def name(self) -> str:
        """What assistive technology calls the element that has the focus."""
        return str(self.page.driver.switch_to.active_element.accessible_name)

    def stops(self) -> Iterator[str]:
        """Press Tab again and again; the name of each stop, all of them visible."""
        from selenium.webdriver.common.keys import Keys

        for _ in range(MOST_STOPS):
            self.press(Keys.TAB)
            focus = self.page.run(FOCUS)
            if focus["body"]:
                continue
            name = self.name
            assert name.strip(), f"no name: {focus['text']}"
            assert focus["outline"] >= 2, f"{name}: the focus is not seen"
            assert focus["inside"], f"{name}: has the focus outside the window"
            yield name

    def go(self, name: str) -> str:
        """Tab to the next stop whose name begins so, and give its whole name."""
        passed = []
        for stop in self.stops():
            if stop.startswith(name):
                return stop
            passed.append(stop)
        raise AssertionError(f"{name!r} cannot be reached: {passed}")


@pytest.fixture
def keyboard(browser: Page) -> Keyboard:
    return Keyboard(browser)


def achieving(run: Run, weights: list[float]) -> str:
    """The key of the plan that achieves most: all feasible plans scaled to [0, 1]."""
    front = run.front
    if len(set(weights)) == 1:  # nothing is preferred: the balanced plan
        return f"0:{front.plans[front.compromise()]}"
    rows = np.flatnonzero(front.G <= 0)
    F = front.F[rows]
    scaled = (F - F.min(axis=0)) / np.ptp(F, axis=0) * weights
    return f"0:{front.plans[rows[np.argmin(scaled.max(axis=1) + 1e-3 * scaled.sum(axis=1))]]}"


def test_choosing_a_plan(
    browser: Page, keyboard: Keyboard, one: str, runs: tuple[Run, Run]
) -> None:
    from selenium.webdriver.common.keys import Keys

    run = runs[0]
    browser.open(one)
    # What matters.
    weights = [1.0] * 4
    m = next(m for m in range(4) if achieving(run, _raised(m)) != achieving(run, weights))
    title = ("Carbon emitted", "Fresh water consumed", "Cost", "Quality of service lost")[m]
    browser.wait(lambda: said(browser).get("plan") == achieving(run, weights))
    keyboard.go(f"{title}: how much it matters")  # the field, then the slider
    keyboard.go(f"{title}: how much it matters")
    keyboard.press(Keys.END)
    browser.wait(lambda: said(browser).get("plan") == achieving(run, _raised(m)))
    # A limit by its slider.
    keyboard.go("Cost: at most")
    keyboard.go("Cost: at most")
    keyboard.press(Keys.PAGE_DOWN)
    browser.wait(lambda: "max.cost" in said(browser))
    browser.wait(lambda: "10 % more" in browser.text(".knobs fieldset:nth-of-type(3) .trade"))
    keyboard.press(Keys.END)
    browser.wait(lambda: "max.cost" not in said(browser))
    # A limit, typed into the field beside its slider.
    values = best_of(run)
    limit = round(float(np.median(values[:, 3])), 2)
    keyboard.go("Quality of service lost: at most")
    keyboard.press(*[Keys.BACKSPACE] * 6, *str(limit), Keys.ENTER)
    count = int((values[:, 3] <= limit).sum())
    assert 0 < count < len(values)
    browser.wait(lambda: browser.text(REMAIN) == f"{count} of {len(values)} plans remain.")
    assert "10 % more" in browser.text(".knobs")
    keyboard.go("Reset limits")
    keyboard.press(Keys.SPACE)
    browser.wait(lambda: browser.text(REMAIN).startswith("All"))
    # Color and axes.
    keyboard.go("Color Cost")
    keyboard.press(Keys.ENTER)
    browser.wait(lambda: keyboard.name == "Cost")
    keyboard.press(Keys.ARROW_UP)
    browser.wait(lambda: keyboard.name == "Fresh water consumed")
    keyboard.press(Keys.ENTER)
    browser.wait(lambda: said(browser).get("color") == "water")
    browser.wait(lambda: "Fresh water" in browser.text("#legend"))
    assert keyboard.name.startswith("Color")
    # A brush, by the handles of an axis.
    keyboard.go("Fresh water consumed: at most")
    keyboard.press(*[Keys.PAGE_DOWN] * 3)
    browser.wait(lambda: "max.water" in said(browser))
    count = int((values[:, 1] <= float(said(browser)["max.water"])).sum())
    assert 0 < count < len(values)
    browser.wait(lambda: browser.text(REMAIN) == f"{count} of {len(values)} plans remain.")
    keyboard.press(Keys.DELETE)
    browser.wait(lambda: browser.text(REMAIN).startswith("All"))
    # A named plan.
    keyboard.go("nearest")
    keyboard.press(Keys.ENTER)
    browser.wait(lambda: "nearest" in browser.text("#summary"))


def _raised(m: int) -> list[float]:
    """What matters once one slider stands at its end."""
    return [5.0 if n == m else 1.0 for n in range(4)]


def test_table_plan_and_comparison(
    browser: Page, keyboard: Keyboard, one: str, runs: tuple[Run, Run]
) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(one)
    keyboard.go("Skip to the plans")
    keyboard.press(Keys.ENTER)
    assert keyboard.go("").startswith("Color")
    keyboard.go("Sort by Cost")
    keyboard.press(Keys.SPACE)
    browser.wait(lambda: said(browser).get("sort") == "cost")
    assert keyboard.name == "Sort by Cost"
    keyboard.go("Select plan")
    selected = keyboard.go("Select plan")
    keyboard.press(Keys.ENTER)
    number = selected.split()[2].rstrip(",")
    browser.wait(lambda: said(browser).get("plan") == f"0:{number}")
    browser.wait(lambda: keyboard.name == selected)
    other = keyboard.go("Compare with plan")
    keyboard.press(Keys.SPACE)
    compared = f"0:{other.split()[3].rstrip(',')}"
    browser.wait(lambda: said(browser).get("other") == compared)
    browser.wait(lambda: keyboard.name == other)
    keyboard.go("More plans")
    keyboard.press(Keys.ENTER)
    browser.wait(lambda: browser.text("#table caption").startswith("Remaining plans 13 to"))
    browser.wait(lambda: keyboard.name == "More plans")
    # To the plan, hour by hour.
    keyboard.go("Front")
    keyboard.press(Keys.ARROW_RIGHT)
    seen = f"return document.querySelector('#map {PLOT}') !== null"
    browser.wait(lambda: browser.run(seen))
    keyboard.go("Play")
    keyboard.press(Keys.SPACE)
    browser.wait(lambda: browser.text("#hour-text").endswith("UTC"))
    keyboard.press(Keys.SPACE)
    browser.wait(lambda: browser.text("#play") == "Play")
    keyboard.go("Hour")
    keyboard.press(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    browser.wait(lambda: said(browser).get("hour") == "2")
    second = browser.wait(lambda: browser.text("#hour-text"))
    assert second.endswith("UTC")
    keyboard.go("Numbers of the bars")
    keyboard.press(Keys.ENTER)
    assert browser.run("return document.querySelector('#numbers').offsetHeight > 0")
    assert "Together" in browser.text("#numbers")
    # Two plans.
    keyboard.go("Plan")
    keyboard.press(Keys.ARROW_RIGHT)
    browser.wait(lambda: "elsewhere or by another variant" in browser.text("#compare-text"))
    assert f"plan {number}" in browser.text("#compare-table")


def test_taking_it_along(
    browser: Page, keyboard: Keyboard, one: str, runs: tuple[Run, Run]
) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(one)
    dark = browser.run("return document.documentElement.dataset.theme")
    keyboard.go("Dark")
    keyboard.press(Keys.SPACE)
    browser.wait(lambda: browser.run("return document.documentElement.dataset.theme") != dark)
    browser.run("localStorage.clear()")
    keyboard.go("Download")
    keyboard.press(Keys.ENTER)
    keyboard.go("Front (CSV)")
    (browser.downloads / "front.csv").unlink(missing_ok=True)
    keyboard.press(Keys.ENTER)
    rows = rows_of(browser.downloaded("front.csv"))
    assert [row["carbon"] for row in rows] == [repr(float(v)) for v in runs[0].front.F[:, 0]]
    keyboard.go("Figure Scatter")
    keyboard.press(Keys.ENTER)
    browser.wait(lambda: keyboard.name == "Scatter")
    keyboard.press(Keys.ARROW_DOWN)
    browser.wait(lambda: keyboard.name == "Parallel coordinates")
    keyboard.press(Keys.ENTER)
    browser.wait(lambda: keyboard.name == "Figure Parallel coordinates")
    keyboard.go("SVG")
    keyboard.press(Keys.ENTER)
    assert "<svg" in browser.downloaded("slit-parallel.svg").read_text()
    keyboard.press(Keys.ESCAPE)
    assert keyboard.name == "Download"
    assert not browser.run("return document.querySelector('details.downloads').open")


def test_every_stop_has_a_name_and_is_seen(browser: Page, keyboard: Keyboard, one: str) -> None:
    for view, ready in (("plan", f"#waits {PLOT}"), ("compare", "#compare-table table")):
        browser.open(f"{one}?view={view}&other=0:1", ready=ready)
        names: list[str] = []
        for name in keyboard.stops():
            if names and name == names[0]:
                break
            names.append(name)
        assert len(names) > 15
        assert not {"Zoom", "Pan", "Reset axes"} & set(names)
