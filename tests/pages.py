"""The code blocks of a Markdown page, and how a test runs them.

- `python`: executed, the blocks of a page one after the other in one namespace; with a title
  (`title="x.py"`) written to that file instead.
- `bash`: every command begins with `slit`; it is run in the process and has to end with exit
  code 0, or with the one that a comment behind it states (`# exit code 2`). A search without a
  budget of its own gets a small one.
- `toml`, `csv`, `ini`, `yaml`: written to the file that the title names.
- `text` is no code.

All blocks of a page share one empty folder. A block under `<!-- not run: REASON -->` is left out.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from slit.commands.app import app
from slit.optimizers.registry import OptimizerKind, find

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,}) *(?P<language>[\w+-]*)(?P<rest>.*)$")
TITLE = re.compile(r'title="([^"]*)"')
NOT_RUN = re.compile(r"<!--\s*not run:\s*(\S[^>]*?)\s*-->")
EXIT_CODE = re.compile(r"# exit code (\d+)\s*$")
WRITTEN = ("toml", "csv", "ini", "yaml")
BUDGETS = ("--evaluations", "--moves", "--seconds", "--resume")
SMALL = ("--evaluations", "60", "--optimizer", "nsga2")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: where it is, what it holds, and why it is not run, if it says so."""

    page: str
    line: int
    language: str
    title: str | None
    code: str
    not_run: str | None

    @property
    def place(self) -> str:
        """Page and line."""
        return f"{self.page}:{self.line}"


def blocks_of(page: str, text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found: list[Block] = []
    lines = text.splitlines()
    before, number = "", 0
    while number < len(lines):
        opening = FENCE.match(lines[number])
        if opening is None:
            before = lines[number] if lines[number].strip() else before
            number += 1
            continue
        first, indent = number + 1, opening["indent"]
        number = first
        while number < len(lines) and lines[number].strip() != opening["ticks"]:
            number += 1
        title, reason = TITLE.search(opening["rest"]), NOT_RUN.search(before)
        code = "\n".join(line.removeprefix(indent) for line in lines[first:number]) + "\n"
        found.append(
            Block(
                page,
                first,
                opening["language"],
                title[1] if title else None,
                code,
                reason[1] if reason else None,
            )
        )
        before, number = "", number + 1
    return found


def run_block(block: Block, names: dict[str, Any]) -> None:
    """Run a block in the current folder; `names` are those of the Python blocks before."""
    if block.not_run is not None or block.language == "text":
        return
    if block.title is not None:
        file = Path(block.title)
        assert not file.is_absolute(), block.place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.code)
    elif block.language == "python":
        code = compile(block.code, block.place, "exec")
        exec(code, names)  # noqa: S102 - the documentation's own code is what is tested
    else:
        assert block.language == "bash", f"{block.place}: {block.language!r} is not run"
        for command in commands_of(block.code):
            run_command(command, place=block.place)


def commands_of(code: str) -> list[str]:
    """The commands of a bash block; a line that ends with a backslash goes on."""
    joined = re.sub(r"\\\n\s*", " ", code)
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def run_command(command: str, *, place: str) -> None:
    """Run one `slit` command in this process."""
    stated = EXIT_CODE.search(command)
    words = shlex.split(command, comments=True)
    assert words[0] == "slit", f"{place}: {command!r} is no slit command: say why it is not run"
    result = CliRunner().invoke(app, with_small_budget(words[1:]), catch_exceptions=False)
    expected = int(stated[1]) if stated else 0
    assert result.exit_code == expected, f"{place}: {command}\n{result.output}"


def with_small_budget(words: Sequence[str]) -> list[str]:
    """A search that states no budget gets a small one, of the optimizer it names."""
    if words[0] != "optimize" or any(word in BUDGETS for word in words):
        return list(words)
    if "--optimizer" not in words:
        return [*words, *SMALL]
    named = find(words[words.index("--optimizer") + 1])
    return [*words, *(SMALL[:2] if named.kind is OptimizerKind.SEARCH else ())]
