"""What is no request of the page is refused, quietly; what is one is answered."""

import copy
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from slit.app.run_store import RunStore
from slit.app.server import Site
from tests.app.asking import Page

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def page(folders: tuple[Path, Path]) -> Page:
    return Page(Client(Site(folders[:1])))


@pytest.fixture(scope="module")
def values(page: Page, store: RunStore) -> dict[str, Any]:
    """What the page holds once it has opened."""
    names = store.points.names
    held: dict[str, Any] = {"names": names, "limit": [1e9] * 4, "like": [1] * 4, "hour": 0}
    held |= {
        "x": names[0],
        "y": names[1],
        "color": names[2],
        "scale": "auto",
        "theme": "light",
        "view": "plan",
    }
    held["restored"] = page.post("restored.data", held | {"url": ""}, "url.search")["restored"][
        "data"
    ]
    held["chosen"] = page.post("pick.value", held, "restored.data")["chosen"]["data"]
    return held | {"download-figure": "scatter"}


OUTPUTS = [
    "restored.data", "pick.value", "plan-figures.children", "plan-text.children", "load.figure",
    "map.figure", "hour-text.children", "compare-text.children", "net.figure", "query.data",
    "certified.children", "download.data", "saved.data", "stability.children",
]  # fmt: skip


@pytest.mark.parametrize("output", OUTPUTS)
def test_every_callback_is_answered_and_known(
    page: Page, values: dict[str, Any], output: str
) -> None:
    body = page.body(output, values | {"url": ""}, "")
    first = body["inputs"][0]
    body["changedPropIds"] = (
        [] if isinstance(first, list) else [f"{first['id']}.{first['property']}"]
    )
    assert page.send(body).status_code in (200, 204)


def test_no_callback_is_left_out(page: Page) -> None:
    served = [each["output"] for each in page.known if each["clientside_function"] is None]
    assert [said for said in served if not any(output in said for output in OUTPUTS)] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'"a"',
        b"[" * 50_000,
        {"output": "x.y", "inputs": []},
        {"output": "__class__.mro", "inputs": []},
        {"output": ["load.figure"], "inputs": []},
    ],
)
def test_what_is_no_callback_is_refused(
    page: Page, body: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert page.send(body).status_code == 400
    said = capsys.readouterr()
    assert (said.out, said.err, caplog.records) == ("", "", [])


def test_large_requests_are_refused(page: Page) -> None:
    assert page.send(b" " * (1 << 21)).status_code == 413


@pytest.mark.parametrize(
    ("output", "changes"),
    [
        ("load.figure", {"chosen": {"plan": "9:9"}}),
        ("load.figure", {"chosen": "0:1"}),
        ("load.figure", {"theme": "__class__"}),
        ("map.figure", {"hour": -1}),
        ("map.figure", {"hour": 1e9}),
        ("map.figure", {"hour": "2"}),
        ("map.figure", {"view": "../../etc/passwd"}),
        ("pick.value", {"limit": ["1", None, None, None]}),
        ("pick.value", {"limit": [float("nan"), None, None, None]}),
        ("pick.value", {"like": [6, 1, 1, 1]}),
        ("pick.value", {"x": "nobody"}),
        ("pick.value", {"brush": {"ranges": {"carbon": [1]}}}),
        ("pick.value", {"brush": {"ranges": {"nobody": [1, 2]}}}),
        ("pick.value", {"pressed": {"what": 3, "key": []}}),
        ("pick.value", {"other": "0:999999"}),
        ("pick.value", {"names": ("carbon", "water", "cost", "nobody")}),
        ("certified.children", {"certify": "x"}),
    ],
)
def test_values_that_a_property_cannot_have_are_refused(
    page: Page, values: dict[str, Any], output: str, changes: dict[str, Any]
) -> None:
    if "chosen" in changes and isinstance(changes["chosen"], dict):
        changes = {"chosen": values["chosen"] | changes["chosen"]}
    assert page.send(page.body(output, values | changes, "x.value")).status_code == 400
    moved = "certify.n_clicks" if output.startswith("certified") else "view.value"
    moved = "x.value" if output == "pick.value" else moved
    assert page.send(page.body(output, values | changes, moved)).status_code == 400


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_bodies_with_a_part_exchanged_never_fail_in_the_page(
    page: Page, values: dict[str, Any], data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    output = data.draw(st.sampled_from(["pick.value", "hour-text.children", "query.data"]))
    body = copy.deepcopy(page.body(output, values, "chosen.data"))
    if output == "pick.value":
        body["changedPropIds"] = ["x.value"]
    place: Any = body
    while True:
        at = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        inner = place[at]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    place[at] = data.draw(junk)
    with caplog.at_level(logging.ERROR):
        status = page.send(json.dumps(body).encode()).status_code
    assert status in (200, 204, 400)
    assert caplog.records == []
