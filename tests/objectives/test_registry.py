import hashlib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from slit.errors import SlitError
from slit.objectives import (
    DEFAULT,
    Coefficients,
    Objective,
    available,
    find,
    linear_objective,
    load_plugin,
    register,
    registry,
)
from slit.objectives.builtin import BUILT_IN as BUILT_IN_OBJECTIVES

BUILT_IN = [
    "carbon",
    "water",
    "cost",
    "quality",
    "ttft",
    "slo_violation",
    "answer_loss",
    "energy",
    "scarcity_water",
    "carbon_equity",
    "water_equity",
    "reroute",
    "starts",
    "switches",
    "ramp",
]
HEAD = "from slit.objectives import Coefficients, linear_objective\n"
GOOD = """
@linear_objective(name="{name}", unit="kWh", title="Energy bought")
def bought(problem, scenario):
    return Coefficients(grid=problem.pue * 0 + 1)
"""


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    built_in = {objective.name: objective for objective in BUILT_IN_OBJECTIVES}
    monkeypatch.setattr(registry, "_registered", built_in)
    monkeypatch.setattr(registry, "_installed_loaded", True)


def an_objective(name: str = "mine") -> Objective:
    return linear_objective(name=name, unit="1", title="Mine")(lambda _, __: Coefficients())


def test_built_in_objectives_are_available_in_order() -> None:
    assert [objective.name for objective in available()] == BUILT_IN
    assert DEFAULT == ("carbon", "water", "cost", "quality")
    units = {objective.name: objective.unit for objective in available()}
    assert units["carbon"] == "kg CO2e"
    assert units["ttft"] == "s"
    assert units["quality"] == units["slo_violation"] == "share"


def test_find_keeps_the_order_asked_for() -> None:
    assert [objective.name for objective in find(["ttft", "carbon"])] == ["ttft", "carbon"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["carbon", "coal"], "objective: 'coal', expected one of carbon, water, cost, quality, "),
        (["carbon", "carbon"], "objectives: 'carbon' twice, expected each once"),
        ([], "objectives: none, expected at least one"),
    ],
)
def test_find_says_what_is_wrong(names: list[str], message: str) -> None:
    with pytest.raises(SlitError) as error:
        find(names)
    assert str(error.value).startswith(message)


def test_registered_objectives_are_found_and_names_are_taken_once() -> None:
    mine = an_objective()
    assert register(mine) is mine
    assert register(mine) is mine
    assert find(["mine"]) == (mine,)
    with pytest.raises(SlitError, match="objective: name 'mine' is taken, expected one of its own"):
        register(an_objective())
    with pytest.raises(SlitError, match="'carbon' is taken"):
        register(an_objective("carbon"))


@pytest.mark.parametrize("name", ["", "two words", "a-b", "1st", "plan", "violation", "on_front"])
def test_names_are_identifiers_and_no_other_column(name: str) -> None:
    with pytest.raises(SlitError, match=r"^objective: '.*', expected "):
        an_objective(name)


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[[str], Path]:
    def write(source: str, name: str = "mine.py") -> Path:
        path = tmp_path / name
        path.write_text(source)
        return path

    return write


def test_a_plugin_file_joins_the_registry(plugin: Callable[[str], Path]) -> None:
    path = plugin(HEAD + GOOD.format(name="bought") + "other_name = bought\n")
    [found] = load_plugin(path)
    assert (found.name, found.unit, found.title) == ("bought", "kWh", "Energy bought")
    assert find(["carbon", "bought"])[1] is found
    assert available()[-1] is found
    assert load_plugin(str(path)) == (found,)
    assert registry.plugin_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_plugin_may_use_built_in_objectives(plugin: Callable[[str], Path]) -> None:
    source = "from slit.objectives.builtin import carbon, water\n" + HEAD
    [found] = load_plugin(plugin(source + GOOD.format(name="own")))
    assert found.name == "own"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = (\n", r"mine\.py: SyntaxError: .* \(.*mine\.py:1\), expected a file that runs"),
        (
            HEAD + "\nimport no_such_module\n",
            r"ModuleNotFoundError: .*no_such_module.*mine\.py:3\)",
        ),
        (HEAD + "\n\nlen(1)\n", r"TypeError: .* \(.*mine\.py:4\)"),
        ("x = 1\n", r"plug-in .*mine\.py: no objective, expected a function decorated as one"),
        ("from slit.objectives.builtin import carbon\n", "no objective"),
        (HEAD + GOOD.format(name="carbon"), r"plug-in .*mine\.py: name 'carbon' is taken"),
        (
            HEAD + GOOD.format(name="own") + GOOD.format(name="own").replace("bought(", "again("),
            "name 'own' is taken",
        ),
        (HEAD + GOOD.format(name="not one"), r"'not one', expected a name of letters"),
    ],
)
def test_a_broken_plugin_says_what_and_where(
    plugin: Callable[[str], Path], source: str, message: str
) -> None:
    path = plugin(source)
    for _ in range(2):
        with pytest.raises(SlitError, match=message):
            load_plugin(path)


def test_what_is_no_python_file(tmp_path: Path, plugin: Callable[..., Path]) -> None:
    for path in (tmp_path / "absent.py", tmp_path):
        with pytest.raises(SlitError, match=r"plug-in: no file .*, expected a Python file"):
            load_plugin(path)
    with pytest.raises(SlitError, match=r"plug-in: .*mine\.txt, expected a Python file \(\.py\)"):
        load_plugin(plugin(HEAD + GOOD.format(name="own"), "mine.txt"))
    latin = tmp_path / "latin.py"
    latin.write_bytes(b"x = '\xe9'\n")
    with pytest.raises(SlitError, match=r"latin\.py: SyntaxError"):
        load_plugin(latin)


def install(monkeypatch: pytest.MonkeyPatch, loaded: object) -> None:
    class Entry(EntryPoint):
        def load(self) -> object:
            if isinstance(loaded, Exception):
                raise loaded
            return loaded

    def entry_points(*, group: str) -> list[EntryPoint]:
        return [Entry("theirs", "their_package:objective", group)]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    monkeypatch.setattr(registry, "_installed_loaded", False)


def test_installed_plugins_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = an_objective("one"), an_objective("two")
    install(monkeypatch, [one, two])
    assert find(["two", "one"]) == (two, one)
    assert [objective.name for objective in available()] == [*BUILT_IN, "one", "two"]


@pytest.mark.parametrize(
    ("loaded", "message"),
    [
        (
            ImportError("no numbers"),
            r"plug-in theirs: ImportError: no numbers, .*their_package:obj",
        ),
        (print, "plug-in theirs: builtin_function_or_method, expected an Objective"),
        (an_objective("cost"), "plug-in theirs: name 'cost' is taken"),
    ],
)
def test_a_broken_installed_plugin_is_named_every_time(
    monkeypatch: pytest.MonkeyPatch, loaded: object, message: str
) -> None:
    install(monkeypatch, loaded)
    for _ in range(2):
        with pytest.raises(SlitError, match=message):
            available()
