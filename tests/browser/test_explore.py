"""The page in a real browser: what is seen, pressed, dragged, saved and reloaded."""

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from slit.display import percent
from slit.record import Run
from slit.report.recommendation import next_plans
from tests.browser.conftest import Page
from tests.stored import hostile_run

pytestmark = pytest.mark.browser

REMAIN = "#remaining"
PLOT = ".js-plotly-plot .main-svg"


def said(page: Page) -> dict[str, str]:
    """What the address bar says."""
    query = urlsplit(page.driver.current_url).query
    return {name: values[-1] for name, values in parse_qs(query).items()}


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(file.read_text().splitlines()))


def best_of(run: Run) -> np.ndarray:
    """Objectives of the feasible plans."""
    return run.front.F[run.front.G <= 0]


def test_the_front_is_drawn(browser: Page, one: str, runs: tuple[Run, Run]) -> None:
    browser.open(one)
    count = len(best_of(runs[0]))
    assert browser.run("return document.querySelector('#parallel').dataset.drawn") == str(count)
    assert browser.text(REMAIN) == f"All {count} plans remain."
    drawn = """
        return ['#parallel', '#scatter'].map(id => [...document.querySelectorAll(id + ' canvas')]
          .map(c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size));
    """
    for canvases in browser.run(drawn):
        assert len(canvases) == 2
        assert min(canvases) > 10
    rows = browser.run("return document.querySelectorAll('#table tbody tr').length")
    assert rows == min(12, count)
    marks = browser.run(
        "return [...document.querySelectorAll('#marks button')].map(b => b.textContent)"
    )
    assert any("nearest" in mark for mark in marks)
    assert any("deap-nsga2-carbon" in mark for mark in marks)
    assert "slit explore" in browser.driver.title


def test_brushing_filters_all_views(browser: Page, one: str, runs: tuple[Run, Run]) -> None:
    browser.open(one)
    browser.drag(".parallel .zone", (0.5, 0.45), (0.5, 0.97))
    browser.wait(lambda: "max.carbon" in said(browser))
    ranges = {key: float(value) for key, value in said(browser).items() if "." in key}
    values = best_of(runs[0])[:, 0]
    inside = values <= ranges["max.carbon"]
    if "min.carbon" in ranges:
        inside &= values >= ranges["min.carbon"]
    assert 0 < inside.sum() < len(values)
    expected = f"{inside.sum()} of {len(values)} plans remain."
    browser.wait(lambda: browser.text(REMAIN) == expected)
    browser.wait(
        lambda: (
            browser.run("return document.querySelector('#parallel').dataset.drawn")
            == str(inside.sum())
        )
    )
    assert f"of {inside.sum()}" in browser.text("#table caption")
    slider = '#\\{\\"name\\"\\:\\"carbon\\"\\,\\"type\\"\\:\\"limit\\"\\} [role=slider]'
    now = browser.run("return Number(document.querySelector(arguments[0]).ariaValueNow)", slider)
    assert now == pytest.approx(ranges["max.carbon"], rel=1e-6)
    browser.click(".parallel .range")
    browser.wait(lambda: browser.text(REMAIN).startswith("All"))


def test_a_box_in_the_scatter_brushes_both_axes(
    browser: Page, one: str, runs: tuple[Run, Run]
) -> None:
    browser.open(one)
    browser.drag("#scatter", (0.1, 0.35), (0.6, 0.85))
    browser.wait(lambda: any(key.endswith(".water") for key in said(browser)))
    values = best_of(runs[0])
    inside = np.ones(len(values), dtype=bool)
    for m, name in enumerate(runs[0].front.names):
        inside &= values[:, m] <= float(said(browser).get(f"max.{name}", np.inf))
        inside &= values[:, m] >= float(said(browser).get(f"min.{name}", -np.inf))
    browser.wait(lambda: f"{inside.sum()} of" in browser.text(REMAIN))
    browser.click("#reset")
    browser.wait(lambda: browser.text(REMAIN).startswith("All"))


