"""Figures as plotly.js takes them."""

import json
from base64 import b64decode

import numpy as np

from slit.report.style import figure, json_ready, themed, trace


def test_arrays_of_numbers_become_bytes() -> None:
    whole = json_ready(np.array([1, -2, 3]))
    assert (whole["dtype"], np.frombuffer(b64decode(whole["bdata"]), "<i4").tolist()) == (
        "i4",
        [1, -2, 3],
    )
    table = json_ready(np.array([[0.5, np.nan], [2.0, 3.0]]).T)
    assert (table["dtype"], table["shape"]) == ("f8", "2, 2")
    values = np.frombuffer(b64decode(table["bdata"]), "<f8")
    np.testing.assert_array_equal(values, [0.5, 2.0, np.nan, 3.0])
    assert json_ready(np.array([2**40]))["dtype"] == "f8"
    assert json_ready(np.array(["a", "b"])) == ["a", "b"]


def test_what_json_does_not_know_is_nothing() -> None:
    given = {"x": (np.float64(1.5), float("nan"), np.int64(2), None), "on": True}
    ready = json_ready(given)
    assert ready == {"x": [1.5, None, 2, None], "on": True}
    assert json.loads(json.dumps(ready, allow_nan=False)) == ready


def test_a_theme_leaves_the_figure_as_it_was() -> None:
    drawing = figure([trace("bar", x=[1])], height=99)
    dark = themed(drawing, "dark")
    assert dark["layout"]["template"] != drawing["layout"]["template"]
    assert dark["layout"]["height"] == 99
    assert dark["data"] == [{"type": "bar", "x": [1]}]
