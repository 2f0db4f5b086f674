"""What numba gets wrong without a word is kept out of the source.

Its disk cache sees neither an edit in a callee of another file nor a change of compile options, and
threads inside kernels cost more than they give (they run outside, over slices).
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

COMPILERS = {
    "cfunc",
    "generated_jit",
    "guvectorize",
    "jit",
    "jitclass",
    "njit",
    "prange",
    "stencil",
    "vectorize",
}
OPTIONS = {"fastmath", "parallel"}
DECIDED_ONCE = "operators.compiling"
ENUMS = {"Enum", "IntEnum", "IntFlag"}

Modules = dict[str, ast.Module]


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or an attribute, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def imported_names(tree: ast.Module, module: str) -> dict[str, tuple[str, str]]:
    """Name in the file -> (module it comes from, name there or an empty string)."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (alias.name, "")
        elif isinstance(node, ast.ImportFrom):
            package = module.rsplit(".", node.level)[0] + "." if node.level else ""
            source = (package + (node.module or "")).rstrip(".")
            for alias in node.names:
                names[alias.asname or alias.name] = (source, alias.name)
    return names


def is_enum(modules: Modules, module: str, name: str) -> bool:
    """Whether the name is an enum there, or where that module has it from."""
    tree = modules.get(module)
    if tree is None or not name:
        return False
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return any(dotted(base).rpartition(".")[2] in ENUMS for base in node.bases)
    found = imported_names(tree, module).get(name)
    return found is not None and is_enum(modules, *found)


def kernels(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Functions under `@kernel`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            dotted(decorator).rpartition(".")[2] == "kernel" for decorator in node.decorator_list
        ):
            yield node


def foreign_names(modules: Modules, module: str) -> Iterator[str]:
    """What kernels of a module use from another file of the project, enums excepted."""
    tree = modules[module]
    names = imported_names(tree, module)
    roots = {name.partition(".")[0] for name in modules}
    for function in kernels(tree):
        local = {
            argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)
        }
        for statement in function.body:
            for node in ast.walk(statement):
                if not isinstance(node, ast.Name) or node.id in local or node.id not in names:
                    continue
                source, name = names[node.id]
                if source.partition(".")[0] in roots and not is_enum(modules, source, name):
                    yield f"{module}:{node.lineno}: {function.name} uses {node.id} of {source}"


def other_compilers(tree: ast.Module, module: str) -> Iterator[str]:
    """numba's own decorators, threads and options that kernels do without."""
    for node in ast.walk(tree):
        found: set[str] = set()
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "numba":
            found = {alias.name for alias in node.names} & COMPILERS
        elif isinstance(node, ast.Attribute) and dotted(node).startswith(("numba.", "nb.")):
            found = {node.attr} & COMPILERS
        elif isinstance(node, ast.Call):
            found = {keyword.arg for keyword in node.keywords if keyword.arg} & OPTIONS
        if module == DECIDED_ONCE:
            found -= {"njit"}
        for name in sorted(found):
            yield f"{module}:{getattr(node, 'lineno', 0)}: {name}"


def violations(sources: dict[str, str]) -> list[str]:
    """All breaches in a set of modules, given by name and source."""
    modules = {name: ast.parse(source) for name, source in sources.items()}
    return [
        line
        for name, tree in modules.items()
        for line in (*foreign_names(modules, name), *other_compilers(tree, name))
    ]


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, str]:
    files = sorted(
        file for root in ("operators", "slit") for file in (repository / root).rglob("*.py")
    )
    return {
        ".".join(file.relative_to(repository).with_suffix("").parts).removesuffix(
            ".__init__"
        ): file.read_text()
        for file in files
    }


def test_the_project_keeps_the_rules(project: dict[str, str]) -> None:
    assert DECIDED_ONCE in project
    assert violations(project) == []


HEAD = "from operators.compiling import kernel\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "from slit.b import helper\n@kernel\ndef f(x):\n    return helper(x)\n",
            "helper of slit.b",
        ),
        ("import slit.b\n@kernel\ndef f(x):\n    return slit.b.helper(x)\n", "slit of slit.b"),
        ("from .b import LIMIT\n@kernel\ndef f(x):\n    return x + LIMIT\n", "LIMIT of slit.b"),
        ("from slit import b\n@kernel\ndef f(x):\n    return b.helper(x)\n", "b of slit"),
        ("from numba import njit\n@njit\ndef f(x):\n    return x\n", "njit"),
        ("import numba\n@numba.jit\ndef f(x):\n    return x\n", "jit"),
        ("import numba as nb\nfor i in nb.prange(3):\n    pass\n", "prange"),
        ("g = kernel(parallel=True)\n", "parallel"),
        ("g = kernel(fastmath=True)\n", "fastmath"),
    ],
)
def test_a_breach_is_found(source: str, expected: str) -> None:
    [found] = violations({"slit.a": HEAD + source, "slit.b": "", "slit": ""})
    assert expected in found


def test_enums_own_helpers_and_arguments_are_allowed() -> None:
    source = HEAD + (
        "import numpy as np\nfrom slit.b import Mode, shape\n"
        "@kernel\ndef helper(x):\n    return np.sqrt(x)\n"
        "@kernel\ndef f(x, shape):\n    return helper(x) if shape == Mode.FAST else shape\n"
        "def plain(x):\n    return f(x, shape)\n"
    )
    enum = "from enum import IntEnum\nclass Mode(IntEnum):\n    FAST = 1\nshape = 2\n"
    assert violations({"slit.a": source, "slit.b": enum, "slit": ""}) == []