def test_handles_of_an_axis_move_by_keyboard(browser: Page, one: str) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(one)
    browser.run("document.querySelectorAll('.handle.most')[2].focus()")
    active = browser.driver.switch_to.active_element
    assert active.get_attribute("aria-label") == "Cost: at most"
    active.send_keys(Keys.PAGE_DOWN)
    browser.wait(lambda: "max.cost" in said(browser))
    browser.driver.switch_to.active_element.send_keys(Keys.DELETE)
    browser.wait(lambda: "max.cost" not in said(browser))


def test_plans_are_selected_from_table_marks_and_lines(
    browser: Page, one: str, runs: tuple[Run, Run]
) -> None:
    browser.open(one)
    key = browser.run(
        "return document.querySelector('#table tbody tr:nth-child(4) button').dataset.key"
    )
    browser.click("#table tbody tr:nth-child(4) button")
    browser.wait(lambda: said(browser).get("plan") == key)
    number = key.split(":")[1]
    browser.wait(lambda: browser.text("#summary").startswith(f"Plan {number}"))
    mark = browser.run("return document.querySelector('#marks button').dataset.key")
    browser.click("#marks button")
    browser.wait(lambda: said(browser).get("plan") == mark)
    browser.click("#table thead th:nth-child(3) button")
    browser.wait(lambda: said(browser).get("sort") == "carbon")
    least = str(
        runs[0].front.plans[
            int(np.argmin(np.where(runs[0].front.G <= 0, runs[0].front.F[:, 0], np.inf)))
        ]
    )
    browser.wait(lambda: browser.text("#table tbody tr button").split(",")[0] == f"plan {least}")


def test_a_plan_is_drawn_hour_by_hour(browser: Page, one: str) -> None:
    browser.open(f"{one}?view=plan", ready=f"#map {PLOT}")
    for name in ("map", "total-carbon", "total-water", "load", "variants", "nodes", "waits"):
        seen = f"return document.querySelector('#{name} {PLOT}') !== null"
        browser.wait(partial(browser.run, seen))
    assert browser.text("#hour-text") == "all 4 epochs, mean"
    total = "return document.querySelector('#total-carbon .js-plotly-plot').data[0].x"
    sizes = "return document.querySelector('#map .js-plotly-plot').data.at(-1).marker.size"
    whole, before = browser.run(total), browser.run(sizes)
    browser.click("#play")
    browser.wait(lambda: browser.text("#hour-text").endswith("01:00 UTC"))
    browser.click("#play")
    browser.wait(lambda: browser.text("#play") == "Play")
    browser.wait(lambda: browser.run(total) != whole and browser.run(sizes) != before)
    browser.wait(lambda: said(browser).get("hour") is not None)
    assert browser.run("return document.querySelector('#waits-table table') !== null")
    browser.wait(lambda: "most load" in browser.text("#plan-text"))


def test_comparing_shows_differences(browser: Page, one: str, runs: tuple[Run, Run]) -> None:
    browser.open(one)
    selected = int(browser.wait(lambda: said(browser).get("plan", "")).split(":")[1])
    browser.click("#table tbody tr:nth-child(7) td:last-child button")
    nearest = f"0:{runs[0].front.plans[runs[0].front.methods.index('nearest')]}"
    browser.wait(lambda: said(browser).get("other", nearest) != nearest)
    other = int(said(browser)["other"].split(":")[1])
    browser.click("#view label:nth-child(3)")
    browser.wait(lambda: browser.run(f"return document.querySelector('#net {PLOT}') !== null"))
    table = browser.text("#compare-table")
    front = runs[0].front
    for plan in (selected, other):
        value = front.F[int(np.flatnonzero(front.plans == plan)[0]), 3]
        assert f"{value:.4g}" in table
    assert "elsewhere or by another variant" in browser.text("#compare-text")
    assert "→" in browser.text("#moves")
    cells = browser.run("return document.querySelector('#net .js-plotly-plot').data[0].z")
    assert cells


