"""What is promised about installing and importing."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEAVY = (
    "dash",
    "deap",
    "highspy",
    "moocore",
    "numba",
    "pandas",
    "plotly",
    "pymoo",
    "scipy",
    "sklearn",
)


@pytest.fixture(scope="module")
def setup(repository: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(repository / "setup.cfg")
    return parser


def test_importing_slit_and_its_command_loads_no_heavy_library(repository: Path) -> None:
    code = "import sys, slit.commands.app; print(*sorted(n for n in sys.modules if '.' not in n))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "slit" in loaded
    assert set(HEAVY).isdisjoint(loaded)


def test_one_version_everywhere(repository: Path, setup: configparser.ConfigParser) -> None:
    version = setup["metadata"]["version"]
    assert f"\nversion: {version}\n" in (repository / "CITATION.cff").read_text()
    assert f"## [{version}]" in (repository / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("package", ["operators", "slit"])
def test_types_are_shipped(
    repository: Path, setup: configparser.ConfigParser, package: str
) -> None:
    assert (repository / package / "py.typed").exists()
    assert setup["options.package_data"][package] == "py.typed"


def required(setup: configparser.ConfigParser, *extras: str) -> list[Requirement]:
    """What the package and some of its extras need."""
    blocks = [setup["options"]["install_requires"]]
    blocks += [setup["options.extras_require"][name] for name in extras]
    return [Requirement(line) for block in blocks for line in block.strip().splitlines()]


def test_every_dependency_has_limits(setup: configparser.ConfigParser) -> None:
    """Of what users get both ends are known to work; tools have a lower end, none is fixed."""
    for needed in required(setup, "explore"):
        assert sorted(one.operator for one in needed.specifier) == ["<", ">="], needed
    tools = [name for name in setup["options.extras_require"] if name not in ("dev", "explore")]
    for needed in required(setup, *tools):
        assert ">=" in [one.operator for one in needed.specifier], needed
        assert "==" not in str(needed.specifier), needed


def test_constraints_name_a_version_of_every_dependency_that_is_admitted(
    repository: Path, setup: configparser.ConfigParser
) -> None:
    lines = (repository / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    fixed = {canonicalize_name(name): version for name, version in pairs}
    assert len(fixed) == len(pairs)
    development = ("explore", "test", "browser", "notebooks", "docs")
    for needed in required(setup, *development):
        assert needed.specifier.contains(fixed[canonicalize_name(needed.name)]), needed


def test_the_gates_and_the_readme_install_what_the_constraints_name(repository: Path) -> None:
    assert "pip install -c constraints.txt -e '.[dev]'" in (repository / "README.md").read_text()
    assert (
        "--constraint constraints.txt --editable '.[dev]'"
        in (repository / ".ci" / "run").read_text()
    )


def test_the_gates_call_the_command_of_the_readme(repository: Path) -> None:
    command = "python -m pytest -n auto"
    assert f"\n{command}\n" in (repository / "README.md").read_text()
    assert f" {command}\n" in (repository / ".ci" / "run").read_text()
