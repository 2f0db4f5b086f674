"""The instance format, its refusals, and random instances."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.papers.green_llm.generator import RANGES, Sizes, generate_instance
from slit.papers.green_llm.instance import (
    Instance,
    load_instance,
    parameters,
    parse_instance,
    save_instance,
)
from slit.papers.green_llm.outcome import measure
from slit.papers.green_llm.program import build
from slit.papers.green_llm.solve import solve_lexicographic


def generated(seed: int = 0, sizes: Sizes | None = None) -> Instance:
    return generate_instance(rng=np.random.default_rng(seed), sizes=sizes or Sizes(2, 3, 2, 4, 2))


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("instance") / "instance.json"
    save_instance(generated(), path, origin="a test")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_published_instance(shared_data: Path) -> None:
    path = shared_data / "green_llm" / "instance.json"
    instance = load_instance(path)
    raw = json.loads(path.read_text())
    assert instance.sizes == raw["sizes"] == {"I": 9, "J": 9, "K": 5, "T": 24, "R": 3}
    for name, kind in parameters().items():
        entry = raw["parameters"][kind.symbol]
        assert entry["axes"] == kind.axes
        assert np.array_equal(getattr(instance, name), entry["values"])


def test_published_instance_is_within_the_ranges(shared_data: Path) -> None:
    instance = load_instance(shared_data / "green_llm" / "instance.json")
    for name, (low, high) in RANGES.items():
        values = getattr(instance, name)
        assert low <= values.min() <= low + 0.05 * (high - low), name
        assert high - 0.05 * (high - low) <= values.max() <= high, name


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_round_trip(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    instance = generated(seed)
    path = tmp_path_factory.mktemp("round") / "instance.json"
    save_instance(instance, path)
    again = load_instance(path)
    for name in parameters():
        assert np.array_equal(getattr(again, name), getattr(instance, name)), name
    assert again.names == instance.names


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        generated().demand[0] = 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tokens_in": np.ones((2, 2))}, "parameter h: found 2 axes, expected 'K'"),
        ({"tokens_in": np.ones(3)}, r"parameter h: found 3 along K \(query type\), expected 2"),
        ({"demand": np.ones((0, 2, 4))}, r"parameter lambda: found 0 along I \(area\), expected 1"),
        ({"names": {"X": ("a",)}}, "names X: found 1, expected I, J, K, T, R"),
    ],
)
def test_arrays_that_do_not_fit(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(SlitError, match=message):
        replace(generated(), **changed)


def test_names() -> None:
    instance = generated()
    assert instance.names["J"] == ("datacenter 1", "datacenter 2", "datacenter 3")
    assert instance.names["T"] == ("hour 0", "hour 1", "hour 2", "hour 3")


def altered(content: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(content)
    *parents, last = path.split("/")
    place = changed
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("parameters/tau_in", None, r"parameters: missing tau_in \(IT energy of an input token\)"),
        ("parameters/gamma", {"axes": "K", "values": [1]}, "found gamma, expected lambda, h"),
        ("parameters/h/axes", "J", "parameter h: found axes 'J', expected 'K'"),
        ("parameters/h/axes", "X", "parameters.h.axes: found X"),
        ("parameters/h/values", [1.0], r"parameter h: found shape \(1,\), expected \(2,\) = K"),
        ("parameters/h/values", [1.0, float("nan")], "parameter h: found NaN or infinity at query"),
        ("parameters/h/values", [float("inf"), 1.0], "expected finite numbers .*tokens"),
        ("parameters/h/values", [1.0, "many"], "parameter h: found values that are no numbers"),
        ("parameters/h/values", [1.0, [2.0]], "lists of unequal length"),
        ("parameters/h/values", [1.0, -2.0], "found -2 at query type 1, expected at least 0"),
        (
            "parameters/PUE/values",
            [1.0, 0.9, 1.2],
            "found 0.9 at datacenter 1, expected at least 1",
        ),
        ("parameters/B/values", [[1, 1, 0]] * 2, "found 0 at area 0, datacenter 2, expected above"),
        ("parameters/Z/values", [1.0], r"parameter Z: found shape \(1,\), expected \(\) = one"),
        ("parameters/Z/values", float("nan"), "parameter Z: found NaN or infinity, expected"),
        ("parameters/Z/values", {"a": 1}, "parameter Z: found values that are no numbers"),
        ("parameters/h", {"axes": "K"}, "parameters.h.values: .*required"),
        ("parameters/h", [1], "parameters.h"),
        ("sizes/T", 5, r"parameter lambda: found shape \(2, 2, 4\), expected \(2, 2, 5\)"),
        ("sizes/T", 0, "sizes.T: found 0"),
        ("sizes/T", None, "sizes.T"),
        ("sizes", None, "sizes"),
        ("names/J", ["one"], "names J: found 1, expected 3"),
        ("comment", "hello", "comment: found hello, extra inputs"),
    ],
)
def test_refusals(content: dict[str, Any], path: str, value: object, message: str) -> None:
    with pytest.raises(SlitError, match=message):
        parse_instance(altered(content, path, value))


@pytest.mark.parametrize("found", [None, 3, [], "text"])
def test_not_an_instance(found: object) -> None:
    with pytest.raises(SlitError):
        parse_instance(found)


def test_several_problems_make_one_message(content: dict[str, Any]) -> None:
    changed = altered(altered(content, "sizes/T", 0), "sizes/R", "three")
    with pytest.raises(SlitError, match=r"^sizes\.T: .*\(and 1 more\)$"):
        parse_instance(changed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1: .*expected JSON"),
        ("\n[1,\n", "line 3"),
        ('{"sizes": 1}', "sizes"),
        ("[" * 200_000, "nested too deeply|expected JSON"),
    ],
)
def test_unreadable_files_name_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(SlitError, match=message) as caught:
        load_instance(path)
    assert str(path) in str(caught.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(SlitError, match=r"absent\.json: cannot be read"):
        load_instance(tmp_path / "absent.json")
    with pytest.raises(SlitError, match="cannot be read"):
        load_instance(tmp_path)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SlitError, match="cannot be read"):
        load_instance(tmp_path / "binary.json")


@pytest.mark.parametrize(
    "sizes", [Sizes(), Sizes(1, 1, 1, 1, 1), Sizes(12, 2, 7, 5, 4), Sizes(2, 6, 1, 48, 1)]
)
def test_generated_instances_are_feasible_and_within_the_ranges(sizes: Sizes) -> None:
    instance = generated(7, sizes)
    assert list(instance.sizes.values()) == [
        sizes.areas,
        sizes.datacenters,
        sizes.query_types,
        sizes.hours,
        sizes.resources,
    ]
    for name, (low, high) in RANGES.items():
        values = getattr(instance, name)
        assert values.min() >= low, name
        if name not in ("grid_limit", "capacity", "delay_limit"):
            assert values.max() <= high, name
    # An even split keeps every limit.
    program = build(instance)
    split = np.full(instance.demand.shape, 1 / sizes.datacenters)[:, None]
    shares = np.broadcast_to(split, program.split(program.model.lower)[0].shape)
    x = np.concatenate([shares.ravel(), instance.grid_limit.ravel()])
    activity = program.model.matrix @ x
    assert (activity <= program.model.row_upper + 1e-9).all()
    even = measure(instance, shares, instance.grid_limit)
    assert solve_lexicographic(instance, ["delay"]).outcome.delay_penalty <= even.delay_penalty


def test_generated_instances_depend_on_the_generator_alone() -> None:
    first, second, other = generated(1), generated(1), generated(2)
    for name in parameters():
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert not np.array_equal(first.price, other.price)


def test_sizes_below_one() -> None:
    with pytest.raises(SlitError, match="hours: found 0, expected 1 or more"):
        Sizes(hours=0)
