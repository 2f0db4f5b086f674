"""A small scenario file with tables, to change piece by piece."""

import tomllib
from pathlib import Path
from typing import Any

from slit.scenario.check import check_and_load
from slit.scenario.diagnostics import Finding
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.scenario.starter import write_starter

GRID = "grid.csv"
DEMAND = "demand.csv"


class Files:
    """The starter scenario in a folder of its own; `text` is its TOML."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "scenario"
        self.path = write_starter(self.folder)

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def data(self) -> dict[str, Any]:
        return tomllib.loads(self.text)

    def replace(self, old: str, new: str, *, file: str = "scenario.toml") -> "Files":
        """Replace the first occurrence of `old`, which must be there."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return self

    def replace_section(self, start: str, end: str, new: str) -> "Files":
        """Replace what stands from `start` up to `end`."""
        text = self.text
        first, last = text.index(start), text.index(end)
        self.path.write_text(text[:first] + new + text[last:], encoding="utf-8")
        return self

    def write(self, name: str, text: str) -> "Files":
        (self.folder / name).write_text(text, encoding="utf-8")
        return self

    def line(self, number: int, new: str | None, *, file: str) -> "Files":
        """Replace line `number` (from 1) of a table; None removes it."""
        path = self.folder / file
        lines = path.read_text(encoding="utf-8").splitlines()
        lines[number - 1 : number] = [] if new is None else [new]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return self

    def load(self, **options: Any) -> Scenario:
        return load_scenario(self.path, **options)


def check_scenario(name_or_path: str | Path, **options: Any) -> list[Finding]:
    """The findings alone."""
    return check_and_load(name_or_path, **options)[0]