def test_a_next_plan_is_selected_by_pressing_it(
    browser: Page, one: str, runs: tuple[Run, Run]
) -> None:
    browser.open(one)
    assert browser.text("#summary h2").startswith("Recommended: plan")
    browser.wait(lambda: "node start" in browser.text("#stability"))
    front = runs[0].front
    first = next_plans(front.F, front.compromise(), front.on_front)[0]
    browser.click("#next li button")
    browser.wait(lambda: said(browser)["plan"] == f"0:{front.plans[first.row]}")
    browser.wait(lambda: "Recommended" not in browser.text("#summary h2"))


def test_comparing_opens_against_the_reference(
    browser: Page, one: str, runs: tuple[Run, Run]
) -> None:
    browser.open(one)
    front = runs[0].front
    assert said(browser)["plan"] == f"0:{front.plans[front.compromise()]}"
    assert "The balanced plan: of all" in browser.text("#summary")
    browser.click("#view label:nth-child(3)")
    browser.wait(lambda: "Place" in browser.text("#compare-text"))
    base, value = front.F[front.methods.index("nearest"), 0], front.F[front.compromise(), 0]
    assert percent(float(100 * (value / base - 1))) in browser.text("#compare-table")


def test_axes_are_logarithmic_by_choice(browser: Page, one: str) -> None:
    ticks = (
        "return [...document.querySelectorAll('#parallel .tick')]"
        ".slice(0, 5).map(e => e.textContent)"
    )
    browser.open(f"{one}?scale=linear")
    browser.wait(lambda: browser.run(ticks)[0])
    ends = [float(text.replace(",", "")) for text in browser.run(ticks)]
    assert ends[2] == pytest.approx((ends[0] + ends[4]) / 2, rel=0.01)
    browser.open(f"{one}?scale=log")
    browser.wait(lambda: ", log)" in browser.text("#parallel .axis-title"))
    ends = [float(text.replace(",", "")) for text in browser.run(ticks)]
    assert ends[2] == pytest.approx((ends[0] * ends[4]) ** 0.5, rel=0.01)


def test_plans_outside_the_limits_are_pale(browser: Page, one: str, runs: tuple[Run, Run]) -> None:
    front = runs[0].front
    nearest = front.methods.index("nearest")
    limit = float(0.99 * front.F[nearest, 0])
    browser.open(f"{one}?max.carbon={limit!r}")
    pale = browser.run(
        "return [...document.querySelectorAll('.mark.outside')].map(e => e.textContent)"
    )
    assert any(text.startswith("nearest") for text in pale)
    browser.click("#reset")
    browser.wait(
        lambda: (
            not browser.run(
                "return [...document.querySelectorAll('.mark.outside')]"
                ".some(e => e.textContent.startsWith('nearest'))"
            )
        )
    )


@pytest.mark.parametrize("width", [390, 1280, 1440])
def test_nothing_is_cut_and_the_comparison_comes_first(browser: Page, one: str, width: int) -> None:
    height = 844 if width == 390 else 900
    browser.resize(width, height, mobile=width == 390)
    browser.open(one)
    top = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
    assert browser.run(top, "#equal-quality table") <= height
    assert browser.run(top, "#equal-quality") < browser.run(top, "#parallel")
    assert browser.run("return document.documentElement.scrollWidth") <= width
    cut = browser.run(
        "return [...document.querySelectorAll('.wide')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => [e.id, getComputedStyle(e, '::before').content])"
    )
    assert all("scroll" in content for _, content in cut)
    assert width == 390 or cut == []


