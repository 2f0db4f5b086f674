"""What numba gets wrong without a word is kept out of the source.

Its disk cache sees neither an edit in a callee of another folder nor a change of compile options,
and threads inside kernels cost more than they give (they run outside, over slices).
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
KERNELS = {"kernel", "kernel_of_types"}
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


def origin(modules: Modules, module: str, name: str) -> tuple[str, ast.stmt | None]:
    """The module a name is from, past those that pass it on, and its class if it is one."""
    if f"{module}.{name}" in modules:
        return f"{module}.{name}", None
    tree = modules.get(module)
    if tree is None or not name:
        return module, None
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return module, node
    found = imported_names(tree, module).get(name)
    return origin(modules, *found) if found else (module, None)


def is_enum(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.ClassDef) and any(
        dotted(base).rpartition(".")[2] in ENUMS for base in node.bases
    )


def folder(modules: Modules, module: str) -> str:
    """The package whose folder holds the file of a module."""
    is_package = any(name.startswith(f"{module}.") for name in modules)
    return module if is_package else module.rpartition(".")[0]


def kernels(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Functions under `@kernel`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            dotted(decorator).rpartition(".")[2] in KERNELS for decorator in node.decorator_list
        ):
            yield node


def foreign_names(modules: Modules, module: str) -> Iterator[str]:
    """What kernels of a module use from another folder of the project, enums excepted."""
    tree = modules[module]
    names = imported_names(tree, module)
    roots = {name.partition(".")[0] for name in modules}
    for function in kernels(tree):
        local = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
        used = {
            node.id: node.lineno
            for statement in function.body
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and node.id not in local
        }
        for name in used.keys() & names.keys():
            source, definition = origin(modules, *names[name])
            if (
                source.partition(".")[0] in roots
                and folder(modules, source) != folder(modules, module)
                and not is_enum(definition)
            ):
                yield f"{module}:{used[name]}: {function.name} uses {name} of {source}"


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
            found -= {"njit", "cfunc"}
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
BESIDE = {"slit": "", "slit.far": "", "slit.far.b": "", "slit.near": "", "slit.near.b": ""}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from slit.far.b import f\n@kernel\ndef g(x):\n    return f(x)\n", "f of slit.far.b"),
        (
            "import slit.far.b\n@kernel\ndef g(x):\n    return slit.far.b.f(x)\n",
            "slit of slit.far.b",
        ),
        (
            "from ..far.b import LIMIT\n@kernel\ndef g(x):\n    return LIMIT\n",
            "LIMIT of slit.far.b",
        ),
        ("from slit.far import b\n@kernel\ndef g(x):\n    return b.f(x)\n", "b of slit.far.b"),
        ("from numba import njit\n@njit\ndef g(x):\n    return x\n", "njit"),
        ("import numba\n@numba.jit\ndef g(x):\n    return x\n", "jit"),
        ("import numba as nb\nfor i in nb.prange(3):\n    pass\n", "prange"),
        ("g = kernel(parallel=True)\n", "parallel"),
        ("g = kernel(fastmath=True)\n", "fastmath"),
    ],
)
def test_a_breach_is_found(source: str, expected: str) -> None:
    [found] = violations({**BESIDE, "slit.near.a": HEAD + source})
    assert expected in found


def test_a_name_passed_on_by_a_neighbor_is_found() -> None:
    source = HEAD + "from slit.near.b import f\n@kernel\ndef g(x):\n    return f(x)\n"
    passed_on = {"slit.near.b": "from slit.far.b import f\n"}
    [found] = violations({**BESIDE, **passed_on, "slit.near.a": source})
    assert found.endswith("f of slit.far.b")


def test_enums_neighbors_own_helpers_and_arguments_are_allowed() -> None:
    source = HEAD + (
        "import numpy as np\nfrom slit.far.b import Mode, shape\nfrom slit.near.b import f\n"
        "@kernel\ndef helper(x):\n    return np.sqrt(f(x))\n"
        "@kernel\ndef g(x, shape):\n    return helper(x) if shape == Mode.FAST else shape\n"
        "def plain(x):\n    return g(x, shape)\n"
    )
    enum = "from enum import IntEnum\nclass Mode(IntEnum):\n    FAST = 1\nshape = 2\n"
    assert violations({**BESIDE, "slit.near.a": source, "slit.far.b": enum}) == []
