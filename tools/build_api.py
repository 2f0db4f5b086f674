"""docs/api.md: signatures, docstrings and tables of attributes, from the source.

What stands on the page is listed in it: a line `### slit.module.name` is followed by what this tool
writes, up to the next heading.
"""

import ast
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "api.md"
TABLES = ("slit.problem.Problem", "slit.ledger.Ledger")
"""Records whose attributes stand in a table, by the comments beside them."""
SECTION = re.compile(
    r"^(?P<title>Args|Returns|Raises|Yields):\n(?P<body>(?:(?: {4}.*)?(?:\n|\Z))+)", re.MULTILINE
)
MOST = 88
"""Longest signature that stands on one line."""


def api_page(page: str) -> str:
    """The page with everything below its headings of the third level written anew."""
    kept = re.split(r"^(#{2,3} .*)$", page, flags=re.MULTILINE)
    parts = [kept[0]]
    for heading, body in zip(kept[1::2], kept[2::2], strict=True):
        named = heading.removeprefix("### ").strip("`")
        generated = heading.startswith("### ")
        parts += [heading, f"\n\n{described(named)}\n\n" if generated else body]
    return "".join(parts).rstrip() + "\n"


def described(path: str) -> str:
    """What an object is: signature, docstring, methods or attributes."""
    found: Any = pkgutil.resolve_name(path)
    if isinstance(found, ModuleType):
        node: Any = ast.parse(inspect.getsource(found))
        classes = [each for each in node.body if isinstance(each, ast.ClassDef)]
        lines = [f"- `{each.name}`: {_said(each)}" for each in classes]
        return "\n".join([_said(node), "", *lines])
    node = ast.parse(textwrap.dedent(inspect.getsource(found))).body[0]
    name = path.rpartition(".")[2]
    if not isinstance(node, ast.ClassDef):
        return f"```text\n{_signature(name, node)}\n```\n\n{_said(node)}"
    parts = [_said(node)]
    if path in TABLES:
        parts.append("\n".join(_attributes(node, inspect.getsource(found))))
    parts += [
        f"`{_signature(each.name, each, own=True)}`: {_said(each)}"
        for each in node.body
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_") and _said(each)
    ]
    return "\n\n".join(parts)


def _signature(name: str, node: Any, *, own: bool = False) -> str:
    given = ast.unparse(node.args)
    if own:
        marks = {ast.unparse(each) for each in node.decorator_list}
        if marks & {"property", "cached_property"}:
            return name
        given = re.sub(r"^(self|cls)(, )?", "", given)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    line = f"{name}({given}){returns}"
    if own or len(line) <= MOST:
        return line
    broken = re.sub(r", (?=\*?\w+(:|,|$))", ",\n    ", given)
    return f"{name}(\n    {broken},\n){returns}"


def _said(node: Any) -> str:
    """The docstring (Google's style), its sections as lists."""
    text = ast.get_docstring(node) or ""
    return SECTION.sub(lambda found: _listed(found["title"], found["body"]), text).rstrip()


def _listed(title: str, body: str) -> str:
    """A section as Markdown: a list of its entries, or its text."""
    lines = textwrap.dedent(body).strip()
    if title == "Returns":
        return f"**{title}**: {' '.join(lines.split())}\n\n"
    entries = [" ".join(entry.split()) for entry in re.split(r"\n(?=\S)", lines)]
    named = [re.sub(r"^([\w*]+): ", r"- `\1`: ", entry) for entry in entries]
    return "\n".join([f"**{title}**", "", *named, "\n"])


def _attributes(node: ast.ClassDef, source: str) -> Iterator[str]:
    """The fields of a record: the comment beside each says its shape, unit and meaning."""
    lines = textwrap.dedent(source).splitlines()
    yield "| attribute | type | shape, unit, meaning |\n|---|---|---|"
    for each in node.body:
        if isinstance(each, ast.AnnAssign):
            comment = lines[each.lineno - 1].partition("#")[2].strip()
            for more in lines[each.lineno :]:
                if not more.strip().startswith("#  "):
                    break
                comment += " " + more.strip("# ")
            kind = ast.unparse(each.annotation)
            yield f"| `{ast.unparse(each.target)}` | {kind} | {comment} |"


def main() -> None:
    """Write the page."""
    page = api_page(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(page, encoding="utf-8")
    print(f"{PAGE}: {len(page.splitlines())} lines")


if __name__ == "__main__":
    main()
