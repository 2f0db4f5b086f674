"""What the documentation shows works: every code block of docs/ and of the README is run."""

import re
from pathlib import Path
from typing import Any

import pytest

from slit.objectives.registry import set_apart
from tests.pages import WRITTEN, Block, blocks_of, commands_of, run_block, with_small_budget

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(REPOSITORY)) for page in PAGES]


def blocks(name: str) -> list[Block]:
    return blocks_of(name, (REPOSITORY / name).read_text())


@pytest.mark.parametrize("name", [name for name in NAMES if blocks(name)])
def test_the_blocks_of_a_page_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    with set_apart():
        for block in blocks(name):
            run_block(block, names)


@pytest.mark.parametrize("name", NAMES)
def test_every_block_says_what_it_is(name: str) -> None:
    found = blocks(name)
    for block in found:
        assert block.language in ("python", "bash", "text", *WRITTEN), block.place
        if block.not_run is not None:
            assert len(block.not_run.split()) >= 3, f"{block.place}: the reason is too short"
            continue
        if block.language in WRITTEN:
            assert block.title is not None, f"{block.place}: expected a title (a file)"
        if block.title is not None:
            others = "".join(other.code for other in found if other is not block)
            assert Path(block.title).name in others, f"{block.place}: {block.title} is never used"


def test_no_code_hides_in_indented_blocks() -> None:
    for name in NAMES:
        text = (REPOSITORY / name).read_text()
        outside = True
        before = ""
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip().startswith("```"):
                outside = not outside
            assert not (outside and not before and line.startswith("    ")), f"{name}:{number}"
            before = line.strip()


def test_blocks_are_found() -> None:
    page = '# T\n\n```python title="a.py"\nx = 1\n```\n<!-- not run: needs a browser -->\n\n'
    page += "```bash\nslit a \\\n  b\n# said\nslit c  # exit code 2\n```\n"
    page += "- x\n\n  ```text\n  y\n  ```\n"
    first, second, third = blocks_of("p.md", page)
    assert (first.language, first.title, first.code) == ("python", "a.py", "x = 1\n")
    assert (second.not_run, second.line) == ("needs a browser", 8)
    assert commands_of(second.code) == ["slit a  b", "slit c  # exit code 2"]
    assert (third.language, third.code, third.not_run) == ("text", "y\n", None)


def test_only_a_search_without_a_budget_gets_one() -> None:
    assert with_small_budget(["show", "run"]) == ["show", "run"]
    assert with_small_budget(["optimize", "tiny", "--moves", "9"])[-1] == "9"
    assert with_small_budget(["optimize", "tiny"])[-4:-2] == ["--evaluations", "60"]
    named = with_small_budget(["optimize", "tiny", "--optimizer", "slit"])
    assert named[2:] == ["--optimizer", "slit", "--evaluations", "60"]


def test_a_block_that_fails_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = "```bash\nslit show nothing\n```\n\n```bash\nls\n```\n\n```python\n1 / 0\n```\n"
    first, second, third = blocks_of("p.md", page)
    with pytest.raises(AssertionError, match=r"p\.md:1: slit show nothing"):
        run_block(first, {})
    with pytest.raises(AssertionError, match="is no slit command: say why"):
        run_block(second, {})
    with pytest.raises(ZeroDivisionError):
        run_block(third, {})


def test_the_page_of_the_command_line_is_current() -> None:
    """If this fails: python tools/build_cli.py."""
    from tools.build_cli import cli_page

    assert (REPOSITORY / "docs" / "cli.md").read_text() == cli_page()


def test_the_page_of_python_is_up_to_date() -> None:
    """If this fails: python tools/build_api.py."""
    from tools.build_api import api_page

    page = (REPOSITORY / "docs" / "api.md").read_text()
    assert api_page(page) == page


def test_the_page_of_python_has_every_attribute_of_problem_and_ledger() -> None:
    from slit.ledger import Ledger
    from slit.problem import Problem

    page = (REPOSITORY / "docs" / "api.md").read_text()
    assert "| `carbon` | Floats | (T, D) kg CO2e/kWh |" in page
    assert (
        "| `service` | Floats | (J, P, 4) slack SLO - base (s), sigma(base), and, for a request "
        "that meets a loading node, its mean sigma and its probability of being late |"
    ) in page
    for name in (*Problem._fields, *Ledger.__dataclass_fields__):
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.split("|")[3].strip(), f"{name}: no shape, unit or meaning"


def test_the_architecture_names_every_room_and_no_file_that_is_gone() -> None:
    text = (REPOSITORY / "docs" / "architecture.md").read_text()
    rooms = [
        path.name
        for path in (REPOSITORY / "slit").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists())
        and not path.name.startswith("__")
    ]
    assert [name for name in rooms if name not in text] == []
    named = set(re.findall(r"[\w/*]+\.(?:py|mjs)\b", text))
    assert len(named) > 50
    assert [name for name in sorted(named) if not any(REPOSITORY.rglob(name))] == []
