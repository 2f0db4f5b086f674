"""Text can be read in every state of the page, in both themes, however it was reached."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from slit.record import Run
from tests.browser.conftest import Page
from tests.browser.test_explore import PLOT, said
from tests.conftest import IN_CI

pytestmark = pytest.mark.browser

VIEWS = {"front": 1, "plan": 2, "compare": 3}
READY = {
    "front": "#parallel[data-drawn]",
    "plan": f"#waits {PLOT}",
    "compare": f"#net {PLOT}",
}
TAB = "#view label:nth-child({})"
CONTROLS = (
    TAB.format(1),
    TAB.format(2),
    "#reset",
    "#theme-button",
    ".mark",
    ".downloads summary",
    "#color",
    "#table th button",
    "#table td button",
)
RUN = """
const done = arguments[arguments.length - 1];
const rules = ["color-contrast", "label", "button-name", "aria-valid-attr-value"];
axe.run(arguments[0] ?? document, {runOnly: rules})
  .then(found => done({
    violations: found.violations.flatMap(rule => rule.nodes.map(
      node => [rule.id, node.target.join(" "), ...node.any.map(one => one.message)].join(": "))),
    passes: found.passes.flatMap(rule => rule.nodes.map(node => node.target.join(" "))).length,
  }), error => done({violations: [String(error)], passes: 0}));
"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, which computes what contrasts a person sees."""
    spec = find_spec("axe_core_python")
    if spec is None or spec.origin is None:
        message = "axe-core-python: not installed, expected pip install 'slit-llm[browser]'"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(params=["light", "dark"])
def themed(browser: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    browser.emulate(prefers_color_scheme=request.param)
    yield browser
    browser.run("localStorage.clear()")


def broken(page: Page, axe: str, *, within: str | None = None) -> list[str]:
    """What axe-core finds wrong in the page as it stands, or in what a selector finds first."""
    # By the browser's own interface: the page's policy forbids it to the page.
    page.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    page.run("for (const each of document.getAnimations()) each.finish();")
    found: dict[str, Any] = page.driver.execute_async_script(RUN, within)
    assert found["passes"] > (30 if within is None else 0)
    return list(found["violations"])


def colors(page: Page, selector: str) -> Any:
    """Color and background of an element."""
    page.run("for (const each of document.getAnimations()) each.finish();")
    return page.run(
        "const s = getComputedStyle(document.querySelector(arguments[0]));"
        "return [s.color, s.backgroundColor];",
        selector,
    )


def contrast(both: list[str]) -> float:
    """The contrast of two opaque colors (WCAG 2.2), written as rgb(r, g, b)."""

    def luminance(color: str) -> float:
        parts = [float(n) / 255 for n in color[color.index("(") + 1 : -1].split(",")[:3]]
        linear = [n / 12.92 if n <= 0.04045 else ((n + 0.055) / 1.055) ** 2.4 for n in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    first, second = sorted((luminance(color) for color in both), reverse=True)
    return (first + 0.05) / (second + 0.05)


def seen(page: Page, selector: str) -> bool:
    """Whether an element is there."""
    return bool(page.run("return document.querySelector(arguments[0]) !== null", selector))


def test_contrast_by_hand() -> None:
    assert contrast(["rgb(0, 0, 0)", "rgb(255, 255, 255)"]) == pytest.approx(21)
    # The tab after a click, as it was: dash's blue upon the page's.
    assert contrast(["rgb(0, 114, 178)", "rgb(0, 90, 142)"]) == pytest.approx(1.4, abs=0.05)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_can_be_read_by_address_and_by_click(
    themed: Page, one: str, axe: str, view: str
) -> None:
    tab = TAB.format(VIEWS[view])
    themed.open(f"{one}?view={view}", ready=READY[view])
    themed.wait(lambda: themed.text("#summary"))
    reached = colors(themed, tab)
    assert contrast(reached) >= 4.5
    assert broken(themed, axe) == []
    themed.open(f"{one}?view={'plan' if view != 'plan' else 'front'}", ready="#view input:checked")
    themed.wait(lambda: "plan=" in themed.driver.current_url)
    themed.click(tab)  # which leaves the pointer upon it and the focus in it
    themed.wait(lambda: seen(themed, READY[view]))
    themed.wait(lambda: colors(themed, tab) == reached)
    assert broken(themed, axe) == []


def test_every_state_of_a_control_can_be_read(themed: Page, one: str, axe: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    themed.open(f"{one}?max.carbon=1&sort=cost")  # nothing meets it: all named plans are outside
    themed.wait(lambda: themed.text("#remaining").startswith("No plan"))
    assert seen(themed, ".mark.outside")
    assert broken(themed, axe) == []
    themed.open(one)
    find = themed.driver.find_element
    for selector in CONTROLS:
        element = find("css selector", selector)
        themed.run("arguments[0].scrollIntoView({block: 'center'})", element)
        ActionChains(themed.driver, duration=0).move_to_element(element).perform()
        assert broken(themed, axe, within=selector) == [], selector
        themed.run("arguments[0].focus()", element)
        assert broken(themed, axe, within=selector) == [], selector
    themed.click("#color")
    themed.wait(lambda: seen(themed, "[role=option], .dash-options-list-option input[type=radio]"))
    assert broken(themed, axe) == []
    themed.click("#color")
    themed.click(".downloads summary")
    themed.run("document.querySelectorAll('button').forEach(each => each.disabled = true)")
    assert broken(themed, axe) == []


def test_dash_styles_win_nowhere(themed: Page, one: str) -> None:
    """Dash's colors are the page's, whatever the order of the style sheets."""
    themed.open(one)
    themed.run(
        "const late = document.createElement('style');"
        "late.textContent = ':root { --Dash-Fill-Interactive-Strong: #7f4bc4; }';"
        "document.head.appendChild(late);"
    )
    root = "getComputedStyle(document.documentElement)"
    value = f"return {root}.getPropertyValue(arguments[0]).trim()"
    strong = themed.run(value, "--Dash-Fill-Interactive-Strong")
    assert strong == themed.run(value, "--accent") != ""


def test_scenarios_side_by_side_can_be_read(
    themed: Page,
    serve: Callable[..., str],
    runs: tuple[Run, Run],
    axe: str,
    other_run: Run,
) -> None:
    themed.open(serve(runs[0].folder, other_run.folder))
    themed.click(".note summary")
    assert broken(themed, axe) == []
    assert "2 scenarios" in themed.text(".note")
    themed.click(".places a")
    themed.wait(lambda: "/2/" in themed.driver.current_url and "plan" in said(themed))
    assert broken(themed, axe) == []