def test_downloads_hold_the_numbers(browser: Page, one: str, runs: tuple[Run, Run]) -> None:
    browser.open(one)
    front = runs[0].front
    browser.click("summary")
    browser.click("#download-front-csv")
    rows = rows_of(browser.downloaded("front.csv"))
    found = np.array([[float(row[name]) for name in front.names] for row in rows])
    assert (found == front.F).all()
    key = browser.wait(lambda: said(browser).get("plan"))
    browser.click("#download-plan-json")
    plan = json.loads(browser.downloaded(f"plan-{key.replace(':', '-')}.json").read_text())
    row = int(np.flatnonzero(front.plans == plan["plan"])[0])
    assert list(plan["values"].values()) == front.F[row].tolist()
    browser.click("#download-plan-csv")
    routes = rows_of(browser.downloaded(f"plan-{key.replace(':', '-')}.csv"))
    assert sum(float(r["requests"]) for r in routes) == pytest.approx(
        runs[0].scenario.demand.requests.sum()
    )
    browser.click("#download-svg")
    assert "<svg" in browser.downloaded("slit-scatter.svg").read_text()
    browser.click("#download-png")
    assert browser.downloaded("slit-scatter.png").read_bytes()[:4] == b"\x89PNG"


def test_the_state_survives_a_reload(browser: Page, one: str) -> None:
    browser.open(one)
    plan = browser.run(
        "return document.querySelector('#table tbody tr:nth-child(3) button').dataset.key"
    )
    link = f"{one}?view=compare&plan={plan}&other=0:2&x=cost&color=quality&hour=3&sort=water"
    link += "&like.water=2.5&max.quality=9"
    browser.open(link, ready="#compare-table table")
    before = said(browser)
    assert {"view", "plan", "other", "x", "color", "hour", "sort", "like.water"} <= set(before)
    remaining = browser.text(REMAIN)
    browser.driver.refresh()
    browser.wait(lambda: browser.text("#compare-table") != "")
    assert said(browser) == before
    browser.wait(lambda: browser.text(REMAIN) == remaining)
    assert browser.run("return document.querySelector('#view input:checked').value") == "compare"


def test_hostile_links_are_harmless(browser: Page, one: str) -> None:
    browser.open(
        f"{one}?plan=../../etc/passwd&x=<script>alert(1)</script>&view=%00&max.carbon=1e999"
    )
    assert browser.text(REMAIN).startswith("All")
    assert "etc" not in browser.driver.current_url


def test_two_runs_overlay(browser: Page, two: str, runs: tuple[Run, Run]) -> None:
    browser.open(f"{two}?color=run")
    total = sum(len(best_of(run)) for run in runs)
    assert browser.text(REMAIN) == f"All {total} plans remain."
    assert [label in browser.text("#legend") for label in ("first", "second")] == [True, True]
    table = browser.wait(lambda: browser.text("#runs-table"))
    assert "first" in table
    assert "second" in table
    assert "%" in table


def test_dark_and_light(browser: Page, one: str) -> None:
    browser.emulate(prefers_color_scheme="dark")
    browser.open(f"{one}?view=plan", ready=f"#load {PLOT}")
    color = "return getComputedStyle(document.body).backgroundColor"
    ink = "return document.querySelector('#load .js-plotly-plot')._fullLayout.font.color"
    dark = browser.run(color), browser.run(ink)
    browser.click("#theme-button")
    browser.wait(lambda: browser.run(ink) != dark[1])
    assert browser.run(color) != dark[0]
    browser.driver.refresh()
    browser.wait(lambda: browser.run("return document.documentElement.dataset.theme") == "light")
    browser.run("localStorage.clear()")


@pytest.mark.parametrize("view", ["front", "plan", "compare"])
def test_it_fits_a_phone(browser: Page, one: str, view: str) -> None:
    browser.resize(390, 844, mobile=True)
    ready = {
        "front": "#parallel[data-drawn]",
        "plan": f"#map {PLOT}",
        "compare": "#compare-table table",
    }
    browser.open(f"{one}?view={view}&other=0:1", ready=ready[view])
    wide = browser.run("return document.documentElement.scrollWidth")
    assert wide <= 390


