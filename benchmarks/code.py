"""What code a result belongs to: a digest of the source that can change it.

Comments, docstrings and layout are left out, so that improving them does not throw results away.
"""

import ast
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

MEASURED = (
    "operators",
    "slit",
    "benchmarks/cases",
    "benchmarks/frameworks",
    "benchmarks/kernels",
    "benchmarks/measuring",
    "benchmarks/phases",
)
LEFT_OUT = ("api", "app", "commands", "record", "report", "testing")
"""Parts of slit that no result depends on."""
DATA = (".csv", ".toml")


@cache
def code_digest() -> str:
    """The digest of the source and tables that results depend on."""
    digest = sha256()
    for file in _files():
        content = file.read_text(encoding="utf-8")
        said = _stripped(content) if file.suffix == ".py" else content
        digest.update(f"{file.relative_to(CHECKOUT).as_posix()}\0{said}\0".encode())
    return digest.hexdigest()[:12]


def _files() -> Iterator[Path]:
    for folder in MEASURED:
        for file in sorted((CHECKOUT / folder).rglob("*")):
            inside = file.relative_to(CHECKOUT).parts
            if inside[0] == "slit" and inside[1] in LEFT_OUT:
                continue
            if file.suffix == ".py" or file.suffix in DATA:
                yield file


def _stripped(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_text(part)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
