"""Scenarios that come with the package and need no network and no other file."""

import tomllib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "builtin"

DEFAULT = "world-day"


class BuiltinScenario(NamedTuple):
    """What `slit scenarios` lists."""

    name: str
    description: str


def builtin_names() -> tuple[str, ...]:
    """Names of the built-in scenarios, the default first."""
    names = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


def builtin_path(name: str) -> Path:
    """The file of a built-in scenario."""
    return FOLDER / f"{name}.toml"


def builtin_scenarios() -> list[BuiltinScenario]:
    """Name and description of each built-in scenario."""
    found = []
    for name in builtin_names():
        data = tomllib.loads(builtin_path(name).read_text(encoding="utf-8"))
        found.append(BuiltinScenario(name, " ".join(data["description"].split())))
    return found