def test_all_that_can_be_pressed_has_a_name(browser: Page, one: str) -> None:
    browser.open(one)
    unnamed = browser.run(
        """
        return [...document.querySelectorAll('button, input, [role=slider], [tabindex="0"]')]
          .filter(e => e.offsetParent !== null && e.ariaHidden !== 'true')
          .filter(e => !(e.textContent.trim() || e.ariaLabel || e.labels?.length
                         || (e.type === 'radio' && e.closest('[aria-label]'))))
          .map(e => e.outerHTML.slice(0, 200));
        """
    )
    assert unnamed == []


def test_unreadable_folders_are_said(
    browser: Page, serve: Callable[..., str], runs: tuple[Run, Run], tmp_path: Path
) -> None:
    url = serve(runs[0].folder, tmp_path / "missing")
    browser.open(url)
    assert "missing" in browser.text("[role=alert]")


def test_hostile_texts_stay_text(browser: Page, serve: Callable[..., str], tmp_path: Path) -> None:
    url = serve(hostile_run(tmp_path / "run").folder)
    browser.open(url)
    assert browser.run("return document.querySelectorAll('img').length") == 0
    assert "<img" in browser.text("h1")
    browser.open(f"{url}?view=plan", ready=f"#map {PLOT}")
    browser.wait(lambda: browser.run(f"return document.querySelector('#waits {PLOT}') !== null"))
    assert browser.run("return document.querySelectorAll('img').length") == 0


def test_nothing_is_loaded_from_elsewhere_and_the_tests_would_see_it(
    browser: Page, one: str
) -> None:
    browser.open(one)
    browser.requested()
    refused = browser.driver.execute_async_script(
        """
        const done = arguments[0];
        document.addEventListener("securitypolicyviolation", event => done(event.blockedURI));
        new Image().src = "http://127.0.0.2:9/pixel.png";
        """
    )
    assert refused.startswith("http://127.0.0.2:9")
    # What the fixture looks at after every test.
    assert any("Content Security Policy" in error for error in browser.wait(browser.errors))
    assert "http://127.0.0.2:9/pixel.png" in browser.requested()


def test_downloads_hold_what_is_brushed_and_selected(
    browser: Page, one: str, runs: tuple[Run, Run]
) -> None:
    front = runs[0].front
    limit = float(np.median(best_of(runs[0])[:, 1]))
    inside = (front.G <= 0) & (front.F[:, 1] <= limit)
    plan = int(front.plans[np.flatnonzero(inside)[-1]])
    browser.open(f"{one}?max.water={limit!r}&plan=0:{plan}")
    browser.wait(lambda: browser.text(REMAIN).startswith(f"{inside.sum()} of"))
    browser.click("summary")
    (browser.downloads / "front.csv").unlink(missing_ok=True)
    browser.click("#download-front-csv")
    found = [int(row["plan"]) for row in rows_of(browser.downloaded("front.csv"))]
    assert found == front.plans[inside].tolist()
    browser.click("#download-plan-json")
    said_plan = json.loads(browser.downloaded(f"plan-0-{plan}.json").read_text())
    row = int(np.flatnonzero(front.plans == plan)[0])
    assert said_plan["plan"] == plan
    assert list(said_plan["values"].values()) == front.F[row].tolist()


def test_hovering_shows_the_numbers_of_a_plan(
    browser: Page, one: str, runs: tuple[Run, Run]
) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    browser.open(one)
    element = browser.driver.find_element("css selector", "#parallel")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", element)
    across = round(0.17 * element.size["width"] - 0.5 * element.size["width"])
    tip = "return document.querySelector('#parallel .tip:not([hidden])')?.textContent || ''"
    for down in range(-150, 180, 5):
        actions = ActionChains(browser.driver, duration=0)
        actions.move_to_element_with_offset(element, across, down).perform()
        if browser.run(tip):
            break
    said_there = browser.run(tip)
    front = runs[0].front
    plan = int(said_there.removeprefix("plan ").split("Carbon")[0].split(",")[0])
    row = int(np.flatnonzero(front.plans == plan)[0])
    for value, unit in zip(front.F[row], front.units, strict=True):
        assert f"{value:,.0f} {unit}" in said_there or f"{value:.4g} {unit}" in said_there
